# SPDX-License-Identifier: Apache-2.0
"""Objects of the asset server. One that breaks its API is a failure."""

import re
from collections.abc import Iterator
from typing import Any, NoReturn, TypeGuard
from urllib.parse import unquote

from gi.repository import Car

Object = dict[str, Any]

# http://HOST/assets/1/ leads to 1.
_LINK = re.compile(r".*/((?:[^/%]|%[0-9A-Fa-f]{2})+)/?", re.DOTALL)


def _refuse(problem: str) -> NoReturn:
    raise Car.DatasourceFailure(
        f"the asset server answered what its API does not know: {problem}", Car.DatasourceFailureCode.DATA_PROCESSING
    )


def is_text(value: object) -> TypeGuard[str]:
    """Whether this is a name that libcar takes: it has no NUL."""
    return isinstance(value, str) and "\0" not in value


def pk_of(collection: str, value: object) -> str:
    """A primary key, as text."""
    # A bool is an int, too.
    if (type(value) is int and value > 0) or (is_text(value) and value):
        return str(value)
    _refuse(f"one of its {collection} has no pk")


def read_objects(collection: str, answer: object) -> Iterator[tuple[str, Object]]:
    """The objects of an answer, each with its primary key."""
    if not isinstance(answer, list):
        _refuse(f"no list of {collection}")
    for found in answer:
        if not isinstance(found, dict):
            _refuse(f"a list of {collection} with something else in it")
        yield pk_of(collection, found.get("pk")), found


def text_of(found: Object, member: str) -> str:
    value = found.get(member)
    return value if is_text(value) else _refuse(f"“{member}” is no text")


def _link_of(url: object, member: str) -> str:
    match = _LINK.fullmatch(url) if isinstance(url, str) else None
    try:
        pk = unquote(match[1], errors="strict") if match else None
    except UnicodeDecodeError:
        pk = None
    return pk if is_text(pk) else _refuse(f"“{member}” is no link")


def links_of(found: Object, member: str) -> list[str]:
    """The primary keys of the objects that a member leads to: a link, links, or null."""
    value = found.get(member, "")
    if value is None:
        return []
    return [_link_of(url, member) for url in (value if isinstance(value, list) else [value])]
