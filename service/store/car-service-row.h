/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A row of what was asked for; or, before car_service_row_next() is called first, the place before the first one. It belongs to the
 * store, and to whoever asked, until _end() or the end of the transaction. Asking the same again ends an earlier use. */
typedef struct _CarServiceRow CarServiceRow;

typedef struct
{
  gboolean (*next) (CarServiceRow *self, GError **error);
  void (*end) (CarServiceRow *self);
  const char *(*get_text) (CarServiceRow *self, int column, gsize *length);
  gint64 (*get_integer) (CarServiceRow *self, int column);
} CarServiceRowClass;

struct _CarServiceRow
{
  const CarServiceRowClass *class;
};

/* TRUE for each row; FALSE at the end, where nothing is left to be ended, or with an error. */
static inline gboolean
car_service_row_next (CarServiceRow *self, GError **error)
{
  return self->class->next (self, error);
}

static inline void
car_service_row_end (CarServiceRow *self)
{
  self->class->end (self);
}

/* A column as text, with a NUL behind it; NULL where it has none. It lasts until the next row. */
static inline const char *
car_service_row_get_text (CarServiceRow *self, int column)
{
  return self->class->get_text (self, column, NULL);
}

/* The same, which may hold NULs. */
static inline const char *
car_service_row_get_data (CarServiceRow *self, int column, gsize *length)
{
  return self->class->get_text (self, column, length);
}

static inline gboolean
car_service_row_is_null (CarServiceRow *self, int column)
{
  return car_service_row_get_text (self, column) == NULL;
}

/* 0 where it has none. */
static inline gint64
car_service_row_get_integer (CarServiceRow *self, int column)
{
  return self->class->get_integer (self, column);
}

/* Behind a loop over _next(): TRUE where it ended with the last row; else FALSE, and hands on what went wrong. */
gboolean car_service_rows_ended (GError **problem, GError **error);

G_END_DECLS
