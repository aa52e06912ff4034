/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>

#include <service/model/car-core-model-resources.h>
#include <service/model/car-model-private.h>

#define MAX_EXTENSION_LENGTH (1024 * 1024)

struct _CarCoreModel
{
  GObject parent_instance;

  GRWLock lock;
  CarModelState *state;
  GStringChunk *names;
};

G_DEFINE_FINAL_TYPE (CarCoreModel, car_core_model, G_TYPE_OBJECT)

static void
car_core_model_finalize (GObject *object)
{
  CarCoreModel *self = CAR_CORE_MODEL (object);

  g_clear_pointer (&self->state, car_model_state_free);
  g_string_chunk_free (self->names);
  g_rw_lock_clear (&self->lock);
  G_OBJECT_CLASS (car_core_model_parent_class)->finalize (object);
}

static void
car_core_model_class_init (CarCoreModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = car_core_model_finalize;
}

static void
car_core_model_init (CarCoreModel *self)
{
  g_rw_lock_init (&self->lock);
  self->names = g_string_chunk_new (1024);
  self->state = car_model_state_new (self->names);
}

CarCoreModel *
car_core_model_new (GError **error)
{
  g_autoptr (CarCoreModel) self = g_object_new (CAR_TYPE_CORE_MODEL, NULL);
  g_autoptr (GBytes) file = g_resource_lookup_data (car_core_model_get_resource (), "/libcar/core-model.json",
                                                    G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  if (file == NULL || !car_model_read (self->state, CAR_MODEL_CORE, g_bytes_get_data (file, NULL),
                                       g_bytes_get_size (file), error))
    return NULL;
  return g_steal_pointer (&self);
}

/* What no reading of the extension alone tells: whether its patterns compile, and whether it all fits
 * together. */
static gboolean
check_import_schema (CarModelState *state, GError **error)
{
  g_autofree char *json = car_model_state_to_import_schema (state);
  g_autoptr (CarImportSchema) schema = car_import_schema_new (json, -1, error);

  g_prefix_error (error, "the schema extension makes an import schema that does not compile: ");
  return schema != NULL;
}

static gboolean
add_extension (CarCoreModel *self, const char *json, gsize length, gboolean is_known, GError **error)
{
  g_autoptr (GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new (&self->lock);
  g_autoptr (CarModelState) state = car_model_state_copy (self->state);

  if (!car_model_read (state, CAR_MODEL_EXTENSION, json, length, error) ||
      (!is_known && !check_import_schema (state, error)))
    return FALSE;

  CarModelState *previous = self->state;
  self->state = g_steal_pointer (&state);
  state = previous;
  return TRUE;
}

gboolean
car_core_model_add_extension (CarCoreModel *self, const char *extension_json, gsize length, GError **error)
{
  g_return_val_if_fail (CAR_IS_CORE_MODEL (self), FALSE);
  g_return_val_if_fail (extension_json != NULL || length == 0, FALSE);

  if (length > MAX_EXTENSION_LENGTH)
    {
      g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                   "the schema extension is too long: %" G_GSIZE_FORMAT " bytes, at most %d are taken",
                   length, MAX_EXTENSION_LENGTH);
      return FALSE;
    }

  return add_extension (self, extension_json, length, FALSE, error);
}

gboolean
car_core_model_add_known_extension (CarCoreModel *self,
                                    const char *extension_json,
                                    gsize length,
                                    GError **error)
{
  g_return_val_if_fail (CAR_IS_CORE_MODEL (self), FALSE);
  g_return_val_if_fail (extension_json != NULL, FALSE);

  return add_extension (self, extension_json, length, TRUE, error);
}

char *
car_core_model_to_import_schema (CarCoreModel *self)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);

  return car_model_state_to_import_schema (self->state);
}

static char **
dup_names (GPtrArray *collections)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < collections->len; i++)
    g_strv_builder_add (names, ((const CarModelCollection *) collections->pdata[i])->name);
  return g_strv_builder_end (names);
}

char **
car_core_model_get_vertices (CarCoreModel *self)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);

  return dup_names (self->state->vertices);
}

char **
car_core_model_get_edges (CarCoreModel *self)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);

  return dup_names (self->state->edges);
}

/* The names of a collection's properties; empty for a collection that is not there. */
char **
car_core_model_get_properties (CarCoreModel *self, const char *collection)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const CarModelCollection *found = g_hash_table_lookup (self->state->by_name, collection);

  for (guint i = 0; found != NULL && i < found->properties->len; i++)
    g_strv_builder_add (names, ((const CarModelProperty *) found->properties->pdata[i])->name);
  return g_strv_builder_end (names);
}

gboolean
car_core_model_has_vertex (CarCoreModel *self, const char *name)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelCollection *found = g_hash_table_lookup (self->state->by_name, name);

  return found != NULL && found->from == NULL;
}

gboolean
car_core_model_has_edge (CarCoreModel *self, const char *name)
{
  return car_core_model_get_edge_ends (self, name, NULL, NULL);
}

gboolean
car_core_model_has_property (CarCoreModel *self, const char *collection, const char *property)
{
  CarPropertyType type;

  return car_core_model_get_property_type (self, collection, property, &type);
}

/* The lock is held. */
static const CarModelProperty *
find_property (CarCoreModel *self, const char *collection, const char *property)
{
  const CarModelCollection *found = g_hash_table_lookup (self->state->by_name, collection);

  return found != NULL ? g_hash_table_lookup (found->by_name, property) : NULL;
}

gboolean
car_core_model_get_property_type (CarCoreModel *self,
                                  const char *collection,
                                  const char *property,
                                  CarPropertyType *type)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelProperty *found = find_property (self, collection, property);

  if (found == NULL)
    return FALSE;
  *type = found->type;
  return TRUE;
}

gboolean
car_core_model_is_indexed (CarCoreModel *self, const char *collection, const char *property)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelProperty *found = find_property (self, collection, property);

  return found != NULL && (found->indexed || found->unique);
}

gboolean
car_core_model_is_unique (CarCoreModel *self, const char *collection, const char *property)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelProperty *found = find_property (self, collection, property);

  return found != NULL && found->unique;
}

char *
car_core_model_dup_default (CarCoreModel *self, const char *collection, const char *property)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelProperty *found = find_property (self, collection, property);

  return found != NULL ? g_strdup (found->fallback) : NULL;
}

const char *
car_core_model_get_column (CarCoreModel *self, const char *collection, const char *property)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelProperty *found = find_property (self, collection, property);

  return found != NULL ? found->column : NULL;
}

gboolean
car_core_model_is_outside_graph (CarCoreModel *self, const char *vertex)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelCollection *found = g_hash_table_lookup (self->state->by_name, vertex);

  return found != NULL && found->outside_graph;
}

gboolean
car_core_model_get_edge_ends (CarCoreModel *self, const char *edge, const char **from, const char **to)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);
  const CarModelCollection *found = g_hash_table_lookup (self->state->by_name, edge);

  if (found == NULL || found->from == NULL)
    return FALSE;
  if (from != NULL)
    *from = found->from;
  if (to != NULL)
    *to = found->to;
  return TRUE;
}

gboolean
car_core_model_is_named_by_key (CarCoreModel *self, const char *vertex)
{
  g_autoptr (GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new (&self->lock);

  return car_model_state_is_named_by_key (self->state, vertex);
}
