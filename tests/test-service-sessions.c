/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "test-service.h"

/* Two runs of one source at once: whatever the order in which their calls arrive, a run that was replaced is told so, and
 * takes nothing of the other's away. */

typedef struct
{
  const char *name;     /* of its asset, and of its report */
  guint next;           /* of steps */
  gboolean told;        /* that it was replaced: it stops */
  gboolean complete;    /* its end was taken, and its job is done */
  gboolean with_report; /* it says whose its beginning and end are */
} Run;

static JsonNode *
call (TestService *service, Run *run, const char *method, const char *path, const char *body)
{
  guint status;
  g_autofree char *header =
      run->with_report ? g_strconcat ("x-car-report: ", run->name, NULL) : g_strdup ("x-nothing: 1");
  g_autofree char *answer = test_service_request_with (service, method, path, header, body, &status);

  g_test_message ("%s: %s %s: %u %s", run->name, method, path, status, answer);
  if (status == 409)
    {
      g_assert_nonnull (strstr (answer, "replaced"));
      run->told = TRUE;
      return NULL;
    }
  g_assert_cmpuint (status, ==, 200);

  return json_from_string (answer, NULL);
}

static void
wait_for (TestService *service, JsonNode *answer, const char *member)
{
  g_autofree char *status = test_service_wait_for_job (
      service, json_object_get_string_member (json_node_get_object (answer), member));

  g_assert_cmpstr (status, ==, "COMPLETE");
}

#define IN_PROGRESS "source/s/full-import-in-progress"

static void
begin (TestService *service, Run *run)
{
  g_autoptr (JsonNode) answer = call (service, run, "POST", IN_PROGRESS, NULL);

  wait_for (service, answer, "job_id");
}

static void
send_page (TestService *service, Run *run)
{
  g_autofree char *envelope =
      g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"%s\",\"timestamp\":1},"
                       "\"asset\":[{\"external_id\":\"%s\",\"name\":\"n\"}]}",
                       run->name, run->name);
  g_autoptr (JsonNode) answer = call (service, run, "POST", "imports", envelope);

  if (answer != NULL)
    wait_for (service, answer, "id");
}

static void
end (TestService *service, Run *run)
{
  g_autoptr (JsonNode) answer = call (service, run, "DELETE", IN_PROGRESS, NULL);

  if (answer == NULL)
    return;
  wait_for (service, answer, "job_id");
  run->complete = TRUE;
}

static void (*const steps[]) (TestService *service, Run *run) = { begin, send_page, end };

static void
go_on (TestService *service, Run *run)
{
  if (!run->told)
    steps[run->next++](service, run);
}

static gboolean
is_there (TestService *service, const char *asset)
{
  g_autofree char *path = g_strconcat ("asset?external_id=", asset, NULL);
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);

  return json_array_get_length (json_object_get_array_member (json_node_get_object (answer), "result")) == 1;
}

/* Each bit of `order`, from the lowest on, says whose call is next. */
static void
run_in_order (guint order, gboolean with_report, Run *a, Run *b, gboolean *a_there, gboolean *b_there)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  *a = (Run){ .name = "a", .with_report = with_report };
  *b = (Run){ .name = "b", .with_report = with_report };
  for (guint i = 0; i < 2 * G_N_ELEMENTS (steps); i++)
    go_on (service, (order & (1U << i)) != 0 ? b : a);
  *a_there = is_there (service, "a");
  *b_there = is_there (service, "b");
}

/* Whether b begins before a has ended, a being the first. */
static gboolean
overlap (guint order)
{
  return (order & 7) != 0;
}

/* Six calls of which three are b's, and the first is a's. */
static gboolean
is_order (guint order)
{
  return (order & 1) == 0 && __builtin_popcount (order) == 3;
}

/* Where the runs say whose their calls are, the run that began last is the one that completes. */
static void
test_with_report (void)
{
  for (guint order = 0; order < 64; order++)
    {
      Run a, b;
      gboolean a_there, b_there;

      if (!is_order (order))
        continue;
      g_test_message ("order %02x", order);
      run_in_order (order, TRUE, &a, &b, &a_there, &b_there);
      g_assert_true (b.complete);
      g_assert_true (b_there);
      g_assert_false (a_there);
      g_assert_true (a.told == overlap (order));
      g_assert_true (a.complete != overlap (order));
    }
}

/* Where they do not, what is there after both is what one of them sent last, or, where nothing tells them apart, of both:
 * nothing of a run that was told that it is complete after the other is missing. */
static void
test_without_report (void)
{
  for (guint order = 0; order < 64; order++)
    {
      Run a, b;
      gboolean a_there, b_there;

      if (!is_order (order))
        continue;
      g_test_message ("order %02x", order);
      run_in_order (order, FALSE, &a, &b, &a_there, &b_there);
      g_assert_true (a.complete || b.complete);
      g_assert_true (b.complete ? b_there : a_there);
      g_assert_true (!a.told || !a_there);
      g_assert_true (!b.told || !b_there);
    }
}

static guint
get_status (TestService *service, const char *method, const char *path, const char *body)
{
  guint status;
  g_autofree char *answer = test_service_request (service, method, path, body, &status);

  g_test_message ("%s %s: %u %s", method, path, status, answer);
  return status;
}

static char *
end_and_get_job (TestService *service)
{
  g_autoptr (JsonNode) answer = test_service_call (service, "DELETE", IN_PROGRESS, NULL, 200);

  return g_strdup (json_object_get_string_member (json_node_get_object (answer), "job_id"));
}

/* As a connector of any framework makes it. */
static void
test_replaced (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  Run a = { .name = "a" }, b = { .name = "b" };

  g_assert_cmpuint (get_status (service, "DELETE", IN_PROGRESS, NULL), ==, 409);
  begin (service, &a);
  send_page (service, &a);
  begin (service, &b);
  send_page (service, &a);
  g_assert_true (a.told);
  a.told = FALSE;
  end (service, &a);
  g_assert_true (a.told);
  g_assert_true (is_there (service, "a"));

  send_page (service, &b);
  end (service, &b);
  g_assert_true (b.complete);
  g_assert_false (is_there (service, "a"));
  g_assert_true (is_there (service, "b"));
}

/* The same end sent again is answered with the same job, unless a begin came between. */
static void
test_end_again (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  Run a = { .name = "a" }, b = { .name = "b" };

  begin (service, &a);
  send_page (service, &a);
  g_autofree char *first = end_and_get_job (service);
  g_autofree char *second = end_and_get_job (service);
  g_assert_cmpstr (first, ==, second);

  begin (service, &b);
  g_assert_cmpuint (get_status (service, "DELETE", IN_PROGRESS, NULL), ==, 409);
  send_page (service, &b);
  g_autofree char *third = end_and_get_job (service);
  g_assert_cmpstr (third, !=, first);
}

/* A page without a session is an incremental one, while a full import is under way too: it closes nothing, and what it
 * brought is not closed. */
static void
test_incremental (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  Run full = { .name = "a" }, incremental = { .name = "i" };

  begin (service, &full);
  send_page (service, &full);
  send_page (service, &incremental);
  end (service, &full);
  send_page (service, &incremental);
  g_assert_false (incremental.told);
  g_assert_true (is_there (service, "a"));
  g_assert_true (is_there (service, "i"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/sessions/with-report", test_with_report);
  g_test_add_func ("/service/sessions/without-report", test_without_report);
  g_test_add_func ("/service/sessions/replaced", test_replaced);
  g_test_add_func ("/service/sessions/end-again", test_end_again);
  g_test_add_func ("/service/sessions/incremental", test_incremental);

  return g_test_run ();
}
