/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

/* What is otherwise at a moment than it was at an earlier one: a line of JSON for each object. What came and went between the
 * two is in neither. */

#define JSON_LINES "application/x-ndjson"
/* A reader knows by it that nothing was cut off. */
#define LAST_LINE "{\"next\":null}\n"

#define DEFAULT_LINES 1000
#define MAX_LINES 10000
#define MAX_PAGE (8 * 1024 * 1024)

static void
span_clear (CarServiceSpan *span)
{
  g_clear_pointer (&span->source, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarServiceSpan, span_clear)

static gboolean
read_span (const CarServiceRequest *request, CarServiceSpan *span, GError **error)
{
  g_autofree char *from = car_service_request_need_parameter (request, "from", error);
  g_autofree char *to = car_service_request_dup_parameter (request, "to");

  span->to = CAR_SERVICE_STORE_NOW;
  span->source = car_service_request_dup_parameter (request, "source");

  return from != NULL && car_service_moment_parse (from, "The parameter from", &span->from, error) &&
         (to == NULL || *to == '\0' || car_service_moment_parse (to, "The parameter to", &span->to, error));
}

/* Where the next page begins: a phase, and the time and row of the last line. */
static gboolean
read_place (const CarServiceRequest *request, CarServicePlace *place, GError **error)
{
  g_autofree char *text = car_service_request_dup_parameter (request, "after");
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "0.0.0", ".", -1);

  if (g_strv_length (parts) == 3 &&
      g_ascii_string_to_signed (parts[0], 10, 0, CAR_SERVICE_CHANGES_N_PHASES - 1, &place->phase, NULL) &&
      g_ascii_string_to_signed (parts[1], 10, 0, G_MAXINT64, &place->time, NULL) &&
      g_ascii_string_to_signed (parts[2], 10, 0, G_MAXINT64, &place->row, NULL))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 400,
               "The parameter after is what the last line of a page says as next");
  return FALSE;
}

static void
append_body (GString *out, const char *name, const char *body)
{
  car_service_json_name (out, name);
  g_string_append (out, body != NULL ? body : "null");
}

static void
append_line (GString *out, CarServiceRow *row)
{
  const char *before = car_service_row_get_text (row, 6);
  const char *after = car_service_row_get_text (row, 7);

  if (g_strcmp0 (before, after) == 0)
    return; /* changed, and changed back */

  g_string_append_c (out, '{');
  car_service_json_string (out, "change", before == NULL ? "added" : after == NULL ? "closed" : "changed");
  car_service_json_integer (out, "at", car_service_row_get_integer (row, 0));
  car_service_json_string (out, "collection", car_service_row_get_text (row, 2));
  car_service_json_string (out, "source", car_service_row_get_text (row, 3));
  if (car_service_row_get_text (row, 5) == NULL)
    {
      car_service_json_string (out, "id", car_service_row_get_text (row, 4));
      car_service_json_string (out, "label", car_service_row_get_text (row, 8));
    }
  else
    {
      car_service_json_string (out, "from", car_service_row_get_text (row, 4));
      car_service_json_string (out, "to", car_service_row_get_text (row, 5));
    }
  append_body (out, "before", before);
  append_body (out, "after", after);
  g_string_append (out, "}\n");
}

/* As far as the page has room. *limit is what is left of it; 0: the page is full, and *place is where it ends. */
static gboolean
append_phase (CarServiceStore *store,
              const CarServiceSpan *span,
              CarServicePlace *place,
              gint64 *limit,
              GString *out,
              GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_list_changes (store, span, place, *limit, &problem);

  while (rows != NULL && *limit > 0 && car_service_row_next (rows, &problem))
    {
      place->time = car_service_row_get_integer (rows, 0);
      place->row = car_service_row_get_integer (rows, 1);
      append_line (out, rows);
      *limit = out->len < MAX_PAGE ? *limit - 1 : 0;
    }
  if (!car_service_rows_ended (&problem, error))
    return FALSE;
  if (rows != NULL)
    car_service_row_end (rows);

  return TRUE;
}

/* As an array for who takes one value: within a line there is no end of line. */
static void
answer_lines (CarServiceRequest *request, GString *lines)
{
  if (!request->wants_json)
    request->content_type = JSON_LINES;
  else
    {
      g_string_truncate (lines, lines->len - 1);
      g_string_replace (lines, "\n", ",", 0);
      g_string_prepend_c (lines, '[');
      g_string_append_c (lines, ']');
    }
  car_service_request_answer (request, lines);
}

gboolean
car_service_call_get_changes (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceSpan) span = { 0 };
  CarServicePlace place = { 0 };
  gint64 limit = DEFAULT_LINES;
  g_autoptr (GString) out = g_string_new (NULL);

  if (!read_span (request, &span, error) || !read_place (request, &place, error) ||
      !car_service_request_read_number (request, "limit", MAX_LINES, &limit, error))
    return FALSE;
  limit = MAX (limit, 1);

  for (;;)
    {
      if (!append_phase (store, &span, &place, &limit, out, error))
        return FALSE;
      if (limit == 0 || place.phase + 1 == CAR_SERVICE_CHANGES_N_PHASES)
        break;
      place = (CarServicePlace){ .phase = place.phase + 1 };
    }
  if (limit == 0)
    g_string_append_printf (out,
                            "{\"next\":\"%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "\"}\n",
                            place.phase, place.time, place.row);
  else
    g_string_append (out, LAST_LINE);
  answer_lines (request, g_steal_pointer (&out));

  return TRUE;
}

gboolean
car_service_call_count_changes (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceSpan) span = { 0 };
  g_autoptr (GError) problem = NULL;
  g_autoptr (GString) out = g_string_new (NULL);

  if (!read_span (request, &span, error))
    return FALSE;

  CarServiceRow *rows = car_service_store_count_changes (store, &span, &problem);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      g_string_append_c (out, '{');
      car_service_json_string (out, "source", car_service_row_get_text (rows, 0));
      car_service_json_string (out, "collection", car_service_row_get_text (rows, 1));
      car_service_json_integer (out, "added", car_service_row_get_integer (rows, 2));
      car_service_json_integer (out, "changed", car_service_row_get_integer (rows, 3));
      car_service_json_integer (out, "closed", car_service_row_get_integer (rows, 4));
      g_string_append (out, "}\n");
    }
  if (!car_service_rows_ended (&problem, error))
    return FALSE;
  g_string_append (out, LAST_LINE);
  answer_lines (request, g_steal_pointer (&out));

  return TRUE;
}
