# SPDX-License-Identifier: Apache-2.0
from car_framework.inc_import import BaseIncrementalImport
from car_framework.util import IncrementalImportNotPossible


class IncrementalImport(BaseIncrementalImport):
    """What is left of one that worked once: it has no data handler any more."""

    def create_source_report_object(self):
        return self.data_handler.create_source_report_object()

    def run(self):
        raise IncrementalImportNotPossible("Connector doesn't support incremental import.")
