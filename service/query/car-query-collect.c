/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* Which fields a set of selections asks for: fragments and directives are followed, fields of one response name merged
 * (GraphQL's specification of October 2021, 6.3.2 and 5.3.2). */

typedef struct
{
  CarQueryContext *context;
  const char *type;
  GPtrArray *asked;   /* CarQueryAsked */
  GHashTable *places; /* alias -> CarQueryAsked */
  GHashTable *spread; /* names of fragments that were followed already */
} Collection;

static void
asked_free (gpointer data)
{
  CarQueryAsked *self = data;

  g_ptr_array_unref (self->sets);
  g_free (self);
}

/* Whether a selection is in: @include and @skip. */
static gboolean
check_directives (CarQueryContext *self,
                  const CarQueryPath *path,
                  const CarGraphqlSelection *selection,
                  gboolean *in)
{
  *in = TRUE;
  for (const CarGraphqlValue *directive = selection->directives; directive != NULL;
       directive = directive->next)
    {
      gboolean include = g_str_equal (directive->name, "include");
      const CarGraphqlValue *value = car_graphql_value_find (directive->items, "if");

      if (!include && !g_str_equal (directive->name, "skip"))
        return car_query_fail (self, path, "there is no directive “@%s”", directive->name);
      if (!car_query_resolve (self, path, "Boolean", &value))
        return FALSE;
      if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN || directive->items->next != NULL)
        return car_query_fail (self, path, "“@%s” takes (if: true) or (if: false)", directive->name);
      if (g_str_equal (value->text, "true") != include)
        *in = FALSE;
    }
  return TRUE;
}

static gboolean
values_equal (const CarGraphqlValue *a, const CarGraphqlValue *b)
{
  return a->type == b->type && g_strcmp0 (a->name, b->name) == 0 && a->length == b->length &&
         (a->text == b->text || a->type == CAR_GRAPHQL_LIST || a->type == CAR_GRAPHQL_OBJECT ||
          memcmp (a->text, b->text, a->length) == 0) &&
         (a->type != CAR_GRAPHQL_VARIABLE || g_str_equal (a->text, b->text));
}

/* Lists by their order, arguments and objects by their names. */
static gboolean
lists_equal (const CarGraphqlValue *a, const CarGraphqlValue *b, gboolean by_name)
{
  guint n_a = 0, n_b = 0;

  for (const CarGraphqlValue *value = b; value != NULL; value = value->next)
    n_b++;
  for (const CarGraphqlValue *at = b; a != NULL; a = a->next, n_a++)
    {
      const CarGraphqlValue *other = by_name ? car_graphql_value_find (b, a->name) : at;

      if (other == NULL || !values_equal (a, other) ||
          !lists_equal (a->items, other->items, a->type == CAR_GRAPHQL_OBJECT))
        return FALSE;
      at = at != NULL ? at->next : NULL;
    }
  return n_a == n_b;
}

static gboolean
add_field (Collection *self, const CarQueryPath *path, const CarGraphqlSelection *selection)
{
  CarQueryAsked *asked = g_hash_table_lookup (self->places, selection->alias);

  if (asked == NULL)
    {
      asked = g_new0 (CarQueryAsked, 1);
      asked->selection = selection;
      asked->sets = g_ptr_array_new ();
      g_ptr_array_add (self->asked, asked);
      g_hash_table_insert (self->places, (gpointer) selection->alias, asked);
    }
  else if (!g_str_equal (asked->selection->name, selection->name) ||
           !lists_equal (asked->selection->arguments, selection->arguments, TRUE))
    return car_query_fail (self->context, path, "“%s” stands for two different things: give one an alias",
                           selection->alias);
  if (selection->children != NULL)
    g_ptr_array_add (asked->sets, selection->children);
  return TRUE;
}

static gboolean
collect (Collection *self, const CarQueryPath *path, const CarGraphqlSelection *selections, guint depth);

static gboolean
collect_fragment (Collection *self,
                  const CarQueryPath *path,
                  const CarGraphqlSelection *selection,
                  guint depth)
{
  const char *on = selection->name;
  const CarGraphqlSelection *children = selection->children;

  if (selection->kind == CAR_GRAPHQL_SPREAD)
    {
      const CarGraphqlFragment *fragment = self->context->document->fragments;

      while (fragment != NULL && !g_str_equal (fragment->name, selection->name))
        fragment = fragment->next;
      if (fragment == NULL)
        return car_query_fail (self->context, path, "there is no fragment “%s”", selection->name);
      on = fragment->on;
      children = fragment->selections;
      if (!g_hash_table_add (self->spread, (gpointer) fragment->name))
        return TRUE;
    }
  if (on != NULL && !g_str_equal (on, self->type))
    return car_query_fail (self->context, path, "a fragment on “%s” does not fit “%s”", on, self->type);
  return collect (self, path, children, depth + 1);
}

static gboolean
collect (Collection *self, const CarQueryPath *path, const CarGraphqlSelection *selections, guint depth)
{
  const CarQueryPath set = { path, "selectionSet" };

  if (depth > CAR_GRAPHQL_MAX_DEPTH)
    return car_query_fail (self->context, path, "fragments are nested too deep, or in each other");
  for (const CarGraphqlSelection *s = selections; s != NULL; s = s->next)
    {
      const CarQueryPath here = { &set, s->alias };
      const CarQueryPath *place = s->kind == CAR_GRAPHQL_FIELD ? &here : path;
      gboolean in;

      if (++self->context->n_fields > self->context->max_fields)
        return car_query_fail (self->context, place, "the query asks for more than %u fields",
                               self->context->max_fields);
      if (!check_directives (self->context, place, s, &in))
        return FALSE;
      if (in && !(s->kind == CAR_GRAPHQL_FIELD ? add_field (self, place, s)
                                               : collect_fragment (self, place, s, depth)))
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
car_query_collect (CarQueryContext *context, const CarQueryPath *path, const char *type, GPtrArray *sets)
{
  g_autoptr (GPtrArray) asked = g_ptr_array_new_with_free_func (asked_free);
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) spread = g_hash_table_new (g_str_hash, g_str_equal);
  Collection self = { context, type, asked, places, spread };

  for (guint i = 0; i < sets->len; i++)
    if (!collect (&self, path, sets->pdata[i], 0))
      return NULL;
  return g_steal_pointer (&asked);
}

gboolean
car_query_check_arguments (CarQueryContext *self,
                           const CarQueryPath *path,
                           const CarGraphqlSelection *selection,
                           const char *const *known)
{
  for (const CarGraphqlValue *argument = selection->arguments; argument != NULL; argument = argument->next)
    if (known == NULL || !g_strv_contains (known, argument->name))
      {
        g_autofree char *list = known != NULL ? g_strjoinv (", ", (char **) known) : NULL;

        return car_query_fail (self, path, "“%s” has no argument “%s”%s%s", selection->name, argument->name,
                               list != NULL ? "; there are " : "", list != NULL ? list : "");
      }
  return TRUE;
}

/* Objects need fields behind them, values have none. */
gboolean
car_query_check_fields (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        gboolean wanted)
{
  if (wanted && asked->sets->len == 0)
    return car_query_fail (self, path, "“%s” needs fields in braces behind it", asked->selection->name);
  if (!wanted && asked->sets->len > 0)
    return car_query_fail (self, path, "“%s” is a value, without fields of its own", asked->selection->name);
  return TRUE;
}
