/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/log/car-log-private.h>
#include <libcar/settings/car-secrets-private.h>
#include <libcar/settings/car-settings-private.h>

struct _CarSettings
{
  GPtrArray *all;
  GHashTable *by_name; /* name → CarSetting, borrowed */
};

/* Any may have been secret, so all are overwritten. */
static void
take_value (CarSetting *self, char *value)
{
  car_secret_free (self->value);
  self->value = value == NULL || *value == '\0' ? NULL : value;
  if (self->value == NULL)
    g_free (value);
}

static void
car_setting_free (gpointer data)
{
  CarSetting *self = data;

  g_free (self->name);
  g_free (self->variable);
  g_free (self->description);
  g_free (self->arg_description);
  take_value (self, NULL);
  g_free (self);
}

/* protocol.md, "Settings". That the source and one way to the service are required is not said here: a connection
 * test needs neither. */
static const struct
{
  const char *name;
  char letter;
  const char *variable;
  CarSettingFlags flags;
  const char *description;
  const char *arg_description;
} common_settings[] = {
  { "source", 0, "CONNECTION_NAME", 0, "the name of the source that is replicated", "NAME" },
  { "car-service-url", 0, "CAR_SERVICE_URL", 0, "the CAR service, with key and password", "URL" },
  { "car-service-key", 0, "CAR_SERVICE_KEY", CAR_SETTING_SECRET, "the key to the CAR service", "KEY" },
  { "car-service-password", 0, "CAR_SERVICE_PASSWORD", CAR_SETTING_SECRET, "the password to that key",
    "PASSWORD" },
  { "car-service-url-for-token", 0, "CAR_SERVICE_URL_FOR_AUTHTOKEN", 0, "the CAR service, with a token",
    "URL" },
  { "car-service-token", 0, "CAR_SERVICE_AUTHTOKEN", CAR_SETTING_SECRET, "the token to the CAR service",
    "TOKEN" },
  { "name", 0, "CONNECTOR_NAME", 0, "the name of this connector", "NAME" },
  { "version", 0, "CONNECTOR_VERSION", 0, "the version of this connector", "VERSION" },
  { "connection-test", 0, "DATASOURCE_CONNECTION_TEST", CAR_SETTING_SWITCH, "only test the data source",
    NULL },
  { "export-data-dir", 0, NULL, 0, "where data are staged before they are sent", "FOLDER" },
  { "keep-export-data-dir", 0, NULL, CAR_SETTING_SWITCH, "keep what was staged", NULL },
  { "export-data-page-size", 0, NULL, 0, "objects in one request, 1 to 100000 (2000)", "NUMBER" },
  { "summary", 0, "CAR_SUMMARY", 0, "where to write what the run did, as JSON", "FILE" },
  { "log-format", 0, "CAR_LOG_FORMAT", 0, "json, text, or auto: text on a terminal, else json", "FORMAT" },
  { "debug", 'd', "DEBUG", CAR_SETTING_SWITCH, "log in detail", NULL },
};

CarSettings *
car_settings_new (void)
{
  CarSettings *self = g_new0 (CarSettings, 1);

  self->all = g_ptr_array_new_with_free_func (car_setting_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < G_N_ELEMENTS (common_settings); i++)
    {
      CarSetting *setting = car_settings_add (self, common_settings[i].name, common_settings[i].variable,
                                              common_settings[i].flags, common_settings[i].description,
                                              common_settings[i].arg_description);
      setting->letter = common_settings[i].letter;
    }

  return self;
}

void
car_settings_free (CarSettings *self)
{
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->all);
  g_free (self);
}

CarSetting *
car_settings_add (CarSettings *self,
                  const char *name,
                  const char *variable,
                  CarSettingFlags flags,
                  const char *description,
                  const char *arg_description)
{
  CarSetting *setting = g_new0 (CarSetting, 1);

  setting->name = g_strdup (name);
  setting->variable = g_strdup (variable);
  setting->flags = flags;
  setting->description = g_strdup (description);
  setting->arg_description = g_strdup (arg_description);

  g_ptr_array_add (self->all, setting);
  g_hash_table_insert (self->by_name, setting->name, setting);

  return setting;
}

const GPtrArray *
car_settings_get_all (const CarSettings *self)
{
  return self->all;
}

const CarSetting *
car_settings_lookup (const CarSettings *self, const char *name, gssize length)
{
  g_autofree char *whole = length < 0 ? NULL : g_strndup (name, length);

  return g_hash_table_lookup (self->by_name, whole != NULL ? whole : name);
}

const char *
car_settings_get (const CarSettings *self, const char *name)
{
  const CarSetting *setting = car_settings_lookup (self, name, -1);

  return setting == NULL ? NULL : setting->value;
}

gboolean
car_settings_is_on (const CarSettings *self, const char *name)
{
  return car_settings_get (self, name) != NULL;
}

void
car_settings_set (CarSettings *self, const char *name, const char *value)
{
  take_value (g_hash_table_lookup (self->by_name, name), g_strdup (value));
}

static char *
option_value (const CarSetting *setting, GVariantDict *options)
{
  g_autofree char *value = NULL;
  gboolean on = FALSE;

  if (setting->flags & CAR_SETTING_SWITCH)
    return g_variant_dict_lookup (options, setting->name, "b", &on) && on ? g_strdup ("true") : NULL;

  /* As bytes: a source is called what it is called, whatever the locale's charset. */
  return g_variant_dict_lookup (options, setting->name, "^ay", &value) ? g_steal_pointer (&value) : NULL;
}

/* What a text of a variable or a file says for a setting; it is taken. */
static char *
read_text (const CarSetting *setting, char *text)
{
  static const char *const off[] = { "", "0", "false", "no" };
  gboolean on = text != NULL;

  if (text == NULL || !(setting->flags & CAR_SETTING_SWITCH))
    return text;

  for (guint i = 0; i < G_N_ELEMENTS (off); i++)
    on = on && g_ascii_strcasecmp (text, off[i]) != 0;

  car_secret_free (text);
  return on ? g_strdup ("true") : NULL;
}

/* The one place for what wins over what: an encrypted file over the option, and that over the variable; what is there
 * wins also when it is empty. */
static gboolean
find_value (const CarSetting *setting,
            CarSecrets *secrets,
            GVariantDict *options,
            char **value,
            GError **error)
{
  char *encrypted = NULL;

  if (setting->variable != NULL && !car_secrets_read (secrets, setting->variable, &encrypted, error))
    return FALSE;

  if (encrypted != NULL)
    {
      if (!(setting->flags & CAR_SETTING_SWITCH))
        car_log_add_secret (encrypted);
      *value = read_text (setting, encrypted);
      return TRUE;
    }

  *value = option_value (setting, options);
  if (*value == NULL && setting->variable != NULL)
    *value = read_text (setting, g_strdup (g_getenv (setting->variable)));

  return TRUE;
}

static gboolean
load_setting (CarSetting *setting, CarSecrets *secrets, GVariantDict *options, GError **error)
{
  char *value = NULL;

  if (!find_value (setting, secrets, options, &value, error))
    return FALSE;

  take_value (setting, value);

  if (setting->value != NULL && (setting->flags & CAR_SETTING_SECRET))
    car_log_add_secret (setting->value);

  if (setting->value == NULL || g_utf8_validate (setting->value, -1, NULL))
    return TRUE;

  g_autofree char *shown = car_setting_to_string (setting);
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, "%s is not UTF-8 text", shown);
  take_value (setting, NULL);
  return FALSE;
}

gboolean
car_settings_load (CarSettings *self, GVariantDict *options, GError **error)
{
  g_autoptr (CarSecrets) secrets = car_secrets_new ();
  gboolean loaded = TRUE;

  /* The others too where one fails: among them is how the failure is to be logged. */
  for (guint i = 0; i < self->all->len; i++)
    if (!load_setting (g_ptr_array_index (self->all, i), secrets, options, loaded ? error : NULL))
      loaded = FALSE;

  return loaded;
}

char *
car_setting_to_string (const CarSetting *self)
{
  g_autofree char *option =
      self->letter != 0 ? g_strdup_printf ("-%c", self->letter) : g_strdup_printf ("-%s", self->name);

  return self->variable == NULL ? g_steal_pointer (&option)
                                : g_strdup_printf ("%s (%s)", option, self->variable);
}

void
car_setting_add_missing (const CarSetting *self, GStrvBuilder *problems)
{
  g_autofree char *shown = car_setting_to_string (self);
  g_autofree char *problem = g_strdup_printf ("%s is missing: %s", shown, self->description);

  g_strv_builder_add (problems, problem);
}

void
car_settings_check_required (const CarSettings *self, GStrvBuilder *problems)
{
  for (guint i = 0; i < self->all->len; i++)
    {
      const CarSetting *setting = g_ptr_array_index (self->all, i);

      if ((setting->flags & CAR_SETTING_REQUIRED) && setting->value == NULL)
        car_setting_add_missing (setting, problems);
    }
}

gboolean
car_settings_set_error (GStrvBuilder *problems, GError **error)
{
  g_auto (GStrv) all = g_strv_builder_end (problems);

  if (all[0] == NULL)
    return TRUE;

  g_autofree char *message = g_strjoinv ("; ", all);
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, message);
  return FALSE;
}
