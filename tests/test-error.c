/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>

/* Bindings and logs know a domain by its name: it must never change. */
static void
test_domain_names (void)
{
  g_assert_cmpstr (g_quark_to_string (CAR_APP_ERROR), ==, "car-app-error-quark");
  g_assert_cmpstr (g_quark_to_string (CAR_RECOVERABLE_FAILURE), ==, "car-recoverable-failure-quark");
  g_assert_cmpstr (g_quark_to_string (CAR_UNRECOVERABLE_FAILURE), ==, "car-unrecoverable-failure-quark");
  g_assert_cmpstr (g_quark_to_string (CAR_DATASOURCE_FAILURE), ==, "car-datasource-failure-quark");
  g_assert_cmpstr (g_quark_to_string (CAR_IMPORT_ERROR), ==, "car-import-error-quark");
  g_assert_cmpstr (g_quark_to_string (CAR_SCHEMA_ERROR), ==, "car-schema-error-quark");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/domain-names", test_domain_names);
  return g_test_run ();
}
