/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test-service.h"

#define SOURCE "a@b=c%,+$*"
#define SOURCE_IN_URL "a%40b%3Dc%25%2C%2B%24%2A"

#define REPORT "\"report\":{\"_key\":\"1\",\"timestamp\":1700000000000.5}"
#define ENVELOPE(source, members)                                                                            \
  "{\"source\":{\"_key\":\"" source "\",\"name\":\"n\"}," REPORT "," members "}"

static void
assert_call (TestService *service, const char *method, const char *path, const char *body, guint status)
{
  g_autoptr (JsonNode) answer = test_service_call (service, method, path, body, status);

  if (status < 400)
    return;

  /* Every failure has the same form. */
  JsonObject *object = json_node_get_object (answer);
  JsonObject *error = json_array_get_object_element (json_object_get_array_member (object, "errors"), 0);
  g_assert_cmpint (json_object_get_int_member (error, "code"), ==, status);
  g_assert_cmpstr (json_object_get_string_member (error, "message"), !=, "");
  g_assert_cmpstr (json_object_get_string_member (object, "trace"), !=, "");
}

/* The answer, as text that json-glib writes. */
static char *
ask (TestService *service, const char *method, const char *path, const char *body)
{
  g_autoptr (JsonNode) answer = test_service_call (service, method, path, body, 200);

  return json_to_string (answer, FALSE);
}

#define assert_answer(service, method, path, body, expected)                                                 \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autofree char *answer_ = ask (service, method, path, body);                                            \
    g_assert_cmpstr (answer_, ==, expected);                                                                 \
  }                                                                                                          \
  G_STMT_END

static void
import (TestService *service, const char *envelope)
{
  g_autofree char *id = test_service_import (service, envelope);
  g_autofree char *status = test_service_wait_for_job (service, id);

  g_assert_cmpstr (status, ==, "COMPLETE");
}

static guint
count (TestService *service, const char *path)
{
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);

  return json_array_get_length (json_object_get_array_member (json_node_get_object (answer), "result"));
}

static void
test_database (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  assert_call (service, "GET", "databases", NULL, 400);
  assert_call (service, "PATCH", "databases", "{}", 400);
  test_service_set_up (service);

  g_autoptr (JsonNode) after = test_service_call (service, "GET", "databases", NULL, 200);
  JsonArray *databases = json_object_get_array_member (json_node_get_object (after), "databases");
  JsonObject *database = json_array_get_object_element (databases, 0);
  g_assert_true (json_object_get_boolean_member (database, "is_ready"));
  g_assert_cmpstr (json_object_get_string_member (database, "graph_name"), ==, "assets");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (database, "missing_collections")),
                    ==, 0);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (database, "collections")), >, 40);

  assert_call (service, "GET", "jobstatus/99", NULL, 404);
  assert_call (service, "GET", "jobstatus/x", NULL, 404);
}

/* A call with these headers instead of the right ones. */
static guint
call_with (TestService *service, const char *path, const char *authorization, const char *host)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/api/car/%s", service->port, path);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  if (authorization != NULL)
    soup_message_headers_append (headers, "Authorization", authorization);
  if (host != NULL)
    soup_message_headers_append (headers, "Host", host);
  g_autoptr (GBytes) answer = soup_session_send_and_read (service->session, message, NULL, &error);
  g_assert_no_error (error);
  if (soup_message_get_status (message) == 401)
    g_assert_nonnull (
        soup_message_headers_get_one (soup_message_get_response_headers (message), "WWW-Authenticate"));

  return soup_message_get_status (message);
}

static char *
make_basic (const char *key, const char *password)
{
  g_autofree char *pair = g_strconcat (key, ":", password, NULL);
  g_autofree char *encoded = g_base64_encode ((const guchar *) pair, strlen (pair));

  return g_strconcat ("Basic ", encoded, NULL);
}

static void
test_authorization (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *token = g_strconcat ("car-token ", service->token, NULL);
  g_autofree char *short_token = g_strndup (token, strlen (token) - 1);
  g_autofree char *bearer = g_strconcat ("Bearer ", service->token, NULL);
  g_autofree char *basic = make_basic (service->key, service->password);
  g_autofree char *wrong_password = make_basic (service->key, service->token);
  g_autofree char *wrong_key = make_basic (service->password, service->password);
  g_autofree char *long_password = make_basic (basic, service->password);
  const char *const refused[] = { NULL,        short_token,   bearer,      wrong_password,
                                  wrong_key,   long_password, "Basic",     "Basic ",
                                  "car-token", "car-token ",  "Basic %%%", service->token };

  g_assert_cmpuint (call_with (service, "v2/source/x", token, NULL), ==, 404);
  g_assert_cmpuint (call_with (service, "v2/source/x", basic, NULL), ==, 404);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    g_assert_cmpuint (call_with (service, "v2/source/x", refused[i], NULL), ==, 401);

  /* Whether it lives may be asked by anyone, on this machine. */
  g_assert_cmpuint (call_with (service, "v3/health", NULL, NULL), ==, 200);
  g_assert_cmpuint (call_with (service, "v3/health/all", NULL, NULL), ==, 401);
  g_assert_cmpuint (call_with (service, "v3/health/all", token, NULL), ==, 200);
  g_assert_cmpuint (call_with (service, "v3/health%2Fall", NULL, NULL), ==, 401);
}

static void
test_host (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *const ours[] = { "localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]", "[::1]:8080" };
  const char *const others[] = { "example.com", "127.0.0.1.example.com", "localhost.example.com:80", "[::2]",
                                 "::1" };

  for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
    g_assert_cmpuint (call_with (service, "v3/health", NULL, ours[i]), ==, 200);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      guint status = call_with (service, "v3/health", NULL, others[i]);
      g_test_message ("%s: %u", others[i], status);
      g_assert_true (status == 403 || status == 400); /* 400: libsoup's, where it is no host at all */
    }
}

/* A POST with these headers: NAME, VALUE, …, NULL. A value that is NULL leaves its header away. */
static guint
post_with (TestService *service, const char *const *headers, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/api/car/v2/imports", service->port);
  g_autofree char *basic = make_basic (service->key, service->password);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", url);
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

  soup_message_set_request_body_from_bytes (message, NULL, bytes);
  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", basic);
  for (guint i = 0; headers[i] != NULL; i += 2)
    if (headers[i + 1] != NULL)
      soup_message_headers_append (soup_message_get_request_headers (message), headers[i], headers[i + 1]);
  g_autoptr (GBytes) answer = soup_session_send_and_read (service->session, message, NULL, &error);
  g_assert_no_error (error);

  return soup_message_get_status (message);
}

/* What a page of elsewhere can make a browser send changes nothing, even where the browser knows the password. */
static void
test_pages_of_elsewhere (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *ours = g_strdup_printf ("http://127.0.0.1:%u", service->port);
  g_autofree char *not_ours = g_strdup_printf ("https://127.0.0.1:%u", service->port);
  const char *body = ENVELOPE ("s", "\"asset\":[]");
  const struct
  {
    const char *type, *origin, *site;
    guint status;
  } cases[] = {
    { "application/json", NULL, NULL, 200 },
    { "Application/JSON; charset=utf-8", NULL, NULL, 200 },
    { "application/json", ours, "same-origin", 200 },
    { "application/json", ours, NULL, 200 },
    { "application/json", NULL, "none", 200 },
    { "application/json", "http://example.com", NULL, 403 },
    { "application/json", "http://127.0.0.1:1", NULL, 403 },
    { "application/json", not_ours, NULL, 403 },
    { "application/json", "null", NULL, 403 },
    { "application/json", "", NULL, 403 },
    { "application/json", NULL, "cross-site", 403 },
    { "application/json", NULL, "same-site", 403 },
    { "application/json", ours, "cross-site", 403 },
    { "application/json", "http://example.com", "same-origin", 403 },
    { NULL, NULL, NULL, 415 },
    { "", NULL, NULL, 415 },
    { "json", NULL, NULL, 415 },
    { "text/plain", NULL, NULL, 415 },
    { "text/plain; application/json", NULL, NULL, 415 },
    { "application/x-www-form-urlencoded", ours, NULL, 415 },
    { "multipart/form-data; boundary=x", NULL, NULL, 415 },
    { "application/jsonx", NULL, NULL, 415 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *headers[] = { "Content-Type",   cases[i].type, "Origin", cases[i].origin,
                                "Sec-Fetch-Site", cases[i].site, NULL };

      g_test_message ("%u", i);
      g_assert_cmpuint (post_with (service, headers, body), ==, cases[i].status);
    }

  /* A form that sends nothing still has a type. */
  const char *form[] = { "Content-Type", "application/x-www-form-urlencoded", NULL };
  g_assert_cmpuint (post_with (service, form, ""), ==, 415);

  /* What only reads may be asked from anywhere: the browser keeps the answer from the page. */
  guint status;
  g_autofree char *answer = test_service_request_with (service, "GET", "v3/health/all",
                                                       "Sec-Fetch-Site: cross-site", NULL, &status);
  g_assert_cmpuint (status, ==, 200);
}

static void
test_source (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  assert_call (service, "GET", "source/" SOURCE_IN_URL, NULL, 404);
  assert_call (service, "PATCH", "source?key=" SOURCE_IN_URL, "{\"model_state_id\":\"1\"}", 200);
  assert_call (service, "PATCH", "source?key=" SOURCE_IN_URL, "{\"name\":\"N\"}", 200);
  assert_call (service, "PATCH", "source?key=", "{\"model_state_id\":\"1\"}", 400);
  assert_call (service, "PATCH", "source", "{\"model_state_id\":\"1\"}", 400);
  assert_call (service, "PATCH", "source?key=x", "{\"model_state_id\":1}", 400);
  assert_call (service, "PATCH", "source?key=x", "[]", 400);
  assert_answer (service, "GET", "source/" SOURCE_IN_URL, NULL,
                 "{\"_key\":\"" SOURCE "\",\"name\":\"N\",\"description\":null,\"product_link\":null,"
                 "\"properties\":null,\"model_state_id\":\"1\"}");

  assert_call (service, "PATCH", "source?key=" SOURCE_IN_URL, "{\"model_state_id\":\"\"}", 200);
  import (service, ENVELOPE (SOURCE, "\"asset\":[]"));
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", "source/" SOURCE_IN_URL, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (answer), "model_state_id"), ==, "");
}

static void
test_imports (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *const refused[] = { "",
                                  "null",
                                  "[]",
                                  "{}",
                                  "{\"source\":{\"_key\":\"s\"}}",
                                  "{" REPORT "}",
                                  "{\"source\":{}," REPORT "}",
                                  "{\"source\":{\"_key\":\"\"}," REPORT "}",
                                  "{\"source\":{\"_key\":7}," REPORT "}",
                                  "{\"source\":{\"_key\":\"a\\u0000b\"}," REPORT "}",
                                  "{\"source\":\"s\"," REPORT "}",
                                  ENVELOPE ("s", "\"asset\":[01]"),
                                  ENVELOPE ("s", "\"asset\":[]/**/"),
                                  ENVELOPE ("s", "\"asset\":[],\"asset\":[]"),
                                  ENVELOPE ("s", "\"asset\":[]") "x",
                                  ENVELOPE ("s", "\"asset\":[\"\xff\"]"),
                                  ENVELOPE ("s", "\"asset\":[") };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    assert_call (service, "POST", "imports", refused[i], 400);

  g_autofree char *good = test_service_import (service, ENVELOPE ("s", "\"asset\":[]"));
  g_autofree char *bad = test_service_import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":1}]"));
  g_autofree char *status = test_service_wait_for_job (service, bad);
  g_assert_cmpstr (status, ==, "ERROR");
  g_autofree char *done = test_service_wait_for_job (service, good);
  g_assert_cmpstr (done, ==, "COMPLETE");

  g_autofree char *path = g_strdup_printf ("importstatus?ids=%s,%s,999", good, bad);
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);
  JsonObject *object = json_node_get_object (answer);
  JsonArray *failed = json_object_get_array_member (object, "error_imports");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "incomplete_imports")), ==,
                    0);
  g_assert_cmpuint (json_array_get_length (failed), ==, 2);
  JsonObject *first = json_array_get_object_element (failed, 0);
  g_assert_cmpstr (json_object_get_string_member (first, "id"), ==, bad);
  g_assert_cmpint (json_object_get_int_member (first, "statusCode"), ==, 422);
  JsonObject *second = json_array_get_object_element (failed, 1);
  g_assert_cmpstr (json_object_get_string_member (second, "id"), ==, "999");
  g_assert_cmpint (json_object_get_int_member (second, "statusCode"), ==, 404);
  assert_call (service, "GET", "importstatus", NULL, 400);
}

/* A job tells what it left out, and for which reason. */
static void
test_left_out (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *id = test_service_import (
      service,
      ENVELOPE (
          "s", "\"asset_ipaddress\":[{\"_from_external_id\":\"a\",\"_to\":\"10.0.0.1\"},"
               "{\"_from_external_id\":\"nobody\",\"_to\":\"10.0.0.1\"},"
               "{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"},"
               "{\"_from_external_id\":\"a\",\"_to\":\"10.0.0.2\"},"
               "{\"_from_external_id\":\"a\",\"_to\":\"10.0.0.3\"}],"
               "\"dragon\":[{\"external_id\":\"1\"},{\"external_id\":\"2\"}],"
               "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"ipaddress\":[{\"_key\":\"10.0.0.1\"}]"));
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");

#define WARNINGS                                                                                             \
  "\"warnings\":["                                                                                           \
  "{\"collection\":\"asset_ipaddress\",\"index\":1,\"count\":1,\"message\":"                                 \
  "\"its first end is nowhere: the source has no such asset\"},"                                             \
  "{\"collection\":\"asset_ipaddress\",\"index\":2,\"count\":1,\"message\":"                                 \
  "\"its _to is not of the collection ipaddress, or is empty: give KEY, or ipaddress/KEY\"},"                \
  "{\"collection\":\"asset_ipaddress\",\"index\":3,\"count\":2,\"message\":"                                 \
  "\"its second end is nowhere: the source has no such ipaddress\"},"                                        \
  "{\"collection\":\"dragon\",\"index\":0,\"count\":2,\"message\":"                                          \
  "\"neither the model nor a schema extension has this collection\"}]"

  g_autofree char *path = g_strconcat ("jobstatus/", id, NULL);
  assert_answer (service, "GET", path, NULL, "{\"status\":\"COMPLETE\"," WARNINGS "}");
  g_autofree char *import_path = g_strconcat ("importstatus/", id, NULL);
  g_autofree char *expected = g_strdup_printf (
      "{\"success\":true,\"complete_imports\":[{\"id\":\"%s\",\"status\":\"COMPLETE\"," WARNINGS
      "}],\"error_imports\":[],\"incomplete_imports\":[],\"notfound_imports\":[]}",
      id);
  assert_answer (service, "GET", import_path, NULL, expected);
}

/* Any number of collections that nobody knows: the answer stays small, and counts them all. What it says of a collection that
 * is known stays with its name, since a connector takes that off what it sent. */
static void
test_left_out_of_many (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GString) members = g_string_new ("{\"source\":{\"_key\":\"s\"}," REPORT);
  gint64 count = 0;
  gint64 of_edges = 0;

  for (guint i = 0; i < 500; i++)
    g_string_append_printf (members, ",\"c%u\":[{},{}]", i);
  g_string_append (members, ",\"asset_hostname\":[{\"_from_external_id\":\"1\",\"_to\":\"hostname/h\"},"
                            "{\"_from_external_id\":\"1\",\"_to\":\"asset/h\"}]}");
  g_autofree char *id = test_service_import (service, members->str);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");

  g_autofree char *path = g_strconcat ("jobstatus/", id, NULL);
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);
  JsonArray *warnings = json_object_get_array_member (json_node_get_object (answer), "warnings");
  g_assert_cmpuint (json_array_get_length (warnings), ==, 102);
  for (guint i = 0; i < 102; i++)
    {
      JsonObject *warning = json_array_get_object_element (warnings, i);

      count += json_object_get_int_member (warning, "count");
      if (g_strcmp0 (json_object_get_string_member_with_default (warning, "collection", NULL),
                     "asset_hostname") == 0)
        of_edges += json_object_get_int_member (warning, "count");
    }
  g_assert_cmpint (count, ==, 1002);
  g_assert_cmpint (of_edges, ==, 2);
}

static void
test_statuses (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *good = test_service_import (service, ENVELOPE ("s", "\"asset\":[]"));
  g_autofree char *bad = test_service_import (service, ENVELOPE ("s", "\"asset\":[7]"));
  g_autofree char *failed = test_service_wait_for_job (service, bad);
  g_assert_cmpstr (failed, ==, "ERROR");
  const char *const calls[] = { "importstatus", "jobstatus" };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s?ids=%s,%s,999,x", calls[i], good, bad);
      g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);
      JsonObject *object = json_node_get_object (answer);
      JsonArray *complete = json_object_get_array_member (object, "complete_imports");
      JsonArray *not_found = json_object_get_array_member (object, "notfound_imports");

      g_assert_false (json_object_get_boolean_member (object, "success"));
      g_assert_cmpuint (json_array_get_length (complete), ==, 1);
      g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (complete, 0), "id"), ==,
                       good);
      g_assert_cmpuint (json_array_get_length (not_found), ==, 2);
      g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (not_found, 0), "id"), ==,
                       "999");
      /* Those too: a client that knows no other list would take them for done. */
      g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "error_imports")), ==,
                        3);
    }
  assert_call (service, "GET", "jobstatus", NULL, 400);
}

static void
test_too_large (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *body = g_strnfill (32 * 1024 * 1024 + 1, ' ');

  assert_call (service, "POST", "imports", body, 413);
  body[32 * 1024 * 1024] = '\0';
  assert_call (service, "POST", "imports", body, 400);
}

static void
test_full_import (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *progress = "source/" SOURCE_IN_URL "/full-import-in-progress";

  import (service, ENVELOPE (SOURCE, "\"asset\":[{\"external_id\":\"old\",\"name\":\"n\"}]"));
  assert_call (service, "DELETE", progress, NULL, 409);
  assert_call (service, "POST", progress, NULL, 200);
  g_autofree char *id = test_service_import (
      service, ENVELOPE (SOURCE, "\"asset\":[{\"external_id\":\"new\",\"name\":\"n\"}]"));

  /* The end is taken while the beginning and the import may still wait: all are one queue. */
  g_autoptr (JsonNode) answer = test_service_call (service, "DELETE", progress, NULL, 200);
  g_autofree char *status = test_service_wait_for_job (
      service, json_object_get_string_member (json_node_get_object (answer), "job_id"));
  g_assert_cmpstr (status, ==, "COMPLETE");
  g_assert_cmpuint (count (service, "asset?external_id=old"), ==, 0);
  g_assert_cmpuint (count (service, "asset?external_id=new"), ==, 1);

  /* The answer to an end may get lost: the same end is answered with the same job. */
  g_autofree char *again = ask (service, "DELETE", progress, NULL);
  g_autofree char *first = json_to_string (answer, FALSE);
  g_assert_cmpstr (again, ==, first);
}

/* Not waited for the import: the deletion comes after it all the same. */
static void
test_delete (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service, ENVELOPE ("t", "\"asset\":[{\"external_id\":\"2\",\"name\":\"n\"}]"));
  g_autofree char *id = test_service_import (
      service,
      ENVELOPE (SOURCE, "\"asset\":[{\"external_id\":\"a/1,2\",\"name\":\"n\"},"
                        "{\"external_id\":\"2\",\"name\":\"n\"},{\"external_id\":\"3 +\",\"name\":\"n\"}],"
                        "\"hostname\":[{\"_key\":\"h/1%,x\"}],"
                        "\"asset_hostname\":[{\"_from_external_id\":\"2\",\"_to\":\"hostname/h/1%,x\"}]"));
  assert_call (service, "DELETE", "source/" SOURCE_IN_URL "/asset?external_ids=a%2F1%2C2,3%20%2B", NULL, 200);
  g_assert_cmpuint (count (service, "asset?name=n"), ==, 2);
  g_assert_cmpuint (count (service, "asset?external_id=2"), ==, 2);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");
  g_autofree char *before = ask (service, "GET", "asset/" SOURCE_IN_URL "%2F2/graph", NULL);
  g_assert_nonnull (strstr (before, "\"related\":[{"));

  /* With its edges, of the same source. */
  assert_call (service, "DELETE", "source/" SOURCE_IN_URL "/hostname?keys=h%2F1%25%2Cx", NULL, 200);
  assert_answer (service, "GET", "asset/" SOURCE_IN_URL "%2F2/graph", NULL,
                 "{\"result\":[{\"_id\":\"" SOURCE "/2\",\"_collection\":\"asset\",\"source\":\"" SOURCE "\","
                 "\"external_id\":\"2\",\"name\":\"n\"}],\"related\":[]}");

  assert_call (service, "DELETE", "source/" SOURCE_IN_URL "/asset?external_ids=gone", NULL, 200);
  assert_call (service, "DELETE", "source/" SOURCE_IN_URL "/asset", NULL, 400);
  assert_call (service, "DELETE", "source/" SOURCE_IN_URL "/dragon?external_ids=1", NULL, 404);
}

static void
test_patch (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service,
          ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}],\"hostname\":[{\"_key\":\"h\","
                         "\"host_name\":\"h\"}],"
                         "\"asset_hostname\":[{\"_from_external_id\":\"a\",\"_to\":\"hostname/h\"}]"));
  assert_call (service, "PATCH", "asset?external_id=a", "{\"name\":\"m\",\"description\":\"d\"}", 200);
  assert_answer (
      service, "GET", "asset?external_id=a", NULL,
      "{\"result\":[{\"_id\":\"s/a\",\"_collection\":\"asset\",\"source\":\"s\",\"external_id\":\"a\","
      "\"name\":\"m\",\"description\":\"d\"}],\"related\":[{\"link\":{\"_collection\":\"asset_hostname\","
      "\"_from\":\"s/a\",\"_to\":\"s/h\"},\"node\":{\"_id\":\"s/h\",\"_collection\":\"hostname\","
      "\"source\":\"s\",\"_key\":\"h\",\"host_name\":\"h\"}}]}");
  /* An edge goes where it goes, whichever end is asked about. */
  g_autofree char *other_end = ask (service, "GET", "hostname/s%2Fh/graph", NULL);
  g_assert_nonnull (
      strstr (other_end, "\"link\":{\"_collection\":\"asset_hostname\",\"_from\":\"s/a\",\"_to\":\"s/h\"}"));
  assert_call (service, "PATCH", "asset?external_id=a", "{\"name\":1}", 422);
  assert_call (service, "PATCH", "asset?external_id=a", "{\"external_id\":\"b\"}", 400);
  assert_call (service, "PATCH", "asset?external_id=b", "{\"name\":\"m\"}", 404);
  assert_call (service, "PATCH", "dragon?external_id=b", "{\"name\":\"m\"}", 404);
  assert_call (service, "PATCH", "asset", "{\"name\":\"m\"}", 400);

  assert_call (service, "PATCH", "asset_hostname?source=s&from=a&to=h", "{\"active\":false}", 200);
  g_autofree char *graph = ask (service, "GET", "asset/s%2Fa/graph", NULL);
  g_assert_nonnull (strstr (graph, "\"related\":[]"));
  assert_call (service, "PATCH", "asset_hostname?source=s&from=a&to=hostname%2Fh", "{\"active\":true}", 200);
  g_autofree char *again = ask (service, "GET", "asset/s/a/graph", NULL);
  g_assert_nonnull (strstr (again, "\"host_name\""));
  assert_call (service, "PATCH", "asset_hostname?source=s&from=a&to=x", "{\"active\":true}", 404);
  assert_call (service, "PATCH", "asset_hostname?source=s&from=a", "{\"active\":true}", 400);

  /* Whose it is must be said where that is not plain. */
  import (service, ENVELOPE ("t", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  assert_call (service, "PATCH", "asset?external_id=a", "{\"name\":\"o\"}", 409);
  assert_call (service, "PATCH", "asset?external_id=a&source=t", "{\"name\":\"o\"}", 200);
  g_assert_cmpuint (count (service, "asset?name=o"), ==, 1);
}

static void
test_find (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service,
          ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"x' OR 1=1 --\",\"risk\":1.0}]"));
  g_assert_cmpuint (count (service, "asset?name=x%27+OR+1%3D1+--"), ==, 1);
  g_assert_cmpuint (count (service, "asset?name=%27%20OR%201%3D1%20--"), ==, 0);
  assert_call (service, "GET", "asset", NULL, 400);
  g_assert_cmpuint (count (service, "asset?nosuch=1"), ==, 0);
  g_assert_cmpuint (count (service, "asset?%22%5D=1"), ==, 0);
  assert_call (service, "GET", "dragon?name=1", NULL, 404);
  assert_call (service, "GET", "dragon/1/graph", NULL, 404);
}

/* By the source, and by whatever an object holds, the model's or not; by all that is given. */
static void
test_find_by (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const struct
  {
    const char *query;
    guint n;
  } cases[] = {
    { "source=s", 2 },        { "source=t", 1 },  { "source=u", 0 },      { "source=s&name=n", 1 },
    { "name=n&source=t", 1 }, { "name=n", 2 },    { "name=n&name=m", 0 }, { "my.own=7", 1 },
    { "my.own=7.0", 0 },      { "flag=true", 1 }, { "flag=1", 1 },        { "risk=1.50", 1 },
    { "external_id=a", 2 },   { "_key=b", 1 },    { "id=s%2Fa", 1 },      { "%22=q", 1 },
  };

  import (service,
          ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"my.own\":7,\"risk\":1.50},"
                         "{\"external_id\":\"b\",\"name\":\"m\",\"flag\":true,\"\\\"\":\"q\"}]"));
  import (service, ENVELOPE ("t", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("asset?", cases[i].query, NULL);

      g_test_message ("%s", path);
      g_assert_cmpuint (count (service, path), ==, cases[i].n);
    }
}

/* A part would be taken for the whole. */
static void
test_find_too_many (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GString) envelope = g_string_new ("{\"source\":{\"_key\":\"s\"}," REPORT ",\"application\":[");

  for (guint i = 0; i <= 10000; i++)
    g_string_append_printf (envelope, "%s{\"external_id\":\"%u\",\"name\":\"%s\"}", i > 0 ? "," : "", i,
                            i > 0 ? "n" : "m");
  g_string_append (envelope, "]}");
  import (service, envelope->str);
  g_assert_cmpuint (count (service, "application?name=n"), ==, 10000);
  assert_call (service, "GET", "application?source=s", NULL, 400);
}

/* What is published for the calls that change something at once. */
static void
test_done (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  assert_answer (service, "PATCH", "source?key=s", "{\"model_state_id\":\"1\"}", "{\"result\":\"OK\"}");
  assert_answer (service, "PATCH", "source/s", "{\"model_state_id\":\"2\"}", "{\"result\":\"OK\"}");
  assert_answer (service, "PATCH", "asset?external_id=a", "{\"name\":\"m\"}", "{\"result\":\"OK\"}");
  assert_answer (service, "DELETE", "source/s/asset?external_ids=a", NULL, "{\"result\":\"OK\"}");
  assert_answer (service, "GET", "health", NULL, "{\"message\":\"ok\"}");
  assert_answer (service, "GET", "v3/health/all", NULL,
                 "{\"status\":200,\"message\":\"ok\",\"database\":{\"status\":200,\"message\":\"OK\"},"
                 "\"queue\":{\"status\":200,\"message\":\"OK\",\"waiting\":0,\"oldest_ms\":0}}");
}

/* A folder for the service's files. */
typedef struct
{
  char *folder;
  char **environment;
} Place;

static void
place_set_up (Place *place, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  place->folder = g_dir_make_tmp ("test-service-http-XXXXXX", &error);
  g_assert_no_error (error);
  place->environment = g_get_environ ();
  place->environment = g_environ_setenv (place->environment, "XDG_STATE_HOME", place->folder, TRUE);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        remove_folder (file);
      else
        g_assert_no_errno (g_unlink (file));
    }
  g_assert_no_errno (g_rmdir (path));
}

static void
place_tear_down (Place *place, gconstpointer user_data)
{
  remove_folder (place->folder);
  g_free (place->folder);
  g_strfreev (place->environment);
}

static void
test_retention (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *const wrong[] = { "{}",
                                "{\"policy_name\":\"Time\"}",
                                "{\"policy_name\":\"Space\",\"policy_value\":1}",
                                "{\"policy_name\":\"Time\",\"policy_value\":-1}",
                                "{\"policy_name\":\"Time\",\"policy_value\":1e999}",
                                "{\"policy_name\":\"Time\",\"policy_value\":\"1\"}" };

  assert_call (service, "GET", "v3/DataRetentionPolicy", NULL, 404);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_call (service, "POST", "v3/DataRetentionPolicy", wrong[i], 400);
  assert_answer (service, "POST", "v3/DataRetentionPolicy",
                 "{\"policy_name\":\"DiskUsage\",\"policy_value\":3000000}", "{\"result\":\"OK\"}");
  assert_answer (service, "GET", "v3/DataRetentionPolicy", NULL,
                 "{\"policy_name\":\"DiskUsage\",\"policy_value\":3000000}");
}

/* The history of one asset: COUNT versions of SIZE characters. */
static void
make_history (TestService *service, guint n_versions, guint size)
{
  g_autofree char *filler = g_strnfill (size, 'x');

  for (guint i = 0; i < n_versions; i++)
    {
      g_autofree char *envelope = g_strdup_printf (
          ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"%u\",\"description\":\"%s\"}]"), i,
          filler);
      import (service, envelope);
    }
}

/* Asks about the asset as it was at this moment, until the answer is this one. */
static void
wait_for_answer (TestService *service, const char *moment, const char *expected)
{
  g_autofree char *header = g_strconcat ("x-hasura-car-timepoint: ", moment, NULL);

  for (guint i = 0; i < 500; i++)
    {
      guint status;
      g_autofree char *answer = test_service_request_with (service, "POST", "v3/query", header,
                                                           "{\"query\":\"{ asset { name } }\"}", &status);

      g_assert_cmpuint (status, ==, 200);
      if (g_str_equal (answer, expected))
        return;
      g_usleep (20000);
    }
  g_assert_not_reached ();
}

/* A policy is carried out: what was closed too long ago is forgotten, what holds now is not. */
static void
test_retention_time (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  make_history (service, 1, 10);
  g_usleep (2000);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *moment = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");
  make_history (service, 3, 10);

  wait_for_answer (service, moment, "{\"data\":{\"asset\":[{\"name\":\"0\"}]}}");
  assert_call (service, "POST", "v3/DataRetentionPolicy", "{\"policy_name\":\"Time\",\"policy_value\":1}",
               200);
  g_usleep (100000);
  wait_for_answer (service, moment, "{\"data\":{\"asset\":[{\"name\":\"0\"}]}}");
  assert_call (service, "POST", "v3/DataRetentionPolicy", "{\"policy_name\":\"Time\",\"policy_value\":0}",
               200);
  wait_for_answer (service, moment, "{\"data\":{\"asset\":[]}}");
  g_assert_cmpuint (count (service, "asset?name=2"), ==, 1);
}

static goffset
get_size (const char *path, const char *ending)
{
  g_autofree char *name = g_strconcat (path, ending, NULL);
  GStatBuf status;

  return g_stat (name, &status) == 0 ? status.st_size : 0;
}

static void
wait_until_smaller (const char *path, goffset size)
{
  for (guint i = 0; get_size (path, "") + get_size (path, "-wal") >= size; i++)
    {
      g_assert_cmpuint (i, <, 500);
      g_usleep (20000);
    }
}

/* It is the disk that has more room afterwards, not only the database. */
static void
test_retention_disk_usage (Place *place, gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (place->folder, "car.db", NULL);
  g_autoptr (TestService) service = test_service_start (path);

  make_history (service, 40, 200000);
  g_assert_cmpint (get_size (path, "") + get_size (path, "-wal"), >, 8000000);
  assert_call (service, "POST", "v3/DataRetentionPolicy",
               "{\"policy_name\":\"DiskUsage\",\"policy_value\":1500000}", 200);
  wait_until_smaller (path, 1500000);
  g_assert_cmpuint (count (service, "asset?name=39"), ==, 1);

  /* So it is where everything was deleted. */
  assert_call (service, "POST", "v3/DataRetentionPolicy", "{\"policy_name\":\"Time\",\"policy_value\":9}",
               200);
  make_history (service, 40, 200000);
  g_autofree char *token = ask (service, "GET", "v3/clearDbToken", NULL);
  g_autofree char *clear = g_strconcat ("v3/clearDb?token=", token, NULL);
  assert_call (service, "POST", clear, NULL, 200);
  wait_until_smaller (path, 1500000);
}

static void
test_clear (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  test_service_set_up (service);
  import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  assert_call (service, "PATCH", "source?key=s", "{\"model_state_id\":\"1\"}", 200);
  assert_call (service, "POST", "v3/clearDb", NULL, 400);
  assert_call (service, "POST", "v3/clearDb?token=1", NULL, 403);
  g_assert_cmpuint (count (service, "asset?name=n"), ==, 1);

  g_autofree char *token = ask (service, "GET", "v3/clearDbToken", NULL);
  gint64 moment = g_ascii_strtoll (token, NULL, 10);
  g_assert_cmpint (ABS (moment - g_get_real_time () / 1000), <, 60 * 1000);

  /* What waits to be imported is deleted with the rest. */
  g_autofree char *waiting =
      test_service_import (service, ENVELOPE ("t", "\"asset\":[{\"external_id\":\"b\",\"name\":\"n\"}]"));
  g_autofree char *path = g_strconcat ("v3/clearDb?token=", token, NULL);
  assert_answer (service, "POST", path, NULL, "{\"result\":\"OK\"}");
  g_assert_cmpuint (count (service, "asset?name=n"), ==, 0);
  assert_call (service, "GET", "source/s", NULL, 404);
  assert_call (service, "GET", "databases", NULL, 200);
  assert_call (service, "POST", path, NULL, 403);
}

/* What a connection does after an answer without a body is what that answer says. */
static void
test_no_content (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autofree char *basic = make_basic (service->key, service->password);
  g_autoptr (GString) answer = g_string_new (NULL);
  char piece[1024];
  gssize length;

  assert_call (service, "POST", "v3/carSchema",
               "{\"key\":\"k\",\"version\":\"1\",\"schema\":{\"vertices\":[{\"name\":\"dragon\"}]}}", 201);
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", service->port, NULL, &error);
  g_assert_no_error (error);
  g_autofree char *requests = g_strdup_printf (
      "DELETE /api/car/v3/carSchema/k HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\n\r\n"
      "GET /api/car/v3/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
      basic);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), requests,
                             strlen (requests), NULL, NULL, &error);
  g_assert_no_error (error);
  while ((length = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), piece,
                                        sizeof piece, NULL, NULL)) > 0)
    g_string_append_len (answer, piece, length);

  g_test_message ("%s", answer->str);
  /* Either the next answer follows, or the first one says that none will. */
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 204 "));
  char *end = strstr (answer->str, "\r\n\r\n");
  g_assert_nonnull (end);
  gboolean closes = end[4] == '\0';
  g_assert_true (closes || g_str_has_prefix (end + 4, "HTTP/1.1 200 "));
  *end = '\0';
  g_assert_true (closes == (strstr (answer->str, "Connection: close") != NULL));

  /* RFC 9110, 8.6, and RFC 9112, 6.1: neither of them in an answer that has no body. */
  g_assert_null (strstr (answer->str, "Content-Length"));
  g_assert_null (strstr (answer->str, "Transfer-Encoding"));
}

/* A query of a moment sees what held then: nothing did before 1970. */
static void
test_timepoint (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const struct
  {
    const char *header;
    gboolean found;
  } cases[] = {
    { NULL, TRUE },
    { "x-hasura-car-timepoint: 2999-01-01T00:00:00Z", TRUE },
    { "x-hasura-car-timepoint: 1970-01-01T00:00:00Z", FALSE },
    { "x-hasura-car-timepoint: 1969-12-31T23:59:59.999Z", FALSE },
    { "x-hasura-car-timepoint: 1900-01-01T00:00:00Z", FALSE },
  };

  import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint status;
      g_autofree char *answer = test_service_request_with (service, "POST", "v3/query", cases[i].header,
                                                           "{\"query\":\"{ asset { name } }\"}", &status);

      g_test_message ("%s: %s", cases[i].header, answer);
      g_assert_cmpuint (status, ==, 200);
      g_assert_cmpint (strstr (answer, "name") != NULL, ==, cases[i].found);
    }
}

static void
test_addresses (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const struct
  {
    const char *path;
    guint status;
  } cases[] = {
    { "source/%FF", 400 },
    { "source/%00", 400 },
    { "source/%zz", 400 },
    { "importstatus?ids=%FF", 400 },
    { "source/..%2F..%2Fx", 404 },
    { "", 404 },
    { "a/b/c/d", 404 },
    { "source/x/y/z", 404 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *basic = make_basic (service->key, service->password);
      g_autofree char *url = g_strdup_printf ("%s/%s", service->url, cases[i].path);
      g_autoptr (GUri) uri = g_uri_parse (
          url, G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_PARSE_RELAXED, &error);
      g_assert_no_error (error);
      g_autoptr (SoupMessage) message = soup_message_new_from_uri ("GET", uri);
      soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", basic);
      g_autoptr (GBytes) answer = soup_session_send_and_read (service->session, message, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s", cases[i].path);
      g_assert_cmpuint (soup_message_get_status (message), ==, cases[i].status);
    }
}

/* What is there, but not for this method, says so: also where a collection might have the name. */
static void
test_methods (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *token = g_strconcat ("car-token ", service->token, NULL);
  const struct
  {
    const char *method, *path, *allowed;
  } cases[] = {
    { "GET", "v2/imports", "POST" },
    { "PUT", "v2/databases", "GET, HEAD, POST, PATCH" },
    { "GET", "v2/source", "PATCH" },
    { "POST", "v2/jobstatus/1", "GET, HEAD" },
    { "GET", "v2/source/s/full-import-in-progress", "POST, DELETE" },
    { "GET", "v2/source/s/graph", "DELETE" },
    { "POST", "v2/asset", "PATCH, GET, HEAD" },
    { "POST", "v2/asset/s/a/graph", "GET, HEAD" },
    { "GET", "v3/query", "POST" },
    { "PATCH", "v3/carSchema/k", "GET, HEAD, DELETE" },
    { "POST", "v3/health", "GET, HEAD" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/api/car/%s", service->port, cases[i].path);
      g_autoptr (SoupMessage) message = soup_message_new (cases[i].method, url);

      soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", token);
      g_autoptr (GBytes) answer = soup_session_send_and_read (service->session, message, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s %s", cases[i].method, cases[i].path);
      g_assert_cmpuint (soup_message_get_status (message), ==, 405);
      g_assert_cmpstr (soup_message_headers_get_one (soup_message_get_response_headers (message), "Allow"),
                       ==, cases[i].allowed);
    }

  guint status;
  g_autofree char *nothing = test_service_request (service, "HEAD", "v3/carSchema", NULL, &status);
  g_assert_cmpuint (status, ==, 200);
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_query (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  assert_answer (service, "POST", "v3/query",
                 "{\"query\":\"{ asset(where:{name:{_eq:\\\"n\\\"}}){ external_id } }\"}",
                 "{\"data\":{\"asset\":[{\"external_id\":\"a\"}]}}");
  assert_answer (service, "POST", "v3/query",
                 "{\"query\":\"{ asset(where:{name:{_eq:\\\"m\\\"}}){ external_id } }\"}",
                 "{\"data\":{\"asset\":[]}}");
}

#define EXTENSION(version, property)                                                                         \
  "{\"key\":\"k/1\",\"owner\":\"o\",\"version\":\"" version                                                  \
  "\",\"schema\":{\"vertices\":[{\"name\":\"dragon\","                                                       \
  "\"properties\":{\"external_id\":{\"type\":\"text\",\"required\":true},\"" property                        \
  "\":{\"type\":\"text\"}}}],\"edges\":[]}}"

static void
test_extensions (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  assert_answer (service, "GET", "v3/carSchema", NULL, "[]");
  g_autoptr (JsonNode) form = test_service_call (service, "GET", "v3/extensionSchema", NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (form), "$schema"), ==,
                   "https://json-schema.org/draft/2020-12/schema");
  assert_call (service, "GET", "v3/carSchema/k%2F1", NULL, 404);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("2", "fire"), 201);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("2", "fire"), 200);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("2", "ice"), 409);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("1", "fire"), 409);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("x", "fire"), 400);
  assert_call (service, "POST", "v3/carSchema",
               "{\"key\":\"k\",\"version\":\"1\",\"schema\":{\"vertices\":1}}", 422);
  g_autofree char *kept = ask (service, "GET", "v3/carSchema/k%2F1", NULL);
  g_assert_cmpstr (kept, ==, EXTENSION ("2", "fire"));

  import (service, ENVELOPE ("s", "\"dragon\":[{\"external_id\":\"d\",\"fire\":\"hot\"}]"));
  g_assert_cmpuint (count (service, "dragon?fire=hot"), ==, 1);
  g_autofree char *bad =
      test_service_import (service, ENVELOPE ("s", "\"dragon\":[{\"external_id\":\"e\",\"fire\":1}]"));
  g_autofree char *status = test_service_wait_for_job (service, bad);
  g_assert_cmpstr (status, ==, "ERROR");

  assert_call (service, "POST", "v3/carSchema", EXTENSION ("10", "ice"), 201);
  g_assert_cmpuint (count (service, "dragon?fire=hot"), ==, 1);
  g_autofree char *schema = ask (service, "GET", "v3/importSchema?version=v2", NULL);
  g_assert_true (g_str_has_prefix (schema, "{\"version\":\"v2\",\"schema\":{"));
  g_assert_nonnull (strstr (schema, "\"dragon\""));
  assert_call (service, "GET", "v3/importSchema?version=v1", NULL, 404);

  assert_call (service, "DELETE", "v3/carSchema/k%2F1", NULL, 204);
  assert_call (service, "DELETE", "v3/carSchema/k%2F1", NULL, 404);
  assert_call (service, "GET", "dragon?ice=1", NULL, 404);
}

#define DRAGONS(properties)                                                                                  \
  "{\"key\":\"d\",\"version\":\"1\",\"schema\":{\"vertices\":[{\"name\":\"dragon\",\"properties\":"          \
  "{" properties "}},"                                                                                       \
  "{\"name\":\"cave\"}],\"edges\":[{\"end1\":\"dragon\",\"end2\":\"cave\",\"properties\":{"                  \
  "\"toll\":{\"type\":\"integer\",\"unique\":true},\"since\":{\"type\":\"text\",\"default\":\"ever\"}}}]}}"

static char *
dragons (const char *members)
{
  return g_strdup_printf (ENVELOPE ("s", "%s"), members);
}

/* Imports an envelope: how often, and why, objects were left out, as "COLLECTION COUNT MESSAGE". */
static char *
import_and_get_warning (TestService *service, const char *envelope)
{
  g_autofree char *id = test_service_import (service, envelope);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_autofree char *path = g_strconcat ("jobstatus/", id, NULL);
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", path, NULL, 200);
  JsonObject *job = json_node_get_object (answer);

  if (g_str_equal (status, "ERROR"))
    return g_strdup_printf ("ERROR %d %s", (int) json_object_get_int_member (job, "statusCode"),
                            json_object_get_string_member (job, "error"));
  if (!json_object_has_member (job, "warnings"))
    return g_strdup ("");

  JsonObject *warning = json_array_get_object_element (json_object_get_array_member (job, "warnings"), 0);
  return g_strdup_printf ("%s %d %s", json_object_get_string_member (warning, "collection"),
                          (int) json_object_get_int_member (warning, "count"),
                          json_object_get_string_member (warning, "message"));
}

static void
assert_import (TestService *service, const char *members, const char *pattern)
{
  g_autofree char *envelope = dragons (members);
  g_autofree char *warning = import_and_get_warning (service, envelope);

  g_test_message ("%s", warning);
  g_assert_true (g_pattern_match_simple (pattern, warning));
}

/* What an extension says of a property is done. */
static void
test_extension_properties (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  assert_call (service, "POST", "v3/carSchema",
               DRAGONS ("\"level\":{\"type\":\"integer\",\"default\":\"3\"}"), 422);
  assert_call (
      service, "POST", "v3/carSchema",
      DRAGONS (
          "\"serial\":{\"type\":\"text\",\"unique\":true},\"level\":{\"type\":\"integer\",\"default\":3},"
          "\"fire\":{\"type\":\"text\",\"required\":true,\"indexed\":true},"
          "\"realm\":{\"type\":\"text\",\"required\":true,\"default\":\"\\u004eorth\"}"),
      201);

  /* required */
  assert_import (service, "\"dragon\":[{\"external_id\":\"a\"}]", "ERROR 422 */dragon/0*fire*");

  /* default */
  assert_import (service,
                 "\"dragon\":[{\"external_id\":\"a\",\"fire\":\"f\",\"serial\":\"1\"},"
                 "{\"external_id\":\"b\",\"fire\":\"f\",\"serial\":\"2\",\"level\":7,\"realm\":\"South\"}],"
                 "\"cave\":[{\"external_id\":\"c\"}],\"dragon_cave\":[{\"_from_external_id\":\"a\","
                 "\"_to_external_id\":\"c\",\"toll\":5}]",
                 "");
  assert_answer (service, "POST", "v3/query",
                 "{\"query\":\"{ dragon(order_by:{external_id:asc},where:{level:{_gt:0}}){ level realm caves "
                 "{ since } } } # unchecked\"}",
                 "{\"data\":{\"dragon\":[{\"level\":3,\"realm\":\"North\",\"caves\":[{\"since\":\"ever\"}]},"
                 "{\"level\":7,\"realm\":\"South\",\"caves\":[]}]}}");

  /* unique: what has the value keeps it, and may be sent again; another one is left out. */
  assert_import (service, "\"dragon\":[{\"external_id\":\"a\",\"fire\":\"g\",\"serial\":\"1\"}]", "");
  assert_import (
      service,
      "\"dragon\":[{\"external_id\":\"x\",\"fire\":\"f\",\"serial\":\"1\"},"
      "{\"external_id\":\"y\",\"fire\":\"f\",\"serial\":\"\\u0031\"},{\"external_id\":\"z\",\"fire\":\"f\"}]",
      "dragon 2 its serial has to be unique, and another dragon has the same");
  assert_import (service,
                 "\"dragon_cave\":[{\"_from_external_id\":\"b\",\"_to_external_id\":\"c\",\"toll\":5.0}]",
                 "dragon_cave 1 its toll has to be unique*");
  g_assert_cmpuint (count (service, "dragon?fire=f"), ==, 2);
  assert_call (service, "PATCH", "dragon?external_id=b", "{\"serial\":\"1\"}", 422);
  assert_call (service, "PATCH", "dragon?external_id=b", "{\"serial\":\"2\",\"level\":8}", 200);

  /* One that is gone has it no more. */
  assert_call (service, "DELETE", "source/s/dragon?external_ids=a", NULL, 200);
  assert_call (service, "PATCH", "dragon?external_id=b", "{\"serial\":\"1\"}", 200);

  /* As an extension goes, and comes again with other types. */
  assert_call (service, "DELETE", "v3/carSchema/d", NULL, 204);
  assert_call (service, "POST", "v3/carSchema", DRAGONS ("\"serial\":{\"type\":\"inet\",\"unique\":true}"),
               201);
  assert_import (
      service,
      "\"dragon\":[{\"external_id\":\"a\",\"serial\":\"::1\"},{\"external_id\":\"q\",\"serial\":\"0::1\"}]",
      "dragon 1 its serial*");
}

/* Whether the import schema says so of an asset's description. */
static gboolean
is_description_indexed (TestService *service)
{
  g_autoptr (JsonNode) answer = test_service_call (service, "GET", "v3/importSchema?version=v2", NULL, 200);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) found =
      json_path_query ("$.schema.properties.asset.items.properties.description.indexed", answer, &error);

  g_assert_no_error (error);
  return json_array_get_length (json_node_get_array (found)) == 1;
}

/* An extension may ask for an index of a property that is there: the import schema tells of it, as of any other. */
static void
test_index_of_core (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  g_assert_false (is_description_indexed (service));
  assert_call (
      service, "POST", "v3/carSchema",
      "{\"key\":\"i\",\"version\":\"1\",\"schema\":{\"vertices\":[{\"name\":\"asset\",\"properties\":"
      "{\"description\":{\"type\":\"text\",\"indexed\":true}}}]}}",
      201);
  g_assert_true (is_description_indexed (service));
  assert_call (service, "DELETE", "v3/carSchema/i", NULL, 204);
  g_assert_false (is_description_indexed (service));
}

static void
end_full_import (TestService *service, const char *progress)
{
  g_autoptr (JsonNode) answer = test_service_call (service, "DELETE", progress, NULL, 200);
  g_autofree char *status = test_service_wait_for_job (
      service, json_object_get_string_member (json_node_get_object (answer), "job_id"));

  g_assert_cmpstr (status, ==, "COMPLETE");
}

#define QUERY_DRAGONS                                                                                        \
  "{\"query\":\"{ dragon(order_by:{external_id:asc}){ external_id serial caves { toll } } } # unchecked\"}"

/* A full import may give a unique value to another object: the one that it no longer sends does not stand in its way. */
static void
test_unique_moves (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  const char *progress = "source/s/full-import-in-progress";

  assert_call (service, "POST", "v3/carSchema", DRAGONS ("\"serial\":{\"type\":\"text\",\"unique\":true}"),
               201);
  assert_call (service, "POST", progress, NULL, 200);
  assert_import (service,
                 "\"dragon\":[{\"external_id\":\"a1\",\"serial\":\"S1\"}],\"cave\":[{\"external_id\":\"c\"}],"
                 "\"dragon_cave\":[{\"_from_external_id\":\"a1\",\"_to_external_id\":\"c\",\"toll\":5}]",
                 "");
  end_full_import (service, progress);

  assert_call (service, "POST", progress, NULL, 200);
  assert_import (service,
                 "\"dragon\":[{\"external_id\":\"a2\",\"serial\":\"S1\"}],\"cave\":[{\"external_id\":\"c\"}],"
                 "\"dragon_cave\":[{\"_from_external_id\":\"a2\",\"_to_external_id\":\"c\",\"toll\":5}]",
                 "");
  end_full_import (service, progress);
  assert_answer (
      service, "POST", "v3/query", QUERY_DRAGONS,
      "{\"data\":{\"dragon\":[{\"external_id\":\"a2\",\"serial\":\"S1\",\"caves\":[{\"toll\":5}]}]}}");

  /* The first that the run sends has the value: one that comes later is left out, though it is as it was. */
  assert_call (service, "POST", progress, NULL, 200);
  assert_import (service, "\"dragon\":[{\"external_id\":\"a3\",\"serial\":\"S1\"}]", "");
  assert_import (service, "\"dragon\":[{\"external_id\":\"a2\",\"serial\":\"S1\"}]", "dragon 1 its serial*");
  end_full_import (service, progress);
  assert_answer (service, "POST", "v3/query", QUERY_DRAGONS,
                 "{\"data\":{\"dragon\":[{\"external_id\":\"a3\",\"serial\":\"S1\",\"caves\":[]}]}}");

  /* Objects of another source count in any case. */
  assert_call (service, "POST", "source/t/full-import-in-progress", NULL, 200);
  g_autofree char *id =
      test_service_import (service, ENVELOPE ("t", "\"dragon\":[{\"external_id\":\"b\",\"serial\":\"S1\"}]"));
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");
  g_assert_cmpuint (count (service, "dragon?serial=S1"), ==, 1);

  /* A full import that never ends closes nothing: what it did not send keeps its value from an incremental import. */
  assert_call (service, "POST", progress, NULL, 200);
  assert_import (service, "\"cave\":[{\"external_id\":\"c\"}]", "");
  g_autofree char *warning =
      import_and_get_warning (service, "{\"source\":{\"_key\":\"s\"},"
                                       "\"report\":{\"_key\":\"2\",\"timestamp\":2},"
                                       "\"dragon\":[{\"external_id\":\"a4\",\"serial\":\"S1\"}]}");
  g_assert_true (g_pattern_match_simple ("dragon 1 its serial*", warning));
}

/* Runs car-service with these options, which make it end by itself; its exit code, and what it printed. */
static int
run (Place *place, char **output, char **complaint, const char *first, ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autofree char *program = test_service_get_program ();
  va_list options;
  int status;

  g_ptr_array_add (arguments, program);
  va_start (options, first);
  for (const char *option = first; option != NULL; option = va_arg (options, const char *))
    g_ptr_array_add (arguments, (gpointer) option);
  va_end (options);
  g_ptr_array_add (arguments, NULL);

  g_spawn_sync (NULL, (char **) arguments->pdata, place->environment, G_SPAWN_DEFAULT, NULL, NULL, output,
                complaint, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

/* As "car-service & eval "$(car-service --show-credentials)"" has it: they are made at once, and are the same. */
static void
test_credentials_at_once (Place *place, gconstpointer user_data)
{
  g_autofree char *program = test_service_get_program ();
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  GSubprocess *processes[16];
  g_autofree char *first = NULL;

  g_subprocess_launcher_set_environ (launcher, place->environment);
  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      g_autoptr (GError) error = NULL;

      processes[i] = g_subprocess_launcher_spawn (launcher, &error, program, "--show-credentials", NULL);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    {
      g_autoptr (GSubprocess) process = processes[i];
      g_autoptr (GError) error = NULL;
      g_autofree char *output = NULL;

      g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (output, "CAR_SERVICE_KEY="));
      if (first == NULL)
        first = g_strdup (output);
      g_assert_cmpstr (output, ==, first);
    }

  g_autofree char *folder = g_build_filename (place->folder, "car-service", NULL);
  g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (files), ==, "credentials");
  g_assert_null (g_dir_read_name (files));
}

static void
test_credentials (Place *place, gconstpointer user_data)
{
  g_autofree char *first = NULL, *second = NULL, *third = NULL, *complaint = NULL, *more = NULL;
  g_autofree char *silence = NULL, *given = NULL, *hint = NULL;
  g_autofree char *folder = g_build_filename (place->folder, "car-service", NULL);
  g_autofree char *file = g_build_filename (folder, "credentials", NULL);
  GStatBuf status;

  g_assert_cmpint (run (place, &first, &complaint, "--show-credentials", NULL), ==, 0);
  g_assert_true (
      g_regex_match_simple ("^CAR_SERVICE_KEY='[0-9a-f]{32}'\nCAR_SERVICE_PASSWORD='[0-9a-f]{64}'\n"
                            "CAR_SERVICE_AUTHTOKEN='[0-9a-f]{64}'\n$",
                            first, 0, 0));
  g_assert_nonnull (strstr (complaint, file));
  g_assert_cmpint (run (place, &second, &silence, "--show-credentials", NULL), ==, 0);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpstr (silence, ==, "");
  g_assert_cmpint (run (place, &third, NULL, "--show-credentials", "--database=:memory:", NULL), ==, 0);
  g_assert_cmpstr (first, ==, third);

  /* Those of the environment are not the file's. */
  place->environment = g_environ_setenv (place->environment, "CAR_SERVICE_AUTHTOKEN", "secret-word", TRUE);
  g_assert_cmpint (run (place, &given, &hint, "--show-credentials", NULL), ==, 0);
  g_assert_cmpstr (given, ==, "CAR_SERVICE_AUTHTOKEN='secret-word'\n");
  g_assert_nonnull (strstr (hint, "CAR_SERVICE_AUTHTOKEN"));
  g_assert_null (strstr (hint, "secret-word"));
  place->environment = g_environ_unsetenv (place->environment, "CAR_SERVICE_AUTHTOKEN");

  g_assert_no_errno (g_stat (file, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_assert_no_errno (g_stat (folder, &status));
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);

  g_assert_no_errno (g_chmod (file, 0640));
  g_assert_cmpint (run (place, NULL, &more, "--show-credentials", NULL), ==, 1);
  g_assert_nonnull (strstr (more, "chmod 600"));
}

static void
test_options (Place *place, gconstpointer user_data)
{
  const struct
  {
    const char *options[2];
    int code;
    const char *complaint;
  } cases[] = {
    { { "--nosuch" }, 2, "--nosuch" },
    { { "surplus" }, 2, "surplus" },
    { { "--port", "65536" }, 2, "--port" },
    { { "--port", "x" }, 2, "x" },
    { { "--key", "k" }, 2, "CAR_SERVICE_PASSWORD" },
    { { "--password=secret-word" }, 2, "CAR_SERVICE_KEY" },
    { { "--database", "/nonexistent/car.db" }, 1, "/nonexistent" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *output = NULL, *complaint = NULL;
      int code = run (place, &output, &complaint, cases[i].options[0], cases[i].options[1], NULL);

      g_test_message ("%s", complaint);
      g_assert_cmpint (code, ==, cases[i].code);
      g_assert_nonnull (strstr (complaint, cases[i].complaint));
      g_assert_null (strstr (complaint, "secret-word"));
    }

  /* Also where the locale has ASCII only. */
  g_autofree char *help = NULL;
  place->environment = g_environ_setenv (place->environment, "LC_ALL", "C", TRUE);
  g_assert_cmpint (run (place, &help, NULL, "--help", NULL), ==, 0);
  g_assert_nonnull (strstr (help, "\n  car-service [OPTIONS]\n"));
  g_assert_null (strchr (help, '?'));

  g_autofree char *version = NULL;
  g_assert_cmpint (run (place, &version, NULL, "--version", NULL), ==, 0);
  g_assert_cmpstr (version, ==, "car-service " PACKAGE_VERSION "\n");
}

/* All is there again in the next run. */
static void
test_restart (Place *place, gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (place->folder, "car.db", NULL);
  TestService *service = test_service_start (path);

  test_service_set_up (service);
  import (service, ENVELOPE ("s", "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\"}]"));
  assert_call (service, "PATCH", "source?key=s", "{\"model_state_id\":\"7\"}", 200);
  assert_call (service, "POST", "v3/carSchema", EXTENSION ("2", "fire"), 201);

  g_autofree char *complaint = NULL;
  g_assert_cmpint (run (place, NULL, &complaint, "--database", path, NULL), ==, 1);
  g_assert_nonnull (strstr (complaint, "in use by another car-service"));
  test_service_stop (service);

  service = test_service_start (path);
  assert_call (service, "GET", "databases", NULL, 200);
  g_assert_cmpuint (count (service, "asset?name=n"), ==, 1);
  g_autofree char *source = ask (service, "GET", "source/s", NULL);
  g_assert_nonnull (strstr (source, "\"model_state_id\":\"7\""));
  g_assert_cmpuint (count (service, "dragon?fire=x"), ==, 0);
  test_service_stop (service);
}

#define BASE                                                                                                 \
  "{\"key\":\"z\",\"version\":\"1\",\"schema\":{\"vertices\":[{\"name\":\"dragon\"},{\"name\":\"cave\"}]}}"
#define BASE_2 "{\"key\":\"z\",\"version\":\"2\",\"schema\":{\"vertices\":[{\"name\":\"cave\"}]}}"
#define ON_TOP                                                                                               \
  "{\"key\":\"a\",\"version\":\"1\",\"schema\":{\"edges\":[{\"end1\":\"dragon\",\"end2\":\"cave\"}]}}"

/* One that another builds on stays, whatever their keys are; and they are read in the order of what they need. */
static void
test_extensions_of_extensions (Place *place, gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (place->folder, "car.db", NULL);
  TestService *service = test_service_start (path);

  assert_call (service, "POST", "v3/carSchema", ON_TOP, 422);
  assert_call (service, "POST", "v3/carSchema", BASE, 201);
  assert_call (service, "POST", "v3/carSchema", ON_TOP, 201);
  assert_call (service, "DELETE", "v3/carSchema/z", NULL, 409);
  assert_call (service, "POST", "v3/carSchema", BASE_2, 409);
  test_service_stop (service);

  service = test_service_start (path);
  import (service,
          ENVELOPE ("s", "\"dragon\":[{\"external_id\":\"d\"}],\"cave\":[{\"external_id\":\"c\"}],"
                         "\"dragon_cave\":[{\"_from_external_id\":\"d\",\"_to_external_id\":\"c\"}]"));
  g_autofree char *graph = ask (service, "GET", "dragon/d/graph", NULL);
  g_assert_nonnull (strstr (graph, "dragon_cave"));

  /* A page that waits is imported before the collection goes. */
  g_autofree char *waiting = test_service_import (
      service, ENVELOPE ("s", "\"dragon_cave\":[{\"_from_external_id\":\"d\",\"_to_external_id\":\"c\","
                              "\"external_id\":\"2\"}]"));
  assert_call (service, "DELETE", "v3/carSchema/a", NULL, 204);
  g_autofree char *job = g_strconcat ("jobstatus/", waiting, NULL);
  assert_answer (service, "GET", job, NULL, "{\"status\":\"COMPLETE\"}");
  assert_call (service, "DELETE", "v3/carSchema/z", NULL, 204);
  assert_call (service, "GET", "dragon?external_id=d", NULL, 404);
  test_service_stop (service);
}

static guint
count_descriptors (TestService *service)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", (int) service->pid);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  guint n_descriptors = 0;

  g_assert_nonnull (folder);
  while (g_dir_read_name (folder) != NULL)
    n_descriptors++;
  return n_descriptors;
}

/* One request over a connection that may be used again, and is hung up instead. */
static void
hang_up_after_request (TestService *service)
{
  static const char request[] = "GET /api/car/v3/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", service->port, NULL, &error);
  char answer[512];

  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                             strlen (request), NULL, NULL, &error);
  g_assert_no_error (error);
  gssize length = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), answer,
                                       sizeof answer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (length, >, 12);
  g_assert_true (strncmp (answer, "HTTP/1.1 200", 12) == 0);
}

/* However many clients come and go, the service does not run out of descriptors. */
static void
test_descriptors (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  hang_up_after_request (service);
  guint before = count_descriptors (service);

  for (guint i = 0; i < 50; i++)
    hang_up_after_request (service);

  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  while (count_descriptors (service) > before + 2 && g_get_monotonic_time () < deadline)
    g_usleep (10000);
  g_assert_cmpuint (count_descriptors (service), <=, before + 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/service/http/database", test_database);
  g_test_add_func ("/service/http/authorization", test_authorization);
  g_test_add_func ("/service/http/host", test_host);
  g_test_add_func ("/service/http/pages-of-elsewhere", test_pages_of_elsewhere);
  g_test_add_func ("/service/http/source", test_source);
  g_test_add_func ("/service/http/imports", test_imports);
  g_test_add_func ("/service/http/left-out", test_left_out);
  g_test_add_func ("/service/http/left-out-of-many", test_left_out_of_many);
  g_test_add_func ("/service/http/statuses", test_statuses);
  g_test_add_func ("/service/http/too-large", test_too_large);
  g_test_add_func ("/service/http/full-import", test_full_import);
  g_test_add_func ("/service/http/delete", test_delete);
  g_test_add_func ("/service/http/patch", test_patch);
  g_test_add_func ("/service/http/find", test_find);
  g_test_add_func ("/service/http/find-by", test_find_by);
  g_test_add_func ("/service/http/find-too-many", test_find_too_many);
  g_test_add_func ("/service/http/done", test_done);
  g_test_add_func ("/service/http/retention", test_retention);
  g_test_add_func ("/service/http/retention/time", test_retention_time);
  g_test_add ("/service/http/retention/disk-usage", Place, NULL, place_set_up, test_retention_disk_usage,
              place_tear_down);
  g_test_add_func ("/service/http/clear", test_clear);
  g_test_add_func ("/service/http/no-content", test_no_content);
  g_test_add_func ("/service/http/timepoint", test_timepoint);
  g_test_add_func ("/service/http/addresses", test_addresses);
  g_test_add_func ("/service/http/methods", test_methods);
  g_test_add_func ("/service/http/query", test_query);
  g_test_add_func ("/service/http/descriptors", test_descriptors);
  g_test_add_func ("/service/http/extensions", test_extensions);
  g_test_add_func ("/service/http/extension-properties", test_extension_properties);
  g_test_add_func ("/service/http/index-of-core", test_index_of_core);
  g_test_add_func ("/service/http/unique-moves", test_unique_moves);
  g_test_add ("/service/http/extensions-of-extensions", Place, NULL, place_set_up,
              test_extensions_of_extensions, place_tear_down);
  g_test_add ("/service/http/credentials", Place, NULL, place_set_up, test_credentials, place_tear_down);
  g_test_add ("/service/http/credentials-at-once", Place, NULL, place_set_up, test_credentials_at_once,
              place_tear_down);
  g_test_add ("/service/http/options", Place, NULL, place_set_up, test_options, place_tear_down);
  g_test_add ("/service/http/restart", Place, NULL, place_set_up, test_restart, place_tear_down);

  return g_test_run ();
}
