/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-query-private.h>

static void
append_path (GString *out, const CarQueryPath *path)
{
  if (path == NULL)
    {
      g_string_append_c (out, '$');
      return;
    }
  append_path (out, path->parent);
  g_string_append_printf (out, ".%s", path->name);
}

/* Notes what is wrong with the request; what was noted first stays. Returns FALSE. */
gboolean
car_query_fail (CarQueryContext *self, const CarQueryPath *path, const char *format, ...)
{
  g_autoptr (GString) where = g_string_new (NULL);
  va_list args;

  if (self->problem != NULL)
    return FALSE;
  va_start (args, format);
  self->problem = g_strdup_vprintf (format, args);
  va_end (args);
  append_path (where, path);
  self->path = g_strdup (where->str);
  if (self->code == NULL)
    self->code = "validation-failed";
  return FALSE;
}

/* Whether a variable may stand where this type is wanted. */
static gboolean
is_of_type (const CarGraphqlVariable *variable, const char *type)
{
  gboolean list = *type == '[';
  const char *name = type + list;

  return variable->is_list == list && g_str_has_prefix (name, variable->type) &&
         strspn (name + strlen (variable->type), "!]") == strlen (name + strlen (variable->type));
}

gboolean
car_query_resolve (CarQueryContext *self,
                   const CarQueryPath *path,
                   const char *type,
                   const CarGraphqlValue **value)
{
  const char *name;

  if (*value == NULL || (*value)->type != CAR_GRAPHQL_VARIABLE)
    return TRUE;
  name = (*value)->text;
  *value = car_graphql_value_find (self->variables, name);
  for (const CarGraphqlVariable *declared = self->operation->variables; declared != NULL;
       declared = declared->next)
    if (g_str_equal (declared->name, name))
      return is_of_type (declared, type) ||
             car_query_fail (self, path, "the variable “$%s” is declared as %s%s%s, and %s is wanted here",
                             name, declared->is_list ? "[" : "", declared->type, declared->is_list ? "]" : "",
                             type);
  return car_query_fail (self, path, "the variable “$%s” is not declared", name);
}

const CarGraphqlValue *
car_query_peek (const CarQueryContext *self, const CarGraphqlValue *value)
{
  return value != NULL && value->type == CAR_GRAPHQL_VARIABLE
             ? car_graphql_value_find (self->variables, value->text)
             : value;
}

const CarGraphqlValue *
car_query_peek_member (const CarQueryContext *self, const CarGraphqlValue *value, const char *name)
{
  value = car_query_peek (self, value);
  return value != NULL && value->type == CAR_GRAPHQL_OBJECT
             ? car_query_peek (self, car_graphql_value_find (value->items, name))
             : NULL;
}

/* Whether the value can be one of an enum's. */
gboolean
car_query_is_enum (const CarGraphqlValue *value)
{
  return value->type == CAR_GRAPHQL_ENUM || (value->type == CAR_GRAPHQL_STRING && value->given);
}

static gboolean
append_json_items (CarQueryContext *self,
                   const CarQueryPath *path,
                   GString *out,
                   const CarGraphqlValue *value)
{
  gboolean object = value->type == CAR_GRAPHQL_OBJECT;

  g_string_append_c (out, object ? '{' : '[');
  for (const CarGraphqlValue *item = value->items; item != NULL; item = item->next)
    {
      if (item != value->items)
        g_string_append_c (out, ',');
      if (object)
        {
          car_json_append_string (out, item->name, -1);
          g_string_append_c (out, ':');
        }
      if (!car_query_append_json (self, path, out, item))
        return FALSE;
    }
  g_string_append_c (out, object ? '}' : ']');
  return TRUE;
}

gboolean
car_query_append_json (CarQueryContext *self,
                       const CarQueryPath *path,
                       GString *out,
                       const CarGraphqlValue *value)
{
  if (!car_query_resolve (self, path, "jsonb", &value))
    return FALSE;
  if (value == NULL)
    {
      g_string_append (out, "null");
      return TRUE;
    }
  switch (value->type)
    {
    case CAR_GRAPHQL_LIST:
    case CAR_GRAPHQL_OBJECT:
      return append_json_items (self, path, out, value);
    case CAR_GRAPHQL_STRING:
    case CAR_GRAPHQL_ENUM:
      car_json_append_string (out, value->text, (gssize) value->length);
      return TRUE;
    default:
      g_string_append_len (out, value->text, (gssize) value->length);
      return TRUE;
    }
}

/* A piece of JSON as a GraphQL value. The text was checked before. */
static CarGraphqlValue *
value_of_json (CarGraphqlDocument *document, const CarJsonSpan *span)
{
  CarGraphqlValue *value = car_graphql_document_alloc (document, sizeof (CarGraphqlValue));
  CarGraphqlValue **last = &value->items;
  CarJsonScanner scanner;
  CarJsonSpan name = { 0 }, item;
  char *text;

  switch (span->type)
    {
    case CAR_JSON_OBJECT:
    case CAR_JSON_ARRAY:
      value->type = span->type == CAR_JSON_OBJECT ? CAR_GRAPHQL_OBJECT : CAR_GRAPHQL_LIST;
      car_json_scanner_init (&scanner, span->text, span->length);
      car_json_scanner_enter (&scanner, span->type);
      while (span->type == CAR_JSON_OBJECT ? car_json_scanner_next_member (&scanner, &name)
                                           : car_json_scanner_next_item (&scanner))
        {
          car_json_scanner_read (&scanner, &item);
          *last = value_of_json (document, &item);
          if (span->type == CAR_JSON_OBJECT)
            {
              text = car_json_span_unescape (&name, NULL);
              g_ptr_array_add (document->pool, text);
              (*last)->name = text;
            }
          last = &(*last)->next;
        }
      return value;
    case CAR_JSON_STRING:
      value->type = CAR_GRAPHQL_STRING;
      value->given = TRUE;
      text = car_json_span_unescape (span, &value->length);
      break;
    case CAR_JSON_NUMBER:
      text = g_strndup (span->text, span->length);
      value->type = strpbrk (text, ".eE") != NULL ? CAR_GRAPHQL_FLOAT : CAR_GRAPHQL_INT;
      value->length = span->length;
      break;
    default:
      value->type = span->type == CAR_JSON_NULL ? CAR_GRAPHQL_NULL : CAR_GRAPHQL_BOOLEAN;
      text = g_strndup (span->text, span->length);
      value->length = span->length;
    }
  g_ptr_array_add (document->pool, text);
  value->text = text;
  return value;
}

/* Whether a value fits the type that its variable was declared with; types that are not scalars are
 * checked where they are used. */
static gboolean
fits (const CarGraphqlVariable *variable, const CarGraphqlValue *value)
{
  if (value->type == CAR_GRAPHQL_NULL)
    return !variable->non_null;
  if (variable->is_list)
    return TRUE;
  if (g_str_equal (variable->type, "String") || g_str_equal (variable->type, "ID"))
    return value->type == CAR_GRAPHQL_STRING || (*variable->type == 'I' && value->type == CAR_GRAPHQL_INT);
  if (g_str_equal (variable->type, "Int"))
    return value->type == CAR_GRAPHQL_INT;
  if (g_str_equal (variable->type, "Float"))
    return value->type == CAR_GRAPHQL_INT || value->type == CAR_GRAPHQL_FLOAT;
  if (g_str_equal (variable->type, "Boolean"))
    return value->type == CAR_GRAPHQL_BOOLEAN;
  return TRUE;
}

static gboolean
set_variables (CarQueryContext *self, const CarGraphqlValue *given)
{
  const CarQueryPath path = { NULL, "variables" };
  CarGraphqlValue **last = &self->variables;

  for (const CarGraphqlValue *value = given; value != NULL; value = value->next)
    {
      const CarGraphqlVariable *declared = self->operation->variables;

      while (declared != NULL && !g_str_equal (declared->name, value->name))
        declared = declared->next;
      if (declared == NULL)
        return car_query_fail (self, &path, "the variable “%s” is given, but not declared", value->name);
    }
  for (const CarGraphqlVariable *declared = self->operation->variables; declared != NULL;
       declared = declared->next)
    {
      const CarQueryPath here = { &path, declared->name };
      const CarGraphqlValue *value = car_graphql_value_find (given, declared->name);
      CarGraphqlValue *copy;

      if (value == NULL)
        value = declared->fallback;
      if (value == NULL && declared->non_null)
        return car_query_fail (self, &here, "the variable “$%s” has no value", declared->name);
      if (value == NULL)
        continue;
      if (!fits (declared, value))
        return car_query_fail (self, &here, "the value of “$%s” is no %s%s", declared->name, declared->type,
                               declared->non_null ? "!" : "");
      copy = car_graphql_document_alloc (self->document, sizeof (CarGraphqlValue));
      *copy = *value;
      copy->name = declared->name;
      copy->next = NULL;
      *last = copy;
      last = &copy->next;
    }
  return TRUE;
}

static gboolean
choose_operation (CarQueryContext *self, const char *name)
{
  const CarQueryPath path = { NULL, "operationName" };
  const CarGraphqlOperation *chosen = self->document->operations;

  if (name == NULL && chosen->next != NULL)
    return car_query_fail (self, &path, "several operations need an operationName");
  while (name != NULL && chosen != NULL && g_strcmp0 (chosen->name, name) != 0)
    chosen = chosen->next;
  if (chosen == NULL)
    return car_query_fail (self, &path, "there is no operation “%.100s”", name);
  self->operation = chosen;
  if (!g_str_equal (chosen->type, "subscription"))
    return TRUE;
  self->code = "not-supported";
  return car_query_fail (self, NULL, "a subscription is not taken here: ask again instead");
}

typedef struct
{
  CarJsonSpan query;
  CarJsonSpan variables;
  CarJsonSpan operation_name;
} Request;

static gboolean
split_request (CarQueryContext *self, const char *json, gsize length, Request *request)
{
  CarJsonScanner scanner;
  CarJsonSpan whole, name, value;

  self->code = "invalid-json";
  car_json_scanner_init (&scanner, json, length);
  if (!car_json_scanner_read (&scanner, &whole) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) error = NULL;

      car_json_scanner_set_error (&scanner, &error);
      return car_query_fail (self, NULL, "the request is not JSON: %s", error->message);
    }
  if (whole.type != CAR_JSON_OBJECT)
    return car_query_fail (self, NULL, "the request has to be an object with a “query”");
  car_json_scanner_init (&scanner, whole.text, whole.length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      car_json_scanner_read (&scanner, &value);
      if (car_json_span_equals (&name, "query"))
        request->query = value;
      else if (car_json_span_equals (&name, "variables"))
        request->variables = value;
      else if (car_json_span_equals (&name, "operationName"))
        request->operation_name = value;
    }
  if (request->query.type != CAR_JSON_STRING)
    return car_query_fail (self, NULL, "the request needs a “query”, a string");
  if (request->variables.type != CAR_JSON_INVALID && request->variables.type != CAR_JSON_NULL &&
      request->variables.type != CAR_JSON_OBJECT)
    return car_query_fail (self, NULL, "“variables” have to be an object");
  if (request->operation_name.type != CAR_JSON_INVALID && request->operation_name.type != CAR_JSON_NULL &&
      request->operation_name.type != CAR_JSON_STRING)
    return car_query_fail (self, NULL, "“operationName” has to be a string");
  self->code = NULL;
  return TRUE;
}

gboolean
car_query_read_request (CarQueryContext *self, const char *json, gsize length)
{
  const CarQueryPath path = { NULL, "query" };
  Request request = { 0 };
  g_autofree char *query = NULL, *operation_name = NULL, *problem = NULL;
  const CarGraphqlValue *given = NULL;
  gsize query_length;

  if (!split_request (self, json, length, &request))
    return FALSE;
  query = car_json_span_unescape (&request.query, &query_length);
  self->document = car_graphql_parse (query, query_length, &problem);
  if (self->document == NULL)
    return car_query_fail (self, &path, "%s", problem);
  if (request.operation_name.type == CAR_JSON_STRING)
    operation_name = car_json_span_unescape (&request.operation_name, NULL);
  if (!choose_operation (self, operation_name))
    return FALSE;
  if (request.variables.type == CAR_JSON_OBJECT)
    given = value_of_json (self->document, &request.variables)->items;
  return set_variables (self, given);
}
