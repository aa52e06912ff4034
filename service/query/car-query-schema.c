/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-schema.h>

#define TAGGING_PREFIX "tag_"

struct _CarQuerySchema
{
  CarCoreModel *model;
  GHashTable *tables; /* name -> CarQueryTable */
  GStringChunk *names;
  char **vertices;
  char **edges;
  GPtrArray *all; /* of names, NULL behind them; made when asked for */
};

static void
table_free (gpointer data)
{
  CarQueryTable *self = data;

  g_array_unref (self->columns);
  g_array_unref (self->links);
  g_free (self);
}

CarQuerySchema *
car_query_schema_new (CarCoreModel *model)
{
  CarQuerySchema *self = g_new0 (CarQuerySchema, 1);

  self->model = g_object_ref (model);
  self->tables = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, table_free);
  self->names = g_string_chunk_new (1024);
  self->vertices = car_core_model_get_vertices (model);
  self->edges = car_core_model_get_edges (model);
  return self;
}

void
car_query_schema_free (CarQuerySchema *self)
{
  g_hash_table_unref (self->tables);
  g_string_chunk_free (self->names);
  g_strfreev (self->vertices);
  g_strfreev (self->edges);
  g_clear_pointer (&self->all, g_ptr_array_unref);
  g_object_unref (self->model);
  g_free (self);
}

static const char *
intern (CarQuerySchema *self, const char *first, const char *second)
{
  g_autofree char *name = g_strconcat (first, second, NULL);

  return g_string_chunk_insert_const (self->names, name);
}

const char *const *
car_query_schema_get_names (CarQuerySchema *self)
{
  if (self->all == NULL)
    {
      self->all = g_ptr_array_new ();
      for (guint i = 0; self->vertices[i] != NULL; i++)
        g_ptr_array_add (self->all, self->vertices[i]);
      for (guint i = 0; self->edges[i] != NULL; i++)
        g_ptr_array_add (self->all, self->edges[i]);
      for (guint i = 0; self->vertices[i] != NULL; i++)
        g_ptr_array_add (self->all, (gpointer) intern (self, TAGGING_PREFIX, self->vertices[i]));
      g_ptr_array_add (self->all, (gpointer) "source");
      g_ptr_array_add (self->all, (gpointer) "tag");
      g_ptr_array_add (self->all, NULL);
    }
  return (const char *const *) self->all->pdata;
}

/* `asset_ipaddress` is called `ipaddresses` by an asset, and `assets` by an address. */
static const char *
plural (CarQuerySchema *self, const char *name)
{
  gsize length = strlen (name);
  char last = name[length - 1], before = length > 1 ? name[length - 2] : '\0';
  g_autofree char *stem = NULL;

  if (last == 'y' && before != '\0' && strchr ("aeiou", before) == NULL)
    {
      stem = g_strndup (name, length - 1);
      return intern (self, stem, "ies");
    }
  if (strchr ("sxz", last) != NULL || (last == 'h' && (before == 'c' || before == 's')))
    return intern (self, name, "es");
  return intern (self, name, "s");
}

static void
add_column (CarQueryTable *table,
            const char *name,
            CarPropertyType type,
            gboolean non_null,
            CarQueryColumnKind kind,
            CarQueryStored stored,
            const char *member)
{
  const CarQueryColumn new_column = { name, type, non_null, kind, stored, member, FALSE };

  if (car_query_table_find_column (table, name) == NULL)
    g_array_append_val (table->columns, new_column);
}

static void
add_text (CarQueryTable *table, const char *name, gboolean non_null, CarQueryStored stored)
{
  add_column (table, name, CAR_PROPERTY_TEXT, non_null, CAR_QUERY_COLUMN, stored, NULL);
}

static void
add_reported_at (CarQueryTable *table)
{
  add_column (table, "reported_at", CAR_PROPERTY_TIMESTAMP, TRUE, CAR_QUERY_COLUMN,
              CAR_QUERY_STORED_REPORTED_AT, NULL);
}

static void
add_link (CarQueryTable *table, const char *name, CarQueryLinkKind kind, const char *to)
{
  const CarQueryLink link = { name, kind, to };

  g_array_append_val (table->links, link);
}

static gboolean
has_field (const CarQueryTable *table, const char *name)
{
  return car_query_table_find_column (table, name) != NULL || car_query_table_find_link (table, name) != NULL;
}

/* What was imported can be asked for. */
static void
add_properties (CarQuerySchema *self, CarQueryTable *table)
{
  g_auto (GStrv) properties = car_core_model_get_properties (self->model, table->name);

  for (guint i = 0; properties[i] != NULL; i++)
    {
      const char *column = car_core_model_get_column (self->model, table->name, properties[i]);
      CarPropertyType type;

      if (column != NULL && car_core_model_get_property_type (self->model, table->name, properties[i], &type))
        add_column (table, column, type, FALSE, CAR_QUERY_MEMBER, CAR_QUERY_STORED_NOTHING,
                    g_string_chunk_insert_const (self->names, properties[i]));
    }
}

/* A store has indices of these of what it keeps; of properties, it makes those that the model wants. */
static gboolean
is_indexed (CarQuerySchema *self, const CarQueryTable *table, const CarQueryColumn *column)
{
  static const CarQueryStored indexed[] = { CAR_QUERY_STORED_ID,       CAR_QUERY_STORED_KEY,
                                            CAR_QUERY_STORED_NAME,     CAR_QUERY_STORED_CONNECTING_ID,
                                            CAR_QUERY_STORED_FROM_ID,  CAR_QUERY_STORED_TO_ID,
                                            CAR_QUERY_STORED_VERTEX_ID };

  for (guint i = 0; column->kind == CAR_QUERY_COLUMN && i < G_N_ELEMENTS (indexed); i++)
    if (column->stored == indexed[i])
      return TRUE;
  if (column->member == NULL)
    return FALSE;
  return car_query_is_vertex_name (table, column) ||
         car_core_model_is_indexed (self->model, table->name, column->member);
}

static void
mark_indexed (CarQuerySchema *self, CarQueryTable *table)
{
  for (guint i = 0; i < table->columns->len; i++)
    {
      CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);

      column->indexed = is_indexed (self, table, column);
    }
}

/* The name of an address or a host is its key, where the object has no member that says it. */
static void
add_own_name (CarQuerySchema *self, CarQueryTable *table)
{
  if (!car_core_model_is_named_by_key (self->model, table->name))
    return;
  if (g_str_equal (table->name, "ipaddress"))
    {
      add_column (table, "region_id", CAR_PROPERTY_TEXT, TRUE, CAR_QUERY_REGION, CAR_QUERY_STORED_KEY, NULL);
      add_column (table, "name", CAR_PROPERTY_INET, TRUE, CAR_QUERY_ADDRESS, CAR_QUERY_STORED_KEY, "name");
    }
  else if (g_str_equal (table->name, "macaddress"))
    add_column (table, "name", CAR_PROPERTY_MACADDR, TRUE, CAR_QUERY_MEMBER, CAR_QUERY_STORED_KEY, "name");
  else
    add_column (table, "name", CAR_PROPERTY_TEXT, TRUE, CAR_QUERY_MEMBER, CAR_QUERY_STORED_KEY, "host_name");
}

static void
add_edges_of_vertex (CarQuerySchema *self, CarQueryTable *table)
{
  for (guint i = 0; self->edges[i] != NULL; i++)
    {
      const char *edge = self->edges[i], *from, *to, *name;
      gboolean begins, ends;

      if (!car_core_model_get_edge_ends (self->model, edge, &from, &to))
        continue;
      begins = g_str_equal (from, table->name);
      ends = g_str_equal (to, table->name);
      if (!begins && !ends)
        continue;
      name = plural (self, begins ? to : from);
      if (has_field (table, name)) /* edges of an extension, back the way that others go */
        name = edge;
      add_link (table, name,
                begins && ends ? CAR_QUERY_EDGES_BOTH
                : begins       ? CAR_QUERY_EDGES_FROM
                               : CAR_QUERY_EDGES_TO,
                edge);
    }
}

static void
fill_vertex (CarQuerySchema *self, CarQueryTable *table)
{
  gboolean outside_graph = car_core_model_is_outside_graph (self->model, table->name);

  add_text (table, "id", TRUE, CAR_QUERY_STORED_ID);
  add_text (table, "external_id", TRUE, CAR_QUERY_STORED_KEY);
  add_text (table, "source", !outside_graph, CAR_QUERY_STORED_SOURCE);
  add_text (table, "connecting_id", FALSE, CAR_QUERY_STORED_CONNECTING_ID);
  if (!outside_graph)
    add_reported_at (table);
  add_own_name (self, table);
  add_properties (self, table);
  add_edges_of_vertex (self, table);
  if (!outside_graph)
    add_link (table, "instances", CAR_QUERY_INSTANCES, table->name);
  add_link (table, "tags", CAR_QUERY_TAGGINGS_OF_VERTEX, intern (self, TAGGING_PREFIX, table->name));
}

/* Both ends of an extension's edge may be of one collection; their names then say which is which. */
static void
add_end (CarQuerySchema *self,
         CarQueryTable *table,
         const char *prefix,
         const char *end,
         CarQueryLinkKind kind,
         CarQueryStored id)
{
  const char *name = intern (self, prefix, end);

  add_text (table, intern (self, name, "_id"), TRUE, id);
  add_link (table, name, kind, end);
}

static void
fill_edge (CarQuerySchema *self, CarQueryTable *table)
{
  const char *from, *to;
  gboolean alike;

  car_core_model_get_edge_ends (self->model, table->name, &from, &to);
  alike = g_str_equal (from, to);
  add_end (self, table, alike ? "from_" : "", from, CAR_QUERY_END_FROM, CAR_QUERY_STORED_FROM_ID);
  add_end (self, table, alike ? "to_" : "", to, CAR_QUERY_END_TO, CAR_QUERY_STORED_TO_ID);
  add_text (table, "source", TRUE, CAR_QUERY_STORED_SOURCE);
  add_reported_at (table);
  add_properties (self, table);
}

static void
fill_tagging (CarQuerySchema *self, CarQueryTable *table)
{
  add_text (table, "tag_id", TRUE, CAR_QUERY_STORED_TAG_ID);
  add_link (table, "tag", CAR_QUERY_TAG_OF_TAGGING, "tag");
  add_end (self, table, "", table->collection, CAR_QUERY_VERTEX_OF_TAGGING, CAR_QUERY_STORED_VERTEX_ID);
  add_text (table, "source", TRUE, CAR_QUERY_STORED_SOURCE);
  add_reported_at (table);
  add_text (table, "external_id", FALSE, CAR_QUERY_STORED_EXTERNAL_ID);
  add_column (table, "properties", CAR_PROPERTY_JSON, FALSE, CAR_QUERY_COLUMN, CAR_QUERY_STORED_PROPERTIES,
              NULL);
}

static void
fill_tag (CarQuerySchema *self, CarQueryTable *table)
{
  add_text (table, "id", TRUE, CAR_QUERY_STORED_ID);
  add_text (table, "external_id", TRUE, CAR_QUERY_STORED_NAME);
  add_text (table, "name", TRUE, CAR_QUERY_STORED_NAME);
  add_text (table, "source", TRUE, CAR_QUERY_STORED_SOURCE);
  add_text (table, "connecting_id", FALSE, CAR_QUERY_STORED_NAME);
  add_reported_at (table);
  add_column (table, "properties", CAR_PROPERTY_JSON, FALSE, CAR_QUERY_NOTHING, CAR_QUERY_STORED_NOTHING,
              NULL);
  add_column (table, "_reference_count", CAR_PROPERTY_BIGINT, FALSE, CAR_QUERY_TAGGED,
              CAR_QUERY_STORED_NOTHING, NULL);
  for (guint i = 0; self->vertices[i] != NULL; i++)
    add_link (table, plural (self, self->vertices[i]), CAR_QUERY_TAGGINGS_OF_TAG,
              intern (self, TAGGING_PREFIX, self->vertices[i]));
  add_link (table, "instances", CAR_QUERY_INSTANCES, "tag");
}

static void
fill_source (CarQueryTable *table)
{
  add_text (table, "id", TRUE, CAR_QUERY_STORED_KEY);
  add_text (table, "name", FALSE, CAR_QUERY_STORED_NAME);
  add_text (table, "description", FALSE, CAR_QUERY_STORED_DESCRIPTION);
  add_text (table, "product_link", FALSE, CAR_QUERY_STORED_PRODUCT_LINK);
  add_column (table, "properties", CAR_PROPERTY_JSON, FALSE, CAR_QUERY_COLUMN, CAR_QUERY_STORED_PROPERTIES,
              NULL);
}

static gboolean
find_kind (CarQuerySchema *self, const char *name, CarQueryTableKind *kind, const char **collection)
{
  *collection = name;
  if (car_core_model_has_vertex (self->model, name))
    *kind = CAR_QUERY_VERTEX;
  else if (car_core_model_has_edge (self->model, name))
    *kind = CAR_QUERY_EDGE;
  else if (g_str_equal (name, "source"))
    *kind = CAR_QUERY_SOURCE;
  else if (g_str_equal (name, "tag"))
    *kind = CAR_QUERY_TAG;
  else
    {
      *kind = CAR_QUERY_TAGGING;
      *collection = name + strlen (TAGGING_PREFIX);
      return g_str_has_prefix (name, TAGGING_PREFIX) && car_core_model_has_vertex (self->model, *collection);
    }
  return TRUE;
}

const CarQueryTable *
car_query_schema_find (CarQuerySchema *self, const char *name)
{
  CarQueryTable *table = g_hash_table_lookup (self->tables, name);
  CarQueryTableKind kind;
  const char *collection;

  if (table != NULL || !find_kind (self, name, &kind, &collection))
    return table;
  table = g_new0 (CarQueryTable, 1);
  table->kind = kind;
  table->name = g_string_chunk_insert_const (self->names, name);
  table->collection = g_string_chunk_insert_const (self->names, collection);
  table->columns = g_array_new (FALSE, FALSE, sizeof (CarQueryColumn));
  table->links = g_array_new (FALSE, FALSE, sizeof (CarQueryLink));
  g_hash_table_insert (self->tables, (gpointer) table->name, table);
  if (kind == CAR_QUERY_VERTEX)
    fill_vertex (self, table);
  else if (kind == CAR_QUERY_EDGE)
    fill_edge (self, table);
  else if (kind == CAR_QUERY_TAGGING)
    fill_tagging (self, table);
  else if (kind == CAR_QUERY_TAG)
    fill_tag (self, table);
  else
    fill_source (table);
  mark_indexed (self, table);
  return table;
}

gboolean
car_query_is_vertex_name (const CarQueryTable *table, const CarQueryColumn *column)
{
  return table->kind == CAR_QUERY_VERTEX && column->kind == CAR_QUERY_MEMBER &&
         column->stored == CAR_QUERY_STORED_NOTHING && column->type == CAR_PROPERTY_TEXT &&
         g_str_equal (column->member, "name");
}

const CarQueryColumn *
car_query_table_find_column (const CarQueryTable *self, const char *name)
{
  for (guint i = 0; i < self->columns->len; i++)
    if (g_str_equal (g_array_index (self->columns, CarQueryColumn, i).name, name))
      return &g_array_index (self->columns, CarQueryColumn, i);
  return NULL;
}

const CarQueryLink *
car_query_table_find_link (const CarQueryTable *self, const char *name)
{
  for (guint i = 0; i < self->links->len; i++)
    if (g_str_equal (g_array_index (self->links, CarQueryLink, i).name, name))
      return &g_array_index (self->links, CarQueryLink, i);
  return NULL;
}

const char *
car_query_table_get_end (const CarQueryTable *self, CarQueryLinkKind kind)
{
  for (guint i = 0; i < self->links->len; i++)
    if (g_array_index (self->links, CarQueryLink, i).kind == kind)
      return g_array_index (self->links, CarQueryLink, i).to;
  g_return_val_if_reached ("");
}

const char *
car_query_get_scalar (CarPropertyType type)
{
  static const char *const names[] = {
    [CAR_PROPERTY_TEXT] = "String",     [CAR_PROPERTY_INET] = "inet",
    [CAR_PROPERTY_MACADDR] = "macaddr", [CAR_PROPERTY_NUMERIC] = "numeric",
    [CAR_PROPERTY_FLOAT] = "float8",    [CAR_PROPERTY_INTEGER] = "Int",
    [CAR_PROPERTY_BIGINT] = "bigint",   [CAR_PROPERTY_TIMESTAMP] = "timestamp",
    [CAR_PROPERTY_BOOLEAN] = "Boolean", [CAR_PROPERTY_JSON] = "jsonb",
    [CAR_PROPERTY_TEXTS] = "jsonb",
  };

  return names[type];
}

static gboolean
is_number (CarPropertyType type)
{
  return type == CAR_PROPERTY_NUMERIC || type == CAR_PROPERTY_FLOAT || type == CAR_PROPERTY_INTEGER ||
         type == CAR_PROPERTY_BIGINT;
}

const char *const car_query_aggregates[] = { "max", "min", "sum", "avg", NULL };

gboolean
car_query_has_aggregate (const char *aggregate, CarPropertyType type)
{
  gboolean ordered = g_str_equal (aggregate, "max") || g_str_equal (aggregate, "min");

  return is_number (type) || (ordered && (type == CAR_PROPERTY_TEXT || type == CAR_PROPERTY_TIMESTAMP));
}
