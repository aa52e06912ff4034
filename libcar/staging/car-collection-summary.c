/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/staging/car-collection-summary-private.h>
#include <libcar/staging/car-violation-private.h>

/**
 * CarCollectionSummary:
 *
 * What became of the objects of one collection, at the moment when [method@DataHandler.list_summaries] was called.
 */
struct _CarCollectionSummary
{
  CarCollectionCounts counts; /* a copy */
};

G_DEFINE_BOXED_TYPE (CarCollectionSummary,
                     car_collection_summary,
                     car_collection_summary_ref,
                     car_collection_summary_unref)

static GPtrArray *
copy_violations (const GPtrArray *violations)
{
  GPtrArray *copy = g_ptr_array_new_full (violations->len, (GDestroyNotify) car_violation_free);

  for (guint i = 0; i < violations->len; i++)
    g_ptr_array_add (copy, car_violation_copy (violations->pdata[i]));
  return copy;
}

CarCollectionSummary *
car_collection_summary_new (const CarCollectionCounts *counts)
{
  CarCollectionSummary *self = g_atomic_rc_box_new0 (CarCollectionSummary);

  self->counts = *counts;
  self->counts.name = g_strdup (counts->name);
  self->counts.violations = copy_violations (counts->violations);
  return self;
}

static void
clear (gpointer data)
{
  CarCollectionSummary *self = data;

  g_free (self->counts.name);
  g_ptr_array_unref (self->counts.violations);
}

/**
 * car_collection_summary_ref:
 * @self: a summary
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 */
CarCollectionSummary *
car_collection_summary_ref (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

/**
 * car_collection_summary_unref:
 * @self: (transfer full) (nullable): a summary
 *
 * Gives a reference back.
 */
void
car_collection_summary_unref (CarCollectionSummary *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, clear);
}

/**
 * car_collection_summary_get_collection:
 * @self: a summary
 *
 * Gets the collection's name, such as `asset`.
 *
 * Returns: (transfer none): the name
 */
const char *
car_collection_summary_get_collection (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->counts.name;
}

/**
 * car_collection_summary_get_is_edges:
 * @self: a summary
 *
 * Gets whether the collection holds edges. In Python and JavaScript this is the attribute `is_edges`.
 *
 * Returns: %TRUE if it holds edges, %FALSE if it holds vertices
 */
gboolean
car_collection_summary_get_is_edges (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->counts.part == CAR_BUNDLE_EDGES;
}

/**
 * car_collection_summary_get_n_read:
 * @self: a summary
 *
 * Gets how many objects were added.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_read (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.read;
}

/**
 * car_collection_summary_get_n_left_out:
 * @self: a summary
 *
 * Gets how many of those were left out because they break a rule: of the import schema, or of the service, which would drop
 * them. An edge that leads to a vertex which was left out is one of them, in a full import. [method@CollectionSummary.list_violations] tells which rules.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_left_out (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.invalid;
}

/**
 * car_collection_summary_get_n_duplicates:
 * @self: a summary
 *
 * Gets how many of those were left out because they had been added before. A newer version of a vertex, sent after the first
 * one had been sent ([method@DataHandler.send_vertices]), counts here too: it is no vertex more.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_duplicates (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.duplicates;
}

/**
 * car_collection_summary_get_n_conflicts:
 * @self: a summary
 *
 * Gets how many of those were left out because an object with the same key and other contents had been added before: the first
 * is sent. They are not among the duplicates.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_conflicts (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.conflicts;
}

/**
 * car_collection_summary_get_n_dangling:
 * @self: a summary
 *
 * Gets how many edges lead to a vertex that this full import did not bring: see [property@DataHandler:full-import]. They are sent
 * all the same. Edges that lead to a vertex which was left out are not among them: they are left out, too.
 *
 * Returns: a number of edges
 */
guint64
car_collection_summary_get_n_dangling (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.dangling;
}

/**
 * car_collection_summary_get_n_sent:
 * @self: a summary
 *
 * Gets how many are in the CAR service. Without a client: how many [method@DataHandler.send_vertices] and
 * [method@DataHandler.send_edges] would have sent.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_sent (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.sent;
}

guint64
car_collection_summary_get_n_held (const CarCollectionSummary *self)
{
  const CarCollectionCounts *counts = &self->counts;

  if (counts->part == CAR_BUNDLE_VERTICES || counts->sent == 0)
    return counts->sent;
  return counts->holding - MIN (counts->dropped, counts->holding);
}

/**
 * car_collection_summary_get_n_deleted:
 * @self: a summary
 *
 * Gets how many vertices [method@DataHandler.delete_vertices] deleted.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_deleted (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.deleted;
}

/**
 * car_collection_summary_get_n_closed:
 * @self: a summary
 *
 * Gets how many objects the end of the full import closed: the service held them, and the run did not send them. It is 0
 * where the service could not be asked.
 *
 * Returns: a number of objects
 */
guint64
car_collection_summary_get_n_closed (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->counts.closed;
}

/**
 * car_collection_summary_list_violations:
 * @self: a summary
 *
 * Lists the rules that objects of the collection broke, in the order in which they first did. A run tells 256 rules apart at
 * most, so where very many were broken, some are missing.
 *
 * Returns: (transfer container) (element-type CarViolation): the violations
 */
GPtrArray *
car_collection_summary_list_violations (CarCollectionSummary *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_ptr_array_ref (self->counts.violations);
}
