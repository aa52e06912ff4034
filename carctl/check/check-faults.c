/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-run.h"
#include "carctl/check/check-trial.h"
#include "carctl/check/check-world.h"

/* The faults of car-fault-service, by what they are to the connector. Of most families, the quick check lets one strike a call, and the
 * next call meets the next one. */
typedef struct
{
  const char *const *faults;
  const char *const *calls; /* NULL: it strikes all */
  gboolean is_quick;        /* one of them strikes in the quick check too */
  gboolean has_after;       /* it may strike when the service has acted already */
} Family;

static const char *const broken[] = { "reset", "closed", "refused,seconds=1", "hang", NULL };
static const char *const spoiled[] = { "cut", "negative-length", "stall", "bad-chunk", NULL };
static const char *const statuses[] = { "503", "401", "500", "404", "429", "408", "400", "502", "403",
                                        "504", "409", "413", "301", "204", "507", "501", NULL };
static const char *const answers[] = { "half",         "web-page", "empty",     "errors", "wrong-types",
                                       "null",         "array",    "string",    "number", "bad-utf8",
                                       "empty-object", "deep",     "wrong-ids", NULL };
static const char *const slow[] = { "trickle", "huge", "gzip-bomb", NULL };
static const char *const jobs[] = { "job-failed", "job-runs", "job-failed-without-status", "job-lost", NULL };
static const char *const sessions[] = { "session-lost", NULL };

static const char *const job_calls[] = { "job", "import-status", NULL };
static const char *const session_calls[] = { "import", "begin-full", "end-full", NULL };

static const Family families[] = {
  { broken, NULL, TRUE, TRUE },
  { spoiled, NULL, TRUE, FALSE },
  { statuses, NULL, TRUE, TRUE },
  { answers, NULL, TRUE, FALSE },
  { slow, NULL, FALSE, FALSE },
  { jobs, job_calls, TRUE, FALSE },
  { sessions, session_calls, TRUE, FALSE },
};

/* The calls of an import after a change meet other faults than those of a full one. */
#define TURNS_OF_CHANGE 6

/* A call that the connector makes. */
typedef struct
{
  char *name;
  gboolean reads; /* it changes nothing */
  guint count;
} Call;

static void
call_free (Call *call)
{
  g_free (call->name);
  g_free (call);
}

static Call *
find_call (GPtrArray *calls, const char *name)
{
  for (guint i = 0; i < calls->len; i++)
    if (g_str_equal (((Call *) g_ptr_array_index (calls, i))->name, name))
      return g_ptr_array_index (calls, i);

  Call *call = g_new0 (Call, 1);
  call->name = g_strdup (name);
  g_ptr_array_add (calls, call);
  return call;
}

/* As “CALL: METHOD PATH” tells them; a query is posted, and changes nothing. */
static GPtrArray *
list_calls (const CheckService *service)
{
  g_auto (GStrv) requests = check_service_list_requests (service);
  GPtrArray *calls = g_ptr_array_new_with_free_func ((GDestroyNotify) call_free);

  for (guint i = 0; requests[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (requests[i], ": ", 2);
      if (parts[0] == NULL || parts[1] == NULL || strchr (parts[0], ' ') != NULL)
        continue;

      Call *call = find_call (calls, parts[0]);
      call->count++;
      call->reads = g_str_has_prefix (parts[1], "GET ") || g_str_equal (parts[0], "query");
    }
  return calls;
}

/* Nobody can tell: protocol.md publishes no answer for these, so any object is one. */
static gboolean
is_lie (const char *call, const char *fault)
{
  return g_str_equal (fault, "empty-object") &&
         (g_str_equal (call, "patch") || g_str_equal (call, "add-extension"));
}

typedef struct
{
  CheckTrials *trials;
  CheckCase *found;
  const CheckWorld *world;
  const Call *call;
} Adding;

static void
add (const Adding *adding, const char *fault, const char *more)
{
  char *rule = g_strconcat (adding->call->name, ":", fault, more, NULL);

  check_trials_add (adding->trials, adding->found, adding->world, (CheckTrial){ .rule = rule });
}

/* Each fault once, also in the middle of many requests, and again and again; also when the service has acted already. Jobs that never end
 * are waited for as long as the service says that they go on. */
static void
add_thoroughly (const Adding *adding, const Family *family, const char *fault)
{
  g_autofree char *middle = g_strdup_printf (",at=%u", adding->call->count / 2 + 1);

  add (adding, fault, "");
  if (adding->call->count > 2)
    add (adding, fault, middle);
  add (adding, fault, g_str_equal (fault, "job-runs") ? ",times=3" : ",times=always");
  if (family->has_after && !adding->call->reads)
    {
      add (adding, fault, ",when=after");
      add (adding, fault, ",when=after,times=always");
    }
}

/* In the quick check every other fault goes on and on, except jobs: they would be waited for. */
static const char *
choose_times (guint turn, const char *fault)
{
  return turn % 2 == 1 && !g_str_equal (fault, "job-runs") ? ",times=always" : "";
}

static void
add_family (const Adding *adding, const Family *family, guint turn, gboolean thorough)
{
  guint n_faults = g_strv_length ((char **) family->faults);
  guint n = thorough ? n_faults : family->is_quick ? 1 : 0;

  if (family->calls != NULL && !g_strv_contains (family->calls, adding->call->name))
    return;

  for (guint i = 0; i < n; i++)
    {
      const char *fault = family->faults[(turn + i) % n_faults];

      if (is_lie (adding->call->name, fault))
        continue;
      if (thorough)
        add_thoroughly (adding, family, fault);
      else
        add (adding, fault, choose_times (turn + i, fault));
    }
}

/* What a run without a fault calls. NULL: the case tells why. */
static GPtrArray *
learn_calls (CheckCase *self, const CheckWorld *world)
{
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, world, &service, NULL))
    return NULL;

  g_autoptr (CheckRun) run = check_run (self, &service, "no-fault", &(CheckPlan){ .faulty = TRUE });
  if (run->code == 0)
    return list_calls (&service);

  check_case_fail (self, _ ("without a fault: exit code %d"), run->code);
  return NULL;
}

static CheckCase *
make_case (Check *check, const CheckWorld *world, const char *call)
{
  gboolean is_change = world == &check->change;
  g_autofree char *id = g_strdup_printf ("faults-%s-%s", is_change ? "change" : "full", call);
  g_autofree char *title =
      g_strdup_printf (is_change ? _ ("faults of the call “%s”, in an import after a change")
                                 : _ ("faults of the call “%s”, in a full import"),
                       call);

  return check_case_new (
      check, check->folder, id, title,
      N_ ("the graph is the source's, or the exit code says that the service failed (10, 20) and the "
          "save point stays; and the next run makes the graph the source's"));
}

/* Side by side, since most of them wait; they are told in their order. */
static void
try_calls (Check *check, const CheckWorld *world, GPtrArray *calls, guint begin, guint end)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new ();
  CheckTrials *trials = check_trials_new (check);

  for (guint i = begin; i < end; i++)
    {
      const Call *call = g_ptr_array_index (calls, i);
      const Adding adding = { trials, make_case (check, world, call->name), world, call };

      g_ptr_array_add (cases, adding.found);
      for (guint j = 0; j < G_N_ELEMENTS (families); j++)
        add_family (&adding, &families[j], world == &check->change ? i + TURNS_OF_CHANGE : i,
                    check->options->thorough);
    }
  check_trials_free (trials);
  for (guint i = 0; i < cases->len; i++)
    check_tell (check, g_ptr_array_index (cases, i));
}

/* The quick check has few trials a call, and so all calls at once; a thorough one tells of each call as soon as it can. */
void
check_faults (Check *check, const CheckWorld *world)
{
  g_autoptr (CheckCase) learning = make_case (check, world, "any");
  g_autoptr (GPtrArray) calls = learn_calls (learning, world);

  if (calls == NULL)
    {
      check_tell (check, g_steal_pointer (&learning));
      return;
    }
  carctl_remove_folder (learning->folder);

  guint step = check->options->thorough ? 1 : MAX (calls->len, 1);
  for (guint i = 0; i < calls->len && !g_cancellable_is_cancelled (check->cancellable); i += step)
    try_calls (check, world, calls, i, MIN (i + step, calls->len));
}
