/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <glib.h>

G_BEGIN_DECLS

/**
 * CarSettingFlags:
 * @CAR_SETTING_NONE: a plain text that need not be given
 * @CAR_SETTING_REQUIRED: without it the connector does not run
 * @CAR_SETTING_SECRET: never shown, and wiped from the process list
 * @CAR_SETTING_SWITCH: the option takes no value; its variable is on unless empty, `0`, `false` or `no`
 *
 * What a setting is like.
 */
typedef enum
{
  CAR_SETTING_NONE = 0,
  CAR_SETTING_REQUIRED = 1 << 0,
  CAR_SETTING_SECRET = 1 << 1,
  CAR_SETTING_SWITCH = 1 << 2,
} CarSettingFlags;

G_END_DECLS
