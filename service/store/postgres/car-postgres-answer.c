/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/query/car-query-answer.h"
#include "service/store/postgres/car-postgres-answer.h"
#include "service/store/postgres/car-postgres-sql.h"

/* Each field of the answer is one statement, whatever is asked for within it: a row is an array of what its fields need, of which
 * the lists of linked rows are arrays themselves. They are read here, and written as the answer has them. An array holds
 *   the object as it was imported, or null where none of its members is asked for
 *   for each field: a column; or the rows of its node; or a value over them. What is a member has a place only if something stands
 *   in for a missing one. A group has places for its fields, a text has none.
 *
 * A function of PostgreSQL takes 100 arguments: where there are more, the array is one of such arrays. */
#define AT_ONCE 90

static gboolean
has_place (const CarQueryField *field)
{
  switch (field->kind)
    {
    case CAR_QUERY_FIELD_COLUMN:
      return field->column->kind != CAR_QUERY_MEMBER || field->column->stored != CAR_QUERY_STORED_NOTHING;
    case CAR_QUERY_FIELD_ROWS:
    case CAR_QUERY_FIELD_ROW:
    case CAR_QUERY_FIELD_VALUE:
      return TRUE;
    case CAR_QUERY_FIELD_TEXT:
    case CAR_QUERY_FIELD_GROUP:
    default:
      return FALSE;
    }
}

static guint
count_places (const GPtrArray *fields)
{
  guint n = 0;

  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];

      n += has_place (field);
      if (field->kind == CAR_QUERY_FIELD_GROUP)
        n += count_places (field->fields);
    }

  return n;
}

static gboolean
has_members (const GPtrArray *fields)
{
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];

      if (field->kind == CAR_QUERY_FIELD_COLUMN && field->column->kind == CAR_QUERY_MEMBER)
        return TRUE;
    }

  return FALSE;
}

/* ---- Written as SQL ---- */

typedef struct
{
  CarPostgresSql *sql;
  const CarQueryNode *node;
  const char *alias;
  guint n; /* places so far */
  gboolean chunks;
} Array;

static void
begin_place (Array *self)
{
  if (self->n > 0)
    g_string_append (self->sql->text,
                     self->chunks && self->n % AT_ONCE == 0 ? "), json_build_array (" : ", ");
  self->n++;
}

static void
append_place (Array *self, const CarQueryField *field)
{
  CarPostgresSql *sql = self->sql;

  begin_place (self);
  if (field->kind == CAR_QUERY_FIELD_COLUMN)
    {
      car_postgres_append_stored (sql->text, self->node->table, field->column, self->alias, sql->timepoint);
      return;
    }

  g_string_append_c (sql->text, '(');
  if (field->kind == CAR_QUERY_FIELD_VALUE)
    car_postgres_append_aggregate (sql, field->node, &field->aggregate, self->node->table, self->alias);
  else
    {
      g_string_append (sql->text, "SELECT json_agg (r) FROM (");
      car_postgres_append_rows (sql, field->node, self->node->table, self->alias, car_postgres_append_array,
                                NULL);
      g_string_append (sql->text, ") x");
    }
  g_string_append_c (sql->text, ')');
}

static void
append_places (Array *self, const GPtrArray *fields)
{
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];

      if (has_place (field))
        append_place (self, field);
      if (field->kind == CAR_QUERY_FIELD_GROUP)
        append_places (self, field->fields);
    }
}

void
car_postgres_append_array (CarPostgresSql *self, const CarQueryNode *node, const char *alias, gpointer data)
{
  Array array = { self, node, alias, 0, count_places (node->fields) + 1 > AT_ONCE };

  (void) data;
  g_string_append (self->text, array.chunks ? "json_build_array (json_build_array (" : "json_build_array (");
  begin_place (&array);
  if (has_members (node->fields))
    g_string_append_printf (self->text, "%s.body", alias);
  else
    g_string_append (self->text, "NULL");
  append_places (&array, node->fields);
  g_string_append (self->text, array.chunks ? ")) AS r" : ") AS r");
}

/* ---- Read, and written as the answer ---- */

/* The array of a row. */
typedef struct
{
  GArray *places; /* CarJsonSpan */
  guint next;
  CarJsonSpan *members; /* by the node's fields */
} Row;

static void
row_clear (Row *self)
{
  g_clear_pointer (&self->places, g_array_unref);
  g_clear_pointer (&self->members, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Row, row_clear)

static void
read_places (GArray *places, const CarJsonSpan *array, gboolean chunks)
{
  CarJsonScanner scanner;
  CarJsonSpan span;

  car_json_scanner_init (&scanner, array->text, array->length);
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, &span))
    if (chunks)
      read_places (places, &span, FALSE);
    else
      g_array_append_val (places, span);
}

/* What the database says besides the object. */
static void
append_value (GString *out, const CarQueryField *field, const CarJsonSpan *value)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  switch (value->type)
    {
    case CAR_JSON_NUMBER:
      text = g_strndup (value->text, value->length);
      if (value->length < 19 && strpbrk (text, ".eE") == NULL)
        car_query_append_integer (out, field, g_ascii_strtoll (text, NULL, 10));
      else
        car_query_append_double (out, field, g_ascii_strtod (text, NULL));
      break;
    case CAR_JSON_STRING:
      text = car_json_span_unescape (value, &length);
      car_query_append_text (out, field, text, length);
      break;
    case CAR_JSON_OBJECT:
    case CAR_JSON_ARRAY:
      car_query_append_text (out, field, value->text, value->length);
      break;
    case CAR_JSON_TRUE:
    case CAR_JSON_FALSE:
      car_query_append_integer (out, field, value->type == CAR_JSON_TRUE);
      break;
    default:
      g_string_append (out, "null");
    }
}

static gboolean append_row (GString *out, const CarQueryNode *node, const CarJsonSpan *array, GError **error);

/* Of a list all rows, in brackets; of a single row the first, or null. */
static gboolean
append_rows (GString *out, const CarQueryField *field, const CarJsonSpan *rows, GError **error)
{
  const gboolean list = field->kind == CAR_QUERY_FIELD_ROWS;
  CarJsonScanner scanner;
  CarJsonSpan row;
  guint n = 0;

  g_string_append (out, list ? "[" : "");
  car_json_scanner_init (&scanner, rows->text, rows->length);
  if (rows->type == CAR_JSON_ARRAY && car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    while ((list || n == 0) && car_json_scanner_next_item (&scanner) &&
           car_json_scanner_read (&scanner, &row))
      {
        g_string_append (out, n++ > 0 ? "," : "");
        if (!append_row (out, field->node, &row, error))
          return FALSE;
      }
  g_string_append (out, list ? "]" : n == 0 ? "null" : "");

  return TRUE;
}

static gboolean append_fields (GString *out, const GPtrArray *fields, Row *row, GError **error);

static gboolean
append_field (GString *out, const CarQueryField *field, const CarJsonSpan *member, Row *row, GError **error)
{
  const CarJsonSpan *place =
      has_place (field) ? &g_array_index (row->places, CarJsonSpan, row->next++) : NULL;

  switch (field->kind)
    {
    case CAR_QUERY_FIELD_COLUMN:
      if (member->text != NULL)
        car_query_append_member (out, field, member);
      else if (place != NULL)
        append_value (out, field, place);
      else
        g_string_append (out, "null");
      return TRUE;
    case CAR_QUERY_FIELD_TEXT:
      g_string_append (out, field->text);
      return TRUE;
    case CAR_QUERY_FIELD_ROWS:
    case CAR_QUERY_FIELD_ROW:
      return append_rows (out, field, place, error);
    case CAR_QUERY_FIELD_VALUE:
      append_value (out, field, place);
      return TRUE;
    case CAR_QUERY_FIELD_GROUP:
      return append_fields (out, field->fields, row, error);
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
append_fields (GString *out, const GPtrArray *fields, Row *row, GError **error)
{
  g_string_append_c (out, '{');
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];
      /* Members are asked for by the fields of the row itself, never within a group. */
      const CarJsonSpan *member = field->kind == CAR_QUERY_FIELD_COLUMN ? &row->members[i] : NULL;

      g_string_append_printf (out, "%s\"%s\":", i > 0 ? "," : "", field->alias);
      if (!append_field (out, field, member, row, error))
        return FALSE;
    }
  g_string_append_c (out, '}');

  return car_query_check_length (out, error);
}

static gboolean
append_row (GString *out, const CarQueryNode *node, const CarJsonSpan *array, GError **error)
{
  const guint n = count_places (node->fields) + 1;
  g_auto (Row) row = { 0 };

  row.places = g_array_sized_new (FALSE, FALSE, sizeof (CarJsonSpan), n);
  row.members = g_new0 (CarJsonSpan, node->fields->len + 1);
  row.next = 1;
  read_places (row.places, array, n > AT_ONCE);
  g_return_val_if_fail (row.places->len == n, FALSE);

  const CarJsonSpan *body = &g_array_index (row.places, CarJsonSpan, 0);
  if (body->type == CAR_JSON_OBJECT)
    car_query_find_members (body->text, body->length, node->fields, row.members);

  return append_fields (out, node->fields, &row, error);
}

/* ---- Statements ---- */

typedef struct
{
  CarPostgresStore *store;
  gint64 timepoint;
  GString *out;
} Run;

/* A pattern that is none, and what else a query itself is to blame for. */
static void
set_error (const Run *self, const PGresult *result, GError **error)
{
  static const char *const patterns[] = { "2201B", "22025", "22019", "2200C", "2200D", NULL };
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  if (state != NULL && g_strv_contains (patterns, state))
    car_query_set_bad_pattern (error);
  else
    car_postgres_set_error (self->store, result, error);
}

static void
take_span (const PGresult *result, CarJsonSpan *span)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, PQgetvalue (result, 0, 0), (gsize) PQgetlength (result, 0, 0));
  if (PQgetisnull (result, 0, 0) || !car_json_scanner_read (&scanner, span))
    *span = (CarJsonSpan){ .type = CAR_JSON_NULL };
}

/* What is left of an answer that nobody wants any more. */
static void
drain (CarPostgresStore *store)
{
  PGcancel *cancel = PQgetCancel (store->connection);
  char problem[256];
  PGresult *rest;

  PQcancel (cancel, problem, sizeof problem);
  PQfreeCancel (cancel);
  while ((rest = PQgetResult (store->connection)) != NULL)
    PQclear (rest);
}

typedef gboolean (
    *RowFunc) (Run *self, const CarQueryField *field, const CarJsonSpan *value, guint n, GError **error);

/* Calls for each row: they come one by one, as an answer may be larger than the memory that it may take. */
static gboolean
run (Run *self, CarPostgresSql *sql, const CarQueryField *field, RowFunc call, GError **error)
{
  PGconn *connection = self->store->connection;
  gboolean ok = TRUE;
  PGresult *result;
  guint n = 0;

  if (PQsendQueryParams (connection, sql->text->str, (int) sql->values->len, NULL,
                         (const char *const *) sql->values->pdata, NULL, NULL, 0) != 1)
    {
      car_postgres_set_error (self->store, NULL, error);
      return FALSE;
    }
  PQsetSingleRowMode (connection);
  while (ok && (result = PQgetResult (connection)) != NULL)
    {
      const ExecStatusType status = PQresultStatus (result);
      CarJsonSpan value;

      if (status == PGRES_SINGLE_TUPLE)
        {
          take_span (result, &value);
          ok = call (self, field, &value, n++, error);
        }
      else if (status != PGRES_TUPLES_OK)
        {
          set_error (self, result, error);
          ok = FALSE;
        }
      PQclear (result);
    }
  if (!ok)
    drain (self->store);

  return ok;
}

static gboolean
take_row (Run *self, const CarQueryField *field, const CarJsonSpan *value, guint n, GError **error)
{
  if (n > 0 && field->kind == CAR_QUERY_FIELD_ROW)
    return TRUE;

  g_string_append (self->out, n > 0 ? "," : "");
  return append_row (self->out, field->node, value, error);
}

static gboolean
answer_rows (Run *self, const CarQueryField *field, GError **error)
{
  g_autoptr (CarPostgresSql) sql = car_postgres_sql_new (self->store, self->timepoint);
  const gboolean list = field->kind == CAR_QUERY_FIELD_ROWS;
  const gsize before = self->out->len;

  g_string_append (self->out, list ? "[" : "");
  car_postgres_append_rows (sql, field->node, NULL, NULL, car_postgres_append_array, NULL);
  if (!run (self, sql, field, take_row, error))
    return FALSE;
  g_string_append (self->out, list ? "]" : self->out->len == before ? "null" : "");

  return TRUE;
}

static gboolean
take_value (Run *self, const CarQueryField *field, const CarJsonSpan *value, guint n, GError **error)
{
  (void) n;
  (void) error;
  append_value (self->out, field, value);

  return TRUE;
}

static gboolean
answer_value (Run *self, const CarQueryField *field, GError **error)
{
  g_autoptr (CarPostgresSql) sql = car_postgres_sql_new (self->store, self->timepoint);

  g_string_append (sql->text, "SELECT to_json ((");
  car_postgres_append_aggregate (sql, field->node, &field->aggregate, NULL, NULL);
  g_string_append (sql->text, "))");

  return run (self, sql, field, take_value, error);
}

static gboolean answer_fields (Run *self, const GPtrArray *fields, GError **error);

static gboolean
answer_field (Run *self, const CarQueryField *field, GError **error)
{
  switch (field->kind)
    {
    case CAR_QUERY_FIELD_TEXT:
      g_string_append (self->out, field->text);
      return TRUE;
    case CAR_QUERY_FIELD_ROWS:
    case CAR_QUERY_FIELD_ROW:
      return answer_rows (self, field, error);
    case CAR_QUERY_FIELD_VALUE:
      return answer_value (self, field, error);
    case CAR_QUERY_FIELD_GROUP:
      return answer_fields (self, field->fields, error);
    case CAR_QUERY_FIELD_COLUMN:
      break;
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
answer_fields (Run *self, const GPtrArray *fields, GError **error)
{
  g_string_append_c (self->out, '{');
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *field = fields->pdata[i];

      g_string_append_printf (self->out, "%s\"%s\":", i > 0 ? "," : "", field->alias);
      if (!answer_field (self, field, error))
        return FALSE;
    }
  g_string_append_c (self->out, '}');

  return TRUE;
}

gboolean
car_postgres_answer (CarServiceStore *store, const CarQueryPlan *plan, GString *out, GError **error)
{
  Run self = { CAR_POSTGRES_STORE (store), plan->timepoint, out };

  return answer_fields (&self, plan->fields, error);
}
