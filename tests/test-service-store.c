/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-retention.h"
#include "service/store/car-service-reader.h"
#include "service/store/sql/car-service-extensions.h"
#include "service/store/sql/car-service-job-status.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sessions.h"
#include "service/store/sql/car-service-sources.h"
#include "service/store/sql/car-service-sql.h"
#include "service/store/sql/car-service-tags.h"
#include "service/store/sqlite/car-sqlite-room.h"
#include "test-database.h"

#define ALL 10000

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
  fixture->path = test_database_new ();
  if (fixture->path == NULL)
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

/* Of what only SQLite has: its files. */
static gboolean
is_sqlite (const Fixture *fixture)
{
  const gboolean is = !g_str_has_prefix (fixture->path, "postgresql:");

  if (!is)
    g_test_skip ("This is about files of SQLite");
  return is;
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
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (car_service_jobs_run (store, NULL, &more, &error));
      g_assert_no_error (error);
    }
}

/* What is wanted of each row, its columns by their digits, and a comma between rows. */
static char *
write_rows (CarServiceRow *rows, const char *columns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  guint n = 0;

  g_assert_nonnull (rows);
  while (car_service_row_next (rows, &error))
    {
      g_string_append (out, n++ > 0 ? "," : "");
      for (const char *c = columns; *c != '\0'; c++)
        {
          const char *text = car_service_row_get_text (rows, *c - '0');
          g_string_append_printf (out, "%s%s", c > columns ? " " : "", text != NULL ? text : "");
        }
    }
  g_assert_no_error (error);

  return g_strdup (out->str);
}

#define assert_rows(rows, columns, expected)                                                                 \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *written_ = write_rows (rows, columns);                                                  \
    g_assert_cmpstr (written_, ==, expected);                                                                \
  }                                                                                                          \
  G_STMT_END

/* How many objects hold, by source and collection. */
#define assert_counts(store, expected)                                                                       \
  assert_rows (car_service_sources_list_counts (store, NULL, NULL), "012", expected)

/* What an asset named "a" of the source "s" was, the last first. */
#define assert_bodies(store, expected)                                                                       \
  assert_rows (car_service_store_list_versions (store, "asset", "s/a", ALL, NULL), "3", expected)

static guint
count_rows (CarServiceRow *rows)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (car_service_row_next (rows, &error))
    n++;
  g_assert_no_error (error);

  return n;
}

typedef struct
{
  gint64 now;
  gint64 history;
} Versions;

/* Of all vertices, or of all edges. */
static Versions
count_versions (CarServiceStore *store, gboolean of_edges)
{
  g_autoptr (GError) error = NULL;
  Versions versions = { 0 };
  CarServiceRow *rows = car_service_store_list_usage (store, &error);

  while (rows != NULL && car_service_row_next (rows, &error))
    if ((strchr (car_service_row_get_text (rows, 1), '_') != NULL) == of_edges)
      *(car_service_row_get_integer (rows, 2) != 0 ? &versions.now : &versions.history) +=
          car_service_row_get_integer (rows, 3);
  g_assert_no_error (error);

  return versions;
}

static void
assert_versions (CarServiceStore *store, gboolean of_edges, gint64 now, gint64 history)
{
  Versions versions = count_versions (store, of_edges);

  g_assert_cmpint (versions.now, ==, now);
  g_assert_cmpint (versions.history, ==, history);
}

static CarServiceRow *
find_job (CarServiceStore *store, gint64 id)
{
  g_autoptr (GError) error = NULL;
  CarServiceRow *row;

  g_assert_true (car_service_job_status_find (store, id, &row, &error));
  g_assert_no_error (error);

  return row;
}

/* `warnings` is a pattern of them; NULL: none. */
static void
assert_complete (CarServiceStore *store, gint64 job, const char *warnings)
{
  CarServiceRow *row = find_job (store, job);

  g_assert_nonnull (row);
  g_assert_cmpstr (car_service_row_get_text (row, 0), ==, CAR_SERVICE_JOB_COMPLETE);
  if (warnings == NULL)
    g_assert_null (car_service_row_get_text (row, 3));
  else
    g_assert_true (g_pattern_match_simple (warnings, car_service_row_get_text (row, 3)));
  car_service_row_end (row);
}

static void
assert_failed (CarServiceStore *store, gint64 job, gint64 status, const char *message)
{
  CarServiceRow *row = find_job (store, job);

  g_assert_nonnull (row);
  g_assert_cmpstr (car_service_row_get_text (row, 0), ==, CAR_SERVICE_JOB_ERROR);
  g_test_message ("%s", car_service_row_get_text (row, 1));
  g_assert_true (g_pattern_match_simple (message, car_service_row_get_text (row, 1)));
  g_assert_cmpint (car_service_row_get_integer (row, 2), ==, status);
  car_service_row_end (row);
}

#define ASSETS(assets)                                                                                       \
  "{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1},\"asset\":[" assets "]}"

static gint64
import_members (CarServiceStore *store, const char *source, const char *members)
{
  g_autofree char *envelope = g_strdup_printf (
      "{\"source\":{\"_key\":\"%s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1700000000000.5}%s}", source,
      members);
  gint64 job = post (store, CAR_SERVICE_JOB_IMPORT, source, envelope);

  run_all (store);
  return job;
}

static void
test_versions (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}]");
  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}]");
  assert_rows (car_service_store_list_versions (store, "asset", "s/a", ALL, NULL), "23",
               "1700000000000 {\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}");

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"m\"}]");
  assert_bodies (store, "{\"external_id\":\"a\",\"name\":\"m\"},"
                        "{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50}");

  /* One ends where the next begins. */
  CarServiceRow *rows = car_service_store_list_versions (store, "asset", "s/a", ALL, NULL);
  g_assert_true (car_service_row_next (rows, NULL));
  gint64 begin = car_service_row_get_integer (rows, 0);
  g_assert_cmpint (car_service_row_get_integer (rows, 1), ==, CAR_SERVICE_STORE_OPEN);
  g_assert_true (car_service_row_next (rows, NULL));
  g_assert_cmpint (car_service_row_get_integer (rows, 0), <, begin);
  g_assert_cmpint (car_service_row_get_integer (rows, 1), ==, begin);
  g_assert_false (car_service_row_next (rows, NULL));
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
    assert_complete (fixture->store, import_members (fixture->store, "s", same[i]), NULL);
  assert_versions (fixture->store, FALSE, 1, 0);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    import_members (fixture->store, "s", others[i]);
  assert_versions (fixture->store, FALSE, 1, 3);
}

/* The last of those that one envelope brings is the one: nobody could have seen the others. */
static void
test_twice_in_one_job (Fixture *fixture, gconstpointer user_data)
{
  import_members (
      fixture->store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"1\"},{\"external_id\":\"a\",\"name\":\"2\"}]");
  assert_bodies (fixture->store, "{\"external_id\":\"a\",\"name\":\"2\"}");
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
  assert_rows (car_service_store_list_related (store, "asset", "s/a/1", TRUE, ALL, NULL), "012345",
               "asset_ipaddress ipaddress s s/0/fe80::1 s/a/1 s/0/fe80::1");
  assert_rows (car_service_store_list_related (store, "ipaddress", "s/0/fe80::1", FALSE, ALL, NULL), "012345",
               "asset_ipaddress asset s s/a/1 s/a/1 s/0/fe80::1");

  /* What the framework adds to every edge of a run makes no new version. */
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"source\":\"s\",\"report\":\"2\",\"active\":true,\"timestamp\":2}]");
  assert_versions (store, TRUE, 1, 0);

  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"active\":false}]");
  /* It is closed, and opens anew. */
  assert_versions (store, TRUE, 0, 1);
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/0/fe80::1\"}]");
  assert_versions (store, TRUE, 1, 1);
  assert_rows (car_service_store_find_edges (store, "asset_ipaddress", "s", "a/1", "0/fe80::1", FALSE, NULL),
               "01", " {}");

  /* Another external_id, another edge. */
  import_members (store, "s",
                  ",\"asset_ipaddress\":[{\"_from\":\"asset/a/1\",\"_to\":\"ipaddress/fe80::1\","
                  "\"external_id\":\"e\"}]");
  assert_rows (car_service_store_find_edges (store, "asset_ipaddress", "s", "a/1", "0/fe80::1", FALSE, NULL),
               "0", ",e");
}

/* Nothing that holds ends in what does not. */
static void
test_edges_of_closed (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  gint64 now;

  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"},{\"external_id\":\"b\",\"name\":\"n\"}],"
      "\"hostname\":[{\"_key\":\"h\"}],"
      "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"},"
      "{\"_from_external_id\":\"b\",\"_to\":\"hostname/h\"}]");
  assert_counts (store, "s asset 2,s asset_hostname 2,s hostname 1");

  g_assert_true (car_service_store_begin (store, NULL));
  g_assert_true (car_service_store_tick (store, &now, NULL));
  g_assert_true (car_service_store_delete_vertex (store, "s", "asset", "a", now, NULL));
  g_assert_true (car_service_store_delete_vertex (store, "s", "asset", "none", now, NULL));
  g_assert_true (car_service_store_commit (store, NULL));
  assert_counts (store, "s asset 1,s asset_hostname 1,s hostname 1");
  assert_rows (car_service_store_list_related (store, "hostname", "s/h", FALSE, ALL, NULL), "3", "s/b");
  assert_rows (car_service_store_find_edges (store, "asset_hostname", "s", "a", "h", FALSE, NULL), "0", "");
  assert_rows (car_service_store_find_edges (store, "asset_hostname", "s", "a", "h", TRUE, NULL), "01",
               " {}");

  /* What was there before is seen at that moment. */
  assert_rows (car_service_store_list_neighbours (store, "hostname", "s/h", now - 1, "asset_hostname", FALSE,
                                                  ALL, 0, NULL),
               "01", "asset s/a,asset s/b");
  assert_rows (car_service_store_list_kinds (store, "hostname", "s/h", now - 1, NULL), "0123",
               "asset_hostname asset 0 2");
  assert_rows (car_service_store_list_kinds (store, "hostname", "s/h", CAR_SERVICE_STORE_NOW, NULL), "0123",
               "asset_hostname asset 0 1");
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
      assert_complete (store, import_members (store, "s", members), NULL);
      g_assert_cmpuint (count_rows (car_service_store_find_edges (store, "asset_hostname", "s", "a/1",
                                                                  cases[i].key, FALSE, NULL)),
                        ==, 1);
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
    assert_failed (fixture->store, import_members (fixture->store, "s", cases[i].members), 422,
                   cases[i].message);
  /* All of a page or nothing. */
  assert_counts (fixture->store, "");
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
      gint64 job = import_members (fixture->store, "s", members);
      g_test_assert_expected_messages ();
      assert_complete (fixture->store, job, "*\"count\":1*");
    }
  assert_counts (fixture->store, "s application 5");
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
  assert_counts (fixture->store, "s asset 1,s asset_ipaddress 1,s ipaddress 1");
}

/* Names of the odd signs that the import schema's pattern for sources allows, and of one that it does not. */
static void
test_odd_source (Fixture *fixture, gconstpointer user_data)
{
  import_members (fixture->store, "a@b=c%,+$*'", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  assert_rows (car_service_store_find_named (fixture->store, "asset", NULL, "a", FALSE, ALL, NULL), "01",
               "a@b=c%,+$*' a@b=c%,+$*'/a");
  assert_failed (
      fixture->store,
      import_members (fixture->store, "a b", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"), 422,
      "*source*");
}

static void
test_unknown_collection (Fixture *fixture, gconstpointer user_data)
{
  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "*dragon*left out*extension*");
  gint64 job = import_members (fixture->store, "s", ",\"dragon\":[{\"external_id\":\"a\"}]");
  g_test_assert_expected_messages ();
  assert_complete (fixture->store, job, "*dragon*");
  assert_counts (fixture->store, "");
}

#define assert_tags(store, expected)                                                                         \
  assert_rows (car_service_tags_list (store, "asset", "s/a", CAR_SERVICE_STORE_NOW, NULL), "0", expected)

static void
test_tags (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "s",
                  ",\"asset\":[{\"external_id\":\"a\",\"tag\":[\"x\",\"y\",\"x\"],\"name\":\"n\"}]");
  assert_tags (store, "x,y");
  assert_bodies (store, "{\"external_id\":\"a\",\"name\":\"n\"}");
  import_members (store, "s",
                  ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"untag\":[\"x\",\"none\"]}]");
  assert_tags (store, "y");
  assert_versions (store, FALSE, 1, 0);

  /* A full import that does not bring the vertex closes its tags too. */
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);
  assert_tags (store, "");
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
  g_assert_true (car_service_sessions_begin (store, "s", "2", NULL));
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  post (store, CAR_SERVICE_JOB_IMPORT, "s",
        "{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"2\",\"timestamp\":1800000000000},"
        "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\"}],"
        "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"}]}");
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);

  assert_counts (store, "other asset 1,s asset 1,s asset_hostname 1,s hostname 1");
  assert_rows (car_service_store_list_related (store, "hostname", "s/h", FALSE, ALL, NULL), "3", "s/a");
  assert_versions (store, FALSE, 3, 1);

  /* What is as it was is reported anew all the same. */
  assert_rows (car_service_store_find_named (store, "asset", NULL, "a", FALSE, ALL, NULL), "03",
               "other 1700000000000,s 1800000000000");
  assert_rows (car_service_store_find_edges (store, "asset_hostname", "s", "a", "h", FALSE, NULL), "2",
               "1800000000000");
}

/* One value from the first row of a phase. */
static char *
list_changes (CarServiceStore *store, gint64 from, gint64 phase)
{
  const CarServiceSpan span = { from, CAR_SERVICE_STORE_NOW, NULL };
  const CarServicePlace place = { .phase = phase };

  return write_rows (car_service_store_list_changes (store, &span, &place, ALL, NULL), "2345");
}

#define assert_changes(store, from, phase, expected)                                                         \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *changes_ = list_changes (store, from, phase);                                           \
    g_assert_cmpstr (changes_, ==, expected);                                                                \
  }                                                                                                          \
  G_STMT_END

static gint64
get_time (CarServiceStore *store)
{
  CarServiceRow *row = car_service_sources_get_span (store, NULL);

  g_assert_true (car_service_row_next (row, NULL));
  gint64 time = car_service_row_get_integer (row, 1);
  car_service_row_end (row);

  return time;
}

#define MACHINE(name)                                                                                        \
  ",\"asset\":[{\"external_id\":\"a\",\"name\":\"" name "\"}],\"hostname\":[{\"_key\":\"h\"}],"              \
  "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"h\"}]"

/* An object that was closed and came again is the same one to whoever looks at both moments. */
static void
test_changes (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  gint64 now;

  import_members (store, "s", MACHINE ("1"));
  gint64 before = get_time (store);
  assert_changes (store, 0, 0, "asset s s/a ,hostname s s/h ");
  assert_changes (store, 0, 1, "");
  assert_changes (store, 0, 2, "asset_hostname s s/a s/h");
  assert_changes (store, 0, 3, "");

  g_assert_true (car_service_store_begin (store, NULL));
  g_assert_true (car_service_store_tick (store, &now, NULL));
  g_assert_true (car_service_store_delete_vertex (store, "s", "asset", "a", now, NULL));
  g_assert_true (car_service_store_commit (store, NULL));
  assert_changes (store, before, 0, "");
  assert_changes (store, before, 1, "asset s s/a ");
  assert_changes (store, before, 2, "");
  assert_changes (store, before, 3, "asset_hostname s s/a s/h");
  CarServiceSpan span = { before, CAR_SERVICE_STORE_NOW, NULL };
  assert_rows (car_service_store_count_changes (store, &span, NULL), "01234",
               "s asset 0 0 1,s asset_hostname 0 0 1");

  import_members (store, "s", MACHINE ("2"));
  g_autofree char *source = g_strdup ("s");
  span.source = source;
  assert_rows (car_service_store_count_changes (store, &span, NULL), "01234", "s asset 0 1 0");
  assert_changes (store, before, 0, "");
  assert_changes (store, before, 1, "asset s s/a ");
  assert_changes (store, before, 2, "");
  assert_changes (store, now, 0, "asset s s/a ");
  assert_changes (store, now, 1, "");
  assert_changes (store, now, 2, "asset_hostname s s/a s/h");
  assert_changes (store, now, 3, "");
}

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
/* What another run sends while a full import is under way is newer than what that leaves out. */
static void
test_sent_meanwhile (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"},{\"external_id\":\"b\",\"name\":\"n\"}]");
  g_assert_true (car_service_sessions_begin (store, "s", "2", NULL));
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"b\",\"name\":\"n\"},{\"external_id\":\"c\",\"name\":\"n\"}]");
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);
  assert_rows (car_service_store_find_named (store, "asset", "s", "a", FALSE, ALL, NULL), "1", "");
  assert_rows (car_service_store_find_named (store, "asset", "s", "b", FALSE, ALL, NULL), "1", "s/b");
  assert_rows (car_service_store_find_named (store, "asset", "s", "c", FALSE, ALL, NULL), "1", "s/c");

  /* An end without a beginning closes nothing. */
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);
  assert_counts (store, "s asset 2");
}

static void
test_retention (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  make_history (store);
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 1);
  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, 1e9);
  assert_versions (store, FALSE, 2, 3);
  assert_versions (store, TRUE, 1, 3);

  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, 0);
  assert_versions (store, FALSE, 2, 0);
  assert_versions (store, TRUE, 1, 0);
  assert_bodies (store, "{\"external_id\":\"a\",\"name\":\"3\"}");

  make_history (store);
  g_usleep (50 * 1000); /* the store's clock may be ahead */
  apply_retention (store, CAR_SERVICE_RETENTION_TIME, 0);
  assert_versions (store, FALSE, 2, 0);
  assert_versions (store, TRUE, 1, 0);
}

static gint64
forget (CarServiceStore *store, gint64 before, gint64 n)
{
  g_autoptr (GError) error = NULL;
  gint64 forgotten;

  g_assert_true (car_service_store_begin (store, &error));
  g_assert_true (car_service_store_forget (store, before, n, &forgotten, &error));
  g_assert_true (car_service_store_commit (store, &error));
  g_assert_no_error (error);

  return forgotten;
}

/* What is oldest goes first, of whichever kind. Four imports make three versions of a vertex and of an edge that are closed, and
 * close two tags. */
static void
test_forget (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  make_history (store);
  CarServiceRow *rows = car_service_store_list_versions (store, "asset", "s/a", ALL, NULL);
  g_assert_true (car_service_row_next (rows, NULL));
  g_assert_true (car_service_row_next (rows, NULL));
  g_assert_true (car_service_row_next (rows, NULL));
  gint64 second = car_service_row_get_integer (rows, 1);
  car_service_row_end (rows);

  /* The first versions, and the tag that was closed with them. */
  g_assert_cmpint (forget (store, second, ALL), ==, 3);
  assert_versions (store, FALSE, 2, 2);
  assert_versions (store, TRUE, 1, 2);
  g_assert_cmpint (forget (store, second, ALL), ==, 0);
  g_assert_cmpint (forget (store, CAR_SERVICE_STORE_OPEN, 2), ==, 2);
  assert_versions (store, FALSE, 2, 1);
  assert_versions (store, TRUE, 1, 1);
  g_assert_cmpint (forget (store, CAR_SERVICE_STORE_OPEN, ALL), ==, 3);
  assert_versions (store, FALSE, 2, 0);
  assert_versions (store, TRUE, 1, 0);
}

/* A full import closes all that it did not bring at one moment. */
static void
test_forget_moment (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (store, "s", MACHINE ("n"));
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  run_all (store);
  for (gint64 left = 3; left > 0; left--)
    {
      g_assert_cmpint (count_versions (store, FALSE).history + count_versions (store, TRUE).history, ==,
                       left);
      g_assert_cmpint (forget (store, CAR_SERVICE_STORE_OPEN, 1), ==, 1);
    }
  g_assert_cmpint (forget (store, CAR_SERVICE_STORE_OPEN, 1), ==, 0);
}

/* In bytes. */
static gint64
get_size (CarServiceStore *store)
{
  CarServicePages pages;

  g_assert_true (car_service_store_read_pages (store, &pages, NULL));
  return (pages.all - pages.free) * pages.size;
}

/* History that fits is kept. */
static void
test_retention_fits (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  g_autofree char *filler = g_strnfill (1000, 'x');

  import_members (store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  gint64 empty = get_size (store);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *members =
          g_strdup_printf (",\"asset\":[{\"external_id\":\"a\",\"name\":\"%u%s\"}]", i, filler);
      import_members (store, "s", members);
    }
  gint64 limit = empty + (get_size (store) - empty) / 2;

  apply_retention (store, CAR_SERVICE_RETENTION_DISK_USAGE, (double) limit);
  g_assert_cmpint (get_size (store), <=, limit);
  g_assert_cmpint (count_versions (store, FALSE).history, >, 100);
}

static void
import_many (CarServiceStore *store, guint n, guint length)
{
  g_autoptr (GString) members = g_string_new (",\"asset\":[");
  g_autofree char *filler = g_strnfill (length, 'x');

  for (guint i = 0; i < n; i++)
    g_string_append_printf (members, "%s{\"external_id\":\"%u\",\"name\":\"%s\"}", i > 0 ? "," : "", i,
                            filler);
  g_string_append_c (members, ']');
  import_members (store, "s", members->str);
}

/* As a step of forgetting. */
static void
test_pages (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  gboolean more = TRUE;

  import_many (store, 2000, 3000);
  g_assert_true (car_service_store_begin (store, NULL));
  g_assert_true (car_service_store_clear (store, NULL));
  g_assert_true (car_service_store_commit (store, NULL));
  assert_counts (store, "");
  for (CarServicePages before, after; more;)
    {
      g_assert_true (car_service_store_read_pages (store, &before, NULL));
      g_assert_true (car_service_store_begin (store, NULL));
      g_assert_true (car_service_store_give_back (store, &more, NULL));
      g_assert_true (car_service_store_commit (store, NULL));
      g_assert_true (car_service_store_read_pages (store, &after, NULL));
      g_assert_cmpint (before.free - after.free, ==, MIN (before.free, CAR_SQLITE_PAGES_AT_ONCE));
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

/* The vertices of a collection, by source and id, and what connects each. */
static GPtrArray *
list_connecting (CarServiceStore *store, const char *collection)
{
  g_autofree char *written =
      write_rows (car_service_store_find_vertices (store, collection, "[]", ALL, NULL), "1");
  g_auto (GStrv) ids = g_strsplit (written, ",", -1);
  GPtrArray *connecting = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ids[i] != NULL; i++)
    g_ptr_array_add (connecting, write_rows (car_service_store_get_vertex (store, collection, ids[i],
                                                                           CAR_SERVICE_STORE_NOW, NULL),
                                             "14"));

  return connecting;
}

/* How many things a collection's vertices are. */
static void
assert_things (CarServiceStore *store, const char *collection, guint n)
{
  g_autoptr (GPtrArray) connecting = list_connecting (store, collection);
  g_autoptr (GHashTable) things = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < connecting->len; i++)
    g_hash_table_add (things, strchr (connecting->pdata[i], ' '));
  g_assert_cmpuint (g_hash_table_size (things), ==, n);
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
  assert_things (store, "hostname", 1);
  assert_things (store, "asset", 2);
  assert_things (store, "ipaddress", 2);
  assert_things (store, "macaddress", 1);

  /* An address of another region is another one. */
  import_members (store, "s2", ",\"ipaddress\":[{\"_key\":\"10.0.0.1\",\"region_id\":\"lab\"}]");
  assert_things (store, "ipaddress", 3);
  assert_rows (car_service_store_find_named (store, "ipaddress", NULL, "lab/10.0.0.1", FALSE, ALL, NULL), "1",
               "s2/lab/10.0.0.1");

  /* The import schema demands no _key of a hostname. */
  import_members (store, "s3", ",\"hostname\":[{\"host_name\":\"host.example\"}]");
  assert_rows (car_service_store_find_named (store, "hostname", NULL, "s3/host.example", TRUE, ALL, NULL),
               "01", "s3 s3/host.example");
  assert_things (store, "hostname", 1);
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
  assert_things (fixture->store, "ipaddress", 10);
  assert_things (fixture->store, "macaddress", 4);
}

#define USER(id) "{\"external_id\":\"" id "\"}"
#define ACCOUNT(id, name) "{\"external_id\":\"" id "\",\"name\":\"" name "\"}"
#define USES(user, account) "{\"_from_external_id\":\"" user "\",\"_to_external_id\":\"" account "\"}"

static void
assert_users (CarServiceStore *store, const char *groups)
{
  g_autoptr (GPtrArray) users = list_connecting (store, "user");

  g_ptr_array_add (users, NULL);
  g_autofree char *written = g_strjoinv (",", (char **) users->pdata);
  g_assert_cmpstr (written, ==, groups);
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
  assert_things (store, "account", 2);
  assert_users (store, "s1/u1 s1/u1,s1/u2 s1/u2,s2/v1 s1/u1,s2/v2 s1/u1");

  /* Once one account of the name is shared, the name joins nobody. */
  import_members (store, "s1", ",\"user_account\":[" USES ("u2", "a2") "]");
  assert_users (store, "s1/u1 s1/u1,s1/u2 s1/u2,s2/v1 s1/u1,s2/v2 s2/v2");
  import_members (
      store, "s1",
      ",\"user_account\":[{\"_from_external_id\":\"u2\",\"_to_external_id\":\"a2\",\"active\":false}]");
  assert_users (store, "s1/u1 s1/u1,s1/u2 s1/u2,s2/v1 s1/u1,s2/v2 s1/u1");

  /* Another name, another account. */
  import_members (store, "s1", ",\"account\":[" ACCOUNT ("a1", "bob") "]");
  assert_users (store, "s1/u1 s1/u1,s1/u2 s1/u2,s2/v1 s2/v1,s2/v2 s1/u1");
  import_members (store, "s2", ",\"account\":[" ACCOUNT ("b1", "bob") "]");
  assert_users (store, "s1/u1 s1/u1,s1/u2 s1/u2,s2/v1 s1/u1,s2/v2 s1/u1");

  /* What a full import leaves out joins nothing any more. */
  post (store, CAR_SERVICE_JOB_BEGIN, "s1", NULL);
  post (store, CAR_SERVICE_JOB_END, "s1", NULL);
  run_all (store);
  assert_users (store, "s2/v1 s2/v1,s2/v2 s2/v2");
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

  g_assert_true (car_service_store_begin (store, NULL));
  for (guint i = 1; i < 2048; i++)
    g_assert_cmpint (post (store, CAR_SERVICE_JOB_INDICES, NULL, NULL), ==, i);
  g_assert_true (
      car_service_store_run (store, NULL, "UPDATE job SET created_at = 1, status = 'COMPLETE'", ""));
  g_assert_true (car_service_store_commit (store, NULL));
  post (store, CAR_SERVICE_JOB_INDICES, NULL, NULL);
  g_assert_null (find_job (store, 1024));
  assert_complete (store, 1025, NULL);
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
  if (!is_sqlite (fixture))
    return;

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
  assert_counts (fixture->store, "s asset 1");
  run_all (fixture->store);
  assert_counts (fixture->store, "s asset 2");
}

/* What a pragma that gives a number says; SQLite's alone. */
static gint64
ask_pragma (CarServiceStore *store, const char *pragma)
{
  CarServiceRow *row = car_service_store_get (store, NULL, g_intern_string (pragma), "");

  g_assert_nonnull (row);
  gint64 number = car_service_row_get_integer (row, 0);
  car_service_row_end (row);

  return number;
}

/* A job that meets a full disk was answered for: it waits until there is room. */
static void
test_full_disk (Fixture *fixture, gconstpointer user_data)
{
  if (!is_sqlite (fixture))
    return;

  g_autoptr (GError) error = NULL;
  g_autoptr (GString) members = g_string_new (",\"asset\":[");
  gboolean more;

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (members, "%s{\"external_id\":\"%u\",\"name\":\"n\"}", i > 0 ? "," : "", i);
  g_string_append_c (members, ']');
  g_autofree char *envelope =
      g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1}%s}", members->str);
  gint64 job = post (fixture->store, CAR_SERVICE_JOB_IMPORT, "s", envelope);

  g_autofree char *limit = g_strdup_printf ("PRAGMA max_page_count = %" G_GINT64_FORMAT,
                                            ask_pragma (fixture->store, "PRAGMA page_count"));
  ask_pragma (fixture->store, limit);
  g_assert_false (car_service_jobs_run (fixture->store, NULL, &more, &error));
  g_assert_error (error, CAR_SERVICE_ERROR, 507);
  assert_rows (car_service_job_status_list_waiting (fixture->store, ALL, NULL), "23",
               "s " CAR_SERVICE_JOB_RUNNING);
  assert_counts (fixture->store, "");

  g_assert_cmpint (ask_pragma (fixture->store, "PRAGMA max_page_count = 1000000"), ==, 1000000);
  run_all (fixture->store);
  assert_complete (fixture->store, job, NULL);
  assert_counts (fixture->store, "s asset 2000");
}

/* From now on the database refuses an object of the key "bad". */
static void
refuse_bad (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  if (g_str_has_prefix (fixture->path, "postgresql:"))
    car_service_store_run (fixture->store, &error,
                           "ALTER TABLE vertex ADD CONSTRAINT bad CHECK (key <> 'bad')", "");
  else
    car_service_store_run (fixture->store, &error,
                           "CREATE TRIGGER bad BEFORE INSERT ON vertex WHEN new.node_id = 's/bad'"
                           " BEGIN SELECT RAISE (FAIL, 'this one is bad'); END",
                           "");
  g_assert_no_error (error);
}

/* A job that the database fails in the middle of takes nothing with it, and leaves nothing: those before and behind it, of the same
 * transaction, are done. */
static void
test_failed_among_others (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  gint64 jobs[4];

  refuse_bad (fixture);
  jobs[0] = post (store, CAR_SERVICE_JOB_IMPORT, "s", ASSETS ("{\"external_id\":\"a\",\"name\":\"n\"}"));
  jobs[1] = post (store, CAR_SERVICE_JOB_IMPORT, "s", ASSETS ("7"));
  jobs[2] = post (store, CAR_SERVICE_JOB_IMPORT, "s",
                  ASSETS ("{\"external_id\":\"b\",\"name\":\"n\"},{\"external_id\":\"bad\",\"name\":\"n\"}"));
  jobs[3] = post (store, CAR_SERVICE_JOB_IMPORT, "s", ASSETS ("{\"external_id\":\"c\",\"name\":\"n\"}"));
  /* The second job is run again with the first one. */
  for (guint i = 0; i < 2; i++)
    g_test_expect_message ("car-service", G_LOG_LEVEL_MESSAGE, "Job * (import) was refused with 422");
  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "Job * (import) failed: The database *");
  run_all (store);
  g_test_assert_expected_messages ();

  assert_complete (store, jobs[0], NULL);
  assert_failed (store, jobs[1], 422, "*");
  assert_failed (store, jobs[2], 500, "The database *");
  assert_complete (store, jobs[3], NULL);
  assert_counts (store, "s asset 2");
  assert_rows (car_service_store_find_named (store, "asset", NULL, "b", FALSE, ALL, NULL), "1", "");

  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "*its first end is nowhere*");
  import_members (store, "s",
                  ",\"hostname\":[{\"_key\":\"h\"}],"
                  "\"asset_hostname\":[{\"_from_external_id\":\"b\",\"_to\":\"hostname/h\"}]");
  g_test_assert_expected_messages ();
  assert_counts (store, "s asset 2,s hostname 1");
}

/* What a page that failed had brought was not brought. */
static void
test_failed_page_of_full_import (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;

  import_members (
      store, "s",
      ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"},{\"external_id\":\"b\",\"name\":\"n\"}]");
  refuse_bad (fixture);
  g_assert_true (car_service_sessions_begin (store, "s", "1", NULL));
  post (store, CAR_SERVICE_JOB_BEGIN, "s", NULL);
  run_all (store);
  post (store, CAR_SERVICE_JOB_IMPORT, "s",
        ASSETS ("{\"external_id\":\"a\",\"name\":\"n\"},{\"external_id\":\"bad\",\"name\":\"n\"}"));
  post (store, CAR_SERVICE_JOB_IMPORT, "s", ASSETS ("{\"external_id\":\"b\",\"name\":\"n\"}"));
  post (store, CAR_SERVICE_JOB_END, "s", NULL);
  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "Job * (import) failed: The database *");
  run_all (store);
  g_test_assert_expected_messages ();
  assert_rows (car_service_store_find_vertices (store, "asset", "[]", ALL, NULL), "1", "s/b");
}

/* A page that was read ahead by a model that changed meanwhile is read again. */
static void
test_model_changes (Fixture *fixture, gconstpointer user_data)
{
  CarServiceStore *store = fixture->store;
  g_autoptr (GError) error = NULL;
  g_autoptr (CarServiceStore) another = car_service_store_open_another (store, TRUE, &error);
  gboolean more = TRUE;

  g_assert_no_error (error);
  gint64 job = post (
      store, CAR_SERVICE_JOB_IMPORT, "s",
      "{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1},\"dragon\":[{\"external_id\":\"d\"}]}");
  CarServiceReader *reader = car_service_reader_new (another, &error);
  g_assert_no_error (error);
  g_usleep (200 *
            1000); /* it has read the page by now; where it has not, nothing is tested, and nothing fails */

  g_assert_true (car_service_store_begin (store, &error));
  g_assert_true (
      car_service_extensions_put (store, "x", NULL, "1", "{\"vertices\":[{\"name\":\"dragon\"}]}", &error));
  g_assert_true (car_service_store_note_extensions_changed (store, &error));
  g_assert_true (car_service_store_commit (store, &error));
  while (more)
    g_assert_true (car_service_jobs_run (store, reader, &more, &error));
  car_service_reader_free (reader);
  assert_complete (store, job, NULL);
  assert_counts (store, "s dragon 1");
}

/* An edge to a vertex that was deleted is one to nowhere, also where the vertex was met a moment ago. */
static void
test_edge_of_deleted_vertex (Fixture *fixture, gconstpointer user_data)
{
  static const char edge[] = ",\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"}]";
  CarServiceStore *store = fixture->store;
  g_autoptr (GError) error = NULL;
  gint64 now;

  import_members (store, "s",
                  ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\"}]");
  g_assert_true (car_service_store_begin (store, &error));
  g_assert_true (car_service_store_tick (store, &now, &error));
  g_assert_true (car_service_store_delete_vertex (store, "s", "asset", "a", now, &error));
  g_assert_true (car_service_store_commit (store, &error));
  g_test_expect_message ("car-service", G_LOG_LEVEL_WARNING, "*its first end is nowhere*");
  assert_complete (store, import_members (store, "s", edge), "*its first end is nowhere*");
  g_test_assert_expected_messages ();
  assert_counts (store, "s hostname 1");
}

/* A reader sees what was committed, and cannot write. */
static void
test_reader (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarServiceStore) reader = car_service_store_open_another (fixture->store, TRUE, &error);

  g_assert_no_error (error);
  import_members (fixture->store, "s", ",\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]");
  assert_counts (reader, "s asset 1");
  g_assert_false (car_service_store_run (reader, &error, "DELETE FROM job", ""));
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
    { "/service/store/edges/of-closed", test_edges_of_closed },
    { "/service/store/bare-keys", test_bare_keys },
    { "/service/store/refused", test_refused },
    { "/service/store/not-kept", test_not_kept },
    { "/service/store/edge-of-another-source", test_edge_of_another_source },
    { "/service/store/odd-source", test_odd_source },
    { "/service/store/unknown-collection", test_unknown_collection },
    { "/service/store/tags", test_tags },
    { "/service/store/full-import", test_full_import },
    { "/service/store/sent-meanwhile", test_sent_meanwhile },
    { "/service/store/changes", test_changes },
    { "/service/store/forget", test_forget },
    { "/service/store/forget/moment", test_forget_moment },
    { "/service/store/retention", test_retention },
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
    { "/service/store/failed-among-others", test_failed_among_others },
    { "/service/store/failed-page-of-full-import", test_failed_page_of_full_import },
    { "/service/store/model-changes", test_model_changes },
    { "/service/store/edge-of-deleted-vertex", test_edge_of_deleted_vertex },
    { "/service/store/reader", test_reader },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
  g_test_add_func ("/service/store/retention/parse", test_retention_parse);

  return g_test_run ();
}
