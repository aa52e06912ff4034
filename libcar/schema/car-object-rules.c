/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/schema/car-object-rules-private.h>

/* The vertices that their `_key` names. For the check alone, some of their members are taken from it where they are
 * missing. */
static const struct
{
  const char *collection;
  CarJsonStandInName stand_ins[3];
} named_by_key[] = {
  { "hostname", { { "host_name", CAR_VERTEX_KEY }, { "external_id", CAR_VERTEX_KEY } } },
  { "ipaddress", { { "name", CAR_VERTEX_KEY } } },
  { "macaddress", { { "name", CAR_VERTEX_KEY } } },
};

static const char *const vertex_members[] = {
  [CAR_VERTEX_EXTERNAL_ID] = "external_id",
  [CAR_VERTEX_KEY] = "_key",
  [CAR_VERTEX_HOST_NAME] = "host_name",
  [CAR_VERTEX_REGION] = "region_id",
  NULL,
};

static const char *const edge_members[] = {
  [CAR_EDGE_FROM_EXTERNAL_ID] = "_from_external_id",
  [CAR_EDGE_FROM] = "_from",
  [CAR_EDGE_TO_EXTERNAL_ID] = "_to_external_id",
  [CAR_EDGE_TO] = "_to",
  [CAR_EDGE_EXTERNAL_ID] = "external_id",
  [CAR_EDGE_ACTIVE] = "active",
  NULL,
};

/* The collection's place in the table, or the table's length. */
static gsize
find_named_by_key (const char *collection)
{
  gsize i = 0;

  while (i < G_N_ELEMENTS (named_by_key) && !g_str_equal (collection, named_by_key[i].collection))
    i++;
  return i;
}

gboolean
car_collection_is_named_by_key (const char *collection)
{
  return find_named_by_key (collection) < G_N_ELEMENTS (named_by_key);
}

const CarJsonObjectRules *
car_object_rules_get_vertex (const char *collection)
{
  static const CarJsonStandInName none[] = { { NULL, 0 } };
  static CarJsonObjectRules *rules[G_N_ELEMENTS (named_by_key) + 1];
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
        rules[i] = car_json_object_rules_new (
            vertex_members, i < G_N_ELEMENTS (named_by_key) ? named_by_key[i].stand_ins : none);
      g_once_init_leave (&made, 1);
    }
  return rules[find_named_by_key (collection)];
}

const CarJsonObjectRules *
car_object_rules_get_edge (void)
{
  static const CarJsonStandInName none[] = { { NULL, 0 } };
  static CarJsonObjectRules *rules;
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      rules = car_json_object_rules_new (edge_members, none);
      g_once_init_leave (&made, 1);
    }
  return rules;
}

void
car_object_rules_read_vertex (const CarJsonSpan *vertex, CarJsonMembers *members)
{
  *members = (CarJsonMembers){ 0 };
  for (guint i = 0; vertex_members[i] != NULL; i++)
    members->values[i] = car_json_span_get_member (vertex, vertex_members[i]);
}

/* The first of the members that is a text. */
static gboolean
find_text (const CarJsonSpan *object, const char *first, const char *second, CarJsonSpan *text)
{
  *text = car_json_span_get_member (object, first);
  if (text->type != CAR_JSON_STRING)
    *text = car_json_span_get_member (object, second);
  return text->type == CAR_JSON_STRING;
}

static void
append_quoted (GString *out, const char *before, const CarJsonSpan *text)
{
  g_string_append_printf (out, "%s“", before);
  car_text_append_printable (out, text->text, text->length, CAR_TEXT_SHORT);
  g_string_append (out, "”");
}

void
car_object_append_name (GString *out, const CarJsonSpan *object)
{
  CarJsonSpan name, to;

  if (find_text (object, vertex_members[CAR_VERTEX_EXTERNAL_ID], vertex_members[CAR_VERTEX_KEY], &name))
    append_quoted (out, " ", &name);
  else if (find_text (object, edge_members[CAR_EDGE_FROM_EXTERNAL_ID], edge_members[CAR_EDGE_FROM], &name) &&
           find_text (object, edge_members[CAR_EDGE_TO_EXTERNAL_ID], edge_members[CAR_EDGE_TO], &to))
    {
      append_quoted (out, " ", &name);
      append_quoted (out, " → ", &to);
    }
}
