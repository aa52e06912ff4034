/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-setting.h>

G_BEGIN_DECLS

/* The settings of a run: each is an option, an environment variable and an encrypted file (protocol.md, "Settings"). */

typedef struct
{
  char *name;     /* the option, without its dashes */
  char letter;    /* its short option, or NUL */
  char *variable; /* NULL: it has none */
  CarSettingFlags flags;
  char *description;
  char *arg_description;
  char *value; /* NULL: not given, or given empty */
} CarSetting;

typedef struct _CarSettings CarSettings;

/* With those that every connector has. */
CarSettings *car_settings_new (void);
void car_settings_free (CarSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarSettings, car_settings_free)

/* The name must be new. */
CarSetting *car_settings_add (CarSettings *self,
                              const char *name,
                              const char *variable,
                              CarSettingFlags flags,
                              const char *description,
                              const char *arg_description);

/* In the order in which they were added: (element-type CarSetting). */
const GPtrArray *car_settings_get_all (const CarSettings *self);

/* `name` may go on behind `length`; -1: it ends with its NUL. */
const CarSetting *car_settings_lookup (const CarSettings *self, const char *name, gssize length);

/* NULL where it is not given. A switch that is on is "true". */
const char *car_settings_get (const CarSettings *self, const char *name);
gboolean car_settings_is_on (const CarSettings *self, const char *name);

/* For what is found elsewhere, when it is not given. */
void car_settings_set (CarSettings *self, const char *name, const char *value);

/* Takes the values from the encrypted files, the parsed options and the environment. CAR_APP_ERROR_INVALID_PARAMETER:
 * one is not UTF-8, or a file cannot be used. */
gboolean car_settings_load (CarSettings *self, GVariantDict *options, GError **error);

/* How a person finds it: "-source (CONNECTION_NAME)". */
char *car_setting_to_string (const CarSetting *self);

/* Appends "-source (CONNECTION_NAME) is missing: DESCRIPTION" to problems, texts that car_settings_set_error() makes
 * one error of. */
void car_setting_add_missing (const CarSetting *self, GStrvBuilder *problems);

/* Every setting with CAR_SETTING_REQUIRED is given, or a problem says which is not. */
void car_settings_check_required (const CarSettings *self, GStrvBuilder *problems);

/* TRUE, or CAR_APP_ERROR_INVALID_PARAMETER where there are problems. */
gboolean car_settings_set_error (GStrvBuilder *problems, GError **error);

G_END_DECLS
