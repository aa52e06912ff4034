/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/run/car-app.h>
#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* What a run (car-run.c) needs of its app. */

/* FALSE where a run goes on already. Between the two the app is prepared by the run alone. */
gboolean car_app_begin_run (CarApp *self);
void car_app_end_run (CarApp *self);

gboolean car_app_is_prepared (CarApp *self);
const CarSettings *car_app_get_settings (CarApp *self);

/* What every page will say of the source and of the report, to be checked before there is one. */
char *car_app_make_source (CarApp *self, const char *key);
char *car_app_make_report (CarApp *self);

/* Gives the data handler the app's head of source and report, which cannot change from then on. */
void car_app_give_head (CarApp *self, GObject *data_handler);

G_END_DECLS
