/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-input.h"

#include <libcar/json/car-json-scanner-private.h>
#include <math.h>
#include <string.h>

typedef struct
{
  const AssetInput *input;
  AssetRecord *record;
  GHashTable *seen;   /* the names that the body has had */
  GHashTable *faulty; /* those that something was wrong with: the first thing is told */
  GString *problems;
  GError **error;
} Reader;

static void complain (Reader *self, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
complain (Reader *self, const char *name, const char *format, ...)
{
  if (!g_hash_table_add (self->faulty, g_strdup (name)))
    return;

  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_string_append (self->problems, self->problems->len ? ", " : "{");
  car_json_append_string (self->problems, name, -1);
  g_string_append (self->problems, ": [");
  car_json_append_string (self->problems, message, -1);
  g_string_append_c (self->problems, ']');
}

gboolean
asset_input_parse_pk (const char *text, gint64 *pk)
{
  return text[0] >= '1' && text[0] <= '9' && g_ascii_string_to_signed (text, 10, 1, G_MAXINT64, pk, NULL);
}

static void
read_text (Reader *self, const AssetField *field, const CarJsonSpan *span, AssetValue *value)
{
  if (span->type != CAR_JSON_STRING)
    {
      complain (self, field->name, "must be a string");
      return;
    }

  gsize length;
  g_autofree char *text = car_json_span_unescape (span, &length);
  if (strlen (text) != length)
    complain (self, field->name, "must not hold the character U+0000");
  else if (length == 0)
    complain (self, field->name, "must not be empty");
  else if (g_utf8_strlen (text, length) > ASSET_TEXT_MAX)
    complain (self, field->name, "must not be longer than %d characters", ASSET_TEXT_MAX);
  else
    value->text = g_steal_pointer (&text);
}

static void
read_integer (Reader *self, const AssetField *field, const CarJsonSpan *span, AssetValue *value)
{
  g_autofree char *text = g_strndup (span->text, span->length);

  if (span->type != CAR_JSON_NUMBER ||
      !g_ascii_string_to_signed (text, 10, (gint64) field->minimum, (gint64) field->maximum, &value->integer,
                                 NULL))
    complain (self, field->name, "must be an integer from %.0f to %.0f", field->minimum, field->maximum);
}

static void
read_number (Reader *self, const AssetField *field, const CarJsonSpan *span, AssetValue *value)
{
  g_autofree char *text = g_strndup (span->text, span->length);

  value->number = span->type == CAR_JSON_NUMBER ? g_ascii_strtod (text, NULL) : NAN;
  if (isfinite (value->number) && value->number >= field->minimum && value->number <= field->maximum)
    return;

  if (field->maximum < G_MAXDOUBLE)
    complain (self, field->name, "must be a number from %g to %g", field->minimum, field->maximum);
  else
    complain (self, field->name, "must be a number that a double can hold");
}

/* http://AUTHORITY/TARGET/PK/, or the path alone. */
static gboolean
parse_url (Reader *self, const AssetField *field, const CarJsonSpan *span, gint64 *pk)
{
  if (span->type != CAR_JSON_STRING)
    return FALSE;

  g_autofree char *text = car_json_span_unescape (span, NULL);
  const char *path = text;
  if (g_str_has_prefix (text, "http://"))
    {
      gsize length = strlen (self->input->authority);
      path = text + strlen ("http://");
      if (g_ascii_strncasecmp (path, self->input->authority, length) != 0)
        return FALSE;
      path += length;
    }

  g_auto (GStrv) parts = g_strsplit (path, "/", 5);
  return g_strv_length (parts) == 4 && parts[0][0] == '\0' && g_str_equal (parts[1], field->target) &&
         parts[3][0] == '\0' && asset_input_parse_pk (parts[2], pk);
}

static gboolean
read_url (Reader *self, const AssetField *field, const CarJsonSpan *span, gint64 *pk)
{
  if (parse_url (self, field, span, pk))
    return TRUE;

  complain (self, field->name, "each link must be the URL of an object here, as in http://%s/%s/1/",
            self->input->authority, field->target);
  return FALSE;
}

/* FALSE only with an error. */
static gboolean
check_links (Reader *self, const AssetField *field, const char *pks)
{
  gint64 missing = asset_store_find_missing (self->input->store, field->target, pks, self->error);
  if (missing > 0)
    complain (self, field->name, "there is no object http://%s/%s/%" G_GINT64_FORMAT "/",
              self->input->authority, field->target, missing);
  return missing >= 0;
}

static gboolean
read_link (Reader *self, const AssetField *field, const CarJsonSpan *span, AssetValue *value)
{
  value->null = span->type == CAR_JSON_NULL && asset_field_is_nullable (field);
  if (value->null || !read_url (self, field, span, &value->integer))
    return TRUE;

  g_autofree char *pks = g_strdup_printf ("[%" G_GINT64_FORMAT "]", value->integer);
  return check_links (self, field, pks);
}

static gboolean
read_links (Reader *self, const AssetField *field, const CarJsonSpan *span, AssetValue *value)
{
  if (span->type != CAR_JSON_ARRAY)
    {
      complain (self, field->name, "must be an array of URLs, as in http://%s/%s/1/", self->input->authority,
                field->target);
      return TRUE;
    }

  g_autoptr (GString) pks = g_string_new ("[");
  CarJsonScanner scanner;
  car_json_scanner_init (&scanner, span->text, span->length);
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (&scanner))
    {
      CarJsonSpan item;
      gint64 pk;
      if (!car_json_scanner_read (&scanner, &item) || !read_url (self, field, &item, &pk))
        return TRUE;

      g_string_append_printf (pks, "%s%" G_GINT64_FORMAT, pks->len > 1 ? "," : "", pk);
    }
  g_string_append_c (pks, ']');

  value->links = g_string_free (g_steal_pointer (&pks), FALSE);
  return check_links (self, field, value->links);
}

/* FALSE only with an error. */
static gboolean
read_value (Reader *self, const AssetField *field, const CarJsonSpan *span)
{
  AssetValue *value = &self->record->values[field - self->input->collection->fields];

  value->given = TRUE;
  switch (field->type)
    {
    case ASSET_TEXT:
      read_text (self, field, span, value);
      return TRUE;
    case ASSET_INTEGER:
      read_integer (self, field, span, value);
      return TRUE;
    case ASSET_NUMBER:
      read_number (self, field, span, value);
      return TRUE;
    case ASSET_LINK:
      return read_link (self, field, span, value);
    case ASSET_LINKS:
      return read_links (self, field, span, value);
    }
  g_assert_not_reached ();
}

/* A client may send back what it was given: then the pk is the object's own. */
static void
check_pk (Reader *self, const CarJsonSpan *span)
{
  g_autofree char *text = g_strndup (span->text, span->length);
  g_autofree char *own = g_strdup_printf ("%" G_GINT64_FORMAT, self->input->pk);

  if (self->input->pk == 0)
    complain (self, "pk", "is given by the server");
  else if (span->type != CAR_JSON_NUMBER || !g_str_equal (text, own))
    complain (self, "pk", "cannot be changed");
}

static gboolean
read_member (Reader *self, const CarJsonSpan *name_span, const CarJsonSpan *span)
{
  gsize length;
  g_autofree char *name = car_json_span_unescape (name_span, &length);

  if (strlen (name) != length || length > ASSET_TEXT_MAX)
    {
      complain (self, "detail", "there is no field of such a name");
      return TRUE;
    }
  if (!g_hash_table_add (self->seen, g_strdup (name)))
    {
      complain (self, name, "is given twice");
      return TRUE;
    }
  if (g_str_equal (name, "pk"))
    {
      check_pk (self, span);
      return TRUE;
    }
  for (const AssetField *field = self->input->collection->fields; field->name; field++)
    if (g_str_equal (field->name, name))
      return read_value (self, field, span);

  complain (self, name, "%s have no such field", self->input->collection->name);
  return TRUE;
}

static gboolean
read_body (Reader *self, const char *text, gsize length)
{
  CarJsonScanner scanner;
  CarJsonSpan body, name, value;

  /* All of it is checked before any of it is used. */
  car_json_scanner_init (&scanner, text, length);
  if (!car_json_scanner_read (&scanner, &body) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) problem = NULL;
      car_json_scanner_set_error (&scanner, &problem);
      complain (self, "detail", "the body is not JSON: %s", problem->message);
      return TRUE;
    }
  if (body.type != CAR_JSON_OBJECT)
    {
      complain (self, "detail", "the body must be one JSON object");
      return TRUE;
    }

  car_json_scanner_init (&scanner, body.text, body.length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    if (!read_member (self, &name, &value))
      return FALSE;
  return TRUE;
}

static gboolean
fill_in (Reader *self)
{
  for (const AssetField *field = self->input->collection->fields; field->name; field++)
    {
      if (g_hash_table_contains (self->seen, field->name))
        continue;

      if (!field->fallback)
        {
          complain (self, field->name, "is required");
          continue;
        }
      CarJsonScanner scanner;
      CarJsonSpan value;
      car_json_scanner_init (&scanner, field->fallback, strlen (field->fallback));
      car_json_scanner_read (&scanner, &value);
      if (!read_value (self, field, &value))
        return FALSE;
    }
  return TRUE;
}

gboolean
asset_input_read (const AssetInput *self,
                  const char *text,
                  gsize length,
                  AssetRecord *record,
                  GString *problems,
                  GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) faulty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reader reader = { self, record, seen, faulty, problems, error };

  if (!read_body (&reader, text, length))
    return FALSE;
  if (!self->partial && !g_hash_table_contains (faulty, "detail") && !fill_in (&reader))
    return FALSE;

  if (problems->len == 0)
    return TRUE;
  g_string_append_c (problems, '}');
  return FALSE;
}
