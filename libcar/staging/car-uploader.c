/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/client/car-call-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/staging/car-uploader-private.h>

/* Enough to keep a service busy while answers are on their way. */
#define MAX_IN_FLIGHT 4

/* A page, or a part of one that was too large, on its way to the service and back. */
typedef struct
{
  guint page;
  GBytes *envelope;
  char *job; /* once it was taken */
  gboolean too_large;
  GError *error;
} Piece;

/* The thread that called does all but the posting: it alone touches the bundle and the jobs. */
typedef struct
{
  CarClient *client;
  CarBundle *bundle;
  CarBundlePart part;
  CarUploaderProgress progress;
  gpointer user_data;
  GCancellable *stop; /* the caller's, or the first failure */

  GThreadPool *pool;
  GAsyncQueue *answered; /* Piece, back from the pool */
  guint n_in_flight;
  GQueue halves; /* Piece, to be posted before the next page */
  guint next_page;
  guint n_pages;

  guint n_pieces;  /* pages, and what they were split into */
  guint n_taken;   /* by the service, each under a job's id */
  GPtrArray *jobs; /* those that are not known to be done, the oldest first */
  CarPatience patience;
  gint64 next_look;
} Upload;

static Piece *
piece_new (guint page, GBytes *envelope)
{
  Piece *self = g_new0 (Piece, 1);

  self->page = page;
  self->envelope = envelope;
  return self;
}

static void
piece_free (Piece *self)
{
  g_bytes_unref (self->envelope);
  g_free (self->job);
  g_clear_error (&self->error);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Piece, piece_free)

static void
post_piece (gpointer data, gpointer user_data)
{
  Piece *piece = data;
  Upload *self = user_data;

  piece->job =
      car_client_post_page (self->client, piece->envelope, &piece->too_large, self->stop, &piece->error);
  g_async_queue_push (self->answered, piece);
}

static void
tell_progress (Upload *self)
{
  if (self->progress)
    self->progress (self->n_taken - self->jobs->len, self->n_pieces, self->user_data);
}

static gboolean
post_more (Upload *self, GError **error)
{
  while (self->n_in_flight < MAX_IN_FLIGHT)
    {
      Piece *piece = g_queue_pop_head (&self->halves);
      if (!piece && self->next_page == self->n_pages)
        break;
      if (!piece)
        {
          GBytes *envelope = car_bundle_load_page (self->bundle, self->part, self->next_page, error);
          if (!envelope)
            return FALSE;
          piece = piece_new (self->next_page++, envelope);
        }
      g_thread_pool_push (self->pool, piece, NULL);
      self->n_in_flight++;
    }
  return TRUE;
}

static gboolean
split (Upload *self, const Piece *piece, GError **error)
{
  GBytes *first, *second;
  GError *cause = NULL;
  if (!car_bundle_split_page (piece->envelope, &first, &second, &cause))
    {
      if (cause)
        g_propagate_error (error, cause);
      else
        g_set_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT,
                     "page %u of the %s holds one object of %" G_GSIZE_FORMAT
                     " bytes, which the service finds too large (HTTP 413): make it smaller, or leave it out",
                     piece->page + 1, self->part == CAR_BUNDLE_VERTICES ? "vertices" : "edges",
                     g_bytes_get_size (piece->envelope));
      return FALSE;
    }

  g_debug ("page %u is too large for the service: sending it in halves", piece->page + 1);
  g_queue_push_tail (&self->halves, piece_new (piece->page, first));
  g_queue_push_tail (&self->halves, piece_new (piece->page, second));
  self->n_pieces++;
  return TRUE;
}

/* Takes the piece. */
static gboolean
take_answer (Upload *self, Piece *answered, GError **error)
{
  g_autoptr (Piece) piece = answered;

  self->n_in_flight--;
  if (piece->too_large)
    return split (self, piece, error);
  if (!piece->job)
    {
      g_propagate_error (error, g_steal_pointer (&piece->error));
      return FALSE;
    }
  if (!car_bundle_note_posted (self->bundle, self->part, piece->page, piece->job, error))
    return FALSE;

  g_ptr_array_add (self->jobs, g_steal_pointer (&piece->job));
  self->n_taken++;
  car_client_renew_patience (self->client, &self->patience);
  tell_progress (self);
  return TRUE;
}

static gboolean
look_at_jobs (Upload *self, GError **error)
{
  const guint before = self->jobs->len;
  if (!car_client_look_at_imports (self->client, self->jobs, self->stop, error))
    return FALSE;

  tell_progress (self);
  if (self->jobs->len < before)
    car_client_renew_patience (self->client, &self->patience);
  if (self->jobs->len == 0)
    return TRUE;

  guint delay;
  if (!car_client_spend_patience (self->client, &self->patience, self->jobs->pdata[0], &delay, error))
    return FALSE;
  self->next_look = g_get_monotonic_time () + delay * G_TIME_SPAN_MILLISECOND;
  return TRUE;
}

/* Waits for what comes first: an answer, or the time to look at the jobs. */
static gboolean
advance (Upload *self, GError **error)
{
  const gint64 left = MAX (self->next_look - g_get_monotonic_time (), 0);

  if (self->n_in_flight > 0)
    {
      Piece *piece = self->jobs->len == 0 ? g_async_queue_pop (self->answered)
                                          : g_async_queue_timeout_pop (self->answered, (guint64) left);
      if (piece)
        return take_answer (self, piece, error);
    }
  else if (!car_call_wait ((guint) (left / G_TIME_SPAN_MILLISECOND), self->stop, error))
    return FALSE;

  return look_at_jobs (self, error);
}

static gboolean
run (Upload *self, GError **error)
{
  do
    {
      if (!post_more (self, error))
        return FALSE;
      if ((self->n_in_flight > 0 || self->jobs->len > 0) && !advance (self, error))
        return FALSE;
    }
  while (self->n_in_flight > 0 || self->jobs->len > 0 || !g_queue_is_empty (&self->halves) ||
         self->next_page < self->n_pages);

  return car_bundle_note_done (self->bundle, self->part, error);
}

static void
on_cancelled (GCancellable *cancellable, GCancellable *stop)
{
  g_cancellable_cancel (stop);
}

gboolean
car_uploader_send (CarClient *client,
                   CarBundle *bundle,
                   CarBundlePart part,
                   CarUploaderProgress progress,
                   gpointer user_data,
                   GCancellable *cancellable,
                   GError **error)
{
  if (!car_bundle_flush (bundle, part, error))
    return FALSE;
  const guint n_pages = car_bundle_get_n_pages (bundle, part);
  if (n_pages == 0)
    return TRUE;

  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (GAsyncQueue) answered = g_async_queue_new_full ((GDestroyNotify) piece_free);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_free);
  Upload self = {
    .client = client,
    .bundle = bundle,
    .part = part,
    .progress = progress,
    .user_data = user_data,
    .stop = stop,
    .answered = answered,
    .halves = G_QUEUE_INIT,
    .n_pages = n_pages,
    .n_pieces = n_pages,
    .jobs = jobs,
  };
  car_client_begin_patience (client, &self.patience);
  const gulong handler =
      cancellable ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), stop, NULL) : 0;
  self.pool = g_thread_pool_new (post_piece, &self, MAX_IN_FLIGHT, FALSE, NULL);

  const gboolean sent = run (&self, error);

  g_cancellable_cancel (stop);
  g_thread_pool_free (self.pool, FALSE, TRUE);
  g_cancellable_disconnect (cancellable, handler);
  g_queue_clear_full (&self.halves, (GDestroyNotify) piece_free);
  return sent;
}

gboolean
car_uploader_send_report (CarClient *client, CarBundle *bundle, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) envelope = car_bundle_get_report_envelope (bundle);
  g_autofree char *job = car_client_import_bytes (client, envelope, cancellable, error);
  if (!job)
    return FALSE;

  const char *const jobs[] = { job, NULL };
  return car_client_wait_for_imports (client, jobs, cancellable, error);
}
