/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/client/car-import-warnings-private.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/staging/car-bundle-private.h>
#include <libcar/staging/car-left-out-file-private.h>
#include <libcar/staging/car-record.h>
#include <libcar/staging/car-violation.h>

G_BEGIN_DECLS

/* The way of an object from the connector to the end of a page: it is checked, compared with those before, and counted. */
typedef struct _CarStage CarStage;

/* What became of the objects of one collection. */
typedef struct
{
  char *name;
  CarBundlePart part;
  guint64 read;
  guint64 invalid;
  guint64 duplicates;
  guint64 conflicts; /* with the key of another one, and other contents */
  guint64 dangling;  /* edges that lead to vertices which a full import did not bring */
  guint64 staged;
  guint64 sending; /* of the staged ones, those that the last send has taken */
  guint64
      newer; /* vertices staged with the key of one that was sent, and other contents: they are none more */
  guint64 sending_newer;
  guint64 dropped; /* of these, what the service left out */
  guint64 sent;
  guint64
      held; /* of edges: how many of those that were added a service holds in the end. Those that differ in no end and not
                      in their external_id are one, and one with `active: false` is none. */
  guint64 holding; /* so many of them when the last send began */
  guint64 deleted; /* how many vertices the service was asked to delete */
  guint64 closed;  /* how many the end of a full import closed */
  GPtrArray
      *violations; /* (element-type CarViolation), in the order in which they came; not all, where many */
} CarCollectionCounts;

/* Whoever calls any of these holds the bundle's lock. `schema` (nullable): without one, no more is checked than that objects
 * are JSON and edges have their ends. */
CarStage *
car_stage_new (CarBundle *bundle, CarImportSchema *schema, const char *source, const char *report_key);
void car_stage_free (CarStage *self);

/* Takes the file that keeps what is left out, in the place of none. */
void car_stage_set_left_out_file (CarStage *self, CarLeftOutFile *file);

/* From now on, members that the import schema does not have break a rule. */
void car_stage_set_strict (CarStage *self);

/* From now on it is a full import: an edge waits until the vertices at its ends have come, in a file in `directory`. */
void car_stage_set_full (CarStage *self, const char *directory);

/* All vertices have come: edges that waited are staged, or left out where a vertex was left out, and told of. */
gboolean car_stage_judge_edges (CarStage *self, GError **error);

/* Visits the objects of a collection that are not sent yet, the waiting ones last. */
gboolean car_stage_foreach_object (CarStage *self,
                                   const CarCollectionCounts *counts,
                                   CarPageVisit visit,
                                   gpointer user_data,
                                   GError **error);

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

/* What is to be told when the lock is no longer held: whoever is told may add objects. */
typedef struct
{
  GPtrArray *warnings; /* (nullable) (element-type utf8) */
  CarBundlePart part;  /* where it is time to tell how far it is, */
  guint64 n_read;      /* … that so many objects of this part were read; 0: it is not */
} CarStageNews;

gboolean car_stage_has_news (const CarStage *self);
CarStageNews car_stage_take_news (CarStage *self);

/* Until then the object that was added last is not in its page. */
gboolean car_stage_settle (CarStage *self, GError **error);

/* The vertices that are staged so far are being sent: from here on, one with the key of one of them and other contents is a
 * newer version of it, which is sent too. */
void car_stage_begin_anew (CarStage *self);

/* Counts what the service left out, and tells of it. */
void car_stage_note_dropped (CarStage *self, CarBundlePart part, const CarImportWarning *warning);

/* Leaves out what was staged and the service finds too large, and tells of all that came since the last time, in one warning a
 * collection. */
void
car_stage_leave_out_large (CarStage *self, CarBundlePart part, const char *name, const CarJsonSpan *object);
void car_stage_tell_large (CarStage *self);

/* In a full import, an edge to a vertex that the service finds too large leads nowhere. Whether there can be such edges; and
 * whether this one is none, or else is left out and told of with what is too large. */
gboolean car_stage_has_refused (const CarStage *self);
gboolean car_stage_keeps_edge (CarStage *self, const char *name, const CarJsonSpan *edge);

/* Takes over a violation that another process counted in a collection. */
void car_stage_note_violation (CarStage *self,
                               CarCollectionCounts *counts,
                               const char *place,
                               const char *rule,
                               const char *message,
                               guint64 count);

/* Of one collection; NULL, with an error set, where that cannot be the name of one. */
CarCollectionCounts *
car_stage_get_counts (CarStage *self, CarBundlePart part, const char *name, GError **error);

/* (element-type CarCollectionCounts): of all, in the order in which they came. */
const GPtrArray *car_stage_list_counts (CarStage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarStage, car_stage_free)

G_END_DECLS
