/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/schema/car-edge-ends-private.h>
#include <libcar/schema/car-object-rules-private.h>

#include <string.h>

/* Rules of CAR's, beside those of JSON Schema. */
#define RULE_FROM "from"             /* an edge comes from a vertex */
#define RULE_TO "to"                 /* … and leads to one */
#define RULE_COLLECTION "collection" /* … each of the collection that the edge's name says */

typedef enum
{
  END_FINE,
  END_MISSING,
  END_ELSEWHERE, /* a vertex of another collection */
} End;

void
car_edge_ends_init (CarEdgeEnds *self, const char *edge, GHashTable *vertices)
{
  guint n_found = 0;

  *self = (CarEdgeEnds){ NULL };
  for (const char *at = strchr (edge, '_'); at != NULL; at = strchr (at + 1, '_'))
    {
      g_autofree char *from = g_strndup (edge, at - edge);
      if (!g_hash_table_contains (vertices, from))
        continue;
      const char *to = g_hash_table_lookup (vertices, at + 1);
      if (to == NULL)
        continue;
      g_free (self->from);
      *self = (CarEdgeEnds){ g_steal_pointer (&from), to, at - edge, strlen (to) };
      n_found++;
    }
  if (n_found > 1)
    car_edge_ends_clear (self);
}

void
car_edge_ends_clear (CarEdgeEnds *self)
{
  g_free (self->from);
  *self = (CarEdgeEnds){ NULL };
}

/* The text of a `_from` or `_to`. Where the edge's name tells the collection, what does not name one is a bare key: keys
 * may hold slashes (10.0.0.0/8). */
static End
read_end_text (const char *collection, GHashTable *vertices, const char *text, gsize length)
{
  const char *slash = memchr (text, '/', length);

  if (length == 0)
    return END_MISSING;
  if (slash == NULL)
    return collection != NULL ? END_FINE : END_MISSING;

  const gsize prefix = slash - text;
  if (collection == NULL)
    return prefix > 0 && prefix < length - 1 ? END_FINE : END_MISSING;
  if (strncmp (collection, text, prefix) == 0 && collection[prefix] == '\0')
    return prefix < length - 1 ? END_FINE : END_MISSING;

  g_autofree char *other = g_strndup (text, prefix);
  return g_hash_table_contains (vertices, other) ? END_ELSEWHERE : END_FINE;
}

/* Makes the key of COLLECTION/KEY. */
static inline gboolean
cut_collection (const char *collection, gsize collection_length, CarJsonSpan *path)
{
  if (collection == NULL || path->length <= collection_length + 1 || path->text[collection_length] != '/' ||
      memcmp (path->text, collection, collection_length) != 0)
    return FALSE;

  path->text += collection_length + 1;
  path->length -= collection_length + 1;
  return TRUE;
}

/* Mostly it is COLLECTION/KEY. */
static inline End
read_end (const char *collection, gsize collection_length, GHashTable *vertices, CarJsonSpan *value)
{
  if (value->type != CAR_JSON_STRING)
    return END_MISSING;
  if (G_LIKELY (!value->escaped && cut_collection (collection, collection_length, value)))
    return END_FINE;

  gsize length;
  g_autofree char *text = car_json_span_unescape (value, &length);
  return read_end_text (collection, vertices, text, length);
}

static inline gboolean
is_external_id (const CarJsonSpan *value)
{
  return value->type == CAR_JSON_STRING && value->length > 0;
}

static gboolean
refuse_end (End end,
            const char *rule,
            const char *name,
            const char *what,
            const char *collection,
            const CarJsonSpan *value,
            CarJsonViolation *violation)
{
  const CarJsonSpan member = { name, strlen (name), CAR_JSON_STRING, FALSE };
  const CarJsonPlace place = { NULL, &member };

  if (end == END_ELSEWHERE)
    return car_json_violate (violation, &place, value, RULE_COLLECTION,
                             "which is no “%s”, as the edge's name has it: write the key alone, or “%s/KEY”",
                             collection, collection);
  if (collection != NULL)
    return car_json_violate (violation, NULL, NULL, rule,
                             "names no vertex to %s (%s_external_id, or %s with a key or %s/KEY)", what, name,
                             name, collection);
  return car_json_violate (violation, NULL, NULL, rule,
                           "names no vertex to %s (%s_external_id, or %s with COLLECTION/KEY)", what, name,
                           name);
}

CarJsonSpan
car_edge_ends_unescape (const CarEdgeEnds *self, CarEdgeEnd end, const CarJsonSpan *path, char **unescaped)
{
  CarJsonSpan name = { .type = CAR_JSON_STRING };

  name.text = *unescaped = car_json_span_unescape (path, &name.length);
  if (end == CAR_EDGE_END_FROM)
    cut_collection (self->from, self->from_length, &name);
  else
    cut_collection (self->to, self->to_length, &name);
  return name;
}

gboolean
car_edge_ends_check (const CarEdgeEnds *self,
                     GHashTable *vertices,
                     CarJsonMembers *members,
                     CarJsonViolation *violation)
{
  CarJsonSpan *values = members->values;
  const End from = read_end (self->from, self->from_length, vertices, &values[CAR_EDGE_FROM]);
  const End to = read_end (self->to, self->to_length, vertices, &values[CAR_EDGE_TO]);

  if (G_UNLIKELY (from == END_ELSEWHERE ||
                  (from == END_MISSING && !is_external_id (&values[CAR_EDGE_FROM_EXTERNAL_ID]))))
    return refuse_end (from, RULE_FROM, "_from", "come from", self->from, &values[CAR_EDGE_FROM], violation);
  if (G_UNLIKELY (to == END_ELSEWHERE ||
                  (to == END_MISSING && !is_external_id (&values[CAR_EDGE_TO_EXTERNAL_ID]))))
    return refuse_end (to, RULE_TO, "_to", "lead to", self->to, &values[CAR_EDGE_TO], violation);
  return TRUE;
}
