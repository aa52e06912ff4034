/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-http.h"

#include <libcar/json/car-json-scanner-private.h>
#include <libsoup/soup.h>
#include <string.h>

#include "connectors/reference/asset-server/asset-server-input.h"
#include "server/car-server-http.h"

/* A port that is linked to all of a large model's apps and addresses still fits. */
#define MAX_BODY (64 * 1024 * 1024)

struct _AssetHttp
{
  SoupServer *soup;
  AssetStore *store;
  guint16 port;
  char *username;
  char *password;
};

/* One request while it is answered. */
typedef struct
{
  AssetHttp *http;
  SoupServerMessage *message;
  GHashTable *query;
  char *authority;
  char *base;
  const AssetCollection *collection;
  gint64 pk; /* 0: the collection as a whole */
} Request;

/* ---- answers ---- */

/* Takes `body`. */
static void
respond (Request *self, guint status, GString *body)
{
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (body);

  car_server_answer (self->message, status, bytes);
}

static void
respond_problem (Request *self, guint status, const char *detail)
{
  GString *body = g_string_new ("{\"detail\": [");
  car_json_append_string (body, detail, -1);
  g_string_append (body, "]}");
  respond (self, status, body);
}

static void
respond_error (Request *self, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    respond_problem (self, SOUP_STATUS_NOT_FOUND, error->message);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    respond_problem (self, SOUP_STATUS_BAD_REQUEST, error->message);
  else
    {
      g_printerr ("car-asset-server: %s\n", error->message);
      respond_problem (self, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
    }
}

/* Answers with what a call of the store appended to `body`, or with its error. Takes both. */
static void
respond_result (Request *self, gboolean ok, guint status, GString *body, GError *error)
{
  g_autoptr (GError) owned_error = error;
  g_autoptr (GString) owned_body = body;

  if (ok)
    respond (self, status, g_steal_pointer (&owned_body));
  else
    respond_error (self, owned_error);
}

static void
respond_object (Request *self, guint status)
{
  GString *body = g_string_new (NULL);
  GError *error = NULL;
  gboolean ok =
      asset_store_append_object (self->http->store, self->collection, self->pk, self->base, body, &error);
  respond_result (self, ok, status, body, error);
}

static gboolean
is_method (Request *self, const char *method)
{
  return g_str_equal (soup_server_message_get_method (self->message), method);
}

static gboolean
is_get (Request *self)
{
  return is_method (self, "GET") || is_method (self, "HEAD");
}

/* To the same path with a slash at its end. */
static void
redirect (Request *self)
{
  GUri *uri = soup_server_message_get_uri (self->message);
  const char *query = g_uri_get_query (uri);
  g_autofree char *location =
      g_strconcat (self->base, g_uri_get_path (uri), "/", query ? "?" : "", query, NULL);

  /* Clients follow a 301 with GET: of what changes the inventory that would make another call. 308 keeps the method. */
  guint status = is_get (self) ? SOUP_STATUS_MOVED_PERMANENTLY : SOUP_STATUS_PERMANENT_REDIRECT;
  soup_server_message_set_redirect (self->message, status, location);
}

/* ---- calls ---- */

static void
get_state (Request *self)
{
  GError *error = NULL;
  GString *body = g_string_new (NULL);
  gint64 state = asset_store_get_state (self->http->store, &error);

  g_string_append_printf (body, "{\"model_state_id\": \"%" G_GINT64_FORMAT "\"}", state);
  respond_result (self, state >= 0, SOUP_STATUS_OK, body, error);
}

static const char *
get_parameter (Request *self, const char *name)
{
  return g_hash_table_lookup (self->query, name);
}

static gboolean
get_state_parameter (Request *self, const char *name, gint64 *state)
{
  const char *text = get_parameter (self, name);
  return text && g_ascii_isdigit (text[0]) && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, state, NULL);
}

static void
get_delta (Request *self)
{
  gint64 from, to;
  if (!get_state_parameter (self, "from", &from) || !get_state_parameter (self, "to", &to))
    {
      respond_problem (self, SOUP_STATUS_BAD_REQUEST,
                       "from and to must both be given, as numbers that /model_state_id/ has answered");
      return;
    }

  GError *error = NULL;
  GString *body = g_string_new (NULL);
  gboolean ok = asset_store_append_delta (self->http->store, from, to, body, &error);
  respond_result (self, ok, SOUP_STATUS_OK, body, error);
}

static int
compare_pks (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;
  return (first > second) - (first < second);
}

/* NULL where it is not numbers with commas between them. */
static GArray *
parse_pks (const char *text)
{
  g_autoptr (GArray) pks = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i]; i++)
    {
      gint64 pk;
      if (!asset_input_parse_pk (parts[i], &pk))
        return NULL;
      g_array_append_val (pks, pk);
    }
  g_array_sort (pks, compare_pks);
  return g_steal_pointer (&pks);
}

static void
get_list (Request *self)
{
  const char *text = get_parameter (self, "pk");
  g_autoptr (GArray) pks = text ? parse_pks (text) : NULL;
  if (text && !pks)
    {
      respond_problem (self, SOUP_STATUS_BAD_REQUEST, "pk must be numbers with commas between them");
      return;
    }

  GError *error = NULL;
  GString *body = g_string_new (NULL);
  gboolean ok = asset_store_append_list (self->http->store, self->collection, pks, self->base, body, &error);
  respond_result (self, ok, SOUP_STATUS_OK, body, error);
}

static gboolean
is_json (Request *self)
{
  const char *type =
      soup_message_headers_get_content_type (soup_server_message_get_request_headers (self->message), NULL);
  return !type || g_ascii_strcasecmp (type, "application/json") == 0;
}

/* FALSE: it was answered. */
static gboolean
read_body (Request *self, gboolean partial, AssetRecord *record)
{
  if (!is_json (self))
    {
      respond_problem (self, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE, "the body must be application/json");
      return FALSE;
    }

  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (self->message));
  g_autoptr (GString) problems = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  AssetInput input = { self->http->store, self->authority, self->collection, self->pk, partial };
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  if (asset_input_read (&input, length > 0 ? text : "", length, record, problems, &error))
    return TRUE;

  if (error)
    respond_error (self, error);
  else
    respond (self, SOUP_STATUS_BAD_REQUEST, g_steal_pointer (&problems));
  return FALSE;
}

static void
create_object (Request *self)
{
  g_auto (AssetRecord) record = { 0 };
  g_autoptr (GError) error = NULL;

  if (!read_body (self, FALSE, &record))
    return;
  if (!asset_store_create (self->http->store, self->collection, &record, &self->pk, &error))
    {
      respond_error (self, error);
      return;
    }

  g_autofree char *location =
      g_strdup_printf ("%s/%s/%" G_GINT64_FORMAT "/", self->base, self->collection->name, self->pk);
  soup_message_headers_replace (soup_server_message_get_response_headers (self->message), "Location",
                                location);
  respond_object (self, SOUP_STATUS_CREATED);
}

static void
update_object (Request *self, gboolean partial)
{
  g_auto (AssetRecord) record = { 0 };
  g_autoptr (GError) error = NULL;

  if (!asset_store_exists (self->http->store, self->collection, self->pk, &error))
    respond_error (self, error);
  else if (!read_body (self, partial, &record))
    return;
  else if (!asset_store_update (self->http->store, self->collection, self->pk, &record, &error))
    respond_error (self, error);
  else
    respond_object (self, SOUP_STATUS_OK);
}

static void
delete_object (Request *self)
{
  g_autoptr (GError) error = NULL;

  if (asset_store_delete (self->http->store, self->collection, self->pk, &error))
    car_server_answer (self->message, SOUP_STATUS_NO_CONTENT, NULL);
  else
    respond_error (self, error);
}

/* ---- which call it is ---- */

static void
refuse_method (Request *self, const char *allowed)
{
  g_autofree char *detail = g_strdup_printf ("the methods here are %s", allowed);

  soup_message_headers_replace (soup_server_message_get_response_headers (self->message), "Allow", allowed);
  respond_problem (self, SOUP_STATUS_METHOD_NOT_ALLOWED, detail);
}

static void
call_collection (Request *self)
{
  if (is_get (self))
    get_list (self);
  else if (is_method (self, "POST"))
    create_object (self);
  else
    refuse_method (self, "GET, HEAD, POST");
}

static void
call_object (Request *self)
{
  if (is_get (self))
    respond_object (self, SOUP_STATUS_OK);
  else if (is_method (self, "PUT") || is_method (self, "PATCH"))
    update_object (self, is_method (self, "PATCH"));
  else if (is_method (self, "DELETE"))
    delete_object (self);
  else
    refuse_method (self, "GET, HEAD, PUT, PATCH, DELETE");
}

typedef void (*Call) (Request *self);

/* The call that a path such as /assets or /assets/1 (without the slash at its end) leads to; NULL: none. */
static Call
find_call (Request *self, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", 4);
  guint n_parts = g_strv_length (parts);

  if (n_parts < 2 || n_parts > 3)
    return NULL;
  if (n_parts == 2 && g_str_equal (parts[1], "model_state_id"))
    return get_state;
  if (n_parts == 2 && g_str_equal (parts[1], "delta"))
    return get_delta;

  self->collection = asset_collection_find (parts[1]);
  if (!self->collection || (n_parts == 3 && !asset_input_parse_pk (parts[2], &self->pk)))
    return NULL;
  return n_parts == 2 ? call_collection : call_object;
}

static void
route (Request *self, const char *path)
{
  gboolean slash = g_str_has_suffix (path, "/");
  g_autofree char *bare = g_strndup (path, strlen (path) - slash);
  Call call = find_call (self, bare);

  if (!call)
    respond_problem (self, SOUP_STATUS_NOT_FOUND, "there is nothing here");
  else if (!self->collection && !is_get (self))
    refuse_method (self, "GET, HEAD");
  else if (!slash)
    redirect (self);
  else
    call (self);
}

/* What the client calls this server; NULL where that is no HOST or HOST:PORT. It goes into answers as it is. */
static char *
dup_authority (AssetHttp *self, SoupServerMessage *message)
{
  static const char characters[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-_:[]";
  const char *host = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Host");

  /* HTTP/1.0 knows no such header. */
  if (!host)
    return g_strdup_printf ("127.0.0.1:%u", self->port);

  g_autofree char *uri = g_strdup_printf ("http://%s/", host);
  if (host[0] == '\0' || strlen (host) > 261 || host[strspn (host, characters)] != '\0' ||
      !g_uri_is_valid (uri, G_URI_FLAGS_NONE, NULL))
    return NULL;
  return g_strdup (host);
}

/* NULL where it cannot be decoded: libsoup's own reading would end at a %00. */
static GHashTable *
parse_query (SoupServerMessage *message)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (message));
  return g_uri_parse_params (query ? query : "", -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
}

static void
handle (SoupServer *soup,
        SoupServerMessage *message,
        const char *path,
        GHashTable *unused,
        gpointer user_data)
{
  AssetHttp *self = user_data;
  g_autoptr (GHashTable) query = parse_query (message);
  g_autofree char *authority = dup_authority (self, message);
  g_autofree char *base = g_strconcat ("http://", authority, NULL);
  Request request = { self, message, query, authority, base, NULL, 0 };

  if (!authority)
    respond_problem (&request, SOUP_STATUS_BAD_REQUEST, "the header Host must be a host's name and its port");
  else if (!query)
    respond_problem (&request, SOUP_STATUS_BAD_REQUEST, "the query cannot be decoded");
  else if (soup_server_message_get_request_body (message)->length > MAX_BODY)
    respond_problem (&request, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "the body is larger than 64 MiB");
  else
    route (&request, path);
}

/* ---- the server ---- */

/* Of a body that is too large, no more is kept; handle() answers at its end. */
static void
check_body (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  if (body->length > MAX_BODY)
    soup_message_body_set_accumulate (body, FALSE);
}

/* One connection a request: libsoup 3.2 never closes one that the client closes between two requests, and would run
 * out of file descriptors. */
static void
close_connection (SoupServerMessage *message, gpointer user_data)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
}

static void
begin_request (SoupServer *soup, SoupServerMessage *message, gpointer user_data)
{
  g_signal_connect (message, "got-chunk", G_CALLBACK (check_body), NULL);
  close_connection (message, NULL);
  /* Again, as an answer of 100 (Continue) takes the headers with it. */
  g_signal_connect (message, "got-body", G_CALLBACK (close_connection), NULL);
}

static gboolean
authenticate (SoupAuthDomain *domain,
              SoupServerMessage *message,
              const char *username,
              const char *password,
              gpointer user_data)
{
  AssetHttp *self = user_data;

  return g_str_equal (username, self->username) &&
         car_server_is_secret (self->password, password, strlen (password));
}

AssetHttp *
asset_http_new (AssetStore *store, guint16 port, const char *username, const char *password, GError **error)
{
  g_autoptr (AssetHttp) self = g_new0 (AssetHttp, 1);
  self->store = store;
  self->username = g_strdup (username);
  self->password = g_strdup (password);
  self->soup = soup_server_new ("server-header", "car-asset-server/" PACKAGE_VERSION, NULL);

  g_autoptr (SoupAuthDomain) domain = soup_auth_domain_basic_new ("realm", "car-asset-server", NULL);
  soup_auth_domain_basic_set_auth_callback (domain, (SoupAuthDomainBasicAuthCallback) authenticate, self,
                                            NULL);
  soup_auth_domain_add_path (domain, "/");
  soup_server_add_auth_domain (self->soup, domain);
  soup_server_add_handler (self->soup, NULL, handle, self, NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (begin_request), NULL);

  self->port = car_server_listen (self->soup, port, error);

  return self->port != 0 ? g_steal_pointer (&self) : NULL;
}

guint16
asset_http_get_port (AssetHttp *self)
{
  return self->port;
}

void
asset_http_free (AssetHttp *self)
{
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);
  g_free (self->username);
  g_free (self->password);
  g_free (self);
}
