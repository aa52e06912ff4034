/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What names an IP or a hardware address. */

/* The bytes of an IP address, IPv4 or IPv6, with or without the length of a network behind a slash. */
typedef struct
{
  guint8 bytes[16];
  guint n_bytes; /* 4 or 16 */
  guint prefix;  /* in bits */
} CarInet;

gboolean car_inet_parse (const char *text, gsize length, CarInet *inet);
char *car_inet_to_string (const CarInet *inet);

/* Not of one machine: 0.0.0.0, ::, loopback (127.0.0.0/8, ::1) and 255.255.255.255. */
gboolean car_inet_is_special (const CarInet *inet);

/* "00:1b:44:11:3a:b7" for any of the usual spellings (001B44113AB7, 00-1b-…, 001b.4411.3ab7), of 6 or 8 bytes; NULL for
 * what is no hardware address. */
char *car_macaddr_canonicalize (const char *text, gsize length);
gboolean car_macaddr_is_special (const char *canonical); /* all zeros or all ones */

/* An address's key is REGION/ADDRESS; the region is 0 where a text names none. Only a text that ends with an address behind
 * its last slash names one. */
char *car_ipaddress_make_key (const char *text, const char *region);

/* Where the address begins in a key. */
const char *car_ipaddress_skip_region (const char *key);

G_END_DECLS
