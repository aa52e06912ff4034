/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl.h"
#include "carctl/check/check-report.h"

#define MAX_TOLD 10
#define WIDTH 9

struct _CheckReport
{
  gboolean tap;
  GPtrArray *cases;
  guint n_failed;
  guint n_skipped;
};

CheckReport *
check_report_new (gboolean tap)
{
  CheckReport *self = g_new0 (CheckReport, 1);

  self->tap = tap;
  self->cases = g_ptr_array_new_with_free_func ((GDestroyNotify) check_case_free);
  if (tap)
    g_print ("TAP version 13\n");
  return self;
}

void
check_report_free (CheckReport *self)
{
  g_ptr_array_unref (self->cases);
  g_free (self);
}

static const char *
get_problem (const CheckCase *found, guint i)
{
  return g_ptr_array_index (found->problems, i);
}

static guint
get_n_told (const CheckCase *found)
{
  return MIN (found->problems->len, MAX_TOLD);
}

static void
append_more (GString *out, const CheckCase *found, const char *begin, const char *end)
{
  if (found->problems->len <= MAX_TOLD)
    return;

  g_string_append (out, begin);
  g_string_append_printf (out, _ ("and %u more"), found->problems->len - MAX_TOLD);
  g_string_append (out, end);
}

static void
append_line (GString *out, const char *label, const char *text)
{
  g_autofree char *shown = car_text_to_printable (text, -1);

  g_string_append (out, "    ");
  car_language_append_left (out, label, WIDTH);
  g_string_append_printf (out, " %s\n", shown);
}

static void
tell_people (const CheckCase *found)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean failed = found->problems->len > 0;

  car_language_append_left (out,
                            failed                   ? _ ("FAILED")
                            : found->skipped != NULL ? _ ("skipped")
                                                     : _ ("passed"),
                            WIDTH);
  g_string_append_printf (out, " %s", found->title);
  if (!failed && found->skipped != NULL)
    g_string_append_printf (out, ": %s", found->skipped);
  g_string_append_c (out, '\n');
  for (guint i = 0; i < get_n_told (found); i++)
    append_line (out, i == 0 ? _ ("seen:") : "", get_problem (found, i));
  if (failed)
    {
      append_more (out, found, "              ", "\n");
      append_line (out, _ ("right:"), _ (found->right));
      append_line (out, _ ("look at:"), found->folder);
    }
  g_print ("%s", out->str);
}

/* A text of YAML in double quotes takes JSON's escapes. */
static void
append_member (GString *out, const char *name, const char *text)
{
  g_autofree char *shown = car_text_to_printable (text, -1);

  g_string_append_printf (out, "  %s ", name);
  car_json_append_string (out, shown, -1);
  g_string_append_c (out, '\n');
}

static void
tell_tap (const CheckCase *found, guint number)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean failed = found->problems->len > 0;

  g_string_append_printf (out, "%s %u - %s", failed ? "not ok" : "ok", number, found->title);
  if (!failed && found->skipped != NULL)
    g_string_append_printf (out, " # SKIP %s", found->skipped);
  g_string_append_c (out, '\n');
  if (failed)
    {
      g_string_append (out, "  ---\n  seen:\n");
      for (guint i = 0; i < found->problems->len; i++)
        append_member (out, "  -", get_problem (found, i));
      append_member (out, "right:", _ (found->right));
      append_member (out, "look at:", found->folder);
      g_string_append (out, "  ...\n");
    }
  g_print ("%s", out->str);
}

void
check_report_add (CheckReport *self, CheckCase *found)
{
  g_ptr_array_add (self->cases, found);
  self->n_failed += found->problems->len > 0;
  self->n_skipped += found->problems->len == 0 && found->skipped != NULL;
  found->seconds = (double) (g_get_monotonic_time () - found->begin) / G_USEC_PER_SEC;
  if (self->tap)
    tell_tap (found, self->cases->len);
  else
    tell_people (found);
}

gboolean
check_report_is_good (const CheckReport *self)
{
  return self->n_failed == 0;
}

void
check_report_end (const CheckReport *self, gboolean stopped)
{
  if (self->tap && stopped)
    g_print ("Bail out! %s\n", _ ("stopped"));
  else if (self->tap)
    g_print ("1..%u\n", self->cases->len);
  else
    g_print (stopped ? _ ("Stopped: %u passed, %u failed, %u skipped\n")
                     : _ ("%u passed, %u failed, %u skipped\n"),
             self->cases->len - self->n_failed - self->n_skipped, self->n_failed, self->n_skipped);
}

/* Without what XML cannot hold. */
static char *
escape (const char *text)
{
  g_autofree char *shown = car_text_to_printable (text, -1);

  return g_markup_escape_text (shown, -1);
}

static void
append_failure (GString *out, const CheckCase *found)
{
  g_autofree char *right = escape (_ (found->right));
  g_autofree char *folder = escape (found->folder);

  g_string_append_printf (out, "<failure message=\"%s\">", right);
  for (guint i = 0; i < found->problems->len; i++)
    {
      g_autofree char *problem = escape (get_problem (found, i));

      g_string_append_printf (out, "%s\n", problem);
    }
  g_string_append_printf (out, "%s</failure>", folder);
}

static void
append_case (GString *out, const CheckCase *found)
{
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *title = escape (found->title);

  g_ascii_formatd (seconds, sizeof seconds, "%.3f", found->seconds);
  g_string_append_printf (out, "  <testcase classname=\"carctl.check\" name=\"%s\" time=\"%s\">", title,
                          seconds);
  if (found->problems->len > 0)
    append_failure (out, found);
  else if (found->skipped != NULL)
    {
      g_autofree char *reason = escape (found->skipped);

      g_string_append_printf (out, "<skipped message=\"%s\"/>", reason);
    }
  g_string_append (out, "</testcase>\n");
}

gboolean
check_report_write_junit (const CheckReport *self, const char *path, GError **error)
{
  g_autoptr (GString) out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

  g_string_append_printf (
      out, "<testsuite name=\"carctl check\" tests=\"%u\" failures=\"%u\" skipped=\"%u\" errors=\"0\">\n",
      self->cases->len, self->n_failed, self->n_skipped);
  for (guint i = 0; i < self->cases->len; i++)
    append_case (out, g_ptr_array_index (self->cases, i));
  g_string_append (out, "</testsuite>\n");
  return car_file_write (path, out->str, out->len, error);
}
