/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

/* What one answer may cost: relations asked for within relations multiply. */
#define MAX_ANSWER_MIB 256

typedef struct
{
  CarQueryContext *context;
  sqlite3 *db;
  GString *out;
} Run;

/* It is the answer that fails, not the request. */
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
  return sqlite3_bind_text64 (node->statement, number, bind->text, bind->length, SQLITE_STATIC,
                              SQLITE_UTF8) == SQLITE_OK;
}

static gboolean
prepare (Run *self, CarQueryNode *node, gboolean count, GError **error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");

  for (guint i = 0; i < node->select->len; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "", (const char *) node->select->pdata[i]);
  if (node->select->len == 0)
    g_string_append (sql, "1");
  g_string_append (sql, node->rest);
  if (count)
    {
      g_string_prepend (sql, "SELECT count (*) FROM (");
      g_string_append_c (sql, ')');
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
start (Run *self, CarQueryNode *node, sqlite3_stmt *above, gboolean count, GError **error)
{
  if (node->statement == NULL && !prepare (self, node, count, error))
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

static void
append_column (GString *out, sqlite3_stmt *statement, int column, CarPropertyType type)
{
  const char *text;

  switch (sqlite3_column_type (statement, column))
    {
    case SQLITE_INTEGER:
      if (type == CAR_PROPERTY_BOOLEAN)
        g_string_append (out, sqlite3_column_int (statement, column) != 0 ? "true" : "false");
      else
        g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (statement, column));
      break;
    case SQLITE_FLOAT:
      car_json_append_double (out, sqlite3_column_double (statement, column));
      break;
    case SQLITE_TEXT:
      text = (const char *) sqlite3_column_text (statement, column);
      if (type == CAR_PROPERTY_JSON && is_json (text, sqlite3_column_bytes (statement, column)))
        g_string_append_len (out, text, sqlite3_column_bytes (statement, column));
      else
        car_json_append_string (out, text, sqlite3_column_bytes (statement, column));
      break;
    default:
      g_string_append (out, "null");
    }
}

static void
append_span (GString *out, const CarJsonSpan *span)
{
  const char *mark = span->type == CAR_JSON_STRING ? "\"" : "";

  g_string_append (out, mark);
  g_string_append_len (out, span->text, span->length);
  g_string_append (out, mark);
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

static gboolean
append_rows (Run *self, CarQueryNode *node, sqlite3_stmt *above, GError **error)
{
  guint n_rows = 0;
  int result;

  if (!start (self, node, above, FALSE, error))
    return FALSE;
  if (!node->single)
    g_string_append_c (self->out, '[');
  while ((result = sqlite3_step (node->statement)) == SQLITE_ROW && !(node->single && n_rows > 0))
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
  if (!node->single)
    g_string_append_c (self->out, ']');
  else if (n_rows == 0)
    g_string_append (self->out, "null");
  return TRUE;
}

static gboolean
append_count (Run *self, CarQueryNode *node, sqlite3_stmt *above, GError **error)
{
  if (!start (self, node, above, TRUE, error))
    return FALSE;
  if (sqlite3_step (node->statement) != SQLITE_ROW)
    return fail_with_database (self, error);
  append_column (self->out, node->statement, 0, CAR_PROPERTY_INTEGER);
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
        {
          append_span (self->out, &field->span);
          return TRUE;
        }
      if (field->column < 0)
        {
          g_string_append (self->out, "null");
          return TRUE;
        }
      G_GNUC_FALLTHROUGH;
    case CAR_QUERY_FIELD_COLUMN:
      append_column (self->out, row, field->column, field->type);
      return TRUE;
    case CAR_QUERY_FIELD_TYPENAME:
      car_json_append_string (self->out, field->member, -1);
      return TRUE;
    case CAR_QUERY_FIELD_ROWS:
      return append_rows (self, field->node, row, error);
    case CAR_QUERY_FIELD_COUNT:
      return append_count (self, field->node, row, error);
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

/* All statements see one state of the database. */
static gboolean
run (Run *self, GPtrArray *fields, GError **error)
{
  gboolean done;

  if (!car_query_add_functions (self->db, error))
    return FALSE;
  if (sqlite3_exec (self->db, "SAVEPOINT car_query", NULL, NULL, NULL) != SQLITE_OK)
    return fail_with_database (self, error);
  g_string_append (self->out, "{\"data\":");
  done = append_fields (self, fields, NULL, error);
  g_string_append_c (self->out, '}');
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
  g_free (self->problem);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarQueryContext, context_clear)

GBytes *
car_query_run (sqlite3 *db,
               CarCoreModel *model,
               const char *request_json,
               gsize length,
               gint64 timepoint_ms,
               GError **error)
{
  g_auto (CarQueryContext) context = { .model = model, .timepoint = timepoint_ms };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GPtrArray) fields = NULL;
  g_autoptr (GError) failure = NULL;
  Run self = { &context, db, out };

  g_return_val_if_fail (db != NULL, NULL);
  g_return_val_if_fail (CAR_IS_CORE_MODEL (model), NULL);
  g_return_val_if_fail (request_json != NULL || length == 0, NULL);

  if (car_query_read_request (&context, request_json, length))
    fields = car_query_plan (&context);
  if (fields == NULL)
    return answer_problem (&context);
  run (&self, fields, &failure);
  /* Statements have to be gone before the savepoint can be. */
  g_clear_pointer (&fields, g_ptr_array_unref);
  sqlite3_exec (db, "RELEASE car_query", NULL, NULL, NULL);
  if (context.problem != NULL)
    return answer_problem (&context);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  return g_string_free_to_bytes (g_steal_pointer (&out));
}
