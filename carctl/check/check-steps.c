/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-rounds.h"
#include "carctl/check/check-steps.h"
#include "carctl/check/check-trial.h"

/* All that is looked at, in its order. */

#define FAULTS "faults" /* what --only calls them */

/* Without these a step cannot be done. */
typedef enum
{
  NEEDS_FULL = 1 << 0,
  NEEDS_SUMMARY = 1 << 1,
  NEEDS_STEADY = 1 << 2,
  NEEDS_BREAK = 1 << 3,
  NEEDS_CHANGE = 1 << 4,
  NEEDS_CHANGED = 1 << 5,
} Need;

typedef struct
{
  const char *id;
  const char *title;
  const char *right;
  Need needs;
  gboolean always; /* others need it */
  void (*run) (CheckCase *self);
} Step;

static void
interrupt_full (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->full, SIGTERM);
}

static void
kill_full (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->full, SIGKILL);
}

static void
interrupt_change (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->change, SIGTERM);
}

static void
kill_change (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->change, SIGKILL);
}

static const char stopped[] =
    N_ ("it ends soon, with exit code 143, and the next good run leaves the source's graph");
static const char killed[] = N_ ("the next good run leaves the source's graph, as if nothing had been");

static const Step settings[] = {
  { "settings", N_ ("settings that are missing or wrong"), N_ ("exit code 2, and a message that says which"),
    0, FALSE, check_settings },
  { "unreachable", N_ ("a service that is not there"), N_ ("exit code 10"), 0, FALSE, check_unreachable },
  { "credentials", N_ ("a service that refuses the password"), N_ ("exit code 10"), 0, FALSE,
    check_credentials },
  { "connection-test", N_ ("the connection test"), N_ ("exit code 0, since the data source is there"), 0,
    FALSE, check_connection },
  { "stop", N_ ("SIGTERM while the run waits"), N_ ("it ends soon, with exit code 143"), 0, FALSE,
    check_stop },
  { "process-list", N_ ("no secret in the process list"),
    N_ ("it wipes the secrets that are given as options before it does anything else"), 0, FALSE,
    check_arguments },
};

static const Step imports[] = {
  { "full", N_ ("a full import"), N_ ("exit code 0, and objects of the source in the service"), 0, TRUE,
    check_full },
  { "left-out", N_ ("the schema takes all that it sends"), N_ ("no object is left out"),
    NEEDS_FULL | NEEDS_SUMMARY, FALSE, check_left_out },
  { "edges", N_ ("all edges lead somewhere"), N_ ("an import brings the vertices at both ends of its edges"),
    NEEDS_FULL | NEEDS_SUMMARY, FALSE, check_dangling },
  { "again", N_ ("a second full import brings the same"),
    N_ ("the same source gives the same keys and members: nothing is new, nothing is closed"), NEEDS_FULL,
    TRUE, check_again },
  { "broken", N_ ("a data source that cannot be read"),
    N_ ("exit code 50 to 55, of the connection test too; graph and save point stay; mended, all is well"),
    NEEDS_FULL | NEEDS_STEADY | NEEDS_BREAK, FALSE, check_broken },
  { "interrupted-full", N_ ("full imports that SIGTERM interrupts"), stopped, NEEDS_FULL | NEEDS_STEADY,
    FALSE, interrupt_full },
  { "killed-full", N_ ("full imports that are killed"), killed, NEEDS_FULL | NEEDS_STEADY, FALSE, kill_full },
};

static const Step changes[] = {
  { "change", N_ ("an import of what changed brings the same as a full one"),
    N_ ("the graph that a full import of the changed source brings: nothing is missing, nothing stays"),
    NEEDS_FULL | NEEDS_STEADY | NEEDS_CHANGE, TRUE, check_change },
  { "interrupted-change", N_ ("imports of a change that SIGTERM interrupts"), stopped,
    NEEDS_CHANGE | NEEDS_CHANGED, FALSE, interrupt_change },
  { "killed-change", N_ ("imports of a change that are killed"), killed, NEEDS_CHANGE | NEEDS_CHANGED, FALSE,
    kill_change },
};

static const Step leaks[] = {
  { CHECK_SECRETS, N_ ("no secret in the log and the summary of all these runs"),
    N_ ("*** in the place of each secret: mark the setting as secret, and put no secret into messages"), 0,
    FALSE, check_leaks },
};

static const char *
find_missing (const Check *self, Need needs)
{
  if ((needs & NEEDS_CHANGE) && self->options->change == NULL)
    return _ ("there is no --change COMMAND");
  if ((needs & NEEDS_BREAK) && self->options->break_source == NULL)
    return _ ("there are no --break COMMAND and --mend COMMAND");
  if ((needs & NEEDS_FULL) && self->full.right == NULL)
    return _ ("the full import failed");
  if ((needs & NEEDS_SUMMARY) && !self->has_summary)
    return _ ("the connector writes no summary, as those on libcar do");
  if ((needs & NEEDS_STEADY) && !self->steady)
    return _ ("two full imports differ already");
  if ((needs & NEEDS_CHANGED) && self->change.right == NULL)
    return _ ("the import of the change failed");
  return NULL;
}

void
check_tell (Check *self, CheckCase *found)
{
  if (g_cancellable_is_cancelled (self->cancellable) || found->problems->len == 0)
    carctl_remove_folder (found->folder);
  if (g_cancellable_is_cancelled (self->cancellable))
    check_case_free (found);
  else
    check_report_add (self->report, found);
}

static gboolean
is_wanted (const Check *self, const char *id)
{
  return self->options->only == NULL || g_strv_contains ((const char *const *) self->options->only, id);
}

static void
run_steps (Check *self, const Step *steps, guint n_steps)
{
  for (guint i = 0; i < n_steps && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      if (!steps[i].always && !is_wanted (self, steps[i].id))
        continue;

      CheckCase *found = check_case_new (self, self->folder, steps[i].id, _ (steps[i].title), steps[i].right);
      const char *missing = find_missing (self, steps[i].needs);

      if (missing != NULL)
        check_case_skip (found, missing);
      else
        steps[i].run (found);
      check_tell (self, found);
    }
}

static void
run_faults (Check *self, const CheckWorld *world, Need needs)
{
  if (is_wanted (self, FAULTS) && find_missing (self, needs) == NULL &&
      !g_cancellable_is_cancelled (self->cancellable))
    check_faults (self, world);
}

void
check_steps_run (Check *self)
{
  run_steps (self, settings, G_N_ELEMENTS (settings));
  run_steps (self, imports, G_N_ELEMENTS (imports));
  run_faults (self, &self->full, NEEDS_FULL | NEEDS_STEADY);
  run_steps (self, changes, G_N_ELEMENTS (changes));
  run_faults (self, &self->change, NEEDS_CHANGE | NEEDS_CHANGED);
  run_steps (self, leaks, G_N_ELEMENTS (leaks));
}

static gboolean
is_step (const Step *steps, guint n_steps, const char *id)
{
  for (guint i = 0; i < n_steps; i++)
    if (g_str_equal (steps[i].id, id))
      return TRUE;
  return FALSE;
}

gboolean
check_steps_have (const char *id)
{
  return g_str_equal (id, FAULTS) || is_step (settings, G_N_ELEMENTS (settings), id) ||
         is_step (imports, G_N_ELEMENTS (imports), id) || is_step (changes, G_N_ELEMENTS (changes), id) ||
         is_step (leaks, G_N_ELEMENTS (leaks), id);
}
