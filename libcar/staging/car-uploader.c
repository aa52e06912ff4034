/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-import-warnings-private.h>
#include <libcar/client/car-patience-private.h>
#include <libcar/staging/car-uploader-private.h>

/* A page, or a part of one that was too large. */
typedef struct
{
  guint page;
  GBytes *envelope;
  gboolean is_single; /* it holds one object, and cannot be split */
} Piece;

/* All of it happens in the thread that called, in a main context of its own. Up to two calls are under way: one posts a
 * piece, one looks at the jobs. While a piece is on its way, the next one is read. */
typedef struct
{
  CarClient *client;
  CarBundle *bundle;
  CarBundlePart part;
  const CarUploaderListener *listener;
  GPtrArray *warnings; /* the caller's */
  GMainContext *context;
  GCancellable *stop; /* the caller's, or the first failure */
  GError *error;      /* the first failure */

  Piece *posting; /* what is on its way; NULL: nothing */
  GQueue pieces;  /* Piece, read and waiting for their turn */
  guint next_page;
  guint n_pages;
  guint n_pieces; /* pages, and what they were split into */

  guint n_taken;   /* by the service, each under a job's id */
  GPtrArray *jobs; /* ids of those that the next look asks for, the oldest first */
  guint n_done;
  gboolean looking;
  GSource *pause; /* until the next look */
  CarPatience patience;
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
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Piece, piece_free)

static void
tell_progress (Upload *self)
{
  if (self->listener->progress != NULL)
    self->listener->progress (self->n_done, self->n_pieces, self->listener->user_data);
}

/* Takes the error. The first one stays, and ends what is under way. */
static void
fail (Upload *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_cancellable_cancel (self->stop);
}

/* Looking at the jobs. */

static void look (Upload *self);

static gboolean
on_pause_over (gpointer user_data)
{
  Upload *self = user_data;

  g_clear_pointer (&self->pause, g_source_unref);
  look (self);
  return G_SOURCE_REMOVE;
}

static void
pause_looking (Upload *self)
{
  guint delay;
  GError *error = NULL;
  if (!car_patience_spend (&self->patience, self->jobs->pdata[0], &delay, &error))
    {
      fail (self, error);
      return;
    }

  g_autoptr (GSource) cancelled = g_cancellable_source_new (self->stop);
  g_source_set_dummy_callback (cancelled);
  self->pause = g_timeout_source_new (delay);
  g_source_add_child_source (self->pause, cancelled);
  g_source_set_callback (self->pause, on_pause_over, self, NULL);
  g_source_attach (self->pause, self->context);
}

static void
on_looked (GObject *client, GAsyncResult *result, gpointer user_data)
{
  Upload *self = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GPtrArray) left =
      car_client_look_at_imports_finish (CAR_CLIENT (client), result, &warnings, &error);

  self->looking = FALSE;
  if (left == NULL)
    {
      fail (self, error);
      return;
    }

  for (guint i = 0; i < warnings->len; i++)
    car_import_warnings_add (self->warnings, warnings->pdata[i]);
  /* Behind them, those that were taken meanwhile. */
  g_ptr_array_extend_and_steal (left, g_steal_pointer (&self->jobs));
  self->jobs = g_steal_pointer (&left);
  const guint n_done = self->n_taken - self->jobs->len;
  if (n_done > self->n_done)
    car_patience_renew (&self->patience);
  self->n_done = n_done;
  tell_progress (self);
  if (self->jobs->len > 0)
    pause_looking (self);
}

static void
look (Upload *self)
{
  self->looking = TRUE;
  car_client_look_at_imports_async (self->client, g_steal_pointer (&self->jobs), self->stop, on_looked, self);
  self->jobs = g_ptr_array_new_with_free_func (g_free);
}

/* Posting. */

/* A piece of which nothing is sent is done. */
static void
note_left_out (Upload *self)
{
  self->n_taken++;
  self->n_done++;
  tell_progress (self);
}

/* *envelope (transfer full) (nullable): what is to be sent of the next page. */
static gboolean
load_page (Upload *self, GBytes **envelope, GError **error)
{
  GBytes *page = car_bundle_load_page (self->bundle, self->part, self->next_page, error);

  *envelope = page;
  if (page == NULL || self->listener->keeps == NULL)
    return page != NULL;

  gboolean good = car_page_filter (page, self->listener->keeps, self->listener->user_data, envelope, error);
  g_bytes_unref (page);
  return good;
}

static gboolean
read_next_page (Upload *self, GError **error)
{
  while (self->next_page < self->n_pages && g_queue_is_empty (&self->pieces))
    {
      GBytes *envelope;

      if (!load_page (self, &envelope, error))
        return FALSE;

      if (envelope != NULL)
        g_queue_push_tail (&self->pieces, piece_new (self->next_page, envelope));
      else
        note_left_out (self);
      self->next_page++;
    }
  return TRUE;
}

/* The page has one object, which no smaller page could bring: the run goes on without it. */
static gboolean
leave_out (Upload *self, const Piece *piece, GError **error)
{
  g_autofree char *collection = NULL;
  CarJsonSpan object;

  if (!car_page_read_single_object (piece->envelope, &collection, &object, error))
    return FALSE;

  self->listener->too_large (collection, &object, self->listener->user_data);
  note_left_out (self);
  return TRUE;
}

/* Takes the piece, which is too large: the service said so (`was_refused`), or it is larger than what is known to pass. Its
 * halves go before what is waiting. Of a single object the service itself has to say it: nothing is left out because of
 * another one. */
static gboolean
shrink (Upload *self, Piece *large, gboolean was_refused, GError **error)
{
  g_autoptr (Piece) piece = large;
  GBytes *first, *second;
  GError *cause = NULL;

  if (!car_page_split (piece->envelope, &first, &second, &cause))
    {
      if (cause != NULL)
        {
          g_propagate_error (error, cause);
          return FALSE;
        }
      if (was_refused)
        return leave_out (self, piece, error);

      piece->is_single = TRUE;
      g_queue_push_head (&self->pieces, g_steal_pointer (&piece));
      return TRUE;
    }

  g_debug ("page %u is too large for the service: sending it in halves", piece->page + 1);
  g_queue_push_head (&self->pieces, piece_new (piece->page, second));
  g_queue_push_head (&self->pieces, piece_new (piece->page, first));
  self->n_pieces++;
  return TRUE;
}

/* The next piece that may be taken by the service; NULL: there is none, or an error. */
static Piece *
take_piece (Upload *self, GError **error)
{
  while (read_next_page (self, error) && !g_queue_is_empty (&self->pieces))
    {
      Piece *piece = g_queue_pop_head (&self->pieces);

      if (piece->is_single || !car_bundle_expects_refusal (self->bundle, g_bytes_get_size (piece->envelope)))
        return piece;
      if (!shrink (self, piece, FALSE, error))
        return NULL;
    }
  return NULL;
}

static gboolean
take_job (Upload *self, const Piece *piece, char *job, GError **error)
{
  g_ptr_array_add (self->jobs, job);
  if (!car_bundle_note_posted (self->bundle, self->part, piece->page, job, error))
    return FALSE;

  self->n_taken++;
  car_patience_renew (&self->patience);
  tell_progress (self);
  return TRUE;
}

static void
on_posted (GObject *client, GAsyncResult *result, gpointer user_data)
{
  Upload *self = user_data;
  g_autoptr (Piece) piece = g_steal_pointer (&self->posting);
  GError *error = NULL;
  gboolean too_large;
  char *job = car_client_post_page_finish (CAR_CLIENT (client), result, &too_large, &error);

  if (job != NULL)
    take_job (self, piece, job, &error);
  else if (too_large)
    {
      car_bundle_note_refused (self->bundle, g_bytes_get_size (piece->envelope));
      shrink (self, g_steal_pointer (&piece), TRUE, &error);
    }
  if (error != NULL)
    fail (self, error);
}

/* While a piece is under way, the next page is read. */
static void
post_next (Upload *self)
{
  GError *error = NULL;

  self->posting = take_piece (self, &error);
  if (self->posting != NULL)
    {
      car_client_post_page_async (self->client, self->posting->envelope, self->stop, on_posted, self);
      read_next_page (self, &error);
    }
  if (error != NULL)
    fail (self, error);
}

/* The whole. */

static void
start_what_can_be (Upload *self)
{
  if (self->posting == NULL)
    post_next (self);
  if (!self->looking && self->pause == NULL && self->jobs->len > 0)
    look (self);
}

static gboolean
is_under_way (const Upload *self)
{
  return self->posting != NULL || self->looking;
}

static gboolean
has_work (const Upload *self)
{
  return self->error == NULL &&
         (self->next_page < self->n_pages || self->pieces.length > 0 || self->jobs->len > 0);
}

static void
run (Upload *self)
{
  g_main_context_push_thread_default (self->context);
  while (is_under_way (self) || has_work (self))
    {
      if (self->error == NULL)
        start_what_can_be (self);
      /* What was left out last leaves nothing to wait for. */
      if (is_under_way (self) || self->pause != NULL)
        g_main_context_iteration (self->context, TRUE);
    }
  g_main_context_pop_thread_default (self->context);

  if (self->pause != NULL)
    g_source_destroy (self->pause);
  g_clear_pointer (&self->pause, g_source_unref);
  if (self->error == NULL)
    car_bundle_note_done (self->bundle, self->part, &self->error);
}

static void
on_cancelled (GCancellable *cancellable, Upload *self)
{
  g_cancellable_cancel (self->stop);
}

gboolean
car_uploader_send (CarClient *client,
                   CarBundle *bundle,
                   CarBundlePart part,
                   const CarUploaderListener *listener,
                   GPtrArray *warnings,
                   GCancellable *cancellable,
                   GError **error)
{
  const guint n_pages = car_bundle_get_n_pages (bundle, part);
  if (n_pages == 0)
    return TRUE;

  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  Upload self = {
    .client = client,
    .bundle = bundle,
    .part = part,
    .listener = listener,
    .warnings = warnings,
    .context = context,
    .stop = stop,
    .pieces = G_QUEUE_INIT,
    .n_pages = n_pages,
    .n_pieces = n_pages,
    .jobs = g_ptr_array_new_with_free_func (g_free),
  };
  car_patience_begin (&self.patience, &car_client_get_caller (client)->limits);
  const gulong handler =
      cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), &self, NULL) : 0;

  run (&self);

  g_cancellable_disconnect (cancellable, handler);
  g_queue_clear_full (&self.pieces, (GDestroyNotify) piece_free);
  g_ptr_array_unref (self.jobs);
  if (self.error == NULL)
    return TRUE;

  g_propagate_error (error, self.error);
  return FALSE;
}

gboolean
car_uploader_send_report (CarClient *client, CarBundle *bundle, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) envelope = car_bundle_get_report_envelope (bundle);
  g_autofree char *job = car_client_import_bytes (client, envelope, cancellable, error);
  if (job == NULL)
    return FALSE;

  const char *const jobs[] = { job, NULL };
  return car_client_wait_for_imports (client, jobs, cancellable, error);
}
