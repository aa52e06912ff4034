/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

#define MAX_FIELDS 2000

/* What `asset_aggregate` is called after. */
#define AGGREGATE "_aggregate"

static void
node_free (CarQueryNode *self)
{
  sqlite3_finalize (self->statement);
  g_ptr_array_unref (self->select);
  g_free (self->rest);
  g_array_unref (self->binds);
  g_ptr_array_unref (self->fields);
  g_free (self);
}

static void
field_free (gpointer data)
{
  CarQueryField *self = data;

  g_clear_pointer (&self->node, node_free);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
  g_free (self);
}

static CarQueryNode *
node_new (const CarQueryTable *table)
{
  CarQueryNode *self = g_new0 (CarQueryNode, 1);

  self->table = *table;
  self->select = g_ptr_array_new_with_free_func (g_free);
  self->binds = g_array_new (FALSE, FALSE, sizeof (CarQueryBind));
  self->fields = g_ptr_array_new_with_free_func (field_free);
  self->body = -1;
  return self;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryNode, node_free)

/* The place of a table's column among the statement's. */
static int
select_column (CarQueryNode *node, CarQueryColumnKind kind, const char *name)
{
  const CarQueryColumn column = { .kind = kind, .column = name };
  g_autoptr (GString) sql = g_string_new (NULL);
  guint index;

  car_query_append_column (sql, &column, "t0");
  if (!g_ptr_array_find_with_equal_func (node->select, sql->str, g_str_equal, &index))
    {
      index = node->select->len;
      g_ptr_array_add (node->select, g_strdup (sql->str));
    }
  return (int) index;
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
      if (!car_query_resolve (self, path, &value))
        return FALSE;
      if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN || directive->items->next != NULL)
        return car_query_fail (self, path, "“@%s” takes (if: true) or (if: false)", directive->name);
      if (g_str_equal (value->text, "true") != include)
        *in = FALSE;
    }
  return TRUE;
}

typedef gboolean (*PlanField) (CarQueryContext *self,
                               const CarQueryPath *path,
                               const CarGraphqlSelection *selection,
                               GPtrArray *fields,
                               gpointer target);

static gboolean
same_simple_field (const CarQueryField *a, const CarQueryField *b)
{
  return a->node == NULL && b->node == NULL && a->fields == NULL && b->fields == NULL &&
         g_str_equal (a->name, b->name);
}

/* Puts a field into the answer once. */
static gboolean
add_field (CarQueryContext *self, const CarQueryPath *path, GPtrArray *fields, CarQueryField *field)
{
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryField *other = fields->pdata[i];
      gboolean same;

      if (!g_str_equal (other->alias, field->alias))
        continue;
      same = same_simple_field (other, field);
      field_free (field);
      return same || car_query_fail (self, path, "“%s” is asked for twice: give one an alias", other->alias);
    }
  g_ptr_array_add (fields, field);
  return TRUE;
}

static CarQueryField *
field_new (CarQueryFieldKind kind, const CarGraphqlSelection *selection)
{
  CarQueryField *self = g_new0 (CarQueryField, 1);

  self->kind = kind;
  self->alias = selection->alias;
  self->name = selection->name;
  self->column = -1;
  return self;
}

static gboolean plan_selections (CarQueryContext *self,
                                 const CarQueryPath *path,
                                 const char *type,
                                 const CarGraphqlSelection *selections,
                                 GPtrArray *fields,
                                 PlanField plan_field,
                                 gpointer target,
                                 guint depth);

static gboolean
plan_fragment (CarQueryContext *self,
               const CarQueryPath *path,
               const char *type,
               const CarGraphqlSelection *selection,
               GPtrArray *fields,
               PlanField plan_field,
               gpointer target,
               guint depth)
{
  const char *on = selection->name;
  const CarGraphqlSelection *children = selection->children;

  if (selection->kind == CAR_GRAPHQL_SPREAD)
    {
      const CarGraphqlFragment *fragment = self->document->fragments;

      while (fragment != NULL && !g_str_equal (fragment->name, selection->name))
        fragment = fragment->next;
      if (fragment == NULL)
        return car_query_fail (self, path, "there is no fragment “%s”", selection->name);
      on = fragment->on;
      children = fragment->selections;
    }
  if (on != NULL && !g_str_equal (on, type))
    return car_query_fail (self, path, "a fragment on “%s” does not fit “%s”", on, type);
  return plan_selections (self, path, type, children, fields, plan_field, target, depth + 1);
}

static gboolean
plan_selections (CarQueryContext *self,
                 const CarQueryPath *path,
                 const char *type,
                 const CarGraphqlSelection *selections,
                 GPtrArray *fields,
                 PlanField plan_field,
                 gpointer target,
                 guint depth)
{
  const CarQueryPath set = { path, "selectionSet" };

  if (depth > CAR_GRAPHQL_MAX_DEPTH)
    return car_query_fail (self, path, "fragments are nested too deep, or in each other");
  for (const CarGraphqlSelection *s = selections; s != NULL; s = s->next)
    {
      const CarQueryPath here = { &set, s->alias };
      const CarQueryPath *place = s->kind == CAR_GRAPHQL_FIELD ? &here : path;
      gboolean in, done;

      if (++self->n_fields > MAX_FIELDS)
        return car_query_fail (self, place, "the query asks for more than %d fields", MAX_FIELDS);
      if (!check_directives (self, place, s, &in))
        return FALSE;
      if (!in)
        continue;
      if (s->kind != CAR_GRAPHQL_FIELD)
        done = plan_fragment (self, place, type, s, fields, plan_field, target, depth);
      else if (g_str_equal (s->name, "__typename"))
        {
          CarQueryField *field = field_new (CAR_QUERY_FIELD_TYPENAME, s);

          field->member = type;
          done = add_field (self, place, fields, field);
        }
      else
        done = plan_field (self, place, s, fields, target);
      if (!done)
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_no_arguments (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlSelection *selection)
{
  return selection->arguments == NULL || car_query_fail (self, path, "“%s” has no argument “%s”",
                                                         selection->name, selection->arguments->name);
}

static gboolean
check_has_fields (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlSelection *selection)
{
  return selection->children != NULL ||
         car_query_fail (self, path, "“%s” needs fields in braces behind it", selection->name);
}

static gboolean
plan_column (CarQueryContext *self,
             const CarQueryPath *path,
             const CarGraphqlSelection *selection,
             const CarQueryColumn *column,
             CarQueryNode *node,
             GPtrArray *fields)
{
  CarQueryField *field;

  if (!check_no_arguments (self, path, selection))
    return FALSE;
  if (selection->children != NULL)
    return car_query_fail (self, path, "“%s” is a value, without fields of its own", selection->name);
  field = field_new (column->member == NULL ? CAR_QUERY_FIELD_COLUMN : CAR_QUERY_FIELD_MEMBER, selection);
  field->type = column->type;
  field->member = column->member;
  if (column->column != NULL)
    field->column =
        select_column (node, column->member == NULL ? column->kind : CAR_QUERY_COLUMN, column->column);
  if (column->member != NULL)
    node->body = select_column (node, CAR_QUERY_COLUMN, "body");
  return add_field (self, path, fields, field);
}

static gboolean
get_count (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *value,
           gint64 fallback,
           gint64 *count)
{
  *count = fallback;
  if (!car_query_resolve (self, path, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type != CAR_GRAPHQL_INT ||
      !g_ascii_string_to_signed (value->text, 10, 0, G_MAXINT64, count, NULL))
    return car_query_fail (self, path, "a whole number from 0 is wanted here");
  return TRUE;
}

static gboolean
append_order_of_column (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryTable *table,
                        const CarGraphqlValue *member,
                        GString *sql)
{
  /* PostgreSQL's nulls, which are what Hasura's users know, are larger than everything. */
  static const struct
  {
    const char *name;
    const char *sql;
  } orders[] = {
    { "asc", "ASC NULLS LAST" },
    { "asc_nulls_first", "ASC NULLS FIRST" },
    { "asc_nulls_last", "ASC NULLS LAST" },
    { "desc", "DESC NULLS FIRST" },
    { "desc_nulls_first", "DESC NULLS FIRST" },
    { "desc_nulls_last", "DESC NULLS LAST" },
  };
  const CarQueryPath here = { path, member->name };
  const CarGraphqlValue *value = member;
  CarQueryColumn column;

  if (!car_query_find_column (self, table, member->name, &column))
    return car_query_fail (self, &here, "“%s” has no field “%s” to order by", table->collection,
                           member->name);
  if (!car_query_resolve (self, &here, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if ((value->type == CAR_GRAPHQL_ENUM || value->type == CAR_GRAPHQL_STRING) &&
        g_str_equal (value->text, orders[i].name))
      {
        g_string_append (sql, sql->len > 0 ? ", " : "");
        car_query_append_column (sql, &column, "t0");
        g_string_append_printf (sql, " %s", orders[i].sql);
        return TRUE;
      }
  return car_query_fail (self, &here,
                         "asc or desc is wanted here, or one of them with _nulls_first or _nulls_last");
}

/* One object, or a list of them; within an object the order of its members counts. */
static gboolean
append_order (CarQueryContext *self,
              const CarQueryPath *path,
              const CarQueryTable *table,
              const CarGraphqlValue *value,
              gboolean in_list,
              GString *sql)
{
  if (!car_query_resolve (self, path, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type == CAR_GRAPHQL_LIST && !in_list)
    {
      for (const CarGraphqlValue *item = value->items; item != NULL; item = item->next)
        if (!append_order (self, path, table, item, TRUE, sql))
          return FALSE;
      return TRUE;
    }
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {name: asc}");
  for (const CarGraphqlValue *member = value->items; member != NULL; member = member->next)
    {
      if (++self->n_conditions > 400)
        return car_query_fail (self, path, "there is too much to order by");
      if (!append_order_of_column (self, path, table, member, sql))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_arguments (CarQueryContext *self,
                 const CarQueryPath *path,
                 const CarQueryTable *table,
                 const CarGraphqlValue *arguments)
{
  static const char *const known[] = { "where", "limit", "offset", "order_by", NULL };

  for (; arguments != NULL; arguments = arguments->next)
    if (!g_strv_contains (known, arguments->name))
      return car_query_fail (self, path,
                             "“%s” has no argument “%s”; there are where, limit, offset and order_by",
                             table->collection, arguments->name);
  return TRUE;
}

/* Everything of the statement behind its columns. */
static gboolean
plan_rows (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *arguments,
           const CarQueryLink *link,
           CarQueryNode *node)
{
  g_autoptr (GString) sql = g_string_new (" FROM ");
  g_autoptr (GString) order = g_string_new (NULL);
  const CarQueryPath args = { path, "args" };
  const CarQueryPath where = { &args, "where" }, limit_path = { &args, "limit" },
                     offset_path = { &args, "offset" }, order_path = { &args, "order_by" };
  gint64 limit, offset;

  if (!check_arguments (self, path, &node->table, arguments))
    return FALSE;
  car_query_append_table (self, sql, &node->table, "t0");
  if (link != NULL)
    car_query_append_link (self, sql, link, "t0", "?1", "?2");
  if (!car_query_append_where (self, &where, sql, node->binds, &node->table, 0,
                               car_graphql_value_find (arguments, "where")) ||
      !append_order (self, &order_path, &node->table, car_graphql_value_find (arguments, "order_by"), FALSE,
                     order) ||
      !get_count (self, &limit_path, car_graphql_value_find (arguments, "limit"), -1, &limit) ||
      !get_count (self, &offset_path, car_graphql_value_find (arguments, "offset"), 0, &offset))
    return FALSE;
  /* Pages are of use only where the order stands. */
  if (order->len > 0 || limit >= 0 || offset > 0)
    g_string_append_printf (sql, " ORDER BY %s%st0.id", order->str, order->len > 0 ? ", " : "");
  if (limit >= 0 || offset > 0)
    g_string_append_printf (sql, " LIMIT %" G_GINT64_FORMAT " OFFSET %" G_GINT64_FORMAT, limit, offset);
  node->rest = g_strdup (sql->str);
  return TRUE;
}

static CarQueryNode *
plan_node (CarQueryContext *self,
           const CarQueryPath *path,
           const CarQueryTable *table,
           const CarGraphqlValue *arguments,
           const CarQueryLink *link,
           CarQueryNode *above)
{
  g_autoptr (CarQueryNode) node = node_new (table);

  if (link != NULL && above != NULL)
    {
      node->linked = TRUE;
      node->single = link->single;
      for (guint i = 0; i < G_N_ELEMENTS (link->columns); i++)
        node->link_columns[i] = select_column (above, CAR_QUERY_COLUMN, link->columns[i]);
    }
  return plan_rows (self, path, arguments, link, node) ? g_steal_pointer (&node) : NULL;
}

static gboolean plan_field_of_row (CarQueryContext *self,
                                   const CarQueryPath *path,
                                   const CarGraphqlSelection *selection,
                                   GPtrArray *fields,
                                   gpointer target);

/* A field that holds rows: of a collection at the top, or of a link. */
static gboolean
plan_row_field (CarQueryContext *self,
                const CarQueryPath *path,
                const CarGraphqlSelection *selection,
                const CarGraphqlValue *arguments,
                const CarQueryTable *table,
                const CarQueryLink *link,
                CarQueryNode *above,
                GPtrArray *fields)
{
  g_autoptr (CarQueryNode) node = NULL;
  CarQueryField *field;

  if (!check_has_fields (self, path, selection) ||
      (link != NULL && link->single && !check_no_arguments (self, path, selection)))
    return FALSE;
  node = plan_node (self, path, table, arguments, link, above);
  if (node == NULL || !plan_selections (self, path, table->collection, selection->children, node->fields,
                                        plan_field_of_row, node, 0))
    return FALSE;
  field = field_new (CAR_QUERY_FIELD_ROWS, selection);
  field->node = g_steal_pointer (&node);
  return add_field (self, path, fields, field);
}

/* What is known while the fields of an aggregate are planned. */
typedef struct
{
  const CarGraphqlValue *arguments;
  CarQueryTable table;
  const CarQueryLink *link;
  CarQueryNode *above;
} Aggregate;

static gboolean
plan_count (CarQueryContext *self,
            const CarQueryPath *path,
            const CarGraphqlSelection *selection,
            GPtrArray *fields,
            gpointer target)
{
  const Aggregate *aggregate = target;
  CarQueryField *field;
  CarQueryNode *node;

  if (!g_str_equal (selection->name, "count"))
    return car_query_fail (self, path, "an aggregate has no field “%s”, only count", selection->name);
  if (!check_no_arguments (self, path, selection))
    return FALSE;
  if (selection->children != NULL)
    return car_query_fail (self, path, "“count” is a value, without fields of its own");
  node = plan_node (self, path, &aggregate->table, aggregate->arguments, aggregate->link, aggregate->above);
  if (node == NULL)
    return FALSE;
  field = field_new (CAR_QUERY_FIELD_COUNT, selection);
  field->node = node;
  return add_field (self, path, fields, field);
}

static gboolean
plan_field_of_aggregate (CarQueryContext *self,
                         const CarQueryPath *path,
                         const CarGraphqlSelection *selection,
                         GPtrArray *fields,
                         gpointer target)
{
  const Aggregate *aggregate = target;
  CarQueryField *field;

  if (!g_str_equal (selection->name, "aggregate") && !g_str_equal (selection->name, "nodes"))
    return car_query_fail (self, path, "“%s" AGGREGATE "” has no field “%s”; there are aggregate and nodes",
                           aggregate->table.collection, selection->name);
  if (!check_no_arguments (self, path, selection) || !check_has_fields (self, path, selection))
    return FALSE;
  if (g_str_equal (selection->name, "nodes"))
    return plan_row_field (self, path, selection, aggregate->arguments, &aggregate->table, aggregate->link,
                           aggregate->above, fields);
  field = field_new (CAR_QUERY_FIELD_GROUP, selection);
  field->fields = g_ptr_array_new_with_free_func (field_free);
  return add_field (self, path, fields, field) &&
         plan_selections (self, path, "aggregate_fields", selection->children, field->fields, plan_count,
                          target, 0);
}

static gboolean
plan_aggregate (CarQueryContext *self,
                const CarQueryPath *path,
                const CarGraphqlSelection *selection,
                const CarQueryTable *table,
                const CarQueryLink *link,
                CarQueryNode *above,
                GPtrArray *fields)
{
  Aggregate aggregate = { selection->arguments, *table, link, above };
  CarQueryField *field;

  if (!check_has_fields (self, path, selection))
    return FALSE;
  field = field_new (CAR_QUERY_FIELD_GROUP, selection);
  field->fields = g_ptr_array_new_with_free_func (field_free);
  return add_field (self, path, fields, field) &&
         plan_selections (self, path, selection->name, selection->children, field->fields,
                          plan_field_of_aggregate, &aggregate, 0);
}

/* The name before "_aggregate", kept by the document; NULL for any other name. */
static const char *
aggregate_of (CarQueryContext *self, const char *name)
{
  char *base;

  if (!g_str_has_suffix (name, AGGREGATE))
    return NULL;
  base = car_graphql_document_alloc (self->document, strlen (name));
  return memcpy (base, name, strlen (name) - strlen (AGGREGATE));
}

static gboolean
plan_field_of_row (CarQueryContext *self,
                   const CarQueryPath *path,
                   const CarGraphqlSelection *selection,
                   GPtrArray *fields,
                   gpointer target)
{
  CarQueryNode *node = target;
  const char *base = aggregate_of (self, selection->name);
  CarQueryColumn column;
  CarQueryLink link;

  if (car_query_find_column (self, &node->table, selection->name, &column))
    return plan_column (self, path, selection, &column, node, fields);
  if (car_query_find_link (self, &node->table, selection->name, &link))
    return plan_row_field (self, path, selection, selection->arguments, &link.to, &link, node, fields);
  if (base != NULL && car_query_find_link (self, &node->table, base, &link) && !link.single)
    return plan_aggregate (self, path, selection, &link.to, &link, node, fields);
  return car_query_fail (self, path, "“%s” has no field “%s”", node->table.collection, selection->name);
}

static gboolean
plan_field_at_top (CarQueryContext *self,
                   const CarQueryPath *path,
                   const CarGraphqlSelection *selection,
                   GPtrArray *fields,
                   gpointer target)
{
  const char *base = aggregate_of (self, selection->name);
  CarQueryTable table;

  if (car_query_find_table (self, selection->name, &table))
    return plan_row_field (self, path, selection, selection->arguments, &table, NULL, NULL, fields);
  if (base != NULL && car_query_find_table (self, base, &table))
    return plan_aggregate (self, path, selection, &table, NULL, NULL, fields);
  return car_query_fail (self, path, "there is no collection “%s”", selection->name);
}

GPtrArray *
car_query_plan (CarQueryContext *self)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (field_free);

  if (!plan_selections (self, NULL, "query_root", self->operation->selections, fields, plan_field_at_top,
                        NULL, 0))
    return NULL;
  return g_steal_pointer (&fields);
}
