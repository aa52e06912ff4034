/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/check/check-run.h"
#include "carctl/check/check-world.h"

/* What good runs bring, and what a run does whose data source cannot be read. */

void
check_full (CheckCase *self)
{
  Check *check = self->check;
  g_auto (CheckService) service = { 0 };
  g_autofree char *database = g_build_filename (check->work, "before.db", NULL);
  GError *error = NULL;

  if (!check_service_start (&service, database, NULL, &error))
    {
      check_case_take (self, error);
      return;
    }

  g_autoptr (CheckRun) run = check_run (self, &service, "full", &(CheckPlan){ 0 });
  g_autoptr (CheckGraph) graph = check_world_read (self, &service);
  check->seconds = run->seconds;
  check->has_summary = run->summary != NULL;
  if (run->code > 0)
    check_case_fail (self, _ ("exit code %d"), run->code);
  else if (graph != NULL && check_graph_count (graph) == 0)
    check_case_fail (self, _ ("it brought nothing: the source “%s” is empty"), check->source);
  if (check_case_has_failed (self))
    return;

  check->full.right = g_steal_pointer (&graph);
  check->change.database = g_steal_pointer (&database);
  check->change.save_point = g_strdup (check->full.right->save_point);
}

/* A count of all collections together; a run that failed is told by itself. */
static gint64
get_total (const CheckRun *run, const char *name)
{
  CarJsonSpan summary;
  gint64 number = 0;

  if (run->summary == NULL || !car_json_read_text (run->summary, strlen (run->summary), &summary, NULL))
    return 0;

  const CarJsonSpan total = car_json_span_get_member (&summary, "total");
  const CarJsonSpan count = car_json_span_get_member (&total, name);
  return car_json_span_get_int (&count, &number) ? number : 0;
}

static gint64
count_in_full_import (CheckCase *self, const char *name)
{
  const Check *check = self->check;
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, &check->full, &service, NULL))
    return 0;

  g_autoptr (CheckRun) run = check_run (self, &service, "full", &(CheckPlan){ 0 });
  return get_total (run, name);
}

void
check_left_out (CheckCase *self)
{
  gint64 count = count_in_full_import (self, "left_out");
  g_autofree char *shown = car_language_format_count ((guint64) MAX (count, 0));

  if (count > 0)
    check_case_fail (self, _ ("%s objects were left out: full.left-out.jsonl says which and why"), shown);
}

void
check_dangling (CheckCase *self)
{
  gint64 count = count_in_full_import (self, "dangling");
  g_autofree char *shown = car_language_format_count ((guint64) MAX (count, 0));

  if (count > 0)
    check_case_fail (
        self,
        _ ("%s edges lead to vertices that the import did not bring: full.log says of which collections"),
        shown);
}

void
check_again (CheckCase *self)
{
  Check *check = self->check;
  const CheckWorld world = { check->change.database, NULL, check->full.right };
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, &world, &service, NULL) || !check_world_forget (self, &service))
    return;

  g_autoptr (CheckRun) run = check_run (self, &service, "second", &(CheckPlan){ 0 });
  if (run->code > 0)
    check_case_fail (self, _ ("exit code %d"), run->code);
  gint64 closed = get_total (run, "closed");
  g_autofree char *shown = car_language_format_count ((guint64) MAX (closed, 0));
  if (closed > 0)
    check_case_fail (self, _ ("the second import closed %s objects"), shown);
  check_world_compare (self, &world, &service, _ ("after a second full import"));
  check->steady = !check_case_has_failed (self);
}

/* What the shell says is in the folder: standard output is the report's. */
static gboolean
obey (CheckCase *self, const char *command, const char *name, GCancellable *cancellable)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autofree char *base = g_strconcat (name, ".log", NULL);
  g_autofree char *log = g_build_filename (self->folder, base, NULL);
  g_autoptr (GError) error = NULL;

  if (carctl_make_folder (self->folder, &error))
    {
      g_subprocess_launcher_set_stdout_file_path (launcher, log);
      g_autoptr (GSubprocess) shell =
          g_subprocess_launcher_spawn (launcher, &error, "sh", "-c", command, NULL);

      if (shell != NULL && g_subprocess_wait_check (shell, cancellable, &error))
        return TRUE;
    }
  check_case_fail (self, _ ("the command of --%s failed: %s"), name, error->message);
  return FALSE;
}

static void
want_failure (CheckCase *self, const CheckService *service, const char *name, const char *option)
{
  g_autoptr (CheckRun) run = check_run (self, service, name, &(CheckPlan){ .option = option });

  if (run->code >= 0 &&
      (run->code < CAR_DATASOURCE_FAILURE_UNKNOWN || run->code > CAR_DATASOURCE_FAILURE_DATA_PROCESSING))
    check_case_fail (self, _ ("%s: exit code %d"), name, run->code);
}

static void
want_unchanged (CheckCase *self, const CheckWorld *world, const CheckService *service, const char *save_point)
{
  g_autoptr (CheckGraph) seen = check_world_read (self, service);

  check_world_compare (self, world, service, _ ("after a run that could not read the source"));
  if (seen != NULL && g_strcmp0 (seen->save_point, save_point) != 0)
    check_case_fail (self, _ ("a run that could not read the source moved the save point"));
}

/* An import from the save point, and a full one. */
static void
run_broken (CheckCase *self, const CheckWorld *world, const CheckService *service)
{
  want_failure (self, service, "connection-test", "-connection-test");
  want_failure (self, service, "next", NULL);
  want_unchanged (self, world, service, world->save_point);
  if (!check_world_forget (self, service))
    return;

  g_autoptr (CheckGraph) forgotten = check_world_read (self, service);
  want_failure (self, service, "full", NULL);
  if (forgotten != NULL)
    want_unchanged (self, world, service, forgotten->save_point);
}

/* Whatever comes: what was broken is mended. */
void
check_broken (CheckCase *self)
{
  Check *check = self->check;
  const CheckWorld world = { check->change.database, check->change.save_point, check->full.right };
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, &world, &service, NULL))
    return;

  if (obey (self, check->options->break_source, "break", NULL))
    run_broken (self, &world, &service);
  if (obey (self, check->options->mend, "mend", NULL) && check_run_well (self, &service, "mended"))
    check_world_compare (self, &world, &service, _ ("after the next good run"));
}

/* What a full import of the changed source brings. */
static CheckGraph *
read_changed (CheckCase *self)
{
  const Check *check = self->check;
  g_auto (CheckService) service = { 0 };

  return check_world_start (self, &check->full, &service, NULL) && check_run_well (self, &service, "full")
             ? check_world_read (self, &service)
             : NULL;
}

void
check_change (CheckCase *self)
{
  Check *check = self->check;
  g_auto (CheckService) service = { 0 };

  if (!obey (self, check->options->change, "change", check->cancellable))
    return;

  g_autoptr (CheckGraph) right = read_changed (self);
  if (right == NULL)
    return;

  const CheckWorld world = { check->change.database, NULL, right };
  g_autofree char *difference = check_graph_compare (check->full.right, right);
  if (difference == NULL)
    check_case_fail (self, _ ("the command of --change changed nothing that the connector brings"));
  if (check_world_start (self, &world, &service, NULL) && check_run_well (self, &service, "changed"))
    check_world_compare (self, &world, &service, _ ("after the import of the change"));
  if (!check_case_has_failed (self))
    check->change.right = g_steal_pointer (&right);
}
