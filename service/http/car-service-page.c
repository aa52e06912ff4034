/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-page.h"
#include "service/page/car-service-page-resources.h"

#define FOLDER "/car-service/page"

/* Of an ending of its name. */
static const struct
{
  const char *ending;
  const char *type;
} types[] = {
  { ".html", "text/html; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
  { ".css", "text/css; charset=utf-8" },   { ".svg", "image/svg+xml" },
  { ".txt", "text/plain; charset=utf-8" },
};

static const char *
get_name (const char *path)
{
  if (strcmp (path, "/") == 0)
    return "/index.html";
  if (strcmp (path, "/graphiql") == 0)
    return "/graphiql.html";

  return g_str_has_prefix (path, "/page/") && strchr (path + strlen ("/page/"), '/') == NULL
             ? path + strlen ("/page")
             : NULL;
}

GBytes *
car_service_page_find (const char *path, const char **content_type)
{
  const char *name = get_name (path);
  if (name == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (name, types[i].ending))
      {
        g_autofree char *file = g_strconcat (FOLDER, name, NULL);

        *content_type = types[i].type;
        return g_resource_lookup_data (car_service_page_get_resource (), file, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                       NULL);
      }
  return NULL;
}

void
car_service_page_set_headers (SoupMessageHeaders *answer, const char *content_type)
{
  soup_message_headers_replace (answer, "Content-Type", content_type);
  soup_message_headers_replace (answer, "Content-Security-Policy",
                                "default-src 'self'; base-uri 'none'; form-action 'none'; "
                                "frame-ancestors 'none'; object-src 'none'");
  soup_message_headers_replace (answer, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace (answer, "Cross-Origin-Resource-Policy", "same-origin");
  soup_message_headers_replace (answer, "Referrer-Policy", "no-referrer");
  /* Another version of the program brings another page under the same address. */
  soup_message_headers_replace (answer, "Cache-Control", "no-cache");
}
