/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>

/* The names are turned into strings as they stand: clang-format would put spaces into them. */
/* clang-format off */
/**
 * car_app_error_quark:
 *
 * The quark of %CAR_APP_ERROR.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-app-error-quark, car_app_error)

/**
 * car_recoverable_failure_quark:
 *
 * The quark of %CAR_RECOVERABLE_FAILURE.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-recoverable-failure-quark, car_recoverable_failure)

/**
 * car_unrecoverable_failure_quark:
 *
 * The quark of %CAR_UNRECOVERABLE_FAILURE.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-unrecoverable-failure-quark, car_unrecoverable_failure)

/**
 * car_datasource_failure_quark:
 *
 * The quark of %CAR_DATASOURCE_FAILURE.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-datasource-failure-quark, car_datasource_failure)

/**
 * car_import_error_quark:
 *
 * The quark of %CAR_IMPORT_ERROR.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-import-error-quark, car_import_error)

/**
 * car_schema_error_quark:
 *
 * The quark of %CAR_SCHEMA_ERROR.
 *
 * Returns: a quark
 */
G_DEFINE_QUARK (car-schema-error-quark, car_schema_error)
/* clang-format on */
