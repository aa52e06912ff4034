/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "fake-service.h"

#include <glib/gstdio.h>
#include <libcar/car.h>
#include <libcar/client/car-import-warnings-private.h>
#include <libcar/staging/car-uploader-private.h>
#include <string.h>

#define NO_IMPORTS "{\"error_imports\":[],\"incomplete_imports\":[]}"
/* Of a size that a service may find too large. */
#define NAME_16 "sixteen letters "
#define NAME_256                                                                                             \
  NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16 NAME_16    \
      NAME_16 NAME_16 NAME_16
#define NAME                                                                                                 \
  NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256 NAME_256         \
      NAME_256 NAME_256 NAME_256 NAME_256 NAME_256
#define VERTEX(number) "{\"external_id\":\"v" number "\",\"name\":\"" NAME "\"}"
#define V(number) VERTEX (#number)
#define HEAD "{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1.5\"}"

typedef struct
{
  FakeService *service;
  CarClient *client;
  char *parent;
  CarBundle *bundle;
  guint n_told;
  guint last_done;
  guint last_total;
  GString *large; /* what was left out as too large */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->large = g_string_new (NULL);
  fixture->service = fake_service_new ();
  fixture->client = fake_service_make_client (fixture->service);
  fixture->parent = g_dir_make_tmp ("car-test-uploader-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->bundle = car_bundle_new (fixture->parent, 2, FALSE, &error);
  g_assert_no_error (error);
  car_bundle_set_envelope (fixture->bundle, "{\"_key\":\"s\"}", "{\"_key\":\"1.5\"}");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  fake_service_assert_all_fetched (fixture->service);
  g_clear_object (&fixture->client);
  g_clear_object (&fixture->bundle);
  g_assert_cmpint (g_rmdir (fixture->parent), ==, 0);
  g_free (fixture->parent);
  g_string_free (fixture->large, TRUE);
  g_clear_pointer (&fixture->service, fake_service_free);
}

static void
add_vertex (Fixture *fixture, const char *object)
{
  g_autoptr (GError) error = NULL;
  CarBundleSlot *slot = car_bundle_get_slot (fixture->bundle, CAR_BUNDLE_VERTICES, "asset");
  const gsize begin = car_bundle_begin (slot);

  g_string_append (slot->text, object);
  g_assert_true (car_bundle_commit (fixture->bundle, slot, begin, &error));
  g_assert_no_error (error);
}

/* Vertices, two a page. */
static void
add_vertices (Fixture *fixture, guint n_vertices)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n_vertices; i++)
    {
      g_autofree char *object = g_strdup_printf (VERTEX ("%u"), i);

      add_vertex (fixture, object);
    }
  g_assert_true (car_bundle_flush (fixture->bundle, CAR_BUNDLE_VERTICES, &error));
}

static void
answer_imports (Fixture *fixture, guint n_imports)
{
  for (guint i = 0; i < n_imports; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"id\":\"j%u\"}", i);
      fake_service_answer (fixture->service, "POST", "v2/imports", 200, body);
    }
}

static void
on_progress (guint done, guint total, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpuint (done, <=, total);
  g_assert_cmpuint (done, >=, fixture->last_done);
  g_assert_cmpuint (total, >=, fixture->last_total);
  fixture->n_told++;
  fixture->last_done = done;
  fixture->last_total = total;
}

static void
on_too_large (const char *collection, const CarJsonSpan *object, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_printf (fixture->large, "%s%.*s ", collection, (int) object->length, object->text);
}

static gboolean
send_vertices (Fixture *fixture, GCancellable *cancellable, GError **error)
{
  const CarUploaderListener listener = { on_progress, on_too_large, NULL, fixture };
  g_autoptr (GPtrArray) warnings = car_import_warnings_new ();

  return car_uploader_send (fixture->client, fixture->bundle, CAR_BUNDLE_VERTICES, &listener, warnings,
                            cancellable, error);
}

static gboolean
was_posted (Fixture *fixture, const char *body)
{
  for (guint i = 0; i < fake_service_get_n_requests (fixture->service); i++)
    if (g_str_equal (fake_service_get_request (fixture->service, i)->body, body))
      return TRUE;
  return FALSE;
}

static void
test_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 0);
}

static void
test_pages (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 21);
  answer_imports (fixture, 11);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *body =
          g_strdup_printf (HEAD ",\"asset\":[" VERTEX ("%u") "," VERTEX ("%u") "]}", 2 * i, 2 * i + 1);
      g_assert_true (was_posted (fixture, body));
    }
  g_assert_true (was_posted (fixture, HEAD ",\"asset\":[" V (20) "]}"));
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 11);
  g_assert_cmpuint (fixture->last_done, ==, 11);
  g_assert_cmpuint (fixture->last_total, ==, 11);
  g_assert_cmpuint (fixture->n_told, >=, 12);
  g_assert_cmpuint (car_bundle_get_n_pages (fixture->bundle, CAR_BUNDLE_VERTICES), ==, 0);

  /* What is done is not sent again, what came since is. */
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 11);

  fixture->last_done = fixture->last_total = 0;
  add_vertices (fixture, 1);
  answer_imports (fixture, 1);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 12);
  g_assert_true (was_posted (fixture, HEAD ",\"asset\":[" V (0) "]}"));
}

static void
test_waits_for_jobs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 2);
  answer_imports (fixture, 1);
  for (guint i = 0; i < 3; i++)
    fake_service_answer (fixture->service, "GET", "v2/importstatus", 200,
                         "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":\"j0\"}]}");
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
}

/* Nothing counts as done, and all pages are there for another try. */
static void
assert_all_left (Fixture *fixture, guint n_pages)
{
  g_assert_cmpuint (car_bundle_get_n_pages (fixture->bundle, CAR_BUNDLE_VERTICES), ==, n_pages);
}

static void
test_failed_page (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* The look at the jobs is given up, and no page behind it is posted. */
  add_vertices (fixture, 20);
  answer_imports (fixture, 1);
  fake_service_misbehave (fixture->service, "GET", "v2/importstatus", FAKE_HANG);
  fake_service_answer (fixture->service, "POST", "v2/imports", 422, "{\"errors\":[{\"message\":\"no\"}]}");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "HTTP 422"));
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 2);
  assert_all_left (fixture, 10);
}

static void
test_failed_job (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* It is seen though pages are still on their way. */
  add_vertices (fixture, 4);
  answer_imports (fixture, 1);
  fake_service_misbehave (fixture->service, "POST", "v2/imports", FAKE_HANG);
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200,
                       "{\"error_imports\":[{\"id\":\"j0\",\"error\":\"why\",\"statusCode\":400}],"
                       "\"incomplete_imports\":[]}");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "import job j0 failed: why"));
  assert_all_left (fixture, 2);
}

static void
test_wrong_answers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 2);
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "<html>log in</html>");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_clear_error (&error);

  answer_imports (fixture, 1);
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, "<html>busy</html>");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  assert_all_left (fixture, 1);
}

static void
test_endless_job (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.job_timeout = 20;
  car_client_set_limits (fixture->client, &limits);
  add_vertices (fixture, 2);
  answer_imports (fixture, 1);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":\"j0\"}]}");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  assert_all_left (fixture, 1);
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 2);
  fake_service_answer (fixture->service, "POST", "v2/imports", 413, "");
  answer_imports (fixture, 2);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (was_posted (fixture, HEAD ",\"asset\":[" V (0) "]}"));
  g_assert_true (was_posted (fixture, HEAD ",\"asset\":[" V (1) "]}"));
  g_assert_cmpuint (fixture->last_done, ==, 2);
  g_assert_cmpuint (fixture->last_total, ==, 2);
  assert_all_left (fixture, 0);
}

/* What was posted, in this order. */
static void
assert_posted (Fixture *fixture, const char *const *items)
{
  guint n_seen = 0;

  for (guint i = 0; i < fake_service_get_n_requests (fixture->service); i++)
    {
      const FakeRequest *request = fake_service_get_request (fixture->service, i);
      if (!g_str_equal (request->method, "POST"))
        continue;

      g_autofree char *body = g_strconcat (HEAD ",\"asset\":[", items[n_seen], "]}", NULL);
      g_assert_cmpstr (request->body, ==, body);
      n_seen++;
    }
  g_assert_null (items[n_seen]);
}

/* A page that the service takes only the second time does not let those behind it pass, nor do halves. */
static void
test_order (Fixture *fixture, gconstpointer data)
{
  const char *const posted[] = { V (0) "," V (1), V (0) "," V (1), V (0), V (0), V (1),
                                 V (2),           V (2),           V (3), V (4), NULL };
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 5);
  fake_service_misbehave (fixture->service, "POST", "v2/imports", FAKE_DROP);
  fake_service_answer (fixture->service, "POST", "v2/imports", 413, "");
  fake_service_answer (fixture->service, "POST", "v2/imports", 503, "");
  answer_imports (fixture, 2);
  fake_service_answer (fixture->service, "POST", "v2/imports", 503, "");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"j2\"}");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"j3\"}");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"j4\"}");
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  assert_posted (fixture, posted);
}

/* The run goes on without an object that is too large alone, and tells of it; the pages behind it are sent. */
static void
test_object_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 3);
  fake_service_answer (fixture->service, "POST", "v2/imports", 413, "");
  answer_imports (fixture, 1);
  fake_service_answer (fixture->service, "POST", "v2/imports", 413, "");
  answer_imports (fixture, 1);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (was_posted (fixture, HEAD ",\"asset\":[" V (0) "]}"));
  g_assert_cmpuint (fixture->last_done, ==, fixture->last_total);
  assert_all_left (fixture, 0);

  /* v2 is as large as v1, which was refused, and is asked about all the same. */
  g_assert_cmpstr (fixture->large->str, ==, "asset" V (1) " ");
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 4);
}

/* The service is asked once about an object that is alone in its page. */
static void
test_only_object_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 1);
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 413, "");
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->large->str, ==, "asset" V (0) " ");
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 1);
}

/* What refuses that little has another fault, and nothing is left out for it. */
static void
test_refuses_small (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertex (fixture, "{\"external_id\":\"small\"}");
  g_assert_true (car_bundle_flush (fixture->bundle, CAR_BUNDLE_VERTICES, &error));
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 413, "");
  g_assert_false (send_vertices (fixture, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 1);
  g_assert_cmpuint (fixture->large->len, ==, 0);
  assert_all_left (fixture, 1);
}

/* Nothing is left to be waited for. */
static void
test_all_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 21);
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 413, "");
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  /* The first page, and each object. */
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 22);
  g_assert_true (g_str_has_suffix (fixture->large->str, "asset" V (20) " "));
  assert_all_left (fixture, 0);
}

/* What one page taught is not asked again for the others, nor in the next part. */
static void
test_keeps_what_it_learned (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add_vertices (fixture, 20);
  fake_service_answer (fixture->service, "POST", "v2/imports", 413, "");
  answer_imports (fixture, 20);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 21);

  fixture->last_done = fixture->last_total = 0;
  add_vertices (fixture, 2);
  answer_imports (fixture, 2);
  g_assert_true (send_vertices (fixture, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 23);
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  add_vertices (fixture, 20);
  fake_service_misbehave (fixture->service, "POST", "v2/imports", FAKE_HANG);
  GThread *thread = fake_service_cancel_at (fixture->service, 1, cancellable);
  g_assert_false (send_vertices (fixture, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 1);
  assert_all_left (fixture, 10);

  g_clear_error (&error);
  g_assert_false (send_vertices (fixture, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 1);
}

static void
test_report (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  answer_imports (fixture, 1);
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (car_uploader_send_report (fixture->client, fixture->bundle, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->body, ==, HEAD "}");

  answer_imports (fixture, 1);
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200,
                       "{\"error_imports\":[{\"id\":\"j0\"}],\"incomplete_imports\":[]}");
  g_assert_false (car_uploader_send_report (fixture->client, fixture->bundle, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, function) g_test_add ("/uploader/" path, Fixture, NULL, set_up, function, tear_down)
  add ("nothing", test_nothing);
  add ("pages", test_pages);
  add ("waits-for-jobs", test_waits_for_jobs);
  add ("failed-page", test_failed_page);
  add ("failed-job", test_failed_job);
  add ("wrong-answers", test_wrong_answers);
  add ("endless-job", test_endless_job);
  add ("too-large", test_too_large);
  add ("order", test_order);
  add ("object-too-large", test_object_too_large);
  add ("only-object-too-large", test_only_object_too_large);
  add ("refuses-small", test_refuses_small);
  add ("all-too-large", test_all_too_large);
  add ("keeps-what-it-learned", test_keeps_what_it_learned);
  add ("cancel", test_cancel);
  add ("report", test_report);
#undef add

  return g_test_run ();
}
