/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/base/car-error.h>
#include <libcar/schema/car-schema-extension.h>
#include <string.h>

#include <libcar/json/car-json-reader-private.h>

/**
 * CarSchemaExtension:
 *
 * Collections and properties that a connector adds to the service's schema (protocol.md, "Schema extension").
 *
 * Its form is checked when it is made, so that a mistake is found before anything is sent. Nothing changes afterwards.
 */
struct _CarSchemaExtension
{
  GObject parent_instance;

  char *key;
  char *owner;
  gint64 version;
  char *schema;
};

G_DEFINE_FINAL_TYPE (CarSchemaExtension, car_schema_extension, G_TYPE_OBJECT)

/* The way to the value that is being checked, as a JSON Pointer (RFC 6901). */
typedef struct
{
  GString *pointer;
  GError **error;
} Checker;

typedef gboolean (*Check) (Checker *self, const CarJsonSpan *value);

typedef struct
{
  const char *name;
  Check check;
  gboolean required;
} Member;

static gboolean refuse (Checker *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (Checker *self, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *where = car_text_to_printable (self->pointer->str, -1);
  g_set_error (self->error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
               "the schema extension, at “%s”: %s", where, what);
  return FALSE;
}

/* Checks the value that stands under `step`. */
static gboolean
check_under (Checker *self, const char *step, Check check, const CarJsonSpan *value)
{
  const gsize before = self->pointer->len;

  g_string_append_c (self->pointer, '/');
  for (const char *at = step; *at; at++)
    if (*at == '~')
      g_string_append (self->pointer, "~0");
    else if (*at == '/')
      g_string_append (self->pointer, "~1");
    else
      g_string_append_c (self->pointer, *at);

  const gboolean valid = check (self, value);
  g_string_truncate (self->pointer, before);
  return valid;
}

/* The members' names; NULL with an error where one stands twice, or where it is no object. */
static GPtrArray *
get_names (Checker *self, const CarJsonSpan *object)
{
  if (object->type != CAR_JSON_OBJECT)
    {
      refuse (self, "an object belongs here");
      return NULL;
    }

  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  CarJsonScanner scanner;
  CarJsonSpan name, value;
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    {
      gsize length;
      char *text = car_json_span_unescape (&name, &length);
      g_ptr_array_add (names, text);
      if (strlen (text) != length)
        {
          refuse (self, "a member's name holds a NUL");
          return NULL;
        }
      if (car_json_span_get_member (object, text).type == CAR_JSON_INVALID)
        {
          g_autofree char *shown = car_text_to_printable (text, -1);
          refuse (self, "the member “%s” stands here twice", shown);
          return NULL;
        }
    }
  return g_steal_pointer (&names);
}

static const Member *
find_member (const Member *members, const char *name)
{
  for (const Member *member = members; member->name; member++)
    if (g_str_equal (member->name, name))
      return member;
  return NULL;
}

static gboolean
check_object (Checker *self, const CarJsonSpan *object, const Member *members)
{
  g_autoptr (GPtrArray) names = get_names (self, object);
  if (!names)
    return FALSE;

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = names->pdata[i];
      const Member *member = find_member (members, name);
      const CarJsonSpan value = car_json_span_get_member (object, name);
      if (!member)
        {
          g_autofree char *shown = car_text_to_printable (name, -1);
          return refuse (self, "no member “%s” is known here", shown);
        }
      if (!check_under (self, name, member->check, &value))
        return FALSE;
    }

  for (const Member *member = members; member->name; member++)
    if (member->required && car_json_span_get_member (object, member->name).type == CAR_JSON_INVALID)
      return refuse (self, "the member “%s” is missing", member->name);
  return TRUE;
}

static gboolean
check_items (Checker *self, const CarJsonSpan *array, Check check)
{
  g_autoptr (GArray) items = car_json_span_get_items (array);
  if (!items)
    return refuse (self, "an array belongs here");

  for (guint i = 0; i < items->len; i++)
    {
      char step[16];
      g_snprintf (step, sizeof step, "%u", i);
      if (!check_under (self, step, check, &g_array_index (items, CarJsonSpan, i)))
        return FALSE;
    }
  return TRUE;
}

/* Leaves. */

static gboolean
check_text (Checker *self, const CarJsonSpan *value)
{
  g_autofree char *text = car_json_span_dup_string (value);

  return text || refuse (self, "a string belongs here");
}

static gboolean
check_boolean (Checker *self, const CarJsonSpan *value)
{
  return value->type == CAR_JSON_TRUE || value->type == CAR_JSON_FALSE ||
         refuse (self, "true or false belongs here");
}

static gboolean
check_number (Checker *self, const CarJsonSpan *value)
{
  return value->type == CAR_JSON_NUMBER || refuse (self, "a number belongs here");
}

static gboolean
check_plain_value (Checker *self, const CarJsonSpan *value)
{
  return TRUE;
}

static gboolean
is_name (const char *text)
{
  return *text && !g_ascii_isdigit (*text) &&
         text[strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static gboolean
check_name (Checker *self, const CarJsonSpan *value)
{
  g_autofree char *text = car_json_span_dup_string (value);

  return (text && is_name (text)) ||
         refuse (self, "a name belongs here: small letters, digits and _, not beginning with a digit");
}

static gboolean
check_type (Checker *self, const CarJsonSpan *value)
{
  const char *const types[] = { "text",      "numeric", "boolean", "integer",   "bigint", "jsonb",
                                "timestamp", "inet",    "macaddr", "bigserial", "float",  NULL };
  g_autofree char *text = car_json_span_dup_string (value);
  if (text && g_strv_contains (types, text))
    return TRUE;

  g_autofree char *known = g_strjoinv (", ", (char **) types);
  return refuse (self, "one of these belongs here: %s", known);
}

/* Rules of one property: [{"pattern","error_message"}] or [{"minimum","maximum","error_message"}]. */

static gboolean
check_property_rule (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "pattern", check_text },
                                    { "minimum", check_number },
                                    { "maximum", check_number },
                                    { "error_message", check_text },
                                    {} };
  if (!check_object (self, value, members))
    return FALSE;

  const gboolean pattern = car_json_span_get_member (value, "pattern").type != CAR_JSON_INVALID;
  const gboolean range = car_json_span_get_member (value, "minimum").type != CAR_JSON_INVALID ||
                         car_json_span_get_member (value, "maximum").type != CAR_JSON_INVALID;
  return pattern != range || refuse (self, "either “pattern” belongs here, or “minimum” and “maximum”");
}

static gboolean
check_property_rules (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_property_rule);
}

/* Rules of a vertex or an edge: [{"oneOf":{"pattern":[{"required":[…]},…],"error_message"}}]. */

static gboolean
check_names (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_name);
}

static gboolean
check_alternative (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "required", check_names, TRUE }, {} };

  return check_object (self, value, members);
}

static gboolean
check_alternatives (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_alternative);
}

static gboolean
check_one_of (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "pattern", check_alternatives, TRUE },
                                    { "error_message", check_text },
                                    {} };

  return check_object (self, value, members);
}

static gboolean
check_rule (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "oneOf", check_one_of, TRUE }, {} };

  return check_object (self, value, members);
}

static gboolean
check_rules (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_rule);
}

/* Vertices and edges. */

static gboolean
check_property (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "type", check_type, TRUE },           { "indexed", check_boolean },
                                    { "required", check_boolean },          { "unique", check_boolean },
                                    { "validation", check_property_rules }, { "description", check_text },
                                    { "default", check_plain_value },       {} };

  return check_object (self, value, members);
}

static gboolean
check_properties (Checker *self, const CarJsonSpan *value)
{
  g_autoptr (GPtrArray) names = get_names (self, value);
  if (!names)
    return FALSE;

  for (guint i = 0; i < names->len; i++)
    {
      const CarJsonSpan property = car_json_span_get_member (value, names->pdata[i]);
      if (!is_name (names->pdata[i]))
        {
          g_autofree char *shown = car_text_to_printable (names->pdata[i], -1);
          return refuse (
              self, "“%s” is no property's name: small letters, digits and _ are, not beginning with a digit",
              shown);
        }
      if (!check_under (self, names->pdata[i], check_property, &property))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_vertex (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = {
    { "name", check_name, TRUE }, { "properties", check_properties }, { "validation", check_rules }, {}
  };

  return check_object (self, value, members);
}

static gboolean
check_vertices (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_vertex);
}

static gboolean
check_edge (Checker *self, const CarJsonSpan *value)
{
  static const Member members[] = { { "end1", check_name, TRUE },
                                    { "end2", check_name, TRUE },
                                    { "properties", check_properties },
                                    { "validation", check_rules },
                                    {} };

  return check_object (self, value, members);
}

static gboolean
check_edges (Checker *self, const CarJsonSpan *value)
{
  return check_items (self, value, check_edge);
}

static gboolean
check_schema (const char *json, GError **error)
{
  static const Member members[] = { { "vertices", check_vertices }, { "edges", check_edges }, {} };
  CarJsonSpan schema;
  if (!car_json_read_text (json, strlen (json), &schema, error))
    {
      g_prefix_error_literal (error, "the schema extension: ");
      return FALSE;
    }

  g_autoptr (GString) pointer = g_string_new (NULL);
  Checker checker = { .pointer = pointer, .error = error };
  if (!check_object (&checker, &schema, members))
    return FALSE;
  if (car_json_span_get_member (&schema, "vertices").type == CAR_JSON_INVALID &&
      car_json_span_get_member (&schema, "edges").type == CAR_JSON_INVALID)
    return refuse (&checker, "“vertices” or “edges” belongs here");
  return TRUE;
}

static void
car_schema_extension_finalize (GObject *object)
{
  CarSchemaExtension *self = CAR_SCHEMA_EXTENSION (object);

  g_free (self->key);
  g_free (self->owner);
  g_free (self->schema);
  G_OBJECT_CLASS (car_schema_extension_parent_class)->finalize (object);
}

static void
car_schema_extension_class_init (CarSchemaExtensionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = car_schema_extension_finalize;
}

static void
car_schema_extension_init (CarSchemaExtension *self)
{
}

static gboolean
check_label (const char *what, const char *value, GError **error)
{
  if (*value && g_utf8_validate (value, -1, NULL))
    return TRUE;

  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "the schema extension's %s is %s",
               what, *value ? "not UTF-8" : "empty");
  return FALSE;
}

/**
 * car_schema_extension_new:
 * @key: what the service knows the extension by, such as a UUID; not empty
 * @owner: whose it is; not empty
 * @version: the version, 0 or more: a service takes an extension in place of an older one of the same key
 * @schema_json: the collections and properties, as JSON text
 * @error: return location for an error
 *
 * Makes an extension, and checks its form: a mistake is %CAR_SCHEMA_ERROR_INVALID_SCHEMA, or
 * %CAR_SCHEMA_ERROR_INVALID_JSON where @schema_json is not JSON; the message names the place as a JSON Pointer.
 *
 * Returns: (transfer full): an extension, or %NULL with an error
 */
CarSchemaExtension *
car_schema_extension_new (const char *key,
                          const char *owner,
                          gint64 version,
                          const char *schema_json,
                          GError **error)
{
  g_return_val_if_fail (key && owner && schema_json, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  if (!check_label ("key", key, error) || !check_label ("owner", owner, error))
    return NULL;
  if (version < 0)
    {
      g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                           "the schema extension's version is less than 0");
      return NULL;
    }
  if (!check_schema (schema_json, error))
    return NULL;

  CarSchemaExtension *self = g_object_new (CAR_TYPE_SCHEMA_EXTENSION, NULL);
  self->key = g_strdup (key);
  self->owner = g_strdup (owner);
  self->version = version;
  self->schema = g_strdup (schema_json);
  return self;
}

/**
 * car_schema_extension_get_key:
 * @self: an extension
 *
 * Gets the name of the extension.
 *
 * Returns: what the service knows the extension by
 */
const char *
car_schema_extension_get_key (CarSchemaExtension *self)
{
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (self), NULL);

  return self->key;
}

/**
 * car_schema_extension_get_owner:
 * @self: an extension
 *
 * Gets whose extension it is.
 *
 * Returns: whose it is
 */
const char *
car_schema_extension_get_owner (CarSchemaExtension *self)
{
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (self), NULL);

  return self->owner;
}

/**
 * car_schema_extension_get_version:
 * @self: an extension
 *
 * Gets the version, which decides whether the service already has it.
 *
 * Returns: its version, 0 or more
 */
gint64
car_schema_extension_get_version (CarSchemaExtension *self)
{
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (self), -1);

  return self->version;
}

/**
 * car_schema_extension_get_schema:
 * @self: an extension
 *
 * Gets the vertices and edges that the extension adds.
 *
 * Returns: its collections and properties, as the JSON text that it was made with
 */
const char *
car_schema_extension_get_schema (CarSchemaExtension *self)
{
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (self), NULL);

  return self->schema;
}
