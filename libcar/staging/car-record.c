/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/json/car-json-value-private.h>
#include <libcar/staging/car-record-private.h>

/**
 * CarRecord:
 *
 * One vertex or edge, written member by member.
 *
 * What is set is written as JSON text at once; no tree is built. It is the fastest way to bring an object from C
 * into [method@DataHandler.add_vertex_record]. A record can be used again after [method@Record.clear], which is
 * cheaper than a new one.
 *
 * Members stand in the order in which they were set. A member that is set twice stands there twice, and the object
 * is then left out as invalid, like one that breaks the import schema. The same happens to an object with a value
 * that JSON cannot hold (a text that is not UTF-8, a double that is not finite): nothing is changed in silence.
 */
struct _CarRecord
{
  GString *text; /* always a whole object */
  char *problem; /* the first thing set that JSON cannot hold */
};

G_DEFINE_BOXED_TYPE (CarRecord, car_record, car_record_copy, car_record_free)

/* Whether a JSON string holds the text as it is. */
static inline gboolean
is_plain (const char *text, gsize length)
{
  if (length < 8)
    return car_json_skip_plain (text, text + length) == text + length;

  for (gsize i = 0; i + 8 < length; i += 8)
    if (car_json_find_special (text + i) != 0)
      return FALSE;
  return car_json_find_special (text + length - 8) == 0;
}

static gboolean
append_text (GString *out, const char *text, gsize length)
{
  if (G_LIKELY (is_plain (text, length)))
    {
      char *at = car_json_extend (out, length + 2);

      at[0] = '"';
      memcpy (at + 1, text, length);
      at[length + 1] = '"';
      return TRUE;
    }

  if (!g_utf8_validate_len (text, length, NULL))
    return FALSE;

  car_json_append_string (out, text, length);
  return TRUE;
}

static void
set_problem (CarRecord *self, const char *name, const char *problem)
{
  if (self->problem != NULL)
    return;

  g_autofree char *valid = g_utf8_make_valid (name, -1);
  g_autoptr (GString) pointer = g_string_new (NULL);
  GString *text = g_string_new (NULL);

  car_json_pointer_append (pointer, valid, strlen (valid));
  car_json_append_shown (text, pointer->str, pointer->len);
  g_string_append_printf (text, " %s", problem);
  self->problem = g_string_free (text, FALSE);
}

/* The member takes the closing brace's place. */
static void
begin_member (CarRecord *self, const char *name)
{
  if (self->text->len == strlen ("{}"))
    self->text->len = strlen ("{");
  else
    self->text->str[self->text->len - 1] = ',';

  if (!append_text (self->text, name, strlen (name)))
    set_problem (self, name, "has a name that is not UTF-8 text");
  *car_json_extend (self->text, 1) = ':';
}

static void
end_member (CarRecord *self)
{
  *car_json_extend (self->text, 1) = '}';
}

static void
append_string (CarRecord *self, const char *name, const char *value)
{
  if (!append_text (self->text, value, strlen (value)))
    set_problem (self, name, "is not UTF-8 text");
}

static void
append_double (CarRecord *self, const char *name, double value)
{
  if (isfinite (value))
    car_json_append_double (self->text, value);
  else
    set_problem (self, name, "is not a finite number");
}

/**
 * car_record_new:
 *
 * Makes a record that has no members yet.
 *
 * Returns: (transfer full): a record
 */
CarRecord *
car_record_new (void)
{
  CarRecord *self = g_new0 (CarRecord, 1);

  self->text = g_string_sized_new (256);
  g_string_append (self->text, "{}");
  return self;
}

/**
 * car_record_copy:
 * @self: a record
 *
 * Copies a record.
 *
 * Returns: (transfer full): a record with the same members
 */
CarRecord *
car_record_copy (const CarRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  CarRecord *copy = g_new0 (CarRecord, 1);

  copy->text = g_string_new_len (self->text->str, self->text->len);
  copy->problem = g_strdup (self->problem);
  return copy;
}

/**
 * car_record_free:
 * @self: (transfer full) (nullable): a record
 *
 * Frees a record.
 */
void
car_record_free (CarRecord *self)
{
  if (self == NULL)
    return;

  g_string_free (self->text, TRUE);
  g_free (self->problem);
  g_free (self);
}

/**
 * car_record_clear:
 * @self: a record
 *
 * Takes all members away, so that the record can be used for the next object.
 */
void
car_record_clear (CarRecord *self)
{
  g_return_if_fail (self != NULL);

  g_string_assign (self->text, "{}");
  g_clear_pointer (&self->problem, g_free);
}

/**
 * car_record_set_string:
 * @self: a record
 * @name: the member's name
 * @value: (nullable): UTF-8 text; the member is left out where this is %NULL
 *
 * Sets a member to a text.
 */
void
car_record_set_string (CarRecord *self, const char *name, const char *value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (value == NULL)
    return;

  begin_member (self, name);
  append_string (self, name, value);
  end_member (self);
}

/**
 * car_record_set_int:
 * @self: a record
 * @name: the member's name
 * @value: a number
 *
 * Sets a member to a whole number.
 */
void
car_record_set_int (CarRecord *self, const char *name, gint64 value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  begin_member (self, name);
  car_json_append_int (self->text, value);
  end_member (self);
}

/**
 * car_record_set_double:
 * @self: a record
 * @name: the member's name
 * @value: a finite number
 *
 * Sets a member to a number, in the shortest spelling that reads back as @value.
 */
void
car_record_set_double (CarRecord *self, const char *name, double value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  begin_member (self, name);
  append_double (self, name, value);
  end_member (self);
}

/**
 * car_record_set_boolean:
 * @self: a record
 * @name: the member's name
 * @value: whether it is true
 *
 * Sets a member to `true` or `false`.
 */
void
car_record_set_boolean (CarRecord *self, const char *name, gboolean value)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  begin_member (self, name);
  g_string_append (self->text, value ? "true" : "false");
  end_member (self);
}

/**
 * car_record_set_null:
 * @self: a record
 * @name: the member's name
 *
 * Sets a member to `null`.
 */
void
car_record_set_null (CarRecord *self, const char *name)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  begin_member (self, name);
  g_string_append (self->text, "null");
  end_member (self);
}

/**
 * car_record_set_strv:
 * @self: a record
 * @name: the member's name
 * @values: (nullable) (array zero-terminated=1): UTF-8 texts; the member is left out where this is %NULL
 *
 * Sets a member to an array of texts, such as the tags of a vertex.
 */
void
car_record_set_strv (CarRecord *self, const char *name, const char *const *values)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (values == NULL)
    return;

  begin_member (self, name);
  g_string_append_c (self->text, '[');
  for (gsize i = 0; values[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (self->text, ',');
      append_string (self, name, values[i]);
    }
  g_string_append_c (self->text, ']');
  end_member (self);
}

/**
 * car_record_set_json:
 * @self: a record
 * @name: the member's name
 * @json: (nullable): the text of one JSON value of any type (RFC 8259); the member is left out where this is %NULL
 *
 * Sets a member to a value that is JSON text already. Its numbers keep their spelling.
 *
 * Text that is anything but exactly one value makes the object invalid; it cannot bring in other members.
 */
void
car_record_set_json (CarRecord *self, const char *name, const char *json)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (json == NULL)
    return;

  CarJsonScanner scanner;
  CarJsonSpan value;

  begin_member (self, name);
  car_json_scanner_init (&scanner, json, strlen (json));
  if (car_json_scanner_read (&scanner, &value) && car_json_scanner_finish (&scanner))
    g_string_append (self->text, json);
  else
    set_problem (self, name, "was set to text that is not one JSON value");
  end_member (self);
}

/**
 * car_record_to_json:
 * @self: a record
 *
 * Gets the object as JSON text. That it has the right members is checked when it is added to a [class@DataHandler].
 *
 * Returns: (transfer full) (nullable): JSON text, or %NULL where a value was set that JSON cannot hold
 */
char *
car_record_to_json (const CarRecord *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->problem != NULL)
    return NULL;
  return g_strdup (self->text->str);
}

const char *
car_record_peek (const CarRecord *self, gsize *length, GError **error)
{
  if (self->problem != NULL)
    {
      g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON, self->problem);
      return NULL;
    }

  *length = self->text->len;
  return self->text->str;
}

static void append_node (CarRecord *self, const char *name, JsonNode *node, guint depth);

static void
append_array (CarRecord *self, const char *name, JsonArray *array, guint depth)
{
  guint length = array == NULL ? 0 : json_array_get_length (array);

  g_string_append_c (self->text, '[');
  for (guint i = 0; i < length; i++)
    {
      if (i > 0)
        g_string_append_c (self->text, ',');
      append_node (self, name, json_array_get_element (array, i), depth);
    }
  g_string_append_c (self->text, ']');
}

static void
append_object (CarRecord *self, const char *name, JsonObject *object, guint depth)
{
  JsonObjectIter iter;
  const char *inner_name;
  JsonNode *node;
  gboolean first = TRUE;

  g_string_append_c (self->text, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &inner_name, &node))
    {
      if (!first)
        g_string_append_c (self->text, ',');
      first = FALSE;
      append_string (self, name, inner_name);
      g_string_append_c (self->text, ':');
      append_node (self, name, node, depth);
    }
  g_string_append_c (self->text, '}');
}

static void
append_value (CarRecord *self, const char *name, JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      append_string (self, name, json_node_get_string (node));
      break;
    case G_TYPE_INT64:
      car_json_append_int (self->text, json_node_get_int (node));
      break;
    case G_TYPE_DOUBLE:
      append_double (self, name, json_node_get_double (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (self->text, json_node_get_boolean (node) ? "true" : "false");
      break;
    default:
      set_problem (self, name, "is of a type that JSON does not have");
    }
}

static void
append_node (CarRecord *self, const char *name, JsonNode *node, guint depth)
{
  if (depth > CAR_JSON_MAX_DEPTH)
    {
      set_problem (self, name, "is nested too deeply");
      return;
    }

  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      append_object (self, name, json_node_get_object (node), depth + 1);
      break;
    case JSON_NODE_ARRAY:
      append_array (self, name, json_node_get_array (node), depth + 1);
      break;
    case JSON_NODE_VALUE:
      append_value (self, name, node);
      break;
    default:
      g_string_append (self->text, "null");
    }
}

void
car_record_set_members (CarRecord *self, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      begin_member (self, name);
      append_node (self, name, node, 1);
      end_member (self);
    }
}
