/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-call-private.h>
#include <libcar/run/car-run-options-private.h>

/* The two ways to say who one is to the CAR service. */
static const char *const token_settings[] = { "car-service-url-for-token", "car-service-token", NULL };
static const char *const basic_settings[] = { "car-service-url", "car-service-key", "car-service-password",
                                              NULL };

static guint
count_given (const CarSettings *settings, const char *const *names)
{
  guint given = 0;

  for (guint i = 0; names[i] != NULL; i++)
    given += car_settings_get (settings, names[i]) != NULL;

  return given;
}

static void
add_missing_of (const CarSettings *settings, const char *const *names, GStrvBuilder *problems)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (car_settings_get (settings, names[i]) == NULL)
      car_setting_add_missing (car_settings_lookup (settings, names[i], -1), problems);
}

static char *
show_setting (const CarSettings *settings, const char *name)
{
  return car_setting_to_string (car_settings_lookup (settings, name, -1));
}

static void
add_no_service (const CarSettings *settings, GStrvBuilder *problems)
{
  g_autofree char *url = show_setting (settings, basic_settings[0]);
  g_autofree char *key = show_setting (settings, basic_settings[1]);
  g_autofree char *password = show_setting (settings, basic_settings[2]);
  g_autofree char *token_url = show_setting (settings, token_settings[0]);
  g_autofree char *token = show_setting (settings, token_settings[1]);
  /* Translators: each %s is a setting, such as "-car-service-url (CAR_SERVICE_URL)". */
  g_autofree char *problem =
      g_strdup_printf (_ ("the CAR service is missing: give %s, %s and %s; or give %s and %s"), url, key,
                       password, token_url, token);

  g_strv_builder_add (problems, problem);
}

/* A whole set is enough: deployments give the URL of the other way as well, and nothing else of it. */
static void
read_service (CarRunOptions *self, const CarSettings *settings, GStrvBuilder *problems)
{
  guint token_given = count_given (settings, token_settings);
  guint basic_given = count_given (settings, basic_settings);

  if (token_given == G_N_ELEMENTS (token_settings) - 1)
    {
      self->url = car_settings_get (settings, token_settings[0]);
      self->token = car_settings_get (settings, token_settings[1]);
    }
  else if (basic_given == G_N_ELEMENTS (basic_settings) - 1)
    {
      self->url = car_settings_get (settings, basic_settings[0]);
      self->key = car_settings_get (settings, basic_settings[1]);
      self->password = car_settings_get (settings, basic_settings[2]);
      if (car_settings_get (settings, "car-service-token") != NULL)
        g_warning ("%s",
                   _ ("-car-service-token is not used: its URL, -car-service-url-for-token, is missing"));
    }
  else if (token_given == 0 && basic_given == 0)
    add_no_service (settings, problems);
  else
    {
      if (token_given > 0)
        add_missing_of (settings, token_settings, problems);
      if (basic_given > 0)
        add_missing_of (settings, basic_settings, problems);
    }
}

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
    .idle_timeout = (guint) car_settings_get_integer (settings, "car-service-timeout"),
    .max_retries = (guint) car_settings_get_integer (settings, "car-service-retries"),
    .max_retry_delay = (guint) car_settings_get_integer (settings, "car-service-max-wait"),
    .max_outage = (guint) car_settings_get_integer (settings, "car-service-max-outage"),
    .max_closing = (guint) car_settings_get_integer (settings, "max-closing"),
    .max_left_out = (guint) car_settings_get_integer (settings, "max-left-out"),
    .strict = car_settings_is_on (settings, "strict"),
    .left_out_file = car_settings_get (settings, "left-out"),
    .ca = car_settings_get (settings, "car-service-ca"),
  };

  read_source (self, settings, problems);
  read_service (self, settings, problems);
  car_settings_check_required (settings, problems);

  return car_settings_set_error (problems, error);
}
