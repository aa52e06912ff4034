/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/model/car-address.h>
#include <libcar/json/car-json-reader-private.h>
#include <service/store/car-service-error.h>
#include <service/store/car-service-json.h>
#include <service/store/car-service-keys.h>

char *
car_service_key_new (const char *collection, const char *text, const char *region)
{
  return g_str_equal (collection, "ipaddress") ? car_ipaddress_make_key (text, region) : g_strdup (text);
}

char *
car_service_key_new_of_end (CarCoreModel *model,
                            const char *collection,
                            const char *text,
                            const char *member,
                            GError **error)
{
  const char *slash = strchr (text, '/');
  g_autofree char *prefix = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : NULL;
  gboolean named = prefix != NULL && car_core_model_has_vertex (model, prefix);
  const char *key = named ? slash + 1 : text;

  if ((!named || g_str_equal (prefix, collection)) && *key != '\0')
    return car_service_key_new (collection, key, NULL);

  g_set_error (error, CAR_SERVICE_ERROR, 422,
               "its %s is not of the collection %s, or is empty: give KEY, or %s/KEY", member, collection,
               collection);
  return NULL;
}

char *
car_service_node_id_new (const char *source, const char *key)
{
  return g_strconcat (source, "/", key, NULL);
}

/* The text of an object's member; NULL where it has none, or an empty one. */
static char *
dup_member (const CarJsonSpan *body, const char *member)
{
  const CarJsonSpan value = car_json_span_get_member (body, member);

  return value.length > 0 ? car_json_span_dup_string (&value) : NULL;
}

/* DNS knows no difference between letters, nor between a name and the same with the root's dot. */
static char *
connect_hostname (const char *key)
{
  g_autofree char *name = g_ascii_strdown (key, -1);
  gsize length = strlen (name);

  if (length > 1 && name[length - 1] == '.')
    name[length - 1] = '\0';
  return g_steal_pointer (&name);
}

static char *
connect_ipaddress (const char *key)
{
  const char *address = car_ipaddress_skip_region (key);
  g_autofree char *canonical = NULL;
  CarInet inet;

  if (!car_inet_parse (address, strlen (address), &inet) || car_inet_is_special (&inet))
    return NULL;
  canonical = car_inet_to_string (&inet);
  return g_strdup_printf ("%.*s%s", (int) (address - key), key, canonical);
}

static char *
connect_macaddress (const char *key)
{
  g_autofree char *canonical = car_macaddr_canonicalize (key, strlen (key));

  return canonical != NULL && !car_macaddr_is_special (canonical) ? g_steal_pointer (&canonical) : NULL;
}

char *
car_service_connecting_id_new (const char *collection,
                               const char *key,
                               const char *node_id,
                               const CarJsonSpan *body)
{
  char *id = NULL;

  if (g_str_equal (collection, "hostname"))
    id = connect_hostname (key);
  else if (g_str_equal (collection, "ipaddress"))
    id = connect_ipaddress (key);
  else if (g_str_equal (collection, "macaddress"))
    id = connect_macaddress (key);
  else if (g_str_equal (collection, "account"))
    id = dup_member (body, "name");
  else if (g_str_equal (collection, "ipregion"))
    id = dup_member (body, "connecting_id");
  return id != NULL ? id : g_strdup (node_id);
}
