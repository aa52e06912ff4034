/* SPDX-License-Identifier: Apache-2.0 */

/* What connectors send to car-service. The input is an envelope, imported into a real store, which is then as it was. */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>
#include <service/store/car-service-error.h>
#include <service/store/car-service-page.h>
#include <service/store/sql/car-service-sources.h>

#include "fuzz.h"

static CarServiceStore *
get_store (void)
{
  static CarServiceStore *store;
  g_autoptr (GError) error = NULL;

  if (store == NULL)
    {
      store = car_service_store_open (CAR_SERVICE_STORE_MEMORY, &error);
      g_assert_no_error (error);
      car_service_store_hide (store);
    }
  return store;
}

static gboolean
write_page (CarServiceStore *store, CarServicePage *page, GError **error)
{
  CarServiceReport report = { .source = page->source, .reported_at = page->reported_at };

  return car_service_store_tick (store, &report.now, error) && car_service_sources_put (store, page, error) &&
         car_service_sources_note_report (store, page, report.now, error) &&
         car_service_store_put_page (store, &report, page, error);
}

static void
check_warnings (const CarServicePage *page)
{
  g_autofree char *warnings = car_service_page_write_warnings (page);
  CarJsonSpan list;

  if (warnings == NULL)
    return;
  g_assert_true (car_json_read_text (warnings, strlen (warnings), &list, NULL));
  g_assert_cmpint (list.type, ==, CAR_JSON_ARRAY);
}

static void
import (CarServiceStore *store, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  CarCoreModel *model = car_service_store_get_model (store, &error);
  CarImportSchema *schema = car_service_store_get_import_schema (store, &error);

  g_assert_no_error (error);
  g_autoptr (CarServicePage) page = car_service_page_read (envelope, model, schema, &error);
  if (page == NULL)
    {
      g_assert_cmpint (error->code, <, 500);
      fuzz_assert_message (error);
      return;
    }

  g_assert_true (car_service_store_begin (store, &error));
  write_page (store, page, &error);
  g_assert_no_error (error);
  check_warnings (page);
  car_service_store_rollback (store);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) envelope = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *source = NULL, *report = NULL;

  if (car_service_page_check (envelope, &source, &report, &error))
    import (get_store (), envelope);
  else
    {
      g_assert_error (error, CAR_SERVICE_ERROR, 400);
      fuzz_assert_message (error);
    }
  return 0;
}
