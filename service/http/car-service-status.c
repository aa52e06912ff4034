/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/sql/car-service-job-status.h"
#include "service/store/sql/car-service-jobs.h"

/* What became of jobs, imports among them: they share one queue, and so their ids. */

/* The job's row: status, error, status_code, warnings; *row is NULL where there is no such job. */
static gboolean
find_job (CarServiceStore *store, const char *text, CarServiceRow **row, GError **error)
{
  guint64 id;

  *row = NULL;

  return !g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, &id, NULL) ||
         car_service_job_status_find (store, (gint64) id, row, error);
}

/* Appends what there is to say of a job besides its status: error, status_code and warnings, from this column on. */
static void
append_outcome (GString *out, CarServiceRow *row, int column)
{
  if (car_service_row_get_text (row, column) != NULL)
    {
      car_service_json_string (out, "error", car_service_row_get_text (row, column));
      car_service_json_integer (out, "statusCode", car_service_row_get_integer (row, column + 1));
    }
  if (car_service_row_get_text (row, column + 2) != NULL)
    {
      car_service_json_name (out, "warnings");
      g_string_append (out, car_service_row_get_text (row, column + 2));
    }
}

gboolean
car_service_call_get_job_status (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *id = car_service_request_get_path (request, 1);
  CarServiceRow *row;

  if (!find_job (store, id, &row, error))
    return FALSE;
  if (row == NULL)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no job %s", id);
      return FALSE;
    }

  GString *out = g_string_new ("{");
  car_service_json_string (out, "status", car_service_row_get_text (row, 0));
  append_outcome (out, row, 1);
  g_string_append_c (out, '}');
  car_service_row_end (row);
  car_service_request_answer (request, out);

  return TRUE;
}

/* The published lists. Each is the inside of an array. */
typedef struct
{
  GString *complete;
  GString *failed;
  GString *incomplete;
  GString *not_found;
} Lists;

static void
lists_clear (Lists *lists)
{
  g_string_free (lists->complete, TRUE);
  g_string_free (lists->failed, TRUE);
  g_string_free (lists->incomplete, TRUE);
  g_string_free (lists->not_found, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lists, lists_clear)

static void
begin_item (GString *list, const char *id)
{
  g_string_append (list, list->len > 0 ? ",{" : "{");
  car_service_json_string (list, "id", id);
}

/* An id that is not known is among the errors too: a client that reads only that list and the incomplete ones, as the
 * first version of the contract had them, would take it for done. */
static void
add_unknown (Lists *lists, const char *id)
{
  begin_item (lists->not_found, id);
  g_string_append_c (lists->not_found, '}');

  begin_item (lists->failed, id);
  car_service_json_string (lists->failed, "error", "There is no such job");
  car_service_json_integer (lists->failed, "statusCode", 404);
  g_string_append_c (lists->failed, '}');
}

static void
add_job (Lists *lists, const char *id, CarServiceRow *row)
{
  const char *status = car_service_row_get_text (row, 0);
  GString *list = strcmp (status, CAR_SERVICE_JOB_ERROR) == 0      ? lists->failed
                  : strcmp (status, CAR_SERVICE_JOB_COMPLETE) == 0 ? lists->complete
                                                                   : lists->incomplete;

  begin_item (list, id);
  if (list == lists->complete)
    car_service_json_string (list, "status", status);
  append_outcome (list, row, 1);
  g_string_append_c (list, '}');
}

static gboolean
add_status (CarServiceStore *store, Lists *lists, const char *id, GError **error)
{
  CarServiceRow *row;

  if (!find_job (store, id, &row, error))
    return FALSE;
  if (row == NULL)
    {
      add_unknown (lists, id);
      return TRUE;
    }
  add_job (lists, id, row);
  car_service_row_end (row);

  return TRUE;
}

/* Our ids hold no commas, so it does not matter whether the commas between them came encoded. */
static gboolean
answer_statuses (CarServiceStore *store, CarServiceRequest *request, const char *text, GError **error)
{
  g_auto (GStrv) ids = g_strsplit (text, ",", -1);
  g_auto (Lists)
      lists = { g_string_new (NULL), g_string_new (NULL), g_string_new (NULL), g_string_new (NULL) };

  for (guint i = 0; ids[i] != NULL; i++)
    if (*ids[i] != '\0' && !add_status (store, &lists, ids[i], error))
      return FALSE;

  GString *out = g_string_new ("{");
  car_service_json_boolean (out, "success", lists.failed->len == 0);
  g_string_append_printf (out,
                          ",\"complete_imports\":[%s],\"error_imports\":[%s],\"incomplete_imports\":[%s]",
                          lists.complete->str, lists.failed->str, lists.incomplete->str);
  g_string_append_printf (out, ",\"notfound_imports\":[%s]}", lists.not_found->str);
  car_service_request_answer (request, out);

  return TRUE;
}

gboolean
car_service_call_get_statuses (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *ids = car_service_request_need_parameter (request, "ids", error);

  return ids != NULL && answer_statuses (store, request, ids, error);
}

gboolean
car_service_call_get_import_status (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  return answer_statuses (store, request, car_service_request_get_path (request, 1), error);
}

/* Jobs that run or wait, and the last ones that failed or left something out; of each so many. */
#define MAX_JOBS 50

static gboolean
append_jobs (GString *out, const char *name, CarServiceRow *rows, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows == NULL)
    return FALSE;
  car_service_json_name (out, name);
  g_string_append_c (out, '[');
  while (car_service_row_next (rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_json_string (out, "id", car_service_row_get_text (rows, 0));
      car_service_json_string (out, "kind", car_service_row_get_text (rows, 1));
      car_service_json_string (out, "source", car_service_row_get_text (rows, 2));
      car_service_json_string (out, "status", car_service_row_get_text (rows, 3));
      append_outcome (out, rows, 4);
      if (!car_service_row_is_null (rows, 7))
        car_service_json_integer (out, "at", car_service_row_get_integer (rows, 7));
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
}

gboolean
car_service_call_list_jobs (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autoptr (GString) out = g_string_new ("{");

  if (!append_jobs (out, "waiting", car_service_job_status_list_waiting (store, MAX_JOBS, error), error) ||
      !append_jobs (out, "troubled", car_service_job_status_list_troubled (store, MAX_JOBS, error), error))
    return FALSE;
  g_string_append_c (out, '}');
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
