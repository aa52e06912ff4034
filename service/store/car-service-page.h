/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include <libcar/car.h>
#include <libcar/json/car-json-scanner-private.h>

#include "service/model/car-core-model.h"
#include "service/store/car-service-properties.h"

G_BEGIN_DECLS

/* A page of an import, read from its envelope (protocol.md, "The envelope") and ready to be written: no database is needed to make
 * one, so one page can be read while the one before is written. */

/* What all objects of one page are written with. */
typedef struct
{
  const char *source;
  gint64 now;
  gint64 reported_at;
  gboolean
      is_full; /* of a full import: all that it brings is noted, and what it has not brought yet is about to be closed */
} CarServiceReport;

/* `body` points into the envelope, or into the page. */
typedef struct
{
  guint index; /* in its collection, as the envelope has it */
  const char *key;
  CarJsonSpan body;
  char **tag; /* names; NULL: none */
  char **untag;
} CarServiceVertex;

/* An edge is the same one when its collection, source, ends and external_id ("" where it has none) are. One that is not active is
 * closed. */
typedef struct
{
  guint index;
  const char *from_key;
  const char *to_key;
  const char *external_id;
  gboolean active;
  CarJsonSpan body;
} CarServiceEdge;

/* The objects of one collection. */
typedef struct
{
  const char *collection;
  CarServiceProperties *properties;
  const char *from; /* of edges: the collections of their ends; of vertices NULL */
  const char *to;
  GArray *objects; /* CarServiceVertex or CarServiceEdge */
} CarServicePart;

/* Bytes of a tag's name, as an index of PostgreSQL's takes them. */
#define CAR_SERVICE_MAX_TAG 2000

/* A tag on a vertex, which may be of different sources. */
typedef struct
{
  const char *collection; /* of the vertex */
  const char *source;
  const char *vertex_source;
  const char *vertex_key;
  const char *tag_source;
  const char *tag_name;
  const char *external_id; /* or NULL */
  const char *properties;  /* JSON, or NULL */
  gint64 reported_at;
} CarServiceTagging;

typedef struct _CarServicePage CarServicePage;
struct _CarServicePage
{
  GBytes *envelope;
  CarCoreModel *model;
  GStringChunk *texts;
  GPtrArray *bodies; /* GString: those that were rewritten */
  GPtrArray *lists;  /* of names */
  GPtrArray *parts;  /* CarServicePart: all of vertices before all of edges */
  GPtrArray *left_out;

  char *source;
  char *report; /* or NULL */
  gint64 reported_at;
  char *name; /* of the source, as what follows; NULL where the envelope does not say it */
  char *description;
  char *product_link;
  CarJsonSpan properties; /* text NULL: none */
  CarJsonSpan record;     /* the whole */
};

/* Looks at the envelope's frame only, as the answer to its sender must not wait for more. `report` may be NULL; *report becomes
 * NULL where the envelope names none. CAR_SERVICE_ERROR 400. */
gboolean car_service_page_check (GBytes *envelope, char **source, char **report, GError **error);

/* Reads all of it. An object that cannot be kept is left out, and noted. CAR_SERVICE_ERROR 400 or 422 where the envelope breaks
 * the import schema. */
CarServicePage *
car_service_page_read (GBytes *envelope, CarCoreModel *model, CarImportSchema *schema, GError **error);

/* A page of one part without objects, for what is no import. What is added is borrowed, but for a vertex's key. */
CarServicePage *car_service_page_new (CarCoreModel *model, const char *source, const char *collection);
void car_service_page_add_vertex (CarServicePage *self, const char *key, const CarJsonSpan *body);
void car_service_page_add_edge (CarServicePage *self, const CarServiceEdge *edge);

void car_service_page_free (CarServicePage *self);

/* Notes that the object of this index of the part is not kept, and why; the reason holds nothing of the data. */
void car_service_page_note_left_out (CarServicePage *self,
                                     const CarServicePart *part,
                                     guint index,
                                     const char *reason);

/* Why the first was left out; NULL where none was. Borrowed. */
const char *car_service_page_get_reason (const CarServicePage *self);

/* [{"collection", "index", "count", "message"}, …]: what was left out, which the log gets too. NULL: nothing was. */
char *car_service_page_write_warnings (const CarServicePage *self);

/* Whether a body that is held has the same value. Values are compared, and not their spelling: a connector that writes members in
 * another order, or 1.0 for 1, changes nothing. */
gboolean car_service_body_is_alike (const char *held, gsize length, const CarJsonSpan *body);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServicePage, car_service_page_free)

G_END_DECLS
