/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/postgres/car-postgres-binary.h"
#include "service/store/postgres/car-postgres-copy.h"
#include "service/store/postgres/car-postgres-graph.h"

/* ---- Out ---- */

#define CURSOR "car_copy"
#define ROWS_AT_ONCE 5000

#define OUT_OF_VERTICES(table, t2)                                                                           \
  "SELECT v.id, s.key, c.name, v.key, v.connecting_id, v.body, v.reported_at, v.t1, " t2 " FROM " table " v" \
  " JOIN source s ON s.id = v.source JOIN collection c ON c.id = v.collection"
#define OUT_OF_EDGES(table, t2)                                                                              \
  "SELECT e.id, s.key, c.name, e.from_vertex, e.to_vertex, e.external_id, e.body, e.reported_at, e.t1, " t2  \
  " FROM " table " e JOIN source s ON s.id = e.source JOIN collection c ON c.id = e.collection"

static const char *const out_of[] = {
  [CAR_SERVICE_COPY_VERTICES] = OUT_OF_VERTICES ("vertex", CAR_POSTGRES_OPEN) " ORDER BY v.id",
  [CAR_SERVICE_COPY_EDGES] = OUT_OF_EDGES ("edge", CAR_POSTGRES_OPEN) " ORDER BY e.id",
  [CAR_SERVICE_COPY_OLD_VERTICES] = OUT_OF_VERTICES ("vertex_history", "v.t2") " ORDER BY v.t2",
  [CAR_SERVICE_COPY_OLD_EDGES] = OUT_OF_EDGES ("edge_history", "e.t2") " ORDER BY e.t2",
  [CAR_SERVICE_COPY_BROUGHT] = "SELECT s.key, seen.vertices::text, seen.edges::text FROM seen"
                               " JOIN source s ON s.id = seen.source",
};

/* libpq brings whole answers. A cursor's rows come some at a time. */
typedef struct
{
  CarServiceRow row;
  CarPostgresStore *store;
  CarServiceRow *some; /* NULL: none were asked for yet, or all came */
  guint n;             /* of these that were given */
} Cursor;

static gboolean
fetch (Cursor *self, GError **error)
{
  self->n = 0;
  self->some =
      car_postgres_ask_once (self->store, error, "FETCH " G_STRINGIFY (ROWS_AT_ONCE) " FROM " CURSOR, "");
  return self->some != NULL;
}

static gboolean
cursor_next (CarServiceRow *row, GError **error)
{
  Cursor *self = (Cursor *) row;

  if ((self->some == NULL || self->n == ROWS_AT_ONCE) && !fetch (self, error))
    return FALSE;
  self->n++;

  return car_service_row_next (self->some, error);
}

static void
cursor_end (CarServiceRow *row)
{
  Cursor *self = (Cursor *) row;

  car_postgres_execute (self->store, "CLOSE " CURSOR, NULL);
  g_free (self);
}

static const char *
cursor_get_text (CarServiceRow *row, int column, gsize *length)
{
  CarServiceRow *some = ((Cursor *) row)->some;

  return some->class->get_text (some, column, length);
}

static gint64
cursor_get_integer (CarServiceRow *row, int column)
{
  return car_service_row_get_integer (((Cursor *) row)->some, column);
}

CarServiceRow *
car_postgres_copy_out (CarServiceStore *store, CarServiceCopyKind kind, GError **error)
{
  static const CarServiceRowClass class = { cursor_next, cursor_end, cursor_get_text, cursor_get_integer };
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  g_autofree char *sql = g_strdup_printf ("DECLARE " CURSOR " NO SCROLL CURSOR FOR %s", out_of[kind]);

  if (!car_postgres_execute (self, "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on", error) ||
      !car_postgres_execute (self, sql, error))
    return NULL;

  Cursor *cursor = g_new0 (Cursor, 1);
  *cursor = (Cursor){ { &class }, self, NULL, 0 };
  return &cursor->row;
}

/* ---- In ---- */

#define INTO_VERTICES(table, t2)                                                                             \
  "COPY " table " (id, source, collection, key, connecting_id, body, reported_at, t1" t2                     \
  ") FROM STDIN (FORMAT binary)"
#define INTO_EDGES(table, t2)                                                                                \
  "COPY " table " (id, source, collection, from_vertex, to_vertex, external_id, body, reported_at, t1" t2    \
  ") FROM STDIN (FORMAT binary)"

static const struct
{
  const char *sql;
  const char *types; /* a letter a column: 8 a number, s a text, o a source, c a collection */
  gboolean is_history;
} into[] = {
  [CAR_SERVICE_COPY_VERTICES] = { INTO_VERTICES ("vertex", ""), "8ocsss88", FALSE },
  [CAR_SERVICE_COPY_EDGES] = { INTO_EDGES ("edge", ""), "8oc88ss88", FALSE },
  [CAR_SERVICE_COPY_OLD_VERTICES] = { INTO_VERTICES ("vertex_history", ", t2"), "8ocsss888", TRUE },
  [CAR_SERVICE_COPY_OLD_EDGES] = { INTO_EDGES ("edge_history", ", t2"), "8oc88ss888", TRUE },
};

/* The numbers of sources by their keys (GINT_TO_POINTER ()): nothing can be asked while rows are sent. NULL with an error. */
static GHashTable *
read_sources (CarServiceStore *store, GError **error)
{
  g_autoptr (GHashTable) sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (store, &problem, "SELECT key, id FROM source", "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    g_hash_table_insert (sources, g_strdup (car_service_row_get_text (rows, 0)),
                         GINT_TO_POINTER ((int) car_service_row_get_integer (rows, 1)));

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&sources) : NULL;
}

static void
send_column (CarPostgresStore *self,
             CarPostgresCopy *copy,
             GHashTable *sources,
             char type,
             CarServiceRow *row,
             int column)
{
  gsize length = 0;
  const char *text = type != '8' ? car_service_row_get_data (row, column, &length) : NULL;

  if (type == '8')
    car_postgres_copy_add_int8 (copy, car_service_row_get_integer (row, column));
  else if (type == 'o')
    car_postgres_copy_add_int4 (copy, GPOINTER_TO_INT (g_hash_table_lookup (sources, text)));
  else if (type == 'c')
    car_postgres_copy_add_int2 (copy, (gint16) car_postgres_get_collection (self, text));
  else if (text != NULL)
    car_postgres_copy_add_bytes (copy, text, length);
  else
    car_postgres_copy_add_string (copy, NULL);
}

/* One COPY goes into one month of the history: the rows come in the order of their ends. */
static gboolean
begin_part (CarPostgresStore *self, CarServiceCopyKind kind, gint64 t2, CarPostgresCopy *copy, GError **error)
{
  return (!into[kind].is_history || car_postgres_need_parts (self, t2, error)) &&
         car_postgres_begin_copy (self, copy, into[kind].sql, error);
}

static gboolean
is_in_part (CarPostgresStore *self, CarServiceCopyKind kind, gint64 t2)
{
  return !into[kind].is_history || (t2 >= self->month_begin && t2 < self->month_end);
}

static gboolean
copy_objects (CarServiceStore *store, CarServiceCopyKind kind, CarServiceRow *rows, gint64 *n, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  const char *types = into[kind].types;
  const int last = (int) strlen (types) - 1;
  g_autoptr (GHashTable) sources = read_sources (store, error);
  g_autoptr (GError) problem = NULL;
  CarPostgresCopy copy;
  gboolean begun = FALSE;

  /* The numbers of the collections are read by the first look at one. */
  car_postgres_get_collection (self, "");
  for (*n = 0; sources != NULL && car_service_row_next (rows, &problem); (*n)++)
    {
      const gint64 t2 = car_service_row_get_integer (rows, last);

      if (begun && !is_in_part (self, kind, t2))
        {
          begun = FALSE;
          if (!car_postgres_end_copy (self, &copy, error))
            return FALSE;
        }
      if (!begun && !begin_part (self, kind, t2, &copy, error))
        return FALSE;
      begun = TRUE;
      car_postgres_copy_begin_row (&copy, (guint) last + 1);
      for (int i = 0; i <= last; i++)
        send_column (self, &copy, sources, types[i], rows, i);
    }

  return sources != NULL && (!begun || car_postgres_end_copy (self, &copy, error)) &&
         car_service_rows_ended (&problem, error);
}

gboolean
car_postgres_copy_in (CarServiceStore *store,
                      CarServiceCopyKind kind,
                      CarServiceRow *rows,
                      gint64 *n,
                      GError **error)
{
  if (kind != CAR_SERVICE_COPY_BROUGHT)
    return copy_objects (store, kind, rows, n, error);

  return car_service_store_run_for_all (
      store, rows, n, error,
      "INSERT INTO seen (source, vertices, edges) VALUES ((SELECT id FROM source WHERE key = ?),"
      " CAST (? AS bigint[]), CAST (? AS bigint[]))",
      "=sss");
}

/* ---- The end ---- */

/* Behind the largest number that was written. */
#define SEQUENCE(sequence, numbers)                                                                          \
  "SELECT setval (" sequence ", greatest (1, (SELECT coalesce (max (n), 0) FROM (" numbers ") x (n))) + 1);"
#define IDENTITY(table) SEQUENCE ("pg_get_serial_sequence ('" table "', 'id')", "SELECT max (id) FROM " table)

gboolean
car_postgres_end_copy_of_all (CarServiceStore *store, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  self->vertex_ids.next = self->vertex_ids.end = 0;
  self->edge_ids.next = self->edge_ids.end = 0;
  return car_postgres_execute (
      self,
      "INSERT INTO held (source, collection, n) SELECT source, collection, count (*) FROM"
      " (SELECT source, collection FROM vertex UNION ALL SELECT source, collection FROM edge) o GROUP BY 1, "
      "2;" SEQUENCE ("'vertex_id'", "SELECT max (id) FROM vertex UNION SELECT max (id) FROM vertex_history"
                                    " UNION SELECT max (vertex) FROM moment")
          SEQUENCE ("'edge_id'", "SELECT max (id) FROM edge UNION SELECT max (id) FROM edge_history"
                                 " UNION SELECT max (edge) FROM moment") IDENTITY ("session")
              IDENTITY ("report") IDENTITY ("job") IDENTITY ("tag")
                  IDENTITY ("tagging") "ANALYZE vertex, edge, vertex_history, edge_history",
      error);
}
