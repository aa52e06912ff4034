/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sql/car-service-sql.h"

#define PREPARE(row, self, sql, types, problem)                                                              \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    va_list arguments;                                                                                       \
                                                                                                             \
    va_start (arguments, types);                                                                             \
    row = CAR_SERVICE_STORE_GET_CLASS (self)->prepare (self, sql, types, &arguments, problem);               \
    va_end (arguments);                                                                                      \
  }                                                                                                          \
  G_STMT_END

gboolean
car_service_store_run (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *row;

  PREPARE (row, self, sql, types, &problem);
  if (row != NULL && car_service_row_next (row, &problem))
    car_service_row_end (row);

  return car_service_rows_ended (&problem, error);
}

gboolean
car_service_store_run_for_all (CarServiceStore *self,
                               CarServiceRow *rows,
                               gint64 *n,
                               GError **error,
                               const char *sql,
                               const char *types)
{
  g_autoptr (GError) problem = NULL;

  for (*n = 0; car_service_row_next (rows, &problem); (*n)++)
    if (!car_service_store_run (self, error, sql, types, rows))
      return FALSE;

  return car_service_rows_ended (&problem, error);
}

CarServiceRow *
car_service_store_select (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  CarServiceRow *row;

  PREPARE (row, self, sql, types, error);
  return row;
}

CarServiceRow *
car_service_store_get (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  CarServiceRow *row;

  PREPARE (row, self, sql, types, error);
  return row != NULL && car_service_row_next (row, error) ? row : NULL;
}

gboolean
car_service_store_find (CarServiceStore *self,
                        CarServiceRow **row,
                        GError **error,
                        const char *sql,
                        const char *types,
                        ...)
{
  g_autoptr (GError) problem = NULL;

  PREPARE (*row, self, sql, types, &problem);
  if (*row != NULL && !car_service_row_next (*row, &problem))
    *row = NULL;

  return car_service_rows_ended (&problem, error);
}

gboolean
car_service_store_has (CarServiceStore *self,
                       gboolean *has,
                       GError **error,
                       const char *sql,
                       const char *types,
                       ...)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *row;

  PREPARE (row, self, sql, types, &problem);
  *has = row != NULL && car_service_row_next (row, &problem);
  if (*has)
    car_service_row_end (row);

  return car_service_rows_ended (&problem, error);
}

gint64
car_service_store_get_changes (CarServiceStore *self)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->get_changes (self);
}

gboolean
car_service_rows_ended (GError **problem, GError **error)
{
  if (*problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (problem));
  return FALSE;
}
