# SPDX-License-Identifier: Apache-2.0
"""The way to the data source."""

from car_framework.util import DatasourceFailure


class BaseAssetServer:
    def test_connection(self):
        """Returns: 0 where the data source answers, else the exit code."""
        raise DatasourceFailure(f"{type(self).__name__} has no test_connection()")
