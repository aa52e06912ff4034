/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-graph.h"

/* A page goes in a few statements, whatever its size: what the database has of its objects is asked for at once; what is new is
 * copied into the table, what differs is changed by one statement, and of what is as it was only the number is noted. */

gboolean
car_postgres_is_alike (CarServiceRow *row, int column, const CarJsonSpan *body)
{
  gsize length;
  const char *held = car_service_row_get_data (row, column, &length);

  return car_service_body_is_alike (held, length, body);
}

gboolean
car_postgres_count (CarPostgresStore *self,
                    gint64 source,
                    gint64 collection,
                    gint64 difference,
                    GError **error)
{
  if (difference > 0)
    self->n_new += difference;
  return difference == 0 ||
         car_service_store_run (CAR_SERVICE_STORE (self), error,
                                "INSERT INTO held (source, collection, n) VALUES (?, ?, ?)"
                                " ON CONFLICT (source, collection) DO UPDATE SET n = held.n + excluded.n",
                                "iii", source, collection, difference);
}

gboolean
car_postgres_begin_copy (CarPostgresStore *self, CarPostgresCopy *copy, const char *sql, GError **error)
{
  PGresult *result = PQexec (self->connection, sql);
  gboolean ok = PQresultStatus (result) == PGRES_COPY_IN;

  if (ok)
    car_postgres_copy_init (copy, self->connection);
  else
    car_postgres_set_error (self, result, error);
  PQclear (result);

  return ok;
}

gboolean
car_postgres_end_copy (CarPostgresStore *self, CarPostgresCopy *copy, GError **error)
{
  PGresult *result = car_postgres_copy_finish (copy);
  gboolean ok = PQresultStatus (result) == PGRES_COMMAND_OK;

  if (!ok)
    car_postgres_set_error (self, result, error);
  PQclear (result);

  return ok;
}

/* Notes the first ids that this transaction gives. */
static gboolean
note_moment (CarPostgresStore *self, gint64 now, GError **error)
{
  gint64 vertex, edge;

  if (self->moment == now)
    return TRUE;
  if (!car_postgres_take_ids (self, &self->vertex_ids, 0, &vertex, error) ||
      !car_postgres_take_ids (self, &self->edge_ids, 0, &edge, error) ||
      !car_service_store_run (
          CAR_SERVICE_STORE (self), error,
          "INSERT INTO moment (t1, vertex, edge) VALUES (?, ?, ?) ON CONFLICT (t1) DO NOTHING", "iii", now,
          vertex, edge))
    return FALSE;
  self->moment = now;

  return TRUE;
}

/* What PostgreSQL knows of tables that grow is what its plans are made of. It looks by itself after a minute, when a first import has
 * gone on with plans for empty tables. */
#define LOOK_AT 1000
#define LOOK_AGAIN 4

static gboolean
look_at_tables (CarPostgresStore *self, GError **error)
{
  if (self->n_new < self->look_at)
    return TRUE;

  self->look_at = MAX (self->n_new, LOOK_AT) * LOOK_AGAIN;
  return car_postgres_execute (self, "ANALYZE vertex, edge", error);
}

static gboolean
need_source (CarPostgresStore *self, const char *key, gint64 *source, GError **error)
{
  if (!car_postgres_find_source (self, key, source, error))
    return FALSE;

  return *source != 0 || (car_service_store_run (CAR_SERVICE_STORE (self), error,
                                                 "INSERT INTO source (key) VALUES (?)", "s", key) &&
                          car_postgres_find_source (self, key, source, error));
}

static gboolean
put_some (CarPostgresPut *put, guint first, guint n, GError **error)
{
  return car_service_store_may_go_on (CAR_SERVICE_STORE (put->store), error) &&
         (put->part->from != NULL ? car_postgres_put_edges (put, first, n, error)
                                  : car_postgres_put_vertices (put, first, n, error));
}

/* What must be unique is looked at one by one: an object may have the value of the one before it. */
static gboolean
put_part (CarPostgresPut *put, GError **error)
{
  const guint n = put->part->objects->len;
  const guint step =
      car_service_properties_get_unique (put->part->properties)->len > 0 ? 1 : CAR_POSTGRES_BATCH;

  put->collection = car_postgres_get_collection (put->store, put->part->collection);
  for (guint first = 0; first < n; first += step)
    if (!put_some (put, first, MIN (step, n - first), error))
      return FALSE;

  return TRUE;
}

static gboolean
put_parts (CarPostgresPut *put, GError **error)
{
  for (guint i = 0; i < put->page->parts->len; i++)
    {
      put->part = put->page->parts->pdata[i];
      if (!put_part (put, error))
        return FALSE;
    }

  return (put->seen_vertices == NULL ||
          car_service_store_run (CAR_SERVICE_STORE (put->store), error,
                                 "INSERT INTO seen (source, vertices, edges) VALUES (?, ?, ?)", "iII",
                                 put->source, put->seen_vertices, put->seen_edges)) &&
         look_at_tables (put->store, error);
}

gboolean
car_postgres_is_import_open (CarPostgresStore *self, gint64 source, gboolean *open, GError **error)
{
  return car_service_store_has (CAR_SERVICE_STORE (self), open, error,
                                "SELECT 1 FROM seen WHERE source = ? LIMIT 1", "i", source);
}

gboolean
car_postgres_put_page (CarServiceStore *store,
                       const CarServiceReport *report,
                       CarServicePage *page,
                       GError **error)
{
  g_autoptr (GArray) seen_vertices = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) seen_edges = g_array_new (FALSE, FALSE, sizeof (gint64));
  CarPostgresPut put = { .store = CAR_POSTGRES_STORE (store), .report = report, .page = page };
  gboolean open;

  if (!need_source (put.store, report->source, &put.source, error) ||
      !car_postgres_is_import_open (put.store, put.source, &open, error))
    return FALSE;
  if (open)
    {
      put.seen_vertices = seen_vertices;
      put.seen_edges = seen_edges;
    }

  return note_moment (put.store, report->now, error) && put_parts (&put, error);
}

/* Its first row says that it has begun. */
gboolean
car_postgres_begin_full_import (CarServiceStore *store, const char *source, GError **error)
{
  gint64 number;

  return need_source (CAR_POSTGRES_STORE (store), source, &number, error) &&
         car_service_store_run (store, error, "DELETE FROM seen WHERE source = ?", "i", number) &&
         car_service_store_run (
             store, error, "INSERT INTO seen (source, vertices, edges) VALUES (?, '{}', '{}')", "i", number);
}

gboolean
car_postgres_clear (CarServiceStore *store, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  gint64 now;

  /* The moments stay: they know which ids were given. */
  return car_service_store_tick (store, &now, error) && note_moment (self, now, error) &&
         car_postgres_execute (
             self,
             "DELETE FROM tagging; DELETE FROM tag; DELETE FROM edge; DELETE FROM edge_history;"
             "DELETE FROM vertex; DELETE FROM vertex_history; DELETE FROM held; DELETE FROM seen;"
             "DELETE FROM session; DELETE FROM report; DELETE FROM source",
             error);
}
