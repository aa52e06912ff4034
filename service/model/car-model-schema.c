/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-scanner-private.h>
#include <service/model/car-model-private.h>

static void
append_name (GString *out, const char *name)
{
  car_json_append_string (out, name, -1);
  g_string_append_c (out, ':');
}

static void
append_separator (GString *out)
{
  if (out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
    g_string_append_c (out, ',');
}

/* An edge's ends are no properties of the model: they follow from what it joins. */
static void
append_ends (GString *out, CarModelState *state, const CarModelCollection *edge)
{
  gboolean from_by_key = car_model_state_is_named_by_key (state, edge->from);
  gboolean to_by_key = car_model_state_is_named_by_key (state, edge->to) && !edge->to_named_by_id;

  append_name (out, from_by_key ? "_from" : "_from_external_id");
  g_string_append (out, "{\"type\":\"string\"},");
  append_name (out, to_by_key ? "_to" : "_to_external_id");
  g_string_append (out, "{\"type\":\"string\"}");
}

static void
append_members (GString *out, const char *members)
{
  if (*members == '\0')
    return;
  append_separator (out);
  g_string_append (out, members);
}

static void
append_property (GString *out, const CarModelProperty *property)
{
  append_separator (out);
  append_name (out, property->name);
  g_string_append_c (out, '{');
  append_members (out, property->assertions);
  append_members (out, property->annotations);
  if (property->indexed)
    append_members (out, "\"indexed\":true");
  if (property->unique)
    append_members (out, "\"unique\":true");
  if (property->fallback != NULL)
    {
      append_separator (out);
      append_name (out, "default");
      g_string_append (out, property->fallback);
    }
  g_string_append_c (out, '}');
}

static void
append_properties (GString *out, CarModelState *state, const CarModelCollection *collection)
{
  g_string_append (out, "\"properties\":{");
  if (collection->from != NULL)
    append_ends (out, state, collection);
  for (guint i = 0; i < collection->properties->len; i++)
    append_property (out, collection->properties->pdata[i]);
  g_string_append_c (out, '}');
}

static void
append_required (GString *out, const CarModelCollection *collection)
{
  const char *separator = ",\"required\":[";

  for (guint i = 0; i < collection->properties->len; i++)
    {
      const CarModelProperty *property = collection->properties->pdata[i];

      /* One that has a default is never missing for long. */
      if (!property->required || property->fallback != NULL)
        continue;
      g_string_append (out, separator);
      car_json_append_string (out, property->name, -1);
      separator = ",";
    }
  if (g_str_equal (separator, ","))
    g_string_append_c (out, ']');
}

static void
append_rules (GString *out, const CarModelCollection *collection)
{
  if (collection->rules->len == 1)
    g_string_append_printf (out, ",%s", (const char *) collection->rules->pdata[0]);
  if (collection->rules->len < 2)
    return;
  g_string_append (out, ",\"allOf\":[");
  for (guint i = 0; i < collection->rules->len; i++)
    g_string_append_printf (out, "%s{%s}", i > 0 ? "," : "", (const char *) collection->rules->pdata[i]);
  g_string_append_c (out, ']');
}

static void
append_object_schema (GString *out, CarModelState *state, const CarModelCollection *collection)
{
  g_string_append (out, "{\"type\":\"object\",");
  append_properties (out, state, collection);
  append_required (out, collection);
  append_rules (out, collection);
  g_string_append_c (out, '}');
}

static void
append_collections (GString *out, CarModelState *state, GPtrArray *collections)
{
  for (guint i = 0; i < collections->len; i++)
    {
      const CarModelCollection *collection = collections->pdata[i];

      append_separator (out);
      append_name (out, collection->name);
      g_string_append (out, "{\"type\":\"array\",\"items\":");
      append_object_schema (out, state, collection);
      g_string_append_c (out, '}');
    }
}

/* The schema of a whole envelope: collections that it does not name pass (protocol.md, "The envelope"). */
char *
car_model_state_to_import_schema (CarModelState *self)
{
  GString *out =
      g_string_new ("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
                    "\"additionalProperties\":true,\"properties\":{");

  for (guint i = 0; i < self->envelope->len; i++)
    {
      const CarModelCollection *member = self->envelope->pdata[i];

      append_separator (out);
      append_name (out, member->name);
      append_object_schema (out, self, member);
    }
  append_collections (out, self, self->vertices);
  append_collections (out, self, self->edges);
  g_string_append (out, "}}");
  return g_string_free (out, FALSE);
}
