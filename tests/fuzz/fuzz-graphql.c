/* SPDX-License-Identifier: Apache-2.0 */

/* What is asked of car-service. The input is a query in GraphQL, a NUL and its variables as JSON. It is parsed, planned and
 * answered by a real store that holds a few objects, as they are now and as they were at a moment. */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>
#include <service/query/car-graphql-parser.h>
#include <service/query/car-query.h>
#include <service/store/car-service-error.h>
#include <service/store/car-service-page.h>
#include <service/store/sql/car-service-sources.h>
#include <service/store/sqlite/car-sqlite-store-private.h>

#include "fuzz.h"

/* Instructions of SQLite's machine. */
#define MAX_COST (2 * 1000 * 1000)

static const char envelope_text[] =
    "{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1700000000000.5},"
    "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"risk\":1.50,\"tag\":[\"t\"]},{\"external_id\":\"b\","
    "\"name\":\"m\"}]"
    ","
    "\"ipaddress\":[{\"_key\":\"10.0.0.1\"}],\"vulnerability\":[{\"external_id\":\"v\",\"name\":\"x\",\"base_"
    "score\":9}],"
    "\"asset_ipaddress\":[{\"_from_external_id\":\"a\",\"_to\":\"ipaddress/10.0.0.1\",\"source\":\"s\","
    "\"report\":\"1\",\"active\":true,\"timestamp\":1}],"
    "\"asset_vulnerability\":[{\"_from_external_id\":\"a\",\"_to_external_id\":\"v\",\"source\":\"s\","
    "\"report\":\"1\",\"active\":true,\"timestamp\":1}]}";

static void
put_objects (CarServiceStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) envelope = g_bytes_new_static (envelope_text, strlen (envelope_text));
  g_autoptr (CarServicePage) page =
      car_service_page_read (envelope, car_service_store_get_model (store, NULL),
                             car_service_store_get_import_schema (store, NULL), &error);

  g_assert_no_error (error);
  CarServiceReport report = { .source = page->source, .reported_at = page->reported_at };
  g_assert_true (car_service_store_begin (store, &error));
  g_assert_true (car_service_store_tick (store, &report.now, &error));
  g_assert_true (car_service_sources_put (store, page, &error));
  g_assert_true (car_service_store_put_page (store, &report, page, &error));
  g_assert_null (car_service_page_get_reason (page));
  g_assert_true (car_service_store_commit (store, &error));
}

static CarServiceStore *
make_store (void)
{
  g_autoptr (GError) error = NULL;
  CarServiceStore *store = car_service_store_open (CAR_SERVICE_STORE_MEMORY, &error);

  g_assert_no_error (error);
  car_service_store_hide (store);
  put_objects (store);
  return store;
}

static int
give_up (void *spent)
{
  return 1;
}

static void
append_request (GString *request, const char *query, const char *variables)
{
  g_string_append (request, "{\"query\":");
  car_json_append_string (request, query, -1);
  if (*variables != '\0')
    g_string_append_printf (request, ",\"variables\":%s", variables);
  g_string_append_c (request, '}');
}

static gboolean
answer_by_store (gpointer store, const CarQueryPlan *plan, GString *out, GError **error)
{
  return car_service_store_answer (store, plan, out, error);
}

/* An object with data or errors. */
static void
check_answer (CarServiceStore *store, const GString *request, gint64 timepoint)
{
  sqlite3 *db = CAR_SQLITE_STORE (store)->db;
  CarCoreModel *model = car_service_store_get_model (store, NULL);
  g_autoptr (GError) error = NULL;
  CarJsonSpan value;

  sqlite3_progress_handler (db, MAX_COST, give_up, NULL);
  g_autoptr (GBytes) answer =
      car_query_run (model, request->str, request->len, timepoint, NULL, answer_by_store, store, &error);
  sqlite3_progress_handler (db, 0, NULL, NULL);
  if (answer == NULL)
    {
      g_assert_error (error, CAR_SERVICE_ERROR, 504);
      return;
    }

  gsize length;
  const char *text = g_bytes_get_data (answer, &length);
  g_assert_true (car_json_read_text (text, length, &value, NULL));
  g_assert_cmpint (value.type, ==, CAR_JSON_OBJECT);
  const CarJsonSpan data = car_json_span_get_member (&value, "data");
  const CarJsonSpan errors = car_json_span_get_member (&value, "errors");
  g_assert_true ((data.type == CAR_JSON_OBJECT) != (errors.type == CAR_JSON_ARRAY));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static CarServiceStore *store;
  gsize length;
  g_autofree char *query = fuzz_take_text (&data, &size, &length);
  g_autofree char *variables = g_strndup ((const char *) data, size);
  if (query == NULL || !g_utf8_validate (query, -1, NULL))
    return 0;

  g_autofree char *problem = NULL;
  g_autoptr (CarGraphqlDocument) document = car_graphql_parse (query, length, &problem);
  g_assert_true ((document == NULL) == (problem != NULL));

  if (store == NULL)
    store = make_store ();
  g_autoptr (GString) request = g_string_new (NULL);
  append_request (request, query, variables);
  check_answer (store, request, -1);
  check_answer (store, request, g_get_real_time () / 1000);
  return 0;
}
