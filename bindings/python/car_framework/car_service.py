# SPDX-License-Identifier: Apache-2.0
"""The calls of the CAR service that connectors make themselves (protocol.md, "Calls")."""

import enum
import itertools
import json
import time
from urllib.parse import quote, unquote

from car_framework import _engine
from car_framework.context import context
from car_framework.util import ImportJobStatus, failure_of, get_json

V3 = "/v3"
MODEL_STATE_ID = "model_state_id"
KEY_BASED = ("ipaddress", "hostname", "macaddress")
MAX_WAIT = 60  # seconds between two questions for a job


class CarDbStatus(enum.Enum):
    FAILURE = 0
    READY = 1
    NEWLY_CREATED = 2


def _source():
    return _engine.get_argument(context().args, "source")


def _check(answer, what):
    """Returns: the answer; raises the failure that its status stands for."""
    if answer.status_code not in (200, 201):
        raise failure_of(answer.status_code, f"{what}: HTTP {answer.status_code}")
    return answer


def _waits():
    """Waits longer and longer."""
    for number in itertools.count():
        yield
        time.sleep(min(0.1 * 2 ** min(number, 10), MAX_WAIT))


class CarService:
    def __init__(self, communicator):
        self.communicator = communicator

    # ---- the source ----

    def get_model_state_id(self):
        answer = self.communicator.get("source/" + quote(_source(), safe=""))
        return (answer.json() or {}).get(MODEL_STATE_ID) if answer.status_code == 200 else None

    def save_model_state_id(self, new_model_state_id):
        data = json.dumps({MODEL_STATE_ID: new_model_state_id})
        _check(self.communicator.patch("/source", data=data, params={"key": _source()}), "keeping the save point")

    def reset_model_state_id(self):
        self.save_model_state_id("")

    def enter_full_import_in_progress_state(self):
        return self._full_import_in_progress(self.communicator.post)

    def exit_full_import_in_progress_state(self):
        return self._full_import_in_progress(self.communicator.delete)

    def _full_import_in_progress(self, method):
        answer = method(f"source/{quote(_source(), safe='')}/full-import-in-progress")
        self.wait_until_done(self._get_job_id_from_response(answer))
        return answer.status_code

    def delete(self, resource, ids):
        """Deletes vertices of this source, with their edges. Some connectors encode the ids for the URL, and some do not."""
        names = "keys" if resource in KEY_BASED else "external_ids"
        for page in self.compose_paginated_list(ids).values():
            keys = (quote(unquote(key) if quote(key, safe="%/") == key else key, safe="") for key in page)
            path = f"source/{quote(_source(), safe='')}/{resource}?{names}={','.join(keys)}"
            _check(self.communicator.delete(path), f"deleting from {resource}")

    def compose_paginated_list(self, ids):
        """Returns: the ids as lists that fit into a URL each, by their numbers from 1 on."""
        pages, length = {}, 0
        for key in map(str, ids):
            length += len(key)
            pages.setdefault(1 + (length - 1) // 1800, []).append(key)
        return pages

    # ---- imports ----

    def import_data(self, data):
        return self.import_data_from_file(json.dumps(data))

    def import_data_from_file(self, data_file):
        """Imports an envelope. Returns: an ImportJobStatus."""
        status = ImportJobStatus()
        answer = self.communicator.post("/imports", data=data_file)
        status.status_code, said = answer.status_code, get_json(answer)
        status.job_id, status.error = said.get("id"), str(said)
        status.status = ImportJobStatus.IN_PROGRESS if status.job_id is not None else ImportJobStatus.FAILURE
        return status

    def check_import_status(self, statuses):
        """Waits for imports, and notes what became of them."""
        jobs = {status.job_id: status for status in statuses if status.status == ImportJobStatus.IN_PROGRESS}
        for _ in _waits():
            if not jobs:
                return
            answer = self.communicator.get("/importstatus", params={"ids": ",".join(map(str, jobs))})
            said = _check(answer, "asking for imports").json()
            for error in said.get("error_imports") or ():
                job = jobs.pop(error["id"])
                job.status, job.error = ImportJobStatus.FAILURE, error.get("error", error)
                job.status_code = error.get("statusCode", 0)
            incomplete = {item["id"] for item in said.get("incomplete_imports") or ()}
            for key in jobs.keys() - incomplete:
                jobs.pop(key).status = ImportJobStatus.SUCCESS

    def get_import_schema(self, api_version=V3, version="v2"):
        answer = self.communicator.get("/importSchema?version=" + version, api_version=api_version)
        return get_json(_check(answer, "asking for the import schema"))

    # ---- databases and jobs ----

    def get_db_status(self):
        answer = self.communicator.get("/databases")
        if answer.status_code == 400:
            return self._set_up(self.communicator.post("/databases"))
        database = get_json(_check(answer, "asking for databases"))["databases"][0]
        if database["is_ready"]:
            return CarDbStatus.READY
        names = database["collections_without_indexes"]
        if database["graph_name"] and not names:
            return CarDbStatus.FAILURE
        change = {"collections_without_indexes": names} if database["graph_name"] else {"graph_name": "assets"}
        return self._set_up(self.communicator.patch("/databases", data=json.dumps(change)))

    def _set_up(self, answer):
        done = self.wait_until_done(self._get_job_id_from_response(answer))
        return CarDbStatus.NEWLY_CREATED if done == CarDbStatus.READY else CarDbStatus.FAILURE

    def wait_until_done(self, job_id):
        for _ in _waits():
            answer = self.communicator.get(f"/jobstatus/{job_id}")
            status = get_json(answer).get("status") if answer.status_code == 200 else "ERROR"
            if status in ("COMPLETE", "ERROR"):
                return CarDbStatus.READY if status == "COMPLETE" else CarDbStatus.FAILURE

    def _get_job_id_from_response(self, answer):
        try:
            return get_json(answer)["job_id"]
        except LookupError:
            raise failure_of(answer.status_code, f"there is no job in the answer: HTTP {answer.status_code}") from None

    # ---- queries and changes ----

    def query_graphql(self, query):
        """Returns: the answer, a dict with `data`; None where nothing was found."""
        answer = self.communicator.post("/query", data=json.dumps({"query": query}), api_version=V3)
        return None if answer.status_code == 404 else get_json(_check(answer, "asking in GraphQL"))

    def search_collection(self, resource, attribute, search_id, fields):
        """Returns: a dict of the collection's name and what was found; None where nothing was."""
        value = json.dumps(search_id if isinstance(search_id, (str, int, float)) else str(search_id))
        result = self.query_graphql(f"{{ {resource}(where: {{{attribute}: {{_eq: {value}}}}}) {{ {','.join(fields)} }} }}")
        return result["data"] if result else None

    def graph_attribute_search(self, resource, attribute, search_id):
        return self._search(f"{resource}?{attribute}={quote(str(search_id), safe='')}")

    def graph_search(self, resource, search_id, source=None):
        return self._search(f"{resource}/{quote(str(search_id), safe='')}/graph")

    def _search(self, path):
        answer = self.communicator.get(path)
        return get_json(answer) if answer.status_code == 200 else {"related": [], "result": []}

    def database_patch_value(self, tags):
        """Changes the name of a vertex, or its `pending_update`."""
        changes = next(({name: tags[name]} for name in ("name", "pending_update") if name in tags), {})
        return self._patch(tags["resource_type"], changes, {"external_id": tags["resource_id"]})

    def edge_patch(self, source, edge_id, data):
        """Changes an edge, usually {"active": False}."""
        ends = {"source": source, "from": edge_id["from"], "to": edge_id["to"]}
        return self._patch(edge_id["edge_type"], data, ends)

    def _patch(self, resource, data, params):
        answer = self.communicator.patch("/" + resource, data=json.dumps(data).encode(), params=params)
        return get_json(_check(answer, f"changing {resource}"))
