/* SPDX-License-Identifier: Apache-2.0 */

/* Where the edges of a full import lead, and how many of them a service holds (protocol.md, "Closing"). */

#include "config.h"

#include <string.h>

#include <libcar/car.h>
#include <libcar/staging/car-collection-summary-private.h>
#include <libcar/staging/car-data-handler-private.h>

static const char schema_text[] =
    "{\"properties\":{"
    "\"asset\":{\"items\":{\"properties\":{\"external_id\":{\"type\":\"string\"},\"name\":{\"type\":"
    "\"string\"}},"
    "\"required\":[\"external_id\",\"name\"]}},"
    "\"hostname\":{\"items\":{\"properties\":{\"_key\":{},\"host_name\":{},\"external_id\":{}},"
    "\"required\":[\"host_name\"]}},"
    "\"ipaddress\":{\"items\":{\"properties\":{\"_key\":{\"type\":\"string\"},\"name\":{},\"region_id\":{}}}}"
    ","
    "\"asset_hostname\":{\"items\":{\"properties\":{\"_from_external_id\":{},\"_to\":{},\"weight\":{},"
    "\"external_id\":{}}}},"
    "\"asset_ipaddress\":{\"items\":{\"properties\":{\"_from_external_id\":{},\"_to\":{}}}}}}";

typedef struct
{
  CarDataHandler *handler;
} Fixture;

static CarDataHandler *
make_handler (gboolean full_import)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  CarDataHandler *handler = g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "schema", schema, "source",
                                            "s", "page-size", 3, "full-import", full_import, NULL);

  g_assert_no_error (error);
  return handler;
}

static void
set_up (Fixture *fixture, gconstpointer full_import)
{
  fixture->handler = make_handler (GPOINTER_TO_INT (full_import));
}

static void
tear_down (Fixture *fixture, gconstpointer full_import)
{
  g_clear_object (&fixture->handler);
  g_test_assert_expected_messages ();
}

static void
expect_warning (const char *pattern)
{
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, pattern);
}

static void
add_vertex (Fixture *fixture, const char *collection, const char *json)
{
  g_autoptr (GError) error = NULL;

  car_data_handler_add_vertex_json (fixture->handler, collection, json, -1, &error);
  g_assert_no_error (error);
}

static void
add_edge (Fixture *fixture, const char *collection, const char *json)
{
  g_autoptr (GError) error = NULL;

  car_data_handler_add_edge_json (fixture->handler, collection, json, -1, &error);
  g_assert_no_error (error);
}

/* {"_from_external_id":FROM,"_to":TO and other members. */
static void
add_asset_hostname (Fixture *fixture, const char *from, const char *to, const char *others)
{
  g_autofree char *json =
      g_strdup_printf ("{\"_from_external_id\":\"%s\",\"_to\":\"%s\"%s}", from, to, others);

  add_edge (fixture, "asset_hostname", json);
}

static void
send_all (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  car_data_handler_send_vertices (fixture->handler, NULL, &error);
  g_assert_no_error (error);
  car_data_handler_send_edges (fixture->handler, NULL, &error);
  g_assert_no_error (error);
}

/* Of one collection: read, left out, duplicates, dangling, sent, held. */
static void
assert_counts (Fixture *fixture, const char *collection, const char *expected)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  g_autofree char *counts = NULL;

  for (guint i = 0; i < summaries->len; i++)
    {
      CarCollectionSummary *summary = summaries->pdata[i];

      if (g_str_equal (car_collection_summary_get_collection (summary), collection))
        counts = g_strdup_printf ("%u %u %u %u %u %u", (guint) car_collection_summary_get_n_read (summary),
                                  (guint) car_collection_summary_get_n_left_out (summary),
                                  (guint) car_collection_summary_get_n_duplicates (summary),
                                  (guint) car_collection_summary_get_n_dangling (summary),
                                  (guint) car_collection_summary_get_n_sent (summary),
                                  (guint) car_collection_summary_get_n_held (summary));
    }
  g_assert_cmpstr (counts, ==, expected);
}

/* The ends of the edges as they are staged, in their order. */
static void
assert_staged (Fixture *fixture, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = car_data_handler_dup_objects_json (fixture->handler, "asset_hostname", &error);
  g_autoptr (JsonNode) node = json_from_string (json, &error);
  g_autoptr (GString) ends = g_string_new (NULL);

  g_assert_no_error (error);
  JsonArray *edges = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (edges); i++)
    {
      JsonObject *edge = json_array_get_object_element (edges, i);

      g_assert_true (json_object_get_boolean_member_with_default (edge, "active", FALSE));
      g_string_append_printf (ends, "%s>%s ", json_object_get_string_member (edge, "_from_external_id"),
                              json_object_get_string_member (edge, "_to"));
    }
  g_assert_cmpstr (ends->str, ==, expected);
}

static void
add_vertices (Fixture *fixture)
{
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a2\",\"name\":\"n\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"h1\"}");
  expect_warning ("An object is left out: asset “bad”: /name is 1, not of the type string");
  add_vertex (fixture, "asset", "{\"external_id\":\"bad\",\"name\":1}");
}

static void
add_edges (Fixture *fixture)
{
  add_asset_hostname (fixture, "a1", "hostname/h1", "");
  add_asset_hostname (fixture, "bad", "hostname/h1", "");
  add_asset_hostname (fixture, "a2", "h1", "");
  add_asset_hostname (fixture, "nowhere", "h1", "");
  add_asset_hostname (fixture, "bad", "gone", "");
  add_asset_hostname (fixture, "a2", "gone", "");
  add_asset_hostname (fixture, "\\u0061\\u0031", "hostname\\/\\u0068\\u0031", "");
}

static void
expect_judgement (void)
{
  expect_warning (
      "2 edges of asset_hostname lead to objects of asset that this run left out: they are not sent");
  expect_warning (
      "1 edge of asset_hostname leads to an object of asset that this run did not bring, “nowhere”*");
  expect_warning (
      "1 edge of asset_hostname leads to an object of hostname that this run did not bring, “gone”*");
}

static void
test_vertices_first (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_edges (fixture);
  expect_judgement ();
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "7 2 1 2 4 4");
  assert_staged (fixture, "a1>hostname/h1 a2>h1 nowhere>h1 a2>gone ");
}

/* Nobody has to bring the vertices first. */
static void
test_edges_first (Fixture *fixture, gconstpointer data)
{
  add_edges (fixture);
  assert_staged (fixture, "a1>hostname/h1 bad>hostname/h1 a2>h1 nowhere>h1 bad>gone a2>gone ");
  add_vertices (fixture);
  expect_judgement ();
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "7 2 1 2 4 4");
  assert_staged (fixture, "a1>hostname/h1 a2>h1 nowhere>h1 a2>gone ");

  /* What comes later is looked at later. */
  add_asset_hostname (fixture, "a3", "h1", "");
  add_vertex (fixture, "asset", "{\"external_id\":\"a3\",\"name\":\"n\"}");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "8 2 1 2 5 5");
}

/* The vertices of an edge may have come long ago, or from elsewhere. */
static void
test_incremental (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_edges (fixture);
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "7 0 1 0 6 6");
}

/* What was left out once may have come in good order too. */
static void
test_left_out_and_brought (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_asset_hostname (fixture, "bad", "h1", "");
  add_vertex (fixture, "asset", "{\"external_id\":\"bad\",\"name\":\"good\"}");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "1 0 0 0 1 1");
}

/* A vertex has two names at most, and an address a region: an edge may use any spelling that names it. */
static void
test_names (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_vertex (fixture, "hostname", "{\"_key\":\"k\",\"external_id\":\"e\"}");
  add_vertex (fixture, "hostname", "{\"host_name\":\"n\",\"external_id\":\"only\"}");
  add_vertex (fixture, "ipaddress", "{\"_key\":\"10.0.0.1\"}");
  add_vertex (fixture, "ipaddress", "{\"_key\":\"10.0.0.1\",\"region_id\":\"r\"}");
  add_vertex (fixture, "ipaddress", "{\"_key\":\"0/10.0.0.2\"}");
  add_vertex (fixture, "ipaddress", "{\"_key\":\"10.0.0.0/8\"}");
  assert_counts (fixture, "ipaddress", "4 0 0 0 0 0");

  add_asset_hostname (fixture, "a1", "k", "");
  add_asset_hostname (fixture, "a1", "hostname/e", "");
  add_asset_hostname (fixture, "s/a1", "only", "");
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"0/10.0.0.1\"}");
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"ipaddress/r/10.0.0.1\"}");
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"10.0.0.2\"}");
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"10.0.0.0/8\"}");
  /* Another spelling of the first one, which is no other edge to a service. */
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"ipaddress/10.0.0.1\"}");
  /* Perhaps the id of another source's: not ours to judge. */
  add_edge (fixture, "asset_ipaddress", "{\"_from_external_id\":\"a1\",\"_to\":\"other/0/10.9.9.9\"}");
  send_all (fixture);
  assert_counts (fixture, "ipaddress", "4 0 0 0 4 4");
  assert_counts (fixture, "asset_hostname", "3 0 0 0 3 3");
  assert_counts (fixture, "asset_ipaddress", "6 0 0 0 6 5");
}

/* To a service an edge is its ends and its external_id, and one that is not active is none. */
static void
test_held (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":1");
  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":2");
  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":2.0");
  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":1,\"external_id\":\"e\"");
  add_asset_hostname (fixture, "a2", "h1", ",\"active\":false");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "5 0 1 0 4 2");

  /* The last one that is sent says whether it is there. */
  add_asset_hostname (fixture, "a2", "h1", "");
  add_asset_hostname (fixture, "a1", "h1", ",\"active\":false");
  add_asset_hostname (fixture, "a1", "h1", ",\"external_id\":\"e\",\"active\":false,\"weight\":1");
  add_asset_hostname (fixture, "a1", "h1", ",\"external_id\":\"e\",\"weight\":7");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "9 0 1 0 8 2");
}

/* Edges with the same ends keep their order, also where one of them had to wait. */
static void
test_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":1");
  add_vertices (fixture);
  add_asset_hostname (fixture, "a1", "h1", ",\"weight\":2");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "2 0 0 0 2 1");
  g_autofree char *json = car_data_handler_dup_objects_json (fixture->handler, "asset_hostname", &error);
  g_assert_no_error (error);
  g_assert_cmpint (strstr (json, "\"weight\":1") - json, <, strstr (json, "\"weight\":2") - json);

  /* Those that are left out hold nothing. */
  add_asset_hostname (fixture, "bad", "h1", ",\"weight\":1");
  add_asset_hostname (fixture, "bad", "h1", ",\"weight\":2");
  expect_warning (
      "2 edges of asset_hostname lead to objects of asset that this run left out: they are not sent");
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "4 2 0 0 2 1");
}

/* What an edge has in common with others in the collection is told once, and where it is too. */
static void
test_told (Fixture *fixture, gconstpointer data)
{
  add_vertices (fixture);
  add_asset_hostname (fixture, "bad", "h1", "");
  expect_warning (
      "1 edge of asset_hostname leads to an object of asset that this run left out: it is not sent");
  send_all (fixture);

  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  g_autoptr (GPtrArray) violations =
      car_collection_summary_list_violations (summaries->pdata[summaries->len - 1]);
  g_assert_cmpuint (violations->len, ==, 1);
  g_assert_cmpstr (car_violation_get_rule (violations->pdata[0]), ==, "end");
  g_assert_cmpstr (car_violation_get_message (violations->pdata[0]), ==,
                   "asset_hostname: it leads to an object of asset that this run left out");
  g_assert_cmpuint (car_violation_get_count (violations->pdata[0]), ==, 1);
}

/* More edges wait than a page holds: they are staged, and read back. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  const guint n_edges = 2500;

  for (guint i = 0; i < n_edges; i++)
    {
      g_autofree char *from = g_strdup_printf ("a%u", i);

      add_asset_hostname (fixture, from, "hostname/h", "");
    }
  add_vertex (fixture, "hostname", "{\"_key\":\"h\"}");
  for (guint i = 0; i < n_edges; i++)
    {
      g_autofree char *asset = g_strdup_printf ("{\"external_id\":\"a%u\",\"name\":\"n\"}", i);

      add_vertex (fixture, "asset", asset);
    }
  send_all (fixture);
  assert_counts (fixture, "asset_hostname", "2500 0 0 0 2500 2500");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, full_import, func)                                                                         \
  g_test_add (path, Fixture, GINT_TO_POINTER (full_import), set_up, func, tear_down)
  ADD ("/dangling-edges/vertices-first", TRUE, test_vertices_first);
  ADD ("/dangling-edges/edges-first", TRUE, test_edges_first);
  ADD ("/dangling-edges/incremental", FALSE, test_incremental);
  ADD ("/dangling-edges/left-out-and-brought", TRUE, test_left_out_and_brought);
  ADD ("/dangling-edges/names", TRUE, test_names);
  ADD ("/dangling-edges/held", TRUE, test_held);
  ADD ("/dangling-edges/order", TRUE, test_order);
  ADD ("/dangling-edges/told", TRUE, test_told);
  ADD ("/dangling-edges/many", TRUE, test_many);

  return g_test_run ();
}
