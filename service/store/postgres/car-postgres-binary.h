/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libpq-fe.h>

#include <glib.h>
#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* The binary forms of PostgreSQL's values: of parameters, of columns and of the rows that COPY takes
 * (https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format"). */

/* The integer of so many bytes. */
gint64 car_postgres_read_integer (const char *bytes, guint size);

/* Arrays of one dimension. */
GByteArray *car_postgres_write_integers (const GArray *integers);
GByteArray *car_postgres_write_strings (const GPtrArray *strings);
GByteArray *car_postgres_write_spans (const GArray *spans);

/* Rows on their way into a table. */
typedef struct
{
  PGconn *connection;
  GByteArray *rows;
  gboolean ok;
} CarPostgresCopy;

/* After a COPY … FROM STDIN WITH (FORMAT binary) was begun. A row begins with the number of its columns, which follow. */
void car_postgres_copy_init (CarPostgresCopy *self, PGconn *connection);
void car_postgres_copy_begin_row (CarPostgresCopy *self, guint n_columns);
void car_postgres_copy_add_int8 (CarPostgresCopy *self, gint64 value);
void car_postgres_copy_add_int4 (CarPostgresCopy *self, gint32 value);
void car_postgres_copy_add_int2 (CarPostgresCopy *self, gint16 value);
void car_postgres_copy_add_bytes (CarPostgresCopy *self, const char *bytes, gsize length);
void car_postgres_copy_add_string (CarPostgresCopy *self, const char *text); /* NULL: a null */

/* Sends the rest. The result tells whether all went well: PQclear() frees it. */
PGresult *car_postgres_copy_finish (CarPostgresCopy *self);

G_END_DECLS
