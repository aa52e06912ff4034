/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-jobs.h"
#include "service/store/car-service-pages.h"
#include "service/store/car-service-retention.h"

typedef struct
{
  char *folder;
  char *path;
  CarServiceStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("test-service-store-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "car.db", NULL);
  fixture->store = car_service_store_open (fixture->path, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  const char *name;

  g_clear_object (&fixture->store);
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
      g_assert_no_errno (g_unlink (path));
    }
  g_assert_no_errno (g_rmdir (fixture->folder));
  g_free (fixture->folder);
  g_free (fixture->path);
}

static gint64
post (CarServiceStore *store, const char *kind, const char *source, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  gint64 id = car_service_jobs_post (store, kind, source, bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpint (id, >, 0);

  return id;
}

static void
run_all (CarServiceStore *store)
{
  gboolean found = TRUE;

  while (found)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (car_service_jobs_run_next (store, &found, &error));
      g_assert_no_error (error);
    }
}

/* The first column of the first row, "" where there is none. The query is a literal of the test. */
static char *
ask (CarServiceStore *store, const char *sql)
{
  sqlite3_stmt *statement;

  g_assert_cmpint (sqlite3_prepare_v2 (car_service_store_get_database (store), sql, -1, &statement, NULL), ==,
                   SQLITE_OK);
  char *text = sqlite3_step (statement) == SQLITE_ROW
                   ? g_strdup ((const char *) sqlite3_column_text (statement, 0))
                   : g_strdup ("");
  sqlite3_finalize (statement);

  return text != NULL ? text : g_strdup ("");
}

#define assert_answer(store, sql, expected)                                                                  \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *answer_ = ask (store, sql);                                                             \
    g_assert_cmpstr (answer_, ==, expected);                                                                 \
  }                                                                                                          \
  G_STMT_END

static void
import_members (CarServiceStore *store, const char *source, const char *members)
{
  g_autofree char *envelope = g_strdup_printf (
      "{\"source\":{\"_key\":\"%s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1700000000000.5}%s}", source,
      members);

  post (store, CAR_SERVICE_JOB_IMPORT, source, envelope);
  run_all (store);
}

#define OPEN "t2 = 9223372036854775807"

static void
test_versions (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}]");
  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}]");
  assert_answer (store, "SELECT count(*) FROM vertex", "1");
  assert_answer (store, "SELECT body FROM vertex", "{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}");
  assert_answer (store, "SELECT reported_at FROM vertex", "1700000000000");

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"m\"}]");
  assert_answer (store, "SELECT count(*) FROM vertex", "2");
  assert_answer (store, "SELECT json_extract (body, '$.name') FROM vertex WHERE " OPEN, "m");
  assert_answer (store, "SELECT count(*) FROM vertex a, vertex b WHERE a.t2 = b.t1", "1");
  assert_answer (store, "SELECT count(*) FROM vertex WHERE t1 > t2", "0");
}

/* Only a value that differs makes a version. */
static void
test_spellings (Fixture *fixture, gconstpointer user_data)
{
  static const char *const same[] = {
    ",\"asset\":[{\"external_id\":\"a\",\"name\":\"A\",\"risk\":1}]",
    ",\"asset\":[{\"risk\":1.0,\"name\":\"\\u0041\",\"external_id\":\"a\"}]",
    ",\"asset\":[ { \"external_id\" : \"a\" , \"risk\": 10e-1,\"name\":\"A\"} ]",
  };
  static const char *const others[] = {
    ",\"asset\":[{\"external_id\":\"a\",\"name\":\"A\",\"risk\":2}]",
    ",\"asset\":[{\"external_id\":\"a\",\"name\":\"2\",\"risk\":2}]",
    ",\"asset\":[{\"external_id\":\"a\",\"name\":\"2\"}]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    import_members (fixture->store, "s", same[i]);
  assert_answer (fixture->store, "SELECT count(*) FROM job WHERE status = 'COMPLETE'", "3");
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "1");

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    import_members (fixture->store, "s", others[i]);
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "4");
  assert_answer (fixture->store, "SELECT count(*) FROM vertex WHERE t2 = 9223372036854775807", "1");
}

/* The last of those that one envelope brings is the one: nobody could have seen the others. */
static void
test_twice_in_one_job (Fixture *fixture, gconstpointer user_data)
{
  import_members (
      fixture->store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"1\"},{\"external_id\":\"a\",\"name\":\"2\"}]");
  assert_answer (fixture->store, "SELECT group_concat (json_extract (body, '$.name')) FROM vertex", "2");
}

static void
test_edges (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"a/1\",\"name\":\"n\"}],\"ipaddress\":[{\"_key\":\"fe80::1\"}],"
      "\"asset_ipaddress\":[{\"_from_external_id\":\"a/1\",\"_to\":\"ipaddress/fe80::1\","
      "\"source\":\"s\",\"report\":\"1\",\"active\":true,\"timestamp\":1}]");
  assert_answer (store,
                 "SELECT from_collection || ' ' || from_id || ' ' || to_collection || ' ' || to_id FROM edge",
                 "asset s/a/1 ipaddress s/0/fe80::1");

  /* What the framework adds to every edge of a run makes no new version. */
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"source\":\"s\",\"report\":\"2\",\"active\":true,\"timestamp\":2}]");
  assert_answer (store, "SELECT count(*) FROM edge", "1");

  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"active\":false}]");
  /* It is closed, and opens anew. */
  assert_answer (store, "SELECT count(*) FROM edge", "1");
  assert_answer (store, "SELECT count(*) FROM edge WHERE " OPEN, "0");
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/0/fe80::1\"}]");
  assert_answer (store, "SELECT count(*) FROM edge", "2");
  assert_answer (store, "SELECT to_key FROM edge WHERE " OPEN, "0/fe80::1");

  /* Another external_id, another edge. */
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"external_id\":\"e\"}]");
  assert_answer (store, "SELECT count(*) FROM edge WHERE " OPEN, "2");
}

/* protocol.md, "The envelope": how _from and _to are read. */
static void
test_bare_keys (Fixture *fixture, gconstpointer user_data)
{
  const struct
  {
    const char *to;
    const char *key;
  } cases[] = {
    { "h", "h" },
    { "10.0.0.0/8", "10.0.0.0/8" },
    { "hostname/g", "g" },
    { "asset_hostname/x", "asset_hostname/x" }, /* no collection of vertices */
    { "source/x", "source/x" },
    { "/x", "/x" },
    { "hostname", "hostname" },
    { "hostname/hostname/x", "hostname/x" },
  };
  CarServiceStore *store = fixture->store;

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a/1\",\"name\":\"n\"}]");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *members =
          g_strdup_printf (",\"hostname\":[{\"_key\":\"%s\"}],\"asset_hostname\":[{\"_from\":\"a/1\","
                           "\"_to\":\"%s\"}]",
                           cases[i].key, cases[i].to);

      g_test_message ("%s", cases[i].to);
      import_members (store, "s", members);
      assert_answer (store, "SELECT status FROM job ORDER BY id DESC LIMIT 1", "COMPLETE");
      assert_answer (store, "SELECT warnings FROM job ORDER BY id DESC LIMIT 1", "");
      assert_answer (store, "SELECT to_key FROM edge ORDER BY id DESC LIMIT 1", cases[i].key);
    }
}

static void
test_refused (Fixture *fixture, gconstpointer user_data)
{
  const struct
  {
    const char *members;
    const char *message;
  } cases[] = {
    { ",\"asset\":[{\"external_id\":\"a\",\"name\":1}]", "*/asset/0/name*" },
    { ",\"asset\":[{\"external_id\":\"kept?\",\"name\":\"n\"},{\"name\":\"n\"}]", "*external_id*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      import_members (fixture->store, "s", cases[i].members);
      assert_answer (fixture->store, "SELECT status || ' ' || status_code FROM job ORDER BY id DESC LIMIT 1",
                     "ERROR 422");
      g_autofree char *message = ask (fixture->store, "SELECT error FROM job ORDER BY id DESC LIMIT 1");
      g_test_message ("%s", message);
      g_assert_true (g_pattern_match_simple (cases[i].message, message));
    }
  /* All of a page or nothing. */
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "0");
}

/* What the import schema takes, but nothing could name or join: the rest of its page is kept. */
static void
test_not_kept (Fixture *fixture, gconstpointer user_data)
{
  const struct
  {
    const char *members;
    const char *message;
  } cases[] = {
    { ",\"asset\":[{\"external_id\":\"a\\u0000b\",\"name\":\"n\"}]",
      "*asset: 1 left out, the first at 0*external_id*" },
    { ",\"geolocation\":[{\"region\":\"r\"}]", "*geolocation*external_id*" },
    { ",\"asset_ipaddress\":[{\"_from_external_id\":\"a\"}]", "*asset_ipaddress*_to*" },
    { ",\"asset_ipaddress\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"}]", "*ipaddress/KEY*" },
    { ",\"asset_ipaddress\":[{\"_from_external_id\":\"a\",\"_to\":\"ipaddress/\"}]", "*ipaddress/KEY*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *members = g_strdup_printf (
          "%s,\"application\":[{\"external_id\":\"%u\",\"name\":\"n\"}]", cases[i].members, i);

      g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, cases[i].message);
      import_members (fixture->store, "s", members);
      g_test_assert_expected_messages ();
      assert_answer (fixture->store, "SELECT status FROM job ORDER BY id DESC LIMIT 1", "COMPLETE");
    }
  assert_answer (fixture->store, "SELECT count(*) FROM vertex WHERE collection = 'application'", "5");
  assert_answer (fixture->store, "SELECT count(*) FROM vertex WHERE collection != 'application'", "0");
  assert_answer (fixture->store, "SELECT count(*) FROM edge", "0");
}

/* An edge is of the envelope's source, whatever it says of itself. */
static void
test_edge_of_another_source (Fixture *fixture, gconstpointer user_data)
{
  import_members (
      fixture->store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"ipaddress\":[{\"_key\":\"1.1.1.1\"}],"
      "\"asset_ipaddress\":[{\"_from_external_id\":\"a\",\"_to\":\"ipaddress/1.1.1.1\","
      "\"source\":\"other\"}]");
  assert_answer (fixture->store, "SELECT source FROM edge", "s");
}

/* Names of the odd signs that the import schema's pattern for sources allows, and of one that it does not. */
static void
test_odd_source (Fixture *fixture, gconstpointer user_data)
{
  import_members (fixture->store, "a@b=c%,+$*'", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  assert_answer (fixture->store, "SELECT node_id FROM vertex", "a@b=c%,+$*'/a");
  import_members (fixture->store, "a b", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  assert_answer (fixture->store, "SELECT status_code FROM job ORDER BY id DESC LIMIT 1", "422");
}

static void
test_unknown_collection (Fixture *fixture, gconstpointer user_data)
{
  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "*dragon*left out*extension*");
  import_members (fixture->store, "s", ",\"dragon\":[{\"external_id\":\"a\"}]");
  g_test_assert_expected_messages ();
  assert_answer (fixture->store, "SELECT status FROM job", "COMPLETE");
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "0");
}

static void
test_tags (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  const char *open_tags = "SELECT group_concat (name) FROM (SELECT name FROM tagging JOIN tag ON tag.id = tag"
                          " WHERE tagging." OPEN " ORDER BY name)";

  import_members (store, "s",
                  ",\"asset\":[{\"external_id\":\"a\",\"tag\":[\"x\",\"y\",\"x\"],\"name\":\"n\"}]");
  assert_answer (store, open_tags, "x,y");
  assert_answer (store, "SELECT body FROM vertex", "{\"external_id\":\"a\",\"name\":\"n\"}");
  import_members (store, "s",
                  ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"untag\":[\"x\",\"none\"]}]");
  assert_answer (store, open_tags, "y");
  assert_answer (store, "SELECT count(*) FROM vertex", "1");

  /* A full import that does not bring the vertex closes its tags too. */
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);
  assert_answer (store, open_tags, "");
}

static void
test_full_import (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "other", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"},{\"external_id\":\"b\",\"name\":\"n\"}],"
      "\"hostname\":[{\"_key\":\"h\"}],"
      "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"},"
      "{\"_from_external_id\":\"b\",\"_to\":\"hostname/h\"}]");

  /* Posted together: the queue keeps their order. */
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  post (store, CAR_SERVICE_JOB_IMPORT, "s",
        "{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1},"
        "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\"}],"
        "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"}]}");
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);

  assert_answer (store,
                 "SELECT group_concat (node_id) FROM (SELECT node_id FROM vertex WHERE " OPEN
                 " ORDER BY node_id)",
                 "other/a,s/a,s/h");
  assert_answer (store, "SELECT group_concat (from_id) FROM edge WHERE " OPEN, "s/a");
  assert_answer (store, "SELECT count(*) FROM vertex", "4");
}

/* How many versions there are of what is and was. */
#define VERSIONS                                                                                             \
  "SELECT (SELECT count(*) FROM vertex) || ' ' || (SELECT count(*) FROM edge) || ' ' || "                    \
  "(SELECT count(*) FROM tagging)"

static void
apply_retention (CarServiceStore *store, CarServiceRetentionKind kind, double value)
{
  const CarServiceRetention policy = { kind, value };
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;

  while (more)
    {
      g_assert_true (car_service_store_begin (store, &error));
      g_assert_true (car_service_retention_set (store, &policy, &error));
      g_assert_true (car_service_retention_apply (store, &more, &error));
      g_assert_true (car_service_store_commit (store, &error));
      g_assert_no_error (error);
    }
}

static void
make_history (CarServiceStore *store)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *members =
          g_strdup_printf (",\"asset\":[{\"external_id\":\"a\",\"name\":\"%u\",\"%s\":[\"t\"]}],\"hostname\":"
                           "[{\"_key\":\"h\"}],"
                           "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"h\",\"n\":%u}]",
                           i, i % 2 == 0 ? "tag" : "untag", i);

      import_members (store, "s", members);
    }
}

/* What holds now stays, whatever the policy. */
static void
test_retention (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  make_history (store);
  assert_answer (store, VERSIONS, "5 4 2");
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 1);
  assert_answer (store, VERSIONS, "5 4 2");
  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, 1e9);
  assert_answer (store, VERSIONS, "5 4 2");

  /* The versions that are older than a day, and no others. */
  g_autofree char *aged = ask (
      store, "UPDATE vertex SET t2 = t2 - 2 * 24 * 60 * 60 * 1000 WHERE id = (SELECT min (id) FROM vertex)");
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 3);
  assert_answer (store, VERSIONS, "5 4 2");
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 1);
  assert_answer (store, VERSIONS, "4 4 2");

  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, 0);
  assert_answer (store, VERSIONS, "2 1 0");
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 0);
  assert_answer (store, "SELECT json_extract (body, '$.name') FROM vertex WHERE collection = 'asset'", "3");
}

/* As if so many versions of each kind had been closed, long ago and one after the other, of all kinds by turns. */
static void
make_closed (CarServiceStore *store, guint n)
{
  const char *const tables[] = {
    "INSERT INTO vertex SELECT NULL, 'asset', 's', value, 's/' || value, value, printf ('%.*c', 1000, 'x'),"
    " 1, value * 3, 1, 1 FROM",
    "INSERT INTO edge SELECT NULL, 'asset_hostname', 's', 'asset', 'a', 's/a', 'hostname', 'h', 's/h', value,"
    " '{}', 1, value * 3 + 1, 1, 1 FROM",
    "INSERT INTO tagging SELECT NULL, 'asset', 's', 's/a', 'a', 1, 's/t', NULL, NULL, 1, value * 3 + 2, 1 "
    "FROM",
  };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *sql =
          g_strdup_printf ("%s (WITH RECURSIVE n (value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM n"
                           " WHERE value < %u) SELECT value FROM n)",
                           tables[i], n);
      g_autofree char *nothing = ask (store, sql);
    }
}

static gboolean
apply_step (CarServiceStore *store)
{
  g_autoptr (GError) error = NULL;
  gboolean more = FALSE;

  g_assert_true (car_service_store_begin (store, &error));
  g_assert_true (car_service_retention_apply (store, &more, &error));
  g_assert_true (car_service_store_commit (store, &error));
  g_assert_no_error (error);

  return more;
}

static gint64
ask_number (CarServiceStore *store, const char *sql)
{
  g_autofree char *answer = ask (store, sql);

  return g_ascii_strtoll (answer, NULL, 10);
}

static gint64
count_closed (CarServiceStore *store)
{
  return ask_number (store, "SELECT (SELECT count(*) FROM vertex WHERE t2 < 9e15)"
                            " + (SELECT count(*) FROM edge WHERE t2 < 9e15)"
                            " + (SELECT count(*) FROM tagging WHERE t2 < 9e15)");
}

/* A step is small, whoever writes waits for it; and it takes what is oldest, of whichever kind. */
static void
test_retention_steps (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  const CarServiceRetention policy = { CAR_SERVICE_RETENTION_TIME, 1 };

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"tag\":[\"t\"]}]");
  make_closed (store, CAR_SERVICE_RETENTION_AT_ONCE);
  g_assert_true (car_service_retention_set (store, &policy, NULL));
  for (gint64 left = 3 * CAR_SERVICE_RETENTION_AT_ONCE; left > 0;)
    {
      /* What is left is younger than what is gone. */
      g_assert_cmpint (ask_number (store, "SELECT min (t2) FROM (SELECT t2 FROM vertex UNION ALL SELECT t2"
                                          " FROM edge UNION ALL SELECT t2 FROM tagging)"),
                       ==, 3 + 3 * CAR_SERVICE_RETENTION_AT_ONCE - left);
      g_assert_true (apply_step (store));
      left -= CAR_SERVICE_RETENTION_AT_ONCE;
      g_assert_cmpint (count_closed (store), ==, left);
    }
  while (apply_step (store))
    ;
  assert_answer (store, VERSIONS, "1 0 1");
}

/* A full import closes all that it did not bring at one moment. */
static void
test_retention_moment (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  const CarServiceRetention policy = { CAR_SERVICE_RETENTION_TIME, 1 };

  make_closed (store, CAR_SERVICE_RETENTION_AT_ONCE);
  g_autofree char *vertices = ask (store, "UPDATE vertex SET t2 = 7");
  g_autofree char *edges = ask (store, "UPDATE edge SET t2 = 7");
  g_autofree char *taggings = ask (store, "UPDATE tagging SET t2 = 7");
  g_assert_true (car_service_retention_set (store, &policy, NULL));
  for (gint64 left = 2; left >= 0; left--)
    {
      g_assert_true (apply_step (store));
      g_assert_cmpint (count_closed (store), ==, left * CAR_SERVICE_RETENTION_AT_ONCE);
    }
}

/* History that fits is kept. */
static void
test_retention_fits (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"tag\":[\"t\"]}]");
  gint64 empty = ask_number (store, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  make_closed (store, 300);
  gint64 full = ask_number (store, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");

  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, (double) (empty + (full - empty) / 2));
  g_assert_cmpint (
      ask_number (store, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"), <=,
      empty + (full - empty) / 2);
  g_assert_cmpint (ask_number (store, "SELECT count(*) FROM vertex WHERE t2 < 9e15"), >, 100);
}

/* As a step of forgetting. */
static void
test_pages (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  g_autofree char *made = ask (store, "CREATE TABLE filler AS SELECT zeroblob (6000000) AS data");
  g_autofree char *dropped = ask (store, "DROP TABLE filler");
  gboolean more = TRUE;

  for (CarServicePages before, after; more;)
    {
      g_assert_true (car_service_pages_read (store, &before, NULL));
      g_assert_true (car_service_store_begin (store, NULL));
      g_assert_true (car_service_pages_give_back (store, &more, NULL));
      g_assert_true (car_service_store_commit (store, NULL));
      g_assert_true (car_service_pages_read (store, &after, NULL));
      g_assert_cmpint (before.free - after.free, ==, MIN (before.free, CAR_SERVICE_PAGES_AT_ONCE));
      g_assert_cmpint (before.all, >=, after.all + before.free - after.free);
      g_assert_true (more || after.free == 0);
    }
}

static void
test_retention_parse (void)
{
  const struct
  {
    const char *text;
    CarServiceRetention policy;
  } right[] = {
    { "0", { CAR_SERVICE_RETENTION_TIME, 0 } },
    { "90", { CAR_SERVICE_RETENTION_TIME, 90 } },
    { "500MB", { CAR_SERVICE_RETENTION_DISK_USAGE, 500e6 } },
    { "2GB", { CAR_SERVICE_RETENTION_DISK_USAGE, 2e9 } },
    { "3kB", { CAR_SERVICE_RETENTION_DISK_USAGE, 3000 } },
    { "1TB", { CAR_SERVICE_RETENTION_DISK_USAGE, 1e12 } },
    { "1GiB", { CAR_SERVICE_RETENTION_DISK_USAGE, 1073741824 } },
    { "7b", { CAR_SERVICE_RETENTION_DISK_USAGE, 7 } },
  };
  const char *const wrong[] = { "",     "-1",  "+1",   " 1",  "1 ",   "1.5GB",           "GB", "5x", "5M",
                                "5MBs", "5iB", "days", "1e3", "5 GB", "9999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      CarServiceRetention policy = { 0 };

      g_assert_true (car_service_retention_parse (right[i].text, &policy, NULL));
      g_assert_cmpint (policy.kind, ==, right[i].policy.kind);
      g_assert_cmpfloat (policy.value, ==, right[i].policy.value);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      CarServiceRetention policy;
      g_autoptr (GError) error = NULL;

      g_assert_false (car_service_retention_parse (wrong[i], &policy, &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
    }
}

/* How many things a collection's vertices are. */
static void
assert_things (CarServiceStore *store, const char *collection, const char *n)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT count (DISTINCT connecting_id) FROM vertex WHERE collection = '%s' AND " OPEN, collection);

  assert_answer (store, sql, n);
}

static void
test_connecting_id (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (
      store, "s1",
      ",\"hostname\":[{\"_key\":\"Host.Example\"}],\"asset\":[{\"external_id\":\"X\",\"name\":\"n\"}],"
      "\"ipaddress\":[{\"_key\":\"2001:DB8::0:1\"},{\"_key\":\"10.0.0.1\"}],"
      "\"macaddress\":[{\"_key\":\"00:1B:44:11:3A:B7\"}]");
  import_members (
      store, "s2",
      ",\"hostname\":[{\"_key\":\"host.example.\"}],\"asset\":[{\"external_id\":\"X\",\"name\":\"n\"}],"
      "\"ipaddress\":[{\"_key\":\"2001:db8::1\"},{\"_key\":\"10.0.0.1\"}],"
      "\"macaddress\":[{\"_key\":\"001b:4411:3ab7\",\"name\":\"00:1b:44:11:3a:b7\"}]");
  assert_things (store, "hostname", "1");
  assert_things (store, "asset", "2");
  assert_things (store, "ipaddress", "2");
  assert_things (store, "macaddress", "1");

  /* An address of another region is another one. */
  import_members (store, "s2", ",\"ipaddress\":[{\"_key\":\"10.0.0.1\",\"region_id\":\"lab\"}]");
  assert_things (store, "ipaddress", "3");
  assert_answer (store, "SELECT node_id FROM vertex WHERE key LIKE 'lab/%'", "s2/lab/10.0.0.1");

  /* The import schema demands no _key of a hostname. */
  import_members (store, "s3", ",\"hostname\":[{\"host_name\":\"host.example\"}]");
  assert_answer (store, "SELECT count (*) FROM vertex WHERE node_id = 's3/host.example'", "1");
  assert_things (store, "hostname", "1");
}

/* Every machine has these, or none. */
static void
test_special_addresses (Fixture *fixture, gconstpointer user_data)
{
  for (guint i = 0; i < 2; i++)
    import_members (fixture->store, i == 0 ? "s1" : "s2",
                    ",\"ipaddress\":[{\"_key\":\"0.0.0.0\"},{\"_key\":\"127.0.0.1\"},{\"_key\":\"::\"},{\"_"
                    "key\":\"::1\"},"
                    "{\"_key\":\"255.255.255.255\"}],\"macaddress\":[{\"_key\":\"00:00:00:00:00:00\"},"
                    "{\"_key\":\"FF:ff:ff:ff:ff:ff\"}]");
  assert_things (fixture->store, "ipaddress", "10");
  assert_things (fixture->store, "macaddress", "4");
}

#define USER(id) "{\"external_id\":\"" id "\"}"
#define ACCOUNT(id, name) "{\"external_id\":\"" id "\",\"name\":\"" name "\"}"
#define USES(user, account) "{\"_from_external_id\":\"" user "\",\"_to_external_id\":\"" account "\"}"

static void
assert_users (CarServiceStore *store, const char *groups)
{
  assert_answer (store,
                 "SELECT group_concat (node_id || '=' || connecting_id, ' ') FROM (SELECT * FROM vertex"
                 " WHERE collection = 'user' AND " OPEN " ORDER BY node_id)",
                 groups);
}

/* Accounts of one name are one, and so are their users, unless one of the accounts is shared. */
static void
test_users (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (
      store, "s1",
      ",\"user\":[" USER ("u1") "," USER ("u2") "],\"account\":[" ACCOUNT ("a1", "ann") "," ACCOUNT (
          "a2", "root") "],\"user_account\":[" USES ("u1", "a1") "," USES ("u1", "a2") "]");
  import_members (
      store, "s2",
      ",\"user\":[" USER ("v1") "," USER ("v2") "],\"account\":[" ACCOUNT ("b1", "ann") "," ACCOUNT (
          "b2", "root") "],\"user_account\":[" USES ("v1", "b1") "," USES ("v2", "b2") "]");
  assert_things (store, "account", "2");
  assert_users (store, "s1/u1=s1/u1 s1/u2=s1/u2 s2/v1=s1/u1 s2/v2=s1/u1");

  /* Once one account of the name is shared, the name joins nobody. */
  import_members (store, "s1", ",\"user_account\":[" USES ("u2", "a2") "]");
  assert_users (store, "s1/u1=s1/u1 s1/u2=s1/u2 s2/v1=s1/u1 s2/v2=s2/v2");
  import_members (
      store, "s1",
      ",\"user_account\":[{\"_from_external_id\":\"u2\",\"_to_external_id\":\"a2\",\"active\":false}]");
  assert_users (store, "s1/u1=s1/u1 s1/u2=s1/u2 s2/v1=s1/u1 s2/v2=s1/u1");

  /* Another name, another account. */
  import_members (store, "s1", ",\"account\":[" ACCOUNT ("a1", "bob") "]");
  assert_users (store, "s1/u1=s1/u1 s1/u2=s1/u2 s2/v1=s2/v1 s2/v2=s1/u1");
  import_members (store, "s2", ",\"account\":[" ACCOUNT ("b1", "bob") "]");
  assert_users (store, "s1/u1=s1/u1 s1/u2=s1/u2 s2/v1=s1/u1 s2/v2=s1/u1");

  /* What a full import leaves out joins nothing any more. */
  post (store, CAR_SERVICE_JOB_BEGIN, "s1", NULL);
  post (store, CAR_SERVICE_JOB_END, "s1", NULL);
  run_all (store);
  assert_users (store, "s2/v1=s2/v1 s2/v2=s2/v2");
}

/* Two transactions never have one time, also where the clock of the machine was set back. */
static void
test_clock (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gint64 future = g_get_real_time () / 1000 + 3600 * 1000, now, again;
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, future);

  g_assert_true (car_service_store_begin (fixture->store, &error));
  g_assert_true (car_service_store_set_setting (fixture->store, "clock", text, &error));
  g_assert_true (car_service_store_commit (fixture->store, &error));

  g_assert_true (car_service_store_begin (fixture->store, &error));
  g_assert_true (car_service_store_tick (fixture->store, &now, &error));
  g_assert_true (car_service_store_tick (fixture->store, &again, &error));
  g_assert_true (car_service_store_commit (fixture->store, &error));
  g_assert_cmpint (now, ==, future + 1);
  g_assert_cmpint (again, ==, now);

  g_assert_true (car_service_store_begin (fixture->store, &error));
  g_assert_true (car_service_store_tick (fixture->store, &again, &error));
  car_service_store_rollback (fixture->store);
  g_assert_cmpint (again, ==, future + 2);
}

/* A clock that was set forward makes all jobs look old. Whoever posted one lately asks for it still. */
static void
test_clock_and_jobs (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  g_autofree char *later = ask (store, "UPDATE sqlite_sequence SET seq = 2046 WHERE name = 'job'");
  g_assert_cmpint (post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL), ==, 2047);
  run_all (store);
  g_autofree char *aged = ask (store, "UPDATE job SET created_at = 1");
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  assert_answer (store, "SELECT group_concat (id, ' ') FROM (SELECT id FROM job ORDER BY id)", "2047 2048");
}

static void
assert_refused (const char *path, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarServiceStore) store = car_service_store_open (path, &error);

  g_assert_null (store);
  g_assert_error (error, CAR_SERVICE_ERROR, 500);
  g_test_message ("%s", error->message);
  g_assert_true (g_pattern_match_simple (message, error->message));
}

static void
make_database (const char *path, const char *sql)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static void
test_foreign_files (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_build_filename (fixture->folder, "text", NULL);
  g_autofree char *other = g_build_filename (fixture->folder, "other.db", NULL);
  g_autofree char *newer = g_build_filename (fixture->folder, "newer.db", NULL);
  g_autofree char *damaged = g_build_filename (fixture->folder, "damaged.db", NULL);
  g_autofree char *nowhere = g_build_filename (fixture->folder, "nowhere", "car.db", NULL);
  g_autofree char *lock = g_strconcat (other, "-lock", NULL);
  g_autofree char *link = g_build_filename (fixture->folder, "link.db", NULL);

  assert_refused (fixture->path, "*in use by another car-service*");
  g_assert_no_errno (symlink (fixture->path, link));
  assert_refused (link, "*in use by another car-service*");
  assert_refused (fixture->folder, "*is no regular file*");
  assert_refused (nowhere, "*cannot be opened*");

  g_file_set_contents (text, "this is a letter to my grandmother", -1, &error);
  g_assert_no_error (error);
  assert_refused (text, "*is not a database*");

  make_database (other, "CREATE TABLE letters (text)");
  assert_refused (other, "*another program's*");
  g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));

  make_database (newer,
                 "CREATE TABLE letters (text); PRAGMA application_id = 0x43415253; PRAGMA user_version = 99");
  assert_refused (newer, "*another version of car-service*99*");

  make_database (damaged, "CREATE TABLE letters (text); INSERT INTO letters VALUES (zeroblob (100000));"
                          "PRAGMA application_id = 0x43415253; PRAGMA user_version = 1");
  g_assert_no_errno (truncate (damaged, 8192));
  assert_refused (damaged, "*is damaged; restore a copy, or give another --database*");
}

static void
test_reopened (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  import_members (fixture->store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  post (fixture->store, CAR_SERVICE_JOB_IMPORT, "s",
        "{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1},\"asset\":[{\"external_id\":\"b\","
        "\"name\":\"n\"}]}");
  g_clear_object (&fixture->store);

  fixture->store = car_service_store_open (fixture->path, &error);
  g_assert_no_error (error);
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "1");
  run_all (fixture->store);
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "2");
}

/* A job that meets a full disk was answered for: it waits until there is room. */
static void
test_full_disk (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) members = g_string_new (",\"asset\":[");
  gboolean found;

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (members, "%s{\"external_id\":\"%u\",\"name\":\"n\"}", i > 0 ? "," : "", i);
  g_string_append_c (members, ']');
  g_autofree char *envelope =
      g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1}%s}", members->str);
  post (fixture->store, CAR_SERVICE_JOB_IMPORT, "s", envelope);

  g_autofree char *pages = ask (fixture->store, "PRAGMA page_count");
  g_autofree char *limit = g_strdup_printf ("PRAGMA max_page_count = %s", pages);
  g_autofree char *limited = ask (fixture->store, limit);
  g_assert_cmpstr (limited, ==, pages);
  g_assert_false (car_service_jobs_run_next (fixture->store, &found, &error));
  g_assert_error (error, CAR_SERVICE_ERROR, 507);
  assert_answer (fixture->store, "SELECT status FROM job", CAR_SERVICE_JOB_RUNNING);
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "0");

  g_autofree char *unlimited = ask (fixture->store, "PRAGMA max_page_count = 1000000");
  g_assert_cmpstr (unlimited, ==, "1000000");
  run_all (fixture->store);
  assert_answer (fixture->store, "SELECT status FROM job", CAR_SERVICE_JOB_COMPLETE);
  assert_answer (fixture->store, "SELECT count(*) FROM vertex", "2000");
}

/* A reader sees what was committed, and cannot write. */
static void
test_reader (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarServiceStore) reader = car_service_store_open_another (fixture->store, &error);

  g_assert_no_error (error);
  import_members (fixture->store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  assert_answer (reader, "SELECT count(*) FROM vertex", "1");
  g_assert_false (car_service_store_run (reader, &error, "DELETE FROM vertex", ""));
  g_assert_error (error, CAR_SERVICE_ERROR, 500);
}

int
main (int argc, char **argv)
{
  const struct
  {
    const char *name;
    void (*func) (Fixture *fixture, gconstpointer user_data);
  } tests[] = {
    { "/service/store/versions", test_versions },
    { "/service/store/spellings", test_spellings },
    { "/service/store/twice-in-one-job", test_twice_in_one_job },
    { "/service/store/edges", test_edges },
    { "/service/store/bare-keys", test_bare_keys },
    { "/service/store/refused", test_refused },
    { "/service/store/not-kept", test_not_kept },
    { "/service/store/edge-of-another-source", test_edge_of_another_source },
    { "/service/store/odd-source", test_odd_source },
    { "/service/store/unknown-collection", test_unknown_collection },
    { "/service/store/tags", test_tags },
    { "/service/store/full-import", test_full_import },
    { "/service/store/retention", test_retention },
    { "/service/store/retention/steps", test_retention_steps },
    { "/service/store/retention/moment", test_retention_moment },
    { "/service/store/retention/fits", test_retention_fits },
    { "/service/store/retention/pages", test_pages },
    { "/service/store/connecting-id", test_connecting_id },
    { "/service/store/special-addresses", test_special_addresses },
    { "/service/store/users", test_users },
    { "/service/store/clock", test_clock },
    { "/service/store/clock-and-jobs", test_clock_and_jobs },
    { "/service/store/foreign-files", test_foreign_files },
    { "/service/store/reopened", test_reopened },
    { "/service/store/full-disk", test_full_disk },
    { "/service/store/reader", test_reader },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
  g_test_add_func ("/service/store/retention/parse", test_retention_parse);

  return g_test_run ();
}
