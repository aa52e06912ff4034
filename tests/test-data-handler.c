/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <libcar/car.h>
#include <libcar/staging/car-data-handler-private.h>
#include <libcar/schema/car-import-schema-private.h>

#include "fake-service.h"

static const char schema_text[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"asset\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"external_id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\",\"minLength\":1},"
    "\"risk\":{\"type\":\"number\",\"minimum\":0,\"maximum\":10}},\"additionalProperties\":true,\"required\":"
    "[\"external_id\",\"name\"]}},"
    "\"hostname\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"_key\":{\"type\":\"string\"}},\"additionalProperties\":true,\"required\":[\"_key\"]}},"
    "\"asset_hostname\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"_from_external_id\":{\"type\":\"string\"},\"_to\":{\"type\":\"string\"},\"active\":{\"type\":"
    "\"boolean\"},"
    "\"report\":{\"type\":\"string\"},\"source\":{\"type\":\"string\"},\"timestamp\":{\"type\":\"number\"}},"
    "\"additionalProperties\":true,\"required\":[\"_from_external_id\",\"_to\",\"report\",\"source\","
    "\"timestamp\",\"active\"]}},"
    "\"custom\":{},\"edge\":{},\"loose_edge\":{},"
    "\"scored\":{\"items\":{\"properties\":{\"xfr_cvss2_base\":{\"maximum\":10},\"xfr_cvss3_base\":{"
    "\"maximum\":10},"
    "\"tag\":{\"items\":{\"type\":\"string\"}}}}}}}";

#define SOURCE "a/b c%&\"ü"

/* Of an edge of which nothing else is asked. */
#define ENDS "\"_from\":\"a/1\",\"_to\":\"b/2\""

typedef struct
{
  char *parent;
  CarDataHandler *handler;
} Fixture;

static CarDataHandler *
make_handler (CarClient *client, const char *parent, guint page_size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  g_assert_no_error (error);

  CarDataHandler *handler = car_data_handler_new (client, schema, SOURCE, parent, page_size, &error);
  g_assert_no_error (error);
  return handler;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->parent = g_dir_make_tmp ("car-test-data-handler-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->handler = make_handler (NULL, fixture->parent, GPOINTER_TO_UINT (data));
}

/* From now on what is added goes to a service. */
static void
give_client (Fixture *fixture, CarClient *client)
{
  g_object_unref (fixture->handler);
  fixture->handler = make_handler (client, fixture->parent, 0);
}

/* Nothing is left behind: else the parent could not be removed. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->handler);
  g_assert_cmpint (g_rmdir (fixture->parent), ==, 0);
  g_free (fixture->parent);
}

static void
swallow (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

/* For tests of many bad objects; others say which warnings they expect. */
static void
swallow_warnings (gboolean swallowed)
{
  static guint handler;
  static GLogLevelFlags fatal;

  if (swallowed)
    {
      fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
      handler = g_log_set_handler ("libcar", G_LOG_LEVEL_WARNING, swallow, NULL);
      return;
    }
  g_log_set_always_fatal (fatal);
  g_log_remove_handler ("libcar", handler);
}

static void
add_vertex (Fixture *fixture, const char *collection, const char *json)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_add_vertex_json (fixture->handler, collection, json, -1, &error));
  g_assert_no_error (error);
}

/* Named 0, 1, 2 … */
static void
add_hostnames (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"_key\":\"%u\"}", i);
      add_vertex (fixture, "hostname", json);
    }
}

static void
add_edge (Fixture *fixture, const char *collection, const char *json)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_add_edge_json (fixture->handler, collection, json, -1, &error));
  g_assert_no_error (error);
}

static void
expect_warning (const char *pattern)
{
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, pattern);
}

/* Once for each collection that the schema does not have. */
static void
expect_unknown (const char *collection)
{
  g_autofree char *pattern = g_strdup_printf ("*no collection “%s”*check the name*", collection);

  expect_warning (pattern);
}

/* The pages of a data handler without a client stay where they are. */
static void
flush (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_send_vertices (fixture->handler, NULL, &error));
  g_assert_true (car_data_handler_send_edges (fixture->handler, NULL, &error));
  g_assert_no_error (error);
}

/* The text of a page as it would be sent, with the run's own report and source taken for REPORT and SOURCE; NULL: there
 * is none. */
static char *
read_page (Fixture *fixture, CarBundlePart part, guint page)
{
  CarBundle *bundle = car_data_handler_get_bundle (fixture->handler);
  g_autoptr (GError) error = NULL;

  if (page >= car_bundle_get_n_pages (bundle, part))
    return NULL;

  g_autoptr (GBytes) bytes = car_bundle_load_page (bundle, part, page, &error);
  g_assert_no_error (error);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (JsonNode) node = json_from_string (text, &error);
  g_assert_no_error (error);
  JsonObject *report = json_object_get_object_member (json_node_get_object (node), "report");
  JsonObject *source = json_object_get_object_member (json_node_get_object (node), "source");
  g_assert_cmpstr (json_object_get_string_member (report, "_key"), ==,
                   car_data_handler_get_report_key (fixture->handler));
  g_assert_cmpstr (json_object_get_string_member (source, "_key"), ==, SOURCE);

  g_autoptr (GString) shown = g_string_new (text);
  g_string_replace (shown, car_data_handler_get_report_key (fixture->handler), "REPORT", 0);
  g_string_replace (shown, "\"a/b c%&\\\"ü\"", "SOURCE", 0);
  return g_string_free (g_steal_pointer (&shown), FALSE);
}

#define HEAD                                                                                                 \
  "{\"source\":{\"_key\":SOURCE,\"name\":SOURCE},\"report\":{\"_key\":\"REPORT\",\"timestamp\":REPORT}"
#define FRAMEWORK "\"report\":\"REPORT\",\"source\":SOURCE,\"timestamp\":REPORT"

static void
assert_page (Fixture *fixture, CarBundlePart part, guint page, const char *expected)
{
  flush (fixture);
  g_autofree char *text = read_page (fixture, part, page);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_vertices (Fixture *fixture, const char *objects)
{
  g_autofree char *expected = objects == NULL ? NULL : g_strdup_printf (HEAD ",%s}", objects);
  assert_page (fixture, CAR_BUNDLE_VERTICES, 0, expected);
}

static void
assert_edges (Fixture *fixture, const char *objects)
{
  g_autofree char *expected = objects == NULL ? NULL : g_strdup_printf (HEAD ",%s}", objects);
  assert_page (fixture, CAR_BUNDLE_EDGES, 0, expected);
}

static guint64
count_invalid (CarDataHandler *handler)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);
  guint64 invalid = 0;

  for (guint i = 0; i < summaries->len; i++)
    invalid += car_collection_summary_get_n_left_out (summaries->pdata[i]);
  return invalid;
}

/* Read, left out, duplicates, sent. */
static void
assert_counters (Fixture *fixture, const char *expected)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  g_autoptr (GString) counters = g_string_new (NULL);

  for (guint i = 0; i < summaries->len; i++)
    {
      CarCollectionSummary *summary = summaries->pdata[i];

      g_string_append_printf (counters, "%s %u %u %u %u\n", car_collection_summary_get_collection (summary),
                              (guint) car_collection_summary_get_n_read (summary),
                              (guint) car_collection_summary_get_n_left_out (summary),
                              (guint) car_collection_summary_get_n_duplicates (summary),
                              (guint) car_collection_summary_get_n_sent (summary));
    }
  g_assert_cmpstr (counters->str, ==, expected);
}

static guint64
count_deleted (Fixture *fixture)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  guint64 deleted = 0;

  for (guint i = 0; i < summaries->len; i++)
    deleted += car_collection_summary_get_n_deleted (summaries->pdata[i]);
  return deleted;
}

static char *
list_violations (CarDataHandler *handler)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < summaries->len; i++)
    {
      g_autoptr (GPtrArray) violations = car_collection_summary_list_violations (summaries->pdata[i]);

      for (guint j = 0; j < violations->len; j++)
        g_string_append_printf (all, "%u %s %s: %s\n", (guint) car_violation_get_count (violations->pdata[j]),
                                car_violation_get_place (violations->pdata[j]),
                                car_violation_get_rule (violations->pdata[j]),
                                car_violation_get_message (violations->pdata[j]));
    }
  return g_string_free (g_steal_pointer (&all), FALSE);
}

/* By rule, whatever the values. */
static void
test_violations (Fixture *fixture, gconstpointer data)
{
  swallow_warnings (TRUE);
  add_vertex (fixture, "asset", "{\"external_id\":\"a\",\"name\":\"\"}");
  add_vertex (fixture, "hostname", "{}");
  for (guint i = 1; i <= 500; i++)
    {
      g_autofree char *no_name = g_strdup_printf ("{\"external_id\":\"%u\"}", i);
      g_autofree char *risky = g_strdup_printf ("{\"external_id\":\"r\",\"name\":\"n\",\"risk\":%u}", 10 + i);

      add_vertex (fixture, "asset", no_name);
      if (i <= 5)
        add_vertex (fixture, "asset", risky);
    }
  add_vertex (fixture, "asset", "{\"external_id\":\"a\",\"name\":\"n\"}");
  swallow_warnings (FALSE);

  g_autofree char *violations = list_violations (fixture->handler);
  g_assert_cmpstr (violations, ==,
                   "1 /name minLength: asset “a”: /name is \"\", shorter than 1 characters\n"
                   "500 /name required: asset “1”: /name is missing, and required\n"
                   "5 /risk maximum: asset “r”: /risk is 11, more than the maximum 10\n"
                   "1 /_key required: hostname: /_key is missing, and required\n");
}

/* Names that differ in a digit alone are two places; items of an array are one. */
static void
test_violation_places (Fixture *fixture, gconstpointer data)
{
  swallow_warnings (TRUE);
  add_vertex (fixture, "scored", "{\"xfr_cvss2_base\":11}");
  add_vertex (fixture, "scored", "{\"xfr_cvss3_base\":12}");
  add_vertex (fixture, "scored", "{\"tag\":[\"t\",1]}");
  add_vertex (fixture, "scored", "{\"tag\":[2]}");
  swallow_warnings (FALSE);

  g_autofree char *violations = list_violations (fixture->handler);
  g_assert_cmpstr (violations, ==,
                   "1 /xfr_cvss2_base maximum: scored: /xfr_cvss2_base is 11, more than the maximum 10\n"
                   "1 /xfr_cvss3_base maximum: scored: /xfr_cvss3_base is 12, more than the maximum 10\n"
                   "2 /tag/1 type: scored: /tag/1 is 1, not of the type string\n");
}

/* The service would drop them: they are left out, with one warning. */
static void
test_unknown_collection (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = json_object_new ();

  expect_unknown ("dragon");
  for (guint i = 0; i < 5; i++)
    add_vertex (fixture, "dragon", "{\"external_id\":\"1\"}");
  json_object_set_string_member (object, "external_id", "\xff");
  g_assert_true (car_data_handler_add_vertex (fixture->handler, "dragon", object, &error));
  g_assert_true (car_data_handler_add_vertices_json (fixture->handler, "dragon", "[{},{}]", -1, &error));
  expect_unknown ("asset_dragon");
  add_edge (fixture, "asset_dragon", "{" ENDS "}");
  g_test_assert_expected_messages ();

  g_autofree char *violations = list_violations (fixture->handler);
  g_assert_cmpstr (violations, ==,
                   "8  unknown: dragon: it is of no collection that the service has\n"
                   "1  unknown: asset_dragon: it is of no collection that the service has\n");
  assert_counters (fixture, "dragon 8 8 0 0\nasset_dragon 1 1 0 0\n");
}

static void
test_ways_in (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (JsonObject) object = json_object_new ();

  car_record_set_string (record, "external_id", "1");
  car_record_set_string (record, "name", "typed");
  g_assert_true (car_data_handler_add_vertex_record (fixture->handler, "asset", record, &error));
  add_vertex (fixture, "asset", " \n{ \"external_id\":\"2\", \"name\":\"text\", \"risk\":1.50 }\t ");
  json_object_set_string_member (object, "external_id", "3");
  json_object_set_string_member (object, "name", "object");
  json_object_set_double_member (object, "risk", 0.1);
  g_assert_true (car_data_handler_add_vertex (fixture->handler, "asset", object, &error));
  g_assert_true (car_data_handler_add_vertex_json (
      fixture->handler, "asset", "{\"external_id\":\"4\",\"name\":\"part\"}, and more", 33, &error));
  g_assert_no_error (error);

  assert_vertices (fixture, "\"asset\":[{\"external_id\":\"1\",\"name\":\"typed\"},"
                            "{ \"external_id\":\"2\", \"name\":\"text\", \"risk\":1.50 },"
                            "{\"external_id\":\"3\",\"name\":\"object\",\"risk\":0.1},"
                            "{\"external_id\":\"4\",\"name\":\"part\"}]");
  assert_counters (fixture, "asset 4 0 0 4\n");
}

static void
test_edges (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (JsonObject) object = json_object_new ();

  car_record_set_string (record, "_from_external_id", "1");
  car_record_set_string (record, "_to", "hostname/a");
  g_assert_true (car_data_handler_add_edge_record (fixture->handler, "asset_hostname", record, &error));
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"2\",\"_to\":\"hostname/a\" } ");
  json_object_set_string_member (object, "_from_external_id", "3");
  json_object_set_string_member (object, "_to", "hostname/a");
  g_assert_true (car_data_handler_add_edge (fixture->handler, "asset_hostname", object, &error));
  g_assert_no_error (error);

  assert_edges (fixture,
                "\"asset_hostname\":["
                "{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\"," FRAMEWORK ",\"active\":true},"
                "{\"_from_external_id\":\"2\",\"_to\":\"hostname/a\"," FRAMEWORK ",\"active\":true},"
                "{\"_from_external_id\":\"3\",\"_to\":\"hostname/a\"," FRAMEWORK ",\"active\":true}]");
  assert_vertices (fixture, NULL);
}

/* Its own report, source and timestamp are replaced, its own `active` is kept, however they are spelled. */
static void
test_edge_with_own_members (Fixture *fixture, gconstpointer data)
{
  add_edge (
      fixture, "asset_hostname",
      "{\"report\":\"old\",\"_from_external_id\":\"1\",\"sourc\\u0065\":{\"x\":[1]},\"_to\":\"hostname/a\"}");
  add_edge (fixture, "asset_hostname",
            "{\"_from_external_id\":\"2\", \"_to\":\"hostname/a\",\"active\":false,\"timestamp\":1}");
  add_edge (fixture, "loose_edge", "{" ENDS "}");
  add_edge (fixture, "loose_edge", "{ \"active\" : true, " ENDS " }");
  add_edge (fixture, "loose_edge", "{\"n\":1.50,\"report\":\"old\"," ENDS "}");

  assert_edges (fixture,
                "\"asset_hostname\":["
                "{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\"," FRAMEWORK ",\"active\":true},"
                "{\"_from_external_id\":\"2\",\"_to\":\"hostname/a\",\"active\":false," FRAMEWORK "}],"
                "\"loose_edge\":[{" ENDS "," FRAMEWORK ",\"active\":true},"
                "{\"n\":1.50," ENDS "," FRAMEWORK ",\"active\":true}]");
  assert_counters (fixture, "asset_hostname 2 0 0 2\nloose_edge 3 0 1 2\n");
}

static void
test_interleaved (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *asset = g_strdup_printf ("{\"external_id\":\"%u\",\"name\":\"n\"}", i);
      g_autofree char *hostname = g_strdup_printf ("{\"_key\":\"h%u\"}", i);
      g_autofree char *edge =
          g_strdup_printf ("{\"_from_external_id\":\"%u\",\"_to\":\"hostname/h%u\"}", i, i);

      add_vertex (fixture, "asset", asset);
      add_edge (fixture, "asset_hostname", edge);
      add_vertex (fixture, "hostname", hostname);
    }

  assert_page (fixture, CAR_BUNDLE_VERTICES, 0,
               HEAD
               ",\"asset\":[{\"external_id\":\"0\",\"name\":\"n\"},{\"external_id\":\"1\",\"name\":\"n\"}],"
               "\"hostname\":[{\"_key\":\"h0\"},{\"_key\":\"h1\"}]}");
  assert_page (fixture, CAR_BUNDLE_VERTICES, 1,
               HEAD ",\"asset\":[{\"external_id\":\"2\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h2\"}]}");
  assert_page (fixture, CAR_BUNDLE_VERTICES, 2, NULL);
  g_assert_false (car_data_handler_is_empty (fixture->handler, CAR_BUNDLE_VERTICES));
  g_assert_false (car_data_handler_is_empty (fixture->handler, CAR_BUNDLE_EDGES));
}

static void
test_duplicates (Fixture *fixture, gconstpointer data)
{
  /* Of a vertex, the name counts. */
  add_vertex (fixture, "asset", "{\"external_id\":\"a/1\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"name\":\"n\",\"external_id\":\"a/1\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"\\u0061\\/1\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"A/1\",\"name\":\"n\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"a/1\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"a\\/1\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"b\",\"external_id\":\"x\"}");
  add_vertex (fixture, "custom", "{\"external_id\":\"1\",\"_key\":\"k\"}");
  add_vertex (fixture, "custom", "{\"external_id\":\"2\",\"_key\":\"k\"}");
  add_vertex (fixture, "custom", "{\"_key\":\"k\",\"external_id\":\"2\"}");
  add_vertex (fixture, "custom", "{\"a\":1,\"b\":[2,{\"c\":3}]}");
  add_vertex (fixture, "custom", "{\"b\":[2,{\"c\":3}],\"a\":1}");
  add_vertex (fixture, "custom", "{\"b\":[2,{\"c\":4}],\"a\":1}");

  /* Of an edge, all members do, in any order. */
  add_edge (fixture, "asset_hostname",
            "{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\",\"external_id\":\"e\"}");
  add_edge (fixture, "asset_hostname",
            "{\"_from_external_id\":\"2\",\"_to\":\"hostname/a\",\"external_id\":\"e\"}");
  add_edge (fixture, "asset_hostname",
            "{\"external_id\":\"e\",\"_to\":\"hostname/a\",\"_from_external_id\":\"2\"}");
  add_edge (fixture, "asset_hostname",
            "{\"external_id\":\"e\",\"_to\":\"hostname/a\",\"_from_external_id\":\"2\",\"source\":\"x\"}");
  add_edge (fixture, "asset_hostname",
            "{\"external_id\":\"e\",\"_to\":\"hostname/a\",\"_from_external_id\":\"2\",\"active\":false}");

  assert_counters (fixture, "asset 4 0 2 0\nhostname 3 0 1 0\ncustom 6 0 2 0\nasset_hostname 5 0 2 0\n");
}

/* One that was left out as invalid does not stand in the way of a valid one. */
static void
assert_conflicts (Fixture *fixture, guint duplicates, guint conflicts)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  CarCollectionSummary *summary = summaries->pdata[0];

  g_assert_cmpuint (car_collection_summary_get_n_duplicates (summary), ==, duplicates);
  g_assert_cmpuint (car_collection_summary_get_n_conflicts (summary), ==, conflicts);
}

/* protocol.md, "We do": one key and two contents. The first is sent, wherever it is meanwhile, and what differs is told. */
static void
test_conflicts (Fixture *fixture, gconstpointer data)
{
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"n\",\"initial_value\":1}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a2\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a3\",\"name\":\"n\"}");
  assert_conflicts (fixture, 0, 0);

  /* In another order, and in another spelling, it is the same. */
  add_vertex (fixture, "asset", "{\"name\":\"n\",\"initial_value\":1,\"external_id\":\"a1\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"\\u0061\\u0031\",\"name\":\"n\",\"initial_value\":1.0}");
  assert_conflicts (fixture, 2, 0);

  expect_warning (
      "Two objects of asset have the name “a1” and other contents, in name, initial_value: the first is "
      "sent (digest *), the second is not (*)");
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"other\",\"initial_value\":2}");
  assert_conflicts (fixture, 2, 1);

  expect_warning ("*asset have the name “a2” and other contents, in name, b: the first*");
  add_vertex (fixture, "asset", "{\"external_id\":\"a2\",\"name\":\"m\",\"b\":1}");
  assert_conflicts (fixture, 2, 2);

  expect_warning ("*“a3”*, in a, b, c, …: *(more like them are only counted)");
  add_vertex (fixture, "asset", "{\"external_id\":\"a3\",\"name\":\"n\",\"a\":1,\"b\":1,\"c\":1,\"d\":1}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a3\",\"name\":\"3\"}");
  assert_conflicts (fixture, 2, 4);
  assert_counters (fixture, "asset 9 0 2 0\n");

  flush (fixture);
  assert_counters (fixture, "asset 9 0 2 3\n");
  g_autofree char *objects = car_data_handler_dup_objects_json (fixture->handler, "asset", NULL);
  g_assert_cmpstr (objects, ==,
                   "[{\"external_id\":\"a1\",\"name\":\"n\",\"initial_value\":1},{\"external_id\":\"a2\","
                   "\"name\":\"n\"},{\"external_id\":\"a3\",\"name\":\"n\"}]");
  g_test_assert_expected_messages ();
}

/* What is added after a send is a newer version: the service has the one before. */
static void
test_newer_versions (Fixture *fixture, gconstpointer data)
{
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"1\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a2\",\"name\":\"1\"}");
  flush (fixture);

  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"2\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"a2\",\"name\":\"1\"}");
  expect_warning ("*“a1”*, in name: the first*");
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"3\"}");
  assert_conflicts (fixture, 1, 1);
  assert_counters (fixture, "asset 5 0 1 2\n");
  flush (fixture);
  assert_conflicts (fixture, 2, 1);
  assert_counters (fixture, "asset 5 0 2 2\n");

  /* The last version counts, not the first. */
  add_vertex (fixture, "asset", "{\"external_id\":\"a1\",\"name\":\"1\"}");
  flush (fixture);
  assert_conflicts (fixture, 3, 1);
  g_autofree char *objects = car_data_handler_dup_objects_json (fixture->handler, "asset", NULL);
  g_assert_cmpstr (objects, ==,
                   "[{\"external_id\":\"a1\",\"name\":\"1\"},{\"external_id\":\"a2\",\"name\":\"1\"},"
                   "{\"external_id\":\"a1\",\"name\":\"2\"},{\"external_id\":\"a1\",\"name\":\"1\"}]");
  g_test_assert_expected_messages ();
}

#define LEFT_OUT_LINES                                                                                       \
  "{\"collection\":\"asset\",\"reason\":\"asset “2”: /name is missing, and "                             \
  "required\",\"object\":{\"external_id\": "                                                                 \
  "\"2\"}}\n"                                                                                                \
  "{\"collection\":\"asset\",\"reason\":\"asset: it is not JSON (RFC 8259): line 1, column 9: the text "     \
  "ends "                                                                                                    \
  "within a string\",\"object\":\"{\\\"broken\"}\n"                                                          \
  "{\"collection\":\"asset_hostname\",\"reason\":\"asset_hostname: /_from_external_id is missing, and "      \
  "required\",\"object\":{\"_to\":\"hostname/h\"}}\n"                                                        \
  "{\"collection\":\"nothing\",\"reason\":\"nothing: it is of no collection that the service "               \
  "has\",\"object\":{\"external_id\":\"1\"}}\n"                                                              \
  "{\"collection\":\"asset\",\"reason\":\"another object with its name and other contents came "             \
  "before\",\"object\":{\"external_id\":\"1\",\"name\":\"m\"}}\n"

/* Each on a line, with the reason; what is no JSON is a text there. */
static void
test_left_out_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->parent, "left-out.jsonl", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, NULL);
  struct stat status;

  /* One that was there is made anew, and its owner's alone. */
  g_autofree char *old = g_strnfill (10000, 'x');
  g_assert_true (g_file_set_contents_full (path, old, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error));
  g_clear_object (&fixture->handler);
  fixture->handler = g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "source", SOURCE, "schema", schema,
                                     "directory", fixture->parent, "left-out-file", path, NULL);
  g_assert_no_error (error);

  swallow_warnings (TRUE);
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\n\"2\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"m\"}");
  add_vertex (fixture, "asset", "{\"broken");
  add_edge (fixture, "asset_hostname", "{\"_to\":\"hostname/h\"}");
  add_vertex (fixture, "nothing", "{\"external_id\":\"1\"}");
  flush (fixture);
  swallow_warnings (FALSE);
  g_clear_object (&fixture->handler);

  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, LEFT_OUT_LINES);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0600);

  /* Where it cannot be, the author of a wrong path is told. */
  fixture->handler = g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "source", SOURCE, "left-out-file",
                                     "/nowhere/left-out.jsonl", NULL);
  g_assert_null (fixture->handler);
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* A type counts too, and an address is named by its key. Edges have no name: they differ, and both are sent. */
static void
test_conflicts_of_others (Fixture *fixture, gconstpointer data)
{
  add_vertex (fixture, "hostname", "{\"_key\":\"h1\",\"x\":\"1\"}");
  expect_warning ("Two objects of hostname have the name “h1” and other contents, in x: *");
  add_vertex (fixture, "hostname", "{\"_key\":\"h1\",\"x\":1}");
  assert_conflicts (fixture, 0, 1);

  add_vertex (fixture, "custom", "{\"external_id\":\"1\",\"_key\":\"k\"}");
  expect_warning ("Two objects of custom have the name “1” and other contents, in _key, external_id: *");
  add_vertex (fixture, "custom", "{\"_key\":\"1\"}");

  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":\"hostname/h\",\"x\":1}");
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":\"hostname/h\",\"x\":2}");
  flush (fixture);
  assert_counters (fixture, "hostname 2 0 0 1\ncustom 2 0 0 1\nasset_hostname 2 0 0 2\n");
  g_test_assert_expected_messages ();
}

static void
test_invalid_is_no_duplicate (Fixture *fixture, gconstpointer data)
{
  expect_warning ("*left out: asset*/name*");
  add_vertex (fixture, "asset", "{\"external_id\":\"1\"}");
  g_test_assert_expected_messages ();
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"n\"}");
  assert_vertices (fixture, "\"asset\":[{\"external_id\":\"1\",\"name\":\"n\"}]");
  assert_counters (fixture, "asset 2 1 0 1\n");
}

static void
test_malformed (Fixture *fixture, gconstpointer data)
{
  const char *texts[] = {
    "",
    " ",
    "{",
    "}",
    "null",
    "[]",
    "\"x\"",
    "{\"external_id\":\"1\",\"name\":\"n\"",
    "\"external_id\":\"1\",\"name\":\"n\"}",
    "{\"external_id\":\"1\",\"name\":\"n\"}}",
    "{\"external_id\":\"1\",\"name\":\"n\"},",
    "{\"external_id\":\"1\",\"name\":\"n\"} x",
    "{\"external_id\":\"1\",\"name\":\"n\"},{\"external_id\":\"2\",\"name\":\"n\"}",
    "{\"external_id\":\"1\",\"name\":\"n\"}{\"external_id\":\"2\",\"name\":\"n\"}",
    "{\"external_id\":\"1\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\"}",
    "{\"external_id\":\"1\",\"name\":\"n\",}",
    "{\"external_id\":\"1\",\"name\":\"n\",\"risk\":01}",
    "{\"external_id\":\"1\",\"name\":\"n\",\"risk\":NaN}",
    "{\"external_id\":\"1\",\"name\":\"\xff\"}",
    "{\"external_id\":\"1\",\"name\":\"n\",\"name\":\"m\"}",
    "{\"external_id\":\"1\",\"name\":\"n\"} // comment",
    "{'external_id':'1','name':'n'}",
  };
  g_autofree char *expected = g_strdup_printf ("asset %u %u 0 0\n", (guint) G_N_ELEMENTS (texts) + 1,
                                               (guint) G_N_ELEMENTS (texts) + 1);
  g_autoptr (GError) error = NULL;

  swallow_warnings (TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    add_vertex (fixture, "asset", texts[i]);
  g_assert_true (car_data_handler_add_vertex_json (fixture->handler, "asset",
                                                   "{\"external_id\":\"1\",\"name\":\"\0\"}", 31, &error));

  assert_counters (fixture, expected);
  assert_vertices (fixture, NULL);
  g_assert_true (car_data_handler_is_empty (fixture->handler, CAR_BUNDLE_VERTICES));
  swallow_warnings (FALSE);
}

/* Of what would not be valid by itself, the framework's members make nothing that is. */
static void
test_edge_injection (Fixture *fixture, gconstpointer data)
{
  const char *texts[] = {
    "",
    "}",
    "{",
    "{{" ENDS "}",
    "[}",
    "x}",
    "}}",
    "{" ENDS "}}",
    "{," ENDS "}",
    "{" ENDS ",\"a\":1,}",
    "{" ENDS ",\"a\":}",
    "{" ENDS ",\"a\"}",
    "{" ENDS ",\"a\":1},\"x\":{\"b\":2}",
    "{" ENDS ",\"a\":1},{\"b\":2}",
    "{" ENDS ",\"a\":1}],\"asset\":[{\"b\":2}",
    "{" ENDS ",\"a\":1 \"b\":2}",
    "{" ENDS ",\"a\":{\"b\":1}",
    "{" ENDS ",\"a\":[1}",
    "{" ENDS ",\"a\":\"x}",
    "{" ENDS ",\"a\":\"x\\}",
    "{" ENDS ",\"a\":\"x\\\"}",
    "{" ENDS ",\"a\":\"\xc3}",
    "{" ENDS ",\"a\":tru}",
    "{" ENDS ",\"a\":1.}",
    "{" ENDS ",\"a\":1,\"report\":1",
    "{" ENDS ",\"a\":1,\"report\":1,}",
    "{" ENDS ",\"a\":1,\"report\":}",
    "{" ENDS ",\"a\":1,\"a\":2,\"report\":1}",
    "{" ENDS ",\"a\":1}\xff}",
    "[{" ENDS ",\"a\":1}]",
    "{" ENDS ",\"active\":true,\"active\":false}",
  };
  g_autofree char *expected =
      g_strdup_printf ("edge %u %u 0 0\n", (guint) G_N_ELEMENTS (texts), (guint) G_N_ELEMENTS (texts));

  swallow_warnings (TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    add_edge (fixture, "edge", texts[i]);

  assert_counters (fixture, expected);
  assert_edges (fixture, NULL);
  swallow_warnings (FALSE);
}

static gboolean
is_valid_edge (CarImportSchema *schema, const char *json, gsize length)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonMembers members;
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, json, length);
  return car_collection_schema_scan (car_import_schema_lookup (schema, "edge"), TRUE, NULL, &scanner,
                                     &members, &violation) &&
         car_json_scanner_finish (&scanner);
}

/* Whatever a text is changed to: with the framework's members it is accepted where it would be by itself. */
static void
test_edge_mutations (Fixture *fixture, gconstpointer data)
{
  static const char *const bases[] = { "{" ENDS "}", "{\"a\":1," ENDS "}",
                                       "{ \"a\" : { \"b\" : [ 1, \"}\" ] } , " ENDS "}",
                                       "{\"_from\":\"x/\\u0061\",\"_to\":\"y/\\\"\",\"n\":null}" };
  static const char alphabet[] = "{}[]\",:\\ au01.-\n\xff";
  g_autoptr (CarImportSchema) schema = NULL;
  guint64 n_valid = 0;
  guint64 n_all = 20000;

  g_object_get (fixture->handler, "schema", &schema, NULL);
  swallow_warnings (TRUE);
  for (guint64 i = 0; i < n_all; i++)
    {
      g_autoptr (GString) text = g_string_new (bases[g_test_rand_int_range (0, G_N_ELEMENTS (bases))]);

      for (int n = g_test_rand_int_range (0, 4); n > 0; n--)
        {
          gsize at = g_test_rand_int_range (0, text->len + 1);

          if (at < text->len && g_test_rand_bit ())
            g_string_erase (text, at, 1);
          if (g_test_rand_bit ())
            g_string_insert_c (text, at, alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)]);
        }

      gboolean valid = is_valid_edge (schema, text->str, text->len);
      guint64 before = count_invalid (fixture->handler);
      add_edge (fixture, "edge", text->str);
      guint64 after = count_invalid (fixture->handler);
      if ((after == before) != valid)
        g_error ("%s by itself, but not with the framework's members: %s", valid ? "valid" : "invalid",
                 text->str);
      n_valid += valid;
    }
  g_assert_cmpuint (n_valid, >, n_all / 10);
  g_assert_cmpuint (n_valid, <, n_all);
  swallow_warnings (FALSE);
}

/* An edge is checked after the framework's members were added; what is wrong with it is still found. */
static void
test_invalid_edge (Fixture *fixture, gconstpointer data)
{
  expect_warning ("*left out: asset_hostname*_to*");
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\"}");
  expect_warning ("*left out: asset_hostname*active*");
  add_edge (fixture, "asset_hostname",
            "{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\",\"active\":\"yes\"}");
  expect_warning ("*left out: asset_hostname*_to*");
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":5,\"report\":\"mine\"}");
  g_test_assert_expected_messages ();
  assert_counters (fixture, "asset_hostname 3 3 0 0\n");
}

/* Whatever the schema takes: an edge without both ends joins nothing. */
static void
test_edge_without_an_end (Fixture *fixture, gconstpointer data)
{
  static const char *const no_from[] = { "{}",
                                         "{\"_to\":\"b/2\"}",
                                         "{\"_from\":\"\",\"_to\":\"b/2\"}",
                                         "{\"_from_external_id\":1,\"_to_external_id\":\"2\"}",
                                         "{\"a\":{\"_from\":\"a/1\"},\"_to\":\"b/2\"}",
                                         "{\"_from\":\"1\",\"_to\":\"b/2\"}",
                                         "{\"_from\":\"a/\",\"_to\":\"b/2\"}",
                                         "{\"_from\":\"/1\",\"_to\":\"b/2\"}" };

  for (gsize i = 0; i < G_N_ELEMENTS (no_from); i++)
    {
      if (i < 3) /* the fourth of a kind, and on, are only counted */
        expect_warning ("*left out: edge*: it names no vertex to come from (_from_external_id, or _from *");
      add_edge (fixture, "edge", no_from[i]);
    }
  expect_warning ("*left out: edge*: it names no vertex to lead to (_to_external_id, or _to *");
  add_edge (fixture, "edge", "{\"_from\":\"a/1\"}");
  expect_warning ("*left out: edge*: it names no vertex to lead to (_to_external_id, or _to *");
  add_edge (fixture, "edge", "{\"_from\":\"a/1\",\"_to\":\"2\"}");
  g_test_assert_expected_messages ();

  add_edge (fixture, "edge", "{\"_fr\\u006fm\":\"a/1\",\"_to_external_id\":\"2\"}");
  add_edge (fixture, "edge", "{\"_from\":\"a\\u002f1\",\"_to\":\"b\\/2\"}");
  add_vertex (fixture, "edge", "{\"a\":1}");
  assert_counters (fixture, "edge 12 10 0 0\nedge 1 0 0 0\n");
}

/* Schemas that look at an edge as a whole, or at what the framework adds to it. */
static void
test_edge_schemas (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *schema;
    const char *members;
    gboolean valid;
  } cases[] = {
    { "{\"allOf\":[{\"required\":[\"report\",\"active\"]}]}", "", TRUE },
    { "{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", ",\"a\":1", TRUE },
    { "{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", ",\"c\":1", FALSE },
    { "{\"dependentRequired\":{\"a\":[\"source\"]}}", ",\"a\":1", TRUE },
    { "{\"dependentRequired\":{\"source\":[\"a\"]}}", "", FALSE },
    { "{\"maxProperties\":7}", ",\"a\":1", TRUE },
    { "{\"maxProperties\":7}", ",\"a\":1,\"b\":1", FALSE },
    { "{\"maxProperties\":7}", ",\"a\":1,\"active\":false", TRUE },
    { "{\"patternProperties\":{\"^rep\":{\"type\":\"string\"}}}", "", TRUE },
    { "{\"patternProperties\":{\"^rep\":{\"type\":\"integer\"}}}", "", FALSE },
    { "{\"propertyNames\":{\"maxLength\":9}}", "", TRUE },
    { "{\"propertyNames\":{\"maxLength\":8}}", "", FALSE },
    { "{\"properties\":{\"timestamp\":{\"type\":\"number\",\"minimum\":1}}}", "", TRUE },
    { "{\"properties\":{\"timestamp\":{\"type\":\"number\",\"maximum\":1}}}", "", FALSE },
    { "{\"properties\":{\"source\":{\"$ref\":\"#/$defs/text\"}}}", "", TRUE },
    { "{\"properties\":{\"source\":{\"enum\":[\"x\"]}}}", "", FALSE },
    { "{\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}}", "", TRUE },
    { "{\"additionalProperties\":{\"type\":\"string\"}}", "", FALSE },
    { "{\"properties\":{\"_from\":{},\"_to\":{}},\"additionalProperties\":false}", "", FALSE },
    { "{\"required\":[\"report\",\"source\",\"timestamp\",\"active\"]}", "", TRUE },
    { "{\"$ref\":\"#/$defs/edge\"}", "", TRUE },
    { "{\"const\":{}}", "", FALSE },
    { "false", "", FALSE },
  };

  swallow_warnings (TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"type\":\"object\",\"properties\":{\"edge\":{\"type\":\"array\",\"items\":%s}},"
                           "\"$defs\":{\"text\":{\"type\":\"string\"},\"edge\":{\"required\":[\"source\"]}}}",
                           cases[i].schema);
      g_autofree char *edge = g_strdup_printf ("{" ENDS "%s}", cases[i].members);
      g_autofree char *edges = g_strdup_printf ("[%s,{" ENDS "%s,\"more\":2}]", edge, cases[i].members);
      g_autoptr (GError) error = NULL;
      g_autoptr (CarImportSchema) schema = car_import_schema_new (text, -1, &error);
      g_assert_no_error (error);
      g_autoptr (CarDataHandler) handler =
          car_data_handler_new (NULL, schema, SOURCE, fixture->parent, 0, &error);
      g_assert_no_error (error);

      g_assert_true (car_data_handler_add_edge_json (handler, "edge", edge, -1, &error));
      guint64 invalid = count_invalid (handler);
      if ((invalid == 0) != cases[i].valid)
        g_error ("%s with the schema %s", edge, cases[i].schema);
      g_assert_true (car_data_handler_add_edges_json (handler, "edge", edges, -1, &error));
      g_assert_true (car_data_handler_is_empty (handler, CAR_BUNDLE_EDGES) == !cases[i].valid);
    }
  swallow_warnings (FALSE);
}

static void
test_bad_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GError) error = NULL;

  car_record_set_string (record, "external_id", "1");
  car_record_set_string (record, "name", "\xff");
  expect_warning ("*left out: asset “1”: /name *UTF-8*");
  g_assert_true (car_data_handler_add_vertex_record (fixture->handler, "asset", record, &error));

  car_record_clear (record);
  car_record_set_string (record, "external_id", "1");
  car_record_set_string (record, "name", "n");
  car_record_set_string (record, "name", "m");
  expect_warning ("*left out: asset*name*");
  g_assert_true (car_data_handler_add_vertex_record (fixture->handler, "asset", record, &error));

  json_object_set_string_member (object, "external_id", "1");
  json_object_set_string_member (object, "name", "n");
  json_object_set_double_member (object, "risk", NAN);
  expect_warning ("*left out: asset “1”: /risk *finite*");
  g_assert_true (car_data_handler_add_vertex (fixture->handler, "asset", object, &error));

  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  assert_counters (fixture, "asset 3 3 0 0\n");

  /* The record of the JsonObjects is used again: nothing of a bad one is left in it. */
  json_object_set_double_member (object, "risk", 1);
  g_assert_true (car_data_handler_add_vertex (fixture->handler, "asset", object, &error));
  assert_vertices (fixture, "\"asset\":[{\"external_id\":\"1\",\"name\":\"n\",\"risk\":1}]");
}

static GLogWriterOutput
count_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer counter)
{
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    ++*(guint *) counter;
  return G_LOG_WRITER_HANDLED;
}

static void
test_warnings_subprocess (Fixture *fixture, gconstpointer data)
{
  guint n_warnings = 0;

  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_writer_func (count_warnings, &n_warnings, NULL);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *no_name = g_strdup_printf ("{\"external_id\":\"id %u\"}", i);
      add_vertex (fixture, "asset", no_name);
    }
  g_assert_cmpuint (n_warnings, ==, 3);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *bad_risk =
          g_strdup_printf ("{\"external_id\":\"x%u\",\"name\":\"n\",\"risk\":%u}", i, i + 11);
      add_vertex (fixture, "asset", bad_risk);
    }
  g_assert_cmpuint (n_warnings, ==, 6);
  assert_counters (fixture, "asset 2000 2000 0 0\n");
}

/* The first three of each kind of mistake are shown. A process has but one writer: it is another one's. */
static void
test_warnings (void)
{
  g_test_trap_subprocess ("/data-handler/warnings/subprocess", 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_arrays (Fixture *fixture, gconstpointer data)
{
  CarDataHandler *handler = fixture->handler;
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_add_vertices_json (handler, "hostname", " [ ] ", -1, &error));
  g_assert_true (car_data_handler_add_vertices_json (handler, "hostname",
                                                     "[{\"_key\":\"a\"}, {\"_key\":\"b\"} ]xx", 29, &error));
  g_assert_true (car_data_handler_add_edges_json (
      handler, "edge", "[{" ENDS "},{\"a\":[{}]," ENDS " } , {" ENDS ",\"active\":false}]", -1, &error));
  g_assert_no_error (error);

  expect_warning ("*left out: hostname*");
  expect_warning ("*left out: hostname*");
  g_assert_true (
      car_data_handler_add_vertices_json (handler, "hostname", "[\"{}\",{},{\"_key\":\"c\"}]", -1, &error));
  g_test_assert_expected_messages ();

  assert_vertices (fixture, "\"hostname\":[{\"_key\":\"a\"},{\"_key\":\"b\"},{\"_key\":\"c\"}]");
  assert_edges (fixture, "\"edge\":[{" ENDS "," FRAMEWORK ",\"active\":true},"
                         "{\"a\":[{}]," ENDS "," FRAMEWORK ",\"active\":true},"
                         "{" ENDS ",\"active\":false," FRAMEWORK "}]");
  assert_counters (fixture, "hostname 5 2 0 3\nedge 3 0 0 3\n");
}

/* What is no JSON is left out alone, as it is by car_data_handler_add_vertex_json(). */
static void
test_broken_items (Fixture *fixture, gconstpointer data)
{
  g_autofree char *deep = g_strnfill (CAR_JSON_MAX_DEPTH, '[');
  g_autofree char *closing = g_strnfill (CAR_JSON_MAX_DEPTH, ']');
  g_autofree char *too_deep = g_strconcat ("{\"_key\":\"a\",\"deep\":", deep, closing, "}", NULL);
  const char *items[] = { "{\"_key\":\"a\",\"b\":\"\\ud800\"}",
                          too_deep,
                          "{\"_key\":NaN}",
                          "{\"_key\":\"\xff\"}",
                          "{\"_key\":\"]\\\"\" 1}",
                          "nul" };

  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *array = g_strdup_printf ("[{\"_key\":\"before %" G_GSIZE_FORMAT
                                                "\"},%s,{\"_key\":\"after %" G_GSIZE_FORMAT "\"}]",
                                                i, items[i], i);

      expect_warning ("*left out: hostname*");
      g_assert_true (car_data_handler_add_vertices_json (fixture->handler, "hostname", array, -1, &error));
      g_assert_no_error (error);
      g_test_assert_expected_messages ();
    }
  assert_counters (fixture, "hostname 18 6 0 0\n");
}

static void
test_broken_arrays (Fixture *fixture, gconstpointer data)
{
  const char *texts[] = { "",
                          "{\"_key\":\"a\"}",
                          "[{\"_key\":\"a\"}",
                          "[{\"_key\":\"a\"},]",
                          "[{\"_key\":\"a\"}] 1",
                          "[{\"_key\":\"a\"} {\"_key\":\"b\"}]",
                          "[{\"_key\":\"a}]",
                          "[{\"_key\":NaN]",
                          "[NaN",
                          "null" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (
          car_data_handler_add_vertices_json (fixture->handler, "hostname", texts[i], -1, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
      g_assert_nonnull (strstr (error->message, "hostname"));
    }
}

static void
test_collection_names (Fixture *fixture, gconstpointer data)
{
  g_autofree char *longest = g_strnfill (128, 'a');
  g_autofree char *too_long = g_strnfill (129, 'a');
  const char *hostile[] = { "",     "source", "report", "a b", "1a",    "a\"", "a\":[],\"source",
                            "../x", "a/b",    "ä",      "a\n", too_long };

  expect_unknown (longest);
  add_vertex (fixture, longest, "{\"a\":1}");
  expect_unknown ("_A9");
  add_vertex (fixture, "_A9", "{\"a\":1}");
  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    {
      const char *keys[] = { "k", NULL };
      g_autoptr (GError) vertex = NULL;
      g_autoptr (GError) edge = NULL;
      g_autoptr (GError) deletion = NULL;

      g_assert_false (car_data_handler_add_vertex_json (fixture->handler, hostile[i], "{}", -1, &vertex));
      g_assert_error (vertex, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
      g_assert_false (car_data_handler_add_edge_json (fixture->handler, hostile[i], "{}", -1, &edge));
      g_assert_error (edge, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
      g_assert_false (car_data_handler_delete_vertices (fixture->handler, hostile[i], keys, NULL, &deletion));
      g_assert_error (deletion, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
    }
}

static void
test_report (Fixture *fixture, gconstpointer data)
{
  const char *key = car_data_handler_get_report_key (fixture->handler);
  char *end;
  double timestamp = g_ascii_strtod (key, &end);

  g_assert_cmpstr (end, ==, "");
  g_assert_cmpfloat (ABS (timestamp - g_get_real_time () / 1000.0), <, 3600 * 1000);
  g_assert_cmpstr (car_data_handler_get_source (fixture->handler), ==, SOURCE);

  g_object_set (fixture->handler, "source-name", "the \"name\"", "source-description", "from here",
                "report-type", "host", "report-description", "all of it", NULL);
  add_vertex (fixture, "hostname", "{\"_key\":\"a\"}");
  assert_page (
      fixture, CAR_BUNDLE_VERTICES, 0,
      "{\"source\":{\"_key\":SOURCE,\"name\":\"the \\\"name\\\"\",\"description\":\"from here\"},"
      "\"report\":{\"_key\":\"REPORT\",\"timestamp\":REPORT,\"type\":\"host\",\"description\":\"all of it\"},"
      "\"hostname\":[{\"_key\":\"a\"}]}");
  g_assert_cmpuint (car_bundle_get_n_bytes (car_data_handler_get_bundle (fixture->handler)), >, 100);
}

/* Nothing added: there is nothing to send, which needs no client. */
static void
test_nothing_to_send (Fixture *fixture, gconstpointer data)
{
  const char *none[] = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_send_vertices (fixture->handler, NULL, &error));
  g_assert_true (car_data_handler_send_edges (fixture->handler, NULL, &error));
  g_assert_true (car_data_handler_delete_vertices (fixture->handler, "asset", none, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_deleted (fixture), ==, 0);
  assert_counters (fixture, "");
}

static void
assert_sent (Fixture *fixture, CarBundlePart part)
{
  g_autoptr (GError) error = NULL;

  if (part == CAR_BUNDLE_VERTICES)
    car_data_handler_send_vertices (fixture->handler, NULL, &error);
  else
    car_data_handler_send_edges (fixture->handler, NULL, &error);
  g_assert_no_error (error);
}

static void
take_sending_progress (CarDataHandler *handler,
                       CarProgressPhase phase,
                       guint64 done,
                       guint64 total,
                       gpointer user_data)
{
  g_assert_cmpint (phase, ==, CAR_PROGRESS_PHASE_SENDING_VERTICES);
  g_assert_cmpuint (total, ==, 2);
  *(guint64 *) user_data = done;
}

/* What was sent is not sent again, and only what the service took is counted as sent. */
static void
test_send (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (GError) error = NULL;
  guint64 done = 0;

  g_object_unref (fixture->handler);
  fixture->handler = make_handler (client, fixture->parent, 2);
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer_always (service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[]}");

  add_hostnames (fixture, 3);
  add_vertex (fixture, "hostname", "{\"_key\":\"0\"}");
  add_edge (fixture, "edge", "{" ENDS "}");
  assert_counters (fixture, "hostname 4 0 1 0\nedge 1 0 0 0\n");

  gulong id = g_signal_connect (fixture->handler, "progress", G_CALLBACK (take_sending_progress), &done);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_signal_handler_disconnect (fixture->handler, id);
  g_assert_cmpuint (done, ==, 2);
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 2);
  assert_counters (fixture, "hostname 4 0 1 3\nedge 1 0 0 0\n");

  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 2);

  add_vertex (fixture, "hostname", "{\"_key\":\"0\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"new\"}");
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 3);
  const FakeRequest *last = NULL;
  for (guint i = 0; i < fake_service_get_n_requests (service); i++)
    if (g_str_equal (fake_service_get_request (service, i)->method, "POST"))
      last = fake_service_get_request (service, i);
  g_assert_nonnull (last);
  g_assert_true (g_str_has_suffix (last->body, ",\"hostname\":[{\"_key\":\"new\"}]}"));

  assert_sent (fixture, CAR_BUNDLE_EDGES);
  assert_counters (fixture, "hostname 6 0 2 4\nedge 1 0 0 1\n");
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 4);

  g_assert_true (car_data_handler_send_report (fixture->handler, NULL, &error));
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 5);
}

#define STILL_SENT " (they still count as sent: the service names no collection that was sent)"

/* Sent means held: what the service leaves out of a page is not sent, and is told of. */
static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (GError) error = NULL;

  give_client (fixture, client);
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer_always (service, "GET", "v2/importstatus", 200,
                              "{\"complete_imports\":[{\"id\":\"1\",\"status\":\"COMPLETE\",\"warnings\":["
                              "{\"collection\":\"hostname\",\"index\":0,\"count\":2,\"message\":\"taken\"},"
                              "{\"collection\":\"other\",\"count\":9,\"message\":\"why\"}]}],"
                              "\"error_imports\":[],\"incomplete_imports\":[],\"notfound_imports\":[]}");
  add_hostnames (fixture, 3);

  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "The service left out 2 of hostname: taken");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "The service left out 9 of other: why" STILL_SENT);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_test_assert_expected_messages ();
  assert_counters (fixture, "hostname 3 0 0 1\n");
  g_autofree char *violations = list_violations (fixture->handler);
  g_assert_cmpstr (violations, ==, "2  dropped: hostname: the service left it out: taken\n");

  /* Also of the next page of the same collection. */
  add_vertex (fixture, "hostname", "{\"_key\":\"3\"}");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "The service left out 2 of hostname: taken");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "The service left out 9 of other: why" STILL_SENT);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_test_assert_expected_messages ();
  assert_counters (fixture, "hostname 4 0 0 0\n");
}

/* The service finds a vertex of a full import too large: no edge of it is sent, whether it came before the vertex or after. */
static void
test_edges_of_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, NULL);
  g_autofree char *long_name = g_strnfill (5000, 'n');
  g_autofree char *big = g_strdup_printf ("{\"external_id\":\"big\",\"name\":\"%s\"}", long_name);
  guint n_edges = 0;

  g_object_unref (fixture->handler);
  fixture->handler =
      g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, NULL, "client", client, "schema", schema, "source", "s",
                      "directory", fixture->parent, "page-size", 1, "full-import", TRUE, NULL);
  g_assert_nonnull (fixture->handler);
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"big\",\"_to\":\"hostname/h\"}");
  add_vertex (fixture, "asset", big);
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"x\"}");
  add_vertex (fixture, "hostname", "{\"_key\":\"h\"}");
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":\"hostname/h\"}");
  add_edge (fixture, "asset_hostname",
            "{\"_from_external_id\":\"big\",\"_to\":\"hostname/h\",\"external_id\":\"e\"}");

  fake_service_answer (service, "POST", "v2/imports", 413, "");
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer_always (service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[]}");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "*too large*“big”*");
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  /* The first one waited, and was never staged; the last one was. */
  for (guint i = 0; i < 2; i++)
    g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING,
                           "1 edge of asset_hostname leads to an object of asset that this run left out: *");
  assert_sent (fixture, CAR_BUNDLE_EDGES);
  g_test_assert_expected_messages ();

  for (guint i = 0; i < fake_service_get_n_requests (service); i++)
    {
      const char *body = fake_service_get_request (service, i)->body;
      const gboolean is_edge = body != NULL && strstr (body, "asset_hostname") != NULL;

      g_assert_true (!is_edge || strstr (body, "big") == NULL);
      n_edges += is_edge;
    }
  g_assert_cmpuint (n_edges, ==, 1);
  assert_counters (fixture, "asset_hostname 3 1 0 1\nasset 2 0 0 1\nhostname 1 0 0 1\n");
}

/* A name that holds a secret is shown without it, and still is the name of the collection. */
static void
test_dropped_secret_name (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = NULL;
  g_autoptr (GError) error = NULL;

  client = car_client_new (fake_service_get_url (service), "a-key", "name", &error);
  g_assert_no_error (error);
  give_client (fixture, client);
  fake_service_answer (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer (service, "GET", "v2/importstatus", 200,
                       "{\"complete_imports\":[{\"id\":\"1\",\"status\":\"COMPLETE\",\"warnings\":["
                       "{\"collection\":\"hostname\",\"count\":2,\"message\":\"taken\"},"
                       "{\"collection\":\"a name\",\"message\":\"odd\"},{\"message\":\"any\"}]}],"
                       "\"error_imports\":[],\"incomplete_imports\":[]}");
  add_hostnames (fixture, 3);

  expect_warning ("The service left out 2 of host***: taken");
  expect_warning ("The service left out 1 of a ***: odd" STILL_SENT);
  expect_warning ("The service left out 1 object: any" STILL_SENT);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_test_assert_expected_messages ();
  assert_counters (fixture, "hostname 3 0 0 1\n");
  g_autofree char *violations = list_violations (fixture->handler);
  g_assert_cmpstr (violations, ==, "2  dropped: hostname: the service left it out: taken\n");
}

/* However many reasons one collection has, what is left out of another is not sent. */
static void
test_dropped_for_many_reasons (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (GString) answer = g_string_new ("{\"complete_imports\":[{\"id\":\"1\",\"warnings\":[");

  give_client (fixture, client);
  swallow_warnings (TRUE);
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"a\"}");
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"_key\":\"%u\"}", i);
      add_vertex (fixture, "hostname", json);
      g_string_append_printf (answer, "{\"collection\":\"hostname\",\"message\":\"reason %u\"},", i);
    }
  g_string_append (answer, "{\"collection\":\"asset\",\"message\":\"taken\"}]}],\"error_imports\":[],"
                           "\"incomplete_imports\":[]}");
  fake_service_answer (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer (service, "GET", "v2/importstatus", 200, answer->str);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  swallow_warnings (FALSE);
  assert_counters (fixture, "asset 1 0 0 0\nhostname 300 0 0 0\n");
}

static void
test_send_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (GError) error = NULL;

  give_client (fixture, client);
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer_always (
      service, "GET", "v2/importstatus", 200,
      "{\"error_imports\":[{\"id\":\"1\",\"error\":\"no\"}],\"incomplete_imports\":[]}");

  add_vertex (fixture, "hostname", "{\"_key\":\"0\"}");
  g_assert_false (car_data_handler_send_vertices (fixture->handler, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  assert_counters (fixture, "hostname 1 0 0 0\n");
}

static void
test_delete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  const char *const keys[] = { "a", "b", NULL };
  const char *path = "v2/source/a%2Fb%20c%25%26%22%C3%BC/asset";
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refused = NULL;

  give_client (fixture, client);
  fake_service_answer (service, "DELETE", path, 200, DONE);
  fake_service_answer (service, "DELETE", path, 404, "{}");

  g_assert_true (car_data_handler_delete_vertices (fixture->handler, "asset", keys, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_deleted (fixture), ==, 2);
  g_assert_false (car_data_handler_delete_vertices (fixture->handler, "asset", keys, NULL, &refused));
  g_assert_cmpuint (count_deleted (fixture), ==, 2);
}

static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  struct rlimit limit;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) at_send = NULL;
  guint n_added = 0;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  struct rlimit small = { 4096, limit.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);

  gboolean added;
  do
    {
      g_autofree char *json =
          g_strdup_printf ("{\"_key\":\"%u\",\"description\":\"%0100u\"}", n_added, n_added);
      added = car_data_handler_add_vertex_json (fixture->handler, "hostname", json, -1, &error);
      n_added++;
    }
  while (added && n_added < 1000);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);

  /* The last of the page is written when the next one comes. */
  g_assert_cmpuint (n_added, ==, 101);
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "free disk space"));
  g_assert_false (car_data_handler_send_vertices (fixture->handler, NULL, &at_send));
  g_assert_error (at_send, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
}

static void
test_unwritable (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, NULL);
  g_autofree char *file = g_build_filename (fixture->parent, "file", NULL);
  g_autofree char *below = g_build_filename (file, "below", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) no_source = NULL;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_null (car_data_handler_new (NULL, schema, "s", below, 0, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, below));
  g_assert_cmpint (g_unlink (file), ==, 0);

  g_assert_null (car_data_handler_new (NULL, schema, "", fixture->parent, 0, &no_source));
  g_assert_error (no_source, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
}

/* As languages make one that know nothing of GInitable. */
static void
test_not_ready (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, NULL);
  g_autoptr (CarDataHandler) handler =
      g_object_new (CAR_TYPE_DATA_HANDLER, "schema", schema, "source", "s", NULL);
  g_autoptr (GError) at_add = NULL;
  g_autoptr (GError) at_send = NULL;
  g_autoptr (GError) no_error = NULL;

  g_assert_false (car_data_handler_add_vertex_json (handler, "hostname", "{\"_key\":\"a\"}", -1, &at_add));
  g_assert_error (at_add, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
  g_assert_nonnull (strstr (at_add->message, "g_initable_init()"));
  g_assert_false (car_data_handler_send_vertices (handler, NULL, &at_send));
  g_assert_error (at_send, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);

  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);
  g_assert_cmpuint (summaries->len, ==, 0);
  g_assert_null (car_data_handler_get_kept_directory (handler));
  g_assert_null (car_data_handler_dup_objects_json (handler, "hostname", NULL));
  g_auto (GStrv) deleted = car_data_handler_list_deleted_keys (handler, "hostname");
  g_assert_cmpuint (g_strv_length (deleted), ==, 0);

  g_assert_true (g_initable_init (G_INITABLE (handler), NULL, &no_error));
  g_assert_true (car_data_handler_add_vertex_json (handler, "hostname", "{\"_key\":\"a\"}", -1, &no_error));
  g_assert_no_error (no_error);
}

static void
test_keep (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  g_assert_no_error (error);
  CarDataHandler *handler = g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "schema", schema, "source",
                                            "s", "directory", fixture->parent, "keep-staged", TRUE, NULL);
  g_assert_no_error (error);
  g_autofree char *directory = g_strdup (car_data_handler_get_kept_directory (handler));
  g_autofree char *parent = g_path_get_dirname (directory);
  gboolean kept = FALSE;

  g_assert_cmpstr (parent, ==, fixture->parent);
  g_object_get (handler, "keep-staged", &kept, NULL);
  g_assert_true (kept);
  g_assert_true (car_data_handler_add_vertex_json (handler, "hostname", "{\"_key\":\"a\"}", -1, &error));
  g_object_unref (handler);

  g_autofree char *pages_path = g_build_filename (directory, "vertices.jsonl", NULL);
  g_autofree char *pages = NULL;
  g_assert_true (g_file_get_contents (pages_path, &pages, NULL, &error));
  g_assert_nonnull (strstr (pages, "\"hostname\":[{\"_key\":\"a\"}]"));

  const char *const names[] = { "vertices.jsonl", "edges.jsonl", "journal" };
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (directory, names[i], NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);

  g_assert_null (car_data_handler_get_kept_directory (fixture->handler));
  g_object_get (fixture->handler, "keep-staged", &kept, NULL);
  g_assert_false (kept);
}

static void
on_progress (CarDataHandler *handler, CarProgressPhase phase, guint64 done, guint64 total, gpointer user_data)
{
  guint64 *last = user_data;

  g_assert_cmpint (phase, ==, CAR_PROGRESS_PHASE_READING_VERTICES);
  g_assert_cmpuint (done, >, *last);
  g_assert_cmpuint (total, ==, 0);
  *last = done;
}

static void
test_progress (Fixture *fixture, gconstpointer data)
{
  guint64 last = 0;

  g_signal_connect (fixture->handler, "progress", G_CALLBACK (on_progress), &last);
  add_hostnames (fixture, 5000);
  g_assert_cmpuint (last, >, 0);
}

/* A handler that is told may add, too, and need not know that it may not send. */
static void
add_while_told (CarDataHandler *handler,
                CarProgressPhase phase,
                guint64 done,
                guint64 total,
                gpointer user_data)
{
  guint *n_told = user_data;
  g_autofree char *json = g_strdup_printf ("{\"_key\":\"told %u\"}", (*n_told)++);
  g_autoptr (GError) error = NULL;

  /* It is not called again meanwhile, though there is something to tell and it takes its time. */
  g_assert_null (g_object_get_data (G_OBJECT (handler), "told"));
  g_object_set_data (G_OBJECT (handler), "told", handler);
  g_usleep (150 * 1000);
  for (guint i = 0; i < 3000; i++)
    g_assert_true (car_data_handler_add_vertex_json (handler, "hostname", json, -1, &error));
  g_assert_no_error (error);
  g_object_set_data (G_OBJECT (handler), "told", NULL);

  if (phase == CAR_PROGRESS_PHASE_SENDING_VERTICES)
    {
      g_assert_false (car_data_handler_send_vertices (handler, NULL, &error));
      g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
    }
}

static void
test_progress_handler_adds (Fixture *fixture, gconstpointer data)
{
  guint n_told = 0;

  g_signal_connect (fixture->handler, "progress", G_CALLBACK (add_while_told), &n_told);
  add_hostnames (fixture, 5000);
  g_assert_cmpuint (n_told, >, 0);

  g_autofree char *expected = g_strdup_printf ("hostname %u 0 %u 0\n", 5000 + n_told * 3000, n_told * 2999);
  assert_counters (fixture, expected);
}

/* What is added while a send is under way goes with the next one. */
static void
test_add_while_sending (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  guint n_told = 0;

  give_client (fixture, client);
  fake_service_answer_always (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  fake_service_answer_always (service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[]}");
  add_vertex (fixture, "hostname", "{\"_key\":\"a\"}");

  gulong id = g_signal_connect (fixture->handler, "progress", G_CALLBACK (add_while_told), &n_told);
  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_signal_handler_disconnect (fixture->handler, id);
  g_assert_cmpuint (n_told, >, 0);
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 1);
  g_autofree char *one = g_strdup_printf ("hostname %u 0 %u 1\n", 1 + n_told * 3000, n_told * 2999);
  assert_counters (fixture, one);

  assert_sent (fixture, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (fake_service_count (service, "POST", "v2/imports"), ==, 2);
  g_autofree char *all =
      g_strdup_printf ("hostname %u 0 %u %u\n", 1 + n_told * 3000, n_told * 2999, 1 + n_told);
  assert_counters (fixture, all);
}

#define N_THREADS 8
#define N_OBJECTS 3000 /* a thread */

static guint next_thread;

/* All ways in, at once: half of the objects are every thread's own, the others all threads have. */
static gpointer
add_in_thread (gpointer data)
{
  CarDataHandler *handler = data;
  const guint thread = g_atomic_int_add (&next_thread, 1);
  g_autoptr (CarRecord) record = car_record_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_OBJECTS; i++)
    {
      const guint owner = i % 2 == 0 ? thread : N_THREADS;
      g_autofree char *id = g_strdup_printf ("%u/%u", owner, i);
      g_autofree char *host = g_strdup_printf ("[{\"_key\":\"%s\"}]", id);
      g_autofree char *edge =
          g_strdup_printf ("{\"_from_external_id\":\"%s\",\"_to\":\"hostname/%s\"}", id, id);
      g_autoptr (JsonObject) object = json_object_new ();

      car_record_clear (record);
      car_record_set_string (record, "external_id", id);
      car_record_set_string (record, "name", i % 10 == 0 ? "" : "n");
      json_object_set_string_member (object, "_from_external_id", id);
      json_object_set_string_member (object, "_to", "hostname/of all");
      g_assert_true (car_data_handler_add_vertex_record (handler, "asset", record, &error));
      g_assert_true (car_data_handler_add_vertices_json (handler, "hostname", host, -1, &error));
      g_assert_true (car_data_handler_add_edge_json (handler, "asset_hostname", edge, -1, &error));
      g_assert_true (car_data_handler_add_edge (handler, "asset_hostname", object, &error));
    }
  g_assert_no_error (error);
  return NULL;
}

static void
count_told (CarDataHandler *handler, CarProgressPhase phase, guint64 done, guint64 total, gpointer n_told)
{
  g_atomic_int_inc ((guint *) n_told);
}

/* Objects are added by eight threads while a ninth sends, and looks at what is there. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  GThread *threads[N_THREADS];
  g_autoptr (GError) error = NULL;
  guint n_told = 0;

  swallow_warnings (TRUE);
  g_signal_connect (fixture->handler, "progress", G_CALLBACK (count_told), &n_told);
  next_thread = 0;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("adds", add_in_thread, fixture->handler);
  for (guint i = 0; i < 20; i++)
    {
      flush (fixture);
      g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
      g_autofree char *objects = car_data_handler_dup_objects_json (fixture->handler, "asset", &error);
      g_assert_nonnull (objects);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  flush (fixture);
  swallow_warnings (FALSE);

  /* Of those that all have, one is sent. Every tenth asset, one of each thread's own, has no name. */
  const guint own = N_THREADS * N_OBJECTS / 2, shared = N_OBJECTS / 2, invalid = N_THREADS * N_OBJECTS / 10;
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (fixture->handler);
  g_assert_cmpuint (summaries->len, ==, 3);
  for (guint i = 0; i < summaries->len; i++)
    {
      CarCollectionSummary *summary = summaries->pdata[i];
      const char *name = car_collection_summary_get_collection (summary);
      const guint ways = car_collection_summary_get_is_edges (summary) ? 2 : 1;
      const guint bad = strcmp (name, "asset") == 0 ? invalid : 0;

      g_assert_cmpuint (car_collection_summary_get_n_read (summary), ==, ways * N_THREADS * N_OBJECTS);
      g_assert_cmpuint (car_collection_summary_get_n_left_out (summary), ==, bad);
      g_assert_cmpuint (car_collection_summary_get_n_duplicates (summary), ==,
                        ways * shared * (N_THREADS - 1));
      g_assert_cmpuint (car_collection_summary_get_n_sent (summary), ==, ways * (own + shared) - bad);

      g_autofree char *text = car_data_handler_dup_objects_json (fixture->handler, name, &error);
      g_assert_no_error (error);
      g_autoptr (JsonNode) objects = json_from_string (text, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (json_array_get_length (json_node_get_array (objects)), ==,
                        ways * (own + shared) - bad);
    }
}

/* The source and the report are the same on all pages: they can be set before the first object only. */
static void
test_head (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) at_add = NULL;
  g_autoptr (GError) at_send = NULL;
  g_autofree char *link = NULL;

  g_object_set (fixture->handler, "product-link", "https://a.example/?\"", NULL);
  add_vertex (fixture, "hostname", "{\"_key\":\"a\"}");
  g_object_set (fixture->handler, "product-link", "https://a.example/?\"", NULL);
  assert_page (fixture, CAR_BUNDLE_VERTICES, 0,
               "{\"source\":{\"_key\":SOURCE,\"name\":SOURCE,\"product_link\":\"https://a.example/?\\\"\"},"
               "\"report\":{\"_key\":\"REPORT\",\"timestamp\":REPORT},\"hostname\":[{\"_key\":\"a\"}]}");

  g_object_set (fixture->handler, "report-type", "late", "product-link", "too", NULL);
  g_object_get (fixture->handler, "product-link", &link, NULL);
  g_assert_cmpstr (link, ==, "https://a.example/?\"");
  g_assert_false (
      car_data_handler_add_vertex_json (fixture->handler, "hostname", "{\"_key\":\"b\"}", -1, &at_add));
  g_assert_error (at_add, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
  g_assert_nonnull (strstr (at_add->message, "“report-type” was set after the first object"));
  g_assert_false (car_data_handler_send_vertices (fixture->handler, NULL, &at_send));
  g_assert_error (at_send, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
}

static void
assert_objects (Fixture *fixture, const char *collection, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *json = car_data_handler_dup_objects_json (fixture->handler, collection, &error);

  g_assert_no_error (error);
  g_autoptr (GString) shown = g_string_new (json);
  g_string_replace (shown, car_data_handler_get_report_key (fixture->handler), "REPORT", 0);
  g_string_replace (shown, "\"a/b c%&\\\"ü\"", "SOURCE", 0);
  g_assert_cmpstr (shown->str, ==, expected);
}

/* As an importer's author sees what the importer added: without a client, a page or two. */
static void
test_objects (Fixture *fixture, gconstpointer data)
{
  assert_objects (fixture, "asset", "[]");
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"n\"}");
  assert_objects (fixture, "asset", "[{\"external_id\":\"1\",\"name\":\"n\"}]");
  add_vertex (fixture, "hostname", "{\"_key\":\"a\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"1\",\"name\":\"n\"}");
  add_vertex (fixture, "asset", "{\"external_id\":\"2\", \"name\":\"n\"}");
  flush (fixture);
  add_vertex (fixture, "asset", "{\"external_id\":\"3\",\"name\":\"]\"}");
  add_edge (fixture, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\"}");

  assert_objects (fixture, "asset",
                  "[{\"external_id\":\"1\",\"name\":\"n\"},{\"external_id\":\"2\", \"name\":\"n\"},"
                  "{\"external_id\":\"3\",\"name\":\"]\"}]");
  assert_objects (fixture, "hostname", "[{\"_key\":\"a\"}]");
  assert_objects (fixture, "asset_hostname",
                  "[{\"_from_external_id\":\"1\",\"_to\":\"hostname/a\"," FRAMEWORK ",\"active\":true}]");
  assert_objects (fixture, "user", "[]");
}

static void
test_without_a_client (Fixture *fixture, gconstpointer data)
{
  const char *const keys[] = { "1", "2", NULL };
  const char *const more[] = { "3", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (car_data_handler_delete_vertices (fixture->handler, "asset", keys, NULL, &error));
  g_assert_true (car_data_handler_delete_vertices (fixture->handler, "asset", more, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_deleted (fixture), ==, 3);

  g_auto (GStrv) deleted = car_data_handler_list_deleted_keys (fixture->handler, "asset");
  g_autofree char *joined = g_strjoinv (" ", deleted);
  g_assert_cmpstr (joined, ==, "1 2 3");
  g_auto (GStrv) others = car_data_handler_list_deleted_keys (fixture->handler, "user");
  g_assert_cmpuint (g_strv_length (others), ==, 0);
  g_assert_true (car_data_handler_send_report (fixture->handler, NULL, &error));
}

/* Nothing says which collections there are; that an edge has ends is checked all the same. */
static void
test_without_a_schema (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) no_schema = NULL;

  g_object_unref (fixture->handler);
  fixture->handler = car_data_handler_new (NULL, NULL, SOURCE, fixture->parent, 0, &error);
  g_assert_no_error (error);
  add_vertex (fixture, "anything", "{\"a\":1}");
  expect_warning ("*left out: anything*");
  add_vertex (fixture, "anything", "no JSON");
  expect_warning ("*left out: edge*");
  add_edge (fixture, "edge", "{\"a\":1}");
  g_test_assert_expected_messages ();
  assert_objects (fixture, "anything", "[{\"a\":1}]");
  assert_counters (fixture, "anything 2 1 0 0\nedge 1 1 0 0\n");

  g_assert_null (car_data_handler_new (client, NULL, SOURCE, fixture->parent, 0, &no_schema));
  g_assert_error (no_schema, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
}

/* A key that names nothing ends as what it is: with the collection and the key's place, and nothing deleted. */
static void
test_delete_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeService) service = fake_service_new ();
  g_autoptr (CarClient) client = fake_service_make_client (service);
  const char *const empty[] = { "a", "", NULL };
  const char *const no_text[] = { "a", "b", "\xff", NULL };
  const char *const *const lists[] = { empty, no_text };
  const char *const wanted[] = { "asset*2", "asset*3" };
  CarClient *const clients[] = { NULL, client };

  for (gsize i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_object_unref (fixture->handler);
      fixture->handler = make_handler (clients[i], fixture->parent, 0);
      for (gsize j = 0; j < G_N_ELEMENTS (lists); j++)
        {
          g_autofree char *pattern = g_strdup_printf ("*%s*", wanted[j]);
          g_autoptr (GError) error = NULL;

          g_assert_false (
              car_data_handler_delete_vertices (fixture->handler, "asset", lists[j], NULL, &error));
          g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
          g_assert_true (g_pattern_match_simple (pattern, error->message));
        }
      g_assert_cmpuint (count_deleted (fixture), ==, 0);
    }
  g_assert_cmpuint (fake_service_get_n_requests (service), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, page_size, func)                                                                           \
  g_test_add (path, Fixture, GUINT_TO_POINTER (page_size), set_up, func, tear_down)
  ADD ("/data-handler/ways-in", 0, test_ways_in);
  ADD ("/data-handler/violations", 0, test_violations);
  ADD ("/data-handler/violation-places", 0, test_violation_places);
  ADD ("/data-handler/unknown-collection", 0, test_unknown_collection);
  ADD ("/data-handler/edges", 0, test_edges);
  ADD ("/data-handler/edge-with-own-members", 0, test_edge_with_own_members);
  ADD ("/data-handler/interleaved", 4, test_interleaved);
  ADD ("/data-handler/duplicates", 0, test_duplicates);
  ADD ("/data-handler/conflicts", 2, test_conflicts);
  ADD ("/data-handler/newer-versions", 2, test_newer_versions);
  ADD ("/data-handler/left-out-file", 0, test_left_out_file);
  ADD ("/data-handler/conflicts-of-others", 0, test_conflicts_of_others);
  ADD ("/data-handler/invalid-is-no-duplicate", 0, test_invalid_is_no_duplicate);
  ADD ("/data-handler/malformed", 0, test_malformed);
  ADD ("/data-handler/edge-injection", 0, test_edge_injection);
  ADD ("/data-handler/edge-mutations", 0, test_edge_mutations);
  ADD ("/data-handler/invalid-edge", 0, test_invalid_edge);
  ADD ("/data-handler/edge-without-an-end", 0, test_edge_without_an_end);
  ADD ("/data-handler/edge-schemas", 0, test_edge_schemas);
  ADD ("/data-handler/bad-values", 0, test_bad_values);
  ADD ("/data-handler/warnings/subprocess", 0, test_warnings_subprocess);
  g_test_add_func ("/data-handler/warnings", test_warnings);
  ADD ("/data-handler/arrays", 0, test_arrays);
  ADD ("/data-handler/broken-items", 0, test_broken_items);
  ADD ("/data-handler/broken-arrays", 0, test_broken_arrays);
  ADD ("/data-handler/collection-names", 0, test_collection_names);
  ADD ("/data-handler/report", 0, test_report);
  ADD ("/data-handler/nothing-to-send", 0, test_nothing_to_send);
  ADD ("/data-handler/send", 0, test_send);
  ADD ("/data-handler/dropped", 0, test_dropped);
  ADD ("/data-handler/edges-of-too-large", 0, test_edges_of_too_large);
  ADD ("/data-handler/dropped-for-many-reasons", 0, test_dropped_for_many_reasons);
  ADD ("/data-handler/dropped-secret-name", 0, test_dropped_secret_name);
  ADD ("/data-handler/send-fails", 0, test_send_fails);
  ADD ("/data-handler/delete", 0, test_delete);
  ADD ("/data-handler/disk-full", 100, test_disk_full);
  ADD ("/data-handler/unwritable", 0, test_unwritable);
  ADD ("/data-handler/not-ready", 0, test_not_ready);
  ADD ("/data-handler/keep", 0, test_keep);
  ADD ("/data-handler/progress", 0, test_progress);
  ADD ("/data-handler/progress-handler-adds", 0, test_progress_handler_adds);
  ADD ("/data-handler/add-while-sending", 0, test_add_while_sending);
  ADD ("/data-handler/threads", 100, test_threads);
  ADD ("/data-handler/head", 0, test_head);
  ADD ("/data-handler/objects", 2, test_objects);
  ADD ("/data-handler/without-a-client", 0, test_without_a_client);
  ADD ("/data-handler/without-a-schema", 0, test_without_a_schema);
  ADD ("/data-handler/delete-nothing", 0, test_delete_nothing);

  return g_test_run ();
}
