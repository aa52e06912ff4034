/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/sql/car-service-copy.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sql.h"

/* The small tables. Both stores have the same columns; `types` are those of car-service-sql.h. */
typedef struct
{
  const char *read;
  const char *write;
  const char *types;
} Table;

static const Table tables[] = {
  { "SELECT name, value FROM setting",
    "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    "=ss" },
  { "SELECT key, owner, version, body FROM extension",
    "INSERT INTO extension (key, owner, version, body) VALUES (?, ?, ?, ?)", "=ssss" },
  { "SELECT name FROM collection ORDER BY id",
    "INSERT INTO collection (name) VALUES (?) ON CONFLICT (name) DO NOTHING", "=s" },
  { "SELECT key, name, description, product_link, properties, model_state_id, body, reported_at FROM source"
    " ORDER BY id",
    "INSERT INTO source (key, name, description, product_link, properties, model_state_id, body, reported_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "=sssssssi" },
  { "SELECT id, source, report, end_job FROM session",
    "INSERT INTO session (id, source, report, end_job) VALUES (?, ?, ?, ?)", "=issi" },
  { "SELECT id, source, key, begun_at, reported_at FROM report",
    "INSERT INTO report (id, source, key, begun_at, reported_at) VALUES (?, ?, ?, ?, ?)", "=issii" },
  { "SELECT name, digest, read_only, sources, made_at, used_at FROM token",
    "INSERT INTO token (name, digest, read_only, sources, made_at, used_at) VALUES (?, ?, ?, ?, ?, ?)",
    "=ssisii" },
  { "SELECT t1, vertex, edge FROM moment", "INSERT INTO moment (t1, vertex, edge) VALUES (?, ?, ?)", "=iii" },
  { "SELECT id, kind, source, status, error, status_code, warnings, created_at FROM job",
    "INSERT INTO job (id, kind, source, status, error, status_code, warnings, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "=issssisi" },
};

/* The rest stands on objects. */
static const Table tags[] = {
  { "SELECT id, source, name, node_id, t1, t2, reported_at FROM tag",
    "INSERT INTO tag (id, source, name, node_id, t1, t2, reported_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "=isssiii" },
  { "SELECT g.id, c.name, g.source, g.vertex, g.vertex_id, g.tag, g.tag_id, g.external_id, g.properties, "
    "g.t1,"
    " g.t2, g.reported_at FROM tagging g JOIN collection c ON c.id = g.collection",
    "INSERT INTO tagging (id, collection, source, vertex, vertex_id, tag, tag_id, external_id, properties, "
    "t1,"
    " t2, reported_at) VALUES (?, (SELECT id FROM collection WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "=issisisssiii" },
};

static gboolean
copy_table (CarServiceStore *from, CarServiceStore *to, const Table *table, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (from, &problem, table->read, "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    if (!car_service_store_run (to, &problem, table->write, table->types, rows))
      {
        car_service_row_end (rows);
        break;
      }

  return car_service_rows_ended (&problem, error);
}

static gboolean
copy_objects (CarServiceStore *from, CarServiceStore *to, CarServiceCopyKind kind, gint64 *n, GError **error)
{
  CarServiceRow *rows = car_service_store_copy_out (from, kind, error);

  if (rows == NULL)
    return FALSE;

  const gboolean copied = car_service_store_copy_in (to, kind, rows, n, error);
  car_service_row_end (rows);
  return copied;
}

static gboolean
check_from (CarServiceStore *from, GError **error)
{
  gint64 waiting, oldest;

  if (!car_service_jobs_get_queue (from, &waiting, &oldest, error))
    return FALSE;
  if (waiting == 0)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 409,
               _ ("Jobs wait in the first database: let the service run until they are done"));
  return FALSE;
}

static gboolean
check_to (CarServiceStore *to, GError **error)
{
  gboolean used;

  if (!car_service_store_has (to, &used, error, "SELECT 1 FROM source UNION ALL SELECT 1 FROM job LIMIT 1",
                              ""))
    return FALSE;
  if (!used)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 409, _ ("The second database is not empty: copy into a new one"));
  return FALSE;
}

static gboolean
copy_all (CarServiceStore *from, CarServiceStore *to, CarServiceCopied *copied, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (!copy_table (from, to, &tables[i], error))
      return FALSE;
  /* The collections of the extensions get their numbers. */
  if (!car_service_store_follow_model (to, error))
    return FALSE;
  for (guint i = 0; i < CAR_SERVICE_COPY_N_KINDS; i++)
    if (!copy_objects (from, to, (CarServiceCopyKind) i, &copied->n[i], error))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (!copy_table (from, to, &tags[i], error))
      return FALSE;

  return car_service_store_end_copy (to, error);
}

static gboolean
write_all (CarServiceStore *from, CarServiceStore *to, CarServiceCopied *copied, GError **error)
{
  if (!car_service_store_begin (to, error))
    return FALSE;
  if (check_to (to, error) && copy_all (from, to, copied, error))
    return car_service_store_commit (to, error);

  car_service_store_rollback (to);
  return FALSE;
}

gboolean
car_service_copy (CarServiceStore *from, CarServiceStore *to, CarServiceCopied *copied, GError **error)
{
  if (!car_service_store_begin (from, error))
    return FALSE;

  const gboolean done = check_from (from, error) && write_all (from, to, copied, error);
  car_service_store_rollback (from);
  return done;
}
