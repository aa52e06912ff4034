/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-origin.h"

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

static gboolean
is_ours (SoupServerMessage *message, const char *origin)
{
  const char *host = get_header (message, "Host");
  g_autofree char *ours =
      g_strdup_printf ("%s://%s", g_uri_get_scheme (soup_server_message_get_uri (message)), host);

  return host != NULL && g_ascii_strcasecmp (origin, ours) == 0;
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
