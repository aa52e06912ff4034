/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/car-bundle-private.h>

#define SOURCE "{\"_key\":\"s\"}"
#define REPORT "{\"_key\":\"1.5\"}"
#define HEAD "{\"source\":" SOURCE ",\"report\":" REPORT

typedef struct
{
  char *parent;
  CarBundle *bundle;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->parent = g_dir_make_tmp ("car-test-bundle-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->bundle = car_bundle_new (fixture->parent, GPOINTER_TO_UINT (data), &error);
  g_assert_no_error (error);
  car_bundle_set_envelope (fixture->bundle, SOURCE, REPORT);
}

/* The bundle leaves nothing behind: else the parent could not be removed. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->bundle);
  g_assert_cmpint (g_rmdir (fixture->parent), ==, 0);
  g_free (fixture->parent);
}

static gboolean
add (CarBundle *bundle, CarBundlePart part, const char *collection, const char *object, GError **error)
{
  CarBundleSlot *slot = car_bundle_get_slot (bundle, part, collection);
  gsize begin = car_bundle_begin (slot);

  g_string_append (slot->text, object);
  return car_bundle_commit (bundle, slot, begin, error);
}

static void
assert_added (CarBundle *bundle, CarBundlePart part, const char *collection, const char *object)
{
  g_autoptr (GError) error = NULL;

  add (bundle, part, collection, object, &error);
  g_assert_no_error (error);
}

static void
assert_page (CarBundle *bundle, CarBundlePart part, guint page, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = car_bundle_load_page (bundle, part, page, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
assert_flushed (CarBundle *bundle, CarBundlePart part)
{
  g_autoptr (GError) error = NULL;

  car_bundle_flush (bundle, part, &error);
  g_assert_no_error (error);
}

static void
test_pages (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":1}");
  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", "{\"e\":1}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", "{\"u\":1}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":2}");
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 1);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_EDGES), ==, 0);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", "{\"u\":2}");

  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 2);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_EDGES), ==, 1);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":1},{\"a\":2}],\"user\":[{\"u\":1}]}");
  assert_page (bundle, CAR_BUNDLE_VERTICES, 1, HEAD ",\"user\":[{\"u\":2}]}");
  assert_page (bundle, CAR_BUNDLE_EDGES, 0, HEAD ",\"asset_user\":[{\"e\":1}]}");

  g_autoptr (GBytes) report = car_bundle_get_report_envelope (bundle);
  g_assert_cmpmem (g_bytes_get_data (report, NULL), g_bytes_get_size (report), HEAD "}", strlen (HEAD "}"));

  guint64 bytes = 0;
  g_autoptr (GBytes) page = car_bundle_load_page (bundle, CAR_BUNDLE_VERTICES, 0, NULL);
  bytes += g_bytes_get_size (page);
  g_autoptr (GBytes) second = car_bundle_load_page (bundle, CAR_BUNDLE_VERTICES, 1, NULL);
  bytes += g_bytes_get_size (second);
  g_autoptr (GBytes) edges = car_bundle_load_page (bundle, CAR_BUNDLE_EDGES, 0, NULL);
  bytes += g_bytes_get_size (edges);
  g_assert_cmpuint (car_bundle_get_n_bytes (bundle), ==, bytes);
}

static void
test_roll_back (Fixture *fixture, gconstpointer data)
{
  CarBundleSlot *slot = car_bundle_get_slot (fixture->bundle, CAR_BUNDLE_VERTICES, "asset");

  for (guint i = 0; i < 3; i++)
    {
      gsize begin = car_bundle_begin (slot);
      g_string_append (slot->text, "nonsense");
      car_bundle_roll_back (slot, begin);
      assert_added (fixture->bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
    }

  assert_flushed (fixture->bundle, CAR_BUNDLE_VERTICES);
  assert_page (fixture->bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{},{},{}]}");
}

static void
test_page_bytes (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;
  g_autofree char *filler = g_strnfill (200, 'x');
  g_autofree char *large = g_strdup_printf ("{\"large\":\"%s\"}", filler);

  car_bundle_set_max_page_bytes (bundle, 100);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":1}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", large);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":2}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", "{\"u\":1}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", large);
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);

  g_autofree char *page_1 = g_strdup_printf (HEAD ",\"asset\":[%s]}", large);
  g_autofree char *page_3 = g_strdup_printf (HEAD ",\"user\":[%s]}", large);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 4);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":1}]}");
  assert_page (bundle, CAR_BUNDLE_VERTICES, 1, page_1);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 2, HEAD ",\"asset\":[{\"a\":2}],\"user\":[{\"u\":1}]}");
  assert_page (bundle, CAR_BUNDLE_VERTICES, 3, page_3);
}

/* More collections on a page than writev() takes pieces. */
static void
test_many_collections (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) expected = g_string_new (HEAD);

  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);
      assert_added (fixture->bundle, CAR_BUNDLE_VERTICES, name, "{}");
      g_string_append_printf (expected, ",\"%s\":[{}]", name);
    }
  g_string_append_c (expected, '}');

  assert_flushed (fixture->bundle, CAR_BUNDLE_VERTICES);
  assert_page (fixture->bundle, CAR_BUNDLE_VERTICES, 0, expected->str);
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;
  g_autoptr (GError) error = NULL;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":1}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_true (car_bundle_note_posted (bundle, CAR_BUNDLE_VERTICES, 0, "job \"\xff\"\n1", &error));
  g_assert_true (car_bundle_note_done (bundle, CAR_BUNDLE_VERTICES, &error));
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 0);

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":2}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 1);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":2}]}");
  g_assert_true (car_bundle_note_posted (bundle, CAR_BUNDLE_VERTICES, 0, "job-2", &error));

  g_autofree char *path = g_build_filename (car_bundle_get_directory (bundle), "journal", NULL);
  g_autofree char *journal = NULL;
  g_assert_true (g_file_get_contents (path, &journal, NULL, &error));
  g_auto (GStrv) lines = g_strsplit (journal, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 6);
  g_assert_cmpstr (lines[5], ==, "");
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], &error);
      g_assert_no_error (error);
      g_assert_true (JSON_NODE_HOLDS_OBJECT (node));
    }
  g_assert_nonnull (strstr (lines[3], "vertices-000002.json"));
  g_assert_cmpstr (lines[4], ==, "{\"posted\":\"vertices-000002.json\",\"job\":\"job-2\"}");
}

static void
test_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_build_filename (fixture->parent, "made", "here", NULL);
  CarBundle *bundle = car_bundle_new (parent, 0, &error);
  struct stat info;

  g_assert_no_error (error);
  car_bundle_set_envelope (bundle, SOURCE, REPORT);
  g_autofree char *directory = g_strdup (car_bundle_get_directory (bundle));
  g_assert_true (g_str_has_prefix (directory, parent));
  g_assert_cmpint (g_stat (directory, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0700);

  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", "{}");
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  g_autofree char *page = g_build_filename (directory, "edges-000001.json", NULL);
  g_assert_cmpint (g_stat (page, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0600);

  car_bundle_set_keep (bundle, TRUE);
  g_object_unref (bundle);
  g_assert_true (g_file_test (page, G_FILE_TEST_IS_REGULAR));

  /* A second run beside it disturbs nothing. */
  bundle = car_bundle_new (parent, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (car_bundle_get_directory (bundle), !=, directory);
  g_object_unref (bundle);

  g_autofree char *journal = g_build_filename (directory, "journal", NULL);
  g_assert_cmpint (g_unlink (page), ==, 0);
  g_assert_cmpint (g_unlink (journal), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_autofree char *made = g_path_get_dirname (parent);
  g_assert_cmpint (g_rmdir (made), ==, 0);
}

static void
assert_refused (const char *directory, const char *about)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (car_bundle_new (directory, 0, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, directory));
  g_assert_nonnull (strstr (error->message, about));
  g_assert_nonnull (strstr (error->message, "-export-data-dir"));
}

static void
test_unwritable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->parent, "file", NULL);
  g_autofree char *below = g_build_filename (file, "below", NULL);

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  assert_refused (file, "Not a directory");
  assert_refused (below, "Not a directory");
  g_assert_cmpint (g_unlink (file), ==, 0);
}

/* Only root can make a folder that is another user's. */
static void
test_foreign_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *foreign = g_build_filename (fixture->parent, "foreign", NULL);

  if (geteuid () != 0)
    {
      g_test_skip ("not run as root");
      return;
    }

  g_assert_cmpint (g_mkdir (foreign, 0777), ==, 0);
  g_assert_cmpint (chown (foreign, 65534, 65534), ==, 0);
  assert_refused (foreign, "another user");
  g_assert_cmpint (g_rmdir (foreign), ==, 0);
}

/* A disk that takes only so much, as far as a process can play one: files may not grow beyond a limit. */
static void
limit_file_size (rlim_t size)
{
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = size;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;
  g_autofree char *filler = g_strnfill (8000, 'x');
  g_autofree char *object = g_strdup_printf ("{\"a\":\"%s\"}", filler);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  g_autoptr (GError) at_flush = NULL;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);

  /* The page is written in part, then no further. */
  limit_file_size (4096);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", object);
  g_assert_false (car_bundle_flush (bundle, CAR_BUNDLE_VERTICES, &error));
  limit_file_size (RLIM_INFINITY);

  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "vertices-000002.json"));
  g_assert_nonnull (strstr (error->message, "free disk space"));
  g_autofree char *page = g_build_filename (car_bundle_get_directory (bundle), "vertices-000002.json", NULL);
  g_assert_false (g_file_test (page, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 1);

  /* It stays a failure, although there is room again: nobody goes on with a part of the data. */
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  g_assert_false (car_bundle_flush (bundle, CAR_BUNDLE_VERTICES, &again));
  g_assert_cmpstr (again->message, ==, error->message);
  g_assert_false (car_bundle_flush (bundle, CAR_BUNDLE_EDGES, &at_flush));
  g_assert_cmpstr (at_flush->message, ==, error->message);
}

static void
test_page_lost (Fixture *fixture, gconstpointer data)
{
  g_autofree char *page =
      g_build_filename (car_bundle_get_directory (fixture->bundle), "vertices-000001.json", NULL);
  g_autoptr (GError) error = NULL;

  assert_added (fixture->bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  assert_flushed (fixture->bundle, CAR_BUNDLE_VERTICES);
  g_assert_cmpint (g_unlink (page), ==, 0);
  g_assert_null (car_bundle_load_page (fixture->bundle, CAR_BUNDLE_VERTICES, 0, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
}

/* A link that someone laid where the next page goes is not followed. */
static void
test_page_in_the_way (Fixture *fixture, gconstpointer data)
{
  g_autofree char *page =
      g_build_filename (car_bundle_get_directory (fixture->bundle), "vertices-000001.json", NULL);
  g_autofree char *target = g_build_filename (fixture->parent, "target", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink (target, page), ==, 0);
  assert_added (fixture->bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  g_assert_false (car_bundle_flush (fixture->bundle, CAR_BUNDLE_VERTICES, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_unlink (page), ==, 0);
}

static GBytes *
bytes (const char *text)
{
  return g_bytes_new_static (text, strlen (text));
}

static void
assert_split (const char *text, const char *expected_first, const char *expected_second)
{
  g_autoptr (GBytes) page = bytes (text);
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (car_bundle_split_page (page, &first, &second, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first), expected_first,
                   strlen (expected_first));
  g_assert_cmpmem (g_bytes_get_data (second, NULL), g_bytes_get_size (second), expected_second,
                   strlen (expected_second));
}

static void
test_split (void)
{
  assert_split (HEAD ",\"asset\":[{\"a\":1},{\"a\":2}]}", HEAD ",\"asset\":[{\"a\":1}]}",
                HEAD ",\"asset\":[{\"a\":2}]}");
  assert_split (HEAD ",\"asset\":[{\"a\":[1,2]},{\"a\":\"],\"}],\"user\":[{\"u\":1.50}]}",
                HEAD ",\"asset\":[{\"a\":[1,2]}]}",
                HEAD ",\"asset\":[{\"a\":\"],\"}],\"user\":[{\"u\":1.50}]}");
  assert_split (HEAD ",\"asset\":[{\"a\":1}],\"user\":[{\"u\":1}]}", HEAD ",\"asset\":[{\"a\":1}]}",
                HEAD ",\"user\":[{\"u\":1}]}");
}

static void
test_split_refused (void)
{
  const char *single[] = { HEAD ",\"asset\":[{\"a\":1}]}", HEAD "}", HEAD ",\"asset\":[]}" };
  const char *broken[] = { "", "[]", HEAD, HEAD ",\"asset\":[{\"a\":1},{\"a\":2}",
                           HEAD ",\"asset\":[{\"a\":1},{}]}}" };
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (single); i++)
    {
      g_autoptr (GBytes) page = bytes (single[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (car_bundle_split_page (page, &first, &second, &error));
      g_assert_no_error (error);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GBytes) page = bytes (broken[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (car_bundle_split_page (page, &first, &second, &error));
      g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
    }
  g_assert_null (first);
  g_assert_null (second);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, page_size, func)                                                                           \
  g_test_add (path, Fixture, GUINT_TO_POINTER (page_size), set_up, func, tear_down)
  ADD ("/bundle/pages", 3, test_pages);
  ADD ("/bundle/roll-back", 0, test_roll_back);
  ADD ("/bundle/page-bytes", 0, test_page_bytes);
  ADD ("/bundle/many-collections", 0, test_many_collections);
  ADD ("/bundle/done", 0, test_done);
  ADD ("/bundle/folder", 0, test_folder);
  ADD ("/bundle/unwritable", 0, test_unwritable);
  ADD ("/bundle/foreign-folder", 0, test_foreign_folder);
  ADD ("/bundle/disk-full", 0, test_disk_full);
  ADD ("/bundle/page-lost", 0, test_page_lost);
  ADD ("/bundle/page-in-the-way", 0, test_page_in_the_way);
  g_test_add_func ("/bundle/split", test_split);
  g_test_add_func ("/bundle/split-refused", test_split_refused);

  return g_test_run ();
}
