/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/postgres/car-postgres-private.h"

/* "CARS": the advisory lock of the service on its database. */
#define LOCK "1128354387"

/* How long, and how often, a lock is asked for that another has. */
#define LOCK_TIME (5 * G_TIME_SPAN_SECOND)
#define LOCK_PAUSE (50 * G_TIME_SPAN_MILLISECOND)

#define CONNECT_SECONDS "10"

gboolean
car_postgres_is_database (const char *database)
{
  return g_str_has_prefix (database, "postgresql://") || g_str_has_prefix (database, "postgres://");
}

static const char *
get_option (const PQconninfoOption *options, const char *keyword, const char *fallback)
{
  for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
    if (strcmp (option->keyword, keyword) == 0 && option->val != NULL && *option->val != '\0')
      return option->val;

  return fallback;
}

/* libpq's own message about a URI that it cannot read may quote the password. */
char *
car_postgres_name_database (const char *database)
{
  PQconninfoOption *options = PQconninfoParse (database, NULL);
  if (options == NULL)
    return g_strdup ("postgresql://…");

  GString *name = g_string_new ("postgresql://");
  const char *user = get_option (options, "user", NULL);
  const char *host = get_option (options, "host", "");
  const char *port = get_option (options, "port", NULL);
  gboolean is_socket = g_path_is_absolute (host);

  if (user != NULL)
    g_string_append_printf (name, "%s@", user);
  g_string_append (name, is_socket ? "" : host);
  if (port != NULL)
    g_string_append_printf (name, ":%s", port);
  g_string_append_printf (name, "/%s", get_option (options, "dbname", ""));
  if (is_socket)
    g_string_append_printf (name, "?host=%s", host);
  PQconninfoFree (options);

  return g_string_free (name, FALSE);
}

/* Without the line's end, and in one line. */
static char *
dup_message (const char *message)
{
  char *text = g_strstrip (g_strdup (message != NULL ? message : ""));

  return g_strdelimit (text, "\n", ' ');
}

/* The classes of errors are those of https://www.postgresql.org/docs/15/errcodes-appendix.html. */
static guint
get_status (const char *state)
{
  if (strcmp (state, "53100") == 0)
    return 507;
  if (strcmp (state, "57014") == 0)
    return 504;
  if (strcmp (state, "22021") == 0 || strcmp (state, "22P05") == 0)
    return 400;

  return g_str_has_prefix (state, "08") || g_str_has_prefix (state, "53") ||
                 g_str_has_prefix (state, "57P") || g_str_has_prefix (state, "40") ||
                 g_str_has_prefix (state, "55P")
             ? 503
             : 500;
}

static void
set_lost (CarPostgresStore *self, GError **error)
{
  g_autofree char *message = dup_message (PQerrorMessage (self->connection));

  g_set_error (error, CAR_SERVICE_ERROR, 503, "The connection to the database %s was lost: %s", self->name,
               message);
}

static void
set_interrupted (CarPostgresStore *self, GError **error)
{
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_set_error (error, CAR_SERVICE_ERROR, 504,
                 "The answer took more than %d s: ask for less at once, or for what has an index",
                 CAR_SERVICE_STORE_READING_SECONDS);
}

/* Only the primary message: the detail holds data. */
void
car_postgres_set_error (CarPostgresStore *self, const PGresult *result, GError **error)
{
  const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;

  if (state == NULL || PQstatus (self->connection) == CONNECTION_BAD)
    {
      set_lost (self, error);
      return;
    }

  guint status = get_status (state);
  if (status == 504)
    {
      set_interrupted (self, error);
      return;
    }

  const char *what = status == 507   ? "there is no space left; make room"
                     : status == 400 ? "a text is no UTF-8, or holds what PostgreSQL keeps in no text"
                                     : PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
  g_set_error (error, CAR_SERVICE_ERROR, (gint) status, "The database %s failed: %s (%s)", self->name, what,
               state);
}

gboolean
car_postgres_execute (CarPostgresStore *self, const char *sql, GError **error)
{
  PGresult *result = PQexec (self->connection, sql);
  ExecStatusType status = PQresultStatus (result);
  gboolean ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

  if (!ok)
    car_postgres_set_error (self, result, error);
  PQclear (result);

  return ok;
}

static char *
dup_value (CarPostgresStore *self, const char *sql, GError **error)
{
  PGresult *result = PQexec (self->connection, sql);
  char *value = NULL;

  if (PQresultStatus (result) == PGRES_TUPLES_OK && PQntuples (result) == 1)
    value = g_strdup (PQgetvalue (result, 0, 0));
  else
    car_postgres_set_error (self, result, error);
  PQclear (result);

  return value;
}

static gboolean
try_lock (CarPostgresStore *self, gboolean *taken, GError **error)
{
  g_autofree char *value = dup_value (self, "SELECT pg_try_advisory_lock (" LOCK ")", error);

  *taken = value != NULL && *value == 't';
  return value != NULL;
}

/* Two services on one database would each run the jobs of both. What a service that was killed had begun may go on for a moment. */
static gboolean
take_lock (CarPostgresStore *self, GError **error)
{
  const gint64 end = g_get_monotonic_time () + LOCK_TIME;
  gboolean taken;

  do
    {
      if (!try_lock (self, &taken, error))
        return FALSE;
      if (taken)
        return TRUE;
      g_usleep (LOCK_PAUSE);
    }
  while (g_get_monotonic_time () < end);

  g_set_error (
      error, CAR_SERVICE_ERROR, 500,
      _ ("The database %s is in use by another car-service: stop that one, or give another --database"),
      self->name);
  return FALSE;
}

/* Names and texts are any Unicode. */
static gboolean
check_encoding (CarPostgresStore *self, GError **error)
{
  const char *encoding = PQparameterStatus (self->connection, "server_encoding");

  if (g_strcmp0 (encoding, "UTF8") == 0)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("The database %s has the encoding %s: make one with the encoding UTF8 (createdb -E UTF8)"),
               self->name, encoding);
  return FALSE;
}

/* A server that hears nothing of a service any more lets its lock go after a minute; what a service began that was killed ends soon,
 * where the server can see that nobody waits for it any more.
 *
 * What was answered for is on the disk: a server that is set otherwise is told so. Whoever writes finds what it looks for by keys:
 * tables that grow while nobody has looked at them yet would else be read whole, by a plan made when they were empty. */
static gboolean
set_up_session (CarPostgresStore *self, GError **error)
{
  static const char setting[] =
      "SELECT set_config ('synchronous_commit', 'on', false)"
      "  WHERE current_setting ('synchronous_commit') = 'off';"
      "SELECT set_config (name, '1s', false) FROM pg_settings"
      "  WHERE name = 'client_connection_check_interval' AND setting = '0' AND version () LIKE '%linux%';"
      "SET standard_conforming_strings = on; SET client_min_messages = error; SET timezone = 'UTC';"
      "SET extra_float_digits = 1; SET idle_in_transaction_session_timeout = 0; SET jit = off;"
      "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";
  static const char reading[] = "SET default_transaction_read_only = on";
  static const char writing[] =
      "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET "
      "enable_bitmapscan = off;"
      "SET plan_cache_mode = force_generic_plan; SET max_parallel_workers_per_gather = 0";

  return check_encoding (self, error) && car_postgres_execute (self, setting, error) &&
         car_postgres_execute (self, self->reads ? reading : writing, error) &&
         (!self->locks || take_lock (self, error));
}

static void
forget_session (CarPostgresStore *self)
{
  car_postgres_end_rows (self);
  g_hash_table_remove_all (self->statements);
  self->vertex_ids.next = self->vertex_ids.end = 0;
  self->edge_ids.next = self->edge_ids.end = 0;
  self->month_end = 0;
}

gboolean
car_postgres_connect (CarPostgresStore *self, GError **error)
{
  static const char *const keywords[] = { "dbname", "fallback_application_name", "client_encoding",
                                          "connect_timeout", NULL };
  const char *const values[] = { self->database, "car-service", "UTF8", CONNECT_SECONDS, NULL };
  g_autofree char *message = NULL;

  forget_session (self);
  g_clear_pointer (&self->connection, PQfinish);
  self->connection = PQconnectdbParams (keywords, values, TRUE);
  if (PQstatus (self->connection) == CONNECTION_OK)
    return set_up_session (self, error);

  message = dup_message (PQerrorMessage (self->connection));
  g_set_error (error, CAR_SERVICE_ERROR, 503, _ ("The database %s cannot be opened: %s"), self->name,
               message);
  return FALSE;
}

gboolean
car_postgres_need_connection (CarPostgresStore *self, GError **error)
{
  if (PQstatus (self->connection) == CONNECTION_OK)
    return TRUE;

  return car_postgres_connect (self, error);
}

/* That the server went away since the last time is seen when it is asked. Nothing has happened yet, so it is asked again. */
gboolean
car_postgres_begin (CarPostgresStore *self, const char *sql, GError **error)
{
  g_autoptr (GError) problem = NULL;

  self->begun = car_postgres_need_connection (self, &problem) && car_postgres_execute (self, sql, &problem);
  if (!self->begun && PQstatus (self->connection) == CONNECTION_BAD)
    {
      g_clear_error (&problem);
      self->begun = car_postgres_connect (self, &problem) && car_postgres_execute (self, sql, &problem);
    }
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return self->begun;
}

/* The server is asked over a connection of its own, which may take a while: not in the thread that cancels. */
static gpointer
cancel_in_thread (gpointer data)
{
  char problem[256];

  PQcancel (data, problem, sizeof problem);
  return NULL;
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  CarPostgresStore *self = data;

  (void) cancellable;
  self->canceller = g_thread_new ("cancel", cancel_in_thread, self->cancel);
}

void
car_postgres_watch_cancellable (CarPostgresStore *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;

  self->cancellable = g_object_ref (cancellable);
  self->cancel = PQgetCancel (self->connection);
  self->cancel_handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
}

void
car_postgres_forget_cancellable (CarPostgresStore *self)
{
  if (self->cancellable == NULL)
    return;

  g_cancellable_disconnect (self->cancellable, self->cancel_handler);
  self->cancel_handler = 0;
  g_clear_pointer (&self->canceller, g_thread_join);
  g_clear_pointer (&self->cancel, PQfreeCancel);
  g_clear_object (&self->cancellable);
}
