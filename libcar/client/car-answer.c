/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/client/car-answer-private.h>

#define MAX_SHOWN_ERRORS 3

char *
car_answer_dup_id (const CarJsonSpan *value)
{
  if (value->type == CAR_JSON_NUMBER)
    {
      g_autofree char *number = g_strndup (value->text, value->length);
      return strspn (number, "0123456789") == value->length ? g_steal_pointer (&number) : NULL;
    }

  g_autofree char *id = car_json_span_dup_string (value);
  return id != NULL && *id != '\0' ? g_steal_pointer (&id) : NULL;
}

char *
car_answer_dup_errors (const CarJsonSpan *object)
{
  const CarJsonSpan list = car_json_span_get_member (object, "errors");
  g_autoptr (GArray) errors = car_json_span_get_items (&list);
  if (errors == NULL)
    return NULL;

  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < MIN (errors->len, MAX_SHOWN_ERRORS); i++)
    {
      const char *const names[] = { "code", "message" };
      for (guint j = 0; j < G_N_ELEMENTS (names); j++)
        {
          const CarJsonSpan member =
              car_json_span_get_member (&g_array_index (errors, CarJsonSpan, i), names[j]);
          g_autofree char *said = member.type == CAR_JSON_NUMBER ? g_strndup (member.text, member.length)
                                                                 : car_json_span_dup_string (&member);
          if (said != NULL)
            g_string_append_printf (out, "%s%s", out->len > 0 ? ": " : "", said);
        }
    }
  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}
