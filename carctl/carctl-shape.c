/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/schema/car-object-rules-private.h>

#include "carctl/carctl-shape.h"

/* The published queries have no such field (protocol.md, "Queries"), or it is the run's, or a part of the name. */
static gboolean
is_left_out (const CarctlShape *self, const char *member)
{
  static const char *const all[] = { "source",   "report",      "active", "timestamp", "created",
                                     "modified", "external_id", "tag",    "untag",     "connecting_id",
                                     "id",       "reported_at", NULL };
  /* The service spells an address in its own way. */
  static const char *const of_keys[] = { "name", "host_name", "region_id", NULL };

  return *member == '_' || g_str_has_prefix (member, "xfr_") || g_strv_contains (all, member) ||
         (car_collection_is_named_by_key (self->collection) && g_strv_contains (of_keys, member));
}

static CarJsonSpan
find_properties (const CarJsonSpan *schema, const char *collection)
{
  const char *const path[] = { "properties", collection, "items", "properties" };
  CarJsonSpan value = *schema;

  for (guint i = 0; i < G_N_ELEMENTS (path) && value.type == CAR_JSON_OBJECT; i++)
    value = car_json_span_get_member (&value, path[i]);
  return value;
}

static void
add_members (CarctlShape *self, const CarJsonSpan *schema)
{
  const CarJsonSpan properties = find_properties (schema, self->collection);
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  if (properties.type != CAR_JSON_OBJECT)
    return;

  car_json_scanner_init (&scanner, properties.text, properties.length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      g_autofree char *member = car_json_span_unescape (&name, NULL);

      if (car_text_is_name (member) && !is_left_out (self, member))
        g_ptr_array_add (self->members, g_steal_pointer (&member));
    }
}

gboolean
carctl_shape_init (CarctlShape *self,
                   const char *collection,
                   const char *source,
                   CarImportSchema *schema,
                   const CarJsonSpan *answer)
{
  const CarEdgeEnds *ends = car_collection_schema_get_ends (car_import_schema_lookup (schema, collection));

  *self = (CarctlShape){ .collection = collection, .source = source };
  self->members = g_ptr_array_new_with_free_func (g_free);
  self->is_known = car_import_schema_has_collection (schema, collection);
  add_members (self, answer);
  if (!self->is_known || car_import_schema_has_vertices (schema, collection))
    return TRUE;

  self->from = car_edge_ends_get_collection (ends, CAR_EDGE_END_FROM);
  self->to = car_edge_ends_get_collection (ends, CAR_EDGE_END_TO);
  return self->from != NULL && self->to != NULL && !g_str_equal (self->from, self->to);
}

void
carctl_shape_clear (CarctlShape *self)
{
  g_clear_pointer (&self->members, g_ptr_array_unref);
}

char **
carctl_shape_list_fields (const CarctlShape *self)
{
  g_autoptr (GStrvBuilder) fields = g_strv_builder_new ();

  if (self->from == NULL)
    g_strv_builder_add (fields, "id");
  else
    {
      g_autofree char *from = g_strconcat (self->from, "_id", NULL);
      g_autofree char *to = g_strconcat (self->to, "_id", NULL);

      g_strv_builder_add_many (fields, from, to, "external_id", NULL);
    }
  for (guint i = 0; i < self->members->len; i++)
    g_strv_builder_add (fields, self->members->pdata[i]);
  return g_strv_builder_end (fields);
}

/* An address without a region is in the region 0 (protocol.md, "Queries"): both names are one. */
static char *
make_key (const char *collection, const char *text, const char *region)
{
  const char *slash = strrchr (text, '/');

  if (g_strcmp0 (collection, "ipaddress") != 0)
    return g_strdup (text);
  if (g_str_has_prefix (text, "0/"))
    return g_strdup (text + strlen ("0/"));
  return region == NULL || g_str_equal (region, "0") ||
                 (slash != NULL && g_hostname_is_ip_address (slash + 1))
             ? g_strdup (text)
             : g_strconcat (region, "/", text, NULL);
}

static char *
join (const char *from, const char *to, const char *external_id)
{
  gboolean has_id = external_id != NULL && *external_id != '\0';

  return g_strconcat (from, " → ", to, has_id ? " → " : NULL, external_id, NULL);
}

static char *
dup_either (const CarJsonSpan *object, const char *first, const char *second)
{
  g_autofree char *text = car_json_span_dup_member (object, first);

  if (text == NULL || *text == '\0')
    {
      g_free (text);
      text = car_json_span_dup_member (object, second);
    }
  return text == NULL ? g_strdup ("") : g_steal_pointer (&text);
}

/* An end of an edge: an external_id, or COLLECTION/KEY, or the bare key. */
static char *
name_end (const CarJsonSpan *edge, const char *collection, const char *by_id, const char *by_path)
{
  g_autofree char *text = dup_either (edge, by_id, by_path);
  g_autofree char *prefix = g_strconcat (collection, "/", NULL);
  g_autofree char *id = car_json_span_dup_member (edge, by_id);
  gboolean is_path = (id == NULL || *id == '\0') && g_str_has_prefix (text, prefix);

  return make_key (collection, is_path ? text + strlen (prefix) : text, NULL);
}

char *
carctl_shape_name_given (const CarctlShape *self, const CarJsonSpan *object)
{
  gboolean by_key = car_collection_is_named_by_key (self->collection);

  if (self->from == NULL)
    {
      g_autofree char *text =
          dup_either (object, by_key ? "_key" : "external_id", by_key ? "external_id" : "_key");
      g_autofree char *region = car_json_span_dup_member (object, "region_id");

      return make_key (self->collection, text, region);
    }
  if (car_json_span_get_member (object, "active").type == CAR_JSON_FALSE)
    return NULL;

  g_autofree char *from = name_end (object, self->from, "_from_external_id", "_from");
  g_autofree char *to = name_end (object, self->to, "_to_external_id", "_to");
  g_autofree char *external_id = car_json_span_dup_member (object, "external_id");
  return join (from, to, external_id);
}

/* An id is SOURCE/KEY; one of another source stays as it is. */
static char *
name_id (const CarctlShape *self, const CarJsonSpan *object, const char *collection, const char *field)
{
  g_autofree char *id = car_json_span_dup_member (object, field);
  g_autofree char *prefix = g_strconcat (self->source, "/", NULL);

  if (id == NULL)
    return g_strdup ("");
  return g_str_has_prefix (id, prefix) ? make_key (collection, id + strlen (prefix), NULL)
                                       : g_steal_pointer (&id);
}

char *
carctl_shape_name_held (const CarctlShape *self, const CarJsonSpan *object)
{
  if (self->from == NULL)
    return name_id (self, object, self->collection, "id");

  g_autofree char *from_field = g_strconcat (self->from, "_id", NULL);
  g_autofree char *to_field = g_strconcat (self->to, "_id", NULL);
  g_autofree char *from = name_id (self, object, self->from, from_field);
  g_autofree char *to = name_id (self, object, self->to, to_field);
  g_autofree char *external_id = car_json_span_dup_member (object, "external_id");
  return join (from, to, external_id);
}

static void
append_name (GString *out, const CarJsonSpan *name)
{
  if (out->len > 1)
    g_string_append_c (out, ',');
  car_json_append_span (out, name);
  g_string_append_c (out, ':');
}

/* A service answers null for what is not there, so null is that here too. */
char *
carctl_shape_make_given (const CarctlShape *self, const CarJsonSpan *object)
{
  g_autoptr (GString) out = g_string_new ("{");
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      g_autofree char *text = car_json_span_unescape (&name, NULL);

      if (value.type == CAR_JSON_NULL || is_left_out (self, text))
        continue;
      append_name (out, &name);
      car_json_append_span (out, &value);
    }
  g_string_append_c (out, '}');
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Connectors give times as epoch milliseconds, and queries answer them as dates and times, in UTC. */
static gboolean
append_time (GString *out, const CarJsonSpan *value)
{
  g_autofree char *text = car_json_span_dup_string (value);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text == NULL ? NULL : g_date_time_new_from_iso8601 (text, utc);

  if (time == NULL)
    return FALSE;
  car_json_append_int (out, g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000);
  return TRUE;
}

char *
carctl_shape_make_held (const CarctlShape *self, const CarJsonSpan *object, const CarJsonSpan *given)
{
  g_autoptr (GString) out = g_string_new ("{");

  for (guint i = 0; i < self->members->len; i++)
    {
      const char *member = self->members->pdata[i];
      const CarJsonSpan value = car_json_span_get_member (object, member);
      gboolean is_number = given != NULL && car_json_span_get_member (given, member).type == CAR_JSON_NUMBER;
      const CarJsonSpan name = { .text = member, .length = strlen (member), .type = CAR_JSON_STRING };

      if (value.type == CAR_JSON_NULL || value.type == CAR_JSON_INVALID)
        continue;
      append_name (out, &name);
      if (!is_number || !append_time (out, &value))
        car_json_append_span (out, &value);
    }
  g_string_append_c (out, '}');
  return g_string_free (g_steal_pointer (&out), FALSE);
}
