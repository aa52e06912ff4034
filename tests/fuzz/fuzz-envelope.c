/* SPDX-License-Identifier: Apache-2.0 */

/* What connectors send to car-service. The input is an envelope, imported into a real store, which is then as it was. */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>
#include <service/store/car-service-envelope.h>
#include <service/store/car-service-error.h>

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

static void
import (CarServiceStore *store, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *warnings = NULL;
  CarJsonSpan list;

  g_assert_true (car_service_store_begin (store, &error));
  if (!car_service_envelope_import (store, envelope, &warnings, &error))
    {
      g_assert_cmpint (error->code, <, 500);
      fuzz_assert_message (error);
    }
  else if (warnings != NULL)
    {
      g_assert_true (car_json_read_text (warnings, strlen (warnings), &list, NULL));
      g_assert_cmpint (list.type, ==, CAR_JSON_ARRAY);
    }
  car_service_store_rollback (store);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) envelope = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autofree char *source = NULL, *report = NULL;

  if (car_service_envelope_check (envelope, &source, &report, &error))
    import (get_store (), envelope);
  else
    {
      g_assert_error (error, CAR_SERVICE_ERROR, 400);
      fuzz_assert_message (error);
    }
  return 0;
}
