/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/log/car-redaction-private.h>
#include <libcar/settings/car-secrets-private.h>
#include <libcar/settings/car-settings-private.h>

#define MAX_PAGE_SIZE 100000
#define MAX_SECONDS (24 * 60 * 60)
#define DEFAULT_PAGE_SIZE 2000

/* A setting, and what each place says of it: NULL where it says nothing, "" where it says that it is not given. */
typedef struct
{
  CarSetting *setting;
  char *set;           /* the program */
  char *option;        /* the arguments */
  char *value;         /* NULL: not given */
  char *default_value; /* known only now; else it is the setting's */
  gboolean is_from_file;
} CarEntry;

struct _CarSettings
{
  GPtrArray *entries;
  GHashTable *by_name; /* name → CarEntry, borrowed */
  guint n_own;
};

/* Any may be secret, so all are overwritten. */
static void
replace (char **text, const char *by)
{
  char *before = g_steal_pointer (text);

  *text = g_strdup (by);
  car_secret_free (before);
}

static void
entry_free (gpointer data)
{
  CarEntry *self = data;

  replace (&self->set, NULL);
  replace (&self->option, NULL);
  replace (&self->value, NULL);
  g_free (self->default_value);
  car_setting_unref (self->setting);
  g_free (self);
}

static void
add_entry (CarSettings *self, CarSetting *setting)
{
  CarEntry *entry = g_new0 (CarEntry, 1);

  entry->setting = setting;
  g_ptr_array_add (self->entries, entry);
  g_hash_table_insert (self->by_name, setting->name, entry);
}

/* protocol.md, "Settings". That the source and one way to the service are required is not said here: a connection
 * test needs neither. */
static void
add_own (CarSettings *self)
{
  static const char *const formats[] = { "json", "text", "auto", NULL };
  const CarSettingFlags secret = CAR_SETTING_SECRET;
  CarSetting *own[] = {
    car_setting_new_text ("source", "CONNECTION_NAME", 0, N_ ("the name of the source that is replicated"),
                          "NAME", NULL),
    car_setting_new_text ("car-service-url", "CAR_SERVICE_URL", 0,
                          N_ ("the CAR service, with key and password"), "URL", NULL),
    car_setting_new_text ("car-service-key", "CAR_SERVICE_KEY", secret, N_ ("the key to the CAR service"),
                          "KEY", NULL),
    car_setting_new_text ("car-service-password", "CAR_SERVICE_PASSWORD", secret,
                          N_ ("the password to that key"), "PASSWORD", NULL),
    car_setting_new_text ("car-service-url-for-token", "CAR_SERVICE_URL_FOR_AUTHTOKEN", 0,
                          N_ ("the CAR service, with a token"), "URL", NULL),
    car_setting_new_text ("car-service-token", "CAR_SERVICE_AUTHTOKEN", secret,
                          N_ ("the token to the CAR service"), "TOKEN", NULL),
    car_setting_new_file (
        "car-service-ca", "CAR_SERVICE_CA", 0,
        N_ ("the certificates (PEM) that the CAR service's must come from; else the system's"), NULL),
    car_setting_new_text ("name", "CONNECTOR_NAME", 0, N_ ("the name of this connector"), "NAME", NULL),
    car_setting_new_text ("version", "CONNECTOR_VERSION", 0,
                          N_ ("the version of this connector; without a value: print it and exit"), "VERSION",
                          NULL),
    car_setting_new_boolean ("connection-test", "DATASOURCE_CONNECTION_TEST",
                             N_ ("only test the data source"), FALSE),
    car_setting_new_text ("export-data-dir", NULL, 0, N_ ("where data are staged before they are sent"),
                          "FOLDER", NULL),
    car_setting_new_boolean ("keep-export-data-dir", NULL, N_ ("keep what was staged"), FALSE),
    car_setting_new_integer ("export-data-page-size", NULL, 0, N_ ("objects in one request"), NULL, 1,
                             MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
    car_setting_new_integer ("car-service-timeout", "CAR_SERVICE_TIMEOUT", 0,
                             N_ ("how long a call to the CAR service may stand still, in seconds"), "SECONDS",
                             1, MAX_SECONDS, 120),
    car_setting_new_integer ("car-service-retries", "CAR_SERVICE_RETRIES", 0,
                             N_ ("how often a call is tried again"), NULL, 0, 1000, 6),
    car_setting_new_integer ("car-service-max-wait", "CAR_SERVICE_MAX_WAIT", 0,
                             N_ ("the longest wait before a call is tried again, in seconds"), "SECONDS", 0,
                             MAX_SECONDS, 60),
    car_setting_new_integer ("car-service-max-outage", "CAR_SERVICE_MAX_OUTAGE", 0,
                             N_ ("how long a run waits in all for a service that is away, in seconds"),
                             "SECONDS", 0, MAX_SECONDS, 15 * 60),
    car_setting_new_integer ("max-closing", "CAR_MAX_CLOSING", 0,
                             N_ ("how much of a collection a full import may close, in percent"), "PERCENT",
                             0, 100, 50),
    car_setting_new_integer ("max-left-out", "CAR_MAX_LEFT_OUT", 0,
                             N_ ("how much of what is read may be left out, in percent"), "PERCENT", 0, 100,
                             50),
    car_setting_new_boolean ("strict", "CAR_STRICT",
                             N_ ("leave out objects with members that the import schema does not have"),
                             FALSE),
    car_setting_new_text ("left-out", "CAR_LEFT_OUT", 0,
                          N_ ("where to write each object that is left out, with its reason, as JSON lines"),
                          "FILE", NULL),
    car_setting_new_text (
        "state-dir", "CAR_STATE_DIR", 0,
        N_ ("where runs leave what the next one needs, in a folder a source; else the user's own"), "FOLDER",
        NULL),
    car_setting_new_integer (
        "keep-staged", "CAR_KEEP_STAGED", 0,
        N_ ("for how long the next run sends what this one read and could not send, in hours"), "HOURS", 0,
        365 * 24, 24),
    car_setting_new_boolean ("no-resume", "CAR_NO_RESUME",
                             N_ ("read the data source again, whatever an earlier run left"), FALSE),
    car_setting_new_text ("summary", "CAR_SUMMARY", 0, N_ ("where to write what the run did, as JSON"),
                          "FILE", NULL),
    car_setting_new_choice ("log-format", "CAR_LOG_FORMAT", 0, N_ ("auto is text on a terminal, else json"),
                            formats, "auto"),
    car_setting_new_boolean ("debug", "DEBUG", N_ ("log in detail"), FALSE),
  };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    add_entry (self, own[i]);
  g_hash_table_insert (self->by_name, (char *) "d", g_hash_table_lookup (self->by_name, "debug"));
  self->n_own = self->entries->len;
}

CarSettings *
car_settings_new (void)
{
  CarSettings *self = g_new0 (CarSettings, 1);

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  add_own (self);

  return self;
}

void
car_settings_free (CarSettings *self)
{
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

static gboolean
is_own (const CarSettings *self, const CarEntry *entry)
{
  guint i = 0;

  return g_ptr_array_find (self->entries, entry, &i) && i < self->n_own;
}

/* Whether the name is free. "-h" and "-help" are not the connector's either. */
static gboolean
check_name (const CarSettings *self, const char *name, GError **error)
{
  const CarEntry *taken = g_hash_table_lookup (self->by_name, name);

  if (taken == NULL && !g_str_equal (name, "h") && !g_str_equal (name, "help"))
    return TRUE;

  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, "the setting -%s is %s: it needs another name",
               name,
               taken == NULL || is_own (self, taken) ? "one of libcar's own, which every connector has"
                                                     : "added twice");
  return FALSE;
}

gboolean
car_settings_add (CarSettings *self, CarSetting *setting, GError **error)
{
  g_autoptr (CarSetting) owned = setting;

  if (!car_setting_check (owned, error) || !check_name (self, owned->name, error))
    return FALSE;

  add_entry (self, g_steal_pointer (&owned));
  return TRUE;
}

GPtrArray *
car_settings_list (const CarSettings *self, guint *n_own)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < self->entries->len; i++)
    g_ptr_array_add (list, ((CarEntry *) self->entries->pdata[i])->setting);
  *n_own = self->n_own;

  return list;
}

const CarSetting *
car_settings_lookup (const CarSettings *self, const char *name, gssize length)
{
  g_autofree char *whole = length < 0 ? NULL : g_strndup (name, length);
  const CarEntry *entry = g_hash_table_lookup (self->by_name, whole != NULL ? whole : name);

  return entry == NULL ? NULL : entry->setting;
}

static const char *
get_value (const CarEntry *self)
{
  return self->value != NULL           ? self->value
         : self->default_value != NULL ? self->default_value
                                       : self->setting->default_value;
}

const char *
car_settings_get (const CarSettings *self, const char *name)
{
  const CarEntry *entry = g_hash_table_lookup (self->by_name, name);
  const char *value = entry == NULL ? NULL : get_value (entry);

  if (value != NULL && entry->setting->type == CAR_SETTING_BOOLEAN && g_str_equal (value, "false"))
    return NULL;

  return value;
}

gint64
car_settings_get_integer (const CarSettings *self, const char *name)
{
  const char *value = car_settings_get (self, name);

  return value == NULL ? 0 : g_ascii_strtoll (value, NULL, 10);
}

gboolean
car_settings_is_on (const CarSettings *self, const char *name)
{
  return car_settings_get (self, name) != NULL;
}

void
car_settings_update_checksum (const CarSettings *self, GChecksum *checksum)
{
  for (guint i = self->n_own; i < self->entries->len; i++)
    {
      const CarEntry *entry = self->entries->pdata[i];
      const gboolean is_secret = entry->is_from_file || (entry->setting->flags & CAR_SETTING_SECRET) != 0;
      const char *value = is_secret ? NULL : get_value (entry);
      g_autofree char *text = g_strdup_printf ("%s=%s", entry->setting->name, value != NULL ? value : "");

      /* With the NUL between two. */
      g_checksum_update (checksum, (const guchar *) text, (gssize) strlen (text) + 1);
    }
}

void
car_settings_clear_options (CarSettings *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    replace (&((CarEntry *) self->entries->pdata[i])->option, NULL);
}

void
car_settings_set_option (CarSettings *self, const CarSetting *setting, const char *value)
{
  CarEntry *entry = g_hash_table_lookup (self->by_name, setting->name);

  replace (&entry->option, value);
}

gboolean
car_settings_is_secret_in (const CarSettings *self, const char *text)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const CarEntry *entry = self->entries->pdata[i];

      if ((entry->setting->flags & CAR_SETTING_SECRET) && entry->option != NULL &&
          !car_redaction_is_too_short (entry->option) && strstr (text, entry->option) != NULL)
        return TRUE;
    }
  return FALSE;
}

/* What a text says for a setting; an empty one, that it is not given. */
static gboolean
take_text (CarEntry *self, const char *text, GError **error)
{
  char *value = NULL;

  replace (&self->value, NULL);
  if (text == NULL || *text == '\0')
    return TRUE;

  value = car_setting_read (self->setting, text, error);
  if (value != NULL && (self->setting->flags & CAR_SETTING_SECRET))
    car_log_add_secret (value);
  self->value = value;

  return value != NULL;
}

gboolean
car_settings_set (CarSettings *self, const char *name, const char *value, GError **error)
{
  CarEntry *entry = g_hash_table_lookup (self->by_name, name);

  if (entry == NULL)
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, _ ("there is no setting “%s”"),
                   name);
      return FALSE;
    }

  replace (&entry->set, NULL);
  if (!take_text (entry, value, error))
    return FALSE;

  replace (&entry->set, value);
  return TRUE;
}

void
car_settings_set_default (CarSettings *self, const char *name, const char *value)
{
  CarEntry *entry = g_hash_table_lookup (self->by_name, name);

  g_free (entry->default_value);
  entry->default_value = g_strdup (value);
}

/* The one place for what wins over what: the program over a file (a credential over an encrypted setting), that over the
 * option, and that over the variable. What is there wins also when it is empty. */
static gboolean
find_text (CarEntry *self, CarSecrets *secrets, char **text, GError **error)
{
  const CarSetting *setting = self->setting;

  *text = NULL;
  if (self->set == NULL && setting->variable != NULL &&
      !car_secrets_read (secrets, setting->variable, text, error))
    return FALSE;

  self->is_from_file = *text != NULL;
  if (*text != NULL && setting->type != CAR_SETTING_BOOLEAN)
    car_log_add_secret (*text);
  if (*text == NULL)
    *text = g_strdup (self->set != NULL           ? self->set
                      : self->option != NULL      ? self->option
                      : setting->variable != NULL ? g_getenv (setting->variable)
                                                  : NULL);

  return TRUE;
}

/* Tells what is most often wrong with a secret, in words that do not print it. */
static void
look_at_secret (const CarSetting *setting, const char *secret)
{
  g_autofree char *shown = car_setting_to_string (setting);

  if (g_ascii_isspace (secret[0]) || g_ascii_isspace (secret[strlen (secret) - 1]))
    g_warning (_ ("%s begins or ends with a space or an end of line, which are part of it: take them away "
                  "unless you "
                  "mean them"),
               shown);
  else if (car_redaction_is_too_short (secret))
    g_message (ngettext ("%s has fewer than %d character: the log cannot hide it",
                         "%s has fewer than %d characters: the log cannot hide it", CAR_REDACTION_MIN_LENGTH),
               shown, CAR_REDACTION_MIN_LENGTH);
}

gboolean
car_settings_load (CarSettings *self, GError **error)
{
  g_autoptr (CarSecrets) secrets = car_secrets_new ();
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();

  for (guint i = 0; i < self->entries->len; i++)
    {
      CarEntry *entry = self->entries->pdata[i];
      g_autoptr (GError) problem = NULL;
      char *text = NULL;

      replace (&entry->value, NULL);
      if (!find_text (entry, secrets, &text, &problem) || !take_text (entry, text, &problem))
        g_strv_builder_add (problems, problem->message);
      else if (entry->value != NULL && (entry->setting->flags & CAR_SETTING_SECRET))
        look_at_secret (entry->setting, entry->value);
      car_secret_free (text);
    }

  return car_settings_set_error (problems, error);
}

void
car_setting_add_missing (const CarSetting *self, GStrvBuilder *problems)
{
  g_autofree char *shown = car_setting_to_string (self);
  g_autofree char *problem = g_strdup_printf (_ ("%s is missing: %s"), shown, _ (self->description));

  g_strv_builder_add (problems, problem);
}

void
car_settings_check_required (const CarSettings *self, GStrvBuilder *problems)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const CarEntry *entry = self->entries->pdata[i];

      if ((entry->setting->flags & CAR_SETTING_REQUIRED) && entry->value == NULL)
        car_setting_add_missing (entry->setting, problems);
    }
}

gboolean
car_settings_set_error (GStrvBuilder *problems, GError **error)
{
  g_auto (GStrv) all = g_strv_builder_end (problems);
  g_autoptr (GPtrArray) once = g_ptr_array_new ();

  if (all[0] == NULL)
    return TRUE;

  for (guint i = 0; all[i] != NULL; i++)
    if (!g_ptr_array_find_with_equal_func (once, all[i], g_str_equal, NULL))
      g_ptr_array_add (once, all[i]);
  g_ptr_array_add (once, NULL);

  g_autofree char *message = g_strjoinv ("; ", (char **) once->pdata);
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, message);
  return FALSE;
}
