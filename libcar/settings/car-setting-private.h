/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-setting.h>

G_BEGIN_DECLS

typedef enum
{
  CAR_SETTING_TEXT,
  CAR_SETTING_INTEGER,
  CAR_SETTING_BOOLEAN,
  CAR_SETTING_CHOICE,
  CAR_SETTING_FILE,
} CarSettingType;

/* What a setting is; its value in a run is CarSettings'. */
struct _CarSetting
{
  gatomicrefcount ref_count;
  CarSettingType type;
  char *name;     /* the option, without its dashes */
  char *variable; /* NULL: it has none */
  CarSettingFlags flags;
  char *description;
  char *arg_description; /* NULL: its option takes no value */
  char *default_value;   /* NULL: it has none */
  gint64 minimum;
  gint64 maximum;
  GStrv choices; /* NULL: it is no choice */
};

/* CAR_APP_ERROR_GENERAL: no setting can be like this; the connector's author reads the message. */
gboolean car_setting_check (const CarSetting *self, GError **error);

/* The value as the run knows it: a choice as the connector spells it, of a boolean "true" or "false". NULL with
 * CAR_APP_ERROR_INVALID_PARAMETER: the text is not one of this setting's values. */
char *car_setting_read (const CarSetting *self, const char *text, GError **error);

/* TRUE or FALSE in one of the words for it; how a boolean's option, which needs no value, may have one. */
gboolean car_setting_parse_boolean (const char *text, gboolean *value);

/* How a person finds it: "-source (CONNECTION_NAME)". */
char *car_setting_to_string (const CarSetting *self);

/* What of it `--help` tells behind its description: "1 to 100000, default 2000", or NULL. */
char *car_setting_describe_values (const CarSetting *self);

G_END_DECLS
