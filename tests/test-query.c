/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-query.h>
#include <service/store/sqlite/car-sqlite-answer.h>
#include <service/store/sqlite/car-sqlite-functions.h>
#include <service/store/sqlite/car-sqlite-indices.h>
#include <service/store/sqlite/car-sqlite-tables.h>

#define OPEN G_MAXINT64

typedef struct
{
  sqlite3 *db;
  CarCoreModel *model;
  GHashTable *collections; /* name -> number */
  gboolean extended;
} Fixture;

static void
execute (sqlite3 *db, const char *sql)
{
  char *message = NULL;

  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
}

static void
insert (sqlite3 *db, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = NULL;
  va_list args;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  va_start (args, types);
  for (int i = 0; types[i] != '\0'; i++)
    if (types[i] == 's')
      sqlite3_bind_text (statement, i + 1, va_arg (args, const char *), -1, SQLITE_TRANSIENT);
    else
      sqlite3_bind_int64 (statement, i + 1, va_arg (args, gint64));
  va_end (args);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
}

/* An object closed at t2 is history, with the id that it had: the number of its row in the order of their coming. */
static void
add_vertex_at (sqlite3 *db,
               const char *collection,
               const char *source,
               const char *key,
               const char *body,
               gint64 t1,
               gint64 t2)
{
  g_autofree char *node_id = g_strconcat (source, "/", key, NULL);
  const gint64 key_at = g_utf8_strlen (source, -1) + 2;

  insert (db, "INSERT OR IGNORE INTO source (key, reported_at) VALUES (?, 200000)", "s", source);
  if (t2 == OPEN)
    insert (db,
            "INSERT INTO vertex (collection, source, key_at, node_id, body, t1, reported_at) SELECT"
            " (SELECT id FROM collection WHERE name = ?1), (SELECT id FROM source WHERE key = ?2), ?3, ?4,"
            " ?5, ?6, 1620936337326",
            "ssissi", collection, source, key_at, node_id, body, t1);
  else
    insert (
        db,
        "INSERT INTO vertex_history (id, collection, source, key_at, node_id, body, t1, t2,"
        "  reported_at) SELECT coalesce ((SELECT v.id FROM vertex v WHERE v.node_id = ?4 AND v.collection = "
        "c.id"
        "  AND v.source = s.id), 1000000 + (SELECT count (*) FROM vertex_history)), c.id, s.id, ?3, ?4,"
        "  ?5, ?6, ?7, 1620936337326 FROM collection c, source s WHERE c.name = ?1 AND "
        "s.key = ?2",
        "ssissii", collection, source, key_at, node_id, body, t1, t2);
  if (t2 == OPEN)
    insert (db,
            "INSERT INTO held SELECT c.id, s.id, 1 FROM collection c, source s WHERE c.name = ? AND s.key = ?"
            " ON CONFLICT DO UPDATE SET n = n + 1",
            "ss", collection, source);
}

static void
add_vertex (sqlite3 *db, const char *collection, const char *key, const char *body)
{
  add_vertex_at (db, collection, "src", key, body, 1000, OPEN);
}

static void
add_edge_of (sqlite3 *db,
             const char *source,
             const char *from,
             const char *from_key,
             const char *to,
             const char *to_key)
{
  g_autofree char *collection = g_strconcat (from, "_", to, NULL);
  g_autofree char *from_id = g_strconcat (source, "/", from_key, NULL);
  g_autofree char *to_id = g_strconcat (source, "/", to_key, NULL);

  insert (
      db,
      "INSERT INTO edge (collection, source, from_vertex, to_vertex, external_id, body, t1, reported_at) "
      "SELECT"
      " c.id, s.id, f.id, t.id, '', '{\"risk_score\":1.50}', 1000, 300000"
      " FROM collection c, source s, vertex f, vertex t WHERE c.name = ? AND s.key = ?"
      " AND f.source = s.id AND f.node_id = ? AND f.collection = (SELECT id FROM collection WHERE name = ?)"
      " AND t.source = s.id AND t.node_id = ? AND t.collection = (SELECT id FROM collection WHERE name = ?)",
      "ssssss", collection, source, from_id, from, to_id, to);
  g_assert_cmpint (sqlite3_changes (db), ==, 1);
  insert (db,
          "INSERT INTO held SELECT c.id, s.id, 1 FROM collection c, source s WHERE c.name = ? AND s.key = ?"
          " ON CONFLICT DO UPDATE SET n = n + 1",
          "ss", collection, source);
}

static void
add_edge (sqlite3 *db, const char *from, const char *from_key, const char *to, const char *to_key)
{
  add_edge_of (db, "src", from, from_key, to, to_key);
}

static void
fill_tables (sqlite3 *db)
{
  execute (db, "INSERT INTO source (key, name, properties, reported_at) VALUES ('src', 'Source', "
               "'{\"a\":1.0}', 200000)");
  add_vertex (
      db, "asset", "a1",
      "{\"external_id\":\"a1\",\"name\":\"Alpha\",\"risk\":1.50,\"business_value\":12345678901234567890,"
      "\"properties\":{\"k\":[1,2]},\"description\":\"50% _\\\\x\"}");
  add_vertex (db, "asset", "a2",
              "{\"external_id\":\"a2\",\"name\":\"beta\",\"risk\":7,\"n\\u0061\":1,\"description\":"
              "\"\\u0041\\n\\u0000z\"}");
  add_vertex (db, "asset", "a3", "{\"external_id\":\"a3\",\"n\\u0061me\":\"GÄMMA\\\"'\"}");
  add_vertex_at (db, "asset", "src", "old", "{\"external_id\":\"old\",\"name\":\"Old\"}", 1000, 2000);
  add_vertex_at (db, "asset", "src", "a1", "{\"external_id\":\"a1\",\"name\":\"Before\"}", 500, 1000);
  add_vertex (db, "account", "u1", "{\"external_id\":\"u1\",\"name\":\"root\",\"active\":true}");
  add_vertex (db, "account", "u2", "{\"external_id\":\"u2\",\"name\":\"guest\",\"active\":false}");
  add_vertex (db, "ipaddress", "0/10.0.0.1", "{\"_key\":\"10.0.0.1\"}");
  add_vertex_at (db, "ipaddress", "other", "0/10.0.0.1", "{\"_key\":\"10.0.0.1\"}", 1000, OPEN);
  add_vertex (db, "hostname", "h1", "{\"_key\":\"h1\",\"host_name\":\"H-One\"}");
  add_vertex (db, "hostname", "h2", "{\"_key\":\"h2\"}");
  add_vertex (db, "port", "p80", "{\"external_id\":\"p80\",\"port_number\":80,\"protocol\":\"tcp\"}");
  add_vertex (db, "port", "p53", "{\"external_id\":\"p53\",\"port_number\":53,\"protocol\":\"udp\"}");
  add_vertex (db, "application", "nginx", "{\"external_id\":\"nginx\",\"name\":\"nginx\"}");
  add_edge (db, "asset", "a1", "ipaddress", "0/10.0.0.1");
  add_edge (db, "asset", "a2", "ipaddress", "0/10.0.0.1");
  add_edge (db, "application", "nginx", "port", "p80");
  /* The same node_id, a/b/c, for two vertices. */
  add_vertex_at (db, "asset", "a", "b/c", "{\"name\":\"one\"}", 1000, OPEN);
  add_vertex_at (db, "asset", "a/b", "c", "{\"name\":\"two\"}", 1000, OPEN);
  add_vertex_at (db, "port", "a", "b/p", "{\"port_number\":1,\"protocol\":\"tcp\"}", 1000, OPEN);
  add_vertex_at (db, "ipaddress", "a", "b/x", "{}", 1000, OPEN);
  add_edge_of (db, "a", "asset", "b/c", "ipaddress", "b/x");
  execute (db, "INSERT INTO tag (id, source, name, node_id, t1, t2, reported_at) VALUES"
               " (1, 'src', 'prod', 'src/prod', 1000, 9223372036854775807, 0),"
               " (2, 'src', 'gone', 'src/gone', 1000, 9223372036854775807, 0),"
               " (3, 'other', 'prod', 'other/prod', 1000, 9223372036854775807, 0)");
  execute (
      db,
      "INSERT INTO tagging (collection, source, vertex_id, vertex, tag, tag_id, t1, t2, reported_at)"
      " SELECT id, 'src', 'src/a1', 1, 1, 'src/prod', 1000, 9223372036854775807, 0 FROM collection"
      "  WHERE name = 'asset' UNION ALL"
      " SELECT id, 'src', 'src/a1', 1, 2, 'src/gone', 1000, 2000, 0 FROM collection WHERE name = 'asset'");
}

/* Each collection of the model gets a number. */
static void
number_collections (Fixture *self)
{
  g_auto (GStrv) vertices = car_core_model_get_vertices (self->model);
  g_auto (GStrv) edges = car_core_model_get_edges (self->model);
  char **const lists[] = { vertices, edges };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (char **name = lists[i]; *name != NULL; name++)
      if (!g_hash_table_contains (self->collections, *name))
        {
          insert (self->db, "INSERT INTO collection (name) VALUES (?)", "s", *name);
          g_hash_table_insert (self->collections, g_strdup (*name),
                               GINT_TO_POINTER ((int) sqlite3_last_insert_rowid (self->db)));
        }
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (sqlite3_open (":memory:", &self->db), ==, SQLITE_OK);
  g_assert_true (car_sqlite_add_functions (self->db, &error));
  execute (self->db, car_sqlite_tables);
  self->model = car_core_model_new (&error);
  g_assert_no_error (error);
  self->collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  number_collections (self);
  fill_tables (self->db);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (sqlite3_close (self->db), ==, SQLITE_OK);
  g_object_unref (self->model);
  g_hash_table_unref (self->collections);
}

static gboolean
answer_by_sqlite (gpointer fixture, const CarQueryPlan *plan, GString *out, GError **error)
{
  Fixture *self = fixture;

  return car_sqlite_query_answer (self->db, self->collections, plan, out, error);
}

/* The answer, which is strict JSON whatever was asked, as text. */
static char *
send_at (Fixture *self, const char *request, gssize length, gint64 timepoint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      car_query_run (self->model, request, length < 0 ? strlen (request) : (gsize) length, timepoint, NULL,
                     answer_by_sqlite, self, &error);
  CarJsonScanner scanner;
  CarJsonSpan whole;

  g_assert_no_error (error);
  g_assert_nonnull (bytes);
  car_json_scanner_init (&scanner, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_true (car_json_scanner_read (&scanner, &whole));
  g_assert_true (car_json_scanner_finish (&scanner));
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static char *
ask_at (Fixture *self, const char *query, const char *variables, gint64 timepoint)
{
  g_autoptr (GString) request = g_string_new ("{\"query\":");

  car_json_append_string (request, query, -1);
  if (variables != NULL)
    g_string_append_printf (request, ",\"variables\":%s", variables);
  g_string_append_c (request, '}');
  return send_at (self, request->str, (gssize) request->len, timepoint);
}

static char *
ask_with (Fixture *self, const char *query, const char *variables)
{
  return ask_at (self, query, variables, -1);
}

/* What an extension brings is not in the schema that others know. */
static void
extend (Fixture *self, const char *extension)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_core_model_add_extension (self->model, extension, strlen (extension), &error));
  g_assert_no_error (error);
  number_collections (self);
  self->extended = TRUE;
}

/* tests/test-graphql-contract.py reads these lines: what has an answer here has to be a query to graphql-js, too. Not a
 * message of GLib's, which writes “?” for what is not ASCII. */
static void
print_answered (Fixture *self, const char *query)
{
  g_autoptr (GString) line = g_string_new ("# answered: ");

  if (self->extended)
    return;
  car_json_append_string (line, query, -1);
  printf ("%s\n", line->str);
}

static void
assert_data (Fixture *self, const char *query, const char *data)
{
  g_autofree char *answer = ask_with (self, query, NULL);
  g_autofree char *expected = g_strdup_printf ("{\"data\":%s}", data);

  print_answered (self, query);
  g_assert_cmpstr (answer, ==, expected);
}

/* The external_ids of the assets that fit, in order. */
static void
assert_assets (Fixture *self, const char *where, const char *ids)
{
  g_autofree char *query = g_strdup_printf ("{ asset (where: {source: {_eq: \"src\"}, _and: [%s]},"
                                            " order_by: {external_id: asc}) { external_id } }",
                                            where);
  g_autofree char *answer = ask_with (self, query, NULL);
  g_autoptr (GString) expected = g_string_new ("{\"data\":{\"asset\":[");
  g_auto (GStrv) list = g_strsplit (ids, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    g_string_append_printf (expected, "%s{\"external_id\":\"%s\"}", i > 0 ? "," : "", list[i]);
  g_string_append (expected, "]}}");
  print_answered (self, query);
  g_assert_cmpstr (answer, ==, expected->str);
}

static void
assert_problem (Fixture *self,
                const char *query,
                const char *variables,
                const char *path,
                const char *message)
{
  g_autofree char *answer = ask_with (self, query, variables);
  g_autoptr (JsonNode) node = json_from_string (answer, NULL);
  JsonObject *root = json_node_get_object (node), *problem;

  g_test_message ("%s\n%s", query, answer);
  g_assert_cmpuint (json_object_get_size (root), ==, 1);
  problem = json_array_get_object_element (json_object_get_array_member (root, "errors"), 0);
  g_assert_true (g_pattern_match_simple (message, json_object_get_string_member (problem, "message")));
  problem = json_object_get_object_member (problem, "extensions");
  g_assert_nonnull (json_object_get_string_member (problem, "code"));
  if (path != NULL)
    g_assert_cmpstr (json_object_get_string_member (problem, "path"), ==, path);
}

static void
test_fields (Fixture *self, gconstpointer data)
{
  assert_data (
      self,
      "{ asset(where: {external_id: {_eq: \"a1\"}}) { id external_id name risk business_value properties } }",
      "{\"asset\":[{\"id\":\"src/a1\",\"external_id\":\"a1\",\"name\":\"Alpha\",\"risk\":1.50,"
      "\"business_value\":12345678901234567890,\"properties\":{\"k\":[1,2]}}]}");
  assert_data (self,
               "query Q { b: asset(where: {external_id: {_eq: \"a2\"}}) { __typename x: description n: name "
               "risk } }",
               "{\"b\":[{\"__typename\":\"asset\",\"x\":\"\\u0041\\n\\u0000z\",\"n\":\"beta\",\"risk\":7}]}");
  assert_data (
      self, "{ asset(where: {external_id: {_eq: \"a3\"}}) { name risk connecting_id reported_at source } }",
      "{\"asset\":[{\"name\":\"GÄMMA\\\"'\",\"risk\":null,\"connecting_id\":\"src/a3\","
      "\"reported_at\":\"2021-05-13T20:05:37.326\",\"source\":\"src\"}]}");
  assert_data (self, "{ hostname(order_by: {external_id: asc}) { name external_id id } }",
               "{\"hostname\":[{\"name\":\"H-One\",\"external_id\":\"h1\",\"id\":\"src/h1\"},"
               "{\"name\":\"h2\",\"external_id\":\"h2\",\"id\":\"src/h2\"}]}");
  assert_data (self, "{ account(where: {active: {_eq: true}}) { name active } }",
               "{\"account\":[{\"name\":\"root\",\"active\":true}]}");
  assert_data (self,
               "{ asset_ipaddress(where: {asset_id: {_eq: \"src/a1\"}}) { source asset_id ipaddress_id"
               " external_id reported_at properties } }",
               "{\"asset_ipaddress\":[{\"source\":\"src\",\"asset_id\":\"src/a1\","
               "\"ipaddress_id\":\"src/0/10.0.0.1\",\"external_id\":null,"
               "\"reported_at\":\"1970-01-01T00:05:00\",\"properties\":null}]}");
  assert_data (self, "{ asset_ipaddress(where: {asset_id: {_eq: \"src/a2\"}}) { ipaddress_id } }",
               "{\"asset_ipaddress\":[{\"ipaddress_id\":\"src/0/10.0.0.1\"}]}");
  assert_data (
      self,
      "{ source(where: {id: {_eq: \"src\"}}) { id name properties } tag(order_by: {id: desc}) { id source "
      "name instances { id } } }",
      "{\"source\":[{\"id\":\"src\",\"name\":\"Source\",\"properties\":{\"a\":1.0}}],"
      "\"tag\":[{\"id\":\"src/prod\",\"source\":\"src\",\"name\":\"prod\",\"instances\":[{\"id\":\"src/"
      "prod\"},"
      "{\"id\":\"other/prod\"}]},"
      "{\"id\":\"src/gone\",\"source\":\"src\",\"name\":\"gone\",\"instances\":[{\"id\":\"src/gone\"}]},"
      "{\"id\":\"other/prod\",\"source\":\"other\",\"name\":\"prod\",\"instances\":[{\"id\":\"src/prod\"},"
      "{\"id\":\"other/prod\"}]}]}");
  assert_data (self, "{ database { name } }", "{\"database\":[]}");
  assert_data (self, "{ a: asset_by_pk(_pk: 1) { name } b: asset_by_pk(_pk: 12345) { name } }",
               "{\"a\":{\"name\":\"Alpha\"},\"b\":null}");
}

/* Columns whose types have forms of their own. */
static void
test_types (Fixture *self, gconstpointer data)
{
  add_vertex (self->db, "ipaddress", "lab/2001:DB8:0::1",
              "{\"_key\":\"2001:DB8:0::1\",\"region_id\":\"lab\"}");
  add_vertex (self->db, "macaddress", "00-1B-44-11-3A-B7", "{\"_key\":\"00-1B-44-11-3A-B7\"}");
  add_vertex (self->db, "database", "d",
              "{\"name\":\"d\",\"last_seen_at\":1620936337326.5,\"properties\":{\"a\":{\"b\":[1,\"x\"]},\"c "
              "d\":null}}");
  add_vertex (self->db, "vulnerability", "v", "{\"name\":\"v\",\"published_on\":1620936337326}");
  assert_data (self,
               "{ ipaddress(where: {source: {_eq: \"src\"}}, order_by: {name: asc}) { id external_id "
               "region_id name } }",
               "{\"ipaddress\":[{\"id\":\"src/0/10.0.0.1\",\"external_id\":\"0/"
               "10.0.0.1\",\"region_id\":\"0\",\"name\":\"10.0.0.1\"},"
               "{\"id\":\"src/lab/2001:DB8:0::1\",\"external_id\":\"lab/"
               "2001:DB8:0::1\",\"region_id\":\"lab\",\"name\":\"2001:db8::1\"}]}");
  assert_data (self, "{ ipaddress(where: {name: {_eq: \"2001:0db8::0001\"}}) { region_id } }",
               "{\"ipaddress\":[{\"region_id\":\"lab\"}]}");
  assert_data (self,
               "{ ipaddress(where: {name: {_gt: \"9.255.255.255\", _lt: \"10.0.0.10\"}, source: {_eq: "
               "\"src\"}}) { name } }",
               "{\"ipaddress\":[{\"name\":\"10.0.0.1\"}]}");
  assert_data (self, "{ macaddress(where: {name: {_in: [\"001b.4411.3ab7\"]}}) { name } }",
               "{\"macaddress\":[{\"name\":\"00:1b:44:11:3a:b7\"}]}");
  assert_data (self,
               "{ database(where: {last_seen_at: {_gte: \"2021-05-13 20:05:37\", _lt: "
               "\"2021-05-13T22:05:38+02:00\"}}) { last_seen_at } }",
               "{\"database\":[{\"last_seen_at\":\"2021-05-13T20:05:37.326\"}]}");
  assert_data (
      self,
      "{ database(where: {reported_at: {_gt: \"2021-05-13\"}}) { name } vulnerability { published_on } }",
      "{\"database\":[{\"name\":\"d\"}],\"vulnerability\":[{\"published_on\":1620936337326}]}");
  assert_data (self,
               "{ database { a: properties(path: \"$.a.b[1]\") b: properties(path: \"a.b\") c: "
               "properties(path: \"$.x\")"
               " d: properties(path: \"$['c d']\") e: properties(path: \"$\") } }",
               "{\"database\":[{\"a\":\"x\",\"b\":[1,\"x\"],\"c\":null,\"d\":null,\"e\":{\"a\":{\"b\":[1,"
               "\"x\"]},\"c d\":null}}]}");
}

static void
test_json_operators (Fixture *self, gconstpointer data)
{
  assert_assets (self, "{properties: {_eq: {k: [1.0, 2]}}}", "a1");
  assert_assets (self, "{properties: {_neq: {k: [1]}}}", "a1");
  assert_assets (self, "{properties: {_in: [{k: [1, 2]}, \"x\"]}}", "a1");
  assert_assets (self, "{properties: {_contains: {k: [2]}}}", "a1");
  assert_assets (self, "{properties: {_contains: {k: [3]}}}", "");
  assert_assets (self, "{properties: {_contained_in: {k: [2, 1, 3], l: 1}}}", "a1");
  assert_assets (self, "{properties: {_has_key: \"k\"}}", "a1");
  assert_assets (self, "{properties: {_has_key: \"l\"}}", "");
  assert_assets (self, "{properties: {_has_keys_any: [\"l\", \"k\"]}}", "a1");
  assert_assets (self, "{properties: {_has_keys_all: [\"l\", \"k\"]}}", "");
  assert_assets (self, "{properties: {_has_keys_all: [\"k\"]}}", "a1");
  assert_assets (self, "{properties: {_has_keys_any: []}}", "");
  assert_assets (self, "{properties: {_gt: [1]}}", "a1"); /* an object is more than an array */
  assert_assets (self, "{_not: {properties: {_has_key: \"l\"}}}", "a1");
}

static void
test_distinct (Fixture *self, gconstpointer data)
{
  add_vertex (self->db, "port", "p81", "{\"external_id\":\"p81\",\"port_number\":81,\"protocol\":\"tcp\"}");
  assert_data (
      self,
      "{ port(distinct_on: protocol, order_by: [{protocol: asc}, {port_number: desc}]) { protocol "
      "port_number } }",
      "{\"port\":[{\"protocol\":\"tcp\",\"port_number\":81},{\"protocol\":\"udp\",\"port_number\":53}]}");
  assert_data (
      self,
      "{ port(distinct_on: [source, protocol], order_by: {source: asc, protocol: desc}, limit: 2) { source "
      "protocol } }",
      "{\"port\":[{\"source\":\"a\",\"protocol\":\"tcp\"},{\"source\":\"src\",\"protocol\":\"udp\"}]}");
  assert_data (self, "{ port_aggregate(distinct_on: [protocol]) { aggregate { count } } }",
               "{\"port_aggregate\":{\"aggregate\":{\"count\":2}}}");
  assert_problem (self, "{ port(distinct_on: protocol, order_by: {port_number: desc}) { protocol } }", NULL,
                  "$.selectionSet.port.args.distinct_on", "order_by has to begin*");
  assert_problem (self, "{ port(distinct_on: [nope]) { protocol } }", NULL, NULL, "names of columns*");
}

/* Fields of one response name are one field (specification, 5.3.2). */
static void
test_merging (Fixture *self, gconstpointer data)
{
  assert_data (
      self,
      "{ asset(where: {external_id: {_eq: \"a1\"}}) { id } ...F asset(where: {external_id: {_eq: \"a1\"}}) {"
      " ipaddresses { ipaddress { id } } } }"
      " fragment F on query_root { asset(where: {external_id: {_eq: \"a1\"}}) { name ipaddresses { asset_id"
      " ipaddress { name } } } }",
      "{\"asset\":[{\"id\":\"src/a1\",\"name\":\"Alpha\",\"ipaddresses\":[{\"asset_id\":\"src/a1\","
      "\"ipaddress\":[{\"name\":\"10.0.0.1\",\"id\":\"src/0/10.0.0.1\"}]}]}]}");
  assert_data (self,
               "{ port(limit: 1, where: {protocol: {_eq: \"tcp\"}, port_number: {_gt: 2}}) { id }"
               " port(where: {port_number: {_gt: 2}, protocol: {_eq: \"tcp\"}}, limit: 1) { id } }",
               "{\"port\":[{\"id\":\"src/p80\"}]}");
  assert_problem (self, "{ port(limit: 1) { id } port(limit: 2) { id } }", NULL, NULL,
                  "“port” stands for two*");
  assert_problem (
      self,
      "{ port(where: {id: {_in: [\"a\", \"b\"]}}) { id } port(where: {id: {_in: [\"b\", \"a\"]}}) { id } }",
      NULL, NULL, "“port” stands for two*");
  assert_problem (self, "{ asset { name: external_id name } }", NULL, NULL, "“name” stands for two*");
}

static void
test_operators (Fixture *self, gconstpointer data)
{
  assert_assets (self, "", "a1 a2 a3");
  assert_assets (self, "{}", "a1 a2 a3");
  assert_assets (self, "{name: {_eq: \"Alpha\"}}", "a1");
  assert_assets (self, "{name: {_neq: \"Alpha\"}}", "a2 a3");
  assert_assets (self, "{name: {}}", "a1 a2 a3");
  assert_assets (self, "{risk: {_gt: 1.5}}", "a2");
  assert_assets (self, "{risk: {_gte: 1.5}}", "a1 a2");
  assert_assets (self, "{risk: {_lt: 7}}", "a1");
  assert_assets (self, "{risk: {_lte: \"7\"}}", "a1 a2");
  assert_assets (self, "{risk: {_gt: 1, _lt: 2}}", "a1");
  assert_assets (self, "{risk: {_neq: 7}}", "a1");
  assert_assets (self, "{risk: {_is_null: true}}", "a3");
  assert_assets (self, "{risk: {_is_null: false}}", "a1 a2");
  assert_assets (self, "{properties: {_is_null: false}}", "a1");
  assert_assets (self, "{external_id: {_in: [\"a3\", \"a1\", \"x\"]}}", "a1 a3");
  assert_assets (self, "{external_id: {_in: \"a3\"}}", "a3");
  assert_assets (self, "{external_id: {_nin: [\"a3\", \"a1\"]}}", "a2");
  assert_assets (self, "{external_id: {_in: []}}", "");
  assert_assets (self, "{external_id: {_nin: []}}", "a1 a2 a3");
  assert_assets (self, "{_or: [{risk: {_eq: 7}}, {name: {_eq: \"Alpha\"}}]}", "a1 a2");
  assert_assets (self, "{_or: []}", "");
  assert_assets (self, "{_and: []}", "a1 a2 a3");
  assert_assets (self, "{_or: {risk: {_eq: 7}}}", "a2");
  assert_assets (self, "{_not: {external_id: {_eq: \"a1\"}}}", "a2 a3");
  assert_assets (self, "{_not: {_not: {_or: [{external_id: {_eq: \"a1\"}}]}}}", "a1");
  assert_assets (self, "{external_id: {_gt: \"a1\"}}", "a2 a3");
  assert_assets (self, "{name: {_regex: \"^A.*a$\"}}", "a1");
  assert_assets (self, "{name: {_nregex: \"a\"}}", "a3");
  assert_assets (self, "{name: {_iregex: \"ALPHA\"}}", "a1");
  assert_assets (self, "{name: {_niregex: \"ALPHA|BETA\"}}", "a3");
  assert_assets (self, "{name: {_similar: \"(Al|be)%a\"}}", "a1 a2");
  assert_assets (self, "{name: {_similar: \"lph\"}}", "");
  assert_assets (self, "{name: {_similar: \"[A-B]l_ha\"}}", "a1");
  assert_assets (self, "{name: {_similar: \"Alph.\"}}", "");
  assert_assets (self, "{name: {_nsimilar: \"%(e|l)%\"}}", "a3");
}

static void
test_like (Fixture *self, gconstpointer data)
{
  assert_assets (self, "{name: {_like: \"Al%\"}}", "a1");
  assert_assets (self, "{name: {_like: \"al%\"}}", "");
  assert_assets (self, "{name: {_ilike: \"aL%\"}}", "a1");
  assert_assets (self, "{name: {_like: \"%a\"}}", "a1 a2");
  assert_assets (self, "{name: {_nlike: \"%a\"}}", "a3");
  assert_assets (self, "{name: {_nilike: \"ALPHA\"}}", "a2 a3");
  assert_assets (self, "{name: {_like: \"b_t_\"}}", "a2");
  assert_assets (self, "{name: {_like: \"%\"}}", "a1 a2 a3");
  assert_assets (self, "{name: {_like: \"\"}}", "");
  assert_assets (self, "{name: {_like: \"_\"}}", "");
  assert_assets (self, "{name: {_ilike: \"gämm_%\"}}", "a3");
  assert_assets (self, "{name: {_like: \"G_MMA%\"}}", "a3");
  assert_assets (self, "{name: {_like: \"%l%p%a\"}}", "a1");
  assert_assets (self, "{name: {_like: \"%a%a%a%\"}}", "");
  assert_assets (self, "{description: {_like: \"50\\\\%%\"}}", "a1");
  assert_assets (self, "{description: {_like: \"5\\\\%%\"}}", "");
  assert_assets (self, "{description: {_like: \"%\\\\_\\\\\\\\x\"}}", "a1");
  assert_assets (self, "{description: {_like: \"%\\\\\"}}", "");
}

/* What stands in a value stays a value. */
static void
test_hostile_values (Fixture *self, gconstpointer data)
{
  static const char *const values[] = { "' OR 1=1 --",
                                        "\\\" OR \\\"\\\"=\\\"",
                                        "'; DROP TABLE vertex; --",
                                        "a1\\\"}}) { id }",
                                        "%",
                                        "\\u0000",
                                        "🙂\\uD83D\\uDE00",
                                        "?1",
                                        "car_member(body,'name')" };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *where = g_strdup_printf ("{name: {_eq: \"%s\"}}", values[i]);
      g_autofree char *variables = g_strdup_printf ("{\"v\":\"%s\"}", values[i]);
      g_autofree char *answer = NULL;

      assert_assets (self, where, "");
      answer = ask_with (self, "query ($v: String!) { asset(where: {name: {_in: [$v]}}) { id } }", variables);
      g_assert_cmpstr (answer, ==, "{\"data\":{\"asset\":[]}}");
    }
  assert_assets (self, "{name: {_eq: \"GÄMMA\\\"'\"}}", "a3");
  assert_assets (self, "{name: {_eq: \"\"\"GÄMMA\"'\"\"\"}}", "a3");
  assert_assets (self, "{name: {_eq: \"\\u0041lph\\u{61}\"}}", "a1");
  assert_assets (self, "{description: {_eq: \"A\\n\\u0000z\"}}", "a2");
  assert_assets (self, "{description: {_eq: \"A\\n\"}}", "");
  assert_data (self, "{ vertex: asset_aggregate(where: {source: {_eq: \"src\"}}) { aggregate { count } } }",
               "{\"vertex\":{\"aggregate\":{\"count\":3}}}");
}

static void
test_variables (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *query;
    const char *variables;
    const char *data;
  } cases[] = {
    { "query Q($n: String!) { asset(where: {name: {_eq: $n}}) { id } }", "{\"n\":\"Al\\u0070ha\"}",
      "{\"asset\":[{\"id\":\"src/a1\"}]}" },
    { "query ($w: asset_bool_exp) { asset(where: $w) { id } }",
      "{\"w\":{\"risk\":{\"_gte\":1.5e0,\"_lt\":7}}}", "{\"asset\":[{\"id\":\"src/a1\"}]}" },
    { "query ($ids: [String!]!, $l: Int = 1) { asset(where: {external_id: {_in: $ids}}, limit: $l) { id } }",
      "{\"ids\":[\"a3\",\"a2\"]}", "{\"asset\":[{\"id\":\"src/a2\"}]}" },
    { "query ($p: numeric!) { asset(where: {risk: {_eq: $p}}) { id } }", "{\"p\":7}",
      "{\"asset\":[{\"id\":\"src/a2\"}]}" },
    { "query ($pk: bigint!) { asset_by_pk(_pk: $pk) { id } }", "{\"pk\":1}",
      "{\"asset_by_pk\":{\"id\":\"src/a1\"}}" },
    { "query ($o: [asset_order_by!], $w: asset_bool_exp) { asset(limit: 1, order_by: $o, where: $w) { id } }",
      "{\"o\":[{\"external_id\":\"desc\"}],\"w\":{\"source\":{\"_eq\":\"src\"}}}",
      "{\"asset\":[{\"id\":\"src/a3\"}]}" },
    { "query ($a: Boolean!, $b: Boolean = false) { account(where: {active: {_eq: $a}}) { name @include(if: "
      "$b) id"
      " @skip(if: $b) } }",
      "{\"a\":false}", "{\"account\":[{\"id\":\"src/u2\"}]}" },
    { "query ($x: String) { account(where: {name: {_eq: \"root\"}}, limit: $l) { id } }", NULL, NULL },
    { "query ($l: Int) { account(where: {name: {_eq: \"root\"}}, limit: $l) { id } }", "{\"l\":null}",
      "{\"account\":[{\"id\":\"src/u1\"}]}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = ask_with (self, cases[i].query, cases[i].variables);
      g_autofree char *expected = g_strdup_printf ("{\"data\":%s}", cases[i].data);

      if (cases[i].data == NULL)
        g_assert_true (g_str_has_prefix (answer, "{\"errors\""));
      else
        g_assert_cmpstr (answer, ==, expected);
    }
  assert_problem (self, "query ($n: String!) { asset(where: {name: {_eq: $n}}) { id } }", NULL,
                  "$.variables.n", "*“$n” has no value*");
  assert_problem (self, "query ($n: String!) { asset(where: {name: {_eq: $n}}) { id } }", "{\"n\":1}",
                  "$.variables.n", "*is no String!*");
  assert_problem (self, "{ asset { id } }", "{\"n\":1}", "$.variables", "*“n” is given, but not declared*");
  assert_problem (self, "{ asset(where: {name: {_eq: $n}}) { id } }", NULL,
                  "$.selectionSet.asset.args.where.name._eq", "*“$n” is not declared*");
  assert_problem (self, "query ($n: String!) { asset(where: {risk: {_eq: $n}}) { id } }", "{\"n\":\"7\"}",
                  "$.selectionSet.asset.args.where.risk._eq",
                  "*declared as String, and numeric is wanted here");
  assert_problem (self, "query ($n: [String!]) { asset(where: {name: {_eq: $n}}) { id } }", "{\"n\":[\"7\"]}",
                  NULL, "*declared as ?String?, and String is wanted here");
  assert_problem (self, "query ($n: String) { asset(where: {name: {_eq: $n}}) { id } }", NULL, NULL,
                  "*null is no value*");
}

static void
test_order_and_pages (Fixture *self, gconstpointer data)
{
  assert_data (self,
               "{ port(where: {source: {_eq: \"src\"}}, order_by: {port_number: asc}) { port_number } }",
               "{\"port\":[{\"port_number\":53},{\"port_number\":80}]}");
  assert_data (self, "{ port(order_by: [{protocol: desc}, {port_number: desc}]) { port_number } }",
               "{\"port\":[{\"port_number\":53},{\"port_number\":80},{\"port_number\":1}]}");
  assert_data (self,
               "{ port(order_by: {protocol: asc, port_number: asc}, limit: 1, offset: 1) { port_number } }",
               "{\"port\":[{\"port_number\":80}]}");
  assert_data (self, "{ port(limit: 0) { port_number } }", "{\"port\":[]}");
  /* No order is asked for: by id. */
  assert_data (self, "{ port(offset: 1) { external_id } }",
               "{\"port\":[{\"external_id\":\"p53\"},{\"external_id\":\"p80\"}]}");
  assert_data (self, "{ port(limit: 2) { external_id } }",
               "{\"port\":[{\"external_id\":\"b/p\"},{\"external_id\":\"p53\"}]}");
  assert_data (self, "{ asset(where: {source: {_eq: \"none\"}}, limit: 5, offset: 1) { id } }",
               "{\"asset\":[]}");
  assert_data (self, "{ asset(where: {id: {_in: []}, source: {_nin: []}}, limit: 5) { id } }",
               "{\"asset\":[]}");
  assert_data (self, "{ asset(order_by: {id: asc, name: asc}, limit: 2, offset: 1) { id name } }",
               "{\"asset\":[{\"id\":\"a/b/c\",\"name\":\"two\"},{\"id\":\"src/a1\",\"name\":\"Alpha\"}]}");
  assert_data (self, "{ asset(order_by: {id: desc}, limit: 2, offset: 3) { id name } }",
               "{\"asset\":[{\"id\":\"a/b/c\",\"name\":\"two\"},{\"id\":\"a/b/c\",\"name\":\"one\"}]}");
  assert_data (self, "{ asset(order_by: {risk: desc}, where: {source: {_eq: \"src\"}}) { risk } }",
               "{\"asset\":[{\"risk\":null},{\"risk\":7},{\"risk\":1.50}]}");
  assert_data (self, "{ asset(order_by: {risk: desc_nulls_last}, where: {source: {_eq: \"src\"}}) { risk } }",
               "{\"asset\":[{\"risk\":7},{\"risk\":1.50},{\"risk\":null}]}");
  assert_data (self, "{ asset(order_by: {risk: asc_nulls_first}, where: {source: {_eq: \"src\"}}) { risk } }",
               "{\"asset\":[{\"risk\":null},{\"risk\":1.50},{\"risk\":7}]}");
}

static void
test_aggregate (Fixture *self, gconstpointer data)
{
  assert_data (self,
               "{ asset_aggregate(where: {risk: {_gt: 0}}) { aggregate { n: count __typename } nodes { name "
               "} __typename } }",
               "{\"asset_aggregate\":{\"aggregate\":{\"n\":2,\"__typename\":\"asset_aggregate_fields\"},"
               "\"nodes\":[{\"name\":\"Alpha\"},{\"name\":\"beta\"}],\"__typename\":\"asset_aggregate\"}}");
  assert_data (self, "{ port_aggregate(limit: 1) { aggregate { count } } }",
               "{\"port_aggregate\":{\"aggregate\":{\"count\":1}}}");
  assert_data (self, "{ asset_ipaddress_aggregate { aggregate { count } } }",
               "{\"asset_ipaddress_aggregate\":{\"aggregate\":{\"count\":3}}}");
  assert_data (self,
               "{ ipaddress(where: {source: {_eq: \"src\"}}) { assets_aggregate(where: {asset_id: {_eq:"
               " \"src/a2\"}}) { aggregate { count } nodes { asset { name } } } } }",
               "{\"ipaddress\":[{\"assets_aggregate\":{\"aggregate\":{\"count\":1},"
               "\"nodes\":[{\"asset\":[{\"name\":\"beta\"}]}]}}]}");
  assert_data (
      self,
      "{ port_aggregate { aggregate { max { port_number protocol } min { port_number } sum { port_number }"
      " avg { port_number } count(columns: protocol, distinct: true) b: count(columns: [protocol, status]) } "
      "} }",
      "{\"port_aggregate\":{\"aggregate\":{\"max\":{\"port_number\":80,\"protocol\":\"udp\"},"
      "\"min\":{\"port_number\":1},\"sum\":{\"port_number\":134},\"avg\":{\"port_number\":44.666666666666664}"
      ","
      "\"count\":2,\"b\":3}}}");
  assert_data (self,
               "{ asset_aggregate { aggregate { max { reported_at } } } database_aggregate { aggregate { max "
               "{ name } count } } }",
               "{\"asset_aggregate\":{\"aggregate\":{\"max\":{\"reported_at\":\"2021-05-13T20:05:37.326\"}}},"
               "\"database_aggregate\":{\"aggregate\":{\"max\":{\"name\":null},\"count\":0}}}");
}

static void
test_relations (Fixture *self, gconstpointer data)
{
  assert_data (
      self,
      "{ port(where: {source: {_eq: \"src\"}}, order_by: {port_number: asc}) { port_number protocol"
      " applications { application { name } port_id } } }",
      "{\"port\":[{\"port_number\":53,\"protocol\":\"udp\",\"applications\":[]},"
      "{\"port_number\":80,\"protocol\":\"tcp\",\"applications\":[{\"application\":[{\"name\":\"nginx\"}],"
      "\"port_id\":\"src/p80\"}]}]}");
  assert_data (
      self,
      "{ ipaddress(where: {source: {_eq: \"other\"}}) { name instances(order_by: {source: asc}) { source"
      " assets(order_by: {asset_id: desc}, limit: 5, offset: 0) { asset { name } } } } }",
      "{\"ipaddress\":[{\"name\":\"10.0.0.1\",\"instances\":[{\"source\":\"other\",\"assets\":[]},"
      "{\"source\":\"src\",\"assets\":[{\"asset\":[{\"name\":\"beta\"}]},"
      "{\"asset\":[{\"name\":\"Alpha\"}]}]}]}]}");
  /* x of a/b would have the id that b/x of a has, and is another thing. */
  assert_data (self, "{ ipaddress(where: {connecting_id: {_eq: \"x\"}}) { id } }", "{\"ipaddress\":[]}");
  assert_data (self, "{ ipaddress(where: {connecting_id: {_eq: \"b/x\"}}) { id instances { source } } }",
               "{\"ipaddress\":[{\"id\":\"a/b/x\",\"instances\":[{\"source\":\"a\"}]}]}");
  assert_data (
      self,
      "{ asset(where: {external_id: {_in: [\"a1\", \"a2\"]}}) { tags { asset_id tag_id tag { name } } } }",
      "{\"asset\":[{\"tags\":[{\"asset_id\":\"src/a1\",\"tag_id\":\"src/"
      "prod\",\"tag\":[{\"name\":\"prod\"}]}]},"
      "{\"tags\":[]}]}");
  assert_data (
      self,
      "{ tag(where: {assets: {asset: {name: {_eq: \"Alpha\"}}}}) { _reference_count external_id connecting_id"
      " properties assets { asset { name } } } tag_asset { tag_id } }",
      "{\"tag\":[{\"_reference_count\":1,\"external_id\":\"prod\",\"connecting_id\":\"prod\",\"properties\":"
      "null,"
      "\"assets\":[{\"asset\":[{\"name\":\"Alpha\"}]}]}],\"tag_asset\":[{\"tag_id\":\"src/prod\"}]}");
  /* An edge ends in vertices of its own source: one whose end is not there is not there either. */
  assert_data (self,
               "{ asset_ipaddress(where: {source: {_eq: \"a\"}}) { ipaddress { name } asset { name } } }",
               "{\"asset_ipaddress\":[{\"ipaddress\":[{\"name\":\"b/x\"}],\"asset\":[{\"name\":\"one\"}]}]}");
  /* Two vertices with one id are two. */
  assert_data (
      self,
      "{ asset(where: {id: {_eq: \"a/b/c\"}}, order_by: {name: asc}) { name ipaddresses { ipaddress_id } } }",
      "{\"asset\":[{\"name\":\"one\",\"ipaddresses\":[{\"ipaddress_id\":\"a/b/x\"}]},"
      "{\"name\":\"two\",\"ipaddresses\":[]}]}");
  assert_assets (self, "{ipaddresses: {ipaddress: {name: {_eq: \"10.0.0.1\"}}}}", "a1 a2");
  assert_assets (self, "{ipaddresses: {}}", "a1 a2");
  assert_assets (self, "{_not: {ipaddresses: {}}}", "a3");
  assert_assets (self, "{tags: {tag: {name: {_eq: \"prod\"}}}}", "a1");
  assert_assets (self, "{tags: {tag: {name: {_eq: \"gone\"}}}}", "");
}

static void
test_self_edges (Fixture *self, gconstpointer data)
{
  static const char extension[] =
      "{\"vertices\":[{\"name\":\"site\",\"properties\":{\"name\":{\"type\":\"text\"}}}],"
      "\"edges\":[{\"end1\":\"site\",\"end2\":\"site\"},{\"end1\":\"site\",\"end2\":\"asset\"}]}";

  assert_problem (self, "{ site { name } }", NULL, "$.selectionSet.site", "there is no collection “site”");
  extend (self, extension);
  add_vertex (self->db, "site", "s1", "{\"name\":\"One\"}");
  add_vertex (self->db, "site", "s2", "{\"name\":\"Two\"}");
  add_edge (self->db, "site", "s1", "site", "s2");
  add_edge (self->db, "site", "s1", "asset", "a1");
  assert_data (
      self,
      "{ site(order_by: {name: asc}) { name sites { from_site_id to_site { name } } assets { asset { name } "
      "} } }",
      "{\"site\":[{\"name\":\"One\",\"sites\":[{\"from_site_id\":\"src/"
      "s1\",\"to_site\":[{\"name\":\"Two\"}]}],"
      "\"assets\":[{\"asset\":[{\"name\":\"Alpha\"}]}]},"
      "{\"name\":\"Two\",\"sites\":[{\"from_site_id\":\"src/s1\",\"to_site\":[{\"name\":\"Two\"}]}],"
      "\"assets\":[]}]}");
}

static void
test_timepoint (Fixture *self, gconstpointer data)
{
  static const struct
  {
    gint64 timepoint;
    const char *answer;
  } cases[] = {
    { -1, "[{\"name\":\"Alpha\"}]" },
    { 499, "[]" },
    { 500, "[{\"name\":\"Before\"}]" },
    { 999, "[{\"name\":\"Before\"}]" },
    { 1000, "[{\"name\":\"Alpha\"},{\"name\":\"Old\"}]" },
    { 1999, "[{\"name\":\"Alpha\"},{\"name\":\"Old\"}]" },
    { 2000, "[{\"name\":\"Alpha\"}]" },
    { G_MAXINT64 - 1, "[{\"name\":\"Alpha\"}]" },
  };
  const char *request =
      "{\"query\":\"{asset(where:{external_id:{_in:[\\\"a1\\\",\\\"old\\\"]}},order_by:{name:asc})"
      "{name}}\"}";
  g_autofree char *tags = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = send_at (self, request, -1, cases[i].timepoint);
      g_autofree char *expected = g_strdup_printf ("{\"data\":{\"asset\":%s}}", cases[i].answer);

      g_assert_cmpstr (answer, ==, expected);
    }
  tags = send_at (
      self,
      "{\"query\":\"{asset(where:{external_id:{_eq:\\\"a1\\\"}}){tags(order_by:{tag_id:asc}){tag{name}}"
      " ipaddresses{ipaddress_id}}}\"}",
      -1, 1500);
  g_assert_cmpstr (
      tags, ==,
      "{\"data\":{\"asset\":[{\"tags\":[{\"tag\":[{\"name\":\"gone\"}]},{\"tag\":[{\"name\":\"prod\"}]}],"
      "\"ipaddresses\":[{\"ipaddress_id\":\"src/0/10.0.0.1\"}]}]}}");
}

/* An asset and its hostname that changed, were closed with their edge, and came again. */
static void
fill_history (Fixture *self)
{
  sqlite3 *db = self->db;

  add_vertex_at (db, "asset", "src", "m", "{\"name\":\"third\"}", 3000, OPEN);
  add_vertex_at (db, "hostname", "src", "mh", "{\"host_name\":\"again\"}", 3000, OPEN);
  add_edge (db, "asset", "m", "hostname", "mh");
  execute (db,
           "UPDATE edge SET t1 = 3000 WHERE t1 = 1000 AND from_vertex = (SELECT max (id) - 1 FROM vertex)");
  execute (
      db,
      "INSERT INTO vertex_history (id, collection, source, key_at, node_id, connecting_id, body, reported_at,"
      "  t1, t2) SELECT 900, collection, source, key_at, node_id, connecting_id, '{\"name\":\"first\"}', 0, "
      "500,"
      "  1500 FROM vertex WHERE node_id = 'src/m' UNION ALL"
      " SELECT 900, collection, source, key_at, node_id, connecting_id, '{\"name\":\"second\"}', 0, 1500, "
      "2500"
      "  FROM vertex WHERE node_id = 'src/m' UNION ALL"
      " SELECT 901, collection, source, key_at, node_id, connecting_id, '{}', 0, 500, 2500 FROM vertex"
      "  WHERE node_id = 'src/mh'");
  execute (db, "INSERT INTO edge_history (id, collection, source, from_vertex, to_vertex, external_id, body, "
               "reported_at,"
               "  t1, t2) SELECT 902, e.collection, e.source, 900, 901, '', '{}', 400000, 700, 2500 FROM "
               "edge e JOIN vertex v"
               "  ON v.id = e.from_vertex AND v.node_id = 'src/m'");
}

/* What a relation leads to is what was there at the moment, whatever became of it since. */
static void
test_timepoint_relations (Fixture *self, gconstpointer data)
{
#define ROWS "[{\"asset_id\":\"src/m\",\"hostname_id\":\"src/mh\"}]"
  static const char *const queries[] = {
    "{asset(where:{id:{_eq:\"src/m\"}},order_by:{name:asc},limit:5){name hostnames{hostname{name}}}}",
    "{asset(where:{hostnames:{hostname:{external_id:{_eq:\"mh\"}}}}){name}}",
    "{hostname(where:{assets:{asset:{connecting_id:{_eq:\"src/m\"}}},_not:{source:{_eq:\"a\"}}}){name}}",
    "{asset_hostname(where:{asset_id:{_eq:\"src/m\"}}){asset_id hostname_id}}",
    "{asset_hostname(where:{hostname_id:{_in:[\"src/mh\",\"x\"]}},limit:1){asset_id hostname_id}}",
    "{asset_aggregate(where:{hostnames:{hostname_id:{_eq:\"src/mh\"}}}){aggregate{count max{name}}}}",
  };
  static const struct
  {
    gint64 timepoint;
    const char *answers[G_N_ELEMENTS (queries)];
  } moments[] = {
    { 600,
      { "[{\"name\":\"first\",\"hostnames\":[]}]", "[]", "[]", "[]", "[]",
        "{\"aggregate\":{\"count\":0,\"max\":{\"name\":null}}}" } },
    { 1000,
      { "[{\"name\":\"first\",\"hostnames\":[{\"hostname\":[{\"name\":\"mh\"}]}]}]", "[{\"name\":\"first\"}]",
        "[{\"name\":\"mh\"}]", ROWS, ROWS, "{\"aggregate\":{\"count\":1,\"max\":{\"name\":\"first\"}}}" } },
    { 2000,
      { "[{\"name\":\"second\",\"hostnames\":[{\"hostname\":[{\"name\":\"mh\"}]}]}]",
        "[{\"name\":\"second\"}]", "[{\"name\":\"mh\"}]", ROWS, ROWS,
        "{\"aggregate\":{\"count\":1,\"max\":{\"name\":\"second\"}}}" } },
    { 2700, { "[]", "[]", "[]", "[]", "[]", "{\"aggregate\":{\"count\":0,\"max\":{\"name\":null}}}" } },
    { 3500,
      { "[{\"name\":\"third\",\"hostnames\":[{\"hostname\":[{\"name\":\"again\"}]}]}]",
        "[{\"name\":\"third\"}]", "[{\"name\":\"again\"}]", ROWS, ROWS,
        "{\"aggregate\":{\"count\":1,\"max\":{\"name\":\"third\"}}}" } },
    { -1,
      { "[{\"name\":\"third\",\"hostnames\":[{\"hostname\":[{\"name\":\"again\"}]}]}]",
        "[{\"name\":\"third\"}]", "[{\"name\":\"again\"}]", ROWS, ROWS,
        "{\"aggregate\":{\"count\":1,\"max\":{\"name\":\"third\"}}}" } },
  };
#undef ROWS

  fill_history (self);
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    for (guint j = 0; j < G_N_ELEMENTS (queries); j++)
      {
        g_autofree char *answer = ask_at (self, queries[j], NULL, moments[i].timepoint);

        g_autofree char *table = g_strndup (queries[j] + 1, strcspn (queries[j] + 1, "("));
        g_autofree char *expected = g_strdup_printf ("{\"data\":{\"%s\":%s}}", table, moments[i].answers[j]);

        g_test_message ("%" G_GINT64_FORMAT ": %s", moments[i].timepoint, queries[j]);
        g_assert_cmpstr (answer, ==, expected);
      }
}

/* When the source last reported what it has counts for what holds, and not for what held once. */
static void
test_reported_at (Fixture *self, gconstpointer data)
{
  static const char query[] = "{asset(where:{external_id:{_eq:\"a1\"}}){reported_at}}";

  execute (self->db, "UPDATE source SET reported_at = 1700000000000 WHERE key = 'src'");
  g_autofree char *now = ask_with (self, query, NULL);
  g_autofree char *then = ask_at (self, query, NULL, 1500);
  g_assert_cmpstr (now, ==, "{\"data\":{\"asset\":[{\"reported_at\":\"2023-11-14T22:13:20\"}]}}");
  g_assert_cmpstr (then, ==, "{\"data\":{\"asset\":[{\"reported_at\":\"2021-05-13T20:05:37.326\"}]}}");
  assert_data (self, "{asset(where:{source:{_eq:\"src\"},reported_at:{_lt:\"2023-01-01\"}}){id}}",
               "{\"asset\":[]}");
}

static void
test_syntax (Fixture *self, gconstpointer data)
{
  assert_data (
      self, "\xef\xbb\xbf# a comment\r\nquery,,Q @x { # more\n account(where:{name:{_eq:\"root\"},},){id,}}",
      "{\"account\":[{\"id\":\"src/u1\"}]}");
  assert_data (
      self,
      "fragment F on account { id ...G } fragment G on account { name } "
      "{ account(where: {name: {_eq: \"root\"}}) { ...F ... on account { n: name } ... @skip(if: true) { "
      "active }"
      " id } __typename }",
      "{\"account\":[{\"id\":\"src/u1\",\"name\":\"root\",\"n\":\"root\"}],\"__typename\":\"query_root\"}");
  assert_data (self, "{ port(where: {port_number: {_lt: 80, _gt: -0, _gte: 53}}) { port_number } }",
               "{\"port\":[{\"port_number\":53}]}");
}

static void
test_operation_name (Fixture *self, gconstpointer data)
{
  g_autofree char *b = send_at (self,
                                "{\"query\":\"query A {asset(limit:0){id}} query B {port(limit:0){id}}\","
                                "\"operationName\":\"B\",\"extensions\":{}}",
                                -1, -1);
  g_autofree char *none = send_at (self, "{\"query\":\"query A {asset{id}} query B {port{id}}\"}", -1, -1);
  g_autofree char *wrong =
      send_at (self, "{\"query\":\"query A {asset{id}}\",\"operationName\":\"C\"}", -1, -1);

  g_assert_cmpstr (b, ==, "{\"data\":{\"port\":[]}}");
  g_assert_nonnull (strstr (none, "operationName"));
  g_assert_nonnull (strstr (wrong, "there is no operation “C”"));
}

static void
test_problems (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *query;
    const char *path;
    const char *message;
  } cases[] = {
    { "", "$.query", "*line 1, column 1: there is no query*" },
    { "{", "$.query", "*a name is expected*" },
    { "{}", "$.query", "*a field is expected*" },
    { "{ asset }", "$.selectionSet.asset", "*“asset” needs fields*" },
    { "{ asset { } }", "$.query", "*a field is expected*" },
    { "{ asset { id }", "$.query", "*a name is expected*" },
    { "{ asset { id } } }", "$.query", "*“query”, “fragment” or “{” is expected*" },
    { "{\n asset(where: {name: {_eq: \"x}}}) { id } }", "$.query",
      "*line 2, column 28: this string does not end*" },
    { "{ asset(where: {name: {_eq: \"\\q\"}}) { id } }", "$.query", "*no such escape*" },
    { "{ asset(where: {name: {_eq: \"\\uD800\"}}) { id } }", "$.query", "*no Unicode character*" },
    { "{ asset(where: {name: {_eq: \"\\u12\"}}) { id } }", "$.query", "*hexadecimal*" },
    { "{ asset(where: {name: {_eq: \"\"\"x}}) { id } }", "$.query", "*does not end*" },
    { "{ asset(limit: 01) { id } }", "$.query", "*does not begin with 0*" },
    { "{ asset(limit: 1x) { id } }", "$.query", "*a number ends before this*" },
    { "{ asset(limit: -) { id } }", "$.query", "*a digit is expected*" },
    { "{ asset(limit: ) { id } }", "$.query", "*a value is expected*" },
    { "{ asset() { id } }", "$.query", "*an argument is expected*" },
    { "{ asset(limit: 1, limit: 2) { id } }", "$.query", "*“limit” stands here twice*" },
    { "{ asset ; }", "$.query", "*this character cannot stand here*" },
    { "{ asset { id\x01 } }", "$.query", "*this character cannot stand here*" },
    { "query ($a: String, $a: String) { asset { id } }", "$.query", "*declared twice*" },
    { "query ($a: String = $b) { asset { id } }", "$.query", "*a value is expected*" },
    { "mutation { delete_asset { id } }", "$.selectionSet.delete_asset",
      "“delete_asset” is not taken here*" },
    { "mutation { insert_asset(objects: []) { affected_rows } }", NULL, "“insert_asset” is not taken here*" },
    { "mutation { insert_tag_asset(objects: []) { affected_rows } }", NULL, "*not taken here*" },
    { "subscription { asset { id } }", "$", "a subscription is not taken here*" },
    { "{ nowhere { id } }", "$.selectionSet.nowhere", "there is no collection “nowhere”" },
    { "{ __schema { types { nme } } }", "$.selectionSet.__schema.selectionSet.types.selectionSet.nme",
      "“__Type” has no field “nme”" },
    { "{ __schema { types } }", NULL, "“types” needs fields*" },
    { "{ __type { name } }", NULL, "“__type” needs the argument “name”*" },
    { "{ asset_by_pk { id } }", NULL, "“asset_by_pk” needs the argument “_pk”" },
    { "{ asset_by_pk(_pk: \"x\") { id } }", NULL, "the value does not fit: bigint*" },
    { "{ vertex { body } }", NULL, "there is no collection “vertex”" },
    { "{ nowhere_aggregate { aggregate { count } } }", NULL, "there is no collection “nowhere_aggregate”" },
    { "{ _aggregate { aggregate { count } } }", NULL, "there is no collection “_aggregate”" },
    { "{ asset { nme } }", "$.selectionSet.asset.selectionSet.nme", "“asset” has no field “nme”" },
    { "{ asset { body } }", NULL, "“asset” has no field “body”" },
    { "{ x: asset { y: port_vulnerability { id } } }", "$.selectionSet.x.selectionSet.y",
      "“asset” has no field “port_vulnerability”" },
    { "{ asset { name { id } } }", NULL, "“name” is a value*" },
    { "{ asset { name(path: \"$\") } }", NULL, "“name” has no argument “path”*" },
    { "{ asset(distinct: name) { id } }", NULL, "“asset” has no argument “distinct”*" },
    { "{ asset { properties(path: \"..\") } }", NULL, "a path into the JSON*" },
    { "{ asset(limit: -1) { id } }", "$.selectionSet.asset.args.limit", "a whole number from 0*" },
    { "{ asset(limit: 1.0) { id } }", NULL, "a whole number from 0*" },
    { "{ asset(limit: 99999999999999999999) { id } }", NULL, "a whole number from 0*" },
    { "{ asset(offset: \"1\") { id } }", "$.selectionSet.asset.args.offset", "a whole number from 0*" },
    { "{ asset(where: []) { id } }", "$.selectionSet.asset.args.where", "an object is wanted*" },
    { "{ asset(where: {nme: {_eq: 1}}) { id } }", "$.selectionSet.asset.args.where.nme",
      "“asset” has no field “nme”" },
    { "{ asset(where: {name: \"x\"}) { id } }", NULL, "an object is wanted*" },
    { "{ asset(where: {name: {_matches: \"x\"}}) { id } }", "$.selectionSet.asset.args.where.name._matches",
      "a column of type String has no operator “_matches”" },
    { "{ asset(where: {name: {_regex: \"(\"}}) { id } }", "$.data", "a pattern is no regular expression" },
    { "{ asset(where: {name: {_eq: 1}}) { id } }", NULL, "the value does not fit: String is wanted*" },
    { "{ asset(where: {name: {_eq: x}}) { id } }", NULL, "the value does not fit: String is wanted*" },
    { "{ asset(where: {name: {_eq: null}}) { id } }", NULL, "null is no value*" },
    { "{ asset(where: {risk: {_eq: \"x\"}}) { id } }", NULL, "*numeric is wanted*" },
    { "{ asset(where: {risk: {_eq: 1e999}}) { id } }", NULL, "*numeric is wanted*" },
    { "{ asset(where: {risk: {_like: \"x\"}}) { id } }", NULL,
      "a column of type numeric has no operator “_like”" },
    { "{ asset(where: {reported_at: {_gt: 5}}) { id } }", NULL, "*timestamp is wanted*" },
    { "{ ipaddress(where: {name: {_eq: \"10.0.0.256\"}}) { id } }", NULL, "*inet is wanted*" },
    { "{ port(where: {port_number: {_eq: 1.5}}) { id } }", NULL, "*Int is wanted*" },
    { "{ asset(where: {name: {_in: null}}) { id } }", NULL, "a list is wanted*" },
    { "{ asset(where: {name: {_is_null: 1}}) { id } }", NULL, "true or false*" },
    { "{ asset(where: {_or: 1}) { id } }", NULL, "a list of conditions*" },
    { "{ asset(order_by: {name: up}) { id } }", "$.selectionSet.asset.args.order_by.name", "asc or desc*" },
    { "{ asset(order_by: {nme: asc}) { id } }", NULL, "“asset” has no column “nme” to order by" },
    { "{ asset(order_by: name) { id } }", NULL, "an object is wanted*" },
    { "{ asset(order_by: [[{name: asc}]]) { id } }", NULL, "an object is wanted*" },
    { "{ asset_aggregate { count { x } } }", NULL, "*has no field “count”*" },
    { "{ asset_aggregate { aggregate { max } } }", NULL, "“max” needs fields*" },
    { "{ asset_aggregate { aggregate { median { risk } } } }", NULL, "*no field “median”*" },
    { "{ asset_aggregate { aggregate { sum { name } } } }", NULL,
      "“asset” has no “name” to make the sum of" },
    { "{ asset_ipaddress { asset(first: 1) { id } } }", NULL, "“asset” has no argument “first”*" },
    { "{ asset { id id: name } }", NULL, "“id” stands for two different things*" },
    { "{ asset { from_id } }", NULL, "*has no field “from_id”" },
    { "{ asset { asset_ipaddress { active } } }", NULL, "*has no field “asset_ipaddress”" },
    { "{ asset { ...F } }", NULL, "there is no fragment “F”" },
    { "{ asset { ...F } } fragment F on port { id }", NULL, "a fragment on “port” does not fit “asset”" },
    { "{ asset { id @show(if: true) } }", NULL, "there is no directive “@show”" },
    { "{ asset { id @skip } }", NULL, "“@skip” takes*" },
    { "{ asset { id @skip(if: 1) } }", NULL, "“@skip” takes*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_problem (self, cases[i].query, NULL, cases[i].path, cases[i].message);
}

static void
test_bad_requests (Fixture *self, gconstpointer data)
{
  static const char *const requests[] = {
    "",
    "{",
    "[]",
    "null",
    "{}",
    "{\"query\":1}",
    "{\"query\":\"{asset{id}}\",\"variables\":[]}",
    "{\"query\":\"{asset{id}}\",\"operationName\":7}",
    "{\"query\":\"{asset{id}}\"} x",
    "{\"query\":\"{asset{id\\u0000}}\"}",
    "{\"query\":\"{asset(where:{name:{_eq:\\\"\\\"\\\"\\u0000\\\"\\\"\\\"}}){id}}\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *answer = send_at (self, requests[i], -1, -1);

      g_test_message ("%s", answer);
      g_assert_true (g_str_has_prefix (answer, "{\"errors\":[{\"extensions\":{\"path\":\"$"));
    }
}

static void
repeat (GString *out, const char *text, guint n)
{
  while (n-- > 0)
    g_string_append (out, text);
}

/* What is nested or long beyond reason is refused, not run. */
static void
test_bombs (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *head;
    const char *open;
    const char *middle;
    const char *close;
    const char *tail;
    guint n;
  } bombs[] = {
    { "", "{ asset ", "", "", "", 100000 },
    { "{ asset(where: ", "[", "", "]", ") { id } }", 100000 },
    { "{ asset(where: ", "{_not: ", "{}", "}", ") { id } }", 20 },
    { "{ asset(where: ", "{_and: [", "{}", "]}", ") { id } }", 20 },
    { "{ asset(where: {_or: [", "{risk: {_eq: 1}}", "", "", "]}) { id } }", 5000 },
    { "{ asset(where: {external_id: {_in: [", "\"x\" ", "", "", "]}}) { id } }", 40000 },
    { "{ asset(order_by: [", "{name: asc}", "", "", "]) { id } }", 3000 },
    { "{ asset { ", "name ", "", "", "} }", 5000 },
    { "{ ", "asset_ipaddress { ipaddress { instances { id } } } ", "", "", "}", 3000 },
    { "query ($v: ", "[", "String", "]", ") { asset { id } }", 1000 },
    { "", "fragment A on asset { id } ", "{ asset { id } } ", "", "", 50000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bombs); i++)
    {
      g_autoptr (GString) query = g_string_new (bombs[i].head);
      g_autofree char *answer = NULL;

      repeat (query, bombs[i].open, bombs[i].n);
      g_string_append (query, bombs[i].middle);
      repeat (query, bombs[i].close, bombs[i].n);
      g_string_append (query, bombs[i].tail);
      answer = ask_with (self, query->str, NULL);
      g_test_message ("%u: %.200s", i, answer);
      g_assert_true (g_str_has_prefix (answer, "{\"errors\":"));
    }
}

/* Each fragment uses the next one twice; a set of fields follows a fragment once. */
static void
test_fragment_bomb (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) query = g_string_new ("{ asset { ...F0 } } ");

  for (guint i = 0; i < 30; i++)
    g_string_append_printf (query,
                            "fragment F%u on asset { instances { ...F%u } a%u: instances { ...F%u } } ", i,
                            i + 1, i, i + 1);
  g_string_append (query, "fragment F30 on asset { id }");
  assert_problem (self, query->str, NULL, NULL, "*more than 2000 fields*");
  assert_data (self, "{ asset(limit: 0) { ...F } } fragment F on asset { id ...F }", "{\"asset\":[]}");
}

/* Whether it is refused; if not, it is answered, for now as for an earlier moment. */
static gboolean
nest_conditions (Fixture *self,
                 const char *arguments,
                 const char *open,
                 const char *close,
                 const char *innermost,
                 guint n)
{
  g_autoptr (GString) query = g_string_new (NULL);
  gboolean refused = FALSE;

  g_string_printf (query, "{ asset_aggregate(%s, where: ", arguments);
  repeat (query, open, n);
  g_string_append (query, innermost);
  repeat (query, close, n);
  g_string_append (query, ") { aggregate { count } nodes { id } } }");
  for (gint64 timepoint = -1; timepoint <= 1500; timepoint += 1501)
    {
      g_autofree char *answer = ask_at (self, query->str, NULL, timepoint);

      g_test_message ("%s %u %s: %s", open, n, innermost, answer);
      refused = strstr (answer, "nested too deep") != NULL || strstr (answer, "nested more than") != NULL;
      g_assert_true (refused || g_str_has_prefix (answer, "{\"data\":"));
    }
  return refused;
}

/* However conditions are nested: they are refused before they are too much for SQLite. */
static void
test_deep_conditions (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *open;
    const char *close;
  } levels[] = {
    { "{_not: ", "}" },
    { "{_or: [{risk: {_eq: 1}}, ", "]}" },
    { "{_and: [{risk: {_eq: 1}}, ", "]}" },
    { "{_and: ", "}" },
    { "{ipaddresses: {ipaddress: {assets: {asset: ", "}}}}" },
    { "{instances: ", "}" },
    { "{_not: {instances: {_or: [", "]}}}" },
    { "{tags: {tag: {assets: {asset: ", "}}}}" },
  };
  static const char *const innermost[] = {
    "{name: {_ilike: \"%x%\", _nin: [\"y\"]}, tags: {tag: {name: {_in: [\"z\"]}}}}",
    "{external_id: {_in: [\"x\", \"y\"]}}",
    "{connecting_id: {_in: [\"x\", \"y\"]}}",
    ("{_not: {source: {_like: \"s%\"}, reported_at: {_gt: \"2020-01-01\"}, properties: {_has_keys_any: "
     "[\"x\", \"y\"]}}}"),
    "{ipaddresses: {asset_id: {_in: [\"x\", \"y\"]}}}",
    "{ipaddresses: {_or: [{ipaddress_id: {_eq: \"x\"}}, {asset_id: {_nlike: \"y%\"}}]}}",
    "{ipaddresses: {ipaddress_id: {_like: \"y%\"}, asset_id: {_nregex: \"y\"}}}",
  };
  static const char *const arguments[] = { "order_by: {name: asc}, limit: 1", "distinct_on: name" };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    for (guint j = 0; j < G_N_ELEMENTS (innermost); j++)
      {
        for (guint k = 0; k < G_N_ELEMENTS (arguments); k++)
          {
            guint n = 30;

            /* What is refused costs nothing; the deepest that is not is what may be too much. */
            while (n > 0 &&
                   nest_conditions (self, arguments[k], levels[i].open, levels[i].close, innermost[j], n))
              n--;
            g_assert_cmpuint (n, >, 0);
            g_assert_cmpuint (n, <, 30);
          }
      }
}

/* Whatever is asked, the answer is data or a problem, as strict JSON, and the database takes every
 * statement. */
static void
test_mutations (Fixture *self, gconstpointer data)
{
  static const char *const queries[] = {
    "query Q($n: [String!] = [\"a1\"], $l: Int) { asset(where: {external_id: {_in: $n}, _not: {risk: {_gt: "
    "7e0}}},"
    " limit: $l, order_by: [{name: asc}, {risk: desc_nulls_last}]) { id n: name risk properties tags { "
    "tag_id "
    "} } }",
    "{ asset_aggregate(where: {_or: [{name: {_ilike: \"%a_\\u0041\"}}, {ipaddresses: {external_id: "
    "{_is_null: "
    "true}}}]},"
    " offset: 1) { aggregate { count } nodes { ...F } } } fragment F on asset { __typename name @skip(if: "
    "false) }",
    "{ port { port_number applications { port_id application { name instances { source } } } } # x\n "
    "source { id } }",
    "{ asset(where: {description: {_like: \"\"\"\n  50\\%\n \\\"\"\" \"\"\"}, name: {_is_null: false}}) { "
    "id properties(path: \"$.a[0]\") } ipaddress(where: {name: {_gt: \"10.0.0.0\"}}) { name } }",
    "{ __schema { types { name kind } } __type(name: \"asset\") { fields { name type { kind ofType { name } "
    "} } } }",
  };
  static const char *const pieces[] = { "{",         "}",    "[",         "]",        "(",     ")",     ":",
                                        "$n",        "\"",   "...",       "null",     "true",  "-1",    "1.5",
                                        "asset",     "name", "id",        "_not",     "_or: ", "where", "_eq",
                                        "tags",      "_in",  "instances", "\"\"\"",   "@",     "\\",    "%",
                                        "ipaddress", "ä",    "🙂",      "order_by", "asc",   "limit" };
  guint n_answered = 0;

  for (guint i = 0; i < 5000; i++)
    {
      g_autoptr (GString) query = g_string_new (queries[i % G_N_ELEMENTS (queries)]);
      g_autofree char *text = NULL, *answer = NULL;

      for (int changes = g_test_rand_int_range (0, 4); changes > 0; changes--)
        {
          int at = g_test_rand_int_range (0, (gint32) query->len + 1);
          int n = g_test_rand_int_range (0, 6);

          if (g_test_rand_bit ())
            g_string_erase (query, at, MIN (n, (gssize) query->len - at));
          if (g_test_rand_bit ())
            g_string_insert (query, at, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
        }
      text = g_utf8_make_valid (query->str, (gssize) query->len);
      answer = ask_with (self, text, i % 3 == 0 ? "{\"l\":2}" : NULL);
      n_answered += g_str_has_prefix (answer, "{\"data\":");
      g_assert_true (g_str_has_prefix (answer, "{\"data\":") || g_str_has_prefix (answer, "{\"errors\":"));
    }
  g_assert_cmpuint (n_answered, >, 500);
}

/* A pattern and a text that go wrong at each place only at their ends. */
static void
test_costly_pattern (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (400000, 'a');
  g_autofree char *body = g_strdup_printf ("{\"name\":\"%s\"}", text);
  g_autofree char *query =
      g_strdup_printf ("{ database(where: {name: {_like: \"%%%sb\"}}) { name } }", text + 200000);

  add_vertex (self->db, "database", "d", body);
  g_autofree char *answer = ask_with (self, query, NULL);
  g_assert_cmpstr (answer, ==,
                   "{\"errors\":[{\"extensions\":{\"path\":\"$.data\",\"code\":\"pattern-too-costly\"},"
                   "\"message\":\"a pattern takes too long to compare with a text: make it shorter\"}]}");
}

static void
test_broken_database (Fixture *self, gconstpointer data)
{
  static const char request[] = "{\"query\":\"{asset{id}}\"}";
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;

  /* A body that is no object has no members, and harms nothing. */
  execute (self->db, "UPDATE vertex SET body = 'x{' WHERE node_id = 'src/a1'");
  assert_data (self, "{ asset(where: {external_id: {_eq: \"a1\"}, name: {_is_null: true}}) { id name } }",
               "{\"asset\":[{\"id\":\"src/a1\",\"name\":null}]}");
  execute (self->db, "DROP TABLE vertex");
  g_assert_null (
      car_query_run (self->model, request, strlen (request), -1, NULL, answer_by_sqlite, self, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  /* The connection is as good as before. */
  answer = ask_with (self, "{ tag(limit: 1) { id } }", NULL);
  g_assert_cmpstr (answer, ==, "{\"data\":{\"tag\":[{\"id\":\"src/prod\"}]}}");
  execute (self->db, "BEGIN; COMMIT");
}

static void
test_within_transaction (Fixture *self, gconstpointer data)
{
  execute (self->db, "BEGIN");
  add_vertex (self->db, "database", "d", "{\"name\":\"d\"}");
  assert_data (self, "{ database { name } }", "{\"database\":[{\"name\":\"d\"}]}");
  execute (self->db, "ROLLBACK");
  assert_data (self, "{ database { name } }", "{\"database\":[]}");
}

/* Answers in about a second over 100,000 objects, with their relations too: with a margin for slow
 * machines, and for checks that run with them. */
static void
test_many (Fixture *self, gconstpointer data)
{
  static const char *const queries[] = {
    "{ application(where: {name: {_eq: \"package 77777\"}}) { external_id } }",
    ("{ application(where: {name: {_ilike: \"%777\"}}, order_by: {name: asc}, limit: 10) { external_id name "
     "} "
     "}"),
    "{ application { external_id name description } }",
    "{ application_aggregate { aggregate { count } } }",
    "{ application { name assets { asset { name } } } }",
    "{ asset(where: {applications: {application: {name: {_eq: \"package 5\"}}}}) { name } }",
  };

  if (!g_test_perf ())
    {
      g_test_skip ("run with -m perf");
      return;
    }
  execute (self->db, "BEGIN");
  for (guint i = 0; i < 100000; i++)
    {
      g_autofree char *key = g_strdup_printf ("pkg%u", i);
      g_autofree char *body =
          g_strdup_printf ("{\"external_id\":\"pkg%u\",\"description\":\"what the package is for\","
                           "\"name\":\"package %u\",\"app_type\":\"deb\",\"status\":\"installed\"}",
                           i, i);

      add_vertex (self->db, "application", key, body);
      add_edge (self->db, "asset", "a1", "application", key);
    }
  execute (self->db, "COMMIT");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autofree char *answer = ask_with (self, queries[i], NULL);
      double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;

      g_test_message ("%.3f s, %" G_GSIZE_FORMAT " bytes: %s", seconds, strlen (answer), queries[i]);
      g_assert_true (g_str_has_prefix (answer, "{\"data\":"));
      g_assert_cmpfloat (seconds, <, 10);
    }
}

static int
count_steps (gpointer data)
{
  ++*(guint *) data;
  return 0;
}

/* How much SQLite's machine does, in hundreds of steps. */
static guint
measure (Fixture *self, const char *query, const char *data)
{
  guint n = 0;

  sqlite3_progress_handler (self->db, 100, count_steps, &n);
  assert_data (self, query, data);
  sqlite3_progress_handler (self->db, 0, NULL, NULL);
  return n;
}

#define INDEXED                                                                                              \
  "{\"vertices\":[{\"name\":\"asset\",\"properties\":{\"rack\":{\"type\":\"text\",\"indexed\":%s},"          \
  "\"slot\":{\"type\":\"inet\",\"indexed\":%s}}}]}"

/* An indexed property is found without a look at all objects, and by the source too. */
static void
test_indices (Fixture *self, gconstpointer data)
{
  const char *const queries[] = {
    "{ asset(where:{rack:{_eq:\"r7\"}}){ external_id } }",
    "{ asset(where:{_and:[{rack:{_eq:\"r7\"}},{source:{_eq:\"src\"}}]}){ external_id } }",
    "{ asset(where:{rack:{_in:[\"r7\",\"none\"]}}){ external_id } }",
    "{ asset(where:{slot:{_eq:\"10.0.0.7\"}}){ external_id } }"
  };
  const char *const found = "{\"asset\":[{\"external_id\":\"x7\"}]}";
  g_autoptr (GError) error = NULL;

  g_assert_true (car_sqlite_make_indices (self->db, self->collections, self->model, &error));
  g_autofree char *plain = g_strdup_printf (INDEXED, "false", "false");
  extend (self, plain);
  execute (self->db, "BEGIN");
  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *key = g_strdup_printf ("x%u", i);
      g_autofree char *body = g_strdup_printf (
          "{\"external_id\":\"x%u\",\"rack\":\"r%u\",\"slot\":\"10.0.%u.%u\"}", i, i, i / 256, i % 256);
      add_vertex (self->db, "asset", key, body);
    }
  execute (self->db, "COMMIT");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    g_assert_cmpuint (measure (self, queries[i], found), >, 100);

  g_autofree char *indexed = g_strdup_printf (INDEXED, "true", "true");
  extend (self, indexed);
  g_assert_true (car_sqlite_make_indices (self->db, self->collections, self->model, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    g_assert_cmpuint (measure (self, queries[i], found), <, 10);

  /* They go with what wanted them. */
  g_autoptr (CarCoreModel) core = car_core_model_new (&error);
  g_assert_true (car_sqlite_make_indices (self->db, self->collections, core, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (measure (self, queries[0], found), >, 100);
}

/* With its edges. */
static void
close_vertex (sqlite3 *db, const char *node_id)
{
  static const char *const statements[] = {
    "INSERT INTO edge_history SELECT *, 2000 FROM edge WHERE ",
    "UPDATE held SET n = n - 1 WHERE (collection, source) IN (SELECT collection, source FROM edge WHERE ",
    "DELETE FROM edge WHERE ",
  };

  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    {
      g_autofree char *sql =
          g_strdup_printf ("%sfrom_vertex IN (SELECT id FROM vertex WHERE node_id = ?1 AND collection = "
                           "(SELECT id FROM collection WHERE name = 'asset'))%s",
                           statements[i], i == 1 ? ")" : "");

      insert (db, sql, "s", node_id);
    }
#define ASSET "collection = (SELECT id FROM collection WHERE name = 'asset') AND node_id = ?"
  insert (db, "INSERT INTO vertex_history SELECT *, 2000 FROM vertex WHERE " ASSET, "s", node_id);
  insert (db,
          "UPDATE held SET n = n - 1 WHERE (collection, source) IN (SELECT collection, source FROM vertex "
          "WHERE " ASSET ")",
          "s", node_id);
  insert (db, "DELETE FROM vertex WHERE " ASSET, "s", node_id);
#undef ASSET
}

/* Two sources with 2,000 sites, assets and hostnames each, under the same keys: sites in a row, each with an asset and a
 * hostname; assets that had another name before, and one that is gone. */
static void
fill_much (Fixture *self)
{
  static const char extension[] =
      "{\"vertices\":[{\"name\":\"site\",\"properties\":{\"name\":{\"type\":\"text\"}}}],"
      "\"edges\":[{\"end1\":\"site\",\"end2\":\"site\"}]}";
  g_autoptr (GError) error = NULL;

  extend (self, extension);
  g_assert_true (car_sqlite_make_indices (self->db, self->collections, self->model, &error));
  execute (self->db, "BEGIN");
  for (guint i = 0; i < 4000; i++)
    {
      const char *source = i % 2 == 0 ? "even" : "odd";
      g_autofree char *key = g_strdup_printf ("k%u", i / 2);
      g_autofree char *before = g_strdup_printf ("k%u", i / 2 - 1);
      g_autofree char *body = g_strdup_printf ("{\"name\":\"n%u\"}", i);

      add_vertex_at (self->db, "asset", source, key, body, 1000, OPEN);
      add_vertex_at (self->db, "asset", source, key, "{\"name\":\"before\"}", 500, 1000);
      add_vertex_at (self->db, "hostname", source, key, "{}", 1000, OPEN);
      add_vertex_at (self->db, "site", source, key, body, 1000, OPEN);
      add_edge_of (self->db, source, "asset", key, "hostname", key);
      if (i >= 2)
        add_edge_of (self->db, source, "site", before, "site", key);
    }
  close_vertex (self->db, "odd/k9");
  execute (self->db, "COMMIT");
}

/* What is asked for is found without a look at all there is, however it is asked for. */
static void
test_work (Fixture *self, gconstpointer data)
{
#define ASSETS(ids) "{\"asset\":[" ids "]}"
#define EVEN "{\"id\":\"even/k7\"}"
#define ODD "{\"id\":\"odd/k7\"}"
  static const struct
  {
    const char *query;
    const char *answer;
  } cases[] = {
    { "{asset(limit:1){id}}", ASSETS ("{\"id\":\"a/b/c\"}") },
    { "{asset(where:{source:{_eq:\"even\"}},limit:1,offset:7){id}}", ASSETS ("{\"id\":\"even/k1003\"}") },
    { "{asset(where:{hostnames:{}},limit:1,offset:7){id}}", ASSETS ("{\"id\":\"even/k1003\"}") },
    { "{asset_hostname(where:{source:{_eq:\"odd\"}},limit:1,offset:7){asset_id}}",
      "{\"asset_hostname\":[{\"asset_id\":\"odd/k7\"}]}" },
    { "{asset(where:{external_id:{_eq:\"k7\"},source:{_eq:\"odd\"}}){id}}", ASSETS (ODD) },
    { "{hostname(where:{name:{_eq:\"k7\"},source:{_eq:\"odd\"}}){id}}", "{\"hostname\":[" ODD "]}" },
    { "{asset(where:{external_id:{_eq:\"k7\"}},order_by:{source:asc}){id}}", ASSETS (EVEN "," ODD) },
    { "{asset(where:{name:{_eq:\"n15\"}}){id}}", ASSETS (ODD) },
    { "{asset(where:{_or:[{name:{_eq:\"n15\"}},{name:{_eq:\"before\"}},{id:{_eq:\"even/"
      "k7\"}}]},order_by:{id:asc}){id}}",
      ASSETS (EVEN "," ODD) },
    { "{asset(where:{external_id:{_in:[\"k7\",\"none\"]}},order_by:{source:asc}){id}}",
      ASSETS (EVEN "," ODD) },
    { "{asset(where:{id:{_in:[\"odd/k7\",\"none\"]}}){id}}", ASSETS (ODD) },
    { "{asset(where:{name:{_like:\"n399_\"},id:{_like:\"odd/k1999%\"}}){id}}",
      ASSETS ("{\"id\":\"odd/k1999\"}") },
    { "{asset(where:{name:{_like:\"n3999%\"}}){id}}", ASSETS ("{\"id\":\"odd/k1999\"}") },
    { "{asset(where:{name:{_eq:\"n15\"},source:{_like:\"od%\"}}){id}}", ASSETS (ODD) },
    { "{asset(where:{connecting_id:{_eq:\"odd/k7\"}}){id}}", ASSETS (ODD) },
    { "{hostname(where:{connecting_id:{_in:[\"k7\",\"none\"]}},order_by:{id:asc}){id}}",
      "{\"hostname\":[" EVEN "," ODD "]}" },
    { "{asset_hostname(where:{asset_id:{_eq:\"odd/k7\"}}){hostname_id}}",
      "{\"asset_hostname\":[{\"hostname_id\":\"odd/k7\"}]}" },
    { "{asset_hostname(where:{hostname_id:{_in:[\"odd/k7\"]},source:{_eq:\"odd\"}}){asset_id}}",
      "{\"asset_hostname\":[{\"asset_id\":\"odd/k7\"}]}" },
    { "{asset_hostname(limit:1,offset:1){asset_id}}", "{\"asset_hostname\":[{\"asset_id\":\"even/k1\"}]}" },
    { "{asset(where:{external_id:{_eq:\"k7\"},source:{_eq:\"odd\"}}){hostnames{hostname{name}}}}",
      ASSETS ("{\"hostnames\":[{\"hostname\":[{\"name\":\"k7\"}]}]}") },
    /* Relations, there and back, and conditions on both sides. */
    { "{asset(where:{hostnames:{hostname:{name:{_eq:\"k7\"}}}},order_by:{id:asc}){id}}",
      ASSETS (EVEN "," ODD) },
    { "{asset(where:{hostnames:{hostname:{name:{_eq:\"k7\"}}},source:{_eq:\"odd\"}}){id}}", ASSETS (ODD) },
    { "{asset(where:{hostnames:{hostname:{name:{_eq:\"k7\"},source:{_eq:\"odd\"}}},_not:{name:{_eq:\"n14\"}}}"
      "){id}}",
      ASSETS (ODD) },
    { "{asset(where:{name:{_eq:\"n15\"},hostnames:{hostname:{source:{_eq:\"odd\"}}}}){id}}", ASSETS (ODD) },
    { "{asset(where:{name:{_eq:\"n15\"},_not:{hostnames:{hostname:{source:{_eq:\"odd\"}}}}}){id}}",
      ASSETS ("") },
    { "{asset(where:{_or:[{hostnames:{hostname_id:{_eq:\"odd/k7\"}}},{id:{_eq:\"even/"
      "k7\"}}]},order_by:{id:asc}){id}}",
      ASSETS (EVEN "," ODD) },
    { "{asset_hostname(where:{asset:{name:{_eq:\"n15\"}}}){asset_id}}",
      "{\"asset_hostname\":[{\"asset_id\":\"odd/k7\"}]}" },
    { "{hostname(where:{instances:{id:{_eq:\"even/k7\"}}},order_by:{id:asc}){id}}",
      "{\"hostname\":[" EVEN "," ODD "]}" },
    { "{asset(where:{tags:{tag:{name:{_eq:\"prod\"}}}}){id}}", ASSETS ("{\"id\":\"src/a1\"}") },
    { "{tag(where:{assets:{asset:{name:{_eq:\"Alpha\"}}}}){id}}", "{\"tag\":[{\"id\":\"src/prod\"}]}" },
    { "{tag_asset(where:{asset_id:{_eq:\"src/a1\"}}){tag_id}}",
      "{\"tag_asset\":[{\"tag_id\":\"src/prod\"}]}" },
    /* Edges within a collection. */
    { "{site(where:{id:{_eq:\"odd/k7\"}}){sites(order_by:{to_site_id:asc}){from_site_id to_site{name}}}}",
      "{\"site\":[{\"sites\":[{\"from_site_id\":\"odd/k6\",\"to_site\":[{\"name\":\"n15\"}]},"
      "{\"from_site_id\":\"odd/k7\",\"to_site\":[{\"name\":\"n17\"}]}]}]}" },
    { "{site(where:{id:{_eq:\"odd/k7\"}}){sites(limit:1){from_site_id}}}",
      "{\"site\":[{\"sites\":[{\"from_site_id\":\"odd/k6\"}]}]}" },
    { "{site(where:{sites:{from_site_id:{_eq:\"odd/k7\"}}},order_by:{id:asc}){id}}",
      "{\"site\":[" ODD ",{\"id\":\"odd/k8\"}]}" },
    { "{site(where:{sites:{to_site:{name:{_eq:\"n15\"}}}},order_by:{id:asc}){id}}",
      "{\"site\":[{\"id\":\"odd/k6\"}," ODD "]}" },
    { "{site(where:{name:{_eq:\"n15\"},sites:{source:{_eq:\"odd\"}}}){id}}", "{\"site\":[" ODD "]}" },
    /* Pages in the order of ids. */
    { "{asset(where:{source:{_eq:\"odd\"}},order_by:{id:asc},limit:1,offset:1){id}}",
      ASSETS ("{\"id\":\"odd/k1\"}") },
    { "{asset(where:{source:{_eq:\"odd\"}},order_by:{id:desc},limit:1){id}}",
      ASSETS ("{\"id\":\"odd/k999\"}") },
    { "{asset(where:{id:{_gt:\"odd/k6999\"},source:{_eq:\"odd\"}},order_by:{id:asc},limit:1){id}}",
      ASSETS (ODD) },
    { "{asset(where:{source:{_eq:\"a\"}},order_by:{id:asc},limit:9){id}}", ASSETS ("{\"id\":\"a/b/c\"}") },
    { "{asset(where:{id:{_gt:\"odd/k6999\"}},order_by:{id:asc},limit:1){id}}", ASSETS (ODD) },
    { "{asset(order_by:{id:asc},limit:1){id}}", ASSETS ("{\"id\":\"a/b/c\"}") },
    /* Counts: what was is not counted, nor what is gone. */
    { "{asset_aggregate{aggregate{count}}}", "{\"asset_aggregate\":{\"aggregate\":{\"count\":4004}}}" },
    { "{asset_aggregate(where:{source:{_in:[\"even\",\"odd\"]}}){aggregate{count}}}",
      "{\"asset_aggregate\":{\"aggregate\":{\"count\":3999}}}" },
    { "{site_site_aggregate(where:{source:{_neq:\"odd\"}}){aggregate{count}}}",
      "{\"site_site_aggregate\":{\"aggregate\":{\"count\":1999}}}" },
    { "{port_aggregate(where:{source:{_eq:\"none\"}}){aggregate{count}}}",
      "{\"port_aggregate\":{\"aggregate\":{\"count\":0}}}" },
  };

  fill_much (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].query);
      g_assert_cmpuint (measure (self, cases[i].query, cases[i].answer), <, 5);
    }
  /* What a page skips is passed in the order of the index, without a sort: some steps a row. */
  g_assert_cmpuint (
      measure (self, "{asset(where:{source:{_eq:\"odd\"}},order_by:{id:asc},limit:1,offset:1500){id name}}",
               ASSETS ("{\"id\":\"odd/k549\",\"name\":\"n1099\"}")),
      <, 120);
  g_assert_cmpuint (measure (self,
                             "{asset_hostname(where:{source:{_eq:\"odd\"}},limit:1,offset:1500){asset_id}}",
                             "{\"asset_hostname\":[{\"asset_id\":\"odd/k1501\"}]}"),
                    <, 120);
#undef ASSETS
}

/* The same of an earlier moment. */
static void
test_work_at_moment (Fixture *self, gconstpointer data)
{
  static const char *const queries[] = {
    "{asset(where:{id:{_eq:\"odd/k9\"}},order_by:{name:asc},limit:1){name}}",
    "{asset(where:{external_id:{_eq:\"k9\"},source:{_eq:\"odd\"}}){hostnames{hostname{name}}}}",
    "{hostname(where:{instances:{id:{_eq:\"odd/k9\"}}}){id}}",
    "{asset(where:{hostnames:{hostname:{id:{_eq:\"odd/k9\"}}}}){id}}",
    "{asset_hostname(where:{asset_id:{_eq:\"odd/k9\"}}){hostname_id}}",
    "{asset_hostname(where:{hostname_id:{_eq:\"odd/k9\"}}){asset_id}}",
    "{site(where:{sites:{from_site_id:{_eq:\"odd/k9\"}}}){id}}",
    "{asset_ipaddress_by_pk(_pk:1){asset_id}}",
  };

  fill_much (self);
  execute (self->db,
           "INSERT INTO edge_history (id, collection, source, from_vertex, to_vertex, external_id, body,"
           "  reported_at, t1, t2) SELECT id, collection, source, from_vertex, to_vertex, external_id, body,"
           "  reported_at, 500, 1000 FROM edge");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      guint n = 0;

      sqlite3_progress_handler (self->db, 100, count_steps, &n);
      g_autofree char *answer = ask_at (self, queries[i], NULL, 1500);
      sqlite3_progress_handler (self->db, 0, NULL, NULL);
      g_test_message ("%u: %s %s", n, queries[i], answer);
      g_assert_null (strstr (answer, "[]"));
      g_assert_null (strstr (answer, "null"));
      g_assert_cmpuint (n, <, 10);
    }
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "fields", test_fields },
    { "types", test_types },
    { "operators", test_operators },
    { "json-operators", test_json_operators },
    { "like", test_like },
    { "hostile-values", test_hostile_values },
    { "variables", test_variables },
    { "order-and-pages", test_order_and_pages },
    { "distinct", test_distinct },
    { "merging", test_merging },
    { "aggregate", test_aggregate },
    { "relations", test_relations },
    { "self-edges", test_self_edges },
    { "timepoint", test_timepoint },
    { "timepoint-relations", test_timepoint_relations },
    { "reported-at", test_reported_at },
    { "syntax", test_syntax },
    { "operation-name", test_operation_name },
    { "problems", test_problems },
    { "bad-requests", test_bad_requests },
    { "bombs", test_bombs },
    { "fragment-bomb", test_fragment_bomb },
    { "deep-conditions", test_deep_conditions },
    { "mutations", test_mutations },
    { "costly-pattern", test_costly_pattern },
    { "indices", test_indices },
    { "work", test_work },
    { "work-at-moment", test_work_at_moment },
    { "broken-database", test_broken_database },
    { "within-transaction", test_within_transaction },
    { "many", test_many },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/query/", tests[i].name, NULL);

      g_test_add (path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
  return g_test_run ();
}
