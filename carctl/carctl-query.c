/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>

#include "carctl/carctl.h"

/* carctl query: a question in GraphQL. */

#define MAX_QUERY_SIZE (1024 * 1024)

/* A query has braces, and a file's name that has some is written with ./ before it. */
static char *
read_query (const char *argument, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gsize length = 0;

  if (argument[0] != '.' && argument[0] != '/' && strchr (argument, '{') != NULL)
    return g_strdup (argument);

  g_autofree char *text = car_file_read (argument, MAX_QUERY_SIZE, &length, &problem);
  if (text != NULL && g_utf8_validate (text, (gssize) length, NULL))
    return g_steal_pointer (&text);

  g_autofree char *shown = g_filename_display_name (argument);
  car_failure_refuse (error, _ ("%s is no query, which has “{”, and no file with one: %s"), shown,
                      text == NULL ? problem->message : _ ("it is not UTF-8 text"));
  return NULL;
}

static gboolean
query (CarctlCall *call, GError **error)
{
  g_autofree char *text = read_query (call->arguments[0], error);
  g_autoptr (CarClient) client = text == NULL ? NULL : carctl_open_service (call, error);
  g_autofree char *answer = client == NULL ? NULL : carctl_ask_service (client, text, call->variables, error);

  return answer != NULL && car_output_write_line (answer, error);
}

const CarctlCommand carctl_query_command = {
  .name = "query",
  .arguments = "TEXT|FILE",
  .summary = N_ ("Ask the service in GraphQL"),
  .options = CARCTL_VARIABLES | CARCTL_AT,
  .min_arguments = 1,
  .max_arguments = 1,
  .run = query,
};
