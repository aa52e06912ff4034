/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-query-private.h>
#include <service/query/car-query-types.h>

/* Introspection (specification, 4): what is asked for of the schema, as JSON. */

/* Here selections are looked at anew for each thing that is told of, and types lead to types. */
#define MAX_FIELDS 10000000
#define MAX_MIB 64

typedef struct
{
  CarQueryContext *context;
  const CarQueryTypes *types;
  GString *out;
} Introspection;

static const struct
{
  const char *name;
  const char *locations[3];
} directives[] = {
  { "include", { "FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT" } },
  { "skip", { "FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT" } },
};

/* Appends one field of the thing that is told of. */
typedef gboolean (*AppendField) (Introspection *self,
                                 const CarQueryPath *path,
                                 const CarQueryAsked *asked,
                                 gconstpointer thing);

static gboolean
append_null (Introspection *self)
{
  g_string_append (self->out, "null");
  return TRUE;
}

static gboolean
append_string (Introspection *self, const char *text)
{
  car_json_append_string (self->out, text, -1);
  return TRUE;
}

static gboolean
append_boolean (Introspection *self, gboolean value)
{
  g_string_append (self->out, value ? "true" : "false");
  return TRUE;
}

/* Whether the type has such a field, with fields behind it where it is an object. */
static gboolean
check_field (Introspection *self, const CarQueryPath *path, const char *type_name, const CarQueryAsked *asked)
{
  static const char *const known[] = { "includeDeprecated", NULL };
  const CarQueryType *type = car_query_types_find (self->types, type_name);

  for (guint i = 0; i < type->outputs->len; i++)
    {
      const CarQueryOutput *output = &g_array_index (type->outputs, CarQueryOutput, i);
      g_autofree char *inner = NULL;
      const CarQueryType *of;

      if (!g_str_equal (output->name, asked->selection->name))
        continue;
      inner = g_strndup (output->type + strspn (output->type, "["),
                         strcspn (output->type + strspn (output->type, "["), "!]"));
      of = car_query_types_find (self->types, inner);
      return car_query_check_arguments (self->context, path, asked->selection,
                                        output->arguments->len > 0 ? known : NULL) &&
             car_query_check_fields (self->context, path, asked, of->kind == CAR_QUERY_OBJECT);
    }
  return car_query_fail (self->context, path, "“%s” has no field “%s”", type_name, asked->selection->name);
}

static gboolean
append_object (Introspection *self,
               const CarQueryPath *path,
               const char *type,
               GPtrArray *sets,
               AppendField append_field,
               gconstpointer thing)
{
  const CarQueryPath set = { path, "selectionSet" };
  g_autoptr (GPtrArray) fields = car_query_collect (self->context, path, type, sets);

  if (fields == NULL)
    return FALSE;
  if (self->out->len > (gsize) MAX_MIB * 1024 * 1024)
    return car_query_fail (self->context, path, "this would tell more than %d MiB of the schema", MAX_MIB);
  g_string_append_c (self->out, '{');
  for (guint i = 0; i < fields->len; i++)
    {
      const CarQueryAsked *asked = fields->pdata[i];
      const CarQueryPath here = { &set, asked->selection->alias };

      g_string_append_printf (self->out, "%s\"%s\":", i > 0 ? "," : "", asked->selection->alias);
      if (g_str_equal (asked->selection->name, "__typename"))
        append_string (self, type);
      else if (!check_field (self, &here, type, asked) || !append_field (self, &here, asked, thing))
        return FALSE;
    }
  g_string_append_c (self->out, '}');
  return TRUE;
}

/* Between brackets, a comma before all but the first. */
static void
begin_item (Introspection *self)
{
  if (self->out->str[self->out->len - 1] != '[')
    g_string_append_c (self->out, ',');
}

static gboolean
end_list (Introspection *self)
{
  g_string_append_c (self->out, ']');
  return TRUE;
}

static gboolean append_field_of_type (Introspection *self,
                                      const CarQueryPath *path,
                                      const CarQueryAsked *asked,
                                      gconstpointer thing);

/* What is not there to be told of: no description, and nothing is deprecated. */
static gboolean
append_common (Introspection *self, const char *field, const char *name)
{
  if (g_str_equal (field, "name"))
    return append_string (self, name);
  if (g_str_equal (field, "isDeprecated") || g_str_equal (field, "isRepeatable"))
    return append_boolean (self, FALSE);
  return append_null (self);
}

/* `thing`: a type as GraphQL writes it. */
static gboolean
append_type (Introspection *self, const CarQueryPath *path, const CarQueryAsked *asked, const char *reference)
{
  return append_object (self, path, "__Type", asked->sets, append_field_of_type, reference);
}

static gboolean
append_field_of_input (Introspection *self,
                       const CarQueryPath *path,
                       const CarQueryAsked *asked,
                       gconstpointer thing)
{
  const CarQueryInput *input = thing;

  if (g_str_equal (asked->selection->name, "type"))
    return append_type (self, path, asked, input->type);
  return append_common (self, asked->selection->name, input->name);
}

static gboolean
append_inputs (Introspection *self,
               const CarQueryPath *path,
               const CarQueryAsked *asked,
               const GArray *inputs)
{
  g_string_append_c (self->out, '[');
  for (guint i = 0; i < inputs->len; i++)
    {
      begin_item (self);
      if (!append_object (self, path, "__InputValue", asked->sets, append_field_of_input,
                          &g_array_index (inputs, CarQueryInput, i)))
        return FALSE;
    }
  return end_list (self);
}

static gboolean
append_field_of_output (Introspection *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        gconstpointer thing)
{
  const CarQueryOutput *output = thing;

  if (g_str_equal (asked->selection->name, "type"))
    return append_type (self, path, asked, output->type);
  if (g_str_equal (asked->selection->name, "args"))
    return append_inputs (self, path, asked, output->arguments);
  return append_common (self, asked->selection->name, output->name);
}

static gboolean
append_outputs (Introspection *self,
                const CarQueryPath *path,
                const CarQueryAsked *asked,
                const GArray *outputs)
{
  g_string_append_c (self->out, '[');
  for (guint i = 0; i < outputs->len; i++)
    {
      begin_item (self);
      if (!append_object (self, path, "__Field", asked->sets, append_field_of_output,
                          &g_array_index (outputs, CarQueryOutput, i)))
        return FALSE;
    }
  return end_list (self);
}

static gboolean
append_field_of_value (Introspection *self,
                       const CarQueryPath *path,
                       const CarQueryAsked *asked,
                       gconstpointer thing)
{
  return append_common (self, asked->selection->name, thing);
}

static gboolean
append_values (Introspection *self,
               const CarQueryPath *path,
               const CarQueryAsked *asked,
               const GPtrArray *values)
{
  g_string_append_c (self->out, '[');
  for (guint i = 0; i < values->len; i++)
    {
      begin_item (self);
      if (!append_object (self, path, "__EnumValue", asked->sets, append_field_of_value, values->pdata[i]))
        return FALSE;
    }
  return end_list (self);
}

static gboolean
append_field_of_named_type (Introspection *self,
                            const CarQueryPath *path,
                            const CarQueryAsked *asked,
                            const char *type_name)
{
  static const char *const kinds[] = { "SCALAR", "OBJECT", "ENUM", "INPUT_OBJECT" };
  const CarQueryType *type = car_query_types_find (self->types, type_name);
  const char *field = asked->selection->name;

  if (g_str_equal (field, "kind"))
    return append_string (self, kinds[type->kind]);
  if (g_str_equal (field, "fields") && type->outputs != NULL)
    return append_outputs (self, path, asked, type->outputs);
  if (g_str_equal (field, "inputFields") && type->inputs != NULL)
    return append_inputs (self, path, asked, type->inputs);
  if (g_str_equal (field, "enumValues") && type->values != NULL)
    return append_values (self, path, asked, type->values);
  if (g_str_equal (field, "interfaces") && type->outputs != NULL)
    {
      g_string_append (self->out, "[]");
      return TRUE;
    }
  return append_common (self, field, type->name);
}

static gboolean
append_field_of_type (Introspection *self,
                      const CarQueryPath *path,
                      const CarQueryAsked *asked,
                      gconstpointer thing)
{
  const char *reference = thing, *field = asked->selection->name;
  gsize length = strlen (reference);
  gboolean non_null = reference[length - 1] == '!', list = *reference == '[';
  g_autofree char *of = NULL;

  if (!non_null && !list)
    return append_field_of_named_type (self, path, asked, reference);
  if (g_str_equal (field, "kind"))
    return append_string (self, non_null ? "NON_NULL" : "LIST");
  if (!g_str_equal (field, "ofType"))
    return append_null (self);
  of = non_null ? g_strndup (reference, length - 1) : g_strndup (reference + 1, length - 2);
  return append_type (self, path, asked, of);
}

static gboolean
append_field_of_directive (Introspection *self,
                           const CarQueryPath *path,
                           const CarQueryAsked *asked,
                           gconstpointer thing)
{
  guint i = GPOINTER_TO_UINT (thing);

  if (g_str_equal (asked->selection->name, "locations"))
    {
      g_string_append_c (self->out, '[');
      for (guint j = 0; j < G_N_ELEMENTS (directives[i].locations); j++)
        {
          begin_item (self);
          append_string (self, directives[i].locations[j]);
        }
      return end_list (self);
    }
  if (g_str_equal (asked->selection->name, "args"))
    {
      g_autoptr (GArray) arguments = g_array_new (FALSE, FALSE, sizeof (CarQueryInput));
      const CarQueryInput argument = { "if", "Boolean!" };

      g_array_append_val (arguments, argument);
      return append_inputs (self, path, asked, arguments);
    }
  return append_common (self, asked->selection->name, directives[i].name);
}

static gboolean
append_field_of_schema (Introspection *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        gconstpointer thing)
{
  const char *field = asked->selection->name;
  gboolean types = g_str_equal (field, "types");
  guint n = types ? self->types->types->len : G_N_ELEMENTS (directives);

  if (g_str_equal (field, "queryType"))
    return append_type (self, path, asked, "query_root");
  if (g_str_equal (field, "mutationType"))
    return append_type (self, path, asked, "mutation_root");
  if (!types && !g_str_equal (field, "directives"))
    return append_null (self);
  g_string_append_c (self->out, '[');
  for (guint i = 0; i < n; i++)
    {
      begin_item (self);
      if (types
              ? !append_type (self, path, asked, ((const CarQueryType *) self->types->types->pdata[i])->name)
              : !append_object (self, path, "__Directive", asked->sets, append_field_of_directive,
                                GUINT_TO_POINTER (i)))
        return FALSE;
    }
  return end_list (self);
}

/* __type (name: "asset"): null where there is none. */
static gboolean
append_asked_type (Introspection *self, const CarQueryPath *path, const CarQueryAsked *asked)
{
  static const char *const known[] = { "name", NULL };
  const CarGraphqlValue *value = car_graphql_value_find (asked->selection->arguments, "name");

  if (!car_query_check_arguments (self->context, path, asked->selection, known) ||
      !car_query_resolve (self->context, path, "String!", &value))
    return FALSE;
  if (value == NULL || value->type != CAR_GRAPHQL_STRING)
    return car_query_fail (self->context, path, "“__type” needs the argument “name”, a text");
  if (car_query_types_find (self->types, value->text) == NULL)
    return append_null (self);
  return append_type (self, path, asked, value->text);
}

static gboolean
append_asked (Introspection *self, const CarQueryPath *path, const CarQueryAsked *asked)
{
  if (!car_query_check_fields (self->context, path, asked, TRUE))
    return FALSE;
  if (g_str_equal (asked->selection->name, "__type"))
    return append_asked_type (self, path, asked);
  return car_query_check_arguments (self->context, path, asked->selection, NULL) &&
         append_object (self, path, "__Schema", asked->sets, append_field_of_schema, NULL);
}

gboolean
car_query_introspect (CarQueryContext *context,
                      const CarQueryPath *path,
                      const CarQueryAsked *asked,
                      GString *out)
{
  g_autoptr (CarQueryTypes) types = car_query_types_new (context->schema);
  Introspection self = { context, types, out };
  guint n_fields = context->n_fields, max_fields = context->max_fields;
  gboolean done;

  context->max_fields = MAX_FIELDS;
  done = append_asked (&self, path, asked);
  context->n_fields = n_fields;
  context->max_fields = max_fields;
  return done;
}
