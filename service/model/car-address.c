/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include <service/model/car-address.h>

#define NO_REGION "0"

/* The longest there is: eight groups, a dotted end, a network's length. */
#define MAX_INET_LENGTH 64

gboolean
car_inet_parse (const char *text, gsize length, CarInet *inet)
{
  char copy[MAX_INET_LENGTH];
  g_autoptr (GInetAddress) address = NULL;
  guint64 prefix;
  char *slash;

  if (length == 0 || length >= sizeof copy || memchr (text, '\0', length) != NULL ||
      memchr (text, '%', length) != NULL)
    return FALSE;
  memcpy (copy, text, length);
  copy[length] = '\0';
  slash = strchr (copy, '/');
  if (slash != NULL)
    *slash = '\0';
  address = g_inet_address_new_from_string (copy);
  if (address == NULL)
    return FALSE;
  inet->n_bytes = (guint) g_inet_address_get_native_size (address);
  inet->prefix = inet->n_bytes * 8;
  memset (inet->bytes, 0, sizeof inet->bytes);
  memcpy (inet->bytes, g_inet_address_to_bytes (address), inet->n_bytes);
  if (slash == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (slash + 1, 10, 0, inet->prefix, &prefix, NULL))
    return FALSE;
  inet->prefix = (guint) prefix;
  return TRUE;
}

static GInetAddress *
to_address (const CarInet *inet)
{
  return g_inet_address_new_from_bytes (inet->bytes,
                                        inet->n_bytes == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
}

char *
car_inet_to_string (const CarInet *inet)
{
  g_autoptr (GInetAddress) address = to_address (inet);
  g_autofree char *text = g_inet_address_to_string (address);

  if (inet->prefix == inet->n_bytes * 8)
    return g_steal_pointer (&text);
  return g_strdup_printf ("%s/%u", text, inet->prefix);
}

gboolean
car_inet_is_special (const CarInet *inet)
{
  static const guint8 ones[] = { 0xff, 0xff, 0xff, 0xff };
  g_autoptr (GInetAddress) address = to_address (inet);

  return g_inet_address_get_is_any (address) || g_inet_address_get_is_loopback (address) ||
         (inet->n_bytes == 4 && memcmp (inet->bytes, ones, 4) == 0);
}

char *
car_macaddr_canonicalize (const char *text, gsize length)
{
  char digits[16];
  gsize n_digits = 0;
  GString *out;

  for (gsize i = 0; i < length; i++)
    {
      if (g_ascii_isxdigit (text[i]) && n_digits < sizeof digits)
        digits[n_digits++] = g_ascii_tolower (text[i]);
      /* A separator stands between digits, and pairs are not torn apart. */
      else if (strchr (":-.", text[i]) == NULL || text[i] == '\0' || n_digits == 0 || n_digits % 2 != 0 ||
               i + 1 == length || !g_ascii_isxdigit (text[i + 1]))
        return NULL;
    }
  if (n_digits != 12 && n_digits != 16)
    return NULL;
  out = g_string_new (NULL);
  for (gsize i = 0; i < n_digits; i += 2)
    g_string_append_printf (out, "%s%.2s", i > 0 ? ":" : "", digits + i);
  return g_string_free (out, FALSE);
}

gboolean
car_macaddr_is_special (const char *canonical)
{
  return canonical[strspn (canonical, "0:")] == '\0' || canonical[strspn (canonical, "f:")] == '\0';
}

const char *
car_ipaddress_skip_region (const char *key)
{
  const char *slash = strrchr (key, '/');

  return slash != NULL && g_hostname_is_ip_address (slash + 1) ? slash + 1
         : g_str_has_prefix (key, NO_REGION "/")               ? key + strlen (NO_REGION "/")
                                                               : key;
}

char *
car_ipaddress_make_key (const char *text, const char *region)
{
  if (car_ipaddress_skip_region (text) != text)
    return g_strdup (text);
  return g_strconcat (region != NULL ? region : NO_REGION, "/", text, NULL);
}
