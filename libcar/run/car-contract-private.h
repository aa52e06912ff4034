/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a connector's method owes its caller: success and no error, or failure and an error. An exception in Python
 * or JavaScript that is no GError leaves neither, so the wrapper of every vfunc asks here and each breach becomes
 * a CAR_APP_ERROR_GENERAL that names class and method. `failure` is taken over. */
gboolean car_contract_check (gpointer instance,
                             const char *method,
                             gboolean succeeded,
                             GError *failure,
                             GError **error);

/* The same for a method that makes an object: it must be one of `type`. `object` is taken over, and freed where NULL
 * is returned. */
gpointer car_contract_check_object (gpointer instance,
                                    const char *method,
                                    gpointer object,
                                    GType type,
                                    GError *failure,
                                    GError **error);

/* The same for a method that may make one, and hands it out by *out: NULL there where it made none, or failed. */
gboolean car_contract_check_optional (gpointer instance,
                                      const char *method,
                                      gboolean succeeded,
                                      gpointer object,
                                      GType type,
                                      gpointer *out,
                                      GError *failure,
                                      GError **error);

/* The class does not implement what it must. */
void car_contract_set_missing (gpointer instance, const char *method, GError **error);

G_END_DECLS
