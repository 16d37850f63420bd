"""Bodies of answers, JSON or XML -> the same plain values.

In: an ``Answer``. Out: objects, lists and texts. Schoology says the same thing as a
number here and as a text there, and XML knows neither, so whoever reads on compares
texts. Shapes: Schoology REST API, Enrollment.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from sync.model.request import Answer
from sync.targets.common.answers import LONGEST_TOTAL
from sync.wire.failures import MAX_BODY, MAX_DEPTH, UnreadableError, parse_json

ROOT = "result"
"""Of every XML answer."""


def parse(answer: Answer) -> dict[str, Any]:
    """The object that an answer is. Raises ``UnreadableError`` for anything else."""
    is_xml = answer.body.lstrip()[:1] == b"<"
    body = _from_xml(answer.body) if is_xml else parse_json(answer)
    if not isinstance(body, dict):
        message = "the answer is no object"
        raise UnreadableError(message)
    return body


def parse_text(text: str) -> dict[str, Any]:
    """A body that we sent as XML, read as an answer would be."""
    return _children(ElementTree.fromstring(text), 0)


def items(body: dict[str, Any], name: str) -> list[Any]:
    """The records of a list.

    A page without records may leave their key out (seen in Schoology's answers); that
    is believed only of what otherwise is a list. Raises ``UnreadableError``.
    """
    found = body.get(name)
    if found is None or found == "":
        if "total" in body or "links" in body:
            return []
        message = f'the answer has no "{name}"'
        raise UnreadableError(message)
    return as_list(found)


def as_list(value: Any) -> list[Any]:
    """XML, and sometimes JSON, says a list of one as the one itself."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def total(body: dict[str, Any]) -> int | None:
    """How many records there are over all pages: a number here, a text there."""
    found = body.get("total")
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    told = found.strip() if isinstance(found, str) and found.isascii() else ""
    return int(told) if told.isdecimal() and len(told) <= LONGEST_TOTAL else None


def _from_xml(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY:
        message = f"the body is larger than {MAX_BODY >> 20} MiB"
        raise UnreadableError(message)
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        message = "the body is not valid XML"
        raise UnreadableError(message) from None
    if root.tag != ROOT:
        message = f"the body is no <{ROOT}>"
        raise UnreadableError(message)
    return _children(root, 0)


def _children(element: Element, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        message = f"the body is nested deeper than {MAX_DEPTH} levels"
        raise UnreadableError(message)
    found: dict[str, Any] = {}
    for child in element:
        value = _children(child, depth + 1) if len(child) else (child.text or "")
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found
