/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-held.h"
#include "carctl/carctl-table.h"
#include "carctl/carctl.h"

/* carctl tag: the tags of a service, those of an object, and new ones for it. The published queries can put a tag on an object, and not
 * take one off: that is for the “untag” of a connector. */

#define MAX_TAGS 100

/* GraphQL escapes as JSON does. */
static void
append_member (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, "%s: ", name);
  car_json_append_string (out, value, -1);
}

static gboolean
print_answer (const CarctlCall *call, CarClient *client, const char *query, GError **error)
{
  g_autofree char *answer = carctl_ask_service (client, query, NULL, error);

  return answer != NULL && carctl_table_print (answer, call->json, error);
}

static char *
make_question (const char *collection, const char *id, const char *fields)
{
  g_autoptr (GString) query = g_string_new ("{ ");

  g_string_append_printf (query, "%s(where: {", collection);
  append_member (query, "id: {_eq", id);
  g_string_append_printf (query, "}}) { %s } }", fields);
  return g_string_free (g_steal_pointer (&query), FALSE);
}

/* The object's source, which its new tags are of too, so that its connector can take them off. */
static char *
find_source (CarClient *client, const char *collection, const char *id, GError **error)
{
  g_autofree char *query = make_question (collection, id, "source");
  g_autofree char *answer = carctl_ask_service (client, query, NULL, error);
  CarJsonSpan data;

  if (answer == NULL || !car_json_read_text (answer, strlen (answer), &data, error))
    return NULL;

  const CarJsonSpan list = car_json_span_get_member (&data, collection);
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  char *source = items == NULL || items->len == 0
                     ? NULL
                     : car_json_span_dup_member (&g_array_index (items, CarJsonSpan, 0), "source");
  if (source == NULL)
    car_failure_refuse (error, _ ("the service has no “%s” in %s"), id, collection);
  return source;
}

static char *
make_mutation (const char *collection, const char *id, const char *source, char **tags)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *reported_at = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_autoptr (GString) query = g_string_new ("mutation { ");

  g_string_append_printf (query, "insert_tag_%s(objects: [", collection);
  for (guint i = 0; tags[i] != NULL; i++)
    {
      g_autofree char *tag_id = g_strconcat (source, "/", tags[i], NULL);

      g_string_append_c (query, '{');
      append_member (query, "source", source);
      append_member (query, ", reported_at", reported_at);
      g_string_append_printf (query, ", %s_", collection);
      append_member (query, "id", id);
      append_member (query, ", tag_id", tag_id);
      g_string_append_c (query, '}');
    }
  g_string_append (query, "]) { affected_rows } }");
  return g_string_free (g_steal_pointer (&query), FALSE);
}

static gboolean
put_tags (CarClient *client, const char *collection, const char *id, char **tags, GError **error)
{
  g_autofree char *source = find_source (client, collection, id, error);
  g_autofree char *mutation = source == NULL ? NULL : make_mutation (collection, id, source, tags);
  g_autofree char *answer = mutation == NULL ? NULL : carctl_ask_service (client, mutation, NULL, error);

  return answer != NULL;
}

static gboolean
check_arguments (const CarctlCall *call, GError **error)
{
  if (!carctl_check_object (call, error))
    return FALSE;
  for (guint i = 0; call->arguments[i] != NULL; i++)
    if (!g_utf8_validate (call->arguments[i], -1, NULL))
      return car_failure_refuse (error, _ ("argument %u is not UTF-8 text"), i + 1);
  return TRUE;
}

static gboolean
tag (CarctlCall *call, GError **error)
{
  g_autoptr (CarClient) client = check_arguments (call, error) ? carctl_open_service (call, error) : NULL;
  const char *collection = call->arguments[0];

  if (client == NULL)
    return FALSE;
  if (collection == NULL)
    return print_answer (call, client, "{ tag(order_by: {id: asc}) { id name _reference_count } }", error);

  const char *id = call->arguments[1];
  if (!carctl_held_check_collection (client, collection, error) ||
      (call->arguments[2] != NULL && !put_tags (client, collection, id, call->arguments + 2, error)))
    return FALSE;

  g_autofree char *query = make_question (collection, id, "id tags { tag { name } }");
  return print_answer (call, client, query, error);
}

const CarctlCommand carctl_tag_command = {
  .name = "tag",
  .arguments = "[COLLECTION ID [TAG...]]",
  .summary = N_ ("List tags, or put some on an object"),
  .options = CARCTL_JSON,
  .max_arguments = 2 + MAX_TAGS,
  .run = tag,
};
