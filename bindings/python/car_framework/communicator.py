# SPDX-License-Identifier: Apache-2.0
"""The one door to the CAR service: a unit test patches the methods of Communicator."""

import json

from car_framework import _engine


class Response:
    def __init__(self, status_code, content):
        self.status_code = status_code
        self.content = content

    @property
    def text(self):
        return self.content.decode(errors="replace")

    def json(self):
        return json.loads(self.content)


class Communicator:
    """Takes paths below the base URL. `api_version` is "/v3" where the call is one of v3."""

    def get(self, path, **args):
        return Response(*_engine.call("GET", path, **args))

    def post(self, path, **args):
        return Response(*_engine.call("POST", path, **args))

    def patch(self, path, **args):
        return Response(*_engine.call("PATCH", path, **args))

    def delete(self, path, **args):
        return Response(*_engine.call("DELETE", path, **args))
