/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "test-service.h"

static void
test_database (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (JsonNode) before = test_service_call (service, "GET", "databases", NULL, 400);
  g_assert_true (json_object_has_member (json_node_get_object (before), "errors"));

  test_service_set_up (service);
  g_autoptr (JsonNode) after = test_service_call (service, "GET", "databases", NULL, 200);
  JsonArray *databases = json_object_get_array_member (json_node_get_object (after), "databases");
  JsonObject *database = json_array_get_object_element (databases, 0);
  g_assert_true (json_object_get_boolean_member (database, "is_ready"));
  g_assert_cmpstr (json_object_get_string_member (database, "graph_name"), ==, "assets");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/http/database", test_database);

  return g_test_run ();
}
