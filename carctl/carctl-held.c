/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-listing.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/run/car-closing-private.h>
#include <libcar/schema/car-import-schema-private.h>

#include "carctl/carctl-collection.h"
#include "carctl/carctl-held.h"
#include "carctl/carctl-objects.h"
#include "carctl/carctl-shape.h"
#include "carctl/carctl.h"

#define PAGE_SIZE 2000

char **
carctl_held_list_sources (CarClient *client, GError **error)
{
  g_autofree char *answer =
      carctl_ask_service (client, "{ source(order_by: {id: asc}) { id } }", NULL, error);
  g_autoptr (GStrvBuilder) sources = g_strv_builder_new ();
  CarJsonSpan data;

  if (answer == NULL || !car_json_read_text (answer, strlen (answer), &data, error))
    return NULL;

  const CarJsonSpan list = car_json_span_get_member (&data, "source");
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      g_autofree char *id = car_json_span_dup_member (&g_array_index (items, CarJsonSpan, i), "id");

      if (id != NULL)
        g_strv_builder_add (sources, id);
    }
  return g_strv_builder_end (sources);
}

gboolean
carctl_held_check_source (CarClient *client, const char *source, GError **error)
{
  g_auto (GStrv) sources = carctl_held_list_sources (client, error);

  if (sources == NULL || g_strv_contains ((const char *const *) sources, source))
    return sources != NULL;
  if (sources[0] == NULL)
    return car_failure_refuse (error, _ ("the service has no source “%s”: it has none yet"), source);

  g_autofree char *all = g_strjoinv (", ", sources);
  g_autofree char *shown = car_text_to_printable (all, -1);
  return car_failure_refuse (error, _ ("the service has no source “%s”: it has %s"), source, shown);
}

gboolean
carctl_held_check_collection (CarClient *client, const char *collection, GError **error)
{
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);

  if (schema == NULL || car_import_schema_has_vertices (schema, collection))
    return schema != NULL;

  g_auto (GStrv) collections = car_import_schema_get_collections (schema);
  g_autoptr (GString) all = g_string_new (NULL);
  for (guint i = 0; collections[i] != NULL; i++)
    if (car_import_schema_has_vertices (schema, collections[i]))
      g_string_append_printf (all, "%s%s", all->len > 0 ? ", " : "", collections[i]);
  g_autofree char *shown = car_text_to_printable (all->str, -1);
  return car_failure_refuse (error, _ ("“%s” is no collection of objects: there are %s"), collection, shown);
}

/* What an import would close that brought nothing: that is all there is, and its measure counts it in the published way. */
static GHashTable *
count (CarClient *client, CarImportSchema *schema, const char *source, GError **error)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (CarDataHandler) nothing = car_data_handler_new (client, schema, source, NULL, 0, error);
  g_autoptr (CarClosing) all =
      nothing == NULL ? NULL : car_closing_measure (client, schema, nothing, TRUE, NULL, error);

  if (all == NULL)
    {
      g_hash_table_unref (counts);
      return NULL;
    }
  if (car_closing_get_refusal (all) != NULL)
    g_printerr (_ ("The service does not tell of all that it holds: %s.\n"), car_closing_get_refusal (all));

  car_closing_count (all, nothing);
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (nothing);
  for (guint i = 0; i < summaries->len; i++)
    {
      const guint64 n = car_collection_summary_get_n_closed (summaries->pdata[i]);

      if (n > 0)
        g_hash_table_insert (counts, g_strdup (car_collection_summary_get_collection (summaries->pdata[i])),
                             g_memdup2 (&n, sizeof n));
    }
  return counts;
}

GHashTable *
carctl_held_count (CarClient *client, const char *source, GError **error)
{
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);

  return schema == NULL ? NULL : count (client, schema, source, error);
}

/* A collection of the folder, and what the service says of it. */
typedef struct
{
  CarctlShape shape;
  CarctlCollection given;
  GHashTable *by_name; /* (element-type CarctlEntry), by the hash of its name */
  gboolean is_plan;
  CarctlChanges *changes;
} Comparison;

static void
comparison_clear (Comparison *self)
{
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  carctl_collection_clear (&self->given);
  carctl_shape_clear (&self->shape);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Comparison, comparison_clear)

static gboolean
hash_given (const CarJsonSpan *object, CarJsonHash *name, gconstpointer shape)
{
  g_autofree char *text = carctl_shape_name_given (shape, object);

  if (text == NULL)
    return FALSE;
  *name = car_json_hash_text (text, strlen (text));
  return TRUE;
}

static guint
hash_of_name (gconstpointer entry)
{
  return (guint) ((const CarctlEntry *) entry)->name.low;
}

static gboolean
has_same_name (gconstpointer a, gconstpointer b)
{
  return car_json_hash_equal (((const CarctlEntry *) a)->name, ((const CarctlEntry *) b)->name);
}

/* Of several with one name the service keeps the last. The others have it as their partner, and are not told of. */
static void
index_given (Comparison *self)
{
  self->by_name = g_hash_table_new (hash_of_name, has_same_name);
  for (guint i = 0; i < self->given.entries->len; i++)
    {
      CarctlEntry *entry = &g_array_index (self->given.entries, CarctlEntry, i);
      CarctlEntry *earlier = g_hash_table_lookup (self->by_name, entry);

      if (earlier != NULL)
        earlier->partner = entry;
      g_hash_table_replace (self->by_name, entry, entry);
    }
}

/* `given` or `held` may be NULL; both are in the common form. */
static gboolean
tell (Comparison *self, const char *name, const char *given, const char *held, GError **error)
{
  const CarJsonSpan mine = { given, given == NULL ? 0 : strlen (given), CAR_JSON_OBJECT, FALSE };
  const CarJsonSpan theirs = { held, held == NULL ? 0 : strlen (held), CAR_JSON_OBJECT, FALSE };
  const CarJsonSpan *first = self->is_plan ? &theirs : &mine;
  const CarJsonSpan *second = self->is_plan ? &mine : &theirs;

  return carctl_changes_add (self->changes, self->shape.collection, name, first->text == NULL ? NULL : first,
                             second->text == NULL ? NULL : second, error);
}

static gboolean
compare_held (Comparison *self, const CarJsonSpan *object, GError **error)
{
  g_autofree char *name = carctl_shape_name_held (&self->shape, object);
  const CarctlEntry wanted = { .name = car_json_hash_text (name, strlen (name)) };
  CarctlEntry *entry = g_hash_table_lookup (self->by_name, &wanted);
  CarJsonSpan given;

  if (entry == NULL)
    {
      g_autofree char *held = carctl_shape_make_held (&self->shape, object, NULL);

      return tell (self, name, NULL, held, error);
    }
  if (entry->partner != NULL)
    return TRUE; /* it comes twice, where the service changes while it is read */
  entry->partner = entry;

  g_autofree char *line = carctl_collection_read (&self->given, entry, &given, error);
  if (line == NULL)
    return FALSE;
  g_autofree char *mine = carctl_shape_make_given (&self->shape, &given);
  g_autofree char *held = carctl_shape_make_held (&self->shape, object, &given);
  return tell (self, name, mine, held, error);
}

static gboolean
compare_page (Comparison *self, const char *page, GError **error)
{
  CarJsonScanner scanner;
  CarJsonSpan object;

  car_json_scanner_init (&scanner, page, strlen (page));
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, &object))
    if (!compare_held (self, &object, error))
      return FALSE;
  return TRUE;
}

static gboolean
compare_all_held (Comparison *self, CarClient *client, GError **error)
{
  g_auto (GStrv) fields = carctl_shape_list_fields (&self->shape);
  g_autoptr (GString) where = g_string_new ("{\"source\":{\"_eq\":");
  g_autoptr (GError) problem = NULL;

  car_json_append_string (where, self->shape.source, -1);
  g_string_append (where, "}}");
  g_autoptr (CarListing) listing =
      car_listing_new (client, self->shape.collection, (const char *const *) fields, where->str);
  car_listing_set_page_size (listing, PAGE_SIZE);

  while (problem == NULL)
    {
      g_autofree char *page = car_listing_next_json (listing, NULL, &problem);

      if (page == NULL)
        break;
      compare_page (self, page, &problem);
    }
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
tell_given_alone (Comparison *self, GError **error)
{
  for (guint i = 0; i < self->given.entries->len; i++)
    {
      const CarctlEntry *entry = &g_array_index (self->given.entries, CarctlEntry, i);
      CarJsonSpan object;

      if (entry->partner != NULL)
        continue;

      g_autofree char *line = carctl_collection_read (&self->given, entry, &object, error);
      g_autofree char *name = line == NULL ? NULL : carctl_shape_name_given (&self->shape, &object);
      g_autofree char *mine = name == NULL ? NULL : carctl_shape_make_given (&self->shape, &object);
      if (mine == NULL || !tell (self, name, mine, NULL, error))
        return FALSE;
    }
  return TRUE;
}

/* The import schema of the service: what collections there are, and what they have. */
typedef struct
{
  GBytes *answer;
  CarJsonSpan text;
  CarImportSchema *schema;
} Model;

static void
model_clear (Model *self)
{
  g_clear_pointer (&self->answer, g_bytes_unref);
  g_clear_object (&self->schema);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Model, model_clear)

static gboolean
read_model (Model *self, CarClient *client, GError **error)
{
  static const char *const path[] = { "importSchema", NULL };
  static const char *const query[] = { "version", "v2", NULL };
  CarJsonSpan value;
  gsize length;

  self->answer = car_client_call (client, CAR_API_VERSION_V3, "GET", path, query, NULL, 0, NULL, NULL, error);
  if (self->answer == NULL)
    return FALSE;

  const char *text = g_bytes_get_data (self->answer, &length);
  if (!car_json_read_text (text, length, &value, error))
    return FALSE;
  self->text = car_json_span_get_member (&value, "schema");
  self->schema = car_import_schema_new (self->text.text, (gssize) self->text.length, error);
  return self->schema != NULL;
}

static gboolean
compare_collection (CarClient *client,
                    const char *source,
                    const char *folder,
                    const char *collection,
                    const Model *model,
                    gboolean is_plan,
                    CarctlChanges *changes,
                    GError **error)
{
  g_auto (Comparison) self = { .is_plan = is_plan, .changes = changes };

  if (!carctl_shape_init (&self.shape, collection, source, model->schema, &model->text))
    {
      g_printerr (_ ("%s is not compared: no query can be written that asks for the ends of its edges.\n"),
                  collection);
      return TRUE;
    }
  if (!carctl_collection_open (&self.given, folder, collection, hash_given, &self.shape, error))
    return FALSE;

  index_given (&self);
  return (!self.shape.is_known || compare_all_held (&self, client, error)) &&
         tell_given_alone (&self, error) && carctl_changes_print (changes, error);
}

/* Those of the folder, and those of which the service has something. */
static GHashTable *
list_collections (CarClient *client,
                  const char *source,
                  const char *folder,
                  const Model *model,
                  GError **error)
{
  g_autoptr (GHashTable) all = carctl_objects_list (folder, error);
  g_autoptr (GHashTable) held = all == NULL ? NULL : count (client, model->schema, source, error);
  GHashTableIter iter;
  gpointer name;

  if (held == NULL)
    return NULL;

  g_hash_table_iter_init (&iter, held);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (all, g_strdup (name));
  return g_steal_pointer (&all);
}

gboolean
carctl_held_compare (CarClient *client,
                     const char *source,
                     const char *folder,
                     gboolean is_plan,
                     CarctlChanges *changes,
                     GError **error)
{
  g_auto (Model) model = { 0 };

  if (!read_model (&model, client, error))
    return FALSE;

  g_autoptr (GHashTable) all = list_collections (client, source, folder, &model, error);
  if (all == NULL)
    return FALSE;

  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (all), (GCompareFunc) strcmp);
  for (GList *name = names; name != NULL; name = name->next)
    if (!compare_collection (client, source, folder, name->data, &model, is_plan, changes, error))
      return FALSE;
  return TRUE;
}
