/* SPDX-License-Identifier: Apache-2.0 */

/* The schema compiler. The input is a schema. What compiles compiles again, and checks values without more ado; the import
 * schema that it is besides does the same. */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-validator-private.h>
#include <libcar/schema/car-import-schema-private.h>

#include "fuzz.h"

static const char *const values[] = {
  "null",
  "-1.5e3",
  "\"\\u00e9a b\"",
  "[[],1,\"x\",1]",
  "{\"a\":{\"b\":[{}]},\"external_id\":\"1\",\"name\":null}",
};

static void
check_values (const CarJsonSchema *schema)
{
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      const gboolean ok = car_json_validate_text (&check, values[i], strlen (values[i]), NULL, &violation);
      g_assert_true (ok == (violation.rule == NULL));
      g_assert_true (ok || g_utf8_validate (violation.text, -1, NULL));
    }
}

/* The collections that an import schema has take objects, or say why not. */
static void
check_import_schema (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (text, (gssize) length, &error);
  if (schema == NULL)
    {
      fuzz_assert_message (error);
      return;
    }

  g_auto (GStrv) collections = car_import_schema_get_collections (schema);
  for (guint i = 0; collections[i] != NULL; i++)
    for (guint j = 0; j < G_N_ELEMENTS (values); j++)
      {
        g_autoptr (GError) problem = NULL;
        g_assert_true (car_import_schema_has_collection (schema, collections[i]));
        if (!car_import_schema_validate_object (schema, collections[i], values[j], -1, &problem))
          fuzz_assert_message (problem);
      }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  const char *text = (const char *) data;
  g_autoptr (CarJsonSchema) schema = car_json_schema_new (text, size, &error);

  if (schema == NULL)
    fuzz_assert_message (error);
  else
    check_values (schema);
  check_import_schema (text, size);
  return 0;
}
