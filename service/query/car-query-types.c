/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-types.h>

static void
type_free (gpointer data)
{
  CarQueryType *self = data;

  g_clear_pointer (&self->outputs, g_array_unref);
  g_clear_pointer (&self->inputs, g_array_unref);
  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_free (self);
}

static void
output_clear (gpointer data)
{
  g_array_unref (((CarQueryOutput *) data)->arguments);
}

static const char *G_GNUC_PRINTF (2, 3) name (CarQueryTypes *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return g_string_chunk_insert_const (self->names, text);
}

static CarQueryType *
add_type (CarQueryTypes *self, CarQueryTypeKind kind, const char *type_name)
{
  CarQueryType *type = g_new0 (CarQueryType, 1);

  type->kind = kind;
  type->name = type_name;
  if (kind == CAR_QUERY_OBJECT)
    {
      type->outputs = g_array_new (FALSE, FALSE, sizeof (CarQueryOutput));
      g_array_set_clear_func (type->outputs, output_clear);
    }
  else if (kind == CAR_QUERY_INPUT_OBJECT)
    type->inputs = g_array_new (FALSE, FALSE, sizeof (CarQueryInput));
  else if (kind == CAR_QUERY_ENUM)
    type->values = g_ptr_array_new ();
  g_ptr_array_add (self->types, type);
  g_hash_table_insert (self->by_name, (gpointer) type_name, type);
  return type;
}

static void
add_input (GArray *inputs, const char *input_name, const char *type)
{
  const CarQueryInput input = { input_name, type };

  g_array_append_val (inputs, input);
}

/* The arguments of the field, for the caller to fill. */
static GArray *
add_output (CarQueryType *object, const char *field, const char *type)
{
  const CarQueryOutput output = { field, type, g_array_new (FALSE, FALSE, sizeof (CarQueryInput)) };

  g_array_append_val (object->outputs, output);
  return output.arguments;
}

static void
add_list_arguments (CarQueryTypes *self, GArray *arguments, const char *table)
{
  add_input (arguments, "distinct_on", name (self, "[%s_select_column!]", table));
  add_input (arguments, "limit", "Int");
  add_input (arguments, "offset", "Int");
  add_input (arguments, "order_by", name (self, "[%s_order_by!]", table));
  add_input (arguments, "where", name (self, "%s_bool_exp", table));
}

/* A list of rows, and what is made of them. */
static void
add_list (CarQueryTypes *self, CarQueryType *object, const char *field, const char *table)
{
  add_list_arguments (self, add_output (object, field, name (self, "[%s!]!", table)), table);
  add_list_arguments (
      self, add_output (object, name (self, "%s_aggregate", field), name (self, "%s_aggregate!", table)),
      table);
}

static const char *
type_of_column (CarQueryTypes *self, const CarQueryColumn *column)
{
  return name (self, "%s%s", car_query_get_scalar (column->type), column->non_null ? "!" : "");
}

static void
add_row_type (CarQueryTypes *self, const CarQueryTable *table)
{
  CarQueryType *row = add_type (self, CAR_QUERY_OBJECT, table->name);

  for (guint i = 0; i < table->columns->len; i++)
    {
      const CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);
      GArray *arguments = add_output (row, column->name, type_of_column (self, column));

      if (column->type == CAR_PROPERTY_JSON)
        add_input (arguments, "path", "String");
    }
  for (guint i = 0; i < table->links->len; i++)
    {
      const CarQueryLink *link = &g_array_index (table->links, CarQueryLink, i);

      add_list (self, row, link->name, link->to);
    }
}

static void
add_where_type (CarQueryTypes *self, const CarQueryTable *table)
{
  const char *type_name = name (self, "%s_bool_exp", table->name);
  CarQueryType *type = add_type (self, CAR_QUERY_INPUT_OBJECT, type_name);

  add_input (type->inputs, "_and", name (self, "[%s]", type_name));
  add_input (type->inputs, "_not", type_name);
  add_input (type->inputs, "_or", name (self, "[%s]", type_name));
  for (guint i = 0; i < table->columns->len; i++)
    {
      const CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);

      add_input (type->inputs, column->name,
                 name (self, "%s_comparison_exp", car_query_get_scalar (column->type)));
    }
  for (guint i = 0; i < table->links->len; i++)
    {
      const CarQueryLink *link = &g_array_index (table->links, CarQueryLink, i);

      add_input (type->inputs, link->name, name (self, "%s_bool_exp", link->to));
    }
}

static void
add_column_types (CarQueryTypes *self, const CarQueryTable *table)
{
  CarQueryType *order = add_type (self, CAR_QUERY_INPUT_OBJECT, name (self, "%s_order_by", table->name));
  CarQueryType *select = add_type (self, CAR_QUERY_ENUM, name (self, "%s_select_column", table->name));

  for (guint i = 0; i < table->columns->len; i++)
    {
      const CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);

      add_input (order->inputs, column->name, "order_by");
      g_ptr_array_add (select->values, (gpointer) column->name);
    }
}

/* max, min, sum or avg of the columns that it can be made of; not there where there are none. */
static void
add_aggregate_of_columns (CarQueryTypes *self,
                          const CarQueryTable *table,
                          const char *function,
                          CarQueryType *fields)
{
  const char *type_name = name (self, "%s_%s_fields", table->name, function);
  CarQueryType *type = NULL;

  for (guint i = 0; i < table->columns->len; i++)
    {
      const CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);

      if (!car_query_has_aggregate (function, column->type))
        continue;
      if (type == NULL)
        type = add_type (self, CAR_QUERY_OBJECT, type_name);
      add_output (type, column->name,
                  g_str_equal (function, "avg") ? "Float" : car_query_get_scalar (column->type));
    }
  if (type != NULL)
    add_output (fields, function, type_name);
}

static void
add_aggregate_types (CarQueryTypes *self, const CarQueryTable *table)
{
  CarQueryType *aggregate = add_type (self, CAR_QUERY_OBJECT, name (self, "%s_aggregate", table->name));
  CarQueryType *fields = add_type (self, CAR_QUERY_OBJECT, name (self, "%s_aggregate_fields", table->name));
  GArray *arguments;

  add_output (aggregate, "aggregate", fields->name);
  add_output (aggregate, "nodes", name (self, "[%s!]!", table->name));
  arguments = add_output (fields, "count", "Int!");
  add_input (arguments, "columns", name (self, "[%s_select_column!]", table->name));
  add_input (arguments, "distinct", "Boolean");
  for (guint i = 0; car_query_aggregates[i] != NULL; i++)
    add_aggregate_of_columns (self, table, car_query_aggregates[i], fields);
}

/* insert_tag_asset and insert_tag_asset_one. */
static void
add_mutations (CarQueryTypes *self, const CarQueryTable *table, CarQueryType *root)
{
  const char *input_name = name (self, "%s_insert_input", table->name);
  CarQueryType *input = add_type (self, CAR_QUERY_INPUT_OBJECT, input_name);
  CarQueryType *response =
      add_type (self, CAR_QUERY_OBJECT, name (self, "%s_mutation_response", table->name));

  for (guint i = 0; i < table->columns->len; i++)
    {
      const CarQueryColumn *column = &g_array_index (table->columns, CarQueryColumn, i);

      add_input (input->inputs, column->name, car_query_get_scalar (column->type));
    }
  add_output (response, "affected_rows", "Int!");
  add_output (response, "returning", name (self, "[%s!]!", table->name));
  add_input (add_output (root, name (self, "insert_%s", table->name), response->name), "objects",
             name (self, "[%s!]!", input_name));
  add_input (add_output (root, name (self, "insert_%s_one", table->name), table->name), "object",
             name (self, "%s!", input_name));
}

static void
add_operators (CarQueryType *type, const char *const *operators, const char *value)
{
  for (guint i = 0; operators[i] != NULL; i++)
    add_input (type->inputs, operators[i], value);
}

static void
add_comparison_type (CarQueryTypes *self, CarPropertyType property)
{
  static const char *const of_one[] = { "_eq", "_neq", "_gt", "_gte", "_lt", "_lte", NULL };
  static const char *const of_list[] = { "_in", "_nin", NULL };
  static const char *const of_text[] = { "_like",  "_nlike",  "_ilike",  "_nilike",  "_similar", "_nsimilar",
                                         "_regex", "_nregex", "_iregex", "_niregex", NULL };
  static const char *const of_json[] = { "_contains", "_contained_in", NULL };
  static const char *const of_keys[] = { "_has_keys_any", "_has_keys_all", NULL };
  const char *scalar = car_query_get_scalar (property);
  CarQueryType *type = add_type (self, CAR_QUERY_INPUT_OBJECT, name (self, "%s_comparison_exp", scalar));

  add_operators (type, of_one, scalar);
  add_operators (type, of_list, name (self, "[%s!]", scalar));
  add_input (type->inputs, "_is_null", "Boolean");
  if (property == CAR_PROPERTY_TEXT)
    add_operators (type, of_text, scalar);
  if (property != CAR_PROPERTY_JSON)
    return;
  add_operators (type, of_json, scalar);
  add_operators (type, of_keys, "[String!]");
  add_input (type->inputs, "_has_key", "String");
}

static void
add_common_types (CarQueryTypes *self)
{
  static const char *const orders[] = { "asc",  "asc_nulls_first",  "asc_nulls_last",
                                        "desc", "desc_nulls_first", "desc_nulls_last" };
  static const char *const builtin[] = { "Float", "ID" };
  CarQueryType *order = add_type (self, CAR_QUERY_ENUM, "order_by");

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    g_ptr_array_add (order->values, (gpointer) orders[i]);
  for (guint i = 0; i < G_N_ELEMENTS (builtin); i++)
    add_type (self, CAR_QUERY_SCALAR, builtin[i]);
  for (CarPropertyType type = CAR_PROPERTY_TEXT; type <= CAR_PROPERTY_JSON; type++)
    {
      add_type (self, CAR_QUERY_SCALAR, car_query_get_scalar (type));
      add_comparison_type (self, type);
    }
}

/* The types that introspection itself is told in (specification, 4.2): "field: type" each. */
static void
add_meta_types (CarQueryTypes *self)
{
  static const char *const objects[][12] = {
    { "__Schema", "description: String", "types: [__Type!]!", "queryType: __Type!", "mutationType: __Type",
      "subscriptionType: __Type", "directives: [__Directive!]!" },
    { "__Type", "kind: __TypeKind!", "name: String", "description: String", "fields: [__Field!]",
      "interfaces: [__Type!]", "possibleTypes: [__Type!]", "enumValues: [__EnumValue!]",
      "inputFields: [__InputValue!]", "ofType: __Type", "specifiedByURL: String" },
    { "__Field", "name: String!", "description: String", "args: [__InputValue!]!", "type: __Type!",
      "isDeprecated: Boolean!", "deprecationReason: String" },
    { "__InputValue", "name: String!", "description: String", "type: __Type!", "defaultValue: String",
      "isDeprecated: Boolean!", "deprecationReason: String" },
    { "__EnumValue", "name: String!", "description: String", "isDeprecated: Boolean!",
      "deprecationReason: String" },
    { "__Directive", "name: String!", "description: String", "locations: [__DirectiveLocation!]!",
      "args: [__InputValue!]!", "isRepeatable: Boolean!" },
  };
  static const char *const kinds[] = { "SCALAR", "OBJECT",       "INTERFACE", "UNION",
                                       "ENUM",   "INPUT_OBJECT", "LIST",      "NON_NULL" };
  static const char *const locations[] = { "QUERY",
                                           "MUTATION",
                                           "SUBSCRIPTION",
                                           "FIELD",
                                           "FRAGMENT_DEFINITION",
                                           "FRAGMENT_SPREAD",
                                           "INLINE_FRAGMENT",
                                           "VARIABLE_DEFINITION",
                                           "SCHEMA",
                                           "SCALAR",
                                           "OBJECT",
                                           "FIELD_DEFINITION",
                                           "ARGUMENT_DEFINITION",
                                           "INTERFACE",
                                           "UNION",
                                           "ENUM",
                                           "ENUM_VALUE",
                                           "INPUT_OBJECT",
                                           "INPUT_FIELD_DEFINITION" };
  CarQueryType *kind = add_type (self, CAR_QUERY_ENUM, "__TypeKind");
  CarQueryType *location = add_type (self, CAR_QUERY_ENUM, "__DirectiveLocation");

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    g_ptr_array_add (kind->values, (gpointer) kinds[i]);
  for (guint i = 0; i < G_N_ELEMENTS (locations); i++)
    g_ptr_array_add (location->values, (gpointer) locations[i]);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      CarQueryType *type = add_type (self, CAR_QUERY_OBJECT, objects[i][0]);

      for (guint j = 1; objects[i][j] != NULL; j++)
        {
          g_auto (GStrv) parts = g_strsplit (objects[i][j], ": ", 2);
          const char *field = name (self, "%s", parts[0]);
          GArray *arguments = add_output (type, field, name (self, "%s", parts[1]));

          if (g_str_equal (field, "fields") || g_str_equal (field, "enumValues") ||
              g_str_equal (field, "inputFields") || g_str_equal (field, "args"))
            add_input (arguments, "includeDeprecated", "Boolean");
        }
    }
}

CarQueryTypes *
car_query_types_new (CarQuerySchema *schema)
{
  CarQueryTypes *self = g_new0 (CarQueryTypes, 1);
  const char *const *tables = car_query_schema_get_names (schema);
  CarQueryType *query, *mutation;

  self->types = g_ptr_array_new_with_free_func (type_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->names = g_string_chunk_new (4096);
  query = add_type (self, CAR_QUERY_OBJECT, "query_root");
  mutation = add_type (self, CAR_QUERY_OBJECT, "mutation_root");
  add_common_types (self);
  add_meta_types (self);
  for (guint i = 0; tables[i] != NULL; i++)
    {
      const CarQueryTable *table = car_query_schema_find (schema, tables[i]);

      add_list (self, query, table->name, table->name);
      add_input (add_output (query, name (self, "%s_by_pk", table->name), table->name), "_pk", "bigint!");
      add_row_type (self, table);
      add_where_type (self, table);
      add_column_types (self, table);
      add_aggregate_types (self, table);
      if (table->kind == CAR_QUERY_TAGGING)
        add_mutations (self, table, mutation);
    }
  return self;
}

void
car_query_types_free (CarQueryTypes *self)
{
  g_ptr_array_unref (self->types);
  g_hash_table_unref (self->by_name);
  g_string_chunk_free (self->names);
  g_free (self);
}

const CarQueryType *
car_query_types_find (const CarQueryTypes *self, const char *type_name)
{
  return g_hash_table_lookup (self->by_name, type_name);
}
