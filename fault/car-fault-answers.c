/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "fault/car-fault-answers.h"

#define OTHER_ID "no-such-id"

static char *
dup_body (const CarFaultMessage *answer)
{
  gsize length;
  const char *text = g_bytes_get_data (answer->body, &length);

  return length > 0 ? g_strndup (text, length) : g_strdup ("");
}

char *
car_fault_answers_halve (const CarFaultMessage *answer)
{
  char *text = dup_body (answer);

  text[strlen (text) / 2] = '\0';
  return text;
}

/* A byte that UTF-8 has not, at the end of the last string. */
char *
car_fault_answers_spoil_utf8 (const CarFaultMessage *answer)
{
  g_autofree char *text = dup_body (answer);
  const char *quote = strrchr (text, '"');
  const gsize before = quote != NULL ? (gsize) (quote - text) : strlen (text);

  return g_strdup_printf ("%.*s\xff%s", (int) before, text, text + before);
}

/* What changes the members of an answer. */
typedef void (*Change) (JsonObject *object, const char *name, JsonNode *value, gpointer user_data);

static char *
change_members (const CarFaultMessage *answer, Change change)
{
  g_autofree char *text = dup_body (answer);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return g_strdup ("7");

  json_object_foreach_member (json_node_get_object (root), change, NULL);
  return json_to_string (root, FALSE);
}

static void
change_type (JsonObject *object, const char *name, JsonNode *value, gpointer user_data)
{
  JsonNode *other = json_node_alloc ();

  if (JSON_NODE_HOLDS_OBJECT (value))
    json_node_take_array (json_node_init_array (other, NULL), json_array_new ());
  else if (JSON_NODE_HOLDS_ARRAY (value))
    json_node_take_object (json_node_init_object (other, NULL), json_object_new ());
  else if (json_node_get_value_type (value) == G_TYPE_STRING)
    json_node_take_array (json_node_init_array (other, NULL), json_array_new ());
  else
    json_node_init_string (other, "another type");
  json_object_set_member (object, name, other);
}

char *
car_fault_answers_change_types (const CarFaultMessage *answer)
{
  return change_members (answer, change_type);
}

static void change_id (JsonObject *object, const char *name, JsonNode *value, gpointer user_data);

static void
change_ids_of_item (JsonArray *array, guint index, JsonNode *item, gpointer user_data)
{
  if (JSON_NODE_HOLDS_OBJECT (item))
    json_object_foreach_member (json_node_get_object (item), change_id, NULL);
}

static void
change_id (JsonObject *object, const char *name, JsonNode *value, gpointer user_data)
{
  if (g_str_equal (name, "id") || g_str_equal (name, "job_id"))
    json_object_set_string_member (object, name, OTHER_ID);
  else if (JSON_NODE_HOLDS_ARRAY (value))
    json_array_foreach_element (json_node_get_array (value), change_ids_of_item, NULL);
}

char *
car_fault_answers_change_ids (const CarFaultMessage *answer)
{
  return change_members (answer, change_id);
}

/* Of the imports that a request asks for: in the path, or as "ids=A,B". */
static char **
list_ids (const CarFaultMessage *request)
{
  const char *last = strrchr (request->path, '/');
  const char *asked = request->query != NULL ? strstr (request->query, "ids=") : NULL;

  if (asked == NULL)
    return g_strsplit (last != NULL ? last + 1 : "", ",", -1);

  g_autofree char *ids = g_strndup (asked + strlen ("ids="), strcspn (asked + strlen ("ids="), "&"));
  return g_strsplit (ids, ",", -1);
}

static void
append_failure (GString *out, CarFaultJob state, guint status)
{
  if (state != CAR_FAULT_JOB_FAILED && state != CAR_FAULT_JOB_FAILED_WITHOUT_STATUS)
    return;

  g_string_append (out, ",\"error\":\"a fault was asked for\"");
  if (state == CAR_FAULT_JOB_FAILED)
    g_string_append_printf (out, ",\"statusCode\":%u", status);
}

static void
append_imports (GString *out, const char *list, CarFaultJob state, guint status, char **ids, gboolean is_it)
{
  g_string_append_printf (out, ",\"%s\":[", list);
  for (guint i = 0; is_it && ids[i] != NULL; i++)
    {
      g_string_append_printf (out, "%s{\"id\":\"%s\"", i > 0 ? "," : "", ids[i]);
      append_failure (out, state, status);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

/* `ids` stand in a URL: none needs to be escaped. */
static char *
tell_imports (char **ids, CarFaultJob state, guint status)
{
  const gboolean failed = state == CAR_FAULT_JOB_FAILED || state == CAR_FAULT_JOB_FAILED_WITHOUT_STATUS;
  GString *out = g_string_new ("{\"success\":true");

  append_imports (out, "complete_imports", state, status, ids, FALSE);
  append_imports (out, "error_imports", state, status, ids, failed);
  append_imports (out, "incomplete_imports", state, status, ids, state == CAR_FAULT_JOB_RUNS);
  append_imports (out, "notfound_imports", state, status, ids, state == CAR_FAULT_JOB_LOST);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

char *
car_fault_answers_tell_jobs (const CarFaultMessage *request, CarFaultJob state, guint status)
{
  if (strstr (request->path, "/importstatus") != NULL)
    {
      g_auto (GStrv) ids = list_ids (request);
      return tell_imports (ids, state, status);
    }

  GString *out = g_string_new (NULL);
  g_string_printf (out, "{\"status\":\"%s\"", state == CAR_FAULT_JOB_RUNS ? "INPROGRESS" : "ERROR");
  append_failure (out, state, status);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
