/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/staging/car-stage-inside-private.h>

/* The pages of edges that wait are read back and never sent: nobody looks at their source and report. */
static gboolean
open_waiting (CarStage *self, GError **error)
{
  self->waiting = car_bundle_new (self->directory, 0, FALSE, error);
  if (self->waiting == NULL)
    return FALSE;

  car_bundle_set_envelope (self->waiting, "{}", "{}");
  return TRUE;
}

gboolean
car_stage_put_off (CarStage *self, CarStageCollection *collection, GError **error)
{
  const CarJsonSpan edge = car_stage_get_pending_text (self, collection);

  if (self->waiting == NULL && !open_waiting (self, error))
    return FALSE;
  if (collection->waiting == NULL)
    collection->waiting = car_bundle_get_slot (self->waiting, CAR_BUNDLE_EDGES, collection->counts.name);

  const gsize begin = car_bundle_begin (collection->waiting);
  g_string_append_len (collection->waiting->text, edge.text, (gssize) edge.length);
  car_bundle_roll_back (collection->slot, self->pending.begin);
  return car_bundle_commit (self->waiting, collection->waiting, begin, error);
}

/* What became of the edges of a collection that waited, by their ends. */
typedef struct
{
  CarStage *stage;
  CarStageCollection *collection;
  guint64 n_left_out[CAR_EDGE_N_ENDS];
  guint64 n_absent[CAR_EDGE_N_ENDS];
  char *absent[CAR_EDGE_N_ENDS]; /* (nullable) the name of one that is */
  GError *error;
} Judgement;

static const char *
get_end_collection (const CarStageCollection *collection, CarEdgeEnd end)
{
  return car_edge_ends_get_collection (car_collection_schema_get_ends (collection->schema), end);
}

/* What is wrong with an edge to what was left out. */
static void
describe_end (const CarStageCollection *collection, CarEdgeEnd end, CarJsonViolation *found)
{
  const char *other = get_end_collection (collection, end);

  found->rule = "end";
  found->place = g_strdup ("");
  found->kind = g_strconcat ("end ", other, NULL);
  found->text = g_strdup_printf ("%s: it leads to an object of %s that this run left out",
                                 collection->counts.name, other);
}

static void
leave_out_edge (CarStage *self,
                CarStageCollection *collection,
                const CarJsonSpan *edge,
                const CarJsonMembers *members,
                CarEdgeEnd end)
{
  g_auto (CarJsonViolation) found = { NULL };
  CarKey ends[CAR_EDGE_N_ENDS];
  guint64 *digest = car_key_set_find (self->keys, car_stage_prepare_edge (self, collection, members, ends));

  describe_end (collection, end, &found);
  car_stage_count_left_out (self, collection, edge->text, edge->length, &found);
  if (digest == NULL)
    return;

  /* All that have its key go the same way: none of them holds. */
  collection->counts.held -= *digest & CAR_STAGE_HOLDS;
  *digest &= ~CAR_STAGE_HOLDS;
}

static gboolean
stage_waiting (CarStage *self, CarStageCollection *collection, const CarJsonSpan *edge, GError **error)
{
  const gsize begin = car_bundle_begin (collection->slot);

  g_string_append_len (collection->slot->text, edge->text, (gssize) edge->length);
  collection->counts.staged++;
  return car_bundle_commit (self->bundle, collection->slot, begin, error);
}

/* What became of the vertex at an end; *name (nullable) (transfer full): what it is called, where it is absent. */
static CarVertexFate
get_end_fate (const CarStageCollection *collection,
              CarEdgeEnd end,
              const CarJsonMembers *members,
              char **name)
{
  const CarEdgeEnds *ends = car_collection_schema_get_ends (collection->schema);
  g_autofree char *unescaped = NULL;
  const CarJsonSpan span = car_edge_ends_get_name (ends, end, members, &unescaped);
  const CarVertexFate fate = car_vertex_names_get_fate (collection->ends[end], &span);

  if (name != NULL && *name == NULL && fate == CAR_VERTEX_ABSENT)
    *name = car_text_to_printable (span.text, (gssize) span.length);
  return fate;
}

/* Where it leads to: the end that was left out, or CAR_EDGE_N_ENDS; ends that are absent are counted. */
static CarEdgeEnd
find_left_out (Judgement *judgement, const CarJsonMembers *members)
{
  CarEdgeEnd left_out = CAR_EDGE_N_ENDS;
  gboolean is_dangling = FALSE;

  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS && left_out == CAR_EDGE_N_ENDS; end++)
    {
      const CarVertexFate fate = get_end_fate (judgement->collection, end, members, &judgement->absent[end]);

      if (fate == CAR_VERTEX_LEFT_OUT)
        left_out = end;
      judgement->n_absent[end] += fate == CAR_VERTEX_ABSENT;
      is_dangling = is_dangling || fate == CAR_VERTEX_ABSENT;
    }
  judgement->collection->counts.dangling += is_dangling && left_out == CAR_EDGE_N_ENDS;
  return left_out;
}

/* It was valid when it came. */
static void
read_edge (const CarStageCollection *collection, const CarJsonSpan *edge, CarJsonMembers *members)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, edge->text, edge->length);
  car_collection_schema_scan (collection->schema, TRUE, NULL, &scanner, members, &violation);
}

static gboolean
judge_edge (const CarJsonSpan *edge, gpointer user_data)
{
  Judgement *judgement = user_data;
  CarJsonMembers members;

  read_edge (judgement->collection, edge, &members);
  const CarEdgeEnd left_out = find_left_out (judgement, &members);
  if (left_out == CAR_EDGE_N_ENDS)
    return stage_waiting (judgement->stage, judgement->collection, edge, &judgement->error);

  judgement->n_left_out[left_out]++;
  leave_out_edge (judgement->stage, judgement->collection, edge, &members, left_out);
  return TRUE;
}

void
car_stage_tell_led (CarStage *self, const CarStageCollection *collection, const guint64 *n_led)
{
  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS; end++)
    if (n_led[end] > 0)
      car_stage_warn (self,
                      ngettext ("%" PRIu64
                                " edge of %s leads to an object of %s that this run left out: it is "
                                "not sent",
                                "%" PRIu64 " edges of %s lead to objects of %s that this run left out: they "
                                "are not sent",
                                n_led[end]),
                      n_led[end], collection->counts.name, get_end_collection (collection, end));
}

static void
tell_judgement (const Judgement *judgement)
{
  const char *name = judgement->collection->counts.name;

  car_stage_tell_led (judgement->stage, judgement->collection, judgement->n_left_out);
  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS; end++)
    if (judgement->n_absent[end] > 0)
      car_stage_warn (judgement->stage,
                      ngettext ("%" PRIu64
                                " edge of %s leads to an object of %s that this run did not bring, "
                                "“%s”: it stays only if another source has that",
                                "%" PRIu64 " edges of %s lead to objects of %s that this run did not bring, "
                                "such as “%s”: they stay only if another source has these",
                                judgement->n_absent[end]),
                      judgement->n_absent[end], name, get_end_collection (judgement->collection, end),
                      judgement->absent[end]);
}

static gboolean
judge_collection (CarStage *self, CarBundle *waiting, CarStageCollection *collection, GError **error)
{
  Judgement judgement = { self, collection };
  const gboolean judged = car_bundle_foreach_object (waiting, CAR_BUNDLE_EDGES, collection->counts.name,
                                                     judge_edge, &judgement, error);

  collection->waiting = NULL;
  tell_judgement (&judgement);
  for (CarEdgeEnd end = 0; end < CAR_EDGE_N_ENDS; end++)
    g_free (judgement.absent[end]);
  if (judgement.error == NULL)
    return judged;

  g_propagate_error (error, judgement.error);
  return FALSE;
}

gboolean
car_stage_judge_edges (CarStage *self, GError **error)
{
  if (!car_stage_settle (self, error))
    return FALSE;

  g_autoptr (CarBundle) waiting = g_steal_pointer (&self->waiting);
  for (guint i = 0; waiting != NULL && i < self->collections->len; i++)
    {
      CarStageCollection *collection = self->collections->pdata[i];

      if (collection->waiting != NULL && !judge_collection (self, waiting, collection, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
car_stage_has_refused (const CarStage *self)
{
  return self->has_refused;
}

gboolean
car_stage_keeps_edge (CarStage *self, const char *name, const CarJsonSpan *edge)
{
  CarStageCollection *collection = g_hash_table_lookup (self->parts[CAR_BUNDLE_EDGES].by_name, name);
  g_auto (CarJsonViolation) found = { NULL };
  CarEdgeEnd end = 0;
  CarJsonMembers members;

  if (collection == NULL || collection->ends[CAR_EDGE_END_FROM] == NULL)
    return TRUE;
  read_edge (collection, edge, &members);
  while (end < CAR_EDGE_N_ENDS && get_end_fate (collection, end, &members, NULL) != CAR_VERTEX_LEFT_OUT)
    end++;
  if (end == CAR_EDGE_N_ENDS)
    return TRUE;

  describe_end (collection, end, &found);
  collection->n_led[end]++;
  car_stage_drop (self, collection, edge, &found);
  return FALSE;
}
