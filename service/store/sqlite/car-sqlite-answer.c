/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-answer.h>
#include <service/store/sqlite/car-sqlite-answer.h>
#include <service/store/sqlite/car-sqlite-sql.h>

/* The answer's JSON, of statements that are run in one another: one for each node of the plan. */

typedef struct _Statement Statement;

/* A field, and where its value is. */
typedef struct
{
  const CarQueryField *field;
  int column; /* of the row's statement; -1 for none. Of a member: what stands in for a missing one */
  Statement *statement; /* of the field's node */
  GPtrArray *parts;     /* of a group */
} Part;

/* Run once, or with a link once for each row of the statement above. */
struct _Statement
{
  const CarQueryNode *node;
  const CarQueryAggregate *aggregate; /* NULL: the rows themselves */
  int link_columns[2];                /* of the statement above; -1 for none */
  GPtrArray *select;                  /* expressions */
  int body;           /* the column of the object; -1 where none of its members is asked for */
  GPtrArray *parts;   /* of a row */
  CarJsonSpan *spans; /* of members in the row at hand, by the node's fields */
  CarSqliteSql *sql;  /* what is bound lives in it */
  sqlite3_stmt *rows;
};

typedef struct
{
  sqlite3 *db;
  GHashTable *collections;
  gint64 timepoint;
  GString *out;
} Run;

static void
statement_free (Statement *self)
{
  sqlite3_finalize (self->rows);
  g_clear_pointer (&self->sql, car_sqlite_sql_free);
  g_ptr_array_unref (self->select);
  g_ptr_array_unref (self->parts);
  g_free (self->spans);
  g_free (self);
}

static void
part_free (gpointer data)
{
  Part *self = data;

  g_clear_pointer (&self->statement, statement_free);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_free (self);
}

/* The place of an expression among the statement's columns. */
static int
select_expression (Statement *self, const char *sql)
{
  guint index;

  if (!g_ptr_array_find_with_equal_func (self->select, sql, g_str_equal, &index))
    {
      index = self->select->len;
      g_ptr_array_add (self->select, g_strdup (sql));
    }
  return (int) index;
}

static int
select_column (Statement *self, const CarQueryColumn *column, gint64 timepoint)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  CarQueryColumn stored = *column;

  if (column->kind == CAR_QUERY_MEMBER && column->stored == CAR_QUERY_STORED_NOTHING)
    return -1;
  if (column->kind == CAR_QUERY_MEMBER)
    stored.kind = CAR_QUERY_COLUMN;
  car_sqlite_append_column (sql, self->node->table, &stored, "t0", timepoint);
  return select_expression (self, sql->str);
}

static GPtrArray *make_parts (const Run *self, const GPtrArray *fields, Statement *row);

static Statement *
statement_new (const Run *self, const CarQueryField *field, Statement *above)
{
  Statement *statement = g_new0 (Statement, 1);
  const CarQueryNode *node = field->node;

  statement->node = node;
  statement->aggregate = field->kind == CAR_QUERY_FIELD_VALUE ? &field->aggregate : NULL;
  statement->select = g_ptr_array_new_with_free_func (g_free);
  statement->body = -1;
  for (guint i = 0; i < G_N_ELEMENTS (statement->link_columns); i++)
    statement->link_columns[i] = -1;
  if (node->link != NULL)
    {
      g_auto (GStrv) values = car_sqlite_dup_link_values (node->link, above->node->table, "t0");

      for (guint i = 0; values[i] != NULL; i++)
        statement->link_columns[i] = select_expression (above, values[i]);
    }
  statement->parts = make_parts (self, node->fields, statement);
  statement->spans = g_new0 (CarJsonSpan, node->fields->len + 1);
  return statement;
}

static Part *
part_new (const Run *self, const CarQueryField *field, Statement *row)
{
  Part *part = g_new0 (Part, 1);

  part->field = field;
  part->column = -1;
  if (field->kind == CAR_QUERY_FIELD_COLUMN)
    {
      /* A member is read from the object, which is selected once for all of them. */
      if (field->column->kind == CAR_QUERY_MEMBER)
        row->body = select_expression (row, "t0.body");
      part->column = select_column (row, field->column, self->timepoint);
    }
  else if (field->kind == CAR_QUERY_FIELD_GROUP)
    part->parts = make_parts (self, field->fields, row);
  else if (field->node != NULL)
    part->statement = statement_new (self, field, row);
  return part;
}

/* `row`: what the fields are of; NULL at the top. */
static GPtrArray *
make_parts (const Run *self, const GPtrArray *fields, Statement *row)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (part_free);

  for (guint i = 0; i < fields->len; i++)
    g_ptr_array_add (parts, part_new (self, fields->pdata[i], row));
  return parts;
}

static gboolean
prepare (Run *self, Statement *statement, GError **error)
{
  statement->sql = car_sqlite_sql_new (self->db, self->collections, self->timepoint);
  if (statement->aggregate != NULL)
    car_sqlite_append_aggregate (statement->sql, statement->node, statement->aggregate);
  else
    car_sqlite_append_rows (statement->sql, statement->node, statement->select);
  return car_sqlite_sql_prepare (statement->sql, &statement->rows, error);
}

/* Makes a statement ready for the row that the one above stands on. */
static gboolean
start (Run *self, Statement *statement, sqlite3_stmt *above, GError **error)
{
  if (statement->rows == NULL && !prepare (self, statement, error))
    return FALSE;
  sqlite3_reset (statement->rows);
  for (guint i = 0; i < G_N_ELEMENTS (statement->link_columns); i++)
    if (statement->link_columns[i] >= 0 &&
        sqlite3_bind_value (statement->rows, (int) i + 1,
                            sqlite3_column_value (above, statement->link_columns[i])) != SQLITE_OK)
      return car_sqlite_fail_query (self->db, error);
  return TRUE;
}

static void
append_column (Run *self, sqlite3_stmt *row, const CarQueryField *field, int column)
{
  const char *text;

  switch (sqlite3_column_type (row, column))
    {
    case SQLITE_INTEGER:
      car_query_append_integer (self->out, field, sqlite3_column_int64 (row, column));
      break;
    case SQLITE_FLOAT:
      car_query_append_double (self->out, field, sqlite3_column_double (row, column));
      break;
    case SQLITE_TEXT:
      text = (const char *) sqlite3_column_text (row, column);
      car_query_append_text (self->out, field, text, (gsize) sqlite3_column_bytes (row, column));
      break;
    default:
      g_string_append (self->out, "null");
    }
}

static gboolean append_parts (Run *self, const GPtrArray *parts, const Statement *row, GError **error);

static void
find_members (const Statement *self)
{
  const char *body = (const char *) sqlite3_column_text (self->rows, self->body);

  car_query_find_members (body, (gsize) sqlite3_column_bytes (self->rows, self->body), self->node->fields,
                          self->spans);
}

/* Of a list all rows, in brackets; of a single row the first, or null. */
static gboolean
append_rows (Run *self, Statement *statement, gboolean list, sqlite3_stmt *above, GError **error)
{
  guint n_rows = 0;
  int result;

  if (!start (self, statement, above, error))
    return FALSE;
  if (list)
    g_string_append_c (self->out, '[');
  while ((result = sqlite3_step (statement->rows)) == SQLITE_ROW && (list || n_rows == 0))
    {
      if (n_rows++ > 0)
        g_string_append_c (self->out, ',');
      if (statement->body >= 0)
        find_members (statement);
      if (!append_parts (self, statement->parts, statement, error) ||
          !car_query_check_length (self->out, error))
        return FALSE;
    }
  if (result != SQLITE_DONE && result != SQLITE_ROW)
    return car_sqlite_fail_query (self->db, error);
  sqlite3_reset (statement->rows);
  if (list)
    g_string_append_c (self->out, ']');
  else if (n_rows == 0)
    g_string_append (self->out, "null");
  return TRUE;
}

static gboolean
append_value (Run *self, const Part *part, sqlite3_stmt *above, GError **error)
{
  Statement *statement = part->statement;

  if (!start (self, statement, above, error))
    return FALSE;
  if (sqlite3_step (statement->rows) != SQLITE_ROW)
    return car_sqlite_fail_query (self->db, error);
  append_column (self, statement->rows, part->field, 0);
  sqlite3_reset (statement->rows);
  return TRUE;
}

static gboolean
append_part (Run *self, const Part *part, const CarJsonSpan *span, const Statement *row, GError **error)
{
  sqlite3_stmt *above = row != NULL ? row->rows : NULL;

  switch (part->field->kind)
    {
    case CAR_QUERY_FIELD_COLUMN:
      if (span->text != NULL)
        car_query_append_member (self->out, part->field, span);
      else if (part->column >= 0)
        append_column (self, above, part->field, part->column);
      else
        g_string_append (self->out, "null");
      return TRUE;
    case CAR_QUERY_FIELD_TEXT:
      g_string_append (self->out, part->field->text);
      return TRUE;
    case CAR_QUERY_FIELD_ROWS:
    case CAR_QUERY_FIELD_ROW:
      return append_rows (self, part->statement, part->field->kind == CAR_QUERY_FIELD_ROWS, above, error);
    case CAR_QUERY_FIELD_VALUE:
      return append_value (self, part, above, error);
    case CAR_QUERY_FIELD_GROUP:
      return append_parts (self, part->parts, row, error);
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
append_parts (Run *self, const GPtrArray *parts, const Statement *row, GError **error)
{
  g_string_append_c (self->out, '{');
  for (guint i = 0; i < parts->len; i++)
    {
      const Part *part = parts->pdata[i];
      /* Members are asked for by the fields of the row itself, never within a group. */
      const CarJsonSpan *span = part->field->kind == CAR_QUERY_FIELD_COLUMN ? &row->spans[i] : NULL;

      g_string_append_printf (self->out, "%s\"%s\":", i > 0 ? "," : "", part->field->alias);
      if (!append_part (self, part, span, row, error))
        return FALSE;
    }
  g_string_append_c (self->out, '}');
  return TRUE;
}

static gboolean
answer (Run *self, const CarQueryPlan *plan, GError **error)
{
  /* The statements have to be gone before the savepoint can be. */
  g_autoptr (GPtrArray) parts = make_parts (self, plan->fields, NULL);

  return append_parts (self, parts, NULL, error);
}

gboolean
car_sqlite_query_answer (sqlite3 *db,
                         GHashTable *collections,
                         const CarQueryPlan *plan,
                         GString *out,
                         GError **error)
{
  Run self = { db, collections, plan->timepoint, out };
  gboolean done;

  if (sqlite3_exec (db, "SAVEPOINT car_query", NULL, NULL, NULL) != SQLITE_OK)
    return car_sqlite_fail_query (db, error);
  done = answer (&self, plan, error);
  sqlite3_exec (db, "RELEASE car_query", NULL, NULL, NULL);
  return done;
}
