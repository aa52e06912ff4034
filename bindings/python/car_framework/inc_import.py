# SPDX-License-Identifier: Apache-2.0
"""The import of what changed."""

from car_framework.base_import import BaseImport


class BaseIncrementalImport(BaseImport):
    def get_data_for_delta(self, last_model_state_id, new_model_state_id):
        raise NotImplementedError

    def delete_vertices(self):
        raise NotImplementedError
