/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <glib-object.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

/**
 * CarSettingFlags:
 * @CAR_SETTING_NONE: it need not be given
 * @CAR_SETTING_REQUIRED: the connector does not run without it, and it has no default
 * @CAR_SETTING_SECRET: it is never shown, and wiped from the process list
 *
 * What a setting is like.
 */
typedef enum
{
  CAR_SETTING_NONE = 0,
  CAR_SETTING_REQUIRED = 1 << 0,
  CAR_SETTING_SECRET = 1 << 1,
} CarSettingFlags;

#define CAR_TYPE_SETTING (car_setting_get_type ())

typedef struct _CarSetting CarSetting;

CAR_AVAILABLE_IN_1_0
GType car_setting_get_type (void);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_new_text (const char *name,
                                  const char *variable,
                                  CarSettingFlags flags,
                                  const char *description,
                                  const char *arg_description,
                                  const char *default_value);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_new_integer (const char *name,
                                     const char *variable,
                                     CarSettingFlags flags,
                                     const char *description,
                                     const char *arg_description,
                                     gint64 minimum,
                                     gint64 maximum,
                                     gint64 default_value);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_new_boolean (const char *name,
                                     const char *variable,
                                     const char *description,
                                     gboolean default_value);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_new_choice (const char *name,
                                    const char *variable,
                                    CarSettingFlags flags,
                                    const char *description,
                                    const char *const *choices,
                                    const char *default_value);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_new_file (const char *name,
                                  const char *variable,
                                  CarSettingFlags flags,
                                  const char *description,
                                  const char *default_value);

CAR_AVAILABLE_IN_1_0
CarSetting *car_setting_ref (CarSetting *self);

CAR_AVAILABLE_IN_1_0
void car_setting_unref (CarSetting *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarSetting, car_setting_unref)

G_END_DECLS
