/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <libcar/base/car-error.h>

G_BEGIN_DECLS

/* The kinds of failure, what a run exits with after each, and what the next run does (protocol.md, "Failures"). */

typedef enum
{
  CAR_FAILURE_GENERAL,
  CAR_FAILURE_INVALID_PARAMETER,
  CAR_FAILURE_RECOVERABLE,
  CAR_FAILURE_PARTIAL,
  CAR_FAILURE_CLOSING_REFUSED,
  CAR_FAILURE_UNRECOVERABLE,
  CAR_FAILURE_DATASOURCE,
  CAR_FAILURE_STOPPED,
  CAR_FAILURE_N_KINDS,
} CarFailureKind;

CarFailureKind car_failure_get_kind (const GError *error);

/* The error's own code where a process can exit with it, or else its kind's. */
int car_failure_get_exit_code (const GError *error);

/* Sets CAR_APP_ERROR_INVALID_PARAMETER: a setting, an option or a file that somebody named is wrong. FALSE, for the caller to
 * return. */
gboolean car_failure_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* For programs: "recoverable". */
const char *car_failure_kind_get_id (CarFailureKind kind);

/* "50 to 55": what a run exits with, where a connector has no code of its own. */
const char *car_failure_kind_get_codes (CarFailureKind kind);

/* "Recoverable failure", and what follows from it for the next run. */
const char *car_failure_kind_to_string (CarFailureKind kind);
const char *car_failure_kind_get_outlook (CarFailureKind kind);

G_END_DECLS
