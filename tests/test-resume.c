/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/car.h>

#include "connector-runner.h"
#include "fake-service.h"
#include "import-service.h"

/* A run that had read everything, and could not send it, leaves it for the next: tests/contract-connector against a fake
 * service. A connector that is asked for its data again fails. */

#define IS_LEFT "What was read is left in "
#define IS_TAKEN "An earlier run read all of this source's data at 2"
#define IS_REMOVED                                                                                           \
  "What an earlier run read and could not send is removed, and the data source is read again: "
#define NO_READING "CONTRACT_FAIL=import_vertices:app:77"
#define COUNTS "; 4 read, 1 left out, 1 duplicate, 0 conflicts, 2 sent, "

static GSubprocess *
start (FakeService *service, const char *const variables[4])
{
  g_auto (GStrv) environment = import_service_make_environment (service, variables);
  const char *const arguments[] = { "-car-service-retries", "0", NULL };

  return start_connector ((const char *const *) environment, arguments);
}

static void
run (FakeService *service, const char *const variables[4], ConnectorRun *run)
{
  g_autoptr (GSubprocess) process = start (service, variables);

  finish_connector (process, run);
}

/* The source's folder, and a file in it. */
static char *
find_file (FakeService *service, const char *name)
{
  const char *parent = fake_service_get_state_folder (service);
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);

  return g_build_filename (parent, g_dir_read_name (dir), name, NULL);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* "edges.jsonl journal lock vertices.jsonl", or the like. */
static char *
list_files (FakeService *service)
{
  g_autofree char *folder = find_file (service, NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}

static void
assert_left (FakeService *service, gboolean left)
{
  g_autofree char *files = list_files (service);

  g_assert_cmpstr (files, ==, left ? "deletions.jsonl edges.jsonl journal lock vertices.jsonl" : "lock");
}

/* The envelopes that were posted from a request on. */
static char *
get_posted (FakeService *service, guint first)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = first; i < fake_service_get_n_requests (service); i++)
    {
      const FakeRequest *request = fake_service_get_request (service, i);

      if (g_str_equal (request->path, "v2/imports") || strstr (request->path, "/asset") != NULL)
        g_string_append_printf (all, "%s %s %s\n", request->method, request->query, request->body);
    }
  return g_string_free (g_steal_pointer (&all), FALSE);
}

/* A run that read everything, and then found the service away. */
static FakeService *
make_service_with_left (const char *source_record, const char *const variables[4])
{
  FakeService *service = import_service_new (source_record);
  g_auto (ConnectorRun) first = { 0 };

  fake_service_answer (service, "PATCH", "v2/source", 503, "");
  run (service, variables, &first);
  assert_exited (&first, 10, IS_LEFT);
  assert_left (service, TRUE);
  return service;
}

static void
assert_resumed (FakeService *service, const char *const variables[4])
{
  g_auto (ConnectorRun) next = { 0 };

  run (service, variables, &next);
  assert_exited (&next, 0, IS_TAKEN);
  assert_exited (&next, 0, COUNTS);
  assert_exited (&next, 0, "save point kept; an earlier run read this at 2");
  assert_left (service, FALSE);
}

static void
test_full (void)
{
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", NULL };
  g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
  g_autofree char *first = get_posted (service, 0);
  const guint n_requests = fake_service_get_n_requests (service);

  assert_resumed (service, (const char *[4]){ "CONTRACT_SAVE_POINT=other", NO_READING });
  g_autofree char *second = get_posted (service, n_requests);
  g_assert_cmpstr (second, ==, first);
  const FakeRequest *last = fake_service_get_request (service, fake_service_get_n_requests (service) - 1);
  g_assert_cmpstr (last->body, ==, "{\"model_state_id\":\"new\"}");
}

static void
test_incremental (void)
{
  const char *const delta[4] = { "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" };
  g_autoptr (FakeService) service = make_service_with_left (SAVE_POINT, delta);
  g_autofree char *first = get_posted (service, 0);
  const guint n_requests = fake_service_get_n_requests (service);

  assert_resumed (service,
                  (const char *[4]){ "CONTRACT_SAVE_POINT=other", "CONTRACT_INCREMENTAL=1", NO_READING });
  g_autofree char *second = get_posted (service, n_requests);
  g_assert_cmpstr (second, ==, first);
  g_assert_nonnull (strstr (second, "DELETE external_ids=8,9"));
}

/* Whichever call fails, and however the run ends: but not before all was read. */
static void
test_every_call (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    guint n_before;
    gboolean is_left;
  } calls[] = {
    { "POST", "v2/source/" SOURCE "/full-import-in-progress", 0, FALSE },
    { "POST", "v2/imports", 0, FALSE }, /* the report */
    { "POST", "v2/imports", 1, TRUE },
    { "POST", "v2/imports", 2, TRUE },
    { "GET", "v2/importstatus", 1, TRUE },
    { "POST", "v3/query", 0, TRUE },
    { "DELETE", "v2/source/" SOURCE "/full-import-in-progress", 0, TRUE },
  };
  static const int signals[] = { 0, SIGTERM, SIGKILL };

  for (guint i = 0; i < G_N_ELEMENTS (calls) * G_N_ELEMENTS (signals); i++)
    {
      const guint call = i / G_N_ELEMENTS (signals);
      const int number = signals[i % G_N_ELEMENTS (signals)];
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) first = { 0 }, next = { 0 };

      g_test_message ("%s %s, signal %d", calls[call].method, calls[call].path, number);
      for (guint n = 0; n < calls[call].n_before; n++)
        fake_service_answer (service, calls[call].method, calls[call].path, 200,
                             g_str_equal (calls[call].method, "GET")
                                 ? "{\"error_imports\":[],\"incomplete_imports\":[]}"
                                 : "{\"id\":\"i\"}");
      if (number == 0)
        fake_service_answer (service, calls[call].method, calls[call].path, 503, "");
      else
        fake_service_misbehave (service, calls[call].method, calls[call].path, FAKE_HANG);

      g_autoptr (GSubprocess) process = start (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new" });
      while (number != 0 &&
             fake_service_count (service, calls[call].method, calls[call].path) <= calls[call].n_before)
        g_usleep (10 * G_TIME_SPAN_MILLISECOND);
      if (number != 0)
        g_subprocess_send_signal (process, number);
      finish_connector (process, &first);
      g_assert_cmpint (first.code, ==, number == 0 ? 10 : 128 + number);

      assert_left (service, calls[call].is_left);
      run (service, (const char *[4]){ NO_READING }, &next);
      assert_exited (&next, calls[call].is_left ? 0 : 77, calls[call].is_left ? IS_TAKEN : "told to");
    }
}

/* It fails once more, and stays. */
static void
test_fails_again (void)
{
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", NULL };
  g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
  g_auto (ConnectorRun) second = { 0 };

  fake_service_answer (service, "POST", "v2/imports", 503, "");
  run (service, (const char *[4]){ NO_READING }, &second);
  assert_exited (&second, 10, IS_LEFT);
  assert_left (service, TRUE);
  assert_resumed (service, (const char *[4]){ NO_READING });
}

/* The next run reads the data source, and nothing stays. */
static void
assert_read_again (FakeService *service, const char *const variables[4], const char *why)
{
  g_auto (ConnectorRun) next = { 0 };

  run (service, variables, &next);
  assert_exited (&next, 0, IS_REMOVED);
  assert_exited (&next, 0, why);
  assert_exited (&next, 0, COUNTS);
  g_assert_null (strstr (next.log, IS_TAKEN));
  assert_left (service, FALSE);
}

static void
test_unlike (void)
{
  static const struct
  {
    const char *variable;
    const char *why;
  } cases[] = {
    { "CONTRACT_SERVER=y", "the connector's settings or its schema extension are others now" },
    { "CONTRACT_QUICK=1", "the connector's settings or its schema extension are others now" },
    { "CONTRACT_VERSION=2", "another connector, or another version of it, left it" },
    { "CONNECTOR_NAME=other", "another connector, or another version of it, left it" },
    { "CAR_NO_RESUME=1", "-no-resume says so" },
    { "CAR_KEEP_STAGED=0", "it is too old" },
  };
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", "CONTRACT_SECRET=a" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);

      g_usleep (1100 * G_TIME_SPAN_MILLISECOND); /* the time is told in seconds */
      assert_read_again (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", cases[i].variable },
                         cases[i].why);
    }

  /* It leaves out what the run before kept. */
  g_autoptr (FakeService) strict = make_service_with_left (NO_SAVE_POINT, full);
  g_auto (ConnectorRun) next = { 0 };
  run (strict, (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CAR_STRICT=1" }, &next);
  g_assert_nonnull (strstr (next.log, "the connector's settings or its schema extension are others now"));
  g_assert_null (strstr (next.log, IS_TAKEN));

  g_autoptr (FakeService) moved = make_service_with_left (NO_SAVE_POINT, full);
  import_service_teach (moved, SAVE_POINT);
  assert_read_again (moved, full, "the service holds another save point now");

  /* What is secret may be another one, and nothing tells of it. */
  g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
  assert_resumed (service, (const char *[4]){ "CONTRACT_SECRET=b", NO_READING });
}

/* What is wrong with what is left. */

static void
flip (const char *path)
{
  g_autofree char *text = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, &length, &error);
  g_assert_no_error (error);
  text[length / 2] ^= 1;
  g_file_set_contents (path, text, (gssize) length, &error);
  g_assert_no_error (error);
}

static void
cut (const char *path)
{
  struct stat info;

  g_assert_no_errno (g_stat (path, &info));
  g_assert_no_errno (truncate (path, info.st_size / 2));
}

static void
grow (const char *path)
{
  g_assert_no_errno (truncate (path, (off_t) 1 << 34));
}

static void
make_empty (const char *path)
{
  g_assert_no_errno (truncate (path, 0));
}

static void
remove_file (const char *path)
{
  g_assert_no_errno (g_unlink (path));
}

/* The same contents, but not the user's alone. */
static void
make_link (const char *path)
{
  g_autofree char *target = g_strconcat (path, ".target", NULL);
  g_autofree char *elsewhere = g_path_get_dirname (target);
  g_autofree char *parent = g_path_get_dirname (elsewhere);
  g_autofree char *moved = g_build_filename (parent, "target", NULL);

  g_assert_no_errno (g_rename (path, moved));
  g_assert_no_errno (symlink (moved, path));
}

static void
make_hard_link (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *parent = g_path_get_dirname (folder);
  g_autofree char *other = g_build_filename (parent, "other", NULL);

  g_assert_no_errno (link (path, other));
}

static void
make_fifo (const char *path)
{
  g_assert_no_errno (g_unlink (path));
  g_assert_no_errno (mkfifo (path, 0600));
}

static void
give_away (const char *path)
{
  g_assert_no_errno (chown (path, 12345, 12345));
}

static void
test_damaged (void)
{
  static void (*const damages[]) (const char *path) = { flip,        cut,       grow,      make_empty,
                                                        remove_file, make_link, make_fifo, make_hard_link,
                                                        give_away };
  static const char *const names[] = { "journal", "vertices.jsonl", "edges.jsonl" };
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", NULL };

  for (guint name = 0; name < G_N_ELEMENTS (names); name++)
    for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
      {
        if (damages[i] == give_away && geteuid () != 0)
          continue;

        g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
        g_autofree char *path = find_file (service, names[name]);
        g_auto (ConnectorRun) next = { 0 };

        g_test_message ("%s, damage %u", names[name], i);
        damages[i](path);
        run (service, full, &next);
        assert_exited (&next, 0, COUNTS);
        g_assert_null (strstr (next.log, IS_TAKEN));
        if (damages[i] != remove_file || name > 0)
          assert_exited (&next, 0, IS_REMOVED);
      }
}

/* A journal that was made by hand, whole in itself. */
static void
test_forged (void)
{
  static const char *const journals[] = {
    "{}", "[]", "null", "{\"format\":1}", "{\"format\":2}", "{\"format\":1,\"format\":1}",
  };
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (journals); i++)
    {
      g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
      g_autofree char *path = find_file (service, "journal");
      g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, journals[i], -1);
      g_autofree char *text = g_strconcat (journals[i], "\n", digest, "\n", NULL);

      g_assert_true (g_file_set_contents (path, text, -1, NULL));
      assert_read_again (service, full, "");
    }
}

/* Each member of the journal in turn becomes something else. */
static void
test_forged_members (void)
{
  static const char *const members[] = { "\"report_key\":\"", "\"xxh3\":\"", "\"bytes\":", "\"pages\":",
                                         "\"read\":",         "\"part\":",   "\"rule\":",  "\"collection\":",
                                         "\"violations\":",   "\"time\":\"" };
  static const char *const values[] = {
    "x\\u000d\\u000aX: y", "0", "-1", "99999", "7", "-3", "3", "4", "{}", "3"
  };
  const char *const full[4] = { "CONTRACT_SAVE_POINT=new", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (FakeService) service = make_service_with_left (NO_SAVE_POINT, full);
      g_autofree char *path = find_file (service, "journal");
      g_autofree char *text = NULL;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      g_auto (GStrv) lines = g_strsplit (text, "\n", 2);
      g_auto (GStrv) halves = g_strsplit (lines[0], members[i], 2);
      g_assert_nonnull (halves[1]);
      const char *rest = halves[1] + (g_str_has_suffix (members[i], "\"") ? strcspn (halves[1], "\"")
                                      : *halves[1] == '"'                 ? strcspn (halves[1] + 1, "\"") + 2
                                      : *halves[1] == '['                 ? 2
                                                                          : strcspn (halves[1], ",}"));
      g_autofree char *forged = g_str_equal (members[i], "\"read\":")
                                    ? g_strconcat (halves[0], members[i], "-1", rest, NULL)
                                    : g_strconcat (halves[0], members[i], values[i], rest, NULL);
      g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, forged, -1);
      g_autofree char *whole = g_strconcat (forged, "\n", digest, "\n", NULL);

      g_test_message ("%s", members[i]);
      g_assert_true (g_file_set_contents (path, whole, -1, NULL));
      assert_read_again (service, full, "");
    }
}

/* What must not be sent again, or was not whole. */
static void
test_nothing_left (void)
{
  static const struct
  {
    const char *variable;
    guint status; /* of the first page */
    int code;
  } cases[] = {
    { "CONTRACT_FAIL=import_edges:recoverable:10", 200, 10 },
    { "CONTRACT_FAIL=import_edges:signal:15", 200, 143 },
    { "CONTRACT_INCOMPLETE=import_vertices:asset:because", 200, 11 },
    { "CONTRACT_INCOMPLETE=import_vertices:asset:because", 503, 10 },
    { "CAR_KEEP_STAGED=0", 503, 10 },
    { "A=b", 404, 20 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) first = { 0 };

      fake_service_answer (service, "POST", "v2/imports", 200, "{\"id\":\"i\"}"); /* the report */
      fake_service_answer (service, "POST", "v2/imports", cases[i].status, "{\"id\":\"i\"}");
      run (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", cases[i].variable }, &first);
      assert_exited (&first, cases[i].code, "");
      g_assert_null (strstr (first.log, IS_LEFT));
      assert_left (service, FALSE);
    }

  /* What one run left is gone when another fails so. */
  g_autoptr (FakeService) service =
      make_service_with_left (NO_SAVE_POINT, (const char *[4]){ "CONTRACT_SAVE_POINT=new" });
  g_auto (ConnectorRun) next = { 0 };
  fake_service_answer (service, "POST", "v2/imports", 404, "");
  run (service, (const char *[4]){ NO_READING }, &next);
  assert_exited (&next, 20, IS_TAKEN);
  assert_left (service, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/resume/full", test_full);
  g_test_add_func ("/resume/incremental", test_incremental);
  g_test_add_func ("/resume/every-call", test_every_call);
  g_test_add_func ("/resume/fails-again", test_fails_again);
  g_test_add_func ("/resume/unlike", test_unlike);
  g_test_add_func ("/resume/damaged", test_damaged);
  g_test_add_func ("/resume/forged", test_forged);
  g_test_add_func ("/resume/forged-members", test_forged_members);
  g_test_add_func ("/resume/nothing-left", test_nothing_left);

  return g_test_run ();
}
