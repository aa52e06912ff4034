/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-setting-private.h>

G_BEGIN_DECLS

/* The settings of a run, libcar's own and the connector's, and their values (protocol.md, "Settings"). */
typedef struct _CarSettings CarSettings;

/* With libcar's own. */
CarSettings *car_settings_new (void);
void car_settings_free (CarSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarSettings, car_settings_free)

/* Takes a setting of the connector. CAR_APP_ERROR_GENERAL: it cannot be a setting, or its name is taken. */
gboolean car_settings_add (CarSettings *self, CarSetting *setting, GError **error);

/* In the order in which they were added, the first n_own of them libcar's: (element-type CarSetting). */
GPtrArray *car_settings_list (const CarSettings *self, guint *n_own);

/* `name` may go on behind `length`; -1: it ends with its NUL. "d" is "debug" too. NULL: there is none. */
const CarSetting *car_settings_lookup (const CarSettings *self, const char *name, gssize length);

/* The value; the default where it is not given, NULL where it has none. Of a boolean "true", or NULL where it is off. */
const char *car_settings_get (const CarSettings *self, const char *name);
gint64 car_settings_get_integer (const CarSettings *self, const char *name);
gboolean car_settings_is_on (const CarSettings *self, const char *name);

/* Adds what the connector's own settings say, but nothing of what is secret: the digest of a weak password tells it. */
void car_settings_update_checksum (const CarSettings *self, GChecksum *checksum);

/* What the arguments of this run say. */
void car_settings_clear_options (CarSettings *self);
void car_settings_set_option (CarSettings *self, const CarSetting *setting, const char *value);

/* Whether a text holds what they say for a secret. */
gboolean car_settings_is_secret_in (const CarSettings *self, const char *text);

/* What the program says: it wins over all else, now and in all runs to come, until it is NULL.
 * CAR_APP_ERROR_INVALID_PARAMETER: there is no such setting, or it does not take this value. */
gboolean car_settings_set (CarSettings *self, const char *name, const char *value, GError **error);

/* The default that is only known now. */
void car_settings_set_default (CarSettings *self, const char *name, const char *value);

/* Finds all values anew: what the program says, the credentials, the encrypted files, the options, the environment.
 * CAR_APP_ERROR_INVALID_PARAMETER, with all that is wrong at once. */
gboolean car_settings_load (CarSettings *self, GError **error);

/* Appends "-source (CONNECTION_NAME) is missing: DESCRIPTION" to problems, texts that car_settings_set_error() makes
 * one error of. */
void car_setting_add_missing (const CarSetting *self, GStrvBuilder *problems);

/* Every setting with CAR_SETTING_REQUIRED is given, or a problem says which is not. */
void car_settings_check_required (const CarSettings *self, GStrvBuilder *problems);

/* TRUE, or CAR_APP_ERROR_INVALID_PARAMETER where there are problems. */
gboolean car_settings_set_error (GStrvBuilder *problems, GError **error);

G_END_DECLS
