/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>

#include "carctl/carctl-svg.h"

static GSubprocess *
start_dot (GError **error)
{
  const GSubprocessFlags flags =
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE;
  g_autoptr (GError) problem = NULL;
  GSubprocess *dot = g_subprocess_new (flags, &problem, "dot", "-Tsvg", NULL);

  if (dot == NULL)
    car_failure_refuse (error,
                        _ ("dot cannot be run: %s; install Graphviz, or draw what --dot prints elsewhere"),
                        problem->message);
  return dot;
}

char *
carctl_svg_make (const char *dot, GError **error)
{
  g_autoptr (GSubprocess) process = start_dot (error);
  g_autofree char *svg = NULL;
  g_autofree char *said = NULL;

  if (process == NULL || !g_subprocess_communicate_utf8 (process, dot, NULL, &svg, &said, error))
    return NULL;
  if (g_subprocess_get_successful (process))
    return g_steal_pointer (&svg);

  g_autofree char *shown = car_text_to_printable (g_strstrip (said), -1);
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, _ ("dot cannot draw the graph: %s"), shown);
  return NULL;
}
