/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>

#include "test-service.h"

#define ROUNDS 12
#define PAGES 40
#define PAGE_SIZE 50

static char *
make_envelope (guint round, guint page)
{
  GString *text = g_string_new ("{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1},\"asset\":[");

  for (guint i = 0; i < PAGE_SIZE; i++)
    g_string_append_printf (text, "%s{\"external_id\":\"%u-%u-%u\",\"name\":\"page %u-%u\"}",
                            i > 0 ? "," : "", round, page, i, round, page);
  g_string_append (text, "]}");

  return g_string_free (text, FALSE);
}

typedef struct
{
  TestService *service;
  guint round;
  GPtrArray *ids; /* of the pages that were answered for */
  gint n_answered;
  gint enough;
  gulong delay; /* after which the service is killed, in microseconds */
} Round;

/* Pages one after the other, until the service is gone. */
static void
post_pages (Round *round)
{
  for (guint page = 0; page < PAGES; page++)
    {
      guint status;
      g_autofree char *envelope = make_envelope (round->round, page);
      g_autofree char *answer = test_service_request (round->service, "POST", "imports", envelope, &status);

      if (status != 200)
        break;
      g_autoptr (JsonNode) node = json_from_string (answer, NULL);
      g_ptr_array_add (round->ids,
                       g_strdup (json_object_get_string_member (json_node_get_object (node), "id")));
      g_atomic_int_inc (&round->n_answered);
    }
}

/* Some pages are taken, then comes a moment of any kind: a page on its way, written, or being imported. */
static gpointer
kill_later (gpointer data)
{
  Round *round = data;

  while (g_atomic_int_get (&round->n_answered) < round->enough)
    g_usleep (100);
  g_usleep (round->delay);
  g_assert_no_errno (kill (round->service->pid, SIGKILL));

  return NULL;
}

static guint
count_page (TestService *service, guint round, guint page)
{
  g_autofree char *path = g_strdup_printf ("asset?name=page%%20%u-%u", round, page);
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);

  return json_array_get_length (json_object_get_array_member (json_node_get_object (answer), "result"));
}

/* All of a page or nothing; and all, where it was answered for. */
static void
check_pages (TestService *service, const Round *round)
{
  for (guint i = 0; i < round->ids->len; i++)
    {
      g_autofree char *status = test_service_wait_for_job (service, g_ptr_array_index (round->ids, i));
      g_assert_cmpstr (status, ==, "COMPLETE");
      g_assert_cmpuint (count_page (service, round->round, i), ==, PAGE_SIZE);
    }

  /* The page after them may have come through without its answer. */
  if (round->ids->len < PAGES)
    {
      guint n = count_page (service, round->round, round->ids->len);
      g_assert_true (n == 0 || n == PAGE_SIZE);
    }
}

static void
test_kill (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("test-service-crash-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "car.db", NULL);

  for (guint i = 0; i < ROUNDS; i++)
    {
      Round round = {
        .service = test_service_start (path),
        .round = i,
        .ids = g_ptr_array_new_with_free_func (g_free),
        .enough = g_test_rand_int_range (1, PAGES),
        .delay = (gulong) g_test_rand_int_range (0, 20000),
      };
      GThread *killer = g_thread_new ("killer", kill_later, &round);

      post_pages (&round);
      g_thread_join (killer);
      test_service_kill (round.service);
      g_test_message ("round %u: %u pages were answered for", i, round.ids->len);

      TestService *service = test_service_start (path);
      check_pages (service, &round);
      test_service_stop (service);
      g_ptr_array_unref (round.ids);
    }

  const char *const names[] = { "car.db", "car.db-lock" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (folder, names[i], NULL);
      g_assert_no_errno (g_unlink (file));
    }
  g_assert_no_errno (g_rmdir (folder));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/crash/kill", test_kill);

  return g_test_run ();
}
