/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-client.h>
#include <libcar/run/car-closing-private.h>
#include <libcar/run/car-full-import.h>
#include <libcar/run/car-incremental-import.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-app-private.h>
#include <libcar/run/car-left-out-private.h>
#include <libcar/run/car-progress-private.h>
#include <libcar/run/car-resume-private.h>
#include <libcar/run/car-run-options-private.h>
#include <libcar/run/car-signals-private.h>
#include <libcar/run/car-state-folder-private.h>
#include <libcar/run/car-summary-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/staging/car-data-handler-private.h>

/* How long a run that failed tries to have its save point forgotten; less than what service managers and container engines
 * wait before they kill. */
#define FORGETTING_SECONDS 20

typedef struct
{
  CarApp *app;
  const CarSettings *settings;
  CarRunOptions options;
  GCancellable *cancellable;
  CarSignals *signals;
  CarStateFolder *state; /* NULL: there can be none, and the run goes on without */
  CarResume *resume;     /* NULL: likewise */
  CarClient *client;
  CarAssetServer *asset_server;
  CarImportSchema *schema;

  /* Of the import that goes on. */
  CarImport *import;
  CarDataHandler *data_handler;
  CarProgress *progress;

  const char *step; /* what is done now, in English; atomic */
  char *last_save_point;
  CarSummary summary;
} CarRun;

/* Between two steps is where a connector that does not look at its cancellable is stopped. */
static gboolean
step (CarRun *self, const char *what, GError **error)
{
  g_atomic_pointer_set (&self->step, what);
  car_log_set_status (NULL);
  g_debug ("%s", what);

  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

/* The connector in a request's User-Agent: one product, so without spaces and slashes of its own (RFC 9110, 10.1.5). */
static char *
make_product (const CarSettings *settings)
{
  const char *version = car_settings_get (settings, "version");
  g_autofree char *name = g_strdup (car_settings_get (settings, "name"));
  g_autofree char *safe_version = g_strdup (version == NULL ? "0" : version);

  g_strdelimit (name, " /", '-');
  g_strdelimit (safe_version, " /", '-');

  return g_strconcat (name, "/", safe_version, NULL);
}

static gboolean
open_client (CarRun *self, GError **error)
{
  g_autofree char *product = make_product (self->settings);

  self->client = car_access_open (&self->options.service, product, error);
  return self->client != NULL;
}

/* One run of a source at a time on this machine (protocol.md, "One run a source"). A run that can have no state folder goes on
 * without: it loses the lock, and no data. */
static gboolean
open_state (CarRun *self, GError **error)
{
  const CarRunOptions *options = &self->options;
  g_autoptr (GError) problem = NULL;

  g_atomic_pointer_set (&self->step, N_ ("locking the source"));
  self->state =
      car_state_folder_open (options->state_directory, options->service.url, options->source, &problem);
  if (self->state != NULL && car_state_folder_lock (self->state, &problem))
    {
      self->resume = car_resume_new (self->state, self->settings, options);
      return TRUE;
    }

  g_clear_pointer (&self->state, car_state_folder_free);
  if (problem->domain == CAR_RECOVERABLE_FAILURE)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  g_warning (
      _ ("The state folder cannot be used: %s. Nothing keeps a second run of the source from beginning; "
         "give a folder of this user's own (-state-dir, CAR_STATE_DIR)"),
      problem->message);
  return TRUE;
}

static gboolean
open_asset_server (CarRun *self, GError **error)
{
  if (!step (self, N_ ("opening the data source"), error))
    return FALSE;

  self->asset_server = car_app_create_asset_server (self->app, error);

  return self->asset_server != NULL;
}

static gboolean
test_connection (CarRun *self, GError **error)
{
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();

  car_settings_check_required (self->settings, problems);
  if (!car_settings_set_error (problems, error) || !open_asset_server (self, error) ||
      !step (self, N_ ("testing the connection to the data source"), error) ||
      !car_asset_server_test_connection (self->asset_server, self->cancellable, error))
    return FALSE;

  g_message ("%s", _ ("The data source can be reached"));
  return TRUE;
}

/* Leaves the import that went on, if any, for another or for the end: what it staged goes with its data handler. */
static void
close_import (CarRun *self)
{
  if (self->data_handler != NULL)
    car_summary_collect (&self->summary, self->data_handler);
  if (self->data_handler != NULL && self->options.keep_directory)
    g_message (_ ("What was staged is kept in %s"), car_data_handler_get_kept_directory (self->data_handler));
  if (self->import != NULL)
    g_object_set (self->import, "app", NULL, "client", NULL, "data-handler", NULL, "asset-server", NULL,
                  NULL);

  g_clear_pointer (&self->progress, car_progress_free);
  g_clear_object (&self->import);
  g_clear_object (&self->data_handler);
}

/* What is to be left for the next run is best staged where it is left. */
static CarDataHandler *
make_data_handler (CarRun *self, gboolean is_full, const char *left_out_file, GError **error)
{
  const CarRunOptions *options = &self->options;
  const char *directory = options->directory == NULL && self->resume != NULL
                              ? car_state_folder_get_path (self->state)
                              : options->directory;
  CarDataHandler *data_handler =
      g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, error, "client", self->client, "schema", self->schema,
                      "source", options->source, "directory", directory, "page-size", options->page_size,
                      "keep-staged", options->keep_directory, "left-out-file", left_out_file, "full-import",
                      is_full, "strict", options->strict, NULL);

  if (data_handler != NULL && self->resume != NULL && options->keep_staged > 0)
    car_bundle_set_resumable (car_data_handler_get_bundle (data_handler));
  if (data_handler != NULL)
    car_data_handler_defer_deletions (data_handler);
  return data_handler;
}

static gboolean
open_import (CarRun *self, CarImport *import, const char *reason, GError **error)
{
  close_import (self);
  self->import = g_object_ref (import);

  self->data_handler = make_data_handler (self, reason != NULL, self->options.left_out_file, error);
  if (self->data_handler == NULL)
    return FALSE;

  car_app_give_head (self->app, G_OBJECT (self->data_handler));
  g_object_set (import, "app", self->app, "client", self->client, "data-handler", self->data_handler,
                "asset-server", self->asset_server, NULL);
  car_summary_start (&self->summary, reason);
  self->progress = car_progress_new (self->data_handler);

  return TRUE;
}

static gboolean
keep_save_point (CarRun *self, const char *save_point, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (car_client_set_save_point (self->client, self->options.source, save_point == NULL ? "" : save_point,
                                 self->cancellable, &failure))
    {
      self->summary.save_point = save_point == NULL ? CAR_SAVE_POINT_NONE : CAR_SAVE_POINT_KEPT;
      return TRUE;
    }

  if (failure->domain == CAR_RECOVERABLE_FAILURE ||
      g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&failure));
  else /* the data are whole, the next run says it again */
    g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT, failure->message);
  return FALSE;
}

/* In a full import, a part without data is the report alone. */
static gboolean
send_part (CarRun *self, CarBundlePart part, GError **error)
{
  if (!step (self, part == CAR_BUNDLE_VERTICES ? N_ ("sending vertices") : N_ ("sending edges"), error) ||
      !car_left_out_check (self->data_handler, FALSE, self->options.max_left_out, error))
    return FALSE;

  if (car_data_handler_is_empty (self->data_handler, part) && self->summary.full)
    return car_data_handler_send_report (self->data_handler, self->cancellable, error);

  return part == CAR_BUNDLE_VERTICES
             ? car_data_handler_send_vertices (self->data_handler, self->cancellable, error)
             : car_data_handler_send_edges (self->data_handler, self->cancellable, error);
}

static gboolean
read_part (CarRun *self, CarBundlePart part, GError **error)
{
  const gboolean is_vertices = part == CAR_BUNDLE_VERTICES;

  return step (self, is_vertices ? N_ ("reading vertices") : N_ ("reading edges"), error) &&
         (is_vertices ? car_import_import_vertices (self->import, self->cancellable, error)
                      : car_import_import_edges (self->import, self->cancellable, error));
}

/* The data source is asked for all before anything is sent, so that an outage of the service costs no second reading. */
static gboolean
read_all_parts (CarRun *self, GError **error)
{
  return read_part (self, CAR_BUNDLE_VERTICES, error) && read_part (self, CAR_BUNDLE_EDGES, error) &&
         car_data_handler_judge_edges (self->data_handler, error);
}

static gboolean
is_incomplete (CarRun *self)
{
  g_auto (GStrv) collections = car_import_list_incomplete (self->import);

  return collections[0] != NULL;
}

/* Deletes only where all was read. */
static gboolean
read_deletions (CarRun *self, CarIncrementalImport *import, GError **error)
{
  return is_incomplete (self) || (step (self, N_ ("reading deletions"), error) &&
                                  car_incremental_import_delete_vertices (import, self->cancellable, error));
}

/* Not what is incomplete, for the next run may read all; and not where the connector has sent some by itself, and may have
 * changed it since. */
static void
leave_for_next_run (CarRun *self, const char *save_point)
{
  if (self->resume != NULL && !is_incomplete (self) &&
      !car_bundle_has_sent (car_data_handler_get_bundle (self->data_handler)))
    car_resume_leave (self->resume, self->data_handler, self->summary.reason, self->last_save_point,
                      save_point);
}

/* Of so many collections the log says why they are incomplete; the summary has all. */
#define SHOWN_INCOMPLETE 5

/* An importer that could not read all has sent what it read. Going on would close, or delete, what it did not read. Of an
 * earlier run, only what is complete is sent. */
static gboolean
check_complete (CarRun *self, GError **error)
{
  if (self->import == NULL)
    return TRUE;

  g_auto (GStrv) collections = car_import_list_incomplete (self->import);
  g_autoptr (GString) all = g_string_new (NULL);
  guint n = 0;

  for (; collections[n] != NULL; n++)
    {
      g_autofree char *reason = car_import_dup_incomplete_reason (self->import, collections[n]);
      g_autofree char *name = car_text_to_printable (collections[n], -1);
      g_autofree char *why = car_text_to_printable (reason, -1);

      car_summary_add_incomplete (&self->summary, collections[n], reason);
      if (n < SHOWN_INCOMPLETE)
        g_string_append_printf (all, "%s%s (%s)", n == 0 ? "" : ", ", name, why);
    }
  if (n == 0)
    return TRUE;
  if (n > SHOWN_INCOMPLETE)
    g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_PARTIAL,
                 /* Translators: %s is a list of collections, "asset (why), ipaddress (why)". */
                 ngettext ("the connector could not read all of %s and %u other collection",
                           "the connector could not read all of %s and %u other collections",
                           n - SHOWN_INCOMPLETE),
                 all->str, n - SHOWN_INCOMPLETE);
  else
    g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_PARTIAL, _ ("the connector could not read all of %s"),
                 all->str);
  return FALSE;
}

static gboolean
begin_full_import (CarRun *self, GError **error)
{
  car_client_set_report (self->client, car_data_handler_get_report_key (self->data_handler));

  return car_client_begin_full_import (self->client, self->options.source, self->cancellable, error);
}

/* A repeated end, or one of a session that is over, is refused. Before that is called a gap, the service is asked
 * (protocol.md, "We do"). */
static gboolean
send_end (CarRun *self, const CarClosing *closing, GError **error)
{
  const char *source = self->options.source;
  g_autoptr (GError) failure = NULL;

  if (car_client_end_full_import (self->client, source, self->cancellable, &failure))
    return TRUE;

  if (failure->domain == CAR_UNRECOVERABLE_FAILURE &&
      car_closing_has_happened (closing, self->client, source, self->cancellable))
    {
      g_warning (
          _ ("%s. The service holds exactly what this run sent, so the full import has ended all the same"),
          failure->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* protocol.md, "Closing". Whoever allows everything to be closed does not depend on the answer. */
static gboolean
end_full_import (CarRun *self, GError **error)
{
  const guint max_closing = self->options.max_closing;
  g_autoptr (CarClosing) closing = NULL;

  if (!step (self, N_ ("asking what the end of the full import would close"), error) ||
      (closing = car_closing_measure (self->client, self->schema, self->data_handler, max_closing < 100,
                                      self->cancellable, error)) == NULL)
    return FALSE;

  self->summary.closing = car_closing_get_guard (closing);
  if (car_closing_get_refusal (closing) != NULL)
    g_warning (
        g_str_equal (self->summary.closing, "not guarded")
            ? _ ("What the end of this full import closes is not guarded, since the service does not tell "
                 "what it holds: %s")
            : _ ("What the end of this full import closes is partly guarded, since the service does not "
                 "tell what it holds: %s"),
        car_closing_get_refusal (closing));

  if (!step (self, N_ ("ending the full import"), error) ||
      !car_closing_check (closing, max_closing, error) || !send_end (self, closing, error))
    return FALSE;

  car_closing_count (closing, self->data_handler);
  return TRUE;
}

/* protocol.md, "A full import, in order", from 6 on; an incremental import sends alike. */
static gboolean
send_all (CarRun *self, const char *save_point, GError **error)
{
  return send_part (self, CAR_BUNDLE_VERTICES, error) && send_part (self, CAR_BUNDLE_EDGES, error) &&
         car_left_out_check (self->data_handler, TRUE, self->options.max_left_out, error) &&
         check_complete (self, error) && step (self, N_ ("deleting vertices"), error) &&
         car_data_handler_send_deletions (self->data_handler, self->cancellable, error) &&
         (!self->summary.full || end_full_import (self, error)) &&
         step (self, N_ ("keeping the new save point"), error) && keep_save_point (self, save_point, error);
}

/* protocol.md, "A full import, in order", 3 and 4. */
static gboolean
begin_session (CarRun *self, GError **error)
{
  return step (self, N_ ("beginning the full import"), error) && begin_full_import (self, error) &&
         step (self, N_ ("sending the report"), error) &&
         car_data_handler_send_report (self->data_handler, self->cancellable, error);
}

static gboolean
import_fully (CarRun *self, const char *reason, GError **error)
{
  g_autofree char *save_point = NULL;
  g_autoptr (CarFullImport) import = NULL;

  g_message (_ ("A full import is made: %s"), reason);

  if (!step (self, N_ ("preparing the full import"), error) ||
      (import = car_app_create_full_import (self->app, error)) == NULL ||
      !open_import (self, CAR_IMPORT (import), reason, error) || !begin_session (self, error) ||
      !step (self, N_ ("asking for the new save point"), error) ||
      !car_import_get_new_save_point (self->import, &save_point, self->cancellable, error) ||
      !read_all_parts (self, error))
    return FALSE;

  leave_for_next_run (self, save_point);
  return send_all (self, save_point, error);
}

/* protocol.md, "An incremental import, in order". Without a current save point it is not possible. */
static gboolean
import_delta (CarRun *self, CarIncrementalImport *import, GError **error)
{
  g_autofree char *save_point = NULL;

  if (!open_import (self, CAR_IMPORT (import), NULL, error) ||
      !step (self, N_ ("asking for the new save point"), error) ||
      !car_import_get_new_save_point (self->import, &save_point, self->cancellable, error))
    return FALSE;

  if (save_point == NULL)
    {
      g_set_error_literal (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE,
                           _ ("the connector has no current save point"));
      return FALSE;
    }

  if (!step (self, N_ ("asking for the changes since the last save point"), error) ||
      !car_incremental_import_get_data_for_delta (import, self->last_save_point, save_point,
                                                  self->cancellable, error) ||
      !read_all_parts (self, error) || !read_deletions (self, import, error))
    return FALSE;

  leave_for_next_run (self, save_point);
  return send_all (self, save_point, error);
}

/* Takes what an earlier run read and could not send, if there is any. */
static CarJournal *
take_from_earlier_run (CarRun *self, gboolean set_up_now, GError **error)
{
  const char *refusal = self->options.no_resume ? _ ("-no-resume says so")
                        : set_up_now            ? _ ("the database was set up just now")
                                                : NULL;

  close_import (self);
  self->data_handler = make_data_handler (self, FALSE, NULL, error);
  if (self->data_handler == NULL)
    return NULL;

  CarJournal *journal = car_resume_take (self->resume, self->data_handler, self->last_save_point, refusal);
  if (journal == NULL)
    g_clear_object (&self->data_handler);
  return journal;
}

/* Sends what an earlier run read, from the beginning of its session. */
static gboolean
send_for_earlier_run (CarRun *self, const CarJournal *journal, GError **error)
{
  g_message (
      _ ("An earlier run read all of this source's data at %s, and could not send them. This run sends "
         "them without asking the source (-no-resume asks it)"),
      journal->time);
  car_summary_start (&self->summary, journal->reason);
  car_summary_set_resumed (&self->summary, journal->time);
  self->progress = car_progress_new (self->data_handler);

  return (!self->summary.full || begin_session (self, error)) && send_all (self, journal->save_point, error);
}

/* A save point that outlived its data would make an incremental import of the run after this one, if this one failed
 * recoverably. */
static gboolean
forget_outlived_save_point (CarRun *self, GError **error)
{
  if (!step (self, N_ ("forgetting the save point of the database that was"), error) ||
      !car_client_set_save_point (self->client, self->options.source, "", self->cancellable, error))
    return FALSE;

  self->summary.save_point = CAR_SAVE_POINT_FORGOTTEN;
  return TRUE;
}

static gboolean
ask_last_save_point (CarRun *self, GError **error)
{
  return step (self, N_ ("asking for the last save point"), error) &&
         car_client_get_save_point (self->client, self->options.source, &self->last_save_point,
                                    self->cancellable, error);
}

/* Makes the incremental import, or tells in `reason` why a full one must be made. */
static gboolean
import_incrementally (CarRun *self, gboolean set_up_now, char **reason, GError **error)
{
  g_autoptr (CarIncrementalImport) import = NULL;
  g_autoptr (GError) failure = NULL;

  gboolean have_save_point = self->last_save_point != NULL && *self->last_save_point != '\0';

  if (set_up_now)
    {
      *reason = g_strdup (_ ("the database was set up just now"));
      return !have_save_point || forget_outlived_save_point (self, error);
    }

  if (!have_save_point)
    {
      *reason = g_strdup (_ ("the service holds no save point of this source"));
      return TRUE;
    }

  if (!step (self, N_ ("preparing the incremental import"), error) ||
      !car_app_create_incremental_import (self->app, &import, error))
    return FALSE;

  if (import == NULL)
    {
      *reason = g_strdup (_ ("this connector has no incremental import"));
      return TRUE;
    }

  if (import_delta (self, import, &failure))
    return TRUE;

  if (!g_error_matches (failure, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }

  *reason = g_strdup (failure->message);
  return TRUE;
}

static gboolean
fetch_schema (CarRun *self, GError **error)
{
  if (!step (self, N_ ("asking for the import schema"), error))
    return FALSE;

  g_clear_object (&self->schema);
  self->schema = car_client_get_import_schema (self->client, self->cancellable, error);
  return self->schema != NULL;
}

/* A source that the import schema refuses would have every page refused (protocol.md, "Calls"). */
static gboolean
check_source (CarRun *self, GError **error)
{
  g_autofree char *source = car_app_make_source (self->app, self->options.source);
  g_autofree char *report = car_app_make_report (self->app);
  g_autoptr (GError) failure = NULL;

  g_atomic_pointer_set (&self->step, N_ ("checking the source's name"));
  if (car_import_schema_check_envelope_head (self->schema, source, report, &failure))
    return TRUE;

  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
      _ ("the CAR service takes no such source or report (-source, CONNECTION_NAME, is its key): %s"),
      failure->message);
  return FALSE;
}

/* The import schema comes first, to say whether there can be such a source, and again where an extension may have changed
 * it. */
static gboolean
prepare_service (CarRun *self, gboolean *set_up_now, GError **error)
{
  g_autoptr (CarSchemaExtension) extension = NULL;

  if (!step (self, N_ ("preparing the database"), error) ||
      !car_client_prepare_database (self->client, set_up_now, self->cancellable, error) ||
      !fetch_schema (self, error) || !check_source (self, error) ||
      !step (self, N_ ("preparing the schema extension"), error) ||
      !car_app_create_schema_extension (self->app, &extension, error))
    return FALSE;

  if (extension != NULL && self->resume != NULL)
    car_resume_set_extension (self->resume, extension);

  return extension == NULL ||
         (car_client_ensure_schema_extension (self->client, extension, self->cancellable, error) &&
          fetch_schema (self, error));
}

static gboolean
import_data (CarRun *self, GError **error)
{
  gboolean set_up_now = FALSE;
  g_autofree char *reason = NULL;

  if (!car_run_options_init (&self->options, self->settings, error) || !open_client (self, error) ||
      !open_state (self, error) || !open_asset_server (self, error) ||
      !prepare_service (self, &set_up_now, error) || !ask_last_save_point (self, error))
    return FALSE;

  if (self->resume != NULL)
    {
      g_autoptr (GError) failure = NULL;
      g_autoptr (CarJournal) journal = take_from_earlier_run (self, set_up_now, &failure);

      if (journal != NULL)
        return send_for_earlier_run (self, journal, error);
      if (failure != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }

  return import_incrementally (self, set_up_now, &reason, error) &&
         (reason == NULL || import_fully (self, reason, error));
}

/* A gap may be in the data: without a save point the next import is a full one. What stops the run does not stop this. */
static void
forget_save_point (CarRun *self)
{
  g_autoptr (GCancellable) deadline = car_signals_new_deadline (self->signals, FORGETTING_SECONDS);
  g_autoptr (GError) error = NULL;

  if (self->client == NULL)
    return;

  if (car_client_set_save_point (self->client, self->options.source, "", deadline, &error))
    self->summary.save_point = CAR_SAVE_POINT_FORGOTTEN;
  else
    car_log_failure (
        _ ("The save point could not be forgotten, so the next run will be incremental where it ought to be "
           "full: %s"),
        g_cancellable_is_cancelled (deadline) ? _ ("the CAR service did not do it in time") : error->message);
}

static char *
describe_error (const GError *error, CarFailureKind kind)
{
  gsize length = strlen (error->message);

  /* The outlook follows as a sentence of its own. */
  if (length > 0 && error->message[length - 1] == '.')
    length--;

  if (kind == CAR_FAILURE_GENERAL && error->domain != CAR_APP_ERROR)
    return g_strdup_printf ("%.*s [%s %d]", (int) length, error->message, g_quark_to_string (error->domain),
                            error->code);

  return g_strndup (error->message, length);
}

static void
log_failure (const char *step, const char *message, CarFailureKind kind, int signal, int code)
{
  /* Translators: %s is the name of a signal, such as SIGINT. */
  g_autofree char *stopped =
      signal == SIGINT || signal == SIGTERM
          ? g_strdup_printf (_ ("Stopped by %s"), signal == SIGINT ? "SIGINT" : "SIGTERM")
          : NULL;

  /* Translators: what was done ("reading vertices"), what went wrong, the kind of failure, its exit code, and what becomes of
   * the data ("the save point is unchanged"). */
  car_log_failure (_ ("While %s: %s. %s (exit code %d): %s"), _ (step), message,
                   stopped != NULL ? stopped : car_failure_kind_to_string (kind), code,
                   car_failure_kind_get_outlook (kind));
}

static void
on_overdue (int signal, gpointer user_data)
{
  CarRun *self = user_data;
  g_autofree char *message = g_strdup_printf (
      ngettext (
          "the connector does not stop within %d second, so libcar ends the process, without a summary",
          "the connector does not stop within %d seconds, so libcar ends the process, without a summary",
          CAR_SIGNALS_PATIENCE_SECONDS),
      CAR_SIGNALS_PATIENCE_SECONDS);

  log_failure (g_atomic_pointer_get (&self->step), message, CAR_FAILURE_STOPPED, signal, 128 + signal);
}

/* Says what went wrong, once. Returns: the exit code. */
static int
conclude (CarRun *self, const GError *error)
{
  car_signals_be_patient (self->signals);

  CarFailureKind kind = car_failure_get_kind (error);
  int code = car_failure_get_exit_code (error);
  int signal = kind == CAR_FAILURE_UNRECOVERABLE ? 0 : car_signals_get_caught (self->signals);

  if (signal != 0)
    {
      kind = CAR_FAILURE_STOPPED;
      code = 128 + signal; /* what a shell makes of it */
    }

  g_autofree char *message = describe_error (error, kind);
  car_summary_set_failure (&self->summary, kind, code, self->step, message);
  log_failure (self->step, message, kind, signal, code);

  if (kind == CAR_FAILURE_UNRECOVERABLE)
    forget_save_point (self);
  if (self->resume != NULL)
    car_resume_end (self->resume, kind == CAR_FAILURE_RECOVERABLE || kind == CAR_FAILURE_STOPPED);

  return code;
}

/* From the settings, which are read, to the exit code; `error` is why they cannot be used. */
static int
run_prepared (CarRun *self, const GError *settings_error)
{
  g_autoptr (GError) error = settings_error == NULL ? NULL : g_error_copy (settings_error);
  int code = 0;

  gboolean done = error == NULL &&
                  (car_settings_is_on (self->settings, "connection-test") ? test_connection (self, &error)
                                                                          : import_data (self, &error));
  g_clear_pointer (&self->progress, car_progress_free);
  if (!done)
    code = conclude (self, error);
  else if (self->resume != NULL)
    car_resume_end (self->resume, FALSE);

  close_import (self);
  if (self->summary.started)
    car_summary_tell (&self->summary, done);
  car_summary_write (&self->summary, self->settings);

  return code;
}

static void
run_clear (CarRun *self)
{
  car_summary_clear (&self->summary);
  g_free (self->last_save_point);
  g_clear_object (&self->schema);
  g_clear_object (&self->asset_server);
  g_clear_object (&self->client);
  car_resume_free (self->resume);
  car_state_folder_free (self->state);
  car_signals_free (self->signals);
  g_object_unref (self->cancellable);
}

/**
 * car_app_run:
 * @self: an app that does not run
 * @argc: how many arguments there are
 * @argv: (array length=argc) (element-type filename) (nullable): the arguments of the program, its name first; the run ignores
 *   them if [method@App.prepare] has read them already
 *
 * Runs the connector, from its settings to its exit code: makes the import, and logs what it did or what went wrong. It
 * returns when all is done. It may be called again: each run reads the settings anew.
 *
 * Returns: the exit code, 0 to 255 (protocol.md, "Failures")
 */
int
car_app_run (CarApp *self, int argc, char **argv)
{
  g_return_val_if_fail (CAR_IS_APP (self), CAR_APP_ERROR_GENERAL);
  g_return_val_if_fail (argc == 0 || argv != NULL, CAR_APP_ERROR_GENERAL);

  if (!car_app_begin_run (self))
    {
      g_critical ("%s runs already: an app runs once at a time", G_OBJECT_TYPE_NAME (self));
      return CAR_APP_ERROR_GENERAL;
    }

  g_autoptr (CarApp) app = g_object_ref (self);
  g_autoptr (GError) error = NULL;
  gboolean watch_signals;
  int code = 0;

  g_object_get (app, "watch-signals", &watch_signals, NULL);
  if (!car_app_is_prepared (app))
    car_app_prepare (app, argc, argv, &error);

  if (!car_app_has_answered (app))
    {
      CarRun run = { .app = app,
                     .settings = car_app_get_settings (app),
                     .cancellable = g_object_ref (car_app_get_cancellable (app)),
                     .step = N_ ("reading the settings") };

      run.signals = car_signals_new (run.cancellable, watch_signals, on_overdue, &run);
      car_summary_init (&run.summary);
      code = run_prepared (&run, error);
      run_clear (&run);
    }

  car_app_end_run (app);
  return code;
}
