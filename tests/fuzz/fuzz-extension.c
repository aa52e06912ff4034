/* SPDX-License-Identifier: Apache-2.0 */

/* A connector's schema extension, in the library and in car-service's model. The input is a schema. What the library takes,
 * the service can take, and then makes an import schema of it that compiles. */

#include "config.h"

#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-schema-extension-private.h>
#include <service/model/car-core-model.h>

#include "fuzz.h"

static CarCoreModel *
get_core_model (void)
{
  g_autoptr (GError) error = NULL;
  CarCoreModel *model = car_core_model_new (&error);

  g_assert_no_error (error);
  return model;
}

/* Twice the same changes nothing. */
static void
check_model (const char *text, gsize length)
{
  g_autoptr (CarCoreModel) model = get_core_model ();
  g_autoptr (GError) error = NULL;
  if (!car_core_model_add_extension (model, text, length, &error))
    {
      fuzz_assert_message (error);
      return;
    }

  g_autofree char *schema_text = car_core_model_to_import_schema (model);
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  g_assert_no_error (error);
  g_assert_true (car_core_model_add_extension (model, text, length, &error));
  g_autofree char *again = car_core_model_to_import_schema (model);
  g_assert_cmpstr (again, ==, schema_text);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;
  g_autofree char *copy = g_strndup (size > 0 ? text : "", size);
  g_autoptr (GError) error = NULL, problem = NULL;
  const gboolean has_form = car_schema_extension_check_form (text, size, &problem);
  g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("key", "owner", 1, copy, &error);

  if (extension == NULL)
    fuzz_assert_message (error);
  if (!has_form)
    fuzz_assert_message (problem);
  g_assert_true (extension == NULL || has_form || strlen (copy) != size);
  check_model (text, size);
  return 0;
}
