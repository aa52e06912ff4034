/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/staging/car-stage-inside-private.h>
#include <libcar/staging/car-violation-private.h>

#define MAX_KINDS 256 /* they come from outside */

CarViolation *
car_stage_get_violation (CarStage *self, CarStageCollection *collection, const CarJsonViolation *found)
{
  g_autofree char *kind =
      g_strdup_printf ("%d %s %s", collection->counts.part, collection->counts.name, found->kind);
  CarViolation *violation = g_hash_table_lookup (self->kinds, kind);

  if (violation != NULL || g_hash_table_size (self->kinds) >= MAX_KINDS)
    return violation;

  violation = g_new0 (CarViolation, 1);
  violation->place = g_strdup (found->place);
  violation->rule = found->rule;
  violation->message = g_strdup (found->text);
  g_hash_table_insert (self->kinds, g_steal_pointer (&kind), violation);
  g_ptr_array_add (collection->counts.violations, violation);
  return violation;
}

CarViolation *
car_stage_count_left_out (CarStage *self,
                          CarStageCollection *collection,
                          const char *text,
                          gsize length,
                          const CarJsonViolation *found)
{
  CarViolation *violation = car_stage_get_violation (self, collection, found);

  car_left_out_file_add (self->left_out, collection->counts.name, found->text, text, length);
  collection->counts.invalid++;
  if (violation != NULL)
    violation->count++;
  return violation;
}

/* Edges may lead to it. */
static void
note_name_left_out (CarStageCollection *collection, const char *text, gsize length)
{
  CarJsonMembers members;
  CarJsonSpan vertex;

  if (!car_json_read_text (text, length, &vertex, NULL))
    return;

  car_object_rules_read_vertex (&vertex, &members);
  car_vertex_names_add_left_out (collection->names, &members);
}

void
car_stage_leave_out (CarStage *self,
                     CarStageCollection *collection,
                     const char *text,
                     gsize length,
                     const CarJsonViolation *found)
{
  const CarViolation *violation = car_stage_count_left_out (self, collection, text, length, found);

  if (self->is_full && !collection->is_edge)
    note_name_left_out (collection, text, length);
  if (violation == NULL || violation->count > CAR_STAGE_SHOWN_VIOLATIONS || collection->unknown)
    return;

  /* Translators: what is wrong with the object, in English: it names members and rules of the import schema. */
  car_stage_warn (self,
                  violation->count == CAR_STAGE_SHOWN_VIOLATIONS
                      ? _ ("An object is left out: %s (more like it are only counted)")
                      : _ ("An object is left out: %s"),
                  found->text);
}

/* That the collection is unknown was said when it came. */
void
car_stage_leave_out_unknown (CarStage *self, CarStageCollection *collection, const char *text, gsize length)
{
  g_auto (CarJsonViolation) violation = { NULL };

  car_json_violate (&violation, NULL, NULL, "unknown", "is of no collection that the service has");
  car_violation_name_object (&violation, collection->counts.name, NULL);
  car_stage_leave_out (self, collection, text, length, &violation);
}

void
car_stage_note_dropped (CarStage *self, CarBundlePart part, const CarImportWarning *warning)
{
  CarStageCollection *collection = warning->collection != NULL
                                       ? g_hash_table_lookup (self->parts[part].by_name, warning->collection)
                                       : NULL;
  g_autofree char *text = car_import_warning_describe (warning);

  /* Translators: %s is "The service left out 3 of asset: …". */
  car_stage_warn (self,
                  collection == NULL
                      ? _ ("%s (they still count as sent: the service names no collection that was sent)")
                      : "%s",
                  text);
  if (collection == NULL)
    return;

  g_autofree char *kind = g_strconcat ("dropped ", warning->reason, NULL);
  g_autofree char *message =
      g_strdup_printf ("%s: the service left it out: %s", collection->counts.name, warning->reason);
  const CarJsonViolation found = { .rule = "dropped", .place = (char *) "", .kind = kind, .text = message };
  CarViolation *violation = car_stage_get_violation (self, collection, &found);

  collection->counts.dropped += warning->count;
  if (violation != NULL)
    violation->count += warning->count;
}

void
car_stage_drop (CarStage *self,
                CarStageCollection *collection,
                const CarJsonSpan *object,
                const CarJsonViolation *found)
{
  CarViolation *violation = car_stage_get_violation (self, collection, found);

  car_left_out_file_add (self->left_out, collection->counts.name, found->text, object->text, object->length);
  collection->counts.dropped++;
  if (violation != NULL)
    violation->count++;
}

/* The edges are sent after it. */
static void
note_name_refused (CarStage *self, CarStageCollection *collection, const CarJsonSpan *vertex)
{
  CarJsonMembers members;

  self->has_refused = TRUE;
  car_object_rules_read_vertex (vertex, &members);
  car_vertex_names_add_refused (collection->names, &members);
}

void
car_stage_leave_out_large (CarStage *self, CarBundlePart part, const char *name, const CarJsonSpan *object)
{
  CarStageCollection *collection = g_hash_table_lookup (self->parts[part].by_name, name);
  g_return_if_fail (collection != NULL);

  if (collection->large == NULL)
    collection->large = g_string_new (NULL);
  g_autoptr (GString) shown = g_string_new (NULL);
  car_object_append_name (shown, object);
  g_string_append_printf (shown, " (%" G_GSIZE_FORMAT " bytes)", object->length);
  if (collection->n_large++ < CAR_STAGE_SHOWN_VIOLATIONS)
    g_string_append_printf (collection->large, "%s%s", collection->large->len > 0 ? "," : "", shown->str);

  g_autofree char *text =
      g_strdup_printf ("%s%s: the service finds it too large (HTTP 413)", name, shown->str);
  const CarJsonViolation found = {
    .rule = "too-large", .place = (char *) "", .kind = (char *) "too large", .text = text
  };

  car_stage_drop (self, collection, object, &found);
  if (self->is_full && part == CAR_BUNDLE_VERTICES && collection->names != NULL)
    note_name_refused (self, collection, object);
}

static void
tell_large (CarStage *self, CarStageCollection *collection)
{
  const guint n = collection->n_large;

  /* Translators: a number of objects, their collection, and a list of objects, which begins with a space. */
  if (n <= CAR_STAGE_SHOWN_VIOLATIONS)
    car_stage_warn (self,
                    ngettext ("The service finds %u of %s too large, also alone (HTTP 413): left out is%s",
                              "The service finds %u of %s too large, also alone (HTTP 413): left out are%s",
                              n),
                    n, collection->counts.name, collection->large->str);
  else
    car_stage_warn (
        self,
        ngettext ("The service finds %u of %s too large, also alone (HTTP 413): left out are%s, and %u more",
                  "The service finds %u of %s too large, also alone (HTTP 413): left out are%s, and %u more",
                  n - CAR_STAGE_SHOWN_VIOLATIONS),
        n, collection->counts.name, collection->large->str, n - CAR_STAGE_SHOWN_VIOLATIONS);
  collection->n_large = 0;
  g_string_truncate (collection->large, 0);
}

void
car_stage_tell_large (CarStage *self)
{
  for (guint i = 0; i < self->collections->len; i++)
    {
      CarStageCollection *collection = self->collections->pdata[i];

      if (collection->n_large > 0)
        tell_large (self, collection);
      car_stage_tell_led (self, collection, collection->n_led);
      memset (collection->n_led, 0, sizeof collection->n_led);
    }
}

void
car_stage_note_violation (CarStage *self,
                          CarCollectionCounts *counts,
                          const char *place,
                          const char *rule,
                          const char *message,
                          guint64 count)
{
  const CarJsonViolation found = { .rule = g_intern_string (rule),
                                   .place = (char *) place,
                                   .kind = (char *) message,
                                   .text = (char *) message };
  CarViolation *violation = car_stage_get_violation (self, (CarStageCollection *) counts, &found);

  if (violation != NULL)
    violation->count += count;
}
