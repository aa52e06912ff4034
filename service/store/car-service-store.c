/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-store.h"
#include "service/store/postgres/car-postgres-store.h"
#include "service/store/sql/car-service-extensions.h"
#include "service/store/sql/car-service-sql.h"
#include "service/store/sqlite/car-sqlite-store.h"

/* What all connections to one database know. */
typedef struct
{
  GMutex mutex;
  char *trouble; /* NULL: none */
} Shared;

typedef struct
{
  Shared *shared;
  gint64 now; /* of this transaction; 0: not asked for yet */
  gboolean wants_upkeep;
  int stopped; /* atomic */

  char *mark; /* of the extensions that the model holds */
  CarCoreModel *model;
  CarImportSchema *import_schema;
} CarServiceStorePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CarServiceStore, car_service_store, G_TYPE_OBJECT)

static CarServiceStorePrivate *
get_private (CarServiceStore *self)
{
  return car_service_store_get_instance_private (self);
}

static Shared *
shared_new (void)
{
  Shared *shared = g_atomic_rc_box_new0 (Shared);

  g_mutex_init (&shared->mutex);
  return shared;
}

static void
shared_clear (gpointer data)
{
  Shared *shared = data;

  g_mutex_clear (&shared->mutex);
  g_free (shared->trouble);
}

static void
shared_release (Shared *shared)
{
  g_atomic_rc_box_release_full (shared, shared_clear);
}

static void
car_service_store_finalize (GObject *object)
{
  CarServiceStorePrivate *self = get_private (CAR_SERVICE_STORE (object));

  shared_release (self->shared);
  g_free (self->mark);
  g_clear_object (&self->model);
  g_clear_object (&self->import_schema);

  G_OBJECT_CLASS (car_service_store_parent_class)->finalize (object);
}

static void
car_service_store_class_init (CarServiceStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = car_service_store_finalize;
}

static void
car_service_store_init (CarServiceStore *self)
{
  get_private (self)->shared = shared_new ();
}

/* The model of this program may be another one than that of the last. */
static gboolean
bring_up_to_date (CarServiceStore *self, GError **error)
{
  if (!car_service_store_begin (self, error))
    return FALSE;
  if (car_service_store_follow_model (self, error))
    return car_service_store_commit (self, error);

  car_service_store_rollback (self);
  return FALSE;
}

CarServiceStore *
car_service_store_open (const char *database, GError **error)
{
  g_autoptr (CarServiceStore) self = car_postgres_is_database (database)
                                         ? car_postgres_store_open (database, error)
                                         : car_sqlite_store_open (database, error);

  return self != NULL && bring_up_to_date (self, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
car_service_store_is_file (const char *database)
{
  return strcmp (database, CAR_SERVICE_STORE_MEMORY) != 0 && !car_postgres_is_database (database);
}

char *
car_service_store_name_database (const char *database)
{
  return car_postgres_is_database (database) ? car_postgres_name_database (database) : g_strdup (database);
}

CarServiceStore *
car_service_store_open_beside (const char *database, GError **error)
{
  return car_postgres_is_database (database) ? car_postgres_store_open_beside (database, error)
                                             : car_sqlite_store_open_beside (database, error);
}

CarServiceStore *
car_service_store_open_another (CarServiceStore *self, gboolean patient, GError **error)
{
  CarServiceStore *another = CAR_SERVICE_STORE_GET_CLASS (self)->open_another (self, patient, error);

  if (another != NULL)
    {
      shared_release (get_private (another)->shared);
      get_private (another)->shared = g_atomic_rc_box_acquire (get_private (self)->shared);
    }
  return another;
}

void
car_service_store_hide (CarServiceStore *self)
{
  CAR_SERVICE_STORE_GET_CLASS (self)->hide (self);
}

void
car_service_store_tidy (CarServiceStore *self)
{
  CAR_SERVICE_STORE_GET_CLASS (self)->tidy (self);
}

gboolean
car_service_store_begin (CarServiceStore *self, GError **error)
{
  get_private (self)->now = 0;

  return CAR_SERVICE_STORE_GET_CLASS (self)->begin (self, error);
}

gboolean
car_service_store_commit (CarServiceStore *self, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->commit (self, error);
}

void
car_service_store_rollback (CarServiceStore *self)
{
  CAR_SERVICE_STORE_GET_CLASS (self)->rollback (self);
}

gboolean
car_service_store_begin_call (CarServiceStore *self, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->begin_call (self, error);
}

gboolean
car_service_store_end_call (CarServiceStore *self, gboolean keep, GError **error)
{
  if (!keep)
    get_private (self)->now = 0; /* the clock goes back with the rest */

  return CAR_SERVICE_STORE_GET_CLASS (self)->end_call (self, keep, error);
}

gboolean
car_service_store_begin_reading (CarServiceStore *self, GCancellable *cancellable, GError **error)
{
  return !g_cancellable_set_error_if_cancelled (cancellable, error) &&
         CAR_SERVICE_STORE_GET_CLASS (self)->begin_reading (self, cancellable, error);
}

void
car_service_store_end_reading (CarServiceStore *self)
{
  CAR_SERVICE_STORE_GET_CLASS (self)->end_reading (self);
}

gboolean
car_service_store_tick (CarServiceStore *self, gint64 *now, GError **error)
{
  CarServiceStorePrivate *private = get_private (self);

  if (private->now == 0)
    {
      g_autoptr (GError) local_error = NULL;
      g_autofree char *last = car_service_store_get_setting (self, "clock", &local_error);
      gint64 earliest = last != NULL ? g_ascii_strtoll (last, NULL, 10) + 1 : 1;
      gint64 next = MAX (g_get_real_time () / 1000, earliest);
      g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, next);

      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (!car_service_store_set_setting (self, "clock", text, error))
        return FALSE;
      private->now = next;
    }
  *now = private->now;

  return TRUE;
}

char *
car_service_store_get_setting (CarServiceStore *self, const char *name, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (self, error, "SELECT value FROM setting WHERE name = ?", "s", name);
  if (row == NULL)
    return NULL;

  char *value = g_strdup (car_service_row_get_text (row, 0));
  car_service_row_end (row);

  return value;
}

gboolean
car_service_store_set_setting (CarServiceStore *self, const char *name, const char *value, GError **error)
{
  return car_service_store_run (self, error,
                                "INSERT INTO setting (name, value) VALUES (?, ?)"
                                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                "ss", name, value);
}

char *
car_service_store_dup_model_mark (CarServiceStore *self, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *mark = car_service_store_get_setting (self, "extensions", &problem);

  if (mark == NULL && problem == NULL)
    mark = g_strdup ("");
  return car_service_rows_ended (&problem, error) ? mark : NULL;
}

CarCoreModel *
car_service_store_get_model (CarServiceStore *self, GError **error)
{
  CarServiceStorePrivate *private = get_private (self);
  g_autofree char *mark = car_service_store_dup_model_mark (self, error);

  if (mark == NULL)
    return NULL;
  if (private->model != NULL && strcmp (mark, private->mark) == 0)
    return private->model;

  CarCoreModel *model = car_service_extensions_make_model (self, NULL, error);
  if (model == NULL)
    return NULL;
  g_clear_object (&private->import_schema);
  g_clear_object (&private->model);
  private->model = model;
  g_free (private->mark);
  private->mark = g_steal_pointer (&mark);

  return private->model;
}

CarImportSchema *
car_service_store_get_import_schema (CarServiceStore *self, GError **error)
{
  CarServiceStorePrivate *private = get_private (self);
  CarCoreModel *model = car_service_store_get_model (self, error);

  if (model == NULL)
    return NULL;
  if (private->import_schema == NULL)
    {
      g_autofree char *schema = car_core_model_to_import_schema (model);
      private->import_schema = car_import_schema_new (schema, -1, error);
    }

  return private->import_schema;
}

gboolean
car_service_store_follow_model (CarServiceStore *self, GError **error)
{
  CarCoreModel *model = car_service_store_get_model (self, error);

  return model != NULL && CAR_SERVICE_STORE_GET_CLASS (self)->follow_model (self, model, error);
}

gboolean
car_service_store_note_extensions_changed (CarServiceStore *self, GError **error)
{
  g_autofree char *mark = g_uuid_string_random ();

  return car_service_store_set_setting (self, "extensions", mark, error) &&
         car_service_store_follow_model (self, error);
}

void
car_service_store_stop (CarServiceStore *self)
{
  g_atomic_int_set (&get_private (self)->stopped, TRUE);
}

gboolean
car_service_store_may_go_on (CarServiceStore *self, GError **error)
{
  if (!g_atomic_int_get (&get_private (self)->stopped))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 503, "The service is stopping");
  return FALSE;
}

void
car_service_store_note_trouble (CarServiceStore *self, const char *trouble)
{
  Shared *shared = get_private (self)->shared;

  g_mutex_lock (&shared->mutex);
  g_free (shared->trouble);
  shared->trouble = g_strdup (trouble);
  g_mutex_unlock (&shared->mutex);
}

char *
car_service_store_dup_trouble (CarServiceStore *self)
{
  Shared *shared = get_private (self)->shared;

  g_mutex_lock (&shared->mutex);
  char *trouble = g_strdup (shared->trouble);
  g_mutex_unlock (&shared->mutex);

  return trouble;
}

void
car_service_store_ask_for_upkeep (CarServiceStore *self)
{
  get_private (self)->wants_upkeep = TRUE;
}

gboolean
car_service_store_take_upkeep (CarServiceStore *self)
{
  gboolean wanted = get_private (self)->wants_upkeep;

  get_private (self)->wants_upkeep = FALSE;
  return wanted;
}

gboolean
car_service_store_put_page (CarServiceStore *self,
                            const CarServiceReport *report,
                            CarServicePage *page,
                            GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->put_page (self, report, page, error);
}

gboolean
car_service_store_begin_full_import (CarServiceStore *self, const char *source, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->begin_full_import (self, source, error);
}

gboolean
car_service_store_end_full_import (CarServiceStore *self, const char *source, gint64 now, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->end_full_import (self, source, now, error);
}

gboolean
car_service_store_delete_vertex (CarServiceStore *self,
                                 const char *source,
                                 const char *collection,
                                 const char *key,
                                 gint64 now,
                                 GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->delete_vertex (self, source, collection, key, now, error);
}

gboolean
car_service_store_put_tagging (CarServiceStore *self,
                               const CarServiceTagging *tagging,
                               gint64 now,
                               gint64 *id,
                               GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->put_tagging (self, tagging, now, id, error);
}

gboolean
car_service_store_clear (CarServiceStore *self, GError **error)
{
  car_service_store_ask_for_upkeep (self);

  return CAR_SERVICE_STORE_GET_CLASS (self)->clear (self, error);
}

gboolean
car_service_store_answer (CarServiceStore *self, const CarQueryPlan *plan, GString *out, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->answer (self, plan, out, error);
}

CarServiceRow *
car_service_store_find_vertices (CarServiceStore *self,
                                 const char *collection,
                                 const char *conditions,
                                 gint64 limit,
                                 GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->find_vertices (self, collection, conditions, limit, error);
}

CarServiceRow *
car_service_store_find_named (CarServiceStore *self,
                              const char *collection,
                              const char *source,
                              const char *key,
                              gboolean by_id,
                              gint64 limit,
                              GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->find_named (self, collection, source, key, by_id, limit, error);
}

CarServiceRow *
car_service_store_find_edges (CarServiceStore *self,
                              const char *collection,
                              const char *source,
                              const char *from,
                              const char *to,
                              gboolean closed,
                              GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->find_edges (self, collection, source, from, to, closed, error);
}

CarServiceRow *
car_service_store_list_related (CarServiceStore *self,
                                const char *collection,
                                const char *id,
                                gboolean out,
                                gint64 limit,
                                GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_related (self, collection, id, out, limit, error);
}

CarServiceRow *
car_service_store_search (CarServiceStore *self, const char *text, gint64 limit, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->search (self, text, limit, error);
}

CarServiceRow *
car_service_store_get_vertex (CarServiceStore *self,
                              const char *collection,
                              const char *id,
                              gint64 at,
                              GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->get_vertex (self, collection, id, at, error);
}

CarServiceRow *
car_service_store_list_versions (CarServiceStore *self,
                                 const char *collection,
                                 const char *id,
                                 gint64 limit,
                                 GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_versions (self, collection, id, limit, error);
}

CarServiceRow *
car_service_store_list_instances (CarServiceStore *self,
                                  const char *collection,
                                  const char *id,
                                  const char *connecting_id,
                                  gint64 at,
                                  gint64 limit,
                                  GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_instances (self, collection, id, connecting_id, at, limit,
                                                             error);
}

CarServiceRow *
car_service_store_list_kinds (CarServiceStore *self,
                              const char *collection,
                              const char *id,
                              gint64 at,
                              GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_kinds (self, collection, id, at, error);
}

CarServiceRow *
car_service_store_list_neighbours (CarServiceStore *self,
                                   const char *collection,
                                   const char *id,
                                   gint64 at,
                                   const char *edge,
                                   gboolean out,
                                   gint64 limit,
                                   gint64 offset,
                                   GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_neighbours (self, collection, id, at, edge, out, limit,
                                                              offset, error);
}

CarServiceRow *
car_service_store_list_changes (CarServiceStore *self,
                                const CarServiceSpan *span,
                                const CarServicePlace *place,
                                gint64 limit,
                                GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_changes (self, span, place, limit, error);
}

CarServiceRow *
car_service_store_count_changes (CarServiceStore *self, const CarServiceSpan *span, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->count_changes (self, span, error);
}

gboolean
car_service_store_forget (CarServiceStore *self, gint64 before, gint64 n, gint64 *forgotten, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->forget (self, before, n, forgotten, error);
}

gboolean
car_service_store_read_pages (CarServiceStore *self, CarServicePages *pages, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->read_pages (self, pages, error);
}

gboolean
car_service_store_give_back (CarServiceStore *self, gboolean *more, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->give_back (self, more, error);
}

CarServiceRow *
car_service_store_list_usage (CarServiceStore *self, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->list_usage (self, error);
}

gboolean
car_service_store_back_up (CarServiceStore *self, const char *path, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->back_up (self, path, error);
}

GPtrArray *
car_service_store_check (CarServiceStore *self, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->check (self, error);
}

CarServiceRow *
car_service_store_copy_out (CarServiceStore *self, CarServiceCopyKind kind, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->copy_out (self, kind, error);
}

gboolean
car_service_store_copy_in (CarServiceStore *self,
                           CarServiceCopyKind kind,
                           CarServiceRow *rows,
                           gint64 *n,
                           GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->copy_in (self, kind, rows, n, error);
}

gboolean
car_service_store_end_copy (CarServiceStore *self, GError **error)
{
  return CAR_SERVICE_STORE_GET_CLASS (self)->end_copy (self, error);
}
