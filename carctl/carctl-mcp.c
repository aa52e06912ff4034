/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
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

static void
send_message (const char *member, JsonNode *value, JsonNode *id)
{
  g_autoptr (JsonNode) message = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "jsonrpc", "2.0");
  json_object_set_member (object, "id", id == NULL ? json_node_new (JSON_NODE_NULL) : json_node_copy (id));
  json_object_set_member (object, member, value);
  json_node_set_object (message, object);

  g_autofree char *text = json_to_string (message, FALSE);
  fputs (text, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

static void
send_error (RpcError code, const char *message, JsonNode *id)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "code", code);
  json_object_set_string_member (object, "message", message);
  json_node_take_object (node, object);
  send_message ("error", node, id);
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = object == NULL ? NULL : json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
get_text (JsonObject *object, const char *name)
{
  JsonNode *node = object == NULL ? NULL : json_object_get_member (object, name);
  gboolean is_text =
      node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;

  return is_text ? json_node_get_string (node) : NULL;
}

static void
initialize (JsonObject *params, JsonNode *id)
{
  const char *wanted = get_text (params, "protocolVersion");
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
  send_message ("result", json_builder_get_root (builder), id);
}

/* What a tool refuses is for the assistant to read, and no error of the protocol. */
static void
call_tool (CarClient *client, JsonObject *params, JsonNode *id)
{
  g_autoptr (JsonObject) none = json_object_new ();
  JsonObject *given = get_object (params, "arguments");
  g_autoptr (GError) problem = NULL;
  g_autofree char *text =
      carctl_mcp_tools_call (client, get_text (params, "name"), given == NULL ? none : given, &problem);
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
  send_message ("result", json_builder_get_root (builder), id);
}

static JsonNode *
make_empty (void)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, json_object_new ());
  return node;
}

/* A message without an id is a notification, and has no answer. */
static void
answer (CarClient *client, JsonObject *message)
{
  const char *method = get_text (message, "method");
  JsonObject *params = get_object (message, "params");
  JsonNode *id = json_object_get_member (message, "id");

  if (method == NULL && id != NULL)
    send_error (INVALID_REQUEST, "“method” is missing", id);
  if (method == NULL || id == NULL)
    return;

  if (g_str_equal (method, "initialize"))
    initialize (params, id);
  else if (g_str_equal (method, "ping"))
    send_message ("result", make_empty (), id);
  else if (g_str_equal (method, "tools/list"))
    send_message ("result", carctl_mcp_tools_list (), id);
  else if (g_str_equal (method, "tools/call") && get_text (params, "name") == NULL)
    send_error (INVALID_PARAMS, "“name” is missing", id);
  else if (g_str_equal (method, "tools/call"))
    call_tool (client, params, id);
  else
    send_error (METHOD_NOT_FOUND, "there is no such method", id);
}

static void
read_message (CarClient *client, const GString *line)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gboolean good =
      line->len <= MAX_MESSAGE && json_parser_load_from_data (parser, line->str, (gssize) line->len, NULL);
  JsonNode *root = good ? json_parser_get_root (parser) : NULL;

  if (root == NULL)
    send_error (PARSE_ERROR, "the line is no JSON, or longer than 1 MiB", NULL);
  else if (!JSON_NODE_HOLDS_OBJECT (root))
    send_error (INVALID_REQUEST, "the message is no object", NULL);
  else
    answer (client, json_node_get_object (root));
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
    if (line->str[strspn (line->str, " \t\r")] != '\0')
      read_message (client, line);
  return TRUE;
}

const CarctlCommand carctl_mcp_command = {
  .name = "mcp",
  .arguments = "",
  .summary = N_ ("Let an assistant ask the service (MCP, on standard input and output)"),
  .run = mcp,
};
