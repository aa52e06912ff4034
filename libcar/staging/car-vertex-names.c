/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include <libcar/schema/car-object-rules-private.h>
#include <libcar/staging/car-vertex-names-private.h>

/* An ipaddress without a region is in this one (protocol.md, "Queries"): both names are one. */
#define NO_REGION "0"

struct _CarVertexNames
{
  CarKeySet *keys;
  char *source;
  guint64 came;
  guint64 others; /* second names of those that came */
  guint64 left_out;
  guint64 refused; /* of those that came, what the service does not take */
  gboolean has_others;
  gboolean has_refused;
  gboolean has_regions;
  guint first;  /* the member that names a vertex, by its number in what a scan finds, */
  guint second; /* … the one that does where that is missing, */
  guint third;  /* … and where both are */
};

static guint64
get_scope (CarKeySet *keys, const char *what, const char *collection)
{
  g_autofree char *name = g_strconcat (what, " ", collection, NULL);

  return car_key_set_get_scope (keys, name);
}

CarVertexNames *
car_vertex_names_new (CarKeySet *keys, const char *collection, const char *source)
{
  const gboolean by_key = car_collection_is_named_by_key (collection);
  CarVertexNames *self = g_new0 (CarVertexNames, 1);

  self->keys = keys;
  self->source = g_strdup (source);
  self->came = get_scope (keys, "came", collection);
  self->others = get_scope (keys, "others", collection);
  self->left_out = get_scope (keys, "left out", collection);
  self->refused = get_scope (keys, "refused", collection);
  self->has_regions = g_str_equal (collection, "ipaddress");
  self->first = by_key ? CAR_VERTEX_KEY : CAR_VERTEX_EXTERNAL_ID;
  self->second = by_key ? CAR_VERTEX_EXTERNAL_ID : CAR_VERTEX_KEY;
  self->third = g_str_equal (collection, "hostname") ? CAR_VERTEX_HOST_NAME : self->second;
  return self;
}

void
car_vertex_names_free (CarVertexNames *self)
{
  g_free (self->source);
  g_free (self);
}

/* REGION/ADDRESS, or the address alone where the region is the one that all are in. */
static char *
make_address (const char *text, const CarJsonSpan *region)
{
  const char *slash = strrchr (text, '/');

  if (g_str_has_prefix (text, NO_REGION "/"))
    return g_strdup (text + strlen (NO_REGION "/"));
  if (region == NULL || region->type != CAR_JSON_STRING || car_json_span_equals (region, NO_REGION) ||
      (slash != NULL && g_hostname_is_ip_address (slash + 1)))
    return g_strdup (text);

  g_autofree char *name = car_json_span_unescape (region, NULL);
  return g_strconcat (name, "/", text, NULL);
}

static CarKey
prepare_unusual (const CarVertexNames *self,
                 guint64 scope,
                 const CarJsonSpan *name,
                 const CarJsonSpan *region)
{
  gsize length;
  g_autofree char *text = car_json_span_unescape (name, &length);

  if (!self->has_regions || strlen (text) < length)
    return car_key_set_prepare (self->keys, scope, text, length);

  g_autofree char *address = make_address (text, region);
  return car_key_set_prepare (self->keys, scope, address, strlen (address));
}

/* `region` (nullable) is a vertex's. */
static inline CarKey
prepare (const CarVertexNames *self, guint64 scope, const CarJsonSpan *name, const CarJsonSpan *region)
{
  if (G_UNLIKELY (name->escaped ||
                  (self->has_regions && ((region != NULL && region->type == CAR_JSON_STRING) ||
                                         memchr (name->text, '/', name->length) != NULL))))
    return prepare_unusual (self, scope, name, region);
  return car_key_set_prepare (self->keys, scope, name->text, name->length);
}

static inline const CarJsonSpan *
get_name (const CarVertexNames *self, const CarJsonMembers *vertex)
{
  const CarJsonSpan *name = &vertex->values[self->first];

  if (G_LIKELY (name->type == CAR_JSON_STRING))
    return name;
  name = &vertex->values[self->second];
  if (name->type != CAR_JSON_STRING)
    name = &vertex->values[self->third];
  return name->type == CAR_JSON_STRING ? name : NULL;
}

gboolean
car_vertex_names_prepare (const CarVertexNames *self, const CarJsonMembers *vertex, CarKey *key)
{
  const CarJsonSpan *name = get_name (self, vertex);

  if (G_UNLIKELY (name == NULL))
    return FALSE;

  *key = prepare (self, self->came, name, &vertex->values[CAR_VERTEX_REGION]);
  return TRUE;
}

CarKey
car_vertex_names_prepare_end (const CarVertexNames *self, const CarJsonSpan *name)
{
  return prepare (self, self->came, name, NULL);
}

static void
add (CarVertexNames *self, guint64 scope, const CarJsonSpan *name, const CarJsonMembers *vertex)
{
  car_key_set_add (self->keys, prepare (self, scope, name, &vertex->values[CAR_VERTEX_REGION]));
}

/* Mostly a vertex has one name, or one twice. */
void
car_vertex_names_add_other (CarVertexNames *self, const CarJsonMembers *vertex)
{
  const CarJsonSpan *name = &vertex->values[self->first];
  const CarJsonSpan *other = &vertex->values[self->second];

  if (G_LIKELY (name->type != CAR_JSON_STRING || other->type != CAR_JSON_STRING ||
                (name->length == other->length && memcmp (name->text, other->text, name->length) == 0)))
    return;

  self->has_others = TRUE;
  add (self, self->others, other, vertex);
}

static void
add_all (CarVertexNames *self, guint64 scope, const CarJsonMembers *vertex)
{
  const CarJsonSpan *name = get_name (self, vertex);
  const CarJsonSpan *other = &vertex->values[self->second];

  if (name != NULL)
    add (self, scope, name, vertex);
  if (name != other && other->type == CAR_JSON_STRING)
    add (self, scope, other, vertex);
}

void
car_vertex_names_add_left_out (CarVertexNames *self, const CarJsonMembers *vertex)
{
  add_all (self, self->left_out, vertex);
}

void
car_vertex_names_add_refused (CarVertexNames *self, const CarJsonMembers *vertex)
{
  self->has_refused = TRUE;
  add_all (self, self->refused, vertex);
}

static gboolean
has (const CarVertexNames *self, guint64 scope, const CarJsonSpan *name)
{
  return car_key_set_find (self->keys, prepare (self, scope, name, NULL)) != NULL;
}

static CarVertexFate
look_up (const CarVertexNames *self, const CarJsonSpan *name)
{
  if (G_UNLIKELY (self->has_refused) && has (self, self->refused, name))
    return CAR_VERTEX_LEFT_OUT;
  if (has (self, self->came, name) || (self->has_others && has (self, self->others, name)))
    return CAR_VERTEX_CAME;
  return has (self, self->left_out, name) ? CAR_VERTEX_LEFT_OUT : CAR_VERTEX_ABSENT;
}

/* A name may be an id: SOURCE/NAME. It may also hold a slash itself, so nobody can tell whether it is of another source. */
CarVertexFate
car_vertex_names_get_fate (const CarVertexNames *self, const CarJsonSpan *name)
{
  const CarVertexFate fate = look_up (self, name);
  gsize length;
  g_autofree char *text = NULL;

  if (fate != CAR_VERTEX_ABSENT)
    return fate;

  text = car_json_span_unescape (name, &length);
  if (memchr (text, '/', length) == NULL)
    return CAR_VERTEX_ABSENT;

  const gsize prefix = strlen (self->source) + 1;
  if (length <= prefix || !g_str_has_prefix (text, self->source) || text[prefix - 1] != '/')
    return CAR_VERTEX_OF_OTHERS;

  const CarJsonSpan rest = { text + prefix, length - prefix, CAR_JSON_STRING, FALSE };
  return look_up (self, &rest);
}
