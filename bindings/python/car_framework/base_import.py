# SPDX-License-Identifier: Apache-2.0
"""What both importers have in common."""

import json

from car_framework import _engine
from car_framework.context import context


class BaseImport:
    def __init__(self):
        self.statuses = []

    def create_source_report_object(self):
        """Returns: a dict with the source and the report."""
        raise NotImplementedError

    def get_new_model_state_id(self):
        """Returns: where the data source stands now."""
        raise NotImplementedError

    def import_vertices(self):
        raise NotImplementedError

    def import_edges(self):
        raise NotImplementedError

    def run(self):
        """What an overriding run() calls to go on: libcar calls the other methods then."""
        _engine.go_on(self)

    def send_data(self, name, data):
        """Sends the objects of one collection, and what was added before."""
        _engine.send(name, data)

    def send_data_from_file(self, name, data_file):
        """Sends the objects of an envelope in a file."""
        self.send_data(name, json.load(data_file)[name])

    def wait_for_completion_of_import_jobs(self):
        """Sending has waited already."""

    def get_last_model_state_id(self):
        return context().car_service.get_model_state_id()

    def save_new_model_state_id(self, new_model_state_id):
        return context().car_service.save_model_state_id(new_model_state_id)
