/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>
#include <libcar/schema/car-import-schema.h>

G_BEGIN_DECLS

/* An object as a connector gives it, and as a service answers it, in one form, so that both can be compared: what names it, and
 * the members that both can have. What the service adds of its own, and what is the run's, is none of it. */
typedef struct
{
  const char *collection;
  const char *source;
  const char *from; /* of edges: the collections at their ends; of vertices NULL */
  const char *to;
  GPtrArray *members; /* names, as a connector calls them; without those that no query has */
  gboolean is_known;  /* the service has the collection */
} CarctlShape;

/* `answer` is the schema's JSON, which `schema` was made of. All of it, and the names, live longer than the shape. FALSE: it is a
 * collection of edges, and nobody can say by what names a query asks for their ends. */
gboolean carctl_shape_init (CarctlShape *self,
                            const char *collection,
                            const char *source,
                            CarImportSchema *schema,
                            const CarJsonSpan *answer);
void carctl_shape_clear (CarctlShape *self);

/* The fields to ask for: first those that name the object. */
char **carctl_shape_list_fields (const CarctlShape *self);

/* What names an object that a connector gave; NULL: it is an edge that is closed, so that no service holds it. */
char *carctl_shape_name_given (const CarctlShape *self, const CarJsonSpan *object);

/* What names an object that the service answered. */
char *carctl_shape_name_held (const CarctlShape *self, const CarJsonSpan *object);

/* The object in the common form, as JSON. */
char *carctl_shape_make_given (const CarctlShape *self, const CarJsonSpan *object);

/* `given` (nullable) is the same object from a connector: a time that is a number there is one here. */
char *carctl_shape_make_held (const CarctlShape *self, const CarJsonSpan *object, const CarJsonSpan *given);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarctlShape, carctl_shape_clear)

G_END_DECLS
