/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* A property as it was read; never changed afterwards, and shared between the states of a model. */
typedef struct
{
  char *name;
  const char *column; /* what queries call it, kept by the model; NULL: they do not see it */
  CarPropertyType type;
  char *assertions;  /* members of its JSON Schema that decide; "" where there are none */
  char *annotations; /* members that only tell; "" where there are none. The flags below are not among them */
  char *fallback;    /* JSON: the value of an object that comes without one; NULL */
  gboolean required;
  gboolean indexed;
  gboolean unique;
} CarModelProperty;

typedef struct
{
  char *name;
  char *from; /* NULL: not an edge */
  char *to;
  gboolean named_by_key;
  gboolean outside_graph;  /* no history, no instances */
  gboolean to_named_by_id; /* though the vertex there is named by its key */
  GPtrArray *properties;   /* CarModelProperty */
  GHashTable *by_name;     /* the same */
  GPtrArray *rules;        /* of a whole object, as JSON Schema: `"oneOf":[…]` */
  guint n_alternatives;    /* in the rules */
} CarModelCollection;

/* Everything that a model knows at one time. An extension is read into a copy, which takes its place when
 * all was well. */
typedef struct
{
  GPtrArray *envelope; /* CarModelCollection: report and source */
  GPtrArray *vertices;
  GPtrArray *edges;
  GHashTable *by_name; /* vertices and edges */
  GHashTable *shared;  /* name of a group -> GPtrArray of CarModelProperty */
  GStringChunk *names; /* keeps the names that were handed out; of the model */
} CarModelState;

CarModelState *car_model_state_new (GStringChunk *names);
CarModelState *car_model_state_copy (CarModelState *self);
void car_model_state_free (CarModelState *self);

CarModelCollection *
car_model_state_add (CarModelState *self, const char *name, const char *from, const char *to);
CarModelCollection *car_model_state_add_to_envelope (CarModelState *self, const char *name);
void car_model_collection_add (CarModelCollection *self, CarModelProperty *property);
void car_model_collection_replace (CarModelCollection *self, CarModelProperty *property);
gboolean car_model_state_is_named_by_key (CarModelState *self, const char *vertex);

char *car_model_state_to_import_schema (CarModelState *self);

typedef enum
{
  CAR_MODEL_CORE,
  CAR_MODEL_EXTENSION,
} CarModelKind;

/* Reads the model file, or an extension, into a state; after an error the state is of no use. */
gboolean
car_model_read (CarModelState *state, CarModelKind kind, const char *json, gsize length, GError **error);

/* To be made another in one point, before it is shared. */
CarModelProperty *car_model_property_copy (const CarModelProperty *self);
void car_model_property_free (CarModelProperty *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarModelProperty, car_model_property_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarModelState, car_model_state_free)

G_END_DECLS
