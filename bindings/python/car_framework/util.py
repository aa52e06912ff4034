# SPDX-License-Identifier: Apache-2.0
"""Failures and exit codes, which are libcar's own, and what connectors import besides."""

import enum

import gi

gi.require_version("Car", "1.0")
from gi.repository import Car

# libcar's exceptions: `except` finds them, whoever raises them.
BaseConnectorFailure = Car.Failure
RecoverableFailure = Car.RecoverableFailure
UnrecoverableFailure = Car.UnrecoverableFailure
DatasourceFailure = Car.DatasourceFailure
IncrementalImportNotPossible = Car.IncrementalNotPossible


class ErrorCode(enum.Enum):
    """The exit codes of connectors."""

    GENERAL_APPLICATION_FAILURE = int(Car.AppErrorCode.GENERAL)
    CONNECTOR_RUNTIME_INVALID_PARAMETER = int(Car.AppErrorCode.INVALID_PARAMETER)
    RECOVERABLE_DEFAULT_FAILURE = int(Car.RecoverableFailureCode.DEFAULT)
    UNRECOVERABLE_FAILURE_DEFAULT = int(Car.UnrecoverableFailureCode.DEFAULT)
    DATASOURCE_FAILURE_DEFAULT = int(Car.DatasourceFailureCode.UNKNOWN)
    DATASOURCE_FAILURE_CONNECT = int(Car.DatasourceFailureCode.CONNECT)
    DATASOURCE_FAILURE_AUTH = int(Car.DatasourceFailureCode.AUTH)
    DATASOURCE_FAILURE_FORBIDDEN = int(Car.DatasourceFailureCode.FORBIDDEN)
    DATASOURCE_FAILURE_INVALID_PARAMETER = int(Car.DatasourceFailureCode.INVALID_PARAMETER)
    DATASOURCE_FAILURE_DATA_PROCESS = int(Car.DatasourceFailureCode.DATA_PROCESSING)


class ImportJobStatus:
    """What became of one import."""

    FAILURE = 0
    IN_PROGRESS = 1
    SUCCESS = 2

    def __init__(self):
        self.status = ImportJobStatus.FAILURE
        self.status_code = 0
        self.error = "unknown"
        self.job_id = None


def recoverable_failure_status_code(status_code):
    """Whether an HTTP status leaves no gap in the data (protocol.md, "Failures")."""
    return status_code in (302, 400, 401, 403, 408, 429, 500, 502, 503, 504, 507)


def failure_of(status_code, message):
    """The failure that an HTTP status stands for."""
    recoverable = recoverable_failure_status_code(status_code)
    return RecoverableFailure(message) if recoverable else UnrecoverableFailure(message)


def check_for_error(status):
    """Raises the failure of an import that failed."""
    if status.status == ImportJobStatus.FAILURE:
        raise failure_of(status.status_code, f"import job failed: HTTP {status.status_code}: {status.error}")


def get_json(response):
    """The JSON of an answer; {} where it has none."""
    try:
        return response.json()
    except Exception:
        return {}
