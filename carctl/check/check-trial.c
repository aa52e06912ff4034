/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-run.h"
#include "carctl/check/check-trial.h"
#include "carctl/check/check-world.h"

/* Most of them wait. */
#define TRIALS_PER_PROCESSOR 3

struct _CheckTrials
{
  GThreadPool *pool;
};

typedef struct
{
  CheckCase *found;
  const CheckWorld *world;
  CheckTrial trial;
  char *name;
} Job;

static void
job_free (Job *job)
{
  g_free (job->trial.rule);
  g_free (job->name);
  g_free (job);
}

/* A fault of the service is none of the data source, nor a wrong setting, and nothing unforeseen. Adding an extension is the one call
 * that a wrong setting makes fail. */
static gboolean
is_right_code (const CheckTrial *trial, int code)
{
  if (trial->rule != NULL)
    return code != CAR_APP_ERROR_GENERAL &&
           (code != CAR_APP_ERROR_INVALID_PARAMETER || g_str_has_prefix (trial->rule, "add-extension:")) &&
           (code < CAR_DATASOURCE_FAILURE_UNKNOWN || code > CAR_DATASOURCE_FAILURE_DATA_PROCESSING) &&
           code < 128;
  if (trial->signal == SIGTERM)
    return code == 0 || code == 128 + SIGTERM;
  return code == 0 || code == 128 + SIGKILL;
}

/* One that is forgotten is behind every gap. */
static gboolean
has_moved (const char *before, const char *after)
{
  return after != NULL && *after != '\0' && g_strcmp0 (before, after) != 0;
}

/* The run that met it: either the service has what the source has, or the run says that it failed and the next one will not begin behind
 * the gap. Returns: whether there is nothing left to do for the next one. */
static gboolean
judge (CheckCase *self,
       const CheckWorld *world,
       const CheckTrial *trial,
       const CheckRun *run,
       const CheckGraph *seen)
{
  g_autofree char *difference = check_graph_compare (world->right, seen);
  gboolean is_kept = g_strcmp0 (seen->save_point, world->right->save_point) == 0;
  gboolean moved = has_moved (world->save_point, seen->save_point);

  if (run->hung || run->code < 0)
    return FALSE;
  if (!is_right_code (trial, run->code))
    check_case_fail (self, _ ("exit code %d"), run->code);
  if (difference != NULL && run->code == 0)
    check_case_fail (self, _ ("exit code 0, and the graph is not the source's: %s"), difference);
  if (difference != NULL && run->code != 0 && moved)
    check_case_fail (self, _ ("the save point is past what the service has: %s"), difference);
  return difference == NULL && is_kept && run->code == 0;
}

static void
try_trial (CheckCase *self, const CheckWorld *world, const CheckTrial *trial)
{
  g_auto (CheckService) service = { 0 };
  g_autoptr (GError) error = NULL;
  const CheckPlan plan = { .faulty = TRUE, .signal = trial->signal, .moment = trial->moment };

  if (!check_world_start (self, world, &service, trial->rule))
    return;

  g_autoptr (CheckRun) run = check_run (self, &service, "struck", &plan);
  g_autoptr (CheckGraph) seen = check_world_read (self, &service);
  if (seen == NULL)
    return;

  if (!judge (self, world, trial, run, seen) && check_run_well (self, &service, "next"))
    check_world_compare (self, world, &service, _ ("after the next good run"));
}

static void
merge (CheckCase *self, CheckCase *part)
{
  g_mutex_lock (&self->lock);
  self->seconds += (double) (g_get_monotonic_time () - part->begin) / G_USEC_PER_SEC;
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < part->problems->len; i++)
    check_case_fail (self, "%s: %s", part->title, (const char *) g_ptr_array_index (part->problems, i));
  if (part->problems->len == 0)
    carctl_remove_folder (part->folder);
}

static void
run_job (gpointer data, gpointer user_data)
{
  Job *job = data;
  Check *check = job->found->check;

  if (!g_cancellable_is_cancelled (check->cancellable))
    {
      g_autoptr (CheckCase) part = check_case_new (check, job->found->folder, job->name, job->name, NULL);

      try_trial (part, job->world, &job->trial);
      merge (job->found, part);
    }
  job_free (job);
}

CheckTrials *
check_trials_new (const Check *check)
{
  CheckTrials *self = g_new0 (CheckTrials, 1);

  self->pool =
      g_thread_pool_new (run_job, NULL, TRIALS_PER_PROCESSOR * (int) g_get_num_processors (), FALSE, NULL);
  return self;
}

void
check_trials_add (CheckTrials *self, CheckCase *found, const CheckWorld *world, CheckTrial trial)
{
  Job *job = g_new0 (Job, 1);

  job->found = found;
  job->world = world;
  job->trial = trial;
  job->name = trial.rule != NULL
                  ? g_strdup (trial.rule)
                  : g_strdup_printf ("%s-after-%.0f-ms", trial.signal == SIGKILL ? "SIGKILL" : "SIGTERM",
                                     1000 * trial.moment);
  g_thread_pool_push (self->pool, job, NULL);
}

void
check_trials_free (CheckTrials *self)
{
  g_thread_pool_free (self->pool, FALSE, TRUE);
  g_free (self);
}
