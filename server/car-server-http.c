/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include <libcar/base/car-language-private.h>

#include "server/car-server-http.h"

/* Connections that wait to be accepted. libsoup's ten make whoever comes as the eleventh at once wait for seconds. */
#define BACKLOG 512

/* The port that is listened on. */
static guint16
set_backlog (SoupServer *server)
{
  g_autoptr (GSList) sockets = soup_server_get_listeners (server);
  for (GSList *item = sockets; item != NULL; item = item->next)
    listen (g_socket_get_fd (item->data), BACKLOG);

  GSList *uris = soup_server_get_uris (server);
  guint16 found = (guint16) g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  return found;
}

/* HTTPS where the server has a certificate. */
static SoupServerListenOptions
get_options (SoupServer *server)
{
  return soup_server_get_tls_certificate (server) != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0;
}

guint16
car_server_listen (SoupServer *server, guint16 port, GError **error)
{
  const SoupServerListenOptions options = get_options (server);
  g_autoptr (GError) problem = NULL;

  /* A machine without IPv6 has one loopback only. */
  if (!soup_server_listen_local (server, port, options, &problem) &&
      !soup_server_listen_local (server, port, options | SOUP_SERVER_LISTEN_IPV4_ONLY, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   _ ("The port %u cannot be listened on: %s; give another --port"), port, problem->message);
      return 0;
    }

  return set_backlog (server);
}

guint16
car_server_listen_on (SoupServer *server, GInetAddress *address, guint16 port, GError **error)
{
  g_autoptr (GSocketAddress) place = g_inet_socket_address_new (address, port);
  g_autofree char *name = g_inet_address_to_string (address);
  g_autoptr (GError) problem = NULL;

  if (!soup_server_listen (server, place, get_options (server), &problem))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   _ ("The address %s, port %u, cannot be listened on: %s; give another --listen or --port"),
                   name, port, problem->message);
      return 0;
    }

  return set_backlog (server);
}

void
car_server_answer (SoupServerMessage *message, guint status, GBytes *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_server_message_set_status (message, status, NULL);
  if (body == NULL)
    {
      /* libsoup 3.2.3 takes an answer without a body for one that ends with the connection, and hangs up. The client
       * must know, or it sends its next call into nowhere. */
      soup_message_headers_replace (headers, "Connection", "close");
      return;
    }

  /* As it is: soup_server_message_set_response() would copy it, and it may be large. */
  soup_message_headers_set_content_type (headers, "application/json", NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
}

/* Digests are compared, which are of one length whatever was sent, and to their ends. */
gboolean
car_server_is_secret (const char *expected, const char *given, gsize length)
{
  guint8 digests[2][32];
  gsize size = sizeof digests[0];
  guint8 difference = 0;
  const char *texts[] = { expected, given };
  gsize lengths[] = { strlen (expected), length };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
      g_checksum_update (checksum, (const guchar *) texts[i], (gssize) lengths[i]);
      g_checksum_get_digest (checksum, digests[i], &size);
    }
  for (guint i = 0; i < sizeof digests[0]; i++)
    difference |= digests[0][i] ^ digests[1][i];

  return difference == 0;
}
