/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

/* What one answer may cost: relations asked for within relations multiply. */
#define MAX_ANSWER_MIB 256
#define MAX_FIELDS 2000

typedef struct
{
  CarQueryContext *context;
  sqlite3 *db;
  const char *request;
  gsize length;
  GString *out;
} Run;

/* The request is right, but its answer fails. */
static gboolean
fail_in_answer (Run *self, const char *code, const char *problem)
{
  const CarQueryPath path = { NULL, "data" };

  self->context->code = code;
  return car_query_fail (self->context, &path, "%s", problem);
}

static gboolean
fail_with_database (Run *self, GError **error)
{
  int code = sqlite3_extended_errcode (self->db);

  if (code == CAR_QUERY_TOO_COSTLY)
    return fail_in_answer (self, "pattern-too-costly",
                           "a pattern takes too long to compare with a text: make it shorter");
  if (code == CAR_QUERY_BAD_PATTERN)
    return fail_in_answer (self, "data-exception", "a pattern is no regular expression");
  if (code == SQLITE_INTERRUPT)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the query was interrupted");
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database failed a query: %s (%d)",
                 sqlite3_errmsg (self->db), code);
  return FALSE;
}

static gboolean
bind_value (CarQueryNode *node, guint i)
{
  const CarQueryBind *bind = &g_array_index (node->binds, CarQueryBind, i);
  int number = (int) i + CAR_QUERY_FIRST_BIND;

  if (bind->type == SQLITE_INTEGER)
    return sqlite3_bind_int64 (node->statement, number, bind->integer) == SQLITE_OK;
  if (bind->type == SQLITE_FLOAT)
    return sqlite3_bind_double (node->statement, number, bind->number) == SQLITE_OK;
  if (bind->type == SQLITE_BLOB)
    return sqlite3_bind_blob64 (node->statement, number, bind->text, bind->length, SQLITE_STATIC) ==
           SQLITE_OK;
  return sqlite3_bind_text64 (node->statement, number, bind->text, bind->length, SQLITE_STATIC,
                              SQLITE_UTF8) == SQLITE_OK;
}

static gboolean
prepare (Run *self, CarQueryNode *node, GError **error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");

  for (guint i = 0; i < node->select->len; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "", (const char *) node->select->pdata[i]);
  if (node->select->len == 0)
    g_string_append (sql, "1");
  g_string_append (sql, node->rest);
  if (node->function != NULL)
    {
      g_autofree char *rows = g_strdup (sql->str);

      g_string_printf (sql, "SELECT %s FROM (%s)", node->function, rows);
    }
  if (sqlite3_prepare_v3 (self->db, sql->str, (int) sql->len, SQLITE_PREPARE_PERSISTENT, &node->statement,
                          NULL) != SQLITE_OK)
    return fail_with_database (self, error);
  for (guint i = 0; i < node->binds->len; i++)
    if (!bind_value (node, i))
      return fail_with_database (self, error);
  return TRUE;
}

/* Makes the node's statement ready for the row that the node above stands on. */
static gboolean
start (Run *self, CarQueryNode *node, sqlite3_stmt *above, GError **error)
{
  if (node->statement == NULL && !prepare (self, node, error))
    return FALSE;
  sqlite3_reset (node->statement);
  for (guint i = 0; node->linked && i < G_N_ELEMENTS (node->link_columns); i++)
    {
      int number = (int) i + 1;

      /* A link by one value has no second place. */
      if (number <= sqlite3_bind_parameter_count (node->statement) &&
          sqlite3_bind_value (node->statement, number, sqlite3_column_value (above, node->link_columns[i])) !=
              SQLITE_OK)
        return fail_with_database (self, error);
    }
  return TRUE;
}

static gboolean
is_json (const char *text, gsize length)
{
  CarJsonScanner scanner;
  CarJsonSpan whole;

  car_json_scanner_init (&scanner, text, length);
  return car_json_scanner_read (&scanner, &whole) && car_json_scanner_finish (&scanner);
}

/* Addresses in the spelling that there is one of, as PostgreSQL's types have them; as they are where they are none. */
static void
append_address (GString *out, CarPropertyType type, const char *text, gsize length)
{
  g_autofree char *canonical = NULL;
  CarInet inet;

  if (type == CAR_PROPERTY_MACADDR)
    canonical = car_macaddr_canonicalize (text, length);
  else if (car_inet_parse (text, length, &inet))
    canonical = car_inet_to_string (&inet);
  car_json_append_string (out, canonical != NULL ? canonical : text,
                          canonical != NULL ? -1 : (gssize) length);
}

static void
append_text (GString *out, CarPropertyType type, const char *text, gsize length)
{
  if (type == CAR_PROPERTY_JSON && is_json (text, length))
    g_string_append_len (out, text, (gssize) length);
  else if (type == CAR_PROPERTY_INET || type == CAR_PROPERTY_MACADDR)
    append_address (out, type, text, length);
  else
    car_json_append_string (out, text, (gssize) length);
}

/* The value that steps lead to in JSON; FALSE where there is none. */
static gboolean
follow (const CarJsonSpan *json, char **steps, CarJsonSpan *found)
{
  CarJsonScanner scanner;
  CarJsonSpan name;
  gboolean there = FALSE;
  guint64 index;

  *found = *json;
  if (*steps == NULL)
    return TRUE;
  car_json_scanner_init (&scanner, json->text, json->length);
  if (json->type == CAR_JSON_OBJECT)
    {
      car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
      while (!there && car_json_scanner_next_member (&scanner, &name) &&
             car_json_scanner_read (&scanner, found))
        there = car_json_span_equals (&name, *steps);
    }
  else if (json->type == CAR_JSON_ARRAY &&
           g_ascii_string_to_unsigned (*steps, 10, 0, G_MAXUINT, &index, NULL))
    {
      car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
      while (!there && car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, found))
        there = index-- == 0;
    }
  if (!there)
    return FALSE;

  const CarJsonSpan next = *found;
  return follow (&next, steps + 1, found);
}

/* A member is handed on as it is spelt, unless its type has a spelling of its own. */
static void
append_member (GString *out, const CarQueryField *field, const CarJsonSpan *span)
{
  CarJsonSpan found;

  if (field->steps != NULL)
    {
      if (follow (span, field->steps, &found))
        car_json_append_span (out, &found);
      else
        g_string_append (out, "null");
    }
  else if (field->type == CAR_PROPERTY_TIMESTAMP && span->type == CAR_JSON_NUMBER)
    {
      g_autofree char *number = g_strndup (span->text, span->length);

      car_query_append_timestamp (out, (gint64) CLAMP (g_ascii_strtod (number, NULL), -1e17, 1e17));
    }
  else if ((field->type == CAR_PROPERTY_INET || field->type == CAR_PROPERTY_MACADDR) &&
           span->type == CAR_JSON_STRING && !span->escaped)
    append_address (out, field->type, span->text, span->length);
  else
    car_json_append_span (out, span);
}

static void
append_column (GString *out, sqlite3_stmt *statement, const CarQueryField *field, int column)
{
  const char *text;
  gsize length;
  CarJsonScanner scanner;
  CarJsonSpan span;

  switch (sqlite3_column_type (statement, column))
    {
    case SQLITE_INTEGER:
      if (field->type == CAR_PROPERTY_BOOLEAN)
        g_string_append (out, sqlite3_column_int (statement, column) != 0 ? "true" : "false");
      else if (field->type == CAR_PROPERTY_TIMESTAMP)
        car_query_append_timestamp (out, sqlite3_column_int64 (statement, column));
      else
        car_json_append_int (out, sqlite3_column_int64 (statement, column));
      break;
    case SQLITE_FLOAT:
      if (field->type == CAR_PROPERTY_TIMESTAMP)
        car_query_append_timestamp (out,
                                    (gint64) CLAMP (sqlite3_column_double (statement, column), -1e17, 1e17));
      else
        car_json_append_double (out, sqlite3_column_double (statement, column));
      break;
    case SQLITE_TEXT:
      text = (const char *) sqlite3_column_text (statement, column);
      length = (gsize) sqlite3_column_bytes (statement, column);
      car_json_scanner_init (&scanner, text, length);
      if (field->steps != NULL && car_json_scanner_read (&scanner, &span))
        append_member (out, field, &span);
      else
        append_text (out, field->type, text, length);
      break;
    default:
      g_string_append (out, "null");
    }
}

/* Finds all members that are asked for in one pass over the object: they are handed on as they are spelt
 * there. */
static void
find_members (CarQueryNode *node)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;
  guint n_left = 0;

  for (guint i = 0; i < node->fields->len; i++)
    {
      CarQueryField *field = node->fields->pdata[i];

      field->span.text = NULL;
      n_left += field->kind == CAR_QUERY_FIELD_MEMBER;
    }
  car_json_scanner_init (&scanner, (const char *) sqlite3_column_text (node->statement, node->body),
                         sqlite3_column_bytes (node->statement, node->body));
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return;
  while (n_left > 0 && car_json_scanner_next_member (&scanner, &name) &&
         car_json_scanner_read (&scanner, &value))
    for (guint i = 0; i < node->fields->len; i++)
      {
        CarQueryField *field = node->fields->pdata[i];

        if (field->kind != CAR_QUERY_FIELD_MEMBER || !car_json_span_equals (&name, field->member))
          continue;
        field->span = value;
        n_left--;
      }
}

static gboolean append_fields (Run *self, GPtrArray *fields, sqlite3_stmt *row, GError **error);

static gboolean
check_length (Run *self)
{
  return self->out->len <= (gsize) MAX_ANSWER_MIB * 1024 * 1024 ||
         fail_in_answer (self, "answer-too-large",
                         "the answer would be larger than " G_STRINGIFY (
                             MAX_ANSWER_MIB) " MiB: ask for less at once, with limit");
}

/* Of a list all rows, in brackets; of a single row the first, or null. */
static gboolean
append_rows (Run *self, CarQueryNode *node, gboolean list, sqlite3_stmt *above, GError **error)
{
  guint n_rows = 0;
  int result;

  if (!start (self, node, above, error))
    return FALSE;
  if (list)
    g_string_append_c (self->out, '[');
  while ((result = sqlite3_step (node->statement)) == SQLITE_ROW && (list || n_rows == 0))
    {
      if (n_rows++ > 0)
        g_string_append_c (self->out, ',');
      if (node->body >= 0)
        find_members (node);
      if (!append_fields (self, node->fields, node->statement, error) || !check_length (self))
        return FALSE;
    }
  if (result != SQLITE_DONE && result != SQLITE_ROW)
    return fail_with_database (self, error);
  sqlite3_reset (node->statement);
  if (list)
    g_string_append_c (self->out, ']');
  else if (n_rows == 0)
    g_string_append (self->out, "null");
  return TRUE;
}

static gboolean
append_value (Run *self, const CarQueryField *field, sqlite3_stmt *above, GError **error)
{
  CarQueryNode *node = field->node;

  if (!start (self, node, above, error))
    return FALSE;
  if (sqlite3_step (node->statement) != SQLITE_ROW)
    return fail_with_database (self, error);
  append_column (self->out, node->statement, field, 0);
  sqlite3_reset (node->statement);
  return TRUE;
}

static gboolean
append_field (Run *self, const CarQueryField *field, sqlite3_stmt *row, GError **error)
{
  switch (field->kind)
    {
    case CAR_QUERY_FIELD_MEMBER:
      if (field->span.text != NULL)
        append_member (self->out, field, &field->span);
      else if (field->column >= 0)
        append_column (self->out, row, field, field->column);
      else
        g_string_append (self->out, "null");
      return TRUE;
    case CAR_QUERY_FIELD_COLUMN:
      append_column (self->out, row, field, field->column);
      return TRUE;
    case CAR_QUERY_FIELD_TEXT:
      g_string_append (self->out, field->text);
      return TRUE;
    case CAR_QUERY_FIELD_ROWS:
    case CAR_QUERY_FIELD_ROW:
      return append_rows (self, field->node, field->kind == CAR_QUERY_FIELD_ROWS, row, error);
    case CAR_QUERY_FIELD_VALUE:
      return append_value (self, field, row, error);
    case CAR_QUERY_FIELD_GROUP:
      return append_fields (self, field->fields, row, error);
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
append_fields (Run *self, GPtrArray *fields, sqlite3_stmt *row, GError **error)
{
  g_string_append_c (self->out, '{');
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];

      g_string_append_printf (self->out, "%s\"%s\":", i > 0 ? "," : "", field->alias);
      if (!append_field (self, field, row, error))
        return FALSE;
    }
  g_string_append_c (self->out, '}');
  return TRUE;
}

/* All statements see one state of the database, and what a mutation did. */
static gboolean
answer (Run *self, GError **error)
{
  CarQueryContext *context = self->context;
  g_autoptr (GPtrArray) fields = NULL; /* its statements have to be gone before the savepoint can be */

  if (!car_query_read_request (context, self->request, self->length))
    return FALSE;
  fields = car_query_plan (context);
  if (fields == NULL)
    return FALSE;
  g_string_append (self->out, "{\"data\":");
  if (!append_fields (self, fields, NULL, error))
    return FALSE;
  g_string_append_c (self->out, '}');
  return TRUE;
}

static gboolean
run (Run *self, GError **error)
{
  gboolean done;

  if (sqlite3_exec (self->db, "SAVEPOINT car_query", NULL, NULL, NULL) != SQLITE_OK)
    return fail_with_database (self, error);
  done = answer (self, error);
  if (!done && self->context->writer != NULL)
    sqlite3_exec (self->db, "ROLLBACK TO car_query", NULL, NULL, NULL);
  sqlite3_exec (self->db, "RELEASE car_query", NULL, NULL, NULL);
  return done;
}

static GBytes *
answer_problem (const CarQueryContext *context)
{
  GString *out = g_string_new ("{\"errors\":[{\"extensions\":{\"path\":");

  car_json_append_string (out, context->path, -1);
  g_string_append (out, ",\"code\":");
  car_json_append_string (out, context->code, -1);
  g_string_append (out, "},\"message\":");
  car_json_append_string (out, context->problem, -1);
  g_string_append (out, "}]}");
  return g_string_free_to_bytes (out);
}

static void
context_clear (CarQueryContext *self)
{
  g_clear_pointer (&self->document, car_graphql_document_free);
  g_clear_pointer (&self->schema, car_query_schema_free);
  g_clear_error (&self->failure);
  g_free (self->problem);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarQueryContext, context_clear)

gboolean
car_query_is_mutation (const char *request_json, gsize length)
{
  g_auto (CarQueryContext) context = { 0 };

  return car_query_read_request (&context, request_json, length) &&
         g_str_equal (context.operation->type, "mutation");
}

GBytes *
car_query_run (sqlite3 *db,
               CarCoreModel *model,
               const char *request_json,
               gsize length,
               gint64 timepoint_ms,
               const CarQueryWriter *writer,
               GError **error)
{
  g_auto (CarQueryContext)
      context = { .timepoint = timepoint_ms, .writer = writer, .max_fields = MAX_FIELDS };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) failure = NULL;
  Run self = { &context, db, request_json, length, out };

  g_return_val_if_fail (db != NULL, NULL);
  g_return_val_if_fail (CAR_IS_CORE_MODEL (model), NULL);
  g_return_val_if_fail (request_json != NULL || length == 0, NULL);

  context.schema = car_query_schema_new (model);
  if (run (&self, &failure))
    return g_string_free_to_bytes (g_steal_pointer (&out));
  if (failure == NULL && context.failure == NULL)
    return answer_problem (&context);
  g_propagate_error (error,
                     failure != NULL ? g_steal_pointer (&failure) : g_steal_pointer (&context.failure));
  return NULL;
}
