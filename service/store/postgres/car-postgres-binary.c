/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/postgres/car-postgres-binary.h"
#include "service/store/postgres/car-postgres-private.h"

#define SEND_AT (256 * 1024) /* bytes */

gint64
car_postgres_read_integer (const char *bytes, guint size)
{
  gint64 value = (gint8) bytes[0];

  for (guint i = 1; i < size; i++)
    value = (gint64) ((guint64) value << 8 | (guchar) bytes[i]);

  return value;
}

static void
put_int2 (GByteArray *out, gint16 value)
{
  const guint16 bytes = GUINT16_TO_BE ((guint16) value);

  g_byte_array_append (out, (const guint8 *) &bytes, sizeof bytes);
}

static void
put_int4 (GByteArray *out, gint32 value)
{
  const guint32 bytes = GUINT32_TO_BE ((guint32) value);

  g_byte_array_append (out, (const guint8 *) &bytes, sizeof bytes);
}

static void
put_int8 (GByteArray *out, gint64 value)
{
  const guint64 bytes = GUINT64_TO_BE ((guint64) value);

  g_byte_array_append (out, (const guint8 *) &bytes, sizeof bytes);
}

/* The length and what follows; NULL: -1 and nothing. */
static void
put_bytes (GByteArray *out, const char *bytes, gsize length)
{
  put_int4 (out, bytes != NULL ? (gint32) length : -1);
  if (bytes != NULL)
    g_byte_array_append (out, (const guint8 *) bytes, (guint) length);
}

static void
put_string (GByteArray *out, const char *text)
{
  put_bytes (out, text, text != NULL ? strlen (text) : 0);
}

/* The head of an array: its dimensions, whether there may be nulls, the type of the items; their number, and the first's. */
static GByteArray *
begin_array (Oid type, guint n)
{
  GByteArray *out = g_byte_array_sized_new (32 + n * 16);

  put_int4 (out, n > 0 ? 1 : 0);
  put_int4 (out, 1);
  put_int4 (out, (gint32) type);
  if (n > 0)
    {
      put_int4 (out, (gint32) n);
      put_int4 (out, 1);
    }

  return out;
}

GByteArray *
car_postgres_write_integers (const GArray *integers)
{
  GByteArray *out = begin_array (CAR_POSTGRES_INT8, integers->len);

  for (guint i = 0; i < integers->len; i++)
    {
      put_int4 (out, sizeof (gint64));
      put_int8 (out, g_array_index (integers, gint64, i));
    }

  return out;
}

GByteArray *
car_postgres_write_strings (const GPtrArray *strings)
{
  GByteArray *out = begin_array (CAR_POSTGRES_TEXT, strings->len);

  for (guint i = 0; i < strings->len; i++)
    put_string (out, strings->pdata[i]);

  return out;
}

GByteArray *
car_postgres_write_spans (const GArray *spans)
{
  GByteArray *out = begin_array (CAR_POSTGRES_TEXT, spans->len);

  for (guint i = 0; i < spans->len; i++)
    {
      const CarJsonSpan *span = &g_array_index (spans, CarJsonSpan, i);
      put_bytes (out, span->text, span->length);
    }

  return out;
}

void
car_postgres_copy_init (CarPostgresCopy *self, PGconn *connection)
{
  static const char signature[] = "PGCOPY\n\377\r\n"; /* and its NUL */

  self->connection = connection;
  self->rows = g_byte_array_sized_new (SEND_AT + SEND_AT / 4);
  self->ok = TRUE;
  g_byte_array_append (self->rows, (const guint8 *) signature, sizeof signature);
  put_int4 (self->rows, 0);
  put_int4 (self->rows, 0);
}

static void
send_rows (CarPostgresCopy *self)
{
  self->ok = self->ok &&
             PQputCopyData (self->connection, (const char *) self->rows->data, (int) self->rows->len) == 1;
  g_byte_array_set_size (self->rows, 0);
}

void
car_postgres_copy_begin_row (CarPostgresCopy *self, guint n_columns)
{
  if (self->rows->len >= SEND_AT)
    send_rows (self);
  put_int2 (self->rows, (gint16) n_columns);
}

void
car_postgres_copy_add_int8 (CarPostgresCopy *self, gint64 value)
{
  put_int4 (self->rows, sizeof value);
  put_int8 (self->rows, value);
}

void
car_postgres_copy_add_int4 (CarPostgresCopy *self, gint32 value)
{
  put_int4 (self->rows, sizeof value);
  put_int4 (self->rows, value);
}

void
car_postgres_copy_add_int2 (CarPostgresCopy *self, gint16 value)
{
  put_int4 (self->rows, sizeof value);
  put_int2 (self->rows, value);
}

void
car_postgres_copy_add_bytes (CarPostgresCopy *self, const char *bytes, gsize length)
{
  put_bytes (self->rows, bytes, length);
}

void
car_postgres_copy_add_string (CarPostgresCopy *self, const char *text)
{
  put_string (self->rows, text);
}

PGresult *
car_postgres_copy_finish (CarPostgresCopy *self)
{
  put_int2 (self->rows, -1);
  send_rows (self);
  g_clear_pointer (&self->rows, g_byte_array_unref);
  if (!self->ok || PQputCopyEnd (self->connection, NULL) != 1)
    return NULL;

  PGresult *result = PQgetResult (self->connection);
  PGresult *rest;
  while ((rest = PQgetResult (self->connection)) != NULL)
    PQclear (rest);

  return result;
}
