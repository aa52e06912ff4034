/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

/* What is otherwise at a moment than it was at an earlier one: a line of JSON for each object. What came and went between the
 * two is in neither. */

#define JSON_LINES "application/x-ndjson"
/* A reader knows by it that nothing was cut off. */
#define LAST_LINE "{\"next\":null}\n"

#define OPEN CAR_SERVICE_VIEW_OPEN

#define DEFAULT_LINES 1000
#define MAX_LINES 10000
#define MAX_PAGE (8 * 1024 * 1024)

typedef struct
{
  gint64 from;
  gint64 to;
  char *source; /* NULL: all */
} Span;

static void
span_clear (Span *span)
{
  g_clear_pointer (&span->source, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Span, span_clear)

static gboolean
read_span (const CarServiceRequest *request, Span *span, GError **error)
{
  g_autofree char *from = car_service_request_need_parameter (request, "from", error);
  g_autofree char *to = car_service_request_dup_parameter (request, "to");

  span->to = CAR_SERVICE_VIEW_NOW;
  span->source = car_service_request_dup_parameter (request, "source");

  return from != NULL && car_service_moment_parse (from, "The parameter from", &span->from, error) &&
         (to == NULL || *to == '\0' || car_service_moment_parse (to, "The parameter to", &span->to, error));
}

/* In SQL: the version, at moment `at`, of what `v` is a version of. */
#define SAME_VERTEX(p, at)                                                                                   \
  p ".collection = v.collection AND " p ".key = v.key AND " p ".source = v.source AND " p ".t1 <= " at       \
    " AND " p ".t2 > " at
#define SAME_EDGE(p, at)                                                                                     \
  p ".from_id = v.from_id AND " p ".collection = v.collection AND " p ".to_id = v.to_id AND " p              \
    ".source = v.source AND " p ".external_id = v.external_id AND " p ".t1 <= " at " AND " p ".t2 > " at

/* ?1 and ?2: the moments, ?3: the source. */
#define BEGUN "v.t1 > ?1 AND v.t1 <= ?2 AND v.t2 > ?2 AND (?3 IS NULL OR v.source = ?3)"
#define ENDED "v.t2 > ?1 AND v.t2 <= ?2 AND v.t2 <> " OPEN " AND v.t1 <= ?1 AND (?3 IS NULL OR v.source = ?3)"

/* Four statements, one after the other, each in the order of time and row: ?4 and ?5 are those of the last line that was
 * given, ?6 how many are wanted. A row: when, row, collection, source, id or ends, before, after. */
#define AFTER(t) " AND (" t ", v.id) > (?4, ?5) ORDER BY " t ", v.id LIMIT ?6"
static const char *const phases[] = {
  "SELECT v.t1, v.id, v.collection, v.source, v.node_id, NULL,"
  " (SELECT p.body FROM vertex p INDEXED BY vertex_key WHERE " SAME_VERTEX (
      "p",
      "?1") "), v.body,"
            " " CAR_SERVICE_VIEW_LABEL ("v") " FROM vertex v INDEXED BY vertex_begun WHERE " BEGUN AFTER (
                "v.t1"),

  "SELECT v.t2, v.id, v.collection, v.source, v.node_id, NULL, v.body, NULL, " CAR_SERVICE_VIEW_LABEL (
      "v") " FROM vertex v INDEXED BY vertex_closed WHERE " ENDED
           " AND NOT EXISTS (SELECT 1 FROM vertex n INDEXED BY vertex_key WHERE " SAME_VERTEX (
               "n",
               "?2") ")" AFTER ("v.t2"),

  "SELECT v.t1, v.id, v.collection, v.source, v.from_id, v.to_id,"
  " (SELECT p.body FROM edge p INDEXED BY edge_from WHERE " SAME_EDGE (
      "p",
      "?1") "), v.body, NULL"
            " FROM edge v INDEXED BY edge_begun WHERE " BEGUN AFTER ("v.t1"),

  "SELECT v.t2, v.id, v.collection, v.source, v.from_id, v.to_id, v.body, NULL, NULL"
  " FROM edge v INDEXED BY edge_closed WHERE " ENDED
  " AND NOT EXISTS (SELECT 1 FROM edge n INDEXED BY edge_from WHERE " SAME_EDGE ("n",
                                                                                 "?2") ")" AFTER ("v.t2"),
};

/* Where the next page begins: a phase, and the time and row of the last line. */
typedef struct
{
  gint64 phase;
  gint64 time;
  gint64 row;
} Place;

static gboolean
read_place (const CarServiceRequest *request, Place *place, GError **error)
{
  g_autofree char *text = car_service_request_dup_parameter (request, "after");
  g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "0.0.0", ".", -1);

  if (g_strv_length (parts) == 3 &&
      g_ascii_string_to_signed (parts[0], 10, 0, G_N_ELEMENTS (phases) - 1, &place->phase, NULL) &&
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
append_line (GString *out, sqlite3_stmt *row)
{
  const char *before = car_service_store_get_text (row, 6);
  const char *after = car_service_store_get_text (row, 7);

  if (g_strcmp0 (before, after) == 0)
    return; /* changed, and changed back */

  g_string_append_c (out, '{');
  car_service_json_string (out, "change", before == NULL ? "added" : after == NULL ? "closed" : "changed");
  car_service_json_integer (out, "at", sqlite3_column_int64 (row, 0));
  car_service_json_string (out, "collection", car_service_store_get_text (row, 2));
  car_service_json_string (out, "source", car_service_store_get_text (row, 3));
  if (car_service_store_get_text (row, 5) == NULL)
    {
      car_service_json_string (out, "id", car_service_store_get_text (row, 4));
      car_service_json_string (out, "label", car_service_store_get_text (row, 8));
    }
  else
    {
      car_service_json_string (out, "from", car_service_store_get_text (row, 4));
      car_service_json_string (out, "to", car_service_store_get_text (row, 5));
    }
  append_body (out, "before", before);
  append_body (out, "after", after);
  g_string_append (out, "}\n");
}

/* As far as the page has room. *limit is what is left of it; 0: the page is full, and *place is where it ends. */
static gboolean
append_phase (CarServiceStore *store,
              const Span *span,
              Place *place,
              gint64 *limit,
              GString *out,
              GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (store, &problem, phases[place->phase], "iisiii", span->from,
                                                 span->to, span->source, place->time, place->row, *limit);

  while (rows != NULL && *limit > 0 && car_service_store_next (store, rows, &problem))
    {
      place->time = sqlite3_column_int64 (rows, 0);
      place->row = sqlite3_column_int64 (rows, 1);
      append_line (out, rows);
      *limit = out->len < MAX_PAGE ? *limit - 1 : 0;
    }
  if (!car_service_store_ended (&problem, error))
    return FALSE;
  if (rows != NULL)
    sqlite3_reset (rows);

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
  g_auto (Span) span = { 0 };
  Place place = { 0 };
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
      if (limit == 0 || place.phase + 1 == (gint64) G_N_ELEMENTS (phases))
        break;
      place = (Place){ .phase = place.phase + 1 };
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

/* Of what began between the two, the index alone tells. What ended by then is taken off, or is looked up: it was replaced, or
 * closed. Only that is read. */
#define COUNT_BEGUN(table)                                                                                   \
  "SELECT v.source, v.collection, count(*) AS added, 0 AS changed, 0 AS closed"                              \
  " FROM " table " v INDEXED BY " table                                                                      \
  "_begun WHERE v.t1 > ?1 AND v.t1 <= ?2 AND (?3 IS NULL OR v.source = ?3) GROUP BY v.source, v.collection"
#define COUNT_PASSED(table)                                                                                  \
  "SELECT v.source, v.collection, -count(*), 0, 0 FROM " table " v INDEXED BY " table                        \
  "_closed WHERE v.t2 > ?1 AND v.t2 <= ?2 AND v.t2 <> " OPEN                                                 \
  " AND v.t1 > ?1 AND (?3 IS NULL OR v.source = ?3) GROUP BY v.source, v.collection"
#define COUNT_ENDED(table, key, same)                                                                        \
  "SELECT v.source, v.collection, -count (n.id), coalesce (sum (n.body <> v.body), 0), count(*) - count "    \
  "(n.id)"                                                                                                   \
  " FROM " table " v INDEXED BY " table "_closed LEFT JOIN " table " n INDEXED BY " key " ON " same          \
  " WHERE " ENDED " GROUP BY v.source, v.collection"
#define COUNT(table, key, same)                                                                              \
  COUNT_BEGUN (table) " UNION ALL " COUNT_PASSED (table) " UNION ALL " COUNT_ENDED (table, key, same)

gboolean
car_service_call_count_changes (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (Span) span = { 0 };
  g_autoptr (GError) problem = NULL;
  g_autoptr (GString) out = g_string_new (NULL);

  if (!read_span (request, &span, error))
    return FALSE;

  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      "SELECT source, collection, sum (added), sum (changed), sum (closed) FROM (" COUNT (
          "vertex", "vertex_key",
          SAME_VERTEX (
              "n", "?2")) " UNION ALL " COUNT ("edge", "edge_from",
                                               SAME_EDGE ("n",
                                                          "?2")) ") GROUP BY source, collection HAVING sum "
                                                                 "(added) + sum (changed) + sum (closed) > 0"
                                                                 " ORDER BY source, collection",
      "iis", span.from, span.to, span.source);

  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      g_string_append_c (out, '{');
      car_service_json_string (out, "source", car_service_store_get_text (rows, 0));
      car_service_json_string (out, "collection", car_service_store_get_text (rows, 1));
      car_service_json_integer (out, "added", sqlite3_column_int64 (rows, 2));
      car_service_json_integer (out, "changed", sqlite3_column_int64 (rows, 3));
      car_service_json_integer (out, "closed", sqlite3_column_int64 (rows, 4));
      g_string_append (out, "}\n");
    }
  if (!car_service_store_ended (&problem, error))
    return FALSE;
  g_string_append (out, LAST_LINE);
  answer_lines (request, g_steal_pointer (&out));

  return TRUE;
}
