/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "service/store/postgres/car-postgres-binary.h"
#include "service/store/postgres/car-postgres-private.h"

#define MAX_PARAMETERS 24

/* A statement, and all of its last answer, of which one row at a time is shown. It stays as long as the connection, so that an end
 * may be told twice. */
typedef struct
{
  CarServiceRow row;
  char *name;       /* NULL: it is prepared for one use */
  PGresult *result; /* NULL: it was ended */
  int at;
  char *number; /* of a column that was asked for as text */
} Rows;

static void
rows_end (CarServiceRow *row)
{
  Rows *self = (Rows *) row;

  g_clear_pointer (&self->result, PQclear);
}

static void
rows_free (gpointer data)
{
  Rows *self = data;

  rows_end (&self->row);
  g_free (self->name);
  g_free (self->number);
  g_free (self);
}

static gboolean
rows_next (CarServiceRow *row, GError **error)
{
  Rows *self = (Rows *) row;

  (void) error;
  if (self->result != NULL && ++self->at < PQntuples (self->result))
    return TRUE;

  rows_end (row);
  return FALSE;
}

static gint64
rows_get_integer (CarServiceRow *row, int column)
{
  Rows *self = (Rows *) row;
  const char *value = PQgetvalue (self->result, self->at, column);

  if (PQgetisnull (self->result, self->at, column))
    return 0;
  switch (PQftype (self->result, column))
    {
    case CAR_POSTGRES_INT8:
      return car_postgres_read_integer (value, 8);
    case CAR_POSTGRES_INT4:
      return car_postgres_read_integer (value, 4);
    case CAR_POSTGRES_INT2:
      return car_postgres_read_integer (value, 2);
    case CAR_POSTGRES_BOOL:
      return *value;
    default:
      return g_ascii_strtoll (value, NULL, 10);
    }
}

static gboolean
is_number (Oid type)
{
  return type == CAR_POSTGRES_INT8 || type == CAR_POSTGRES_INT4 || type == CAR_POSTGRES_INT2 ||
         type == CAR_POSTGRES_BOOL;
}

/* libpq puts a NUL behind each value. */
static const char *
rows_get_text (CarServiceRow *row, int column, gsize *length)
{
  Rows *self = (Rows *) row;
  const char *text = PQgetvalue (self->result, self->at, column);
  gsize size = (gsize) PQgetlength (self->result, self->at, column);

  if (PQgetisnull (self->result, self->at, column))
    return NULL;
  if (is_number (PQftype (self->result, column)))
    {
      g_free (self->number);
      text = self->number = g_strdup_printf ("%" G_GINT64_FORMAT, rows_get_integer (row, column));
      size = strlen (text);
    }
  if (length != NULL)
    *length = size;

  return text;
}

static const CarServiceRowClass rows_class = { rows_next, rows_end, rows_get_text, rows_get_integer };

static Rows *
rows_new (const char *name)
{
  Rows *self = g_new0 (Rows, 1);

  self->row.class = &rows_class;
  self->name = g_strdup (name);

  return self;
}

GHashTable *
car_postgres_statements_new (void)
{
  return g_hash_table_new_full (NULL, NULL, NULL, rows_free);
}

void
car_postgres_end_rows (CarPostgresStore *self)
{
  GHashTableIter iter;
  gpointer rows;

  g_hash_table_iter_init (&iter, self->statements);
  while (g_hash_table_iter_next (&iter, NULL, &rows))
    rows_end (rows);
}

/* Parameters are ? and ?1 in SQL that all databases take, $1 in PostgreSQL's. What stands in quotes is no parameter. */
static char *
translate (const char *sql)
{
  GString *out = g_string_new (NULL);
  guint n = 0;
  char quote = '\0';

  for (const char *p = sql; *p != '\0'; p++)
    {
      if (quote != '\0')
        quote = *p == quote ? '\0' : quote;
      else if (*p == '\'' || *p == '"')
        quote = *p;

      if (*p != '?' || quote != '\0')
        g_string_append_c (out, *p);
      else if (g_ascii_isdigit (p[1]))
        g_string_append_c (out, '$');
      else
        g_string_append_printf (out, "$%u", ++n);
    }

  return g_string_free (out, FALSE);
}

typedef struct
{
  int n;
  Oid types[MAX_PARAMETERS];
  const char *values[MAX_PARAMETERS];
  int lengths[MAX_PARAMETERS];
  int formats[MAX_PARAMETERS];
  guint64 numbers[MAX_PARAMETERS];
  GByteArray *arrays[MAX_PARAMETERS];
} Parameters;

static void
parameters_clear (Parameters *self)
{
  for (int i = 0; i < self->n; i++)
    g_clear_pointer (&self->arrays[i], g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parameters, parameters_clear)

static void
add_bytes (Parameters *self, Oid type, const void *bytes, gsize length)
{
  self->types[self->n] = type;
  self->values[self->n] = bytes;
  self->lengths[self->n] = (int) length;
  self->formats[self->n] = 1;
  self->n++;
}

static void
add_integer (Parameters *self, Oid type, guint64 bits)
{
  guint64 *number = &self->numbers[self->n];

  *number = GUINT64_TO_BE (bits);
  add_bytes (self, type, number, sizeof *number);
}

static void
add_double (Parameters *self, double number)
{
  guint64 bits;

  memcpy (&bits, &number, sizeof bits);
  add_integer (self, CAR_POSTGRES_FLOAT8, bits);
}

static void
add_array (Parameters *self, Oid type, GByteArray *array)
{
  self->arrays[self->n] = array;
  add_bytes (self, type, array->data, array->len);
}

static void
add_span (Parameters *self, const CarJsonSpan *span)
{
  add_bytes (self, CAR_POSTGRES_TEXT, span != NULL ? span->text : NULL, span != NULL ? span->length : 0);
}

static void
add_blob (Parameters *self, GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  add_bytes (self, CAR_POSTGRES_BYTEA, data != NULL ? data : "", length);
}

static void
add_string (Parameters *self, const char *text)
{
  add_bytes (self, CAR_POSTGRES_TEXT, text, text != NULL ? strlen (text) : 0);
}

static void
add_argument (Parameters *self, char type, va_list *arguments)
{
  if (type == 's')
    add_string (self, va_arg (*arguments, const char *));
  else if (type == 'i')
    add_integer (self, CAR_POSTGRES_INT8, (guint64) va_arg (*arguments, gint64));
  else if (type == 'd')
    add_double (self, va_arg (*arguments, double));
  else if (type == 'j')
    add_span (self, va_arg (*arguments, const CarJsonSpan *));
  else if (type == 'b')
    add_blob (self, va_arg (*arguments, GBytes *));
  else if (type == 'I')
    add_array (self, CAR_POSTGRES_INT8S, car_postgres_write_integers (va_arg (*arguments, GArray *)));
  else if (type == 'S')
    add_array (self, CAR_POSTGRES_TEXTS, car_postgres_write_strings (va_arg (*arguments, GPtrArray *)));
  else if (type == 'J')
    add_array (self, CAR_POSTGRES_TEXTS, car_postgres_write_spans (va_arg (*arguments, GArray *)));
  else
    g_assert_not_reached ();
}

static void
add_columns (Parameters *self, const char *types, CarServiceRow *row)
{
  for (int i = 0; types[i] != '\0'; i++)
    {
      gsize length = 0;
      const char *text = types[i] == 's' ? car_service_row_get_data (row, i, &length) : NULL;

      if (types[i] == 'i')
        add_integer (self, CAR_POSTGRES_INT8, (guint64) car_service_row_get_integer (row, i));
      else
        add_bytes (self, CAR_POSTGRES_TEXT, text, length);
    }
}

static void
add_arguments (Parameters *self, const char *types, va_list *arguments)
{
  g_assert (strlen (types) <= MAX_PARAMETERS);
  if (*types == '=')
    {
      add_columns (self, types + 1, va_arg (*arguments, CarServiceRow *));
      return;
    }
  for (const char *type = types; *type != '\0'; type++)
    add_argument (self, *type, arguments);
}

static CarServiceRow *
take_result (CarPostgresStore *self, Rows *rows, PGresult *result, GError **error)
{
  ExecStatusType status = PQresultStatus (result);

  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
    {
      self->n_changed = g_ascii_strtoll (PQcmdTuples (result), NULL, 10);
      rows_end (&rows->row);
      rows->result = result;
      rows->at = -1;
      return &rows->row;
    }

  car_postgres_set_error (self, result, error);
  PQclear (result);

  return NULL;
}

/* It is prepared when it is run first. NULL with an error. */
static Rows *
need_statement (CarPostgresStore *self, const char *sql, const Parameters *parameters, GError **error)
{
  Rows *rows = g_hash_table_lookup (self->statements, sql);
  if (rows != NULL)
    return rows;

  g_autofree char *name = g_strdup_printf ("s%u", g_hash_table_size (self->statements));
  g_autofree char *text = translate (sql);
  PGresult *result = PQprepare (self->connection, name, text, parameters->n, parameters->types);
  gboolean ok = PQresultStatus (result) == PGRES_COMMAND_OK;

  if (ok)
    {
      rows = rows_new (name);
      g_hash_table_insert (self->statements, (gpointer) sql, rows);
    }
  else
    car_postgres_set_error (self, result, error);
  PQclear (result);

  return rows;
}

CarServiceRow *
car_postgres_prepare (CarServiceStore *store,
                      const char *sql,
                      const char *types,
                      va_list *arguments,
                      GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  g_auto (Parameters) parameters = { 0 };

  add_arguments (&parameters, types, arguments);
  if (!self->begun && !car_postgres_need_connection (self, error))
    return NULL;
  Rows *rows = need_statement (self, sql, &parameters, error);
  if (rows == NULL)
    return NULL;

  return take_result (self, rows,
                      PQexecPrepared (self->connection, rows->name, parameters.n, parameters.values,
                                      parameters.lengths, parameters.formats, 1),
                      error);
}

/* What stands for all statements that are used once. */
static const char used_once[] = "";

CarServiceRow *
car_postgres_ask_once (CarPostgresStore *self, GError **error, const char *sql, const char *types, ...)
{
  g_auto (Parameters) parameters = { 0 };
  va_list arguments;

  va_start (arguments, types);
  add_arguments (&parameters, types, &arguments);
  va_end (arguments);

  Rows *rows = g_hash_table_lookup (self->statements, used_once);
  if (rows == NULL)
    {
      rows = rows_new (NULL);
      g_hash_table_insert (self->statements, (gpointer) used_once, rows);
    }

  return take_result (self, rows,
                      PQexecParams (self->connection, sql, parameters.n, parameters.types, parameters.values,
                                    parameters.lengths, parameters.formats, 1),
                      error);
}
