/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-call-private.h>
#include <libcar/run/car-run-options-private.h>

static void
read_source (CarRunOptions *self, const CarSettings *settings, GStrvBuilder *problems)
{
  const CarSetting *setting = car_settings_lookup (settings, "source", -1);

  self->source = car_settings_get (settings, "source");
  if (self->source == NULL)
    car_setting_add_missing (setting, problems);
  else if (!car_call_is_segment (self->source))
    {
      g_autofree char *shown = car_setting_to_string (setting);
      g_autofree char *problem = g_strdup_printf (
          _ ("%s must be a name of its own: no URL can hold one that is “.” or “..”"), shown);

      g_strv_builder_add (problems, problem);
    }
}

gboolean
car_run_options_init (CarRunOptions *self, const CarSettings *settings, GError **error)
{
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();

  *self = (CarRunOptions){
    .state_directory = car_settings_get (settings, "state-dir"),
    .keep_staged = (guint) car_settings_get_integer (settings, "keep-staged"),
    .no_resume = car_settings_is_on (settings, "no-resume"),
    .directory = car_settings_get (settings, "export-data-dir"),
    .keep_directory = car_settings_is_on (settings, "keep-export-data-dir"),
    .page_size = (guint) car_settings_get_integer (settings, "export-data-page-size"),
    .max_closing = (guint) car_settings_get_integer (settings, "max-closing"),
    .max_left_out = (guint) car_settings_get_integer (settings, "max-left-out"),
    .strict = car_settings_is_on (settings, "strict"),
    .left_out_file = car_settings_get (settings, "left-out"),
  };

  read_source (self, settings, problems);
  car_access_init (&self->service, settings, problems);
  car_settings_check_required (settings, problems);

  return car_settings_set_error (problems, error);
}
