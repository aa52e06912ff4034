# SPDX-License-Identifier: Apache-2.0
"""The one object that all parts of a connector know; an app makes it, or a unit test."""

import logging

from car_framework import _engine

global_context = None


class Context:
    """Holds `args`, and what the connector puts here: asset_server, full_importer, inc_importer and its own."""

    def __init__(self, args):
        global global_context
        global_context = self

        from car_framework.car_service import CarService
        from car_framework.communicator import Communicator

        self.args = args
        logging.basicConfig()
        self.logger = logging.getLogger()
        self.logger.setLevel(logging.DEBUG if _engine.get_argument(args, "debug") else logging.INFO)
        self.last_model_state_id = self.new_model_state_id = None
        self.car_service = CarService(Communicator())


def context():
    """The context of this process."""
    return global_context
