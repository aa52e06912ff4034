/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

/* Finds what a person types: a name, an address, a CVE, an external_id, or a part of one. All of it is found in indices, which
 * hold names and ids side by side; of the objects only those found are read. */

#define MIN_LENGTH 2
#define MAX_LENGTH 500
#define DEFAULT_FOUND 100
#define MAX_FOUND 1000

/* What is the same comes first, then what begins so, then what holds it. ?1: the text, ?2: LIKE's pattern of what holds it,
 * ?3: of what begins so, ?4: how many of each way. */
#define HOLDS " AND t2 = " CAR_SERVICE_VIEW_OPEN " LIMIT ?4)"
#define SPELLINGS " IN (?1, lower (?1), upper (?1))"
static const char search[] =
    "WITH found (id) AS ("
    "SELECT id FROM (SELECT id FROM vertex INDEXED BY vertex_connecting WHERE connecting_id" SPELLINGS HOLDS
    " UNION SELECT id FROM (SELECT id FROM vertex INDEXED BY vertex_name WHERE car_member (body, "
    "'name')" SPELLINGS HOLDS " UNION SELECT id FROM (SELECT id FROM vertex INDEXED BY vertex_node"
    "  WHERE collection IN (SELECT collection FROM held) AND node_id IN (SELECT key || '/' || ?1 FROM source "
    "UNION SELECT key || '/0/' || ?1 FROM "
    "source)" HOLDS " UNION SELECT id FROM (SELECT id FROM vertex INDEXED BY vertex_name"
    "  WHERE car_member (body, 'name') LIKE ?2 ESCAPE '\\'" HOLDS
    " UNION SELECT id FROM (SELECT id FROM vertex INDEXED BY vertex_key WHERE key LIKE ?2 ESCAPE '\\'" HOLDS
    ") SELECT v.collection, v.node_id, v.source, " CAR_SERVICE_VIEW_LABEL (
        "v") " AS label,"
             " v.connecting_id, v.reported_at FROM found JOIN vertex v ON v.id = found.id"
             " ORDER BY CASE WHEN label" SPELLINGS
             " OR v.key = ?1 THEN 0 WHEN label LIKE ?3 ESCAPE '\\' THEN 1 ELSE 2 END,"
             " label, v.node_id LIMIT ?4";

/* LIKE's pattern of what begins with the text; after a further % of what holds it. */
static char *
make_pattern (const char *text)
{
  GString *pattern = g_string_new (NULL);

  for (; *text != '\0'; text++)
    {
      if (strchr ("%_\\", *text) != NULL)
        g_string_append_c (pattern, '\\');
      g_string_append_c (pattern, *text);
    }
  g_string_append_c (pattern, '%');

  return g_string_free (pattern, FALSE);
}

static char *
need_text (CarServiceRequest *request, GError **error)
{
  g_autofree char *text = car_service_request_need_parameter (request, "text", error);
  if (text == NULL)
    return NULL;

  g_strstrip (text);
  glong length = g_utf8_strlen (text, -1);
  if (length >= MIN_LENGTH && length <= MAX_LENGTH)
    return g_steal_pointer (&text);

  g_set_error (error, CAR_SERVICE_ERROR, 400, "The parameter text has %d to %d characters", MIN_LENGTH,
               MAX_LENGTH);
  return NULL;
}

gboolean
car_service_call_search (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *text = need_text (request, error);
  gint64 limit = DEFAULT_FOUND;
  gint64 n = 0;

  if (text == NULL || !car_service_request_read_number (request, "limit", MAX_FOUND, &limit, error))
    return FALSE;

  g_autofree char *begins = make_pattern (text);
  g_autofree char *holds = g_strconcat ("%", begins, NULL);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GString) out = g_string_new ("{\"found\":[");
  sqlite3_stmt *rows =
      car_service_store_select (store, &problem, search, "sssi", text, holds, begins, limit + 1);

  while (rows != NULL && car_service_store_next (store, rows, &problem) && n++ < limit)
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      car_service_json_string (out, "connecting_id", car_service_store_get_text (rows, 4));
      car_service_json_integer (out, "reported_at", sqlite3_column_int64 (rows, 5));
      g_string_append_c (out, '}');
    }
  if (!car_service_store_ended (&problem, error))
    return FALSE;
  if (rows != NULL)
    sqlite3_reset (rows);
  g_string_append (out, "],\"more\":");
  g_string_append (out, n > limit ? "true}" : "false}");
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
