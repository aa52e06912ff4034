/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "test-service.h"

/* What the service has for its page: the files, logging in, and the calls that the page makes. */

#define REPORT(n) "\"report\":{\"_key\":\"" n "\",\"timestamp\":1700000000000}"
#define ENVELOPE(source, report, members)                                                                    \
  "{\"source\":{\"_key\":\"" source "\",\"name\":\"n\"}," REPORT (report) "," members "}"

/* What a browser has after it logged in. */
typedef struct
{
  char *cookie;
  char *pledge;
} Login;

static void
login_clear (Login *login)
{
  g_clear_pointer (&login->cookie, g_free);
  g_clear_pointer (&login->pledge, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Login, login_clear)

/* Sends what a browser would. `headers`: NAME, VALUE, …, NULL; a value that is NULL leaves its header away. */
static SoupMessage *
browse (TestService *service,
        const char *method,
        const char *path,
        const char *const *headers,
        const char *body,
        char **answer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u%s", service->port, path);
  SoupMessage *message = soup_message_new (method, url);

  for (guint i = 0; headers != NULL && headers[i] != NULL; i += 2)
    if (headers[i + 1] != NULL)
      soup_message_headers_append (soup_message_get_request_headers (message), headers[i], headers[i + 1]);
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));
      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }

  g_autoptr (GBytes) bytes = soup_session_send_and_read (service->session, message, NULL, &error);
  g_assert_no_error (error);
  if (answer != NULL)
    *answer = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  return message;
}

static guint
browse_status (TestService *service,
               const char *method,
               const char *path,
               const char *const *headers,
               const char *body)
{
  g_autoptr (SoupMessage) message = browse (service, method, path, headers, body, NULL);

  return soup_message_get_status (message);
}

static char *
make_origin (TestService *service)
{
  return g_strdup_printf ("http://127.0.0.1:%u", service->port);
}

static const char *
get_header (SoupMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_message_get_response_headers (message), name);
}

/* With the cookie and pledge of `before`, where it is not NULL. */
static Login
log_in (TestService *service, const Login *before, const char *body, guint status)
{
  Login login = { NULL };
  g_autofree char *origin = make_origin (service);
  g_autofree char *answer = NULL;
  const char *headers[] = { "Origin",     origin,
                            "X-Car-Page", before != NULL ? before->pledge : "-",
                            "Cookie",     before != NULL ? before->cookie : NULL,
                            NULL };
  g_autoptr (SoupMessage) message = browse (service, "POST", "/login", headers, body, &answer);

  g_assert_cmpuint (soup_message_get_status (message), ==, status);
  if (status != 200)
    {
      g_assert_null (get_header (message, "Set-Cookie"));
      g_assert_null (get_header (message, "WWW-Authenticate"));
      return login;
    }

  const char *cookie = get_header (message, "Set-Cookie");
  g_autoptr (JsonNode) node = json_from_string (answer, NULL);
  g_assert_true (g_str_has_suffix (cookie, "; Path=/; HttpOnly; SameSite=Strict"));
  login.cookie = g_strndup (cookie, strcspn (cookie, ";"));
  login.pledge = g_strdup (json_object_get_string_member (json_node_get_object (node), "pledge"));

  return login;
}

static guint
call_with_login (TestService *service, const Login *login)
{
  g_autofree char *origin = make_origin (service);
  const char *headers[] = { "Origin", origin, "X-Car-Page", login->pledge, "Cookie", login->cookie, NULL };

  return browse_status (service, "GET", "/api/car/v3/overview", headers, NULL);
}

static char *
make_pair (const char *key, const char *password)
{
  return g_strdup_printf ("{\"key\":\"%s\",\"password\":\"%s\"}", key, password);
}

static char *
make_token (const char *token)
{
  return g_strdup_printf ("{\"token\":\"%s\"}", token);
}

static void
test_login (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *pair = make_pair (service->key, service->password);
  g_autofree char *token = make_token (service->token);
  g_autofree char *wrong_password = make_pair (service->key, service->token);
  g_autofree char *wrong_token = make_token (service->password);
  const char *const nonsense[] = { "", "[]", "{", "{\"key\":1}", "{\"token\":null}", "{\"token\":[]}", "{}" };

  g_auto (Login) by_pair = log_in (service, NULL, pair, 200);
  g_auto (Login) by_token = log_in (service, NULL, token, 200);
  g_assert_cmpstr (by_pair.cookie, !=, by_token.cookie);
  g_assert_cmpuint (call_with_login (service, &by_pair), ==, 200);
  g_assert_cmpuint (call_with_login (service, &by_token), ==, 200);

  log_in (service, NULL, wrong_password, 403);
  log_in (service, NULL, wrong_token, 403);
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++)
    {
      g_autofree char *origin = make_origin (service);
      const char *headers[] = { "Origin", origin, NULL };
      guint status = browse_status (service, "POST", "/login", headers, nonsense[i]);

      g_test_message ("%s: %u", nonsense[i], status);
      g_assert_true (status == 400 || status == 403);
    }
}

/* Neither half is enough, the halves of two logins are not, and no other page can use both. */
static void
test_halves (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *body = make_pair (service->key, service->password);
  g_autofree char *origin = make_origin (service);
  g_auto (Login) one = log_in (service, NULL, body, 200);
  g_auto (Login) two = log_in (service, NULL, body, 200);
  const char *const refused[][4] = {
    { origin, NULL, one.cookie, NULL },
    { origin, NULL, NULL, one.pledge },
    { origin, NULL, two.cookie, one.pledge },
    { NULL, NULL, one.cookie, one.pledge },
    { NULL, "cross-site", one.cookie, one.pledge },
    { NULL, "same-site", one.cookie, one.pledge },
    { "null", NULL, one.cookie, one.pledge },
    { "http://127.0.0.1:1", NULL, one.cookie, one.pledge },
    { "http://127.0.0.1", "same-origin", one.cookie, one.pledge },
    { "https://example.com", NULL, one.cookie, one.pledge },
    { origin, NULL, "car-service-1=x", one.pledge },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      const char *headers[] = { "Origin",      refused[i][0], "Sec-Fetch-Site", refused[i][1], "Cookie",
                                refused[i][2], "X-Car-Page",  refused[i][3],    NULL };
      guint status = browse_status (service, "GET", "/api/car/v3/overview", headers, NULL);

      g_test_message ("%u: %u", i, status);
      g_assert_cmpuint (status, ==, 401);
    }

  const char *fetched[] = { "Sec-Fetch-Site", "same-origin", "Cookie", one.cookie,
                            "X-Car-Page",     one.pledge,    NULL };
  g_assert_cmpuint (browse_status (service, "GET", "/api/car/v3/overview", fetched, NULL), ==, 200);

  /* Another page cannot log somebody in or out either. */
  const char *elsewhere[] = { "Origin",     "http://example.com", "Cookie", one.cookie,
                              "X-Car-Page", one.pledge,           NULL };
  g_assert_cmpuint (browse_status (service, "POST", "/login", elsewhere, body), ==, 403);
  g_assert_cmpuint (browse_status (service, "DELETE", "/login", elsewhere, NULL), ==, 403);
  g_assert_cmpuint (call_with_login (service, &one), ==, 200);
}

/* A login has secrets of its own making, and ends when its browser logs in again, or out. */
static void
test_logout (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *body = make_pair (service->key, service->password);
  g_autofree char *origin = make_origin (service);
  g_autofree char *planted_cookie = g_strdup_printf ("car-service-%u=planted", service->port);
  Login planted = { planted_cookie, (char *) "planted" };

  g_auto (Login) first = log_in (service, &planted, body, 200);
  g_assert_cmpuint (call_with_login (service, &planted), ==, 401);
  g_assert_null (strstr (first.cookie, "planted"));

  g_auto (Login) second = log_in (service, &first, body, 200);
  g_assert_cmpuint (call_with_login (service, &first), ==, 401);
  g_assert_cmpuint (call_with_login (service, &second), ==, 200);

  const char *headers[] = { "Origin", origin, "X-Car-Page", second.pledge, "Cookie", second.cookie, NULL };
  g_autoptr (SoupMessage) message = browse (service, "DELETE", "/login", headers, NULL, NULL);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);
  g_assert_nonnull (
      strstr (get_header (message, "Set-Cookie"), "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
  g_assert_cmpuint (call_with_login (service, &second), ==, 401);
}

/* Only so many are kept: the one that was used least lately goes. */
static void
test_many_logins (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *body = make_pair (service->key, service->password);
  g_auto (Login) first = log_in (service, NULL, body, 200);
  g_auto (Login) unused = log_in (service, NULL, body, 200);

  for (guint i = 0; i < 31; i++)
    {
      g_assert_cmpuint (call_with_login (service, &first), ==, 200);
      g_auto (Login) another = log_in (service, NULL, body, 200);
    }
  g_assert_cmpuint (call_with_login (service, &first), ==, 200);
  g_assert_cmpuint (call_with_login (service, &unused), ==, 401);
}

/* A prompt of the browser's own would cover the page. Programs are asked as before. */
static void
test_no_prompt (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *of_page[] = { "X-Car-Page", "-", NULL };
  g_autoptr (SoupMessage) page = browse (service, "GET", "/api/car/v3/overview", of_page, NULL, NULL);
  g_autoptr (SoupMessage) program = browse (service, "GET", "/api/car/v3/overview", NULL, NULL, NULL);

  g_assert_cmpuint (soup_message_get_status (page), ==, 401);
  g_assert_cmpstr (get_header (page, "WWW-Authenticate"), ==, "car-token");
  g_assert_cmpuint (soup_message_get_status (program), ==, 401);
  g_assert_true (g_str_has_prefix (get_header (program, "WWW-Authenticate"), "Basic "));
}

/* Who is nobody yet sends little. */
static void
test_large_login (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *origin = make_origin (service);
  g_autofree char *padding = g_strnfill (5000, ' ');
  g_autofree char *body = g_strconcat ("{}", padding, NULL);
  const char *headers[] = { "Origin", origin, NULL };

  g_assert_cmpuint (browse_status (service, "POST", "/login", headers, body), ==, 413);
  g_assert_cmpuint (browse_status (service, "POST", "/", headers, body), ==, 413);
}

static void
test_files (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *const files[][2] = { { "/", "text/html; charset=utf-8" },
                                   { "/graphiql", "text/html; charset=utf-8" },
                                   { "/page/page.js", "text/javascript; charset=utf-8" },
                                   { "/page/page.css", "text/css; charset=utf-8" },
                                   { "/page/graphiql.js", "text/javascript; charset=utf-8" },
                                   { "/page/graphiql.css", "text/css; charset=utf-8" },
                                   { "/page/icon.svg", "image/svg+xml" },
                                   { "/page/licences.txt", "text/plain; charset=utf-8" } };
  const char *const none[] = {
    "/page/", "/page/x.js",     "/page/../page.js", "/page/%2e%2e/page.js", "/index.html",
    "/page",  "/page/page.js/", "/favicon.ico",     "/page//page.js",       "/page/page.gresource"
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (SoupMessage) message = browse (service, "GET", files[i][0], NULL, NULL, NULL);

      g_test_message ("%s", files[i][0]);
      g_assert_cmpuint (soup_message_get_status (message), ==, 200);
      g_assert_cmpstr (get_header (message, "Content-Type"), ==, files[i][1]);
      g_assert_true (
          g_str_has_prefix (get_header (message, "Content-Security-Policy"), "default-src 'self';"));
      g_assert_cmpstr (get_header (message, "X-Content-Type-Options"), ==, "nosniff");
      g_assert_cmpuint (browse_status (service, "HEAD", files[i][0], NULL, NULL), ==, 200);
      g_assert_cmpuint (browse_status (service, "POST", files[i][0], NULL, ""), ==, 405);
    }
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_cmpuint (browse_status (service, "GET", none[i], NULL, NULL), ==, 404);

  g_assert_cmpuint (browse_status (service, "GET", "/login", NULL, NULL), ==, 405);
  const char *elsewhere[] = { "Host", "example.com", NULL };
  g_assert_cmpuint (browse_status (service, "GET", "/", elsewhere, NULL), ==, 403);
}

static void
import (TestService *service, const char *envelope)
{
  g_autofree char *id = test_service_import (service, envelope);
  g_autofree char *status = test_service_wait_for_job (service, id);

  g_assert_cmpstr (status, ==, "COMPLETE");
}

/* Milliseconds later, in ISO 8601: a moment between what was done and what is done next. */
static char *
pause_here (void)
{
  g_usleep (3000);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *text = g_date_time_format (now, "%FT%T");
  g_usleep (3000);

  return g_strdup_printf ("%s.%03dZ", text, g_date_time_get_microsecond (now) / 1000);
}

static char *
ask (TestService *service, const char *path, const char *header)
{
  guint status;
  char *answer = test_service_request_with (service, "GET", path, header, NULL, &status);

  if (status != 200)
    g_test_message ("%s: %s", path, answer);
  g_assert_cmpuint (status, ==, 200);
  return answer;
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_test_message ("“%s” is not in %s", part, text);
  g_assert_nonnull (strstr (text, part));
}

static void
assert_refused (TestService *service, const char *path, guint expected)
{
  guint status;
  g_autofree char *answer = test_service_request (service, "GET", path, NULL, &status);

  g_test_message ("%s: %u %s", path, status, answer);
  g_assert_cmpuint (status, ==, expected);
}

#define EDGE(from, to) "{\"_from_external_id\":\"" from "\",\"_to\":\"ipaddress/" to "\"}"

/* Two sources know one address; one of them changes a machine, and loses one. */
static void
import_history (TestService *service, char **between)
{
  test_service_set_up (service);
  import (service, ENVELOPE ("cmdb", "1",
                             "\"asset\":[{\"external_id\":\"1\",\"name\":\"Web\"},{\"external_id\":\"2\","
                             "\"name\":\"Old_100%\"}],\"ipaddress\":[{\"_key\":\"10.0.0.1\"}],"
                             "\"asset_ipaddress\":[" EDGE ("1", "10.0.0.1") "]"));
  import (service, ENVELOPE ("scanner", "9", "\"ipaddress\":[{\"_key\":\"10.0.0.1\"}]"));
  *between = pause_here ();
  import (service, ENVELOPE ("cmdb", "2",
                             "\"asset\":[{\"external_id\":\"1\",\"name\":\"Web server\"},"
                             "{\"external_id\":\"3\",\"name\":\"New\"}]"));
  g_autoptr (JsonNode) deleted =
      test_service_call (service, "DELETE", "source/cmdb/asset?external_ids=2", NULL, 200);
}

static void
test_overview (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *between = NULL;

  import_history (service, &between);
  g_autofree char *overview = ask (service, "v3/overview", NULL);
  assert_has (overview, "{\"name\":\"asset_ipaddress\",\"from\":\"asset\",\"to\":\"ipaddress\"}");
  assert_has (overview, "{\"key\":\"cmdb\",\"name\":\"n\",\"description\":null,\"product_link\":null,"
                        "\"save_point\":\"\",\"reports\":[{\"key\":\"2\",\"begun_at\":");
  assert_has (overview, "\"counts\":{\"asset\":2,\"asset_ipaddress\":1,\"ipaddress\":1}");
  assert_has (overview, "\"counts\":{\"ipaddress\":1}");
}

static void
test_jobs (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *bad = test_service_import (service, ENVELOPE ("s", "1", "\"asset\":[7]"));
  g_autofree char *failed = test_service_wait_for_job (service, bad);

  import (service, ENVELOPE ("s", "1", "\"dragon\":[{}]"));
  g_autofree char *jobs = ask (service, "v3/jobs", NULL);
  assert_has (jobs, "{\"waiting\":[],\"troubled\":[{\"id\":\"");
  assert_has (jobs, "\"kind\":\"import\",\"source\":\"s\",\"status\":\"COMPLETE\",\"warnings\":[{"
                    "\"collection\":\"dragon\"");
  assert_has (jobs, "\"status\":\"ERROR\",\"error\":");
}

static void
test_search (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *between = NULL;

  import_history (service, &between);
  import (service, ENVELOPE ("web", "3",
                             "\"vulnerability\":[{\"external_id\":\"v/1\",\"name\":\"CVE-2021-44228\"}],"
                             "\"macaddress\":[{\"_key\":\"00:1b:44:11:3a:b7\"}]"));

  const char *const found[][2] = {
    { "web", "\"id\":\"cmdb/1\"" },
    { "server", "\"label\":\"Web server\"" },
    { "10.0.0.1", "\"id\":\"cmdb/0/10.0.0.1\",\"source\":\"cmdb\",\"label\":\"10.0.0.1\"" },
    { "10.0.0.1", "\"id\":\"scanner/0/10.0.0.1\"" },
    { "0.0.1", "\"id\":\"scanner/0/10.0.0.1\"" },
    { "cve-2021", "\"label\":\"CVE-2021-44228\"" },
    { "v%2F1", "\"id\":\"web/v/1\"" },
    { "00%3A1B%3A44%3A11%3A3A%3AB7", "\"collection\":\"macaddress\"" }
  };
  for (guint i = 0; i < G_N_ELEMENTS (found); i++)
    {
      g_autofree char *path = g_strconcat ("v3/search?text=", found[i][0], NULL);
      g_autofree char *answer = ask (service, path, NULL);
      assert_has (answer, found[i][1]);
    }

  /* What is closed is not found, nor what only the source is called; what LIKE knows is a letter like any other. */
  const char *const none[] = { "old", "100%25", "w_b", "%25%25", "cmdb", "%27%22%3B--" };
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autofree char *path = g_strconcat ("v3/search?text=", none[i], NULL);
      g_autofree char *answer = ask (service, path, NULL);
      g_assert_cmpstr (answer, ==, "{\"found\":[],\"more\":false}");
    }
  g_autofree char *one = ask (service, "v3/search?text=0.0.1&limit=1", NULL);
  assert_has (one, "],\"more\":true}");
  assert_refused (service, "v3/search", 400);
  assert_refused (service, "v3/search?text=%20a%20", 400);
  assert_refused (service, "v3/search?text=aa&limit=1001", 400);
  assert_refused (service, "v3/search?text=aa&limit=x", 400);
}

static void
test_object (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *between = NULL;

  import_history (service, &between);
  g_autofree char *then = g_strconcat ("x-hasura-car-timepoint: ", between, NULL);

  g_autofree char *asset = ask (service, "v3/object?collection=asset&id=cmdb%2F1", NULL);
  assert_has (asset,
              "{\"collection\":\"asset\",\"id\":\"cmdb/1\",\"source\":\"cmdb\",\"label\":\"Web server\","
              "\"holds\":true,\"tags\":[],\"instances\":[],\"versions\":[{\"from\":");
  assert_has (asset, "\"to\":null,\"reported_at\":1700000000000,\"members\":{\"external_id\":\"1\",\"name\":"
                     "\"Web server\"}},");
  assert_has (asset, "\"members\":{\"external_id\":\"1\",\"name\":\"Web\"}}],\"more_versions\":false}");
  g_autofree char *earlier = ask (service, "v3/object?collection=asset&id=cmdb%2F1", then);
  assert_has (earlier, "\"label\":\"Web\",\"holds\":true");

  g_autofree char *gone = ask (service, "v3/object?collection=asset&id=cmdb%2F2", NULL);
  assert_has (gone, "\"holds\":false");
  g_autofree char *there = ask (service, "v3/object?collection=asset&id=cmdb%2F2", then);
  assert_has (there, "\"holds\":true");

  g_autofree char *address = ask (service, "v3/object?collection=ipaddress&id=cmdb%2F0%2F10.0.0.1", NULL);
  assert_has (address, "\"instances\":[{\"collection\":\"ipaddress\",\"id\":\"scanner/0/10.0.0.1\"");

  assert_refused (service, "v3/object?collection=asset&id=cmdb%2F7", 404);
  assert_refused (service, "v3/object?collection=hostname&id=cmdb%2F1", 404);
  assert_refused (service, "v3/object?collection=asset", 400);
  assert_refused (service, "v3/object?id=cmdb%2F1", 400);
}

static void
test_neighbours (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  test_service_set_up (service);
  import (
      service,
      ENVELOPE ("s", "1",
                "\"asset\":[{\"external_id\":\"1\",\"name\":\"Web\"}],\"ipaddress\":[{\"_key\":\"10.0.0.1\"},"
                "{\"_key\":\"10.0.0.2\"}],\"asset_ipaddress\":[" EDGE ("1", "10.0.0.1") "," EDGE (
                    "1", "10.0.0.2") "]"));
  g_autofree char *all = ask (service, "v3/neighbours?collection=asset&id=s%2F1", NULL);
  g_assert_cmpstr (
      all, ==,
      "{\"kinds\":[{\"edge\":\"asset_ipaddress\",\"collection\":\"ipaddress\",\"is_out\":true,"
      "\"count\":2,\"vertices\":["
      "{\"collection\":\"ipaddress\",\"id\":\"s/0/10.0.0.1\",\"source\":\"s\",\"label\":\"10.0.0.1\","
      "\"edge\":{}},"
      "{\"collection\":\"ipaddress\",\"id\":\"s/0/10.0.0.2\",\"source\":\"s\",\"label\":\"10.0.0.2\","
      "\"edge\":{}}]}]}");
  g_autofree char *second =
      ask (service, "v3/neighbours?collection=asset&id=s%2F1&edge=asset_ipaddress&limit=1&offset=1", NULL);
  assert_has (second, "\"count\":2,\"vertices\":[{\"collection\":\"ipaddress\",\"id\":\"s/0/10.0.0.2\"");
  g_autofree char *back = ask (service, "v3/neighbours?collection=ipaddress&id=s%2F0%2F10.0.0.1", NULL);
  assert_has (back, "\"is_out\":false,\"count\":1,\"vertices\":[{\"collection\":\"asset\",\"id\":\"s/1\"");
  g_autofree char *none = ask (service, "v3/neighbours?collection=asset&id=s%2F1&edge=asset_hostname", NULL);
  g_assert_cmpstr (none, ==, "{\"kinds\":[]}");
  g_autofree char *before = ask (service, "v3/neighbours?collection=asset&id=s%2F1",
                                 "x-hasura-car-timepoint: 2020-01-01T00:00:00Z");
  g_assert_cmpstr (before, ==, "{\"kinds\":[]}");
  assert_refused (service, "v3/neighbours?collection=asset&id=s%2F1&limit=501", 400);
}

/* All lines of all pages of this size, without the times. */
static char *
read_changes (TestService *service, const char *parameters, guint limit)
{
  g_autoptr (GString) all = g_string_new (NULL);
  g_autofree char *after = g_strdup ("");

  for (guint pages = 0; after != NULL && pages < 50; pages++)
    {
      g_autofree char *path = g_strdup_printf ("v3/changes?%s&limit=%u%s%s", parameters, limit,
                                               *after != '\0' ? "&after=" : "", after);
      g_autofree char *answer = ask (service, path, NULL);
      g_auto (GStrv) lines = g_strsplit (answer, "\n", -1);

      g_clear_pointer (&after, g_free);
      for (guint i = 0; *lines[i] != '\0'; i++)
        {
          g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
          JsonObject *line = json_node_get_object (node);

          if (json_object_has_member (line, "next"))
            {
              if (!json_object_get_null_member (line, "next"))
                after = g_strdup (json_object_get_string_member (line, "next"));
              continue;
            }
          g_string_append_printf (all, "%s %s %s %s\n", json_object_get_string_member (line, "change"),
                                  json_object_get_string_member (line, "collection"),
                                  json_object_get_string_member_with_default (line, "id", "edge"),
                                  json_object_get_string_member_with_default (line, "label", ""));
        }
    }
  g_assert_null (after);

  return g_string_free (g_steal_pointer (&all), FALSE);
}

static void
test_changes (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *between = NULL;

  import_history (service, &between);
  g_autofree char *since = g_strconcat ("from=", between, NULL);
  g_autofree char *until = g_strconcat ("from=1970-01-01T00:00:00Z&to=", between, NULL);
  g_autofree char *of_scanner = g_strconcat (until, "&source=scanner", NULL);
  g_autofree char *count = g_strconcat ("v3/changes/count?", since, NULL);

  for (guint limit = 1; limit < 5; limit++)
    {
      g_autofree char *later = read_changes (service, since, limit);
      g_assert_cmpstr (
          later, ==,
          "added asset cmdb/3 New\nchanged asset cmdb/1 Web server\nclosed asset cmdb/2 Old_100%\n");
      g_autofree char *earlier = read_changes (service, until, limit);
      g_assert_cmpstr (
          earlier, ==,
          "added asset cmdb/1 Web\nadded asset cmdb/2 Old_100%\nadded ipaddress cmdb/0/10.0.0.1 10.0.0.1\n"
          "added ipaddress scanner/0/10.0.0.1 10.0.0.1\nadded asset_ipaddress edge \n");
      g_autofree char *scanner = read_changes (service, of_scanner, limit);
      g_assert_cmpstr (scanner, ==, "added ipaddress scanner/0/10.0.0.1 10.0.0.1\n");
    }

  g_autofree char *counted = ask (service, count, NULL);
  g_assert_cmpstr (counted, ==,
                   "{\"source\":\"cmdb\",\"collection\":\"asset\",\"added\":1,\"changed\":1,\"closed\":1}\n{"
                   "\"next\":null}\n");

  /* From the beginning, what came and went is in neither; what is as it was is no change. */
  g_autofree char *all = ask (service, "v3/changes/count?from=1970-01-01T00:00:00Z&source=cmdb", NULL);
  assert_has (all, "\"collection\":\"asset\",\"added\":2,\"changed\":0,\"closed\":0}\n");
  import (service, ENVELOPE ("cmdb", "3", "\"asset\":[{\"external_id\":\"1\",\"name\":\"Web\"}]"));
  g_autofree char *back = read_changes (service, since, 10);
  g_assert_cmpstr (back, ==, "added asset cmdb/3 New\nclosed asset cmdb/2 Old_100%\n");
  g_autofree char *counted_back = ask (service, count, NULL);
  assert_has (counted_back, "\"added\":1,\"changed\":0,\"closed\":1}\n{\"next\":null}\n");

  assert_refused (service, "v3/changes", 400);
  assert_refused (service, "v3/changes?from=yesterday", 400);
  assert_refused (service, "v3/changes?from=2026-01-01T00:00:00Z&to=x", 400);
  assert_refused (service, "v3/changes?from=2026-01-01T00:00:00Z&after=9.1.1", 400);
  assert_refused (service, "v3/changes?from=2026-01-01T00:00:00Z&after=x", 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service-page/files", test_files);
  g_test_add_func ("/service-page/login", test_login);
  g_test_add_func ("/service-page/login/halves", test_halves);
  g_test_add_func ("/service-page/login/logout", test_logout);
  g_test_add_func ("/service-page/login/many", test_many_logins);
  g_test_add_func ("/service-page/login/no-prompt", test_no_prompt);
  g_test_add_func ("/service-page/login/large", test_large_login);
  g_test_add_func ("/service-page/overview", test_overview);
  g_test_add_func ("/service-page/jobs", test_jobs);
  g_test_add_func ("/service-page/search", test_search);
  g_test_add_func ("/service-page/object", test_object);
  g_test_add_func ("/service-page/neighbours", test_neighbours);
  g_test_add_func ("/service-page/changes", test_changes);

  return g_test_run ();
}
