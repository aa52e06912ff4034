/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-node-private.h>
#include <libcar/schema/car-member-names-private.h>

/* No one writes longer names by hand; to compare two takes the product of their lengths. */
#define MAX_LENGTH 64

struct _CarMemberNames
{
  GPtrArray *names;
  GPtrArray *nodes; /* whose patterns of names count, too */
};

/* What stands in an envelope whether the schema lists it or not. */
static const char *const of_vertices[] = { "external_id", "_key",   "tag",       "untag",
                                           "source",      "report", "timestamp", NULL };
static const char *const of_edges[] = {
  "_from",  "_to",    "_from_external_id", "_to_external_id", "external_id",
  "source", "report", "timestamp",         "active",          "tag",
  "untag",  NULL
};

/* FALSE where other members are right as well. */
static gboolean
collect (CarMemberNames *self, const CarJsonNode *node)
{
  g_autoptr (GPtrArray) branches = car_json_node_list_branches (node);

  if (g_ptr_array_find (self->nodes, node, NULL))
    return TRUE;
  if (node->additional_properties != NULL && !node->additional_properties->refuses)
    return FALSE;

  g_ptr_array_add (self->nodes, (gpointer) node);
  for (guint i = 0; node->properties != NULL && i < node->properties->len; i++)
    g_ptr_array_add (self->names, car_json_names_get (&node->names, i)->text);
  for (guint i = 0; i < branches->len; i++)
    if (!collect (self, branches->pdata[i]))
      return FALSE;
  return TRUE;
}

CarMemberNames *
car_member_names_new (const CarJsonNode *schema, gboolean is_edge)
{
  g_autoptr (CarMemberNames) self = g_new0 (CarMemberNames, 1);

  self->names = g_ptr_array_new ();
  self->nodes = g_ptr_array_new ();
  if (!collect (self, schema) || self->names->len == 0)
    return NULL;

  for (const char *const *name = is_edge ? of_edges : of_vertices; *name != NULL; name++)
    g_ptr_array_add (self->names, (gpointer) *name);
  return g_steal_pointer (&self);
}

void
car_member_names_free (CarMemberNames *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->nodes);
  g_free (self);
}

static gboolean
matches_pattern (const CarJsonNode *node, const char *name)
{
  for (guint i = 0; node->pattern_properties != NULL && i < node->pattern_properties->len; i++)
    if (car_json_pattern_match (g_array_index (node->pattern_properties, CarJsonPatternProperty, i).pattern,
                                name, strlen (name)) == CAR_JSON_PATTERN_MATCHES)
      return TRUE;
  return FALSE;
}

gboolean
car_member_names_contains (const CarMemberNames *self, const char *name)
{
  if (g_ptr_array_find_with_equal_func (self->names, name, g_str_equal, NULL))
    return TRUE;

  for (guint i = 0; i < self->nodes->len; i++)
    if (matches_pattern (self->nodes->pdata[i], name))
      return TRUE;
  return FALSE;
}

static gboolean
is_same (char a, char b)
{
  return g_ascii_tolower (a) == g_ascii_tolower (b);
}

/* How many letters must be added, left out, changed, or swapped with the next one, to make one name of the other; letters
 * differ by case alone in nothing. */
static guint
count_edits (const char *a, const char *b)
{
  const gsize n_a = strlen (a), n_b = strlen (b);
  guint rows[3][MAX_LENGTH + 1]; /* the last three of the usual matrix */

  for (gsize j = 0; j <= n_b; j++)
    rows[0][j] = j;
  for (gsize i = 1; i <= n_a; i++)
    {
      const guint *before = rows[(i - 1) % 3], *earlier = rows[(i + 1) % 3];
      guint *row = rows[i % 3];

      row[0] = i;
      for (gsize j = 1; j <= n_b; j++)
        {
          row[j] = MIN (MIN (before[j], row[j - 1]) + 1, before[j - 1] + !is_same (a[i - 1], b[j - 1]));
          if (i > 1 && j > 1 && is_same (a[i - 1], b[j - 2]) && is_same (a[i - 2], b[j - 1]))
            row[j] = MIN (row[j], earlier[j - 2] + 1);
        }
    }
  return rows[n_a % 3][n_b];
}

/* A third of the letters may differ. */
const char *
car_member_names_find_nearest (const CarMemberNames *self, const char *name)
{
  const char *nearest = NULL;
  guint fewest = strlen (name) / 3 + 1;

  for (guint i = 0; strlen (name) <= MAX_LENGTH && i < self->names->len; i++)
    if (strlen (self->names->pdata[i]) <= MAX_LENGTH)
      {
        const guint n_edits = count_edits (name, self->names->pdata[i]);

        if (n_edits < fewest)
          {
            nearest = self->names->pdata[i];
            fewest = n_edits;
          }
      }
  return nearest;
}
