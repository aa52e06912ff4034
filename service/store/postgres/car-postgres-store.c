/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/postgres/car-postgres-answer.h"
#include "service/store/postgres/car-postgres-copy.h"
#include "service/store/postgres/car-postgres-private.h"
#include "service/store/postgres/car-postgres-views.h"

G_DEFINE_FINAL_TYPE (CarPostgresStore, car_postgres_store, CAR_TYPE_SERVICE_STORE)

static void
car_postgres_store_finalize (GObject *object)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (object);

  car_postgres_forget_cancellable (self);
  g_hash_table_unref (self->statements);
  g_hash_table_unref (self->collections);
  g_clear_pointer (&self->touched, car_service_touched_free);
  g_clear_pointer (&self->connection, PQfinish);
  g_free (self->database);
  g_free (self->name);

  G_OBJECT_CLASS (car_postgres_store_parent_class)->finalize (object);
}

static CarPostgresStore *
new_store (const char *database)
{
  CarPostgresStore *self = g_object_new (CAR_TYPE_POSTGRES_STORE, NULL);

  self->database = g_strdup (database);
  self->name = car_postgres_name_database (database);

  return self;
}

CarServiceStore *
car_postgres_store_open (const char *database, GError **error)
{
  g_autoptr (CarPostgresStore) self = new_store (database);

  self->locks = TRUE;
  if (!car_postgres_connect (self, error) || !car_postgres_prepare_tables (self, error))
    return NULL;

  return CAR_SERVICE_STORE (g_steal_pointer (&self));
}

/* What is not there yet is for the service to make. */
static gboolean
check_tables (CarPostgresStore *self, GError **error)
{
  gboolean found;

  if (!car_service_store_has (CAR_SERVICE_STORE (self), &found, error,
                              "SELECT 1 WHERE to_regclass ('car_service') IS NOT NULL", ""))
    return FALSE;
  if (found)
    return car_postgres_prepare_tables (self, error);

  g_set_error (error, CAR_SERVICE_ERROR, 404,
               _ ("The database %s is no car-service's: give the --database of the service, which makes its "
                  "tables when it starts first"),
               self->name);
  return FALSE;
}

CarServiceStore *
car_postgres_store_open_beside (const char *database, GError **error)
{
  g_autoptr (CarPostgresStore) self = new_store (database);

  if (!car_postgres_connect (self, error) || !check_tables (self, error))
    return NULL;

  return CAR_SERVICE_STORE (g_steal_pointer (&self));
}

/* One that is not patient waits for no lock; none that reads waits for one here, but for the moment in which a part of the history
 * is dropped. */
static CarServiceStore *
open_another (CarServiceStore *store, gboolean patient, GError **error)
{
  g_autoptr (CarPostgresStore) another = new_store (CAR_POSTGRES_STORE (store)->database);

  another->reads = TRUE;
  if (!car_postgres_connect (another, error) ||
      (!patient && !car_postgres_execute (another, "SET lock_timeout = '1s'", error)))
    return NULL;

  return CAR_SERVICE_STORE (g_steal_pointer (&another));
}

/* There is no file to hide. */
static void
hide (CarServiceStore *store)
{
  (void) store;
}

/* The server sees to its log itself. */
static void
tidy (CarServiceStore *store)
{
  (void) store;
}

static gboolean
begin (CarServiceStore *store, GError **error)
{
  return car_postgres_begin (CAR_POSTGRES_STORE (store), "BEGIN", error);
}

/* What is kept in memory of what the transaction did. */
static void
forget_what_is_known (CarPostgresStore *self)
{
  car_postgres_end_rows (self);
  self->moment = 0;
  self->month_end = 0;
}

static void
rollback (CarServiceStore *store)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  forget_what_is_known (self);
  g_clear_pointer (&self->touched, car_service_touched_free);
  self->begun = FALSE;
  if (PQtransactionStatus (self->connection) != PQTRANS_IDLE && PQstatus (self->connection) == CONNECTION_OK)
    car_postgres_execute (self, "ROLLBACK", NULL);
}

/* The server answers a COMMIT of what has failed with ROLLBACK, and no error. */
static gboolean
commit (CarServiceStore *store, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  car_postgres_end_rows (self);
  if (PQtransactionStatus (self->connection) == PQTRANS_INERROR)
    g_set_error (error, CAR_SERVICE_ERROR, 500, "The database %s failed: a statement before the end did",
                 self->name);
  else if (car_postgres_regroup_users (self, error) && car_postgres_execute (self, "COMMIT", error))
    {
      self->begun = FALSE;
      return TRUE;
    }

  rollback (store);
  return FALSE;
}

static gboolean
begin_call (CarServiceStore *store, GError **error)
{
  return car_postgres_execute (CAR_POSTGRES_STORE (store), "SAVEPOINT call", error);
}

static gboolean
end_call (CarServiceStore *store, gboolean keep, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  car_postgres_end_rows (self);
  if (keep)
    return car_postgres_execute (self, "RELEASE call", error);

  forget_what_is_known (self);
  return car_postgres_execute (self, "ROLLBACK TO call; RELEASE call", error);
}

static gboolean
begin_reading (CarServiceStore *store, GCancellable *cancellable, GError **error)
{
  static const char sql[] =
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
      "SET LOCAL statement_timeout = '" G_STRINGIFY (CAR_SERVICE_STORE_READING_SECONDS) "s'";
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  if (!car_postgres_begin (self, sql, error))
    return FALSE;
  car_postgres_watch_cancellable (self, cancellable);

  return TRUE;
}

/* What was cancelled late may have met the end itself. */
static void
end_reading (CarServiceStore *store)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);

  car_postgres_forget_cancellable (self);
  rollback (store);
  if (PQtransactionStatus (self->connection) != PQTRANS_IDLE)
    rollback (store);
}

static gint64
get_changes (CarServiceStore *store)
{
  return CAR_POSTGRES_STORE (store)->n_changed;
}

static void
car_postgres_store_class_init (CarPostgresStoreClass *class)
{
  CarServiceStoreClass *store = CAR_SERVICE_STORE_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = car_postgres_store_finalize;
  store->open_another = open_another;
  store->hide = hide;
  store->tidy = tidy;
  store->begin = begin;
  store->commit = commit;
  store->rollback = rollback;
  store->begin_call = begin_call;
  store->end_call = end_call;
  store->begin_reading = begin_reading;
  store->end_reading = end_reading;
  store->prepare = car_postgres_prepare;
  store->get_changes = get_changes;
  store->follow_model = car_postgres_follow_model;

  store->put_page = car_postgres_put_page;
  store->begin_full_import = car_postgres_begin_full_import;
  store->end_full_import = car_postgres_end_full_import;
  store->delete_vertex = car_postgres_delete_vertex;
  store->put_tagging = car_postgres_put_tagging;
  store->clear = car_postgres_clear;

  store->answer = car_postgres_answer;
  store->find_vertices = car_postgres_find_vertices;
  store->find_named = car_postgres_find_named;
  store->find_edges = car_postgres_find_edges;
  store->list_related = car_postgres_list_related;
  store->search = car_postgres_search;
  store->get_vertex = car_postgres_get_vertex;
  store->list_versions = car_postgres_list_versions;
  store->list_instances = car_postgres_list_instances;
  store->list_kinds = car_postgres_list_kinds;
  store->list_neighbours = car_postgres_list_neighbours;
  store->list_changes = car_postgres_list_changes;
  store->count_changes = car_postgres_count_changes;

  store->forget = car_postgres_forget;
  store->read_pages = car_postgres_read_pages;
  store->give_back = car_postgres_give_back;
  store->list_usage = car_postgres_list_usage;
  store->back_up = car_postgres_back_up;
  store->check = car_postgres_check;

  store->copy_out = car_postgres_copy_out;
  store->copy_in = car_postgres_copy_in;
  store->end_copy = car_postgres_end_copy_of_all;
}

static void
car_postgres_store_init (CarPostgresStore *self)
{
  self->statements = car_postgres_statements_new ();
  self->collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->look_at = 1000;
  self->vertex_ids.sequence = "vertex_id";
  self->edge_ids.sequence = "edge_id";
}
