/* SPDX-License-Identifier: Apache-2.0 */

/* The arguments of a connector. The input is arguments with NULs between. A message is fit to be shown, and no secret is in it. */

#include "config.h"

#include <libcar/settings/car-arguments-private.h>
#include <libcar/settings/car-help-private.h>

#include "fuzz.h"

static CarSettings *
make_settings (void)
{
  static const char *const choices[] = { "low", "high", NULL };
  CarSetting *const settings[] = {
    car_setting_new_text ("server", "FUZZ_SERVER", CAR_SETTING_NONE, "where it is", NULL, NULL),
    car_setting_new_text ("secret", "FUZZ_SECRET", CAR_SETTING_SECRET, "what opens it", NULL, NULL),
    car_setting_new_integer ("number", NULL, CAR_SETTING_NONE, "how many", NULL, -5, G_MAXINT64, 7),
    car_setting_new_integer ("pin", NULL, CAR_SETTING_SECRET, "its number", NULL, 0, 10, 7),
    car_setting_new_boolean ("quick", NULL, "be quick", FALSE),
    car_setting_new_choice ("how", NULL, CAR_SETTING_NONE, "how", choices, "low"),
    car_setting_new_file ("list", NULL, CAR_SETTING_NONE, "a list", NULL),
  };
  CarSettings *self = car_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_assert_true (car_settings_add (self, settings[i], NULL));
  return self;
}

/* What was given for a secret is in no message. A short one may be in it by chance. */
static void
check_message (const CarSettings *settings, const GError *error)
{
  static const char *const secrets[] = { "secret", "pin", "car-service-password", "car-service-token" };

  fuzz_assert_message (error);
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (car_settings_lookup (settings, secrets[i], -1) != NULL)
      {
        const char *value = car_settings_get (settings, secrets[i]);
        g_assert_true (value == NULL || strlen (value) < 16 || strstr (error->message, value) == NULL);
      }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  CarRequest request;
  gsize length;

  g_ptr_array_add (arguments, g_strdup ("connector"));
  for (char *text = fuzz_take_text (&data, &size, &length); text != NULL;
       text = fuzz_take_text (&data, &size, &length))
    g_ptr_array_add (arguments, text);
  const int argc = (int) arguments->len;
  g_ptr_array_add (arguments, NULL);

  g_autoptr (GError) problem = NULL;
  const gboolean ok = car_arguments_parse (settings, argc, (char **) arguments->pdata, &request, &problem);
  g_assert_true (ok == (problem == NULL));

  g_autoptr (GError) missing = NULL;
  if (!car_settings_load (settings, &missing))
    check_message (settings, missing);
  if (problem != NULL)
    check_message (settings, problem);

  g_autofree char *help = car_help_make (settings, "connector", NULL);
  g_assert_true (g_utf8_validate (help, -1, NULL));
  return 0;
}
