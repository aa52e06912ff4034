/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/schema/car-import-schema.h>
#include <libcar/staging/car-bundle-private.h>
#include <libcar/staging/car-record.h>

G_BEGIN_DECLS

/* The way of an object from the connector to the end of a page: it is checked, compared with those before, and counted. */
typedef struct _CarStage CarStage;

/* A rule that objects broke at one place: what is wrong with the first of them, and how many broke it. */
typedef struct
{
  char *place;      /* of the first one: a JSON Pointer into the object, "" for the whole */
  const char *rule; /* static: a keyword of JSON Schema, or a rule of the engine's or of CAR's own */
  char *message;
  guint64 count;
} CarViolation;

/* What became of the objects of one collection. */
typedef struct
{
  char *name;
  CarBundlePart part;
  guint64 read;
  guint64 invalid;
  guint64 duplicates;
  guint64 staged;
  guint64 sent;
  guint64 deleted; /* how many vertices the service was asked to delete */
  GPtrArray
      *violations; /* (element-type CarViolation), in the order in which they came; not all, where many */
} CarCollectionCounts;

/* Called once in some hundred objects: `what` is a short phrase ("reading vertices"). */
typedef void (*CarStageProgress) (const char *what, guint64 done, gpointer user_data);

CarStage *car_stage_new (CarBundle *bundle,
                         CarImportSchema *schema,
                         const char *source,
                         const char *report_key,
                         CarStageProgress on_progress,
                         gpointer user_data);
void car_stage_free (CarStage *self);

/* TRUE where the object was taken, or left out with a warning; FALSE, with an error set, where the run cannot go on. An
 * array's text holds objects, each as car_stage_add_json() takes one. */
gboolean car_stage_add_json (CarStage *self,
                             CarBundlePart part,
                             const char *name,
                             const char *json,
                             gsize length,
                             GError **error);
gboolean car_stage_add_array (CarStage *self,
                              CarBundlePart part,
                              const char *name,
                              const char *json,
                              gsize length,
                              GError **error);
gboolean car_stage_add_record (CarStage *self,
                               CarBundlePart part,
                               const char *name,
                               const CarRecord *record,
                               GError **error);
gboolean car_stage_add_object (CarStage *self,
                               CarBundlePart part,
                               const char *name,
                               JsonObject *object,
                               GError **error);

/* Until then the object that was added last is not in its page. */
gboolean car_stage_settle (CarStage *self, GError **error);

/* Of one collection; NULL, with an error set, where that cannot be the name of one. */
CarCollectionCounts *
car_stage_get_counts (CarStage *self, CarBundlePart part, const char *name, GError **error);

/* (element-type CarCollectionCounts): of all, in the order in which they came. */
const GPtrArray *car_stage_list_counts (CarStage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarStage, car_stage_free)

G_END_DECLS
