/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/staging/car-data-handler-private.h>

#include "carctl/carctl-held.h"
#include "carctl/carctl.h"

/* carctl status and carctl forget: the sources of a service. */

typedef struct
{
  char *id;
  char *name;
  char *save_point; /* NULL: none */
} Source;

static void
clear_source (gpointer data)
{
  Source *source = data;

  g_free (source->id);
  g_free (source->name);
  g_free (source->save_point);
}

static gboolean
add_sources (GArray *sources, CarClient *client, const CarJsonSpan *list, GError **error)
{
  g_autoptr (GArray) items = car_json_span_get_items (list);

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      Source source = { car_json_span_dup_member (item, "id"), car_json_span_dup_member (item, "name"),
                        NULL };

      g_array_append_val (sources, source);
      if (source.id != NULL && *source.id != '\0' &&
          !car_client_get_save_point (
              client, source.id, &g_array_index (sources, Source, sources->len - 1).save_point, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static GArray *
list_sources (CarClient *client, GError **error)
{
  g_autofree char *answer =
      carctl_ask_service (client, "{ source(order_by: {id: asc}) { id name } }", NULL, error);
  g_autoptr (GArray) sources = g_array_new (FALSE, TRUE, sizeof (Source));
  CarJsonSpan data;

  g_array_set_clear_func (sources, clear_source);
  if (answer == NULL || !car_json_read_text (answer, strlen (answer), &data, error))
    return NULL;

  const CarJsonSpan list = car_json_span_get_member (&data, "source");
  return add_sources (sources, client, &list, error) ? g_steal_pointer (&sources) : NULL;
}

static void
append_cell (GString *out, const char *text, guint width)
{
  g_autofree char *shown = car_text_to_printable (text == NULL ? "–" : text, -1);

  car_language_append_left (out, shown, width);
  g_string_append (out, "  ");
}

static void
print_table (const char *url, GArray *sources)
{
  const char *const heads[] = { _ ("source"), _ ("save point"), _ ("name") };
  guint widths[] = { car_language_get_width (heads[0]), car_language_get_width (heads[1]) };
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, _ ("%s is healthy\n"), url);
  for (guint i = 0; i < sources->len; i++)
    {
      const Source *source = &g_array_index (sources, Source, i);

      widths[0] = MAX (widths[0], car_language_get_width (source->id == NULL ? "" : source->id));
      widths[1] =
          MAX (widths[1], car_language_get_width (source->save_point == NULL ? "" : source->save_point));
    }
  if (sources->len == 0)
    g_string_append (out, _ ("It has no sources yet.\n"));
  for (guint i = 0; sources->len > 0 && i <= sources->len; i++)
    {
      const Source *source = i == 0 ? NULL : &g_array_index (sources, Source, i - 1);

      append_cell (out, source == NULL ? heads[0] : source->id, widths[0]);
      append_cell (out, source == NULL ? heads[1] : source->save_point, widths[1]);
      append_cell (out, source == NULL ? heads[2] : source->name, 0);
      g_string_set_size (out, out->len - strlen ("  "));
      g_string_append_c (out, '\n');
    }
  g_print ("%s", out->str);
}

static void
append_member (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, ",\"%s\":", name);
  if (value == NULL)
    g_string_append (out, "null");
  else
    car_json_append_string (out, value, -1);
}

static gboolean
print_json (const char *url, GArray *sources, GError **error)
{
  g_autoptr (GString) out = g_string_new ("{\"url\":");

  car_json_append_string (out, url, -1);
  g_string_append (out, ",\"sources\":[");
  for (guint i = 0; i < sources->len; i++)
    {
      const Source *source = &g_array_index (sources, Source, i);
      g_autoptr (GString) members = g_string_new (NULL);

      append_member (members, "source", source->id);
      append_member (members, "save_point", source->save_point);
      append_member (members, "name", source->name);
      g_string_append_printf (out, "%s{%s}", i > 0 ? "," : "", members->str + 1);
    }
  g_string_append (out, "]}\n");
  return car_output_write (out->str, error);
}

static gboolean
status (CarctlCall *call, GError **error)
{
  g_autoptr (CarClient) client = carctl_open_service (call, error);

  if (client == NULL || !car_client_check_health (client, NULL, error))
    return FALSE;

  g_autoptr (GArray) sources = list_sources (client, error);
  if (sources == NULL)
    return FALSE;

  const char *url = car_client_get_base_url (client);
  if (call->json)
    return print_json (url, sources, error);
  print_table (url, sources);
  return TRUE;
}

/* A full import that brings nothing but its report: its end closes all that the source has. The save point goes first: whatever
 * ends this, the next import is a full one. */
static gboolean
close_source (CarClient *client, const char *source, GError **error)
{
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);
  g_autoptr (CarDataHandler) data =
      schema == NULL ? NULL : car_data_handler_new (client, schema, source, NULL, 0, error);

  if (data == NULL || !car_client_set_save_point (client, source, "", NULL, error))
    return FALSE;

  car_client_set_report (client, car_data_handler_get_report_key (data));
  return car_client_begin_full_import (client, source, NULL, error) &&
         car_data_handler_send_report (data, NULL, error) &&
         car_client_end_full_import (client, source, NULL, error);
}

static gboolean
forget (CarctlCall *call, GError **error)
{
  const char *source = call->arguments[0];
  g_autoptr (CarClient) client = carctl_open_service (call, error);
  g_autofree char *question =
      g_strdup_printf (_ ("This closes everything that %s has of the source “%s”."),
                       client == NULL ? "" : car_client_get_base_url (client), source);

  if (client == NULL || !carctl_held_check_source (client, source, error) ||
      !carctl_confirm (call, question, error) || !close_source (client, source, error))
    return FALSE;

  g_print (_ ("“%s” is forgotten: everything of it is closed, and its save point is gone.\n"), source);
  return TRUE;
}

const CarctlCommand carctl_status_command = {
  .name = "status",
  .arguments = "",
  .summary = N_ ("Tell of the service and its sources"),
  .options = CARCTL_JSON,
  .run = status,
};

const CarctlCommand carctl_forget_command = {
  .name = "forget",
  .arguments = "SOURCE",
  .summary = N_ ("Close all that a source has"),
  .options = CARCTL_YES,
  .min_arguments = 1,
  .max_arguments = 1,
  .run = forget,
};
