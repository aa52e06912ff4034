/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-hash-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/staging/car-key-set-private.h>
#include <libcar/staging/car-stage-private.h>
#include <libcar/staging/car-unknown-members-private.h>
#include <libcar/staging/car-vertex-names-private.h>

G_BEGIN_DECLS

/* What the files of a stage share, and no other file includes: car-stage.c takes objects, car-stage-collections.c makes their
 * collections, car-stage-left-out.c counts what does not stay, and in car-stage-waiting.c edges wait for their vertices. */

/* Of each kind of violation so many are shown. */
#define CAR_STAGE_SHOWN_VIOLATIONS 3

/* An edge's digest says in its last bit whether the edge holds: one with `active: false` ends it. */
#define CAR_STAGE_HOLDS G_GUINT64_CONSTANT (1)

typedef struct
{
  CarCollectionCounts counts; /* first: it stands for the collection elsewhere */
  CarBundleSlot *slot;
  const CarCollectionSchema *schema;
  const char *tail;           /* (nullable) what stands in the place of an edge's closing brace */
  CarJsonFixedMembers *fixed; /* (nullable) the members in it, where they can be checked once */
  gboolean is_edge;
  gboolean unknown;                      /* to the service, which would drop what is sent */
  gboolean in_place;                     /* its objects can be checked where they stand */
  guint64 scope;                         /* of the keys of edges, and of vertices that have no name */
  CarVertexNames *names;                 /* of vertices: theirs */
  CarVertexNames *ends[CAR_EDGE_N_ENDS]; /* (nullable) of edges: those of the vertices at their ends */
  CarBundleSlot *waiting;                /* (nullable) of edges that wait */
  CarUnknownMembers *unknown_members;    /* (nullable) */
  guint64 n_led[CAR_EDGE_N_ENDS];        /* edges to such objects, at each end, and nobody was told of yet */
  guint n_large;  /* objects that the service finds too large, and nobody was told of yet */
  GString *large; /* (nullable) the first of them */
} CarStageCollection;

typedef struct
{
  GHashTable *by_name;
  CarStageCollection *last; /* objects of one collection mostly come in a row */
  guint64 n_read;
} CarStagePart;

/* An object that stands at the end of its collection's page until it is known whether it came before. The key set was
 * asked for its key, but what answers is main memory, and the next object is checked meanwhile. */
typedef struct
{
  CarStageCollection *collection; /* NULL: there is none */
  gsize begin;
  CarKey key;
  CarKey ends[CAR_EDGE_N_ENDS]; /* of an edge, where it is known of which collections they are */
} CarStagePending;

struct _CarStage
{
  CarBundle *bundle;
  CarImportSchema *schema;
  gboolean is_checking; /* the schema is the service's */
  gboolean is_strict;
  CarStageNews news;
  gboolean has_news;

  char *edge_members; /* that every edge gets, apart from `active` */
  char *edge_tail;    /* a comma, all of these, and the closing brace */
  gsize edge_tail_length;
  CarLeftOutFile *left_out; /* (nullable) */
  char *source;
  CarKeySet *keys;
  guint64 n_sends;   /* of vertices */
  GHashTable *names; /* collection → CarVertexNames */
  GString *scratch;
  CarStagePending pending;
  CarStagePart parts[CAR_BUNDLE_N_PARTS];
  GPtrArray *collections; /* of both parts, in the order in which they came */
  GHashTable *kinds;      /* kind → CarViolation */

  /* In a full import: edges whose vertices have not come yet wait there until all have. */
  gboolean is_full;
  gboolean has_refused; /* vertices that came, and that the service finds too large */
  char *directory;
  CarBundle *waiting; /* (nullable) */
};

/* Warns once the lock is given back. */
void car_stage_warn (CarStage *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
GPtrArray *car_stage_get_warnings (CarStage *self);

/* The text of the object that was added last, which stands in its collection's page. */
CarJsonSpan car_stage_get_pending_text (const CarStage *self, const CarStageCollection *collection);

CarStageCollection *
car_stage_make_collection (CarStage *self, CarBundlePart part, const char *name, GError **error);
void car_stage_collection_free (gpointer data);

/* Violations of one rule at one place are told of once, with their number. NULL where there are so many kinds that no
 * more are told apart. */
CarViolation *
car_stage_get_violation (CarStage *self, CarStageCollection *collection, const CarJsonViolation *found);

/* Counts it, without a word: NULL where too many kinds are told apart. */
CarViolation *car_stage_count_left_out (CarStage *self,
                                        CarStageCollection *collection,
                                        const char *text,
                                        gsize length,
                                        const CarJsonViolation *found);

/* The same of an object that was staged, and is not sent. */
void car_stage_drop (CarStage *self,
                     CarStageCollection *collection,
                     const CarJsonSpan *object,
                     const CarJsonViolation *found);
void car_stage_leave_out (CarStage *self,
                          CarStageCollection *collection,
                          const char *text,
                          gsize length,
                          const CarJsonViolation *found);
void
car_stage_leave_out_unknown (CarStage *self, CarStageCollection *collection, const char *text, gsize length);

/* In one warning for each end of the collection's edges: so many lead to what this run left out. */
void car_stage_tell_led (CarStage *self, const CarStageCollection *collection, const guint64 *n_led);

/* The edge that was added last leaves its page, and waits until all vertices have come. */
gboolean car_stage_put_off (CarStage *self, CarStageCollection *collection, GError **error);

static inline CarKey
car_stage_prepare_end (const CarStage *self,
                       const CarStageCollection *collection,
                       CarEdgeEnd end,
                       const CarJsonMembers *members)
{
  g_autofree char *unescaped = NULL;
  const CarJsonSpan name =
      car_edge_ends_get_name (car_collection_schema_get_ends (collection->schema), end, members, &unescaped);

  return G_LIKELY (collection->ends[end] != NULL)
             ? car_vertex_names_prepare_end (collection->ends[end], &name)
             : car_key_set_prepare (self->keys, collection->scope, name.text, name.length);
}

/* An edge is known by its ends and its external_id, if it has one: to a service, edges that differ in other members are
 * one. */
static inline CarKey
car_stage_prepare_edge (CarStage *self,
                        const CarStageCollection *collection,
                        const CarJsonMembers *members,
                        CarKey *ends)
{
  const CarJsonSpan *external_id = &members->values[CAR_EDGE_EXTERNAL_ID];

  ends[CAR_EDGE_END_FROM] = car_stage_prepare_end (self, collection, CAR_EDGE_END_FROM, members);
  ends[CAR_EDGE_END_TO] = car_stage_prepare_end (self, collection, CAR_EDGE_END_TO, members);

  CarKey key =
      car_key_set_join (self->keys, collection->scope, ends[CAR_EDGE_END_FROM], ends[CAR_EDGE_END_TO]);
  if (G_UNLIKELY (external_id->type == CAR_JSON_STRING && external_id->length > 0))
    {
      const CarJsonHash hash = car_json_hash_string (external_id);
      key = car_key_set_join (self->keys, collection->scope, key, (CarKey){ hash.high, hash.low, 0 });
    }
  key.digest =
      (members->digest & ~CAR_STAGE_HOLDS) | (members->values[CAR_EDGE_ACTIVE].type != CAR_JSON_FALSE);
  return key;
}

G_END_DECLS
