"""What a OneRoster server's answer says: its records, how many, what comes next.

Servers vary: the list stands under the name that the specification gives it or under
that of its path; the total in a header, in the body or nowhere; the next page in a
``Link``. A failure may come as a success (``imsx_codeMajor`` in a 200).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from sync.model.request import Answer, Json, Listing, Page, Request
from sync.targets.common.answers import envelope, page_of
from sync.targets.common.columns import Opened, Read, opened
from sync.targets.oneroster.shapes import COLLECTIONS
from sync.wire.failures import UnreadableError, parse_json

FAILURES = {"failure", "unsupported"}
"""OneRoster, imsx_codeMajor; the others are ``success`` and ``processing``."""
_STATUS_INFO = ("statusInfoSet", "imsx_StatusInfo", "imsx_statusInfo", "statusInfo")
_LINK = re.compile(
    r"""<?(?P<url>[^<>\s;]+)>?\s*;(?P<rest>(?:[^,"']|"[^"]*"|'[^']*')*)"""
)
_NEXT = re.compile(r"""rel\s*=\s*(?:"next"|'next'|next(?![\w-]))""", re.IGNORECASE)


def collection(asked: Listing | Request) -> str:
    """The collection that a path is of."""
    return asked.path.split("/")[1]


def refused(body: Json) -> bool:
    """Whether a body says that the request failed, whatever its status."""
    if not isinstance(body, dict):
        return False
    inner = [body.get(name) for name in _STATUS_INFO]
    parts = [body, *(one[0] if isinstance(one, list) and one else one for one in inner)]
    return any(
        isinstance(one, dict)
        and str(one.get("imsx_codeMajor", "")).casefold() in FAILURES
        for one in parts
    )


def page(listing: Listing, answer: Answer, read: Read) -> tuple[pl.DataFrame, Page]:
    """The records of one page, and what it says of itself.

    A single record is a page of one. Raises ``UnreadableError``.
    """
    name = collection(listing)
    found = opened(answer, name, read) if listing.paged else Opened(parse_json(answer))
    body = found.body
    if refused(body):
        message = "the answer says that the request failed, with a status of success"
        raise UnreadableError(message)
    if not listing.paged:
        return read([_single(name, body)]), Page(received=1)
    frame = read(envelope(body, name)) if found.frame is None else found.frame
    return frame, replace(page_of(frame, body, answer), next=next_link(answer))


def _single(name: str, body: Json) -> Mapping[str, Any]:
    """The record under its name in the singular or the plural, or bare."""
    if isinstance(body, dict):
        for found in (body.get(COLLECTIONS[name]), body.get(name), body):
            one = found[0] if isinstance(found, list) and len(found) == 1 else found
            if isinstance(one, dict) and "sourcedId" in one:
                return one
    message = f'the answer has no "{COLLECTIONS[name]}"'
    raise UnreadableError(message)


def next_link(answer: Answer) -> str | None:
    """The address of the next page in a ``Link`` header: with or without brackets, its
    ``rel`` between double quotes, single ones or none."""
    for found in _LINK.finditer(answer.headers.get("link", "")):
        if _NEXT.search(found["rest"]):
            return found["url"]
    return None


def given_id(body: Json, single: str) -> str | None:
    """The identifier that the server gave to a record that was written, if it says."""
    if not isinstance(body, dict):
        return None
    pairs = body.get("sourcedIdPairs")
    first = pairs[0] if isinstance(pairs, list) and pairs else pairs
    for holder in (first, body):
        if isinstance(holder, dict) and isinstance(
            found := holder.get("allocatedSourcedId"), str
        ):
            return found or None
    inner = body.get(single)
    found = inner.get("sourcedId") if isinstance(inner, dict) else body.get("sourcedId")
    return found if isinstance(found, str) and found else None
