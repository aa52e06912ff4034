/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <libcar/base/car-version.h>

G_BEGIN_DECLS

/**
 * CAR_APP_ERROR:
 *
 * Error domain of a run: a code is the exit code of the connector (protocol.md, "Failures").
 */
#define CAR_APP_ERROR (car_app_error_quark ())

/**
 * CarAppError:
 * @CAR_APP_ERROR_GENERAL: anything unforeseen
 * @CAR_APP_ERROR_INVALID_PARAMETER: missing or contradictory settings, or a schema extension that the service refuses
 * @CAR_APP_ERROR_PARTIAL: the connector said that it could not read all of a collection
 * @CAR_APP_ERROR_CLOSING_REFUSED: a full import would close more than it may, or left out more than it may
 *
 * Codes of %CAR_APP_ERROR. The next run is as it would have been.
 */
typedef enum
{
  CAR_APP_ERROR_GENERAL = 1,
  CAR_APP_ERROR_INVALID_PARAMETER = 2,
  CAR_APP_ERROR_PARTIAL = 11,
  CAR_APP_ERROR_CLOSING_REFUSED = 12,
} CarAppError;

/**
 * CAR_RECOVERABLE_FAILURE:
 *
 * Error domain of failures after which no gap in the data is possible: the next run goes on incrementally. A
 * code is the exit code; a connector may use codes of its own.
 */
#define CAR_RECOVERABLE_FAILURE (car_recoverable_failure_quark ())

/**
 * CarRecoverableFailure:
 * @CAR_RECOVERABLE_FAILURE_DEFAULT: the code where a connector has none of its own
 *
 * Codes of %CAR_RECOVERABLE_FAILURE.
 */
typedef enum
{
  CAR_RECOVERABLE_FAILURE_DEFAULT = 10,
} CarRecoverableFailure;

/**
 * CAR_UNRECOVERABLE_FAILURE:
 *
 * Error domain of failures that may leave a gap in the data: the save point is forgotten, and the next run is a
 * full import. A code is the exit code; a connector may use codes of its own.
 */
#define CAR_UNRECOVERABLE_FAILURE (car_unrecoverable_failure_quark ())

/**
 * CarUnrecoverableFailure:
 * @CAR_UNRECOVERABLE_FAILURE_DEFAULT: the code where a connector has none of its own
 *
 * Codes of %CAR_UNRECOVERABLE_FAILURE.
 */
typedef enum
{
  CAR_UNRECOVERABLE_FAILURE_DEFAULT = 20,
} CarUnrecoverableFailure;

/**
 * CAR_DATASOURCE_FAILURE:
 *
 * Error domain of failures of the data source's API. The next run is as it would have been. A code is the exit
 * code; a connector may use codes of its own.
 */
#define CAR_DATASOURCE_FAILURE (car_datasource_failure_quark ())

/**
 * CarDatasourceFailure:
 * @CAR_DATASOURCE_FAILURE_UNKNOWN: it failed, and it is not known how
 * @CAR_DATASOURCE_FAILURE_CONNECT: it could not be reached
 * @CAR_DATASOURCE_FAILURE_AUTH: it did not take the credentials
 * @CAR_DATASOURCE_FAILURE_FORBIDDEN: the credentials do not allow what was asked
 * @CAR_DATASOURCE_FAILURE_INVALID_PARAMETER: it did not take a parameter
 * @CAR_DATASOURCE_FAILURE_DATA_PROCESSING: what it answered could not be understood
 *
 * Codes of %CAR_DATASOURCE_FAILURE.
 */
typedef enum
{
  CAR_DATASOURCE_FAILURE_UNKNOWN = 50,
  CAR_DATASOURCE_FAILURE_CONNECT = 51,
  CAR_DATASOURCE_FAILURE_AUTH = 52,
  CAR_DATASOURCE_FAILURE_FORBIDDEN = 53,
  CAR_DATASOURCE_FAILURE_INVALID_PARAMETER = 54,
  CAR_DATASOURCE_FAILURE_DATA_PROCESSING = 55,
} CarDatasourceFailure;

/**
 * CAR_IMPORT_ERROR:
 *
 * Error domain of what an importer says to the engine.
 */
#define CAR_IMPORT_ERROR (car_import_error_quark ())

/**
 * CarImportError:
 * @CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE: the data source has no delta from the last save point; a full
 *   import is made instead
 *
 * Codes of %CAR_IMPORT_ERROR.
 */
typedef enum /*< prefix=CAR_IMPORT_ERROR >*/
{
  CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE = 1,
} CarImportError;

/**
 * CAR_SCHEMA_ERROR:
 *
 * Error domain of schemas and of objects checked against them.
 */
#define CAR_SCHEMA_ERROR (car_schema_error_quark ())

/**
 * CarSchemaError:
 * @CAR_SCHEMA_ERROR_INVALID_JSON: the text is not JSON (RFC 8259)
 * @CAR_SCHEMA_ERROR_INVALID_SCHEMA: the schema is not one of draft 2020-12, or a pattern in it does not compile
 * @CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD: the schema uses a keyword of the draft that libcar does not know
 * @CAR_SCHEMA_ERROR_VIOLATION: an object breaks a rule of the schema
 * @CAR_SCHEMA_ERROR_NEWER_EXTENSION: the service holds a newer version of a schema extension; a run ends with exit code 2
 *
 * Codes of %CAR_SCHEMA_ERROR.
 */
typedef enum
{
  CAR_SCHEMA_ERROR_INVALID_JSON = 1,
  CAR_SCHEMA_ERROR_INVALID_SCHEMA = 2,
  CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD = 3,
  CAR_SCHEMA_ERROR_VIOLATION = 4,
  CAR_SCHEMA_ERROR_NEWER_EXTENSION = 5,
} CarSchemaError;

CAR_AVAILABLE_IN_1_0
GQuark car_app_error_quark (void);

CAR_AVAILABLE_IN_1_0
GQuark car_recoverable_failure_quark (void);

CAR_AVAILABLE_IN_1_0
GQuark car_unrecoverable_failure_quark (void);

CAR_AVAILABLE_IN_1_0
GQuark car_datasource_failure_quark (void);

CAR_AVAILABLE_IN_1_0
GQuark car_import_error_quark (void);

CAR_AVAILABLE_IN_1_0
GQuark car_schema_error_quark (void);

G_END_DECLS
