/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/log/car-log-private.h>

#include "carctl/carctl-mcp-tools.h"
#include "carctl/carctl.h"

/* carctl mcp: the Model Context Protocol over standard input and output: a message of JSON-RPC 2.0 a line, in each direction. */

#define MAX_MESSAGE (1024 * 1024)
#define NEWEST "2025-06-18"

/* JSON-RPC 2.0, “Error object”. */
typedef enum
{
  PARSE_ERROR = -32700,
  INVALID_REQUEST = -32600,
  METHOD_NOT_FOUND = -32601,
  INVALID_PARAMS = -32602,
} RpcError;

static const char *const versions[] = { NEWEST, "2025-03-26", "2024-11-05", NULL };

/* The id as it came: a number may be one that no tree holds. NULL: it is not known. */
static char *
make_message (const char *member, const char *value, const CarJsonSpan *id)
{
  g_autoptr (GString) text = g_string_new ("{\"jsonrpc\":\"2.0\",\"id\":");

  if (id == NULL)
    g_string_append (text, "null");
  else
    car_json_append_span (text, id);
  g_string_append_printf (text, ",\"%s\":%s}", member, value);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Takes the value. */
static char *
make_result (JsonNode *value, const CarJsonSpan *id)
{
  g_autofree char *text = json_to_string (value, FALSE);

  json_node_unref (value);
  return make_message ("result", text, id);
}

static char *
make_error (RpcError code, const char *message, const CarJsonSpan *id)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "{\"code\":%d,\"message\":", code);
  car_json_append_string (text, message, -1);
  g_string_append_c (text, '}');
  return make_message ("error", text->str, id);
}

static char *
initialize (const CarJsonSpan *params, const CarJsonSpan *id)
{
  g_autofree char *wanted = car_json_span_dup_member (params, "protocolVersion");
  const char *version = wanted != NULL && g_strv_contains (versions, wanted) ? wanted : NEWEST;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "protocolVersion");
  json_builder_add_string_value (builder, version);
  json_builder_set_member_name (builder, "capabilities");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "tools");
  json_builder_begin_object (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "serverInfo");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, "carctl");
  json_builder_set_member_name (builder, "version");
  json_builder_add_string_value (builder, PACKAGE_VERSION);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "instructions");
  json_builder_add_string_value (
      builder, "A graph of a company's machines, users, applications and vulnerabilities. Search for what "
               "somebody names, then look at its neighbours; for lists, ask a question or a query.");
  json_builder_end_object (builder);
  return make_result (json_builder_get_root (builder), id);
}

/* What a tool refuses is for the assistant to read, and no error of the protocol. */
static char *
call_tool (CarClient *client, const char *name, JsonObject *arguments, const CarJsonSpan *id)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = carctl_mcp_tools_call (client, name, arguments, &problem);
  g_autofree char *why = problem == NULL ? NULL : car_log_without_secrets (problem->message);
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "content");
  json_builder_begin_array (builder);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "type");
  json_builder_add_string_value (builder, "text");
  json_builder_set_member_name (builder, "text");
  json_builder_add_string_value (builder, text == NULL ? why : text);
  json_builder_end_object (builder);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "isError");
  json_builder_add_boolean_value (builder, text == NULL);
  json_builder_end_object (builder);
  return make_result (json_builder_get_root (builder), id);
}

static char *
read_tool_call (CarClient *client, const CarJsonSpan *params, const CarJsonSpan *id)
{
  g_autofree char *name = car_json_span_dup_member (params, "name");
  const CarJsonSpan given = car_json_span_get_member (params, "arguments");
  g_autoptr (GError) problem = NULL;
  g_autoptr (JsonNode) arguments = given.type == CAR_JSON_OBJECT ? car_json_span_to_node (&given, &problem)
                                                                 : json_from_string ("{}", NULL);

  if (name == NULL)
    return make_error (INVALID_PARAMS, "“name” is missing", id);
  if (arguments == NULL)
    return make_error (INVALID_PARAMS, problem->message, id);
  return call_tool (client, name, json_node_get_object (arguments), id);
}

static char *
call_method (CarClient *client, const char *method, const CarJsonSpan *params, const CarJsonSpan *id)
{
  if (g_str_equal (method, "initialize"))
    return initialize (params, id);
  if (g_str_equal (method, "ping"))
    return make_message ("result", "{}", id);
  if (g_str_equal (method, "tools/list"))
    return make_result (carctl_mcp_tools_list (), id);
  if (g_str_equal (method, "tools/call"))
    return read_tool_call (client, params, id);
  return make_error (METHOD_NOT_FOUND, "there is no such method", id);
}

/* NULL: nothing is to be answered. A message without an id is a notification, and one with a result or an error an answer to what
 * was never asked. */
static char *
answer (CarClient *client, const CarJsonSpan *message)
{
  const CarJsonSpan params = car_json_span_get_member (message, "params");
  const CarJsonSpan id = car_json_span_get_member (message, "id");
  g_autofree char *method = car_json_span_dup_member (message, "method");

  if (message->type != CAR_JSON_OBJECT)
    return make_error (INVALID_REQUEST, "the message is no object", NULL);
  if (id.type == CAR_JSON_INVALID ||
      (method == NULL && (car_json_span_get_member (message, "result").type != CAR_JSON_INVALID ||
                          car_json_span_get_member (message, "error").type != CAR_JSON_INVALID)))
    return NULL;
  if (id.type != CAR_JSON_STRING && id.type != CAR_JSON_NUMBER)
    return make_error (INVALID_REQUEST, "“id” is no text and no number", NULL);
  if (method == NULL)
    return make_error (INVALID_REQUEST, "“method” is missing", &id);
  return call_method (client, method, &params, &id);
}

/* Version 2025-03-26 of the protocol has batches. */
static char *
answer_batch (CarClient *client, const CarJsonSpan *batch)
{
  g_autoptr (GArray) messages = car_json_span_get_items (batch);
  g_autoptr (GString) answers = g_string_new (NULL);

  if (messages->len == 0)
    return make_error (INVALID_REQUEST, "the batch is empty", NULL);

  for (guint i = 0; i < messages->len; i++)
    {
      g_autofree char *text = answer (client, &g_array_index (messages, CarJsonSpan, i));

      if (text != NULL)
        g_string_append_printf (answers, "%c%s", answers->len == 0 ? '[' : ',', text);
    }
  if (answers->len == 0)
    return NULL;
  g_string_append_c (answers, ']');
  return g_string_free (g_steal_pointer (&answers), FALSE);
}

static gboolean
read_message (CarClient *client, const GString *line, GError **error)
{
  CarJsonSpan message;
  gboolean good = line->len <= MAX_MESSAGE && car_json_read_text (line->str, line->len, &message, NULL);
  g_autofree char *text = !good ? make_error (PARSE_ERROR, "the line is no JSON, or longer than 1 MiB", NULL)
                          : message.type == CAR_JSON_ARRAY ? answer_batch (client, &message)
                                                           : answer (client, &message);

  return text == NULL || (car_output_write_line (text, error) && car_output_finish (error));
}

/* The next line, of which no more is kept than it takes to see that it is too long. FALSE at the end. */
static gboolean
read_line (GString *line)
{
  int c;

  g_string_truncate (line, 0);
  while ((c = getc (stdin)) != EOF && c != '\n')
    if (line->len <= MAX_MESSAGE)
      g_string_append_c (line, (char) c);
  return c != EOF || line->len > 0;
}

static gboolean
mcp (CarctlCall *call, GError **error)
{
  g_autoptr (CarClient) client = carctl_open_service (call, error);
  g_autoptr (GString) line = g_string_new (NULL);

  if (client == NULL)
    return FALSE;

  while (read_line (line))
    if (line->str[strspn (line->str, " \t\r")] != '\0' && !read_message (client, line, error))
      return FALSE;
  return TRUE;
}

const CarctlCommand carctl_mcp_command = {
  .name = "mcp",
  .arguments = "",
  .summary = N_ ("Let an assistant ask the service (MCP, on standard input and output)"),
  .run = mcp,
};
