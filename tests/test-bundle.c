/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libcar/car.h>
#include <libcar/staging/car-bundle-private.h>

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
  fixture->bundle = car_bundle_new (fixture->parent, GPOINTER_TO_UINT (data), FALSE, &error);
  g_assert_no_error (error);
  car_bundle_set_envelope (fixture->bundle, SOURCE, REPORT);
}

/* No file of the bundle has a name, all the time that it is there: else its parent could not be removed. */
static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (fixture->parent), ==, 0);
  g_clear_object (&fixture->bundle);
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
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", "{\"u\":2}");
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 0);

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
assert_done (CarBundle *bundle, CarBundlePart part)
{
  g_autoptr (GError) error = NULL;

  car_bundle_note_done (bundle, part, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, part), ==, 0);
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;
  g_autoptr (GError) error = NULL;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":1}");
  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", "{\"e\":1}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  g_assert_true (car_bundle_note_posted (bundle, CAR_BUNDLE_VERTICES, 0, "job-1", &error));
  assert_done (bundle, CAR_BUNDLE_VERTICES);

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":2}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 1);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":2}]}");
  assert_page (bundle, CAR_BUNDLE_EDGES, 0, HEAD ",\"asset_user\":[{\"e\":1}]}");
}

/* What comes while pages are sent is not among them, and is not lost when they are done. */
static void
test_added_while_sent (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = fixture->bundle;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":1}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":2}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":3}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":4}");
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 1);
  assert_done (bundle, CAR_BUNDLE_VERTICES);

  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_VERTICES), ==, 2);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":2},{\"a\":3}]}");
  assert_page (bundle, CAR_BUNDLE_VERTICES, 1, HEAD ",\"asset\":[{\"a\":4}]}");
  assert_done (bundle, CAR_BUNDLE_VERTICES);
}

static CarBundle *
make_kept (const char *parent)
{
  g_autoptr (GError) error = NULL;
  CarBundle *bundle = car_bundle_new (parent, 2, TRUE, &error);

  g_assert_no_error (error);
  car_bundle_set_envelope (bundle, SOURCE, REPORT);
  return bundle;
}

static char *
read_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;
  struct stat info;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_lstat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode, ==, S_IFREG | 0600);
  return text;
}

static void
remove_kept (const char *directory)
{
  const char *const names[] = { "vertices.jsonl", "edges.jsonl", "journal" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (directory, names[i], NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* A page a line, whatever white space its objects came with, and a journal that tells what became of them. */
static void
test_kept (Fixture *fixture, gconstpointer data)
{
  CarBundle *bundle = make_kept (fixture->parent);
  g_autofree char *directory = g_strdup (car_bundle_get_directory (bundle));
  g_autoptr (GError) error = NULL;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\n\"a\":1\r\n}");
  assert_added (bundle, CAR_BUNDLE_VERTICES, "user", "{}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_true (car_bundle_note_posted (bundle, CAR_BUNDLE_VERTICES, 0, "job \"\xff\"\n1", &error));
  assert_done (bundle, CAR_BUNDLE_VERTICES);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{\"a\":\"\\n\"}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{\"a\":\"\\n\"}]}");
  g_assert_true (car_bundle_note_posted (bundle, CAR_BUNDLE_VERTICES, 0, "job-2", &error));
  g_object_unref (bundle);

  const char *first = HEAD ",\"asset\":[{ \"a\":1  }],\"user\":[{}]}",
             *second = HEAD ",\"asset\":[{\"a\":\"\\n\"}]}";
  g_autofree char *lines = g_strdup_printf ("%s\n%s\n", first, second);
  g_autofree char *vertices = read_file (directory, "vertices.jsonl");
  g_autofree char *edges = read_file (directory, "edges.jsonl");
  g_assert_cmpstr (vertices, ==, lines);
  g_assert_cmpstr (edges, ==, "");

  g_autofree char *wanted =
      g_strdup_printf ("{\"staged\":\"vertices\",\"page\":1,\"objects\":2,\"bytes\":%zu}\n"
                       "{\"posted\":\"vertices\",\"page\":1,\"job\":\"job \\\"\uFFFD\\\"\\n1\"}\n"
                       "{\"done\":\"vertices\",\"pages\":1}\n"
                       "{\"staged\":\"vertices\",\"page\":2,\"objects\":1,\"bytes\":%zu}\n"
                       "{\"posted\":\"vertices\",\"page\":2,\"job\":\"job-2\"}\n",
                       strlen (first), strlen (second));
  g_autofree char *journal = read_file (directory, "journal");
  g_assert_cmpstr (journal, ==, wanted);
  remove_kept (directory);
}

static void
test_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *made = g_build_filename (fixture->parent, "made", NULL);
  g_autofree char *parent = g_build_filename (made, "here", NULL);
  CarBundle *bundle = make_kept (parent);
  g_autofree char *directory = g_strdup (car_bundle_get_directory (bundle));
  g_autofree char *begin = g_build_filename (parent, "car-import-", NULL);
  struct stat info;

  g_assert_true (g_str_has_prefix (directory, begin));
  g_assert_cmpint (g_lstat (directory, &info), ==, 0);
  g_assert_cmpuint (info.st_mode, ==, S_IFDIR | 0700);

  /* A second run beside it disturbs nothing. */
  CarBundle *beside = make_kept (parent);
  g_autofree char *second = g_strdup (car_bundle_get_directory (beside));
  g_assert_cmpstr (second, !=, directory);
  g_object_unref (beside);
  g_object_unref (bundle);

  g_assert_null (car_bundle_get_directory (fixture->bundle));
  remove_kept (directory);
  remove_kept (second);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_assert_cmpint (g_rmdir (made), ==, 0);
}

static void
assert_refused (const char *directory, const char *about)
{
  for (gboolean keep = FALSE; keep <= TRUE; keep++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (car_bundle_new (directory, 0, keep, &error));
      g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
      g_assert_nonnull (strstr (error->message, directory));
      g_assert_nonnull (strstr (error->message, about));
      g_assert_nonnull (strstr (error->message, "-export-data-dir"));
    }
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
assert_no_room (CarBundle *bundle, const char *object, const char *about, const char *where)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  g_autoptr (GError) at_flush = NULL;

  if (add (bundle, CAR_BUNDLE_EDGES, "asset_user", object, &error))
    car_bundle_flush (bundle, CAR_BUNDLE_EDGES, &error);
  limit_file_size (RLIM_INFINITY);
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, about));
  g_assert_nonnull (strstr (error->message, where));
  g_assert_nonnull (strstr (error->message, "free disk space"));

  /* It stays a failure, although there may be room again: nobody goes on with a part of the data. */
  g_assert_false (car_bundle_flush (bundle, CAR_BUNDLE_EDGES, &again));
  g_assert_cmpstr (again->message, ==, error->message);
  g_assert_false (car_bundle_flush (bundle, CAR_BUNDLE_VERTICES, &at_flush));
  g_assert_cmpstr (at_flush->message, ==, error->message);
}

/* The page is written in part, then no further. */
static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (8000, 'x');
  g_autofree char *object = g_strdup_printf ("{\"a\":\"%s\"}", filler);

  assert_added (fixture->bundle, CAR_BUNDLE_EDGES, "asset_user", "{}");
  assert_flushed (fixture->bundle, CAR_BUNDLE_EDGES);
  limit_file_size (4096);
  assert_no_room (fixture->bundle, object, "File too large", fixture->parent);
  g_assert_cmpuint (car_bundle_get_n_pages (fixture->bundle, CAR_BUNDLE_EDGES), ==, 1);
  assert_page (fixture->bundle, CAR_BUNDLE_EDGES, 0, HEAD ",\"asset_user\":[{}]}");
}

/* Nor is there half a page in what is kept. */
static void
test_disk_full_kept (Fixture *fixture, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (8000, 'x');
  g_autofree char *object = g_strdup_printf ("{\"a\":\"%s\"}", filler);
  CarBundle *bundle = make_kept (fixture->parent);
  g_autofree char *directory = g_strdup (car_bundle_get_directory (bundle));

  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", "{}");
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  limit_file_size (4096);
  assert_no_room (bundle, object, "File too large", directory);
  g_object_unref (bundle);

  g_autofree char *edges = read_file (directory, "edges.jsonl");
  g_assert_cmpstr (edges, ==, HEAD ",\"asset_user\":[{}]}\n");
  remove_kept (directory);
}

#define EXIT_SKIP 77

/* For what cannot be taken back: a process of its own. It may find that the machine does not let it. */
static void
in_child (void (*func) (const char *folder), const char *folder)
{
  int status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      func (folder);
      _exit (0);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == EXIT_SKIP)
    g_test_skip ("this machine does not let a test do it");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
write_to (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    _exit (EXIT_SKIP);
  close (fd);
}

/* A file system of 256 KiB, in namespaces of its own. */
static void
mount_small_disk (const char *folder)
{
  g_autofree char *user = g_strdup_printf ("0 %u 1", geteuid ());
  g_autofree char *group = g_strdup_printf ("0 %u 1", getegid ());

  if (unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0)
    _exit (EXIT_SKIP);
  write_to ("/proc/self/setgroups", "deny");
  write_to ("/proc/self/uid_map", user);
  write_to ("/proc/self/gid_map", group);
  if (mount ("none", folder, "tmpfs", 0, "size=256k") != 0)
    _exit (EXIT_SKIP);
}

static void
fill_small_disk (const char *folder)
{
  g_autofree char *filler = g_strnfill (100000, 'x');
  g_autofree char *object = g_strdup_printf ("{\"a\":\"%s\"}", filler);
  g_autofree char *page = g_strdup_printf (HEAD ",\"asset_user\":[%s]}", object);
  g_autoptr (GError) error = NULL;

  mount_small_disk (folder);
  g_autoptr (CarBundle) bundle = car_bundle_new (folder, 1, FALSE, &error);
  g_assert_no_error (error);
  car_bundle_set_envelope (bundle, SOURCE, REPORT);

  /* There is room for two pages, and again when those that took it are done. */
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", object);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", object);
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_done (bundle, CAR_BUNDLE_VERTICES);
  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", object);
  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", object);
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  g_assert_cmpuint (car_bundle_get_n_pages (bundle, CAR_BUNDLE_EDGES), ==, 2);
  assert_no_room (bundle, object, "No space left on device", folder);
  assert_page (bundle, CAR_BUNDLE_EDGES, 1, page);
}

static void
test_small_disk (Fixture *fixture, gconstpointer data)
{
  in_child (fill_small_disk, fixture->parent);
}

/* From now on the kernel answers some of this process's calls as this says. */
static void
filter_calls (struct sock_filter *filter, gsize length)
{
  const struct sock_fprog program = { length, filter };

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit (EXIT_SKIP);
}

/* As on a file system that makes no file without a name. */
static void
forbid_unnamed_files (const char *folder)
{
  const guint flags = offsetof (struct seccomp_data, args[2]) + (G_BYTE_ORDER == G_BIG_ENDIAN ? 4 : 0);
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, flags),
    BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };

  filter_calls (filter, G_N_ELEMENTS (filter));
  g_assert_cmpint (open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), ==, -1);
  g_assert_cmpint (errno, ==, EOPNOTSUPP);
}

static void
stage_with_names_only (const char *folder)
{
  g_autoptr (GError) error = NULL;

  forbid_unnamed_files (folder);
  g_autoptr (CarBundle) bundle = car_bundle_new (folder, 1, FALSE, &error);
  g_assert_no_error (error);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_assert_null (g_dir_read_name (dir));

  car_bundle_set_envelope (bundle, SOURCE, REPORT);
  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  assert_added (bundle, CAR_BUNDLE_EDGES, "asset_user", "{}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  assert_flushed (bundle, CAR_BUNDLE_EDGES);
  assert_page (bundle, CAR_BUNDLE_VERTICES, 0, HEAD ",\"asset\":[{}]}");
  assert_page (bundle, CAR_BUNDLE_EDGES, 0, HEAD ",\"asset_user\":[{}]}");
}

static void
test_names_only (Fixture *fixture, gconstpointer data)
{
  in_child (stage_with_names_only, fixture->parent);
}

/* As on a network file system whose server has no room. */
static void
stage_told_at_close (const char *folder)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSPC),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (CarBundle) bundle = car_bundle_new (folder, 0, FALSE, &error);

  g_assert_no_error (error);
  filter_calls (filter, G_N_ELEMENTS (filter));
  assert_no_room (bundle, "{}", "No space left on device", folder);
}

static void
test_told_at_close (Fixture *fixture, gconstpointer data)
{
  in_child (stage_told_at_close, fixture->parent);
}

static void
test_page_cut_off (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CarBundle) bundle = make_kept (fixture->parent);
  g_autofree char *vertices = g_build_filename (car_bundle_get_directory (bundle), "vertices.jsonl", NULL);
  g_autoptr (GError) error = NULL;

  assert_added (bundle, CAR_BUNDLE_VERTICES, "asset", "{}");
  assert_flushed (bundle, CAR_BUNDLE_VERTICES);
  g_assert_cmpint (truncate (vertices, strlen (HEAD)), ==, 0);
  g_assert_null (car_bundle_load_page (bundle, CAR_BUNDLE_VERTICES, 0, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "cut off"));
  g_assert_nonnull (strstr (error->message, car_bundle_get_directory (bundle)));
  remove_kept (car_bundle_get_directory (bundle));
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

  g_assert_true (car_page_split (page, &first, &second, &error));
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

      g_assert_false (car_page_split (page, &first, &second, &error));
      g_assert_no_error (error);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GBytes) page = bytes (broken[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (car_page_split (page, &first, &second, &error));
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
  ADD ("/bundle/added-while-sent", 2, test_added_while_sent);
  ADD ("/bundle/kept", 0, test_kept);
  ADD ("/bundle/folder", 0, test_folder);
  ADD ("/bundle/unwritable", 0, test_unwritable);
  ADD ("/bundle/foreign-folder", 0, test_foreign_folder);
  ADD ("/bundle/disk-full", 0, test_disk_full);
  ADD ("/bundle/disk-full-kept", 0, test_disk_full_kept);
  ADD ("/bundle/small-disk", 0, test_small_disk);
  ADD ("/bundle/names-only", 0, test_names_only);
  ADD ("/bundle/told-at-close", 0, test_told_at_close);
  ADD ("/bundle/page-cut-off", 0, test_page_cut_off);
  g_test_add_func ("/bundle/split", test_split);
  g_test_add_func ("/bundle/split-refused", test_split_refused);

  return g_test_run ();
}
