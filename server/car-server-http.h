/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What car-service and car-asset-server share as servers of HTTP. */

/* Listens on the loopback, IPv4 and IPv6 under one port; port 0: a free one. By TLS alone where the server has a certificate.
 * The port, or 0 with a GError. */
guint16 car_server_listen (SoupServer *server, guint16 port, GError **error);

/* The same on an address of one's own. */
guint16 car_server_listen_on (SoupServer *server, GInetAddress *address, guint16 port, GError **error);

/* Answers with JSON; `body` NULL: with nothing. */
void car_server_answer (SoupServerMessage *message, guint status, GBytes *body);

/* Whether a secret is the right one. How long it takes tells nothing of where they differ. */
gboolean car_server_is_secret (const char *expected, const char *given, gsize length);

G_END_DECLS
