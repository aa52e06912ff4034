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

/* One run of a source at a time on one machine, and the state folder that the lock is in: tests/contract-connector against a fake
 * service. */

#define ANOTHER_RUNS "another run of the source “a/b c%%&ü” goes on (process %s, since 2"
#define NO_FOLDER "The state folder cannot be used: "

static GSubprocess *
start (FakeService *service, const char *const variables[4])
{
  g_auto (GStrv) environment = import_service_make_environment (service, variables);

  return start_connector ((const char *const *) environment, (const char *const[]){ NULL });
}

static void
run (FakeService *service, const char *const variables[4], ConnectorRun *run)
{
  g_autoptr (GSubprocess) process = start (service, variables);

  finish_connector (process, run);
}

/* The first run waits for an answer that never comes. */
static FakeService *
make_service_with_run (GSubprocess **process)
{
  FakeService *service = import_service_new (NO_SAVE_POINT);

  fake_service_misbehave (service, "GET", "v2/databases", FAKE_HANG);
  *process = start (service, (const char *[4]){ NULL });
  fake_service_wait_for_requests (service, 1);
  return service;
}

static void
end (GSubprocess *process, int how, int code)
{
  g_auto (ConnectorRun) first = { 0 };

  g_subprocess_send_signal (process, how);
  finish_connector (process, &first);
  g_assert_cmpint (first.code, ==, code);
}

static void
test_second_run (void)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (FakeService) service = make_service_with_run (&process);
  g_autofree char *holder = g_strdup_printf (ANOTHER_RUNS, g_subprocess_get_identifier (process));

  for (guint i = 0; i < 2; i++)
    {
      g_auto (ConnectorRun) second = { 0 };

      run (service, (const char *[4]){ NULL }, &second);
      assert_exited (&second, 10, holder);
      assert_exited (&second, 10, "While locking the source: ");
      g_assert_cmpuint (fake_service_get_n_requests (service), ==, 1);
    }

  end (process, SIGTERM, 143);
}

/* Whatever ended it: the kernel keeps no lock of a process that is gone. */
static void
test_killed_run (void)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (FakeService) service = make_service_with_run (&process);
  g_auto (ConnectorRun) next = { 0 };

  end (process, SIGKILL, 128 + SIGKILL);
  run (service, (const char *[4]){ NULL }, &next);
  assert_exited (&next, 0, "Full import");
}

static void
test_others (void)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (FakeService) service = make_service_with_run (&process);
  g_autoptr (FakeService) elsewhere = import_service_new (NO_SAVE_POINT);
  g_autofree char *state = g_strconcat ("CAR_STATE_DIR=", fake_service_get_state_folder (service), NULL);
  g_auto (ConnectorRun) other_service = { 0 }, other_source = { 0 }, connection_test = { 0 };

  run (elsewhere, (const char *[4]){ state }, &other_service);
  assert_exited (&other_service, 0, "Full import");

  fake_service_answer_always (service, "GET", "v2/source/other", 500, "{}");
  run (service, (const char *[4]){ "CONNECTION_NAME=other" }, &other_source);
  assert_exited (&other_source, 10, "While asking for the last save point");

  run (service, (const char *[4]){ "DATASOURCE_CONNECTION_TEST=1" }, &connection_test);
  assert_exited (&connection_test, 0, "The data source can be reached");

  end (process, SIGTERM, 143);
}

/* Where it is: the first child of the folder for state. */
static char *
find_folder (const char *parent)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (parent, 0, &error);
  g_assert_no_error (error);
  const char *name = g_dir_read_name (dir);

  g_assert_nonnull (name);
  g_assert_true (g_str_has_prefix (name, "a_b_c____-"));
  g_assert_null (g_dir_read_name (dir));
  return g_build_filename (parent, name, NULL);
}

static void
assert_mode (const char *path, guint mode)
{
  struct stat info;

  g_assert_no_errno (g_lstat (path, &info));
  g_assert_cmphex (info.st_mode & 07777, ==, mode);
}

static void
test_places (void)
{
  static const char *const variables[][2] = {
    { "XDG_STATE_HOME=%s", "car" },
    { "STATE_DIRECTORY=%s/of-service:/nonexistent", "of-service" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      const char *state = fake_service_get_state_folder (service);
      g_auto (GStrv) parts = g_strsplit (variables[i][0], "%s", 2);
      g_autofree char *variable = g_strconcat (parts[0], state, parts[1], NULL);
      g_auto (ConnectorRun) done = { 0 };

      run (service, (const char *[4]){ "CAR_STATE_DIR=", variable }, &done);
      assert_exited (&done, 0, "Full import");
      g_assert_null (strstr (done.log, NO_FOLDER));

      g_autofree char *parent = g_build_filename (state, variables[i][1], NULL);
      g_autofree char *folder = find_folder (parent);
      assert_mode (parent, 0700);
      assert_mode (folder, 0700);
    }
}

static guint
count_warnings (const char *log)
{
  guint n = 0;

  for (; (log = strstr (log, NO_FOLDER)) != NULL; log++)
    n++;
  return n;
}

/* The run goes on without, and says so once. */
static void
assert_without (FakeService *service, const char *variable, const char *problem)
{
  g_auto (ConnectorRun) done = { 0 };

  run (service, (const char *[4]){ variable }, &done);
  assert_exited (&done, 0, "Full import");
  assert_exited (&done, 0, problem);
  g_assert_cmpuint (count_warnings (done.log), ==, 1);
}

static void
test_no_folder (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);

  assert_without (service, "CAR_STATE_DIR=/proc/car", "/proc/car: ");
  assert_without (service, "CAR_STATE_DIR=/dev/null", "/dev/null: ");
  assert_without (service, "CAR_STATE_DIR=/dev/null/car", "/dev/null/car: ");
}

/* What others may have put there is not used. */
static void
test_hostile_folder (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) first = { 0 }, last = { 0 };

  run (service, (const char *[4]){ NULL }, &first);
  g_autofree char *folder = find_folder (fake_service_get_state_folder (service));
  g_autofree char *lock = g_build_filename (folder, "lock", NULL);

  for (guint i = 0; i < 3; i++)
    {
      static const mode_t modes[] = { 0755, 0770, 0701 };

      g_assert_no_errno (g_chmod (folder, modes[i]));
      assert_without (service, NULL, "its mode must be 0700");
    }
  g_assert_no_errno (g_chmod (folder, 0700));

  if (geteuid () == 0)
    {
      g_assert_no_errno (chown (folder, 12345, 12345));
      assert_without (service, NULL, "it belongs to another user");
      g_assert_no_errno (chown (folder, 0, 0));
      g_assert_no_errno (chown (fake_service_get_state_folder (service), 12345, 12345));
      assert_without (service, NULL, "it belongs to another user");
      g_assert_no_errno (chown (fake_service_get_state_folder (service), 0, 0));
    }

  g_assert_no_errno (g_unlink (lock));
  g_assert_no_errno (symlink ("/etc/passwd", lock));
  assert_without (service, NULL, folder);
  g_assert_no_errno (g_unlink (lock));
  g_assert_no_errno (mkfifo (lock, 0600));
  assert_without (service, NULL, folder);
  g_assert_no_errno (g_unlink (lock));

  g_assert_no_errno (g_rmdir (folder));
  g_assert_no_errno (symlink ("/tmp", folder));
  assert_without (service, NULL, folder);
  g_assert_no_errno (g_unlink (folder));

  run (service, (const char *[4]){ NULL }, &last);
  assert_exited (&last, 0, "Full import");
  g_assert_cmpuint (count_warnings (last.log), ==, 0);
}

/* What is in the lock is for people, and no more than that. */
static void
test_hostile_lock (void)
{
  static const char *const texts[] = {
    "",
    "1",
    "-1 2026-01-01T00:00:00Z",
    "99999999999999999999 2026-01-01T00:00:00Z",
    "1 \033[31m",
    "1 2026-01-01T00:00:00Z and more than there is room for in the message"
  };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (FakeService) service = make_service_with_run (&process);
  g_autofree char *folder = find_folder (fake_service_get_state_folder (service));
  g_autofree char *lock = g_build_filename (folder, "lock", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (ConnectorRun) second = { 0 };
      FILE *stream = g_fopen (lock, "r+e");

      g_assert_nonnull (stream);
      g_assert_no_errno (ftruncate (fileno (stream), 0));
      g_assert_cmpint (fputs (texts[i], stream), >=, 0);
      g_assert_cmpint (fclose (stream), ==, 0);
      run (service, (const char *[4]){ NULL }, &second);
      assert_exited (&second, 10, "goes on (it does not say which)");
    }

  end (process, SIGTERM, 143);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/run-lock/second-run", test_second_run);
  g_test_add_func ("/run-lock/killed-run", test_killed_run);
  g_test_add_func ("/run-lock/others", test_others);
  g_test_add_func ("/run-lock/places", test_places);
  g_test_add_func ("/run-lock/no-folder", test_no_folder);
  g_test_add_func ("/run-lock/hostile-folder", test_hostile_folder);
  g_test_add_func ("/run-lock/hostile-lock", test_hostile_lock);

  return g_test_run ();
}
