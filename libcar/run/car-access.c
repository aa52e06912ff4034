/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/run/car-access-private.h>

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
read_service (CarAccess *self, const CarSettings *settings, GStrvBuilder *problems)
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

void
car_access_init (CarAccess *self, const CarSettings *settings, GStrvBuilder *problems)
{
  *self = (CarAccess){
    .ca = car_settings_get (settings, "car-service-ca"),
    .idle_timeout = (guint) car_settings_get_integer (settings, "car-service-timeout"),
    .max_retries = (guint) car_settings_get_integer (settings, "car-service-retries"),
    .max_retry_delay = (guint) car_settings_get_integer (settings, "car-service-max-wait"),
    .max_outage = (guint) car_settings_get_integer (settings, "car-service-max-outage"),
  };
  read_service (self, settings, problems);
}

/* The certificates that the service's must come from; NULL and no error: the system's. */
static GTlsDatabase *
open_certificates (const char *ca, GError **error)
{
  if (ca == NULL)
    return NULL;

  g_autofree char *path = g_canonicalize_filename (ca, NULL);
  g_autoptr (GError) failure = NULL;
  GTlsDatabase *database = g_tls_file_database_new (path, &failure);

  if (database == NULL)
    g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                 _ ("-car-service-ca (CAR_SERVICE_CA) must be a file of certificates in PEM: %s: %s"), path,
                 failure->message);
  return database;
}

CarClient *
car_access_open (const CarAccess *self, const char *product, GError **error)
{
  g_autoptr (GTlsDatabase) certificates = open_certificates (self->ca, error);

  if (certificates == NULL && self->ca != NULL)
    return NULL;

  CarClient *client =
      g_initable_new (CAR_TYPE_CLIENT, NULL, error, "base-url", self->url, "token", self->token, "key",
                      self->key, "password", self->password, "user-agent", product, "tls-database",
                      certificates, "idle-timeout", self->idle_timeout, "max-retries", self->max_retries,
                      "max-retry-delay", self->max_retry_delay, "max-outage", self->max_outage, NULL);
  if (client == NULL)
    g_prefix_error_literal (
        error, self->token != NULL
                   ? _ ("-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) or -car-service-token "
                        "(CAR_SERVICE_AUTHTOKEN): ")
                   : _ ("-car-service-url (CAR_SERVICE_URL), -car-service-key (CAR_SERVICE_KEY) or "
                        "-car-service-password (CAR_SERVICE_PASSWORD): "));
  return client;
}
