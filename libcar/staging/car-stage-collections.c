/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/staging/car-stage-inside-private.h>

#define MAX_COLLECTIONS 4096 /* their names come from outside, and what is kept for each is bounded */

static gboolean
check_name (const char *name, GError **error)
{
  if (car_text_is_name (name) && !g_str_equal (name, "source") && !g_str_equal (name, "report"))
    return TRUE;

  g_autofree char *shown = car_text_to_printable (name, -1);
  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "“%s” cannot be the name of a collection: it needs letters, digits and “_” (128 at most, no digit "
      "first), and “source” and “report” are taken",
      shown);
  return FALSE;
}

static CarJsonFixedMembers *
fix_edge_members (const CarStage *self, const CarCollectionSchema *schema)
{
  g_autofree char *members = g_strconcat ("{", self->edge_tail + strlen (","), NULL);

  return car_collection_schema_fix_members (schema, members);
}

/* The schema was fetched with the extension in place: it names all collections that the service keeps (protocol.md, "We
 * do": sent means held). */
static gboolean
is_unknown (CarStage *self, const char *name)
{
  if (!self->is_checking || car_import_schema_has_collection (self->schema, name))
    return FALSE;

  car_stage_warn (self,
                  _ ("The service has no collection “%s”, and would drop its objects: all of them are left "
                     "out; check the "
                     "name, or the schema extension"),
                  name);
  return TRUE;
}

static CarVertexNames *
get_names (CarStage *self, const char *collection)
{
  CarVertexNames *names = g_hash_table_lookup (self->names, collection);

  if (names == NULL)
    {
      names = car_vertex_names_new (self->keys, collection, self->source);
      g_hash_table_insert (self->names, g_strdup (collection), names);
    }
  return names;
}

static void
find_names (CarStage *self, CarStageCollection *collection)
{
  const CarEdgeEnds *ends = car_collection_schema_get_ends (collection->schema);

  if (!collection->is_edge)
    collection->names = get_names (self, collection->counts.name);
  for (CarEdgeEnd end = 0; collection->is_edge && ends->from != NULL && end < CAR_EDGE_N_ENDS; end++)
    collection->ends[end] = get_names (self, car_edge_ends_get_collection (ends, end));
}

CarStageCollection *
car_stage_make_collection (CarStage *self, CarBundlePart part, const char *name, GError **error)
{
  if (!check_name (name, error))
    return NULL;
  if (self->collections->len >= MAX_COLLECTIONS)
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                   "“%s” would be one collection too many: a run has %d at most", name, MAX_COLLECTIONS);
      return NULL;
    }

  g_autofree char *scope = g_strdup_printf ("%d %s", part, name);
  CarStageCollection *collection = g_new0 (CarStageCollection, 1);

  collection->counts.name = g_strdup (name);
  collection->counts.part = part;
  collection->counts.violations = g_ptr_array_new ();
  collection->slot = car_bundle_get_slot (self->bundle, part, name);
  collection->schema = car_import_schema_lookup (self->schema, name);
  collection->is_edge = part == CAR_BUNDLE_EDGES;
  collection->unknown = is_unknown (self, name);
  if (collection->is_edge)
    {
      collection->tail = self->edge_tail;
      collection->fixed = fix_edge_members (self, collection->schema);
    }
  /* Of an edge, the framework's members must be known to be right. */
  collection->in_place = !collection->unknown && (!collection->is_edge || collection->fixed != NULL);
  collection->scope = car_key_set_get_scope (self->keys, scope);
  find_names (self, collection);
  if (self->is_checking && !collection->unknown)
    collection->unknown_members =
        car_unknown_members_new (collection->schema, name, collection->is_edge, self->is_strict);
  g_ptr_array_add (self->collections, collection);
  g_hash_table_insert (self->parts[part].by_name, collection->counts.name, collection);
  return collection;
}

void
car_stage_collection_free (gpointer data)
{
  CarStageCollection *collection = data;

  g_ptr_array_unref (collection->counts.violations);
  g_free (collection->counts.name);
  if (collection->large != NULL)
    g_string_free (collection->large, TRUE);
  car_json_fixed_members_free (collection->fixed);
  car_unknown_members_free (collection->unknown_members);
  g_free (collection);
}
