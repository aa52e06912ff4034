/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/settings/car-setting-private.h>

#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-"

/**
 * CarSetting:
 *
 * A setting of a connector: an option, an environment variable and an encrypted file (protocol.md, "Settings").
 *
 * A setting has a type. libcar refuses a value of another type, with exit code 2 and a message that says what the setting
 * takes. `--help` tells its description, its variable, its range or its choices, and its default. A connector hands its
 * settings to [method@App.add_setting] when the app is made, and asks for their values with [method@App.get_setting],
 * [method@App.get_integer_setting] and [method@App.get_boolean_setting]. A setting cannot change once it is made.
 *
 * The name is the option without its dashes: a letter, and then letters, digits, `_` and `-`, such as `server`,
 * `client_id` or `subscriptionID`. The variable is also the name of the encrypted file.
 *
 * ```c
 * static void
 * add_settings (CarApp *app)
 * {
 *   static const char *const regions[] = { "eu", "us", NULL };
 *
 *   car_app_add_setting (app, car_setting_new_text ("password", "INVENTORY_PASSWORD", CAR_SETTING_REQUIRED | CAR_SETTING_SECRET,
 *                                                   "the user's password", "PASSWORD", NULL));
 *   car_app_add_setting (app, car_setting_new_choice ("region", "INVENTORY_REGION", CAR_SETTING_NONE,
 *                                                     "where the accounts are", regions, "eu"));
 * }
 * ```
 */
G_DEFINE_BOXED_TYPE (CarSetting, car_setting, car_setting_ref, car_setting_unref)

static CarSetting *
new_setting (CarSettingType type,
             const char *name,
             const char *variable,
             CarSettingFlags flags,
             const char *description,
             const char *arg_description,
             const char *default_value)
{
  CarSetting *self = g_new0 (CarSetting, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->type = type;
  self->name = g_strdup (name);
  self->variable = g_strdup (variable);
  self->flags = flags;
  self->description = g_strdup (description);
  self->arg_description = g_strdup (arg_description);
  self->default_value = g_strdup (default_value);

  return self;
}

/**
 * car_setting_new_text:
 * @name: the option without its dashes, such as `server`
 * @variable: (nullable): the environment variable, such as `CONFIGURATION_AUTH_URL`; %NULL: it has none
 * @flags: what the setting is like
 * @description: what it is, in a few words, for `--help` and for the message that it is missing
 * @arg_description: (nullable): what stands for its value in `--help`, such as `URL`; %NULL: `TEXT`
 * @default_value: (nullable): its value where it is not given; %NULL: it has none
 *
 * Makes a setting that takes any UTF-8 text.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_new_text (const char *name,
                      const char *variable,
                      CarSettingFlags flags,
                      const char *description,
                      const char *arg_description,
                      const char *default_value)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);

  return new_setting (CAR_SETTING_TEXT, name, variable, flags, description,
                      arg_description == NULL ? "TEXT" : arg_description, default_value);
}

/**
 * car_setting_new_integer:
 * @name: the option without its dashes, such as `timeout`
 * @variable: (nullable): the environment variable; %NULL: it has none
 * @flags: what the setting is like
 * @description: what it is, in a few words, with its unit
 * @arg_description: (nullable): what stands for its value in `--help`, such as `SECONDS`; %NULL: `NUMBER`
 * @minimum: the least value that it takes
 * @maximum: the greatest value that it takes
 * @default_value: its value where it is not given; a required setting has none, whatever this is
 *
 * Makes a setting that takes a whole decimal number.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_new_integer (const char *name,
                         const char *variable,
                         CarSettingFlags flags,
                         const char *description,
                         const char *arg_description,
                         gint64 minimum,
                         gint64 maximum,
                         gint64 default_value)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);

  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, default_value);
  CarSetting *self = new_setting (CAR_SETTING_INTEGER, name, variable, flags, description,
                                  arg_description == NULL ? "NUMBER" : arg_description,
                                  flags & CAR_SETTING_REQUIRED ? NULL : text);

  self->minimum = minimum;
  self->maximum = maximum;

  return self;
}

/**
 * car_setting_new_boolean:
 * @name: the option without its dashes, such as `quick`
 * @variable: (nullable): the environment variable; %NULL: it has none
 * @description: what it is, in a few words
 * @default_value: its value where it is not given
 *
 * Makes a setting that is on or off. Its option alone turns it on, `-quick`; `-quick=no` turns it off, and so do the words
 * `0`, `false` and `off`. Its variable or file turns it off with one of these words or with nothing, and on with anything
 * else.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_new_boolean (const char *name,
                         const char *variable,
                         const char *description,
                         gboolean default_value)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);

  return new_setting (CAR_SETTING_BOOLEAN, name, variable, CAR_SETTING_NONE, description, NULL,
                      default_value ? "true" : "false");
}

/**
 * car_setting_new_choice:
 * @name: the option without its dashes, such as `level`
 * @variable: (nullable): the environment variable; %NULL: it has none
 * @flags: what the setting is like
 * @description: what it is, in a few words
 * @choices: (array zero-terminated=1): the values that it takes, in capitals or not, two at least
 * @default_value: (nullable): its value where it is not given, one of @choices; %NULL: it has none
 *
 * Makes a setting that takes one of some words.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_new_choice (const char *name,
                        const char *variable,
                        CarSettingFlags flags,
                        const char *description,
                        const char *const *choices,
                        const char *default_value)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);
  g_return_val_if_fail (choices != NULL, NULL);

  CarSetting *self =
      new_setting (CAR_SETTING_CHOICE, name, variable, flags, description, NULL, default_value);

  self->choices = g_strdupv ((GStrv) choices);
  self->arg_description = g_strjoinv ("|", self->choices);

  return self;
}

/**
 * car_setting_new_file:
 * @name: the option without its dashes, such as `inventory`
 * @variable: (nullable): the environment variable; %NULL: it has none
 * @flags: what the setting is like
 * @description: what it is, in a few words
 * @default_value: (nullable): its value where it is not given; %NULL: it has none
 *
 * Makes a setting that takes the path of a file to be read. A path that is given must lead to a file that this user can
 * read.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_new_file (const char *name,
                      const char *variable,
                      CarSettingFlags flags,
                      const char *description,
                      const char *default_value)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (description != NULL, NULL);

  return new_setting (CAR_SETTING_FILE, name, variable, flags, description, "FILE", default_value);
}

/**
 * car_setting_ref: (skip)
 * @self: a setting
 *
 * Takes a reference; any thread may.
 *
 * Returns: (transfer full): the setting
 */
CarSetting *
car_setting_ref (CarSetting *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * car_setting_unref: (skip)
 * @self: (transfer full): a setting
 *
 * Gives a reference back, the last one together with the setting.
 */
void
car_setting_unref (CarSetting *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->name);
  g_free (self->variable);
  g_free (self->description);
  g_free (self->arg_description);
  g_free (self->default_value);
  g_strfreev (self->choices);
  g_free (self);
}

static gboolean G_GNUC_PRINTF (4, 5)
    refuse (const CarSetting *self, int code, GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);

  g_autofree char *shown = car_setting_to_string (self);
  g_set_error (error, CAR_APP_ERROR, code, "%s %s", shown, what);
  return FALSE;
}

gboolean
car_setting_check (const CarSetting *self, GError **error)
{
  const int code = CAR_APP_ERROR_GENERAL;

  if (!g_ascii_isalpha (self->name[0]) || self->name[strspn (self->name, NAME_CHARACTERS)] != '\0')
    return refuse (self, code, error,
                   "has a name that cannot be an option: it must be a letter, and then letters, digits, “_” "
                   "and “-”");
  if (self->variable != NULL && (*self->variable == '\0' || strpbrk (self->variable, "=/") != NULL))
    return refuse (self, code, error, "has a variable that is empty, or has “=” or “/” in its name");
  if (self->choices != NULL && g_strv_length (self->choices) < 2)
    return refuse (self, code, error, "must have two choices or more");
  if ((self->flags & CAR_SETTING_REQUIRED) && self->default_value != NULL)
    return refuse (self, code, error, "is required, so it cannot have a default");

  /* Whether a file is there is a question of the run's machine. */
  if (self->default_value == NULL || self->type == CAR_SETTING_FILE)
    return TRUE;

  g_autoptr (GError) problem = NULL;
  g_autofree char *value = car_setting_read (self, self->default_value, &problem);
  return value != NULL || refuse (self, code, error, "has a default that it would not take");
}

/* Refuses a value, always NULL. What stands in `message` is for people; no secret does. */
static char *
refuse_value (char *message, GError **error)
{
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, message);
  g_free (message);
  return NULL;
}

static char *
read_integer (const CarSetting *self, const char *text, GError **error)
{
  gint64 number;

  if (g_ascii_string_to_signed (text, 10, self->minimum, self->maximum, &number, NULL))
    return g_strdup_printf ("%" G_GINT64_FORMAT, number);

  g_autofree char *shown = car_setting_to_string (self);
  if (self->flags & CAR_SETTING_SECRET)
    return refuse_value (g_strdup_printf (_ ("%s must be a whole number from %" PRId64 " to %" PRId64), shown,
                                          self->minimum, self->maximum),
                         error);
  return refuse_value (
      g_strdup_printf (_ ("%s must be a whole number from %" PRId64 " to %" PRId64 ", not “%s”"), shown,
                       self->minimum, self->maximum, text),
      error);
}

static char *
read_choice (const CarSetting *self, const char *text, GError **error)
{
  for (guint i = 0; self->choices[i] != NULL; i++)
    if (g_ascii_strcasecmp (text, self->choices[i]) == 0)
      return g_strdup (self->choices[i]);

  g_autofree char *shown = car_setting_to_string (self);
  g_autofree char *choices = g_strjoinv (", ", self->choices);
  if (self->flags & CAR_SETTING_SECRET)
    return refuse_value (g_strdup_printf (_ ("%s must be one of %s"), shown, choices), error);
  return refuse_value (g_strdup_printf (_ ("%s must be one of %s, not “%s”"), shown, choices, text), error);
}

static char *
read_file (const CarSetting *self, const char *text, GError **error)
{
  if (g_file_test (text, G_FILE_TEST_IS_DIR))
    errno = EISDIR;
  else if (g_access (text, R_OK) == 0)
    return g_strdup (text);

  int code = errno;
  g_autofree char *shown = car_setting_to_string (self);
  return refuse_value (
      g_strdup_printf (_ ("%s must be a file that can be read: %s: %s"), shown, text, g_strerror (code)),
      error);
}

/* Deployments have turned switches on by any word for long, such as DEBUG=1 or DEBUG=verbose. */
static char *
read_boolean (const char *text)
{
  gboolean on = TRUE;

  return g_strdup (*text != '\0' && (!car_setting_parse_boolean (text, &on) || on) ? "true" : "false");
}

char *
car_setting_read (const CarSetting *self, const char *text, GError **error)
{
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_autofree char *shown = car_setting_to_string (self);

      return refuse_value (g_strdup_printf (_ ("%s is not UTF-8 text"), shown), error);
    }

  switch (self->type)
    {
    case CAR_SETTING_INTEGER:
      return read_integer (self, text, error);
    case CAR_SETTING_BOOLEAN:
      return read_boolean (text);
    case CAR_SETTING_CHOICE:
      return read_choice (self, text, error);
    case CAR_SETTING_FILE:
      return read_file (self, text, error);
    case CAR_SETTING_TEXT:
    default:
      return g_strdup (text);
    }
}

gboolean
car_setting_parse_boolean (const char *text, gboolean *value)
{
  static const char *const words[][4] = { { "0", "false", "no", "off" }, { "1", "true", "yes", "on" } };

  for (guint on = 0; on < G_N_ELEMENTS (words); on++)
    for (guint i = 0; i < G_N_ELEMENTS (words[on]); i++)
      if (g_ascii_strcasecmp (text, words[on][i]) == 0)
        {
          *value = on == 1;
          return TRUE;
        }

  return FALSE;
}

char *
car_setting_to_string (const CarSetting *self)
{
  return self->variable == NULL ? g_strdup_printf ("-%s", self->name)
                                : g_strdup_printf ("-%s (%s)", self->name, self->variable);
}

static char *
describe_range (const CarSetting *self)
{
  const gint64 from = self->minimum, to = self->maximum;

  if (self->flags & CAR_SETTING_REQUIRED)
    return g_strdup_printf (_ ("%" PRId64 " to %" PRId64 ", required"), from, to);
  if (self->default_value == NULL || (self->flags & CAR_SETTING_SECRET))
    return g_strdup_printf (_ ("%" PRId64 " to %" PRId64), from, to);
  return g_strdup_printf (_ ("%" PRId64 " to %" PRId64 ", default %s"), from, to, self->default_value);
}

char *
car_setting_describe_values (const CarSetting *self)
{
  if (self->type == CAR_SETTING_INTEGER)
    return describe_range (self);
  if (self->flags & CAR_SETTING_REQUIRED)
    return g_strdup (_ ("required"));
  if (self->default_value == NULL || (self->flags & CAR_SETTING_SECRET))
    return NULL;
  if (self->type != CAR_SETTING_BOOLEAN)
    return g_strdup_printf (_ ("default %s"), self->default_value);

  return g_str_equal (self->default_value, "true")
             ? g_strdup_printf (_ ("default on, -%s=no turns it off"), self->name)
             : NULL;
}
