/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-answer.h>
#include <service/store/sqlite/car-sqlite-functions.h>
#include <service/store/sqlite/car-sqlite-sql.h>

CarSqliteSql *
car_sqlite_sql_new (sqlite3 *db, GHashTable *collections, gint64 timepoint)
{
  CarSqliteSql *self = g_new0 (CarSqliteSql, 1);

  self->db = db;
  self->collections = collections;
  self->timepoint = timepoint;
  self->text = g_string_new (NULL);
  self->binds = g_array_new (FALSE, FALSE, sizeof (CarQueryBind));
  self->texts = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
car_sqlite_sql_free (CarSqliteSql *self)
{
  g_string_free (self->text, TRUE);
  g_array_unref (self->binds);
  g_ptr_array_unref (self->texts);
  g_clear_error (&self->error);
  g_free (self);
}

void
car_sqlite_sql_append_bind (CarSqliteSql *self, const CarQueryBind *bind)
{
  g_array_append_vals (self->binds, bind, 1);
  /* SQLite numbers those without a number as they come. It would search all before it for each with one. */
  g_string_append (self->text, self->binds->len == 1 ? "?" G_STRINGIFY (CAR_SQLITE_FIRST_BIND) : "?");
}

void
car_sqlite_sql_append_text (CarSqliteSql *self, const char *text, gsize length)
{
  char *copy = g_memdup2 (text, length);
  const CarQueryBind bind = { .kind = CAR_QUERY_BIND_TEXT, .text = copy, .length = length };

  g_ptr_array_add (self->texts, copy);
  car_sqlite_sql_append_bind (self, &bind);
}

static gboolean
bind_value (sqlite3_stmt *statement, int number, const CarQueryBind *bind)
{
  switch (bind->kind)
    {
    case CAR_QUERY_BIND_INTEGER:
      return sqlite3_bind_int64 (statement, number, bind->integer) == SQLITE_OK;
    case CAR_QUERY_BIND_DOUBLE:
      return sqlite3_bind_double (statement, number, bind->number) == SQLITE_OK;
    case CAR_QUERY_BIND_TEXT:
      return sqlite3_bind_text64 (statement, number, bind->text, bind->length, SQLITE_STATIC, SQLITE_UTF8) ==
             SQLITE_OK;
    }
  g_return_val_if_reached (FALSE);
}

gboolean
car_sqlite_sql_prepare (CarSqliteSql *self, sqlite3_stmt **statement, GError **error)
{
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  if (sqlite3_prepare_v3 (self->db, self->text->str, (int) self->text->len, SQLITE_PREPARE_PERSISTENT,
                          statement, NULL) != SQLITE_OK)
    return car_sqlite_fail_query (self->db, error);
  for (guint i = 0; i < self->binds->len; i++)
    if (!bind_value (*statement, (int) i + CAR_SQLITE_FIRST_BIND,
                     &g_array_index (self->binds, CarQueryBind, i)))
      return car_sqlite_fail_query (self->db, error);
  return TRUE;
}

gboolean
car_sqlite_fail_query (sqlite3 *db, GError **error)
{
  const int code = sqlite3_extended_errcode (db);

  if (code == CAR_SQLITE_TOO_COSTLY)
    car_query_set_costly (error);
  else if (code == CAR_SQLITE_BAD_PATTERN)
    car_query_set_bad_pattern (error);
  else if (code == SQLITE_INTERRUPT)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the query was interrupted");
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database failed a query: %s (%d)",
                 sqlite3_errmsg (db), code);
  return FALSE;
}

int
car_sqlite_get_collection (GHashTable *collections, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (collections, name));
}
