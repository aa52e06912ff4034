/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-origin.h"

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

/* The name or address in a header Host; an IPv6 address without its brackets. */
static char *
read_host (const char *host)
{
  const char *colon = strrchr (host, ':');
  const char *bracket = strchr (host, ']');

  if (*host == '[' && bracket != NULL && (bracket[1] == '\0' || bracket[1] == ':'))
    return g_strndup (host + 1, (gsize) (bracket - host - 1));
  return g_strndup (host, colon != NULL ? (gsize) (colon - host) : strlen (host));
}

gboolean
car_service_origin_is_our_host (SoupServerMessage *message, const char *const *names)
{
  static const char *const loopback[] = { "localhost", "127.0.0.1", "::1", NULL };
  const char *host = get_header (message, "Host");

  if (host == NULL)
    return soup_server_message_get_http_version (message) == SOUP_HTTP_1_0;

  g_autofree char *name = read_host (host);
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return g_strv_contains (loopback, lower) || g_strv_contains (names, lower);
}

static gboolean
is_ours (SoupServerMessage *message, const char *origin)
{
  const char *host = get_header (message, "Host");
  const char *scheme = g_uri_get_scheme (soup_server_message_get_uri (message));
  g_autofree char *ours = host != NULL ? g_strconcat (scheme, "://", host, NULL) : NULL;

  return ours != NULL && g_ascii_strcasecmp (origin, ours) == 0;
}

gboolean
car_service_origin_is_page (SoupServerMessage *message)
{
  const char *origin = get_header (message, "Origin");

  return origin != NULL ? is_ours (message, origin)
                        : g_strcmp0 (get_header (message, "Sec-Fetch-Site"), "same-origin") == 0;
}

/* Sec-Fetch-Site is "none" where the person typed the address. */
gboolean
car_service_origin_is_foreign (SoupServerMessage *message)
{
  const char *origin = get_header (message, "Origin");
  const char *site = get_header (message, "Sec-Fetch-Site");

  return (origin != NULL && !is_ours (message, origin)) ||
         (site != NULL && strcmp (site, "same-origin") != 0 && strcmp (site, "none") != 0);
}

gboolean
car_service_origin_is_json (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *type = soup_message_headers_get_content_type (headers, NULL);

  if (type != NULL)
    return g_ascii_strcasecmp (type, "application/json") == 0;

  /* Of a type that it cannot read, libsoup tells none. */
  return soup_message_headers_get_one (headers, "Content-Type") == NULL &&
         soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CHUNKED &&
         soup_message_headers_get_content_length (headers) == 0;
}

gboolean
car_service_origin_may_change (SoupServerMessage *message)
{
  const char *method = soup_server_message_get_method (message);

  return method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD;
}
