/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/base/car-error.h>
#include <libcar/client/car-call-private.h>

#include <libsoup/soup.h>
#include <string.h>

/* protocol.md, "Calls": what is asked of a service, and how its answers are understood. How a call is made, retried and
 * classed is car-call.c's, how it goes over the wire car-http.c's. */

/* What proxies and servers take for granted that a URL is not longer than. */
#define MAX_URL 2000

/**
 * CarClient:
 *
 * The calls of a CAR service.
 *
 * Every call is there as a blocking function and as an asynchronous one. A client may be used from several threads at
 * once. Connections that fail, time-outs and the answers 408, 429, 502, 503 and 504 are tried again, with growing waits
 * (or what the service's `Retry-After` says, up to a limit), before they become a failure.
 *
 * All calls fail with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE as protocol.md, "Failures", has it, with
 * %CAR_APP_ERROR_INVALID_PARAMETER for names and ids that cannot be said in a URL, and with %G_IO_ERROR_CANCELLED. An
 * answer that is not the JSON it should be is a recoverable failure, never a success.
 *
 * Redirects are not followed, certificates are always checked, and neither the key, the password, the token nor what is
 * sent is ever logged.
 */
struct _CarClient
{
  GObject parent_instance;

  CarCaller caller;
};

G_DEFINE_FINAL_TYPE (CarClient, car_client, G_TYPE_OBJECT)

static void
car_client_finalize (GObject *object)
{
  car_caller_clear (&CAR_CLIENT (object)->caller);
  G_OBJECT_CLASS (car_client_parent_class)->finalize (object);
}

static void
car_client_class_init (CarClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = car_client_finalize;
}

static void
car_client_init (CarClient *self)
{
  self->caller.limits = (CarClientLimits){
    .call_timeout = 120 * 1000,
    .first_retry_delay = 1000,
    .max_retry_delay = 60 * 1000,
    .max_retries = 6,
    .first_poll_delay = 50,
    .max_poll_delay = 10 * 1000,
    .job_timeout = 60 * 60 * 1000,
    .max_silence = 60 * 1000,
  };
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address ? g_inet_address_get_is_loopback (address) : g_ascii_strcasecmp (host, "localhost") == 0;
}

static const char *
find_url_problem (const char *url, GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);

  for (const char *at = url; *at; at++)
    if (!g_ascii_isgraph (*at))
      return "it holds a space, or a character that is not ASCII";
  if (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https"))
    return "it begins neither with https:// nor with http://";
  if (!g_uri_get_host (uri) || *g_uri_get_host (uri) == '\0')
    return "it names no host";
  if (g_uri_get_userinfo (uri))
    return "it holds a user: give the key and the password as settings of their own";
  if (g_uri_get_query (uri) || g_uri_get_fragment (uri))
    return "it has a query (?) or a fragment (#)";
  return NULL;
}

static gboolean
set_base_url (CarClient *self, const char *base_url, gboolean *loopback, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GUri) uri = g_uri_parse (base_url, SOUP_HTTP_URI_FLAGS, &cause);
  const char *problem = uri ? find_url_problem (base_url, uri) : cause->message;
  if (problem)
    {
      /* Not shown itself: it may hold a password. */
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                   "the service's URL is not one like https://HOST/api/car/v2: %s", problem);
      return FALSE;
    }

  gsize length = strlen (base_url);
  while (base_url[length - 1] == '/')
    length--;
  self->caller.base = g_strndup (base_url, length);
  self->caller.base_v3 = g_strdup (self->caller.base);
  if (g_str_has_suffix (self->caller.base_v3, "/v2"))
    self->caller.base_v3[length - 1] = '3';

  *loopback = is_loopback (g_uri_get_host (uri));
  if (g_str_equal (g_uri_get_scheme (uri), "http") && !*loopback)
    g_warning ("%s is not encrypted: the key and the password, or the token, can be read on their way",
               self->caller.base);
  return TRUE;
}

static gboolean
check_credential (const char *what, const char *value, const char *refused, GError **error)
{
  const char *problem = NULL;

  if (*value == '\0')
    problem = "is empty";
  else if (!g_utf8_validate (value, -1, NULL))
    problem = "is not UTF-8";
  else if (strpbrk (value, refused))
    problem = "holds a character that it may not hold";
  for (const char *at = value; *at; at++)
    if (g_ascii_iscntrl (*at))
      problem = "holds a control character, such as an end of line";
  if (!problem)
    return TRUE;

  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, "the service's %s %s", what, problem);
  return FALSE;
}

/* Takes the secrets. */
static CarClient *
client_new (const char *base_url, const char *authorization, GStrv secrets, GError **error)
{
  g_autoptr (CarClient) self = g_object_new (CAR_TYPE_CLIENT, NULL);
  gboolean loopback;

  self->caller.secrets = secrets;
  if (!set_base_url (self, base_url, &loopback, error))
    return NULL;

  self->caller.http = car_http_new (authorization, loopback);
  return g_steal_pointer (&self);
}

/**
 * car_client_new:
 * @base_url: the service's base URL, such as `https://HOST/api/car/v2`
 * @key: the service key
 * @password: the service key's password
 * @error: return location for an error
 *
 * Makes a client that shows a key and a password (HTTP Basic, RFC 7617). Nothing is sent yet. A base URL that is neither
 * encrypted nor on this machine is warned of.
 *
 * Returns: (transfer full): a client, or %NULL with %CAR_APP_ERROR_INVALID_PARAMETER
 */
CarClient *
car_client_new (const char *base_url, const char *key, const char *password, GError **error)
{
  g_return_val_if_fail (base_url && key && password, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  if (!check_credential ("key", key, ":", error) || !check_credential ("password", password, "", error))
    return NULL;

  g_autofree char *pair = g_strconcat (key, ":", password, NULL);
  g_autofree char *encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  g_autofree char *authorization = g_strconcat ("Basic ", encoded, NULL);
  const char *const secrets[] = { encoded, password, key, NULL };
  CarClient *self = client_new (base_url, authorization, g_strdupv ((char **) secrets), error);

  explicit_bzero (pair, strlen (pair));
  explicit_bzero (encoded, strlen (encoded));
  explicit_bzero (authorization, strlen (authorization));
  return self;
}

/**
 * car_client_new_with_token:
 * @base_url: the service's base URL for tokens
 * @token: the token
 * @error: return location for an error
 *
 * Makes a client that shows a token (`Authorization: car-token TOKEN`). Otherwise like [ctor@Client.new].
 *
 * Returns: (transfer full): a client, or %NULL with %CAR_APP_ERROR_INVALID_PARAMETER
 */
CarClient *
car_client_new_with_token (const char *base_url, const char *token, GError **error)
{
  g_return_val_if_fail (base_url && token, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  if (!check_credential ("token", token, " ", error))
    return NULL;

  g_autofree char *authorization = g_strconcat ("car-token ", token, NULL);
  const char *const secrets[] = { token, NULL };
  CarClient *self = client_new (base_url, authorization, g_strdupv ((char **) secrets), error);

  explicit_bzero (authorization, strlen (authorization));
  return self;
}

/**
 * car_client_get_base_url:
 * @self: a client
 *
 * Gets the URL that the calls are made below.
 *
 * Returns: the base URL, without a slash at its end
 */
const char *
car_client_get_base_url (CarClient *self)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);

  return self->caller.base;
}

void
car_client_set_limits (CarClient *self, const CarClientLimits *limits)
{
  self->caller.limits = *limits;
}

void
car_client_get_limits (CarClient *self, CarClientLimits *limits)
{
  *limits = self->caller.limits;
}

/* RFC 9110, 10.1.5: products of token characters. */
void
car_client_set_user_agent (CarClient *self, const char *product)
{
  g_autofree char *agent = g_strconcat (product, " libcar/" PACKAGE_VERSION, NULL);

  g_strcanon (agent, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " /!#$%&'*+-.^_`|~", '-');
  car_http_set_user_agent (self->caller.http, agent);
}

static void
invalid_parameter (GError **error, const char *what, const char *value)
{
  g_autofree char *shown = car_text_to_printable (value, -1);

  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
               "“%s” is no name of %s: letters, digits and _ are, not beginning with a digit", shown, what);
}

static gboolean
check_name (const char *what, const char *name, GError **error)
{
  gboolean valid = *name != '\0' && !g_ascii_isdigit (*name);

  for (const char *at = name; *at; at++)
    valid = valid && (g_ascii_isalnum (*at) || *at == '_');
  if (!valid)
    invalid_parameter (error, what, name);
  return valid;
}

/* Adds the items from `next` on, as many as a URL holds but at least one. Returns where the rest begins. */
static guint
add_query_items (CarClient *self, CarCall *call, const char *const *items, guint n_items, guint next)
{
  const guint first = next;

  for (; next < n_items; next++)
    {
      const gsize before = call->query->len;
      car_call_add_query_item (call, items[next]);
      if (next > first && car_call_get_length (call, &self->caller) >= MAX_URL)
        {
          g_string_truncate (call->query, before);
          break;
        }
    }
  return next;
}

/* Jobs. */

/* NULL without an error: the status is the tolerated one. */
static char *
run_for_id (CarClient *self,
            CarCall *call,
            const char *member,
            guint *status,
            GCancellable *cancellable,
            GError **error)
{
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (call, &self->caller, &answer, cancellable, error))
    return NULL;

  if (status)
    *status = answer.status;
  if (answer.status == call->tolerated)
    return NULL;

  const CarJsonSpan value = car_json_span_get_member (&answer.value, member);
  char *id = car_answer_dup_id (&value);
  if (!id)
    {
      g_autofree char *what = g_strdup_printf ("“%s” is missing, or no id", member);
      car_call_set_unexpected (call, error, what);
    }
  return id;
}

static gboolean
run_job (CarClient *self, CarCall *call, GCancellable *cancellable, GError **error)
{
  g_autofree char *id = run_for_id (self, call, "job_id", NULL, cancellable, error);

  return id && car_client_wait_for_job (self, id, cancellable, error);
}

static void
start_patience (CarClient *self, CarPatience *patience, guint delay)
{
  const CarClientLimits *limits = &self->caller.limits;
  const gint64 now = g_get_monotonic_time ();

  patience->delay = delay;
  patience->silence = limits->max_silence;
  patience->word = now + limits->max_silence * G_TIME_SPAN_MILLISECOND;
  patience->deadline = now + limits->job_timeout * G_TIME_SPAN_MILLISECOND;
}

void
car_client_begin_patience (CarClient *self, CarPatience *patience)
{
  start_patience (self, patience, self->caller.limits.first_poll_delay);
}

void
car_client_renew_patience (CarClient *self, CarPatience *patience)
{
  start_patience (self, patience, MAX (patience->delay / 2, self->caller.limits.first_poll_delay));
}

/* Whoever watches a run is to know why nothing happens, and not to read it at every look. */
static void
break_silence (CarPatience *patience, const char *id, gint64 left)
{
  const gint64 now = g_get_monotonic_time ();
  if (now < patience->word)
    return;

  g_autofree char *shown = car_text_to_printable (id, -1);
  g_message ("Still waiting for the service's job %s, for %" G_GINT64_FORMAT " s more at most", shown,
             left / 1000);
  patience->silence = MIN (patience->silence, G_MAXUINT / 2) * 2;
  patience->word = now + patience->silence * G_TIME_SPAN_MILLISECOND;
}

gboolean
car_client_spend_patience (CarClient *self,
                           CarPatience *patience,
                           const char *id,
                           guint *delay,
                           GError **error)
{
  const CarClientLimits *limits = &self->caller.limits;
  const gint64 left = (patience->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;
  if (left <= 0)
    {
      g_autofree char *shown = car_text_to_printable (id, -1);
      g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                   "the service's job %s is not done after %u seconds; run again later", shown,
                   limits->job_timeout / 1000);
      return FALSE;
    }

  break_silence (patience, id, left);
  *delay = (guint) MIN (left + 1, (gint64) patience->delay);
  patience->delay = MIN (patience->delay + patience->delay / 2 + 1, limits->max_poll_delay);
  return TRUE;
}

static gboolean
wait_patiently (CarClient *self,
                CarPatience *patience,
                const char *id,
                GCancellable *cancellable,
                GError **error)
{
  guint delay;

  return car_client_spend_patience (self, patience, id, &delay, error) &&
         car_call_wait (delay, cancellable, error);
}

static void
set_job_error (CarClient *self, const char *what, const char *id, const CarJsonSpan *said, GError **error)
{
  const CarJsonSpan message = car_json_span_get_member (said, "error");
  const CarJsonSpan code = car_json_span_get_member (said, "statusCode");
  g_autofree char *text = message.type == CAR_JSON_INVALID ? NULL : car_json_span_dup_string (&message);
  if (!text && message.type != CAR_JSON_INVALID)
    text = g_strndup (message.text, message.length);
  g_autofree char *shown_text =
      text ? car_text_to_printable (text, -1) : g_strdup ("the service does not say why");
  g_autofree char *shown_id = car_text_to_printable (id, -1);
  gint64 status;
  if (!car_json_span_get_int (&code, &status) || status < 100 || status > 599)
    status = 0;

  g_autofree char *shown_status = status ? g_strdup_printf (" (status %d)", (int) status) : g_strdup ("");
  car_call_set_failure (&self->caller, (guint) status, error, "%s %s failed: %s%s", what, shown_id,
                        shown_text, shown_status);
}

/**
 * car_client_wait_for_job:
 * @self: a client
 * @id: a job's id, as a call that made one answered it
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until the job is done. A job that failed is a failure, of the class its status stands for; one that does not end
 * within an hour is a recoverable failure.
 *
 * Returns: whether the job is done
 */
gboolean
car_client_wait_for_job (CarClient *self, const char *id, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (id, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  CarPatience patience;
  car_client_begin_patience (self, &patience);
  do
    {
      g_auto (CarCall) call = { 0 };
      car_call_init (&call, CAR_CALL_V2, "GET", "jobstatus");
      car_call_add_segment (&call, id);
      g_auto (CarAnswer) answer = { 0 };
      if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
        return FALSE;

      const CarJsonSpan status = car_json_span_get_member (&answer.value, "status");
      if (status.type != CAR_JSON_STRING)
        {
          car_call_set_unexpected (&call, error, "“status” is missing, or no string");
          return FALSE;
        }
      if (car_json_span_equals (&status, "COMPLETE"))
        return TRUE;
      if (car_json_span_equals (&status, "ERROR"))
        {
          set_job_error (self, "the service's job", id, &answer.value, error);
          return FALSE;
        }
    }
  while (wait_patiently (self, &patience, id, cancellable, error));

  return FALSE;
}

/* Liveness and databases. */

/**
 * car_client_check_health:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks whether the service is alive.
 *
 * Returns: whether it says that it is
 */
gboolean
car_client_check_health (CarClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V3, "GET", "health");
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return FALSE;

  const CarJsonSpan message = car_json_span_get_member (&answer.value, "message");
  if (message.type == CAR_JSON_STRING && car_json_span_equals (&message, "ok"))
    return TRUE;

  car_call_set_unexpected (&call, error, "“message” is not “ok”");
  return FALSE;
}

typedef struct
{
  gboolean ready;
  gboolean incomplete; /* not set up, or collections are missing */
  gboolean no_graph;
  char *without_indexes; /* JSON, NULL: none */
} Database;

static void
database_clear (Database *self)
{
  g_clear_pointer (&self->without_indexes, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Database, database_clear)

/* TRUE with a span where the member is an array that is not empty. */
static gboolean
has_items (const CarJsonSpan *object, const char *name, CarJsonSpan *array)
{
  *array = car_json_span_get_member (object, name);
  g_autoptr (GArray) items = car_json_span_get_items (array);

  return items && items->len > 0;
}

static gboolean
read_database (CarClient *self, Database *database, GCancellable *cancellable, GError **error)
{
  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "GET", "databases");
  call.tolerated = 400;
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return FALSE;

  *database = (Database){ .incomplete = answer.status == 400 };
  if (database->incomplete)
    return TRUE;

  const CarJsonSpan list = car_json_span_get_member (&answer.value, "databases");
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  if (!items)
    {
      car_call_set_unexpected (&call, error, "“databases” is missing, or no array");
      return FALSE;
    }
  if (items->len == 0)
    {
      database->incomplete = TRUE;
      return TRUE;
    }

  const CarJsonSpan *first = &g_array_index (items, CarJsonSpan, 0);
  const CarJsonSpan is_ready = car_json_span_get_member (first, "is_ready");
  const CarJsonSpan graph_name = car_json_span_get_member (first, "graph_name");
  if (is_ready.type != CAR_JSON_TRUE && is_ready.type != CAR_JSON_FALSE)
    {
      car_call_set_unexpected (&call, error, "“is_ready” is missing, or neither true nor false");
      return FALSE;
    }

  CarJsonSpan array;
  database->ready = is_ready.type == CAR_JSON_TRUE;
  database->incomplete = !database->ready && has_items (first, "missing_collections", &array);
  database->no_graph = graph_name.type == CAR_JSON_STRING && graph_name.length == 0;
  if (has_items (first, "collections_without_indexes", &array))
    database->without_indexes = g_strndup (array.text, array.length);
  return TRUE;
}

/* The next step towards a ready database: FALSE where there is none that was not made already. */
static gboolean
plan_step (const Database *database, guint *made, CarCall *call)
{
  enum
  {
    SET_UP = 1,
    MAKE_GRAPH = 2,
    MAKE_INDEXES = 4,
  };
  const guint needed = (database->incomplete ? SET_UP : 0) | (database->no_graph ? MAKE_GRAPH : 0) |
                       (database->without_indexes ? MAKE_INDEXES : 0);
  const guint open = needed & ~*made;

  if (open & SET_UP)
    {
      *made |= SET_UP;
      car_call_init (call, CAR_CALL_V2, "POST", "databases");
    }
  else if (open & MAKE_GRAPH)
    {
      *made |= MAKE_GRAPH;
      car_call_init (call, CAR_CALL_V2, "PATCH", "databases");
      car_call_add_member (call, "graph_name", "assets");
    }
  else if (open & MAKE_INDEXES)
    {
      *made |= MAKE_INDEXES;
      car_call_init (call, CAR_CALL_V2, "PATCH", "databases");
      car_call_add_json_member (call, "collections_without_indexes", database->without_indexes, -1);
    }
  return open != 0;
}

static gboolean
prepare_database (CarClient *self, gboolean *set_up_now, GCancellable *cancellable, GError **error)
{
  guint made = 0;

  for (;;)
    {
      g_auto (Database) database = { 0 };
      if (!read_database (self, &database, cancellable, error))
        return FALSE;

      g_auto (CarCall) call = { 0 };
      if (!plan_step (&database, &made, &call))
        {
          if (!database.ready)
            g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                                 "the service's database is not ready; run again later");
          return database.ready;
        }
      if (g_str_equal (call.method, "POST"))
        *set_up_now = TRUE;
      if (!run_job (self, &call, cancellable, error))
        return FALSE;
    }
}

/**
 * car_client_prepare_database:
 * @self: a client
 * @set_up_now: (out) (optional): whether the database was not there and has been set up by this call
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sees to it that the account's database is ready: sets it up, makes its graph and its indexes where they are missing,
 * and waits for that. After a set-up only a full import makes sense.
 *
 * A database that is neither ready nor can be made so is a recoverable failure (protocol.md, "Failures").
 *
 * Returns: whether the database is ready
 */
gboolean
car_client_prepare_database (CarClient *self, gboolean *set_up_now, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  gboolean set_up = FALSE;
  GError *cause = NULL;
  const gboolean ready = prepare_database (self, &set_up, cancellable, &cause);

  if (set_up_now)
    *set_up_now = set_up;
  if (ready)
    return TRUE;

  if (cause->domain == CAR_UNRECOVERABLE_FAILURE)
    {
      cause->domain = CAR_RECOVERABLE_FAILURE;
      cause->code = CAR_RECOVERABLE_FAILURE_DEFAULT;
    }
  g_propagate_prefixed_error (error, cause, "cannot make the database ready: ");
  return FALSE;
}

/* Schemas. */

/* FALSE with an error, or with *version untouched where the service has no such extension. */
static gboolean
read_extension_version (CarClient *self,
                        const char *key,
                        gboolean *found,
                        gint64 *version,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V3, "GET", "carSchema");
  car_call_add_segment (&call, key);
  call.tolerated = 404;
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return FALSE;

  *found = answer.status != 404;
  if (!*found)
    return TRUE;

  const CarJsonSpan value = car_json_span_get_member (&answer.value, "version");
  if (car_json_span_get_int (&value, version))
    return TRUE;

  car_call_set_unexpected (&call, error, "“version” is missing, or no integer");
  return FALSE;
}

/**
 * car_client_ensure_schema_extension:
 * @self: a client
 * @extension: an extension of the schema
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sees to it that the service has the extension, in this version: sent where it has none or an older one. A newer one
 * is left alone, and is %CAR_SCHEMA_ERROR_NEWER_EXTENSION.
 *
 * Returns: whether the service has the extension in this version
 */
gboolean
car_client_ensure_schema_extension (CarClient *self,
                                    CarSchemaExtension *extension,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (extension), FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  const char *key = car_schema_extension_get_key (extension);
  const gint64 version = car_schema_extension_get_version (extension);
  gboolean found;
  gint64 there;
  if (!read_extension_version (self, key, &found, &there, cancellable, error))
    return FALSE;
  if (found && there == version)
    return TRUE;
  if (found && there > version)
    {
      g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_NEWER_EXTENSION,
                   "the service has version %" G_GINT64_FORMAT
                   " of the schema extension %s, this connector only version %" G_GINT64_FORMAT
                   ": update the connector",
                   there, key, version);
      return FALSE;
    }

  g_autofree char *version_text = g_strdup_printf ("%" G_GINT64_FORMAT, version);
  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V3, "POST", "carSchema");
  car_call_add_member (&call, "key", key);
  car_call_add_member (&call, "owner", car_schema_extension_get_owner (extension));
  car_call_add_member (&call, "version", version_text);
  car_call_add_json_member (&call, "schema", car_schema_extension_get_schema (extension), -1);
  return car_call_run (&call, &self->caller, NULL, cancellable, error);
}

/**
 * car_client_get_import_schema:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Fetches and compiles the schema of an envelope, with the extensions the service has. Besides the client's errors there
 * are those of [ctor@ImportSchema.new].
 *
 * Returns: (transfer full): the compiled schema, or %NULL with an error
 */
CarImportSchema *
car_client_get_import_schema (CarClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V3, "GET", "importSchema");
  car_call_add_query (&call, "version", "v2");
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return NULL;

  const CarJsonSpan schema = car_json_span_get_member (&answer.value, "schema");
  if (schema.type != CAR_JSON_OBJECT)
    {
      car_call_set_unexpected (&call, error, "“schema” is missing, or no object");
      return NULL;
    }
  return car_import_schema_new (schema.text, (gssize) schema.length, error);
}

/* Full imports and save points. */

static gboolean
run_full_import_job (CarClient *self,
                     const char *method,
                     const char *source,
                     GCancellable *cancellable,
                     GError **error)
{
  g_auto (CarCall) call = { 0 };

  car_call_init (&call, CAR_CALL_V2, method, "source");
  car_call_add_segment (&call, source);
  car_call_add_segment (&call, "full-import-in-progress");
  return run_job (self, &call, cancellable, error);
}

/**
 * car_client_begin_full_import:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Begins a full import, and waits until the service has.
 *
 * Returns: whether it has begun
 */
gboolean
car_client_begin_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  return run_full_import_job (self, "POST", source, cancellable, error);
}

/**
 * car_client_end_full_import:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Ends a full import: the service closes every object of the source that the import did not send. Waits until it has.
 *
 * Returns: whether it has ended
 */
gboolean
car_client_end_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  return run_full_import_job (self, "DELETE", source, cancellable, error);
}

/**
 * car_client_get_save_point:
 * @self: a client
 * @source: the source's name
 * @save_point: (out) (nullable) (transfer full): the save point, %NULL where the service holds none
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Reads the source's save point (`model_state_id` on the wire). A source that the service does not know has none.
 *
 * Returns: whether it is known
 */
gboolean
car_client_get_save_point (CarClient *self,
                           const char *source,
                           char **save_point,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source && save_point, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  *save_point = NULL;
  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "GET", "source");
  car_call_add_segment (&call, source);
  call.tolerated = 404;
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return FALSE;

  const CarJsonSpan value = car_json_span_get_member (&answer.value, "model_state_id");
  if (value.type == CAR_JSON_INVALID || value.type == CAR_JSON_NULL)
    return TRUE;

  g_autofree char *text = car_json_span_dup_string (&value);
  if (!text)
    {
      car_call_set_unexpected (&call, error, "“model_state_id” is no string");
      return FALSE;
    }
  if (*text)
    *save_point = g_steal_pointer (&text);
  return TRUE;
}

/**
 * car_client_set_save_point:
 * @self: a client
 * @source: the source's name
 * @save_point: (nullable): the save point; %NULL forgets the one there is
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Keeps the source's save point in the service.
 *
 * Returns: whether it is kept
 */
gboolean
car_client_set_save_point (CarClient *self,
                           const char *source,
                           const char *save_point,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "PATCH", "source");
  car_call_add_query (&call, "key", source);
  car_call_add_member (&call, "model_state_id", save_point ? save_point : "");
  return car_call_run (&call, &self->caller, NULL, cancellable, error);
}

/* Imports. */

static void
init_import (CarCall *call, GBytes *envelope)
{
  car_call_init (call, CAR_CALL_V2, "POST", "imports");
  call->body = g_bytes_ref (envelope);
}

/**
 * car_client_import_bytes:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Posts an envelope. The service imports it as a job, for which [method@Client.wait_for_imports] waits.
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_bytes (CarClient *self, GBytes *envelope, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (envelope, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  g_auto (CarCall) call = { 0 };
  init_import (&call, envelope);
  return run_for_id (self, &call, "id", NULL, cancellable, error);
}

char *
car_client_post_page (CarClient *self,
                      GBytes *envelope,
                      gboolean *too_large,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (CarCall) call = { 0 };
  init_import (&call, envelope);
  call.tolerated = SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
  guint status = 0;
  char *id = run_for_id (self, &call, "id", &status, cancellable, error);

  *too_large = status == call.tolerated;
  return id;
}

/**
 * car_client_import_node:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope"): an object
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.import_bytes], with an envelope that is a tree. %CAR_SCHEMA_ERROR_INVALID_JSON says that it cannot
 * be written as JSON.
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_node (CarClient *self, JsonNode *envelope, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (envelope && JSON_NODE_HOLDS_OBJECT (envelope), NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  char *text = car_call_write_object (json_node_get_object (envelope), error);
  if (!text)
    return NULL;

  g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));
  return car_client_import_bytes (self, bytes, cancellable, error);
}

/**
 * car_client_import_file:
 * @self: a client
 * @file: a file with one envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.import_bytes], with an envelope from a file. GIO's errors say that it cannot be read.
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_file (CarClient *self, GFile *file, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (G_IS_FILE (file), NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  g_autoptr (GBytes) bytes = g_file_load_bytes (file, cancellable, NULL, error);
  return bytes ? car_client_import_bytes (self, bytes, cancellable, error) : NULL;
}

/* The ids of error_imports or incomplete_imports that are among those asked for. One that is not would mean that the
 * service spells an id in another way than it gave it: then its silence about ours means nothing. */
static GHashTable *
read_import_list (const CarAnswer *answer, const char *name, GHashTable *asked)
{
  const CarJsonSpan list = car_json_span_get_member (&answer->value, name);
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  if (!items)
    return NULL;

  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      const CarJsonSpan member = car_json_span_get_member (item, "id");
      g_autofree char *id = car_answer_dup_id (&member);
      if (!id || !g_hash_table_contains (asked, id))
        return NULL;
      g_hash_table_insert (ids, g_steal_pointer (&id), g_memdup2 (item, sizeof *item));
    }
  return g_steal_pointer (&ids);
}

static gboolean
read_import_status (CarClient *self,
                    CarCall *call,
                    GHashTable *asked,
                    GHashTable **incomplete,
                    GCancellable *cancellable,
                    GError **error)
{
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (call, &self->caller, &answer, cancellable, error))
    return FALSE;

  g_autoptr (GHashTable) failed = read_import_list (&answer, "error_imports", asked);
  *incomplete = read_import_list (&answer, "incomplete_imports", asked);
  if (!failed || !*incomplete)
    {
      car_call_set_unexpected (
          call, error,
          "“error_imports” and “incomplete_imports” are not lists of imports that were asked for");
      return FALSE;
    }

  GHashTableIter iter;
  gpointer id, item;
  g_hash_table_iter_init (&iter, failed);
  if (!g_hash_table_iter_next (&iter, &id, &item))
    return TRUE;

  set_job_error (self, "the service's import job", id, item, error);
  return FALSE;
}

gboolean
car_client_look_at_imports (CarClient *self, GPtrArray *ids, GCancellable *cancellable, GError **error)
{
  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "GET", "importstatus");
  car_call_add_query (&call, "ids", "");
  const guint n_asked = add_query_items (self, &call, (const char *const *) ids->pdata, ids->len, 0);
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < n_asked; i++)
    g_hash_table_add (asked, ids->pdata[i]);

  g_autoptr (GHashTable) incomplete = NULL;
  if (!read_import_status (self, &call, asked, &incomplete, cancellable, error))
    return FALSE;

  for (guint i = n_asked; i-- > 0;)
    if (!g_hash_table_contains (incomplete, ids->pdata[i]))
      g_ptr_array_remove_index (ids, i);
  return TRUE;
}

/**
 * car_client_wait_for_imports:
 * @self: a client
 * @ids: (array zero-terminated=1): ids of import jobs
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until all of the import jobs are done. The first that failed is a failure, of the class its status stands for;
 * that none is done for an hour is a recoverable one.
 *
 * Returns: whether all are done
 */
gboolean
car_client_wait_for_imports (CarClient *self,
                             const char *const *ids,
                             GCancellable *cancellable,
                             GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (ids, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; ids[i]; i++)
    g_ptr_array_add (open, g_strdup (ids[i]));

  CarPatience patience;
  car_client_begin_patience (self, &patience);
  while (open->len > 0)
    {
      const guint before = open->len;
      if (!car_client_look_at_imports (self, open, cancellable, error))
        return FALSE;
      if (open->len < before)
        car_client_renew_patience (self, &patience);
      if (open->len > 0 && !wait_patiently (self, &patience, open->pdata[0], cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* Deletions and changes. */

static gboolean
is_named_by_key (const char *collection)
{
  const char *const names[] = { "ipaddress", "hostname", "macaddress", NULL };

  return g_strv_contains (names, collection);
}

/**
 * car_client_delete_vertices:
 * @self: a client
 * @source: the source's name
 * @collection: the vertices' collection
 * @keys: (array zero-terminated=1): what names them: external ids, or addresses and names of hosts
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Deletes vertices of the source, with their edges, in as many calls as they need. After a failure, some may be gone
 * already.
 *
 * Returns: whether all are deleted
 */
gboolean
car_client_delete_vertices (CarClient *self,
                            const char *source,
                            const char *collection,
                            const char *const *keys,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source && collection && keys, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  if (!check_name ("a collection", collection, error))
    return FALSE;

  const guint n_keys = g_strv_length ((char **) keys);
  for (guint next = 0; next < n_keys;)
    {
      g_auto (CarCall) call = { 0 };
      car_call_init (&call, CAR_CALL_V2, "DELETE", "source");
      car_call_add_segment (&call, source);
      car_call_add_segment (&call, collection);
      car_call_add_query (&call, is_named_by_key (collection) ? "keys" : "external_ids", "");
      next = add_query_items (self, &call, keys, n_keys, next);
      if (!car_call_run (&call, &self->caller, NULL, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/* `call` has all but its body. */
static gboolean
patch (CarClient *self,
       CarCall *call,
       const char *collection,
       JsonObject *changes,
       GCancellable *cancellable,
       GError **error)
{
  if (!check_name ("a collection", collection, error))
    return FALSE;

  char *text = car_call_write_object (changes, error);
  if (!text)
    return FALSE;

  call->body = g_bytes_new_take (text, strlen (text));
  return car_call_run (call, &self->caller, NULL, cancellable, error);
}

/**
 * car_client_patch_vertex:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Changes fields of a vertex. %CAR_SCHEMA_ERROR_INVALID_JSON says that @changes cannot be written as JSON.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_vertex (CarClient *self,
                         const char *collection,
                         const char *external_id,
                         JsonObject *changes,
                         GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection && external_id && changes, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "PATCH", collection);
  car_call_add_query (&call, "external_id", external_id);
  return patch (self, &call, collection, changes, cancellable, error);
}

/**
 * car_client_patch_edge:
 * @self: a client
 * @collection: the edge's collection
 * @source: the source's name
 * @from: where the edge begins
 * @to: where it ends
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Changes fields of an edge: usually `active` to false, which switches it off. %CAR_SCHEMA_ERROR_INVALID_JSON says that
 * @changes cannot be written as JSON.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_edge (CarClient *self,
                       const char *collection,
                       const char *source,
                       const char *from,
                       const char *to,
                       JsonObject *changes,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection && source && from && to && changes, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "PATCH", collection);
  car_call_add_query (&call, "source", source);
  car_call_add_query (&call, "from", from);
  car_call_add_query (&call, "to", to);
  return patch (self, &call, collection, changes, cancellable, error);
}

/* Questions. */

static JsonNode *
to_node (const CarCall *call, const CarJsonSpan *value, GError **error)
{
  g_autoptr (GError) cause = NULL;
  JsonNode *node = car_json_span_to_node (value, &cause);

  if (!node)
    car_call_set_unexpected (call, error, cause->message);
  return node;
}

/* GraphQL says errors with status 200. */
static gboolean
check_query_errors (CarClient *self, const CarAnswer *answer, GError **error)
{
  const CarJsonSpan errors = car_json_span_get_member (&answer->value, "errors");
  if (errors.type == CAR_JSON_INVALID || errors.type == CAR_JSON_NULL)
    return TRUE;

  g_autofree char *said = car_answer_describe_errors (&answer->value);
  car_call_set_failure (&self->caller, SOUP_STATUS_BAD_REQUEST, error,
                        "POST query: the service refuses the query: %s", said ? said : "it does not say why");
  return FALSE;
}

/**
 * car_client_query:
 * @self: a client
 * @query: a GraphQL query
 * @variables: (nullable): values of the query's variables
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks the service a question in GraphQL. Values from outside belong in @variables, never in the text of @query.
 * %CAR_SCHEMA_ERROR_INVALID_JSON says that @variables cannot be written as JSON.
 *
 * Returns: (transfer full): the object `data` of the answer, empty where the service found nothing; or %NULL with an
 *   error
 */
JsonNode *
car_client_query (CarClient *self,
                  const char *query,
                  JsonObject *variables,
                  GCancellable *cancellable,
                  GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (query, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V3, "POST", "query");
  car_call_add_member (&call, "query", query);
  call.tolerated = SOUP_STATUS_NOT_FOUND;
  if (variables)
    {
      g_autofree char *text = car_call_write_object (variables, error);
      if (!text)
        return NULL;
      car_call_add_json_member (&call, "variables", text, -1);
    }

  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (&call, &self->caller, &answer, cancellable, error))
    return NULL;
  if (answer.status == SOUP_STATUS_NOT_FOUND)
    {
      g_autoptr (JsonObject) nothing = json_object_new ();
      return json_node_init_object (json_node_alloc (), nothing);
    }
  if (!check_query_errors (self, &answer, error))
    return NULL;

  const CarJsonSpan data = car_json_span_get_member (&answer.value, "data");
  if (data.type == CAR_JSON_OBJECT)
    return to_node (&call, &data, error);

  car_call_set_unexpected (&call, error, "“data” is missing, or no object");
  return NULL;
}

static char *
build_search (const char *collection, const char *attribute, const char *const *fields, GError **error)
{
  if (!check_name ("a collection", collection, error) || !check_name ("an attribute", attribute, error))
    return NULL;

  g_autoptr (GString) query = g_string_new (NULL);
  g_string_printf (query, "query ($value: String!) { %s(where: {%s: {_eq: $value}}) {", collection,
                   attribute);
  for (guint i = 0; fields[i]; i++)
    {
      if (!check_name ("a field", fields[i], error))
        return NULL;
      g_string_append_printf (query, " %s", fields[i]);
    }
  g_string_append (query, " } }");
  return g_string_free (g_steal_pointer (&query), FALSE);
}

/**
 * car_client_search_collection:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the value that it must have
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Looks for objects of a collection. The names are checked and the value is passed as a value: none of them can change
 * what is asked.
 *
 * Returns: (transfer full): the objects, each with @fields; or %NULL with an error
 */
JsonArray *
car_client_search_collection (CarClient *self,
                              const char *collection,
                              const char *attribute,
                              const char *value,
                              const char *const *fields,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (collection && attribute && value, NULL);
  g_return_val_if_fail (fields && fields[0], NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  g_autofree char *query = build_search (collection, attribute, fields, error);
  if (!query)
    return NULL;

  g_autoptr (JsonObject) variables = json_object_new ();
  json_object_set_string_member (variables, "value", value);
  g_autoptr (JsonNode) data = car_client_query (self, query, variables, cancellable, error);
  if (!data)
    return NULL;

  JsonNode *found = json_object_get_member (json_node_get_object (data), collection);
  if (!found)
    return json_array_new ();
  if (JSON_NODE_HOLDS_ARRAY (found))
    return json_node_dup_array (found);

  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "POST query: the service's answer is not what it should be: “%s” is no array", collection);
  return NULL;
}

static JsonNode *
find (CarClient *self, CarCall *call, GCancellable *cancellable, GError **error)
{
  g_auto (CarAnswer) answer = { 0 };
  if (!car_call_run (call, &self->caller, &answer, cancellable, error))
    return NULL;

  const CarJsonSpan result = car_json_span_get_member (&answer.value, "result");
  const CarJsonSpan related = car_json_span_get_member (&answer.value, "related");
  if (result.type == CAR_JSON_ARRAY && related.type == CAR_JSON_ARRAY)
    return to_node (call, &answer.value, error);

  car_call_set_unexpected (call, error, "“result” and “related” are not both arrays");
  return NULL;
}

/**
 * car_client_find_vertices:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the value that it must have
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Looks for vertices, by a call that services keep for old connectors: [method@Client.search_collection] is the one to
 * use.
 *
 * Returns: (transfer full): an object with the arrays `result` and `related`, or %NULL with an error
 */
JsonNode *
car_client_find_vertices (CarClient *self,
                          const char *collection,
                          const char *attribute,
                          const char *value,
                          GCancellable *cancellable,
                          GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (collection && attribute && value, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  if (!check_name ("a collection", collection, error) || !check_name ("an attribute", attribute, error))
    return NULL;

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "GET", collection);
  car_call_add_query (&call, attribute, value);
  return find (self, &call, cancellable, error);
}

/**
 * car_client_get_neighbours:
 * @self: a client
 * @collection: a collection
 * @id: the id of one of its vertices
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Fetches a vertex and those around it, by a call that services keep for old connectors: [method@Client.query] is the
 * one to use.
 *
 * Returns: (transfer full): an object with the arrays `result` and `related`, or %NULL with an error
 */
JsonNode *
car_client_get_neighbours (CarClient *self,
                           const char *collection,
                           const char *id,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (collection && id, NULL);
  g_return_val_if_fail (!error || !*error, NULL);

  if (!check_name ("a collection", collection, error))
    return NULL;

  g_auto (CarCall) call = { 0 };
  car_call_init (&call, CAR_CALL_V2, "GET", collection);
  car_call_add_segment (&call, id);
  car_call_add_segment (&call, "graph");
  return find (self, &call, cancellable, error);
}
