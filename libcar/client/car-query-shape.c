/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/client/car-query-shape-private.h>

/* No reasonable query goes deeper, and each level is one of ours. */
#define MAX_DEPTH 32

typedef enum
{
  VALUE_SCALAR,
  VALUE_LIST,      /* of objects */
  VALUE_ROW,       /* an object, or null: COLLECTION_by_pk */
  VALUE_AGGREGATE, /* an object of which the fields are not known */
  VALUE_OUTCOME,   /* the same, or null: a mutation inserted nothing, introspection knows no such type */
} ValueKind;

typedef struct
{
  char *name; /* in the answer */
  ValueKind kind;
  gboolean optional;
  GPtrArray *fields; /* (element-type Field) */
} Field;

struct _CarQueryShape
{
  GPtrArray *fields;
};

static void
field_free (gpointer data)
{
  Field *self = data;

  g_free (self->name);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
  g_free (self);
}

/* Reading the query (GraphQL, October 2021, 2.1). It is read for its names alone: what else is wrong with it, the service
 * says. */

typedef struct
{
  const char *at;
  gboolean is_mutation;
  guint depth;
} Reader;

static void
skip_space (Reader *self)
{
  for (;;)
    if (*self->at == '#')
      self->at += strcspn (self->at, "\r\n");
    else if (*self->at != '\0' && strchr (" \t\r\n,", *self->at) != NULL)
      self->at++;
    else if (g_str_has_prefix (self->at, "\xef\xbb\xbf"))
      self->at += strlen ("\xef\xbb\xbf");
    else
      return;
}

static gboolean
take (Reader *self, char token)
{
  skip_space (self);
  if (*self->at != token)
    return FALSE;

  self->at++;
  return TRUE;
}

static char *
take_name (Reader *self)
{
  skip_space (self);
  const gsize length = strspn (self->at, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");
  if (length == 0)
    return NULL;

  char *name = g_strndup (self->at, length);
  self->at += length;
  return name;
}

/* Behind the first quotation mark of three. */
static gboolean
skip_block_string (Reader *self)
{
  for (self->at += strlen ("\"\""); *self->at != '\0'; self->at++)
    if (g_str_has_prefix (self->at, "\\\"\"\""))
      self->at += strlen ("\"\"\"");
    else if (g_str_has_prefix (self->at, "\"\"\""))
      {
        self->at += strlen ("\"\"\"");
        return TRUE;
      }
  return FALSE;
}

/* Behind the quotation mark. */
static gboolean
skip_string (Reader *self)
{
  if (g_str_has_prefix (self->at, "\"\""))
    return skip_block_string (self);

  for (; *self->at != '\0' && *self->at != '\n'; self->at++)
    if (*self->at == '"')
      {
        self->at++;
        return TRUE;
      }
    else if (*self->at == '\\' && self->at[1] != '\0')
      self->at++;
  return FALSE;
}

/* What stands in round brackets, if anything. */
static gboolean
skip_arguments (Reader *self)
{
  if (!take (self, '('))
    return TRUE;

  for (guint depth = 1; depth > 0;)
    {
      skip_space (self);
      const char token = *self->at;
      if (token == '\0')
        return FALSE;
      self->at++;
      if (token == '"' && !skip_string (self))
        return FALSE;
      if (strchr ("([{", token) != NULL)
        depth++;
      else if (strchr (")]}", token) != NULL)
        depth--;
    }
  return TRUE;
}

static gboolean
skip_directives (Reader *self, gboolean *any)
{
  *any = FALSE;
  while (take (self, '@'))
    {
      g_autofree char *name = take_name (self);
      *any = TRUE;
      if (name == NULL || !skip_arguments (self))
        return FALSE;
    }
  return TRUE;
}

static GPtrArray *read_fields (Reader *self);

/* A spread, or an inline fragment: its fields are there for some types only. */
static gboolean
skip_fragment (Reader *self)
{
  gboolean any;
  g_autofree char *name = take_name (self);
  g_autofree char *type = g_strcmp0 (name, "on") == 0 ? take_name (self) : NULL;

  if (!skip_directives (self, &any))
    return FALSE;
  if (name != NULL && type == NULL)
    return TRUE;

  g_autoptr (GPtrArray) fields = read_fields (self);
  return fields != NULL;
}

static ValueKind
get_kind (const Reader *self, const char *name)
{
  if (g_str_has_prefix (name, "__") || (self->is_mutation && self->depth == 1))
    return VALUE_OUTCOME;
  if (g_str_has_suffix (name, "_aggregate"))
    return VALUE_AGGREGATE;

  return g_str_has_suffix (name, "_by_pk") && self->depth == 1 ? VALUE_ROW : VALUE_LIST;
}

static gboolean
read_field (Reader *self, GPtrArray *fields)
{
  g_autofree char *name = take_name (self);
  g_autofree char *alias = name != NULL && take (self, ':') ? g_steal_pointer (&name) : NULL;
  if (alias != NULL)
    name = take_name (self);
  if (name == NULL)
    return FALSE;

  Field *field = g_new0 (Field, 1);
  g_ptr_array_add (fields, field);
  field->name = g_strdup (alias != NULL ? alias : name);
  if (!skip_arguments (self) || !skip_directives (self, &field->optional))
    return FALSE;

  skip_space (self);
  if (*self->at != '{')
    return TRUE;

  field->kind = get_kind (self, name);
  field->fields = read_fields (self);
  return field->fields != NULL;
}

/* What stands in curly brackets. */
static GPtrArray *
read_fields (Reader *self)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (field_free);

  if (++self->depth > MAX_DEPTH || !take (self, '{'))
    return NULL;
  while (!take (self, '}'))
    {
      const gboolean is_fragment = g_str_has_prefix (self->at, "...");
      self->at += is_fragment ? strlen ("...") : 0;
      if (is_fragment ? !skip_fragment (self) : !read_field (self, fields))
        return NULL;
    }
  self->depth--;
  return g_steal_pointer (&fields);
}

/* The head of the operation, behind which its fields stand. Fragments that stand before it are passed over. */
static gboolean
read_head (Reader *self)
{
  gboolean any;

  for (;;)
    {
      skip_space (self);
      if (*self->at == '{')
        return TRUE;

      g_autofree char *word = take_name (self);
      if (g_strcmp0 (word, "fragment") == 0)
        {
          g_autofree char *name = take_name (self);
          if (name == NULL || !skip_fragment (self))
            return FALSE;
          continue;
        }

      self->is_mutation = g_strcmp0 (word, "mutation") == 0;
      if (!self->is_mutation && g_strcmp0 (word, "query") != 0)
        return FALSE;
      g_autofree char *name = take_name (self);
      return skip_arguments (self) && skip_directives (self, &any);
    }
}

CarQueryShape *
car_query_shape_new (const char *query)
{
  Reader reader = { .at = query };
  g_autoptr (GPtrArray) fields = read_head (&reader) ? read_fields (&reader) : NULL;
  if (fields == NULL)
    return NULL;

  CarQueryShape *self = g_new0 (CarQueryShape, 1);
  self->fields = g_steal_pointer (&fields);
  return self;
}

void
car_query_shape_free (CarQueryShape *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->fields);
  g_free (self);
}

/* Checking the answer. */

static char *check_object (const GPtrArray *fields, const CarJsonSpan *object);

static char *
check_list (const Field *field, const CarJsonSpan *list)
{
  CarJsonScanner scanner;
  car_json_scanner_init (&scanner, list->text, list->length);
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);

  while (car_json_scanner_next_item (&scanner))
    {
      CarJsonSpan item;
      car_json_scanner_read (&scanner, &item);
      char *problem = item.type == CAR_JSON_OBJECT
                          ? check_object (field->fields, &item)
                          : g_strdup_printf ("“%s” holds what is no object", field->name);
      if (problem != NULL)
        return problem;
    }
  return NULL;
}

static char *
check_value (const Field *field, const CarJsonSpan *value)
{
  switch (field->kind)
    {
    case VALUE_LIST:
      return value->type == CAR_JSON_ARRAY ? check_list (field, value)
                                           : g_strdup_printf ("“%s” is no list", field->name);
    case VALUE_ROW:
    case VALUE_AGGREGATE:
    case VALUE_OUTCOME:
      if (value->type == CAR_JSON_NULL && field->kind != VALUE_AGGREGATE)
        return NULL;
      if (value->type != CAR_JSON_OBJECT)
        return g_strdup_printf ("“%s” is no object", field->name);
      return field->kind == VALUE_ROW ? check_object (field->fields, value) : NULL;
    case VALUE_SCALAR:
    default:
      return NULL;
    }
}

/* A field may be asked for several times: the answer has it once. */
static char *
check_member (const GPtrArray *fields, const CarJsonSpan *name, const CarJsonSpan *value, gboolean *seen)
{
  for (guint i = 0; i < fields->len; i++)
    {
      const Field *field = fields->pdata[i];
      if (!car_json_span_equals (name, field->name))
        continue;

      seen[i] = TRUE;
      char *problem = check_value (field, value);
      if (problem != NULL)
        return problem;
    }
  return NULL;
}

static char *
check_object (const GPtrArray *fields, const CarJsonSpan *object)
{
  g_autofree gboolean *seen = g_new0 (gboolean, fields->len);
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      char *problem = check_member (fields, &name, &value, seen);
      if (problem != NULL)
        return problem;
    }

  for (guint i = 0; i < fields->len; i++)
    {
      const Field *field = fields->pdata[i];
      if (!seen[i] && !field->optional)
        return g_strdup_printf ("“%s”, which was asked for, is missing", field->name);
    }
  return NULL;
}

char *
car_query_shape_check (const CarQueryShape *self, const CarJsonSpan *data)
{
  return check_object (self->fields, data);
}
