/* SPDX-License-Identifier: Apache-2.0 */

/* What the client reads out of a connector's query, and asks of the answer. The input is a query, a NUL and the object `data` of
 * an answer. */

#include "config.h"

#include <libcar/client/car-query-shape-private.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize length;
  g_autofree char *query = fuzz_take_text (&data, &size, &length);
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (CarQueryShape) shape = query != NULL ? car_query_shape_new (query) : NULL;
  CarJsonSpan value;

  if (shape == NULL || !car_json_read_text (text, size, &value, NULL) || value.type != CAR_JSON_OBJECT)
    return 0;

  g_autofree char *problem = car_query_shape_check (shape, &value);
  g_autofree char *again = car_query_shape_check (shape, &value);
  g_assert_cmpstr (problem, ==, again);
  g_assert_true (problem == NULL || *problem != '\0');
  return 0;
}
