/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-value-private.h>
#include <libcar/staging/car-head-private.h>

static void
append_member (GString *object, const char *name, const char *text)
{
  if (text == NULL)
    return;

  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_string_append_printf (object, ",\"%s\":", name);
  car_json_append_string (object, valid, -1);
}

char *
car_head_write_source (char *const texts[CAR_HEAD_N_TEXTS])
{
  const char *key = texts[CAR_HEAD_SOURCE];
  const char *name = texts[CAR_HEAD_SOURCE_NAME];
  GString *source = g_string_new ("{\"_key\":");

  car_json_append_string (source, key, -1);
  append_member (source, "name", name != NULL ? name : key);
  append_member (source, "description", texts[CAR_HEAD_SOURCE_DESCRIPTION]);
  append_member (source, "product_link", texts[CAR_HEAD_PRODUCT_LINK]);
  g_string_append_c (source, '}');
  return g_string_free (source, FALSE);
}

char *
car_head_write_report (char *const texts[CAR_HEAD_N_TEXTS], const char *report_key)
{
  GString *report = g_string_new (NULL);

  g_string_printf (report, "{\"_key\":\"%s\",\"timestamp\":%s", report_key, report_key);
  append_member (report, "type", texts[CAR_HEAD_REPORT_TYPE]);
  append_member (report, "description", texts[CAR_HEAD_REPORT_DESCRIPTION]);
  g_string_append_c (report, '}');
  return g_string_free (report, FALSE);
}
