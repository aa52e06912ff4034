/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/schema/car-schema-extension-private.h>

#include "service/http/car-service-calls.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/sql/car-service-extensions.h"

gboolean
car_service_call_get_import_schema (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *version = car_service_request_dup_parameter (request, "version");
  CarCoreModel *model = car_service_store_get_model (store, error);

  if (model == NULL)
    return FALSE;
  if (version != NULL && strcmp (version, "v2") != 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "The import schema is kept in the version v2 only");
      return FALSE;
    }

  g_autofree char *schema = car_core_model_to_import_schema (model);
  GString *out = g_string_new ("{\"version\":\"v2\",\"schema\":");
  g_string_append (out, schema);
  g_string_append_c (out, '}');
  car_service_request_answer (request, out);

  return TRUE;
}

gboolean
car_service_call_get_extension_schema (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  gsize length;
  const char *text = car_schema_extension_get_schema_text (&length);

  car_service_request_answer (request, g_string_new_len (text, (gssize) length));

  return TRUE;
}

/* Of a row: key, owner, version, body. */
static void
append_extension (GString *out, CarServiceRow *row)
{
  g_string_append_c (out, '{');
  car_service_json_string (out, "key", car_service_row_get_text (row, 0));
  car_service_json_string (out, "owner", car_service_row_get_text (row, 1));
  car_service_json_string (out, "version", car_service_row_get_text (row, 2));
  car_service_json_name (out, "schema");
  g_string_append (out, car_service_row_get_text (row, 3));
  g_string_append_c (out, '}');
}

gboolean
car_service_call_list_extensions (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GString) out = g_string_new ("[");
  CarServiceRow *row = car_service_extensions_list (store, error);

  if (row == NULL)
    return FALSE;
  while (car_service_row_next (row, &local_error))
    {
      if (out->len > 1)
        g_string_append_c (out, ',');
      append_extension (out, row);
    }
  if (!car_service_rows_ended (&local_error, error))
    return FALSE;
  g_string_append_c (out, ']');
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}

static gboolean
set_no_extension (const char *key, GError **error)
{
  g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no schema extension %s", key);
  return FALSE;
}

gboolean
car_service_call_get_extension (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *key = car_service_request_get_path (request, 1);
  CarServiceRow *row;

  if (!car_service_extensions_find (store, key, &row, error))
    return FALSE;
  if (row == NULL)
    return set_no_extension (key, error);

  GString *out = g_string_new (NULL);
  append_extension (out, row);
  car_service_row_end (row);
  car_service_request_answer (request, out);

  return TRUE;
}

typedef struct
{
  char *key;
  char *owner;
  char *version;
  guint64 number;
  char *schema; /* JSON text */
} Extension;

static void
extension_clear (Extension *extension)
{
  g_free (extension->key);
  g_free (extension->owner);
  g_free (extension->version);
  g_free (extension->schema);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Extension, extension_clear)

/* The version is an integer, written as a text or as a number. */
static gboolean
read_version (const CarServiceObject *members, Extension *extension)
{
  const CarJsonSpan *version = car_service_object_get (members, "version");

  if (version == NULL || (version->type != CAR_JSON_STRING && version->type != CAR_JSON_NUMBER))
    return FALSE;
  extension->version = g_strndup (version->text, version->length);

  return g_ascii_string_to_unsigned (extension->version, 10, 0, G_MAXINT64, &extension->number, NULL);
}

static gboolean
read_extension (GBytes *body, Extension *extension, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;

  if (!car_service_object_parse (&members, body, "The schema extension", error))
    return FALSE;

  const CarJsonSpan *schema = car_service_object_get (&members, "schema");
  extension->key = car_service_object_dup_string (&members, "key", &wrong);
  extension->owner = car_service_object_dup_string (&members, "owner", &wrong);
  if (wrong || extension->key == NULL || *extension->key == '\0' || !read_version (&members, extension) ||
      schema == NULL || schema->type != CAR_JSON_OBJECT)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "A schema extension needs \"key\", a text; \"version\", an integer written as a text; "
                   "\"schema\", an "
                   "object; \"owner\" is a text");
      return FALSE;
    }
  extension->schema = g_strndup (schema->text, schema->length);

  return TRUE;
}

/* *stored: this very one is there already. An older one is no error. */
static gboolean
compare_with_stored (CarServiceStore *store, const Extension *extension, gboolean *stored, GError **error)
{
  CarServiceRow *row;

  *stored = FALSE;
  if (!car_service_extensions_find (store, extension->key, &row, error))
    return FALSE;
  if (row == NULL)
    return TRUE;

  guint64 number = g_ascii_strtoull (car_service_row_get_text (row, 2), NULL, 10);
  gboolean alike = strcmp (car_service_row_get_text (row, 3), extension->schema) == 0;
  car_service_row_end (row);
  *stored = number == extension->number && alike;
  if (*stored || number < extension->number)
    return TRUE;

  g_set_error (
      error, CAR_SERVICE_ERROR, 409,
      number == extension->number
          ? "The schema extension %s is there in this version with another content: raise the version"
          : "The schema extension %s is there in a newer version",
      extension->key);
  return FALSE;
}

/* Whatever else is stored must go together with what an extension became. */
static gboolean
note_changed (CarServiceStore *store, const char *key, GError **error)
{
  g_autoptr (CarCoreModel) model = car_service_extensions_make_model (store, key, error);

  return model != NULL && car_service_store_note_extensions_changed (store, error) &&
         car_service_store_get_import_schema (store, error) != NULL;
}

static gboolean
store_extension (CarServiceStore *store, const Extension *extension, GError **error)
{
  return car_service_extensions_put (store, extension->key, extension->owner, extension->version,
                                     extension->schema, error) &&
         note_changed (store, extension->key, error);
}

gboolean
car_service_call_post_extension (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (Extension) extension = { 0 };
  gboolean stored;

  if (!read_extension (request->body, &extension, error) ||
      !compare_with_stored (store, &extension, &stored, error) ||
      (!stored && !store_extension (store, &extension, error)))
    return FALSE;

  request->status = stored ? 200 : 201;
  GString *out = g_string_new ("{");
  car_service_json_string (out, "key", extension.key);
  car_service_json_string (out, "version", extension.version);
  g_string_append_c (out, '}');
  car_service_request_answer (request, out);

  return TRUE;
}

gboolean
car_service_call_delete_extension (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *key = car_service_request_get_path (request, 1);
  gboolean found;

  if (!car_service_extensions_delete (store, key, &found, error))
    return FALSE;
  if (!found)
    return set_no_extension (key, error);
  request->status = 204;

  return note_changed (store, key, error);
}
