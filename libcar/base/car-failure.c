/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>

/* `code` is the exit code where an error brings none that a process can return; `codes` are all of them, for people. */
static const struct
{
  const char *id;
  int code;
  const char *codes;
  const char *name;
  const char *outlook;
} kinds[] = {
  [CAR_FAILURE_GENERAL] = { "general", CAR_APP_ERROR_GENERAL, "1", N_ ("General failure"),
                            N_ ("the save point is unchanged") },
  [CAR_FAILURE_INVALID_PARAMETER] = { "invalid-parameter", CAR_APP_ERROR_INVALID_PARAMETER, "2",
                                      N_ ("Invalid settings"),
                                      N_ ("the save point is unchanged; --help lists all settings") },
  [CAR_FAILURE_RECOVERABLE] = { "recoverable", CAR_RECOVERABLE_FAILURE_DEFAULT, "10",
                                N_ ("Recoverable failure"),
                                N_ ("no data are lost, the next run goes on from the last save point") },
  [CAR_FAILURE_PARTIAL] = { "partial", CAR_APP_ERROR_PARTIAL, "11", N_ ("Partial import"),
                            N_ ("what was read is in the service, nothing is closed, and the save point is "
                                "unchanged") },
  [CAR_FAILURE_CLOSING_REFUSED] = { "closing-refused", CAR_APP_ERROR_CLOSING_REFUSED, "12",
                                    N_ ("Closing refused"),
                                    N_ ("nothing is closed, and the save point is unchanged") },
  [CAR_FAILURE_UNRECOVERABLE] = { "unrecoverable", CAR_UNRECOVERABLE_FAILURE_DEFAULT, "20",
                                  N_ ("Unrecoverable failure"),
                                  N_ ("data may be missing, so the next run makes a full import") },
  [CAR_FAILURE_DATASOURCE] = { "data-source", CAR_DATASOURCE_FAILURE_UNKNOWN, "50-55",
                               N_ ("Failure of the data source"), N_ ("the save point is unchanged") },
  [CAR_FAILURE_STOPPED] = { "stopped", CAR_RECOVERABLE_FAILURE_DEFAULT, "130, 143", N_ ("Stopped"),
                            N_ ("no data are lost, the next run goes on from the last save point") },
};

gboolean
car_failure_refuse (GError **error, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, message);
  return FALSE;
}

CarFailureKind
car_failure_get_kind (const GError *error)
{
  if (error->domain == CAR_RECOVERABLE_FAILURE)
    return CAR_FAILURE_RECOVERABLE;
  if (error->domain == CAR_UNRECOVERABLE_FAILURE)
    return CAR_FAILURE_UNRECOVERABLE;
  if (error->domain == CAR_DATASOURCE_FAILURE)
    return CAR_FAILURE_DATASOURCE;
  /* To run again is no help: somebody has to act, as with a setting that is wrong. */
  if (g_error_matches (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER) ||
      g_error_matches (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_NEWER_EXTENSION))
    return CAR_FAILURE_INVALID_PARAMETER;
  if (g_error_matches (error, CAR_APP_ERROR, CAR_APP_ERROR_PARTIAL))
    return CAR_FAILURE_PARTIAL;
  if (g_error_matches (error, CAR_APP_ERROR, CAR_APP_ERROR_CLOSING_REFUSED))
    return CAR_FAILURE_CLOSING_REFUSED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return CAR_FAILURE_STOPPED;
  return CAR_FAILURE_GENERAL;
}

int
car_failure_get_exit_code (const GError *error)
{
  gboolean is_ours = error->domain == CAR_APP_ERROR || error->domain == CAR_RECOVERABLE_FAILURE ||
                     error->domain == CAR_UNRECOVERABLE_FAILURE || error->domain == CAR_DATASOURCE_FAILURE;

  return is_ours && error->code >= 1 && error->code <= 255 ? error->code
                                                           : kinds[car_failure_get_kind (error)].code;
}

const char *
car_failure_kind_get_id (CarFailureKind kind)
{
  return kinds[kind].id;
}

const char *
car_failure_kind_get_codes (CarFailureKind kind)
{
  return kinds[kind].codes;
}

const char *
car_failure_kind_to_string (CarFailureKind kind)
{
  return _ (kinds[kind].name);
}

const char *
car_failure_kind_get_outlook (CarFailureKind kind)
{
  return _ (kinds[kind].outlook);
}
