/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/settings/car-help-private.h>

/* "  -d, --debug" or "  --source=NAME" */
static char *
make_option (const CarSetting *setting)
{
  if (g_str_equal (setting->name, "debug"))
    return g_strdup ("  -d, --debug");

  return setting->arg_description == NULL
             ? g_strdup_printf ("  --%s", setting->name)
             : g_strdup_printf ("  --%s=%s", setting->name, setting->arg_description);
}

static guint
find_width (const GPtrArray *settings)
{
  guint width = 0;

  for (guint i = 0; i < settings->len; i++)
    {
      g_autofree char *option = make_option (settings->pdata[i]);

      width = MAX (width, car_language_get_width (option));
    }

  return width;
}

static void
append_row (GString *out, const char *left, guint width, const char *right)
{
  car_language_append_left (out, left, width);
  g_string_append_printf (out, "  %s\n", right);
}

static void
append_setting (GString *out, const CarSetting *setting, guint width)
{
  g_autofree char *option = make_option (setting);
  g_autofree char *values = car_setting_describe_values (setting);
  g_autoptr (GString) right = g_string_new (_ (setting->description));

  if (setting->variable != NULL)
    g_string_append_printf (right, " (%s)", setting->variable);
  if (values != NULL)
    g_string_append_printf (right, "; %s", values);

  append_row (out, option, width, right->str);
}

static void
append_exit_codes (GString *out)
{
  g_string_append_printf (out, "\n%s\n", _ ("Exit codes:"));
  append_row (out, "  0", 10, _ ("Done"));
  for (CarFailureKind kind = 0; kind < CAR_FAILURE_N_KINDS; kind++)
    {
      g_autofree char *codes = g_strconcat ("  ", car_failure_kind_get_codes (kind), NULL);
      g_autofree char *what =
          g_strdup_printf ("%s: %s", car_failure_kind_to_string (kind), car_failure_kind_get_outlook (kind));

      append_row (out, codes, 10, what);
    }
}

char *
car_help_make (const CarSettings *settings, const char *program, const char *description)
{
  guint n_own;
  g_autoptr (GPtrArray) all = car_settings_list (settings, &n_own);
  guint width = find_width (all);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, _ ("Usage: %s [OPTION...]\n"), program);
  if (description != NULL)
    g_string_append_printf (out, "\n%s\n", _ (description));

  if (all->len > n_own)
    g_string_append_printf (out, "\n%s\n", _ ("Settings of this connector:"));
  for (guint i = n_own; i < all->len; i++)
    append_setting (out, all->pdata[i], width);

  g_string_append_printf (out, "\n%s\n", _ ("Settings of every connector:"));
  append_row (out, "  -h, --help", width, _ ("print this and exit"));
  for (guint i = 0; i < n_own; i++)
    append_setting (out, all->pdata[i], width);

  g_string_append_printf (
      out, "\n%s\n",
      /* Translators: lines of at most 100 columns. */
      _ ("An option may begin with one dash or with two; its value may follow “=” or a space. A name in\n"
         "brackets is the environment variable that sets the same. An option wins over its variable. A file\n"
         "with the variable's name wins over both: a credential in $CREDENTIALS_DIRECTORY, or an encrypted\n"
         "one in /etc/secrets. An empty variable counts as not given."));
  append_exit_codes (out);

  return g_string_free (out, FALSE);
}
