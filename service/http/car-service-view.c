/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-view.h"
#include "service/store/car-service-json.h"

void
car_service_view_begin_item (GString *out)
{
  g_string_append (out, out->len > 0 && out->str[out->len - 1] == '}' ? ",{" : "{");
}

void
car_service_view_append_vertex (GString *out, CarServiceRow *row, int column)
{
  static const char *const names[] = { "collection", "id", "source", "label" };

  for (int i = 0; i < (int) G_N_ELEMENTS (names); i++)
    car_service_json_string (out, names[i], car_service_row_get_text (row, column + i));
}
