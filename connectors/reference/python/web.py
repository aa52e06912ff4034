# SPDX-License-Identifier: Apache-2.0
"""GET requests to one server, with HTTP Basic. They follow redirects, and try again what fails for a moment."""

import http.cookiejar
import json
import logging
import math
import re
import socket
import time
from typing import Any, NoReturn
from urllib.parse import urljoin

import requests
import urllib3
from gi.repository import Car
from requests.auth import HTTPBasicAuth
from urllib3.util import Url, parse_url

TIMEOUT = 60  # seconds without a byte
MAX_TRIES = 4
FIRST_WAIT = 0.25
MAX_WAIT = 30
MAX_REDIRECTS = 5
MAX_SIZE = 1 << 30
CHUNK = 1 << 20

PASSING = {429, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}

Code = Car.DatasourceFailureCode
Origin = tuple[str, str, int]  # scheme, host, port

log = logging.getLogger("car-connector-reference")


class NotFound(Car.DatasourceFailure):
    """HTTP status 404."""


def _failure(
    code: Code, url: str, problem: str, kind: type[Car.DatasourceFailure] = Car.DatasourceFailure
) -> Car.DatasourceFailure:
    shown = parse_url(url)._replace(auth=None, query=None).url
    return kind(f"the asset server, at {shown}: {problem}", code)


def _failure_of_status(response: requests.Response) -> Car.DatasourceFailure:
    status = response.status_code
    if status in (400, 404):
        problem = f"it does not know what was asked for (HTTP status {status}): check -server"
        kind = NotFound if status == 404 else Car.DatasourceFailure
        return _failure(Code.INVALID_PARAMETER, response.url, problem, kind)
    if status == 401:
        problem = "it does not take the user's name and password (HTTP status 401): check -username and -password"
        return _failure(Code.AUTH, response.url, problem)
    if status == 403:
        problem = "the user may not read this (HTTP status 403): give it the right to, or use another user"
        return _failure(Code.FORBIDDEN, response.url, problem)
    return _failure(Code.UNKNOWN, response.url, f"it answered with HTTP status {status}")


# ---- what goes wrong on the way ----


def _root_of(error: BaseException) -> BaseException:
    """What was at the bottom of it: requests wraps what urllib3 wraps."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


def _says(error: Exception) -> str:
    root = _root_of(error)
    return (isinstance(root, OSError) and root.strerror) or str(root) or type(root).__name__


def _is_passing(error: Exception) -> bool:
    """Not in a second either: a certificate that is not trusted, a name that is not known, no address (ValueError)."""
    return not isinstance(error, (requests.exceptions.SSLError, ValueError)) and not isinstance(
        _root_of(error), socket.gaierror
    )


# ---- the session ----


def _parse_origin(url: str) -> Url:
    """The address in the settings, once it is one."""
    try:
        parsed = parse_url(url)
    except urllib3.exceptions.LocationParseError:
        parsed = None
    if not parsed or not parsed.host or parsed.scheme not in ("http", "https"):
        problem = "-server (CONFIGURATION_AUTH_URL) is no address such as https://assets.example.com"
    elif parsed.auth is not None or "?" in url or "#" in url:
        problem = "-server (CONFIGURATION_AUTH_URL) may hold a host, a port and a path only"
    else:
        return parsed
    raise Car.AppError(problem, Car.AppErrorCode.INVALID_PARAMETER)


def _origin_of(parsed: Url) -> Origin:
    return parsed.scheme, parsed.host, parsed.port or {"http": 80, "https": 443}[parsed.scheme]


class _Auth(HTTPBasicAuth):
    """The password is not for another server, nor for the same one without TLS."""

    def __init__(self, origin: Origin, username: str, password: str) -> None:
        super().__init__(username.encode(), password.encode())
        self._origin = origin

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return super().__call__(request) if _origin_of(parse_url(request.url)) == self._origin else request


class _Session(requests.Session):
    def __init__(self, auth: _Auth) -> None:
        super().__init__()
        self.auth = auth
        self.headers["Accept"] = "application/json"
        self.headers["User-Agent"] = f"car-connector-reference {requests.utils.default_user_agent()}"
        # A cookie of one server would go to all others on its machine.
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the whole body of a redirect, however long, and judge origins less strictly."""


# ---- answers ----


def _get_redirect(response: requests.Response) -> str | None:
    """Where an answer leads on to; None: it is no redirect."""
    if response.status_code not in REDIRECTS:
        return None
    try:
        # Headers come as Latin-1, whatever they are.
        location = response.headers["Location"].encode("latin-1").decode()
        target = parse_url(urljoin(response.url, location))
    except (KeyError, ValueError):
        target = None
    if target and target.host and target.scheme in ("http", "https"):
        return str(target.url)
    raise _failure(Code.UNKNOWN, response.url, "it redirects, and does not say where to")


def _read_body(response: requests.Response) -> bytearray:
    # An answer that breaks off would pass for a whole one.
    response.raw.enforce_content_length = True
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > MAX_SIZE:
            raise _failure(Code.DATA_PROCESSING, response.url, "its answer is larger than 1 GiB")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _parse_float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text)


def _parse(body: bytearray, url: str) -> Any:
    try:
        text = body.decode()
        parsed = json.loads(text, parse_float=_parse_float, parse_constant=_refuse_constant)
        # Half of a surrogate pair is no text.
        if "\\u" in text:
            json.dumps(parsed, ensure_ascii=False).encode()
        return parsed
    except (ValueError, RecursionError):
        raise _failure(
            Code.DATA_PROCESSING, url, "what it answered is no JSON: is -server the address of an asset server?"
        ) from None


def _get_wait(response: requests.Response | None, tries: int) -> float:
    """The server may say how long."""
    after = response.headers.get("Retry-After", "") if response is not None else ""
    if re.fullmatch("[0-9]{1,5}", after) and int(after) <= MAX_WAIT:
        return int(after)
    return min(FIRST_WAIT * 2.0 ** (tries - 1), MAX_WAIT)


class Web:
    def __init__(self, url: str, username: str, password: str) -> None:
        origin = _origin_of(_parse_origin(url))
        # RFC 7617, section 2: what stands before the first colon is the user.
        if ":" in username:
            raise Car.AppError(
                "-username (CONFIGURATION_AUTH_USERNAME) may hold no colon", Car.AppErrorCode.INVALID_PARAMETER
            )
        self._url = url.removesuffix("/")
        self._session = _Session(_Auth(origin, username, password))

    def get(self, path: str) -> Any:
        """The JSON that is at a path. Raises a Car.DatasourceFailure, which is a NotFound where it is that."""
        response, body = self._send_with_tries(self._url + path)
        if response.status_code != 200:
            raise _failure_of_status(response)
        return _parse(body, response.url)

    def _send(self, url: str) -> tuple[requests.Response, bytearray]:
        """Follows redirects. Returns: the last answer, and its body."""
        at = url
        for _ in range(MAX_REDIRECTS + 1):
            with self._session.get(at, timeout=TIMEOUT, stream=True) as response:
                target = _get_redirect(response)
                if target is None:
                    return response, _read_body(response)
                at = target
        raise _failure(Code.UNKNOWN, url, "it redirects again and again")

    def _send_with_tries(self, url: str) -> tuple[requests.Response, bytearray]:
        tries = 0
        while True:
            tries += 1
            last = tries == MAX_TRIES
            response = None
            try:
                response, body = self._send(url)
                if last or response.status_code not in PASSING:
                    return response, body
                what = response.reason
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                what = _says(error)
                if last or not _is_passing(error):
                    raise _failure(Code.CONNECT, url, what) from None

            wait = _get_wait(response, tries)
            log.info("The asset server failed (%s); it is asked again in %.1f s", what, wait)
            time.sleep(wait)
