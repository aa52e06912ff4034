/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-statements.h"

/* A statement, which is its own row. */
typedef struct
{
  CarServiceRow parent;
  CarSqliteStore *store;
  sqlite3_stmt *statement;
} Row;

static gboolean
next (CarServiceRow *parent, GError **error)
{
  Row *row = (Row *) parent;
  int code = sqlite3_step (row->statement);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    car_sqlite_store_set_error (row->store, error);
  sqlite3_reset (row->statement);

  return FALSE;
}

static void
end (CarServiceRow *parent)
{
  sqlite3_reset (((Row *) parent)->statement);
}

static const char *
get_text (CarServiceRow *parent, int column, gsize *length)
{
  sqlite3_stmt *statement = ((Row *) parent)->statement;
  /* A blob is read as it is, with nothing behind it. */
  const char *text = sqlite3_column_type (statement, column) == SQLITE_BLOB
                         ? sqlite3_column_blob (statement, column)
                         : (const char *) sqlite3_column_text (statement, column);

  if (length != NULL)
    *length = (gsize) sqlite3_column_bytes (statement, column);
  return text;
}

static gint64
get_integer (CarServiceRow *parent, int column)
{
  return sqlite3_column_int64 (((Row *) parent)->statement, column);
}

static const CarServiceRowClass row_class = { next, end, get_text, get_integer };

static void
row_free (gpointer data)
{
  sqlite3_finalize (((Row *) data)->statement);
  g_free (data);
}

GHashTable *
car_sqlite_statements_new (void)
{
  return g_hash_table_new_full (NULL, NULL, NULL, row_free);
}

/* A select that was left before its end would hold on to what it read. */
void
car_sqlite_statements_reset (CarSqliteStore *store)
{
  GHashTableIter iter;
  gpointer row;

  g_hash_table_iter_init (&iter, store->statements);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    sqlite3_reset (((Row *) row)->statement);
}

static Row *
prepare (CarSqliteStore *store, const char *sql, GError **error)
{
  Row *row = g_hash_table_lookup (store->statements, sql);
  sqlite3_stmt *statement;

  if (row != NULL)
    {
      sqlite3_reset (row->statement);
      return row;
    }

  if (sqlite3_prepare_v3 (store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    {
      car_sqlite_store_set_error (store, error);
      return NULL;
    }
  row = g_new (Row, 1);
  *row = (Row){ { &row_class }, store, statement };
  g_hash_table_insert (store->statements, (gpointer) sql, row);

  return row;
}

sqlite3_stmt *
car_sqlite_store_prepare (CarSqliteStore *self, const char *sql, GError **error)
{
  Row *row = prepare (self, sql, error);

  return row != NULL ? row->statement : NULL;
}

gboolean
car_sqlite_store_execute (CarSqliteStore *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_DONE && code != SQLITE_ROW)
    car_sqlite_store_set_error (self, error);
  sqlite3_reset (statement);

  return code == SQLITE_DONE || code == SQLITE_ROW;
}

static int
bind_bytes (sqlite3_stmt *statement, int at, GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  return sqlite3_bind_blob64 (statement, at, data != NULL ? data : "", length, SQLITE_STATIC);
}

int
car_sqlite_bind_span (sqlite3_stmt *statement, int at, const CarJsonSpan *span)
{
  if (span == NULL || span->text == NULL)
    return sqlite3_bind_null (statement, at);

  return sqlite3_bind_text64 (statement, at, span->text, span->length, SQLITE_STATIC, SQLITE_UTF8);
}

static int
bind (sqlite3_stmt *statement, int at, char type, va_list *arguments)
{
  switch (type)
    {
    case 's':
      return sqlite3_bind_text (statement, at, va_arg (*arguments, const char *), -1, SQLITE_STATIC);
    case 'i':
      return sqlite3_bind_int64 (statement, at, va_arg (*arguments, gint64));
    case 'j':
      return car_sqlite_bind_span (statement, at, va_arg (*arguments, const CarJsonSpan *));
    case 'b':
      return bind_bytes (statement, at, va_arg (*arguments, GBytes *));
    default:
      return SQLITE_MISUSE;
    }
}

static int
bind_column (sqlite3_stmt *statement, int at, char type, CarServiceRow *row)
{
  gsize length = 0;
  const char *text;

  if (type == 'i')
    return sqlite3_bind_int64 (statement, at, car_service_row_get_integer (row, at - 1));
  text = car_service_row_get_data (row, at - 1, &length);

  return sqlite3_bind_text64 (statement, at, text, length, SQLITE_STATIC, SQLITE_UTF8);
}

static gboolean
bind_all (sqlite3_stmt *statement, const char *types, va_list *arguments)
{
  CarServiceRow *row = *types == '=' ? va_arg (*arguments, CarServiceRow *) : NULL;
  int code = SQLITE_OK;

  if (row != NULL)
    types++;
  for (int i = 0; code == SQLITE_OK && types[i] != '\0'; i++)
    code = row != NULL ? bind_column (statement, i + 1, types[i], row)
                       : bind (statement, i + 1, types[i], arguments);

  return code == SQLITE_OK;
}

CarServiceRow *
car_sqlite_statements_select (CarServiceStore *store,
                              const char *sql,
                              const char *types,
                              va_list *arguments,
                              GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  Row *row = prepare (self, sql, error);

  if (row != NULL && !bind_all (row->statement, types, arguments))
    {
      car_sqlite_store_set_error (self, error);
      return NULL;
    }

  return row != NULL ? &row->parent : NULL;
}
