# SPDX-License-Identifier: Apache-2.0
"""The import of all data."""

from car_framework.base_import import BaseImport


class BaseFullImport(BaseImport):
    pass
