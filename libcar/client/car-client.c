/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-private.h>

/* The client itself: its settings. Its calls stand in car-client-*.c, by what they are about. How a call is put together
 * is car-call.c's, when it is tried again car-retry.c's, how it is made without blocking car-operation.c's, and how it
 * goes over the wire car-http.c's. */

/**
 * CarClient:
 *
 * The calls of a CAR service.
 *
 * [ctor@Client.new] and [ctor@Client.new_with_token] make a client that is ready. Made by its properties alone, a client
 * must be initialized ([method@Gio.Initable.init]); until then all its calls fail with %CAR_APP_ERROR_GENERAL.
 *
 * Every call is there as a blocking function and as an asynchronous one. A client may be used from several threads at
 * once. An asynchronous call holds no thread while it waits; its callback comes in the thread-default main context of
 * the caller. A blocking call may be made in any thread, also in one that runs a main loop: nothing of that loop is
 * dispatched meanwhile. Cancelling a call ends it at once.
 *
 * A call is tried again after a lost connection, a time-out and the answers 408, 429, 502, 503, 504 and 507, with growing
 * waits or those of the service's `Retry-After`. All calls, POST and PATCH too, may thus reach the service more than
 * once. When no retry is left, the call fails, unless the client waits for a service that is away
 * ([property@Client:max-outage]).
 *
 * All calls fail with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE (protocol.md, "Failures"), with
 * %CAR_APP_ERROR_GENERAL for an argument that no call can have, such as an id that is empty, and with
 * %G_IO_ERROR_CANCELLED. An answer that is not the JSON it should be is a recoverable failure, never a success; so is one
 * that does not say that a change was made. Calls that only ask for something, or prepare an import, leave no gap in the
 * data: they fail recoverably in any case.
 *
 * Redirects are not followed, and certificates are always checked. The service must speak TLS 1.2 or newer, with a
 * certificate for servers whose key has 112 bits of security at least (RSA: 2048 bits). The key, the password, the token and
 * what is sent are never logged.
 *
 * ```c
 * static gboolean
 * print_assets (const char *url, const char *token, GError **error)
 * {
 *   g_autoptr (CarClient) client = car_client_new_with_token (url, token, error);
 *   g_autofree char *answer = NULL;
 *
 *   if (client == NULL)
 *     return FALSE;
 *
 *   answer = car_client_query_json (client, "query ($name: String) { asset(where: {name: {_eq: $name}}) { external_id } }",
 *                                   "{\"name\": \"Web server\"}", NULL, error);
 *   if (answer == NULL)
 *     return FALSE;
 *
 *   g_print ("%s\n", answer);
 *   return TRUE;
 * }
 * ```
 */
struct _CarClient
{
  GObject parent_instance;

  char *base_url;
  char *key;
  char *password;
  char *token;
  char *user_agent;
  GProxyResolver *proxy_resolver;
  GTlsDatabase *tls_database;
  GTlsCertificate *tls_certificate;

  CarCaller caller;
};

typedef enum
{
  PROP_BASE_URL = 1,
  PROP_KEY,
  PROP_PASSWORD,
  PROP_TOKEN,
  PROP_USER_AGENT,
  PROP_PROXY_RESOLVER,
  PROP_TLS_DATABASE,
  PROP_TLS_CERTIFICATE,
  PROP_IDLE_TIMEOUT,
  PROP_JOB_TIMEOUT,
  PROP_MAX_RETRIES,
  PROP_MAX_RETRY_DELAY,
  PROP_MAX_OUTAGE,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

static void car_client_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CarClient,
                               car_client,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, car_client_initable_init))

/* The base URL. */

static gboolean
is_loopback (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_ascii_strcasecmp (host, "localhost") == 0;
}

static const char *
find_url_problem (const char *url, GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);

  for (const char *at = url; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return _ ("it holds a space, or a character that is not ASCII");
  if (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https"))
    return _ ("it begins neither with https:// nor with http://");
  if (g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return _ ("it names no host");
  if (g_uri_get_userinfo (uri) != NULL)
    return _ ("it holds a user: give the key and the password as settings of their own");
  if (g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return _ ("it has a query (?) or a fragment (#)");
  return NULL;
}

/* GLib's own words show a part of what it cannot read. */
static const char *
describe_parse_failure (const GError *error)
{
  switch ((GUriError) error->code)
    {
    case G_URI_ERROR_BAD_SCHEME:
      return _ ("it begins neither with https:// nor with http://");
    case G_URI_ERROR_BAD_USER:
    case G_URI_ERROR_BAD_PASSWORD:
    case G_URI_ERROR_BAD_AUTH_PARAMS:
      return _ (
          "it holds a user that cannot be read: give the key and the password as settings of their own");
    case G_URI_ERROR_BAD_HOST:
      return _ ("its host cannot be read");
    case G_URI_ERROR_BAD_PORT:
      return _ ("its port is not a number up to 65535");
    case G_URI_ERROR_BAD_PATH:
    case G_URI_ERROR_BAD_QUERY:
    case G_URI_ERROR_BAD_FRAGMENT:
    case G_URI_ERROR_FAILED:
    default:
      return _ ("it holds what no URL can hold");
    }
}

static gboolean
read_base_url (CarClient *self, gboolean *loopback, GError **error)
{
  g_autoptr (GError) cause = NULL;
  const char *url = self->base_url != NULL ? self->base_url : "";
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, &cause);
  const char *problem = uri != NULL ? find_url_problem (url, uri) : describe_parse_failure (cause);
  if (problem != NULL)
    {
      /* Not shown itself: it may hold a password. */
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                   _ ("the service's URL is not one like https://HOST/api/car/v2: %s"), problem);
      return FALSE;
    }

  gsize length = strlen (url);
  while (url[length - 1] == '/')
    length--;
  self->caller.base = g_strndup (url, length);
  self->caller.base_v3 = g_strdup (self->caller.base);
  if (g_str_has_suffix (self->caller.base_v3, "/v2"))
    self->caller.base_v3[length - 1] = '3';

  *loopback = is_loopback (g_uri_get_host (uri));
  if (g_str_equal (g_uri_get_scheme (uri), "http") && !*loopback)
    g_warning (_ ("%s is not encrypted: the key and the password, or the token, can be read on their way"),
               self->caller.base);
  return TRUE;
}

/* The credentials. */

static gboolean
has_control_character (const char *text)
{
  for (const char *at = text; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return TRUE;
  return FALSE;
}

/* `name` is one of the client's properties. */
static gboolean
check_credential (const char *name, const char *value, const char *refused, GError **error)
{
  const int code = CAR_APP_ERROR_INVALID_PARAMETER;

  /* Translators: %s is "key", "password" or "token", as the settings call it. */
  if (value == NULL || *value == '\0')
    g_set_error (error, CAR_APP_ERROR, code, _ ("the service's %s is empty"), name);
  else if (has_control_character (value))
    g_set_error (error, CAR_APP_ERROR, code,
                 _ ("the service's %s holds a control character, such as an end of line"), name);
  else if (!g_utf8_validate (value, -1, NULL))
    g_set_error (error, CAR_APP_ERROR, code, _ ("the service's %s is not UTF-8"), name);
  else if (strpbrk (value, refused) != NULL)
    g_set_error (error, CAR_APP_ERROR, code, _ ("the service's %s holds a character that it may not hold"),
                 name);
  else
    return TRUE;

  return FALSE;
}

static char *
make_token_authorization (CarClient *self, GError **error)
{
  if (!check_credential ("token", self->token, " ", error))
    return NULL;

  self->caller.redaction = car_redaction_new ();
  car_redaction_add (self->caller.redaction, self->token);
  return g_strconcat ("car-token ", self->token, NULL);
}

/* RFC 7617. */
static char *
make_basic_authorization (CarClient *self, GError **error)
{
  if (!check_credential ("key", self->key, ":", error) ||
      !check_credential ("password", self->password, "", error))
    return NULL;

  char *pair = g_strconcat (self->key, ":", self->password, NULL);
  char *encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  const char *const secrets[] = { pair, self->password, self->key };
  self->caller.redaction = car_redaction_new ();
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    car_redaction_add (self->caller.redaction, secrets[i]);
  char *authorization = g_strconcat ("Basic ", encoded, NULL);

  car_secret_free (pair);
  car_secret_free (encoded);
  return authorization;
}

/* Making it ready. */

/* RFC 9110, 10.1.5: products of token characters. */
static char *
make_user_agent (CarClient *self)
{
  if (self->user_agent == NULL)
    return g_strdup ("libcar/" PACKAGE_VERSION);

  char *agent = g_strconcat (self->user_agent, " libcar/" PACKAGE_VERSION, NULL);
  return g_strcanon (agent, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS " /!#$%&'*+-.^_`|~", '-');
}

static gboolean
make_ready (GInitable *initable, GCancellable *cancellable, GError **error)
{
  CarClient *self = CAR_CLIENT (initable);
  gboolean loopback;
  char *authorization = NULL;

  if (self->caller.http != NULL)
    return TRUE;
  if (read_base_url (self, &loopback, error))
    authorization =
        self->token != NULL ? make_token_authorization (self, error) : make_basic_authorization (self, error);
  if (authorization == NULL)
    {
      car_caller_clear (&self->caller);
      return FALSE;
    }

  g_autofree char *user_agent = make_user_agent (self);
  const CarHttpOptions options = {
    .authorization = authorization,
    .user_agent = user_agent,
    .direct = loopback && self->proxy_resolver == NULL,
    .proxy_resolver = self->proxy_resolver,
    .tls_database = self->tls_database,
    .tls_certificate = self->tls_certificate,
  };
  self->caller.loop = car_loop_new ("car-client");
  self->caller.http = car_http_new (self->caller.loop, &options);
  car_secret_free (authorization);
  return TRUE;
}

static void
car_client_initable_init (GInitableIface *iface)
{
  iface->init = make_ready;
}

static void
car_client_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarClient *self = CAR_CLIENT (object);
  CarClientLimits *limits = &self->caller.limits;

  switch ((Property) id)
    {
    case PROP_BASE_URL:
      self->base_url = g_value_dup_string (value);
      break;
    case PROP_KEY:
      self->key = g_value_dup_string (value);
      break;
    case PROP_PASSWORD:
      self->password = g_value_dup_string (value);
      break;
    case PROP_TOKEN:
      self->token = g_value_dup_string (value);
      break;
    case PROP_USER_AGENT:
      self->user_agent = g_value_dup_string (value);
      break;
    case PROP_PROXY_RESOLVER:
      self->proxy_resolver = g_value_dup_object (value);
      break;
    case PROP_TLS_DATABASE:
      self->tls_database = g_value_dup_object (value);
      break;
    case PROP_TLS_CERTIFICATE:
      self->tls_certificate = g_value_dup_object (value);
      break;
    case PROP_IDLE_TIMEOUT:
      limits->idle_timeout = g_value_get_uint (value) * 1000;
      break;
    case PROP_JOB_TIMEOUT:
      limits->job_timeout = g_value_get_uint (value) * 1000;
      break;
    case PROP_MAX_RETRIES:
      limits->max_retries = g_value_get_uint (value);
      break;
    case PROP_MAX_RETRY_DELAY:
      limits->max_retry_delay = g_value_get_uint (value) * 1000;
      break;
    case PROP_MAX_OUTAGE:
      limits->max_outage = g_value_get_uint (value) * 1000;
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_client_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CarClient *self = CAR_CLIENT (object);
  const CarClientLimits *limits = &self->caller.limits;

  switch ((Property) id)
    {
    case PROP_BASE_URL:
      g_value_set_string (value, car_client_get_base_url (self));
      break;
    case PROP_USER_AGENT:
      g_value_set_string (value, self->user_agent);
      break;
    case PROP_PROXY_RESOLVER:
      g_value_set_object (value, self->proxy_resolver);
      break;
    case PROP_TLS_DATABASE:
      g_value_set_object (value, self->tls_database);
      break;
    case PROP_TLS_CERTIFICATE:
      g_value_set_object (value, self->tls_certificate);
      break;
    case PROP_IDLE_TIMEOUT:
      g_value_set_uint (value, limits->idle_timeout / 1000);
      break;
    case PROP_JOB_TIMEOUT:
      g_value_set_uint (value, limits->job_timeout / 1000);
      break;
    case PROP_MAX_RETRIES:
      g_value_set_uint (value, limits->max_retries);
      break;
    case PROP_MAX_RETRY_DELAY:
      g_value_set_uint (value, limits->max_retry_delay / 1000);
      break;
    case PROP_MAX_OUTAGE:
      g_value_set_uint (value, limits->max_outage / 1000);
      break;
    case PROP_KEY:
    case PROP_PASSWORD:
    case PROP_TOKEN:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_client_finalize (GObject *object)
{
  CarClient *self = CAR_CLIENT (object);

  car_caller_clear (&self->caller);
  g_free (self->base_url);
  g_free (self->user_agent);
  g_clear_object (&self->proxy_resolver);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_certificate);
  car_secret_free (self->key);
  car_secret_free (self->password);
  car_secret_free (self->token);
  G_OBJECT_CLASS (car_client_parent_class)->finalize (object);
}

static void
install_secret (Property id, const char *name)
{
  properties[id] = g_param_spec_string (name, NULL, NULL, NULL,
                                        G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
}

static void
car_client_class_init (CarClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const guint max_seconds = G_MAXINT / 1000;

  object_class->set_property = car_client_set_property;
  object_class->get_property = car_client_get_property;
  object_class->finalize = car_client_finalize;

  /**
   * CarClient:base-url:
   *
   * The service's base URL, such as `https://HOST/api/car/v2`. Required. Read, it has no slash at its end.
   */
  properties[PROP_BASE_URL] = g_param_spec_string ("base-url", NULL, NULL, NULL, flags);

  /**
   * CarClient:key:
   *
   * The service key. Required where there is no [property@Client:token].
   */
  install_secret (PROP_KEY, "key");

  /**
   * CarClient:password:
   *
   * The service key's password. Required where there is no [property@Client:token].
   */
  install_secret (PROP_PASSWORD, "password");

  /**
   * CarClient:token:
   *
   * A token. Where it is given, the key and the password are not used.
   */
  install_secret (PROP_TOKEN, "token");

  /**
   * CarClient:user-agent:
   *
   * The connector as a product of a User-Agent header (RFC 9110, 10.1.5), such as `NAME/VERSION`. libcar adds itself.
   * Characters that a header cannot hold become dashes.
   */
  properties[PROP_USER_AGENT] = g_param_spec_string ("user-agent", NULL, NULL, NULL, flags);

  /**
   * CarClient:proxy-resolver:
   *
   * Finds the proxy for a URL. %NULL: the system's, but none for a service on this machine.
   */
  properties[PROP_PROXY_RESOLVER] =
      g_param_spec_object ("proxy-resolver", NULL, NULL, G_TYPE_PROXY_RESOLVER, flags);

  /**
   * CarClient:tls-database:
   *
   * The authorities that may have signed the service's certificate, such as a [iface@Gio.TlsFileDatabase] of a file.
   * %NULL: those that this machine trusts.
   */
  properties[PROP_TLS_DATABASE] =
      g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE, flags);

  /**
   * CarClient:tls-certificate:
   *
   * The certificate, with its private key, to show to a service that asks for one. %NULL: none.
   */
  properties[PROP_TLS_CERTIFICATE] =
      g_param_spec_object ("tls-certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);

  /**
   * CarClient:idle-timeout:
   *
   * After so many seconds in which less than 1 KiB came or went, an attempt fails. A call that is slow, but moves, does not.
   */
  properties[PROP_IDLE_TIMEOUT] = g_param_spec_uint ("idle-timeout", NULL, NULL, 1, max_seconds, 120, flags);

  /**
   * CarClient:job-timeout:
   *
   * How many seconds the client waits for a job of the service, before it fails as recoverable. If the client waits for several
   * import jobs, each that is done renews the time.
   */
  properties[PROP_JOB_TIMEOUT] =
      g_param_spec_uint ("job-timeout", NULL, NULL, 1, max_seconds, 60 * 60, flags);

  /**
   * CarClient:max-retries:
   *
   * How often the client tries a call again before it fails.
   */
  properties[PROP_MAX_RETRIES] = g_param_spec_uint ("max-retries", NULL, NULL, 0, 1000, 6, flags);

  /**
   * CarClient:max-retry-delay:
   *
   * The longest wait before a retry, in seconds. A longer `Retry-After` of the service is cut to it.
   */
  properties[PROP_MAX_RETRY_DELAY] =
      g_param_spec_uint ("max-retry-delay", NULL, NULL, 0, max_seconds, 60, flags);

  /**
   * CarClient:max-outage:
   *
   * For how many seconds the client waits for a service that is away, in all of its calls together. The service is away while
   * it refuses or breaks connections, does not answer, or answers 502, 503 or 504. A call that has no retry left
   * ([property@Client:max-retries]) goes on trying, at most [property@Client:max-retry-delay] apart, until these seconds are used
   * up. The log says so each minute. 0: a call without a retry left fails at once.
   */
  properties[PROP_MAX_OUTAGE] = g_param_spec_uint ("max-outage", NULL, NULL, 0, max_seconds, 0, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
car_client_init (CarClient *self)
{
  self->caller.limits = (CarClientLimits){
    .first_retry_delay = 1000,
    .first_poll_delay = 50,
    .max_poll_delay = 10 * 1000,
    .max_silence = 60 * 1000,
  };
}

/**
 * car_client_new:
 * @base_url: the service's base URL, such as `https://HOST/api/car/v2`
 * @key: the service key
 * @password: the service key's password
 * @error: return location for an error
 *
 * Makes a client that shows a key and a password (HTTP Basic, RFC 7617). Nothing is sent yet. A warning is logged where
 * the base URL is neither encrypted nor on this machine.
 *
 * Returns: (transfer full): a client, or %NULL with %CAR_APP_ERROR_INVALID_PARAMETER
 */
CarClient *
car_client_new (const char *base_url, const char *key, const char *password, GError **error)
{
  g_return_val_if_fail (base_url != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (password != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_initable_new (CAR_TYPE_CLIENT, NULL, error, "base-url", base_url, "key", key, "password", password,
                         NULL);
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
  g_return_val_if_fail (base_url != NULL, NULL);
  g_return_val_if_fail (token != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_initable_new (CAR_TYPE_CLIENT, NULL, error, "base-url", base_url, "token", token, NULL);
}

/**
 * car_client_get_base_url:
 * @self: a client
 *
 * Gets the URL that the calls are made below.
 *
 * Returns: (nullable): the base URL, without a slash at its end; %NULL where the client is not ready
 */
const char *
car_client_get_base_url (CarClient *self)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);

  return self->caller.base;
}

CarCaller *
car_client_get_caller (CarClient *self)
{
  return &self->caller;
}

void
car_client_set_report (CarClient *self, const char *key)
{
  g_free (self->caller.report);
  self->caller.report = g_strdup (key);
}

void
car_client_set_timepoint (CarClient *self, const char *moment)
{
  g_free (self->caller.timepoint);
  self->caller.timepoint = g_strdup (moment);
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
