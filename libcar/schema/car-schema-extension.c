/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-validator-private.h>
#include <libcar/schema/car-schema-extension-private.h>

/**
 * CarSchemaExtension:
 *
 * Collections and properties that a connector adds to the service's schema (protocol.md, "Schema extension").
 *
 * Its form is checked when it is made, so that a mistake is found before anything is sent. Nothing changes afterwards. One
 * that is made by its properties alone is checked by [method@Gio.Initable.init], or when it is sent.
 *
 * A collection of cost centres, and the edges `costcenter_asset` from them to assets:
 *
 * ```c
 * static gboolean
 * create_schema_extension (CarApp *app, CarSchemaExtension **extension, GError **error)
 * {
 *   *extension = car_schema_extension_new ("inventory", "my company", 1,
 *                                          "{\"vertices\": [{\"name\": \"costcenter\","
 *                                          "                \"properties\": {\"name\": {\"type\": \"text\"}}}],"
 *                                          " \"edges\": [{\"end1\": \"costcenter\", \"end2\": \"asset\"}]}",
 *                                          error);
 *   return *extension != NULL;
 * }
 * ```
 */
struct _CarSchemaExtension
{
  GObject parent_instance;

  char *key;
  char *owner;
  gint64 version;
  char *schema;
};

enum
{
  PROP_0,
  PROP_KEY,
  PROP_OWNER,
  PROP_VERSION,
  PROP_SCHEMA,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static void car_schema_extension_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CarSchemaExtension,
                               car_schema_extension,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, car_schema_extension_initable_init))

/* Made from data/schema-extension.gresource.xml. */
extern GResource *car_schema_extension_get_resource (void);

const char *
car_schema_extension_get_schema_text (gsize *length)
{
  g_autoptr (GBytes) bytes =
      g_resource_lookup_data (car_schema_extension_get_resource (), "/libcar/schema-extension.json", 0, NULL);

  /* It stays: a resource that is not compressed lies in the program itself. */
  return g_bytes_get_data (bytes, length);
}

static const CarJsonNode *
get_form (void)
{
  static CarJsonSchema *form;
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      g_autoptr (GError) error = NULL;
      gsize length;
      const char *text = car_schema_extension_get_schema_text (&length);
      form = car_json_schema_new (text, length, &error);
      if (form == NULL)
        g_error ("data/schema-extension.json: %s", error->message);
      g_once_init_leave (&made, 1);
    }
  return car_json_schema_get_root (form);
}

gboolean
car_schema_extension_check_form (const char *json, gsize length, GError **error)
{
  const CarJsonCheck check = { .node = get_form () };
  g_auto (CarJsonViolation) violation = { NULL };

  if (car_json_validate_text (&check, json, length, NULL, &violation))
    return TRUE;

  if (violation.code == CAR_SCHEMA_ERROR_VIOLATION)
    violation.code = CAR_SCHEMA_ERROR_INVALID_SCHEMA;
  car_json_violation_prefix (&violation, "the schema extension: ");
  car_json_violation_set_error (&violation, error);
  return FALSE;
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
car_schema_extension_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  CarSchemaExtension *self = CAR_SCHEMA_EXTENSION (object);

  switch (id)
    {
    case PROP_KEY:
      self->key = g_value_dup_string (value);
      break;
    case PROP_OWNER:
      self->owner = g_value_dup_string (value);
      break;
    case PROP_VERSION:
      self->version = g_value_get_int64 (value);
      break;
    case PROP_SCHEMA:
      self->schema = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
car_schema_extension_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  CarSchemaExtension *self = CAR_SCHEMA_EXTENSION (object);

  switch (id)
    {
    case PROP_KEY:
      g_value_set_string (value, self->key);
      break;
    case PROP_OWNER:
      g_value_set_string (value, self->owner);
      break;
    case PROP_VERSION:
      g_value_set_int64 (value, self->version);
      break;
    case PROP_SCHEMA:
      g_value_set_string (value, self->schema);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
}

static void
car_schema_extension_class_init (CarSchemaExtensionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = car_schema_extension_finalize;
  object_class->set_property = car_schema_extension_set_property;
  object_class->get_property = car_schema_extension_get_property;

  /**
   * CarSchemaExtension:key:
   *
   * What the service knows the extension by; not empty.
   */
  properties[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, NULL, flags);

  /**
   * CarSchemaExtension:owner:
   *
   * Whose extension it is; not empty.
   */
  properties[PROP_OWNER] = g_param_spec_string ("owner", NULL, NULL, NULL, flags);

  /**
   * CarSchemaExtension:version:
   *
   * The version, 0 or more.
   */
  properties[PROP_VERSION] = g_param_spec_int64 ("version", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);

  /**
   * CarSchemaExtension:schema:
   *
   * The collections and properties, as JSON text.
   */
  properties[PROP_SCHEMA] = g_param_spec_string ("schema", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
car_schema_extension_init (CarSchemaExtension *self)
{
}

static gboolean
check_label (const char *what, const char *value, GError **error)
{
  if (value != NULL && *value != '\0' && g_utf8_validate (value, -1, NULL))
    return TRUE;

  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "the schema extension's %s is %s",
               what,
               value == NULL    ? "not set"
               : *value != '\0' ? "not UTF-8"
                                : "empty");
  return FALSE;
}

static gboolean
car_schema_extension_check (GInitable *initable, GCancellable *cancellable, GError **error)
{
  CarSchemaExtension *self = CAR_SCHEMA_EXTENSION (initable);

  if (!check_label ("key", self->key, error) || !check_label ("owner", self->owner, error))
    return FALSE;
  if (self->schema == NULL)
    {
      g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                           "the schema extension's schema is not set");
      return FALSE;
    }
  if (self->version < 0)
    {
      g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                           "the schema extension's version is less than 0");
      return FALSE;
    }
  return car_schema_extension_check_form (self->schema, strlen (self->schema), error);
}

static void
car_schema_extension_initable_init (GInitableIface *iface)
{
  iface->init = car_schema_extension_check;
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
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (owner != NULL, NULL);
  g_return_val_if_fail (schema_json != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_initable_new (CAR_TYPE_SCHEMA_EXTENSION, NULL, error, "key", key, "owner", owner, "version",
                         version, "schema", schema_json, NULL);
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
