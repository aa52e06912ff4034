/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-mcp-tools.h"
#include "carctl/carctl-questions.h"
#include "carctl/carctl.h"

/* The texts here are for assistants, which read English. */

typedef struct
{
  const char *name;
  const char *description;
  gboolean is_required;
} Argument;

typedef struct
{
  const char *name;
  const char *description;
  Argument arguments[5]; /* ended by a NULL name */
  char *(*call) (CarClient *client, JsonObject *arguments, GError **error);
} Tool;

static const char *
get (JsonObject *arguments, const char *name)
{
  return json_object_get_string_member_with_default (arguments, name, NULL);
}

static char *
to_text (GBytes *answer)
{
  gsize length = 0;
  const char *text = answer == NULL ? NULL : g_bytes_get_data (answer, &length);

  return text == NULL ? NULL : g_strndup (text, length);
}

static char *
get_call (CarClient *client,
          CarApiVersion version,
          const char *const *path,
          const char *const *query,
          GError **error)
{
  g_autoptr (GBytes) answer =
      car_client_call (client, version, "GET", path, query, NULL, 0, NULL, NULL, error);

  return to_text (answer);
}

static char *
search (CarClient *client, JsonObject *arguments, GError **error)
{
  const char *const path[] = { "search", NULL };
  const char *const query[] = { "text", get (arguments, "text"), NULL };

  return get_call (client, CAR_API_VERSION_V3, path, query, error);
}

static char *
neighbours (CarClient *client, JsonObject *arguments, GError **error)
{
  const char *const path[] = { get (arguments, "collection"), get (arguments, "id"), "graph", NULL };

  return get_call (client, CAR_API_VERSION_V2, path, NULL, error);
}

/* The object alone: of the same answer, what is not around it. */
static char *
object (CarClient *client, JsonObject *arguments, GError **error)
{
  g_autofree char *answer = neighbours (client, arguments, error);
  g_autoptr (GString) text = g_string_new ("{\"result\":");
  CarJsonSpan graph;

  if (answer == NULL || !car_json_read_text (answer, strlen (answer), &graph, error))
    return NULL;

  const CarJsonSpan result = car_json_span_get_member (&graph, "result");
  car_json_append_span (text, &result);
  g_string_append_c (text, '}');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
changes (CarClient *client, JsonObject *arguments, GError **error)
{
  const char *const path[] = { "changes", NULL };
  static const char *const names[] = { "from", "to", "source", "after" };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (get (arguments, names[i]) != NULL)
      g_strv_builder_add_many (builder, names[i], get (arguments, names[i]), NULL);
  g_auto (GStrv) query = g_strv_builder_end (builder);
  return get_call (client, CAR_API_VERSION_V3, path, (const char *const *) query, error);
}

static char *
question (CarClient *client, JsonObject *arguments, GError **error)
{
  g_autoptr (GPtrArray) questions = carctl_questions_list ();
  const CarctlQuestion *question = carctl_questions_get (questions, get (arguments, "number"), error);
  const char *parameters = get (arguments, "parameters");
  g_auto (GStrv) values = g_strsplit (parameters == NULL ? "" : parameters, "\n", -1);
  g_autofree char *query =
      question == NULL ? NULL : carctl_question_write (question, (const char *const *) values, error);

  return query == NULL || !carctl_set_moment (client, get (arguments, "at"), error)
             ? NULL
             : carctl_ask_service (client, query, NULL, error);
}

/* Behind a string of GraphQL that begins here: "…", or a block in three quotes each. */
static const char *
skip_string (const char *at)
{
  gboolean is_block = g_str_has_prefix (at, "\"\"\"");
  const char *quotes = is_block ? "\"\"\"" : "\"";

  for (at += strlen (quotes); *at != '\0' && !g_str_has_prefix (at, quotes); at++)
    if (*at == '\\' && at[1] != '\0')
      at++;
  return *at == '\0' ? at : at + strlen (quotes);
}

/* Whether a document of GraphQL has an operation that is no query: a word outside of all brackets says so. */
static gboolean
changes_something (const char *document)
{
  int depth = 0;

  for (const char *at = document; *at != '\0';)
    {
      gsize length = strspn (at, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");

      if (*at == '"')
        at = skip_string (at);
      else if (*at == '#')
        at += strcspn (at, "\r\n");
      else if (length > 0)
        {
          if (depth == 0 && (strncmp (at, "mutation", MAX (length, 8)) == 0 ||
                             strncmp (at, "subscription", MAX (length, 12)) == 0))
            return TRUE;
          at += length;
        }
      else
        {
          depth += strchr ("{([", *at) != NULL;
          depth -= strchr ("})]", *at) != NULL;
          at++;
        }
    }
  return FALSE;
}

static char *
query (CarClient *client, JsonObject *arguments, GError **error)
{
  const char *text = get (arguments, "query");

  if (!changes_something (text))
    return carctl_set_moment (client, get (arguments, "at"), error)
               ? carctl_ask_service (client, text, get (arguments, "variables"), error)
               : NULL;

  car_failure_refuse (error, "only queries are asked: a mutation changes something");
  return NULL;
}

#define AT "ask of this moment instead of now, in ISO 8601, such as 2026-01-31T12:00:00Z"

static const Tool tools[] = {
  { "search",
    "Find objects by a name, an IP or MAC address, a CVE, an id, or a part of one. Gives their collection "
    "and id.",
    { { "text", "two characters at least", TRUE } },
    search },
  { "object",
    "All members of one object.",
    { { "collection", "such as asset, ipaddress or vulnerability", TRUE },
      { "id", "its id, such as SOURCE/EXTERNAL_ID, as search gives it", TRUE } },
    object },
  { "neighbours",
    "One object, the edges that it has, and what is at their other ends: addresses, accounts, applications, "
    "vulnerabilities.",
    { { "collection", "such as asset, ipaddress or vulnerability", TRUE },
      { "id", "its id, as search gives it", TRUE } },
    neighbours },
  { "question",
    NULL /* lists the questions */,
    { { "number", "the question's number", TRUE },
      { "parameters", "lines NAME=VALUE, for those that are not to be as listed", FALSE },
      { "at", AT, FALSE } },
    question },
  { "query",
    "Ask the graph in GraphQL, read only. A collection is a field, such as asset or vulnerability; its "
    "arguments are where "
    "({name: {_eq: \"x\"}}, also _neq, _in, _like, _ilike, _gt, _lt, _and, _or, _not), order_by, limit and "
    "offset. A relation "
    "has the plural name of what it leads to, and is a list of edges with the vertex at their end: "
    "{ vulnerability(where: {name: {_eq: \"CVE-2021-44228\"}}) { assets { asset { name } } } }.",
    { { "query", "a query of GraphQL", TRUE },
      { "variables", "the values of its variables, a JSON object as text", FALSE },
      { "at", AT, FALSE } },
    query },
  { "changes",
    "What was added, changed and closed between two moments: an array with an object for each. Its last item "
    "has “next”: null at "
    "the end, or else what to give as “after” for the next page.",
    { { "from", "a moment in ISO 8601, such as 2026-01-31T12:00:00Z", TRUE },
      { "to", "a moment in ISO 8601, such as 2026-01-31T12:00:00Z", TRUE },
      { "source", "only of this source", FALSE },
      { "after", "the page behind this place", FALSE } },
    changes },
};

static char *
describe_questions (void)
{
  g_autoptr (GPtrArray) questions = carctl_questions_list ();
  g_autoptr (GString) text = g_string_new ("Ask one of these questions:");

  for (guint i = 0; i < questions->len; i++)
    {
      const CarctlQuestion *question = questions->pdata[i];

      g_string_append_printf (text, "\n%u. %s", i + 1, question->title);
      for (guint k = 0; question->parameters[k] != NULL; k++)
        g_string_append_printf (text, " %s=%s", question->parameters[k], question->examples[k]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
build_schema (JsonBuilder *builder, const Tool *tool)
{
  json_builder_set_member_name (builder, "inputSchema");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "type");
  json_builder_add_string_value (builder, "object");
  json_builder_set_member_name (builder, "properties");
  json_builder_begin_object (builder);
  for (const Argument *argument = tool->arguments; argument->name != NULL; argument++)
    {
      json_builder_set_member_name (builder, argument->name);
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "type");
      json_builder_add_string_value (builder, "string");
      json_builder_set_member_name (builder, "description");
      json_builder_add_string_value (builder, argument->description);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "required");
  json_builder_begin_array (builder);
  for (const Argument *argument = tool->arguments; argument->name != NULL; argument++)
    if (argument->is_required)
      json_builder_add_string_value (builder, argument->name);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

JsonNode *
carctl_mcp_tools_list (void)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *questions = describe_questions ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "tools");
  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "name");
      json_builder_add_string_value (builder, tools[i].name);
      json_builder_set_member_name (builder, "description");
      json_builder_add_string_value (builder,
                                     tools[i].description == NULL ? questions : tools[i].description);
      json_builder_set_member_name (builder, "annotations");
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "readOnlyHint");
      json_builder_add_boolean_value (builder, TRUE);
      json_builder_end_object (builder);
      build_schema (builder, &tools[i]);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  return json_builder_get_root (builder);
}

/* A number that is asked for as text may come as one. */
static gboolean
check_arguments (const Tool *tool, JsonObject *arguments, GError **error)
{
  for (const Argument *argument = tool->arguments; argument->name != NULL; argument++)
    {
      JsonNode *value = json_object_get_member (arguments, argument->name);

      if (value != NULL && JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_INT64)
        {
          g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (value));

          json_object_set_string_member (arguments, argument->name, text);
        }
      else if (value != NULL &&
               !(JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING))
        return car_failure_refuse (error, "“%s” must be a text: %s", argument->name, argument->description);

      const char *text = get (arguments, argument->name);
      if (argument->is_required && (text == NULL || *text == '\0'))
        return car_failure_refuse (error, "“%s” is missing: %s", argument->name, argument->description);
    }
  return TRUE;
}

char *
carctl_mcp_tools_call (CarClient *client, const char *name, JsonObject *arguments, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    if (g_strcmp0 (tools[i].name, name) == 0)
      return check_arguments (&tools[i], arguments, error) ? tools[i].call (client, arguments, error) : NULL;

  car_failure_refuse (error, "there is no tool “%s”", name == NULL ? "" : name);
  return NULL;
}
