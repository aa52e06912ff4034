/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

/* From what is asked for to statements. */

#define AGGREGATE "_aggregate"
#define BY_PK "_by_pk"

static const char *const list_arguments[] = { "where", "limit", "offset", "order_by", "distinct_on", NULL };

static void
node_free (CarQueryNode *self)
{
  sqlite3_finalize (self->statement);
  g_ptr_array_unref (self->select);
  g_free (self->function);
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
  g_strfreev (self->steps);
  g_free (self->text);
  g_free (self);
}

static CarQueryNode *
node_new (const CarQueryTable *table)
{
  CarQueryNode *self = g_new0 (CarQueryNode, 1);

  self->table = table;
  self->select = g_ptr_array_new_with_free_func (g_free);
  self->binds = g_array_new (FALSE, FALSE, sizeof (CarQueryBind));
  self->fields = g_ptr_array_new_with_free_func (field_free);
  self->body = -1;
  return self;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryNode, node_free)

static CarQueryField *
add_field (GPtrArray *fields, CarQueryFieldKind kind, const CarQueryAsked *asked)
{
  CarQueryField *self = g_new0 (CarQueryField, 1);

  self->kind = kind;
  self->alias = asked->selection->alias;
  self->column = -1;
  g_ptr_array_add (fields, self);
  return self;
}

/* An object's fields, which follow. */
static GPtrArray *
add_group (GPtrArray *fields, const CarQueryAsked *asked)
{
  CarQueryField *field = add_field (fields, CAR_QUERY_FIELD_GROUP, asked);

  field->fields = g_ptr_array_new_with_free_func (field_free);
  return field->fields;
}

/* The place of an expression among the statement's columns. */
static int
select_expression (CarQueryNode *node, const char *sql)
{
  guint index;

  if (!g_ptr_array_find_with_equal_func (node->select, sql, g_str_equal, &index))
    {
      index = node->select->len;
      g_ptr_array_add (node->select, g_strdup (sql));
    }
  return (int) index;
}

typedef gboolean (*PlanField) (CarQueryContext *self,
                               const CarQueryPath *path,
                               const CarQueryAsked *asked,
                               GPtrArray *fields,
                               gpointer target);

static gboolean
plan_fields (CarQueryContext *self,
             const CarQueryPath *path,
             const char *type,
             GPtrArray *sets,
             GPtrArray *fields,
             PlanField plan_field,
             gpointer target)
{
  const CarQueryPath set = { path, "selectionSet" };
  g_autoptr (GPtrArray) all = car_query_collect (self, path, type, sets);

  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const CarQueryAsked *asked = all->pdata[i];
      const CarQueryPath here = { &set, asked->selection->alias };

      if (!g_str_equal (asked->selection->name, "__typename"))
        {
          if (!plan_field (self, &here, asked, fields, target))
            return FALSE;
          continue;
        }
      if (!car_query_check_arguments (self, &here, asked->selection, NULL) ||
          !car_query_check_fields (self, &here, asked, FALSE))
        return FALSE;
      add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup_printf ("\"%s\"", type);
    }
  return all != NULL;
}

/* "$.a.b[0]", as Hasura takes it, with or without the beginning. */
static char **
read_steps (const char *path)
{
  g_autoptr (GStrvBuilder) steps = g_strv_builder_new ();
  const char *at = path;

  if (*at == '$')
    at++;
  while (*at != '\0')
    {
      gsize length;

      if (*at == '.' || *at == '[')
        at++;
      length = strcspn (at, ".[]");
      if (length > 0)
        {
          g_autofree char *step = g_strndup (at, length);
          g_autofree char *name = length > 1 && strchr ("\"'", *step) != NULL && step[length - 1] == *step
                                      ? g_strndup (step + 1, length - 2)
                                      : NULL;

          g_strv_builder_add (steps, name != NULL ? name : step);
        }
      else if (*at == '.' || *at == '[')
        return NULL;
      at += length;
      if (*at == ']')
        at++;
    }
  return g_strv_builder_end (steps);
}

static gboolean
plan_path (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlSelection *selection,
           CarQueryField *field)
{
  static const char *const known[] = { "path", NULL };
  const CarQueryPath here = { path, "path" };
  const CarGraphqlValue *value = car_graphql_value_find (selection->arguments, "path");

  if (field->type != CAR_PROPERTY_JSON)
    return car_query_check_arguments (self, path, selection, NULL);
  if (!car_query_check_arguments (self, path, selection, known) ||
      !car_query_resolve (self, &here, "String", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  field->steps = value->type == CAR_GRAPHQL_STRING ? read_steps (value->text) : NULL;
  return field->steps != NULL ||
         car_query_fail (self, &here, "a path into the JSON is wanted here, such as \"$.a[0].b\"");
}

static gboolean
plan_column (CarQueryContext *self,
             const CarQueryPath *path,
             const CarQueryAsked *asked,
             const CarQueryColumn *column,
             CarQueryNode *node,
             GPtrArray *fields)
{
  gboolean member = column->kind == CAR_QUERY_MEMBER;
  CarQueryField *field = add_field (fields, member ? CAR_QUERY_FIELD_MEMBER : CAR_QUERY_FIELD_COLUMN, asked);
  g_autoptr (GString) sql = g_string_new (NULL);

  field->type = column->type;
  field->member = column->member;
  /* A member is read from the object, which is selected once for all of them. */
  if (member)
    node->body = select_expression (node, "t0.body");
  if (member && column->column != NULL)
    g_string_append_printf (sql, "t0.%s", column->column);
  else if (!member)
    car_query_append_column (sql, column, "t0");
  if (sql->len > 0)
    field->column = select_expression (node, sql->str);
  return car_query_check_fields (self, path, asked, FALSE) && plan_path (self, path, asked->selection, field);
}

static gboolean
get_count (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *value,
           gint64 fallback,
           gint64 *count)
{
  *count = fallback;
  if (!car_query_resolve (self, path, "Int", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type != CAR_GRAPHQL_INT ||
      !g_ascii_string_to_signed (value->text, 10, 0, G_MAXINT64, count, NULL))
    return car_query_fail (self, path, "a whole number from 0 is wanted here");
  return TRUE;
}

typedef struct
{
  GString *sql;
  GPtrArray *columns; /* CarQueryColumn */
} Order;

static gboolean
append_order_of_column (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryTable *table,
                        const CarGraphqlValue *member,
                        Order *order)
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
  const CarQueryColumn *column = car_query_table_find_column (table, member->name);

  if (column == NULL)
    return car_query_fail (self, &here, "“%s” has no column “%s” to order by", table->name, member->name);
  if (!car_query_resolve (self, &here, "order_by", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (car_query_is_enum (value) && g_str_equal (value->text, orders[i].name))
      {
        g_string_append (order->sql, order->sql->len > 0 ? ", " : "");
        car_query_append_comparable (order->sql, column, "t0");
        /* An index has the order of a column; it does not know of nulls that are not there. */
        g_string_append_printf (order->sql, " %s",
                                !column->non_null          ? orders[i].sql
                                : orders[i].name[0] == 'a' ? "ASC"
                                                           : "DESC");
        g_ptr_array_add (order->columns, (gpointer) column);
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
              Order *order)
{
  g_autofree char *type = g_strdup_printf (in_list ? "%s_order_by" : "[%s_order_by!]", table->name);

  if (!car_query_resolve (self, path, type, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type == CAR_GRAPHQL_LIST && !in_list)
    {
      for (const CarGraphqlValue *item = value->items; item != NULL; item = item->next)
        if (!append_order (self, path, table, item, TRUE, order))
          return FALSE;
      return TRUE;
    }
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {name: asc}");
  for (const CarGraphqlValue *member = value->items; member != NULL; member = member->next)
    {
      if (++self->n_conditions > 400)
        return car_query_fail (self, path, "there is too much to order by");
      if (!append_order_of_column (self, path, table, member, order))
        return FALSE;
    }
  return TRUE;
}

/* The columns that a list of names, or one name in its place, stands for. */
static gboolean
get_columns (CarQueryContext *self,
             const CarQueryPath *path,
             const CarQueryTable *table,
             const CarGraphqlValue *list,
             GPtrArray *columns)
{
  g_autofree char *type = g_strdup_printf ("[%s_select_column!]", table->name);

  if (!car_query_resolve (self, path, type, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return TRUE;
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    {
      const CarQueryColumn *column =
          car_query_is_enum (item) ? car_query_table_find_column (table, item->text) : NULL;

      if (column == NULL)
        return car_query_fail (self, path, "names of columns of “%s” are wanted here", table->name);
      g_ptr_array_add (columns, (gpointer) column);
    }
  return TRUE;
}

/* PostgreSQL's DISTINCT ON: of rows that are alike in these columns the first one, as they are ordered. As there, what is
 * ordered by first has to be these columns. `sql` becomes the statement from FROM on. */
static gboolean
apply_distinct (CarQueryContext *self,
                const CarQueryPath *path,
                GPtrArray *columns,
                const Order *order,
                const CarQueryTable *table,
                GString *sql)
{
  g_autofree char *rows = g_strdup (sql->str);
  g_autoptr (GString) partition = g_string_new (NULL);

  for (guint i = 0; i < MIN (columns->len, order->columns->len); i++)
    if (!g_ptr_array_find (columns, order->columns->pdata[i], NULL))
      return car_query_fail (self, path, "order_by has to begin with the columns of distinct_on");
  for (guint i = 0; i < columns->len; i++)
    {
      g_string_append (partition, i > 0 ? ", " : "");
      car_query_append_comparable (partition, columns->pdata[i], "t0");
    }
  g_string_printf (sql,
                   " FROM %s t0 WHERE t0.id IN (SELECT id FROM (SELECT t0.id AS id, row_number () OVER"
                   " (PARTITION BY %s ORDER BY %s%st0.id) AS place%s) WHERE place = 1)",
                   car_query_get_store_table (table), partition->str, order->sql->str,
                   order->sql->len > 0 ? ", " : "", rows);
  return TRUE;
}

/* Whether a `where` has no other members than these. */
static gboolean
asks_only_for (const CarQueryContext *self, const CarGraphqlValue *where, const char *const *names)
{
  where = car_query_peek (self, where);
  if (where == NULL || where->type != CAR_GRAPHQL_OBJECT)
    return where == NULL || where->type == CAR_GRAPHQL_NULL;
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    if (!g_strv_contains (names, member->name))
      return FALSE;
  return TRUE;
}

/* Ids begin with their source: with this, the index of ids leads to those of one. */
static void
append_ids_of_source (CarQueryContext *self, GString *sql, GArray *binds, const CarGraphqlValue *where)
{
  const CarGraphqlValue *key =
      car_query_peek_member (self, car_query_peek_member (self, where, "source"), "_eq");

  if (key == NULL || key->type != CAR_GRAPHQL_STRING)
    return;
  for (guint i = 0; i < 2; i++)
    {
      CarQueryBind bind = { .type = SQLITE_TEXT, .length = key->length + 1 };
      char *text = car_graphql_document_alloc (self->document, bind.length);

      memcpy (text, key->text, key->length);
      text[key->length] = i == 0 ? '/' : '/' + 1;
      bind.text = text;
      g_array_append_val (binds, bind);
      g_string_append_printf (sql, " AND t0.node_id %s ?%u", i == 0 ? ">" : "<",
                              binds->len - 1 + CAR_QUERY_FIRST_BIND);
    }
}

/* Whether rows are pages of a collection, or of a source, in the order of their ids. SQLite knows neither how few a page is
 * nor how many the source has, and might rather sort them all. */
static gboolean
are_pages_by_id (const CarQueryContext *self,
                 const CarQueryTable *table,
                 const Order *order,
                 const CarGraphqlValue *where)
{
  static const char *const members[] = { "id", "source", NULL };

  return table->kind == CAR_QUERY_VERTEX && order->columns->len > 0 &&
         g_strcmp0 (((const CarQueryColumn *) order->columns->pdata[0])->column, "node_id") == 0 &&
         asks_only_for (self, where, members);
}

/* " FROM … WHERE …": the rows, or those of them that a link leads to. */
static gboolean
append_rows (CarQueryContext *self,
             const CarQueryPath *args,
             GString *sql,
             CarQueryNode *node,
             const CarQueryLink *link,
             const CarGraphqlValue *where,
             gboolean by_id)
{
  const CarQueryPath path = { args, "where" };

  g_string_append_printf (sql, " FROM %s t0%s WHERE ", car_query_get_store_table (node->table),
                          by_id ? " INDEXED BY vertex_node" : "");
  car_query_append_seen (self, sql, node->table, "t0");
  if (link != NULL)
    car_query_append_link (sql, link, "t0", "?1", "?2");
  if (!car_query_append_where (self, &path, sql, node->binds, node->table, link != NULL, where))
    return FALSE;
  if (by_id)
    append_ids_of_source (self, sql, node->binds, where);
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
  g_autoptr (GString) sql = g_string_new (NULL);
  g_autoptr (GString) order_sql = g_string_new (NULL);
  g_autoptr (GPtrArray) ordered = g_ptr_array_new ();
  g_autoptr (GPtrArray) distinct = g_ptr_array_new ();
  Order order = { order_sql, ordered };
  const CarQueryPath args = { path, "args" };
  const CarQueryPath limit_path = { &args, "limit" }, offset_path = { &args, "offset" },
                     order_path = { &args, "order_by" }, distinct_path = { &args, "distinct_on" };
  const CarGraphqlValue *where = car_graphql_value_find (arguments, "where");
  gint64 limit, offset;

  if (!append_order (self, &order_path, node->table, car_graphql_value_find (arguments, "order_by"), FALSE,
                     &order) ||
      !get_columns (self, &distinct_path, node->table, car_graphql_value_find (arguments, "distinct_on"),
                    distinct) ||
      !get_count (self, &limit_path, car_graphql_value_find (arguments, "limit"), -1, &limit) ||
      !get_count (self, &offset_path, car_graphql_value_find (arguments, "offset"), 0, &offset))
    return FALSE;

  const gboolean by_id =
      link == NULL && limit >= 0 && distinct->len == 0 && are_pages_by_id (self, node->table, &order, where);
  if (!append_rows (self, &args, sql, node, link, where, by_id) ||
      (distinct->len > 0 && !apply_distinct (self, &distinct_path, distinct, &order, node->table, sql)))
    return FALSE;
  /* Pages are of use only where the order stands. */
  if (order_sql->len > 0)
    g_string_append_printf (sql, " ORDER BY %s, t0.id", order_sql->str);
  else if (limit >= 0 || offset > 0)
    g_string_append_printf (sql, " ORDER BY %s", car_query_get_natural_order (node->table));
  if (limit >= 0 || offset > 0)
    g_string_append_printf (sql, " LIMIT %" G_GINT64_FORMAT " OFFSET %" G_GINT64_FORMAT, limit, offset);
  node->rest = g_strdup (sql->str);
  return TRUE;
}

/* The rows of a table, or those that a link leads to from a row of the node above. */
typedef struct
{
  const CarQueryTable *table;
  const CarQueryLink *link; /* NULL at the top */
  CarQueryNode *above;
} Rows;

static CarQueryNode *
plan_node (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *arguments,
           const Rows *rows)
{
  g_autoptr (CarQueryNode) node = node_new (rows->table);

  for (guint i = 0; rows->link != NULL && i < G_N_ELEMENTS (rows->link->columns); i++)
    {
      g_autofree char *column = g_strconcat ("t0.", rows->link->columns[i], NULL);

      node->linked = TRUE;
      node->link_columns[i] = select_expression (rows->above, column);
    }
  return plan_rows (self, path, arguments, rows->link, node) ? g_steal_pointer (&node) : NULL;
}

static gboolean plan_field_of_row (CarQueryContext *self,
                                   const CarQueryPath *path,
                                   const CarQueryAsked *asked,
                                   GPtrArray *fields,
                                   gpointer target);

/* A field that holds the rows of a node, which it takes over. */
static gboolean
plan_fields_of_rows (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarQueryAsked *asked,
                     CarQueryFieldKind kind,
                     CarQueryNode *node,
                     GPtrArray *fields)
{
  add_field (fields, kind, asked)->node = node;
  return car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, node->table->name, asked->sets, node->fields, plan_field_of_row, node);
}

static gboolean
plan_list (CarQueryContext *self,
           const CarQueryPath *path,
           const CarQueryAsked *asked,
           const CarGraphqlValue *arguments,
           const Rows *rows,
           GPtrArray *fields)
{
  CarQueryNode *node = plan_node (self, path, arguments, rows);

  return node != NULL && plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROWS, node, fields);
}

/* The one row of this number. */
static gboolean
plan_by_pk (CarQueryContext *self,
            const CarQueryPath *path,
            const CarQueryAsked *asked,
            const CarQueryTable *table,
            GPtrArray *fields)
{
  static const char *const known[] = { "_pk", NULL };
  const CarQueryPath here = { path, "_pk" };
  const CarGraphqlValue *value = car_graphql_value_find (asked->selection->arguments, "_pk");
  CarQueryNode *node = node_new (table);
  g_autoptr (GString) sql = g_string_new (" FROM ");
  CarQueryBind bind;

  car_query_append_table (self, sql, table, "t0");
  g_string_append_printf (sql, " AND t0.id = ?%d", CAR_QUERY_FIRST_BIND);
  node->rest = g_strdup (sql->str);
  if (!plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROW, node, fields) ||
      !car_query_check_arguments (self, path, asked->selection, known) ||
      !car_query_resolve (self, &here, "bigint", &value))
    return FALSE;
  if (value == NULL)
    return car_query_fail (self, path, "“%s” needs the argument “_pk”", asked->selection->name);
  if (!car_query_to_bind (self, &here, CAR_PROPERTY_BIGINT, value, &bind))
    return FALSE;
  g_array_append_val (node->binds, bind);
  return TRUE;
}

/* What is known while the fields of an aggregate are planned. */
typedef struct
{
  const CarGraphqlValue *arguments; /* of the list */
  Rows rows;
  const char *function; /* NULL: count */
} Aggregate;

/* A value over the rows, as a statement over a subquery: what is listed is what is counted. */
static gboolean
plan_value (CarQueryContext *self,
            const CarQueryPath *path,
            const CarQueryAsked *asked,
            const Aggregate *aggregate,
            const char *function,
            const char *expressions,
            CarPropertyType type,
            GPtrArray *fields)
{
  CarQueryNode *node = plan_node (self, path, aggregate->arguments, &aggregate->rows);
  CarQueryField *field;

  if (node == NULL)
    return FALSE;
  node->function = g_strdup (function);
  g_ptr_array_add (node->select, g_strdup (expressions));
  field = add_field (fields, CAR_QUERY_FIELD_VALUE, asked);
  field->node = node;
  field->type = type;
  return TRUE;
}

/* max { risk }: a column of the rows. */
static gboolean
plan_aggregate_of_column (CarQueryContext *self,
                          const CarQueryPath *path,
                          const CarQueryAsked *asked,
                          GPtrArray *fields,
                          gpointer target)
{
  const Aggregate *aggregate = target;
  const CarQueryColumn *column = car_query_table_find_column (aggregate->rows.table, asked->selection->name);
  g_autofree char *function = g_strdup_printf ("%s (v)", aggregate->function);
  g_autoptr (GString) sql = g_string_new (NULL);

  if (column == NULL || !car_query_has_aggregate (aggregate->function, column->type))
    return car_query_fail (self, path, "“%s” has no “%s” to make the %s of", aggregate->rows.table->name,
                           asked->selection->name, aggregate->function);
  if (!car_query_check_arguments (self, path, asked->selection, NULL) ||
      !car_query_check_fields (self, path, asked, FALSE))
    return FALSE;
  car_query_append_column (sql, column, "t0");
  g_string_append (sql, " AS v");
  return plan_value (self, path, asked, aggregate, function, sql->str,
                     g_str_equal (aggregate->function, "avg") ? CAR_PROPERTY_FLOAT : column->type, fields);
}

/* Whether the rows are all that a collection holds now, or all of some sources: these are counted as they come. */
static gboolean
is_counted (const CarQueryContext *self, const Aggregate *aggregate)
{
  static const char *const members[] = { "source", NULL };

  if (self->timepoint >= 0 || aggregate->rows.link != NULL ||
      (aggregate->rows.table->kind != CAR_QUERY_VERTEX && aggregate->rows.table->kind != CAR_QUERY_EDGE))
    return FALSE;
  for (const CarGraphqlValue *argument = aggregate->arguments; argument != NULL; argument = argument->next)
    if (!g_str_equal (argument->name, "where"))
      return FALSE;
  return asks_only_for (self, car_graphql_value_find (aggregate->arguments, "where"), members);
}

static gboolean
plan_kept_count (CarQueryContext *self,
                 const CarQueryPath *path,
                 const CarQueryAsked *asked,
                 const Aggregate *aggregate,
                 GPtrArray *fields)
{
  const CarQueryPath args = { path, "args" }, where = { &args, "where" };
  const CarQueryTable *table = aggregate->rows.table;
  CarQueryNode *node = node_new (table);
  CarQueryField *field = add_field (fields, CAR_QUERY_FIELD_VALUE, asked);
  g_autoptr (GString) sql = g_string_new (NULL);

  field->node = node;
  field->type = CAR_PROPERTY_INTEGER;
  node->function = g_strdup ("coalesce (sum (v), 0)");
  g_ptr_array_add (node->select, g_strdup ("n AS v"));
  g_string_printf (sql, " FROM held t0 WHERE collection = '%s'", table->collection);
  if (!car_query_append_where (self, &where, sql, node->binds, table, TRUE,
                               car_graphql_value_find (aggregate->arguments, "where")))
    return FALSE;
  node->rest = g_strdup (sql->str);
  return TRUE;
}

static gboolean
plan_count (CarQueryContext *self,
            const CarQueryPath *path,
            const CarQueryAsked *asked,
            GPtrArray *fields,
            const Aggregate *aggregate)
{
  static const char *const known[] = { "columns", "distinct", NULL };
  const CarQueryPath columns_path = { path, "columns" }, distinct_path = { path, "distinct" };
  const CarGraphqlValue *distinct = car_graphql_value_find (asked->selection->arguments, "distinct");
  g_autoptr (GPtrArray) columns = g_ptr_array_new ();
  g_autoptr (GString) sql = g_string_new (NULL);
  gboolean once;

  if (!car_query_check_arguments (self, path, asked->selection, known) ||
      !car_query_check_fields (self, path, asked, FALSE) ||
      !car_query_resolve (self, &distinct_path, "Boolean", &distinct) ||
      !get_columns (self, &columns_path, aggregate->rows.table,
                    car_graphql_value_find (asked->selection->arguments, "columns"), columns))
    return FALSE;
  if (columns->len == 0 && is_counted (self, aggregate))
    return plan_kept_count (self, path, asked, aggregate, fields);
  /* A row is never null, whatever is in it. */
  for (guint i = 0; i < columns->len; i++)
    {
      g_string_append_printf (sql, "%s%s", i > 0 ? " || ',' || " : "", columns->len > 1 ? "quote (" : "");
      car_query_append_comparable (sql, columns->pdata[i], "t0");
      g_string_append (sql, columns->len > 1 ? ")" : "");
    }
  g_string_append (sql, columns->len > 0 ? " AS v" : "1 AS v");
  once = distinct != NULL && distinct->type == CAR_GRAPHQL_BOOLEAN && g_str_equal (distinct->text, "true") &&
         columns->len > 0;
  return plan_value (self, path, asked, aggregate, once ? "count (DISTINCT v)" : "count (v)", sql->str,
                     CAR_PROPERTY_INTEGER, fields);
}

/* aggregate { count max { … } } */
static gboolean
plan_field_of_aggregate (CarQueryContext *self,
                         const CarQueryPath *path,
                         const CarQueryAsked *asked,
                         GPtrArray *fields,
                         gpointer target)
{
  Aggregate aggregate = *(const Aggregate *) target;
  g_autofree char *type =
      g_strdup_printf ("%s_%s_fields", aggregate.rows.table->name, asked->selection->name);

  if (g_str_equal (asked->selection->name, "count"))
    return plan_count (self, path, asked, fields, &aggregate);
  aggregate.function = asked->selection->name;
  if (!g_strv_contains (car_query_aggregates, aggregate.function))
    return car_query_fail (self, path,
                           "an aggregate has no field “%s”; there are count, max, min, sum and avg",
                           aggregate.function);
  return car_query_check_arguments (self, path, asked->selection, NULL) &&
         car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_aggregate_of_column,
                      &aggregate);
}

/* asset_aggregate { aggregate { … } nodes { … } } */
static gboolean
plan_part_of_aggregate (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  const Aggregate *aggregate = target;
  const char *name = asked->selection->name;
  g_autofree char *type = g_strconcat (aggregate->rows.table->name, AGGREGATE "_fields", NULL);

  if (!car_query_check_arguments (self, path, asked->selection, NULL) ||
      !car_query_check_fields (self, path, asked, TRUE))
    return FALSE;
  if (g_str_equal (name, "nodes"))
    return plan_list (self, path, asked, aggregate->arguments, &aggregate->rows, fields);
  if (!g_str_equal (name, "aggregate"))
    return car_query_fail (self, path, "“%s" AGGREGATE "” has no field “%s”; there are aggregate and nodes",
                           aggregate->rows.table->name, name);
  return plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_field_of_aggregate,
                      target);
}

static gboolean
plan_aggregate (CarQueryContext *self,
                const CarQueryPath *path,
                const CarQueryAsked *asked,
                const Rows *rows,
                GPtrArray *fields)
{
  Aggregate aggregate = { asked->selection->arguments, *rows, NULL };
  g_autofree char *type = g_strconcat (rows->table->name, AGGREGATE, NULL);

  return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
         car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_part_of_aggregate,
                      &aggregate);
}

/* The name without its ending; NULL for one that ends otherwise. */
static char *
strip_ending (const char *name, const char *ending)
{
  return g_str_has_suffix (name, ending) ? g_strndup (name, strlen (name) - strlen (ending)) : NULL;
}

static gboolean
plan_field_of_row (CarQueryContext *self,
                   const CarQueryPath *path,
                   const CarQueryAsked *asked,
                   GPtrArray *fields,
                   gpointer target)
{
  CarQueryNode *node = target;
  const char *name = asked->selection->name;
  const CarQueryColumn *column = car_query_table_find_column (node->table, name);
  const CarQueryLink *link = car_query_table_find_link (node->table, name);
  g_autofree char *base = strip_ending (name, AGGREGATE);
  gboolean aggregate = column == NULL && link == NULL && base != NULL;

  if (column != NULL)
    return plan_column (self, path, asked, column, node, fields);
  if (aggregate)
    link = car_query_table_find_link (node->table, base);
  if (link == NULL)
    return car_query_fail (self, path, "“%s” has no field “%s”", node->table->name, name);

  const Rows rows = { car_query_schema_find (self->schema, link->to), link, node };
  if (aggregate)
    return plan_aggregate (self, path, asked, &rows, fields);
  return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
         plan_list (self, path, asked, asked->selection->arguments, &rows, fields);
}

static gboolean
plan_introspection (CarQueryContext *self,
                    const CarQueryPath *path,
                    const CarQueryAsked *asked,
                    GPtrArray *fields)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (!car_query_introspect (self, path, asked, json))
    return FALSE;
  add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup (json->str);
  return TRUE;
}

static gboolean
plan_field_of_query (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarQueryAsked *asked,
                     GPtrArray *fields,
                     gpointer target)
{
  const char *name = asked->selection->name;
  Rows rows = { car_query_schema_find (self->schema, name), NULL, NULL };
  g_autofree char *aggregated = strip_ending (name, AGGREGATE);
  g_autofree char *by_pk = strip_ending (name, BY_PK);
  const CarQueryTable *row_of = by_pk != NULL ? car_query_schema_find (self->schema, by_pk) : NULL;

  if (g_str_equal (name, "__schema") || g_str_equal (name, "__type"))
    return plan_introspection (self, path, asked, fields);
  if (rows.table != NULL)
    return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
           plan_list (self, path, asked, asked->selection->arguments, &rows, fields);
  if (row_of != NULL)
    return plan_by_pk (self, path, asked, row_of, fields);
  if (aggregated != NULL)
    rows.table = car_query_schema_find (self->schema, aggregated);
  if (rows.table != NULL)
    return plan_aggregate (self, path, asked, &rows, fields);
  return car_query_fail (self, path, "there is no collection “%s”", name);
}

/* affected_rows and returning: the taggings of these numbers. */
typedef struct
{
  const CarQueryTable *table;
  GArray *ids; /* gint64 */
} Inserted;

static CarQueryNode *
node_of_inserted (CarQueryContext *self, const Inserted *inserted)
{
  CarQueryNode *node = node_new (inserted->table);
  g_autoptr (GString) sql = g_string_new (" FROM ");

  car_query_append_table (self, sql, inserted->table, "t0");
  g_string_append (sql, " AND t0.id IN (");
  for (guint i = 0; i < inserted->ids->len; i++)
    g_string_append_printf (sql, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                            g_array_index (inserted->ids, gint64, i));
  g_string_append (sql, ") ORDER BY t0.id");
  node->rest = g_strdup (sql->str);
  return node;
}

static gboolean
plan_field_of_response (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  const Inserted *inserted = target;

  if (!car_query_check_arguments (self, path, asked->selection, NULL))
    return FALSE;
  if (g_str_equal (asked->selection->name, "returning"))
    return plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROWS, node_of_inserted (self, inserted),
                                fields);
  if (!g_str_equal (asked->selection->name, "affected_rows"))
    return car_query_fail (self, path, "there are affected_rows and returning");
  add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup_printf ("%u", inserted->ids->len);
  return car_query_check_fields (self, path, asked, FALSE);
}

static gboolean
plan_field_of_mutation (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  Inserted inserted = { .ids = ids };
  g_autofree char *type = NULL;
  gboolean one;

  if (!car_query_insert (self, path, asked, &inserted.table, ids, &one))
    return FALSE;
  if (one)
    return plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROW, node_of_inserted (self, &inserted),
                                fields);
  type = g_strconcat (inserted.table->name, "_mutation_response", NULL);
  return car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_field_of_response,
                      &inserted);
}

GPtrArray *
car_query_plan (CarQueryContext *self)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (field_free);
  g_autoptr (GPtrArray) sets = g_ptr_array_new ();
  gboolean mutation = g_str_equal (self->operation->type, "mutation");

  g_ptr_array_add (sets, self->operation->selections);
  if (!plan_fields (self, NULL, mutation ? "mutation_root" : "query_root", sets, fields,
                    mutation ? plan_field_of_mutation : plan_field_of_query, NULL))
    return NULL;
  return g_steal_pointer (&fields);
}
