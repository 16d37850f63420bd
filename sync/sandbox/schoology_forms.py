"""Schoology speaks JSON and XML: bodies come in and go out in either.

In: a call, whose ``Content-Type`` says what its body is and whose ``Accept`` says what
the answer shall be. Out: plain values, and replies. Source: the REST API's page on
enrollments (XML of both directions) and the OAuth guide (required headers).
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as Written

from defusedxml import ElementTree as Parsed

from sync.sandbox.exchange import Call, Refusal, Reply, encode

ROOT = "/v1"
JSON = "application/json"
XML = "text/xml"
MARK = ((b"x-schoology", b"API"),)
"""Stands on every answer."""

_KINDS = {
    JSON: JSON,
    XML: XML,
    "*/*": JSON,
    "application/*": JSON,
    "text/*": XML,
}
_PROLOGUE = '<?xml version="1.0" encoding="utf-8" ?>\n'
_LISTED = "enrollment"
"""The element that is a list however often it stands."""
_UNSAYABLE = dict.fromkeys(code for code in range(32) if chr(code) not in "\t\n\r")


def wanted(call: Call) -> str:
    """Return the form that the answer shall have; Refusal 400 or 406."""
    header = call.header(b"accept")
    if not header:
        raise Refusal(400, "the header Accept is required")
    best, form = 0.0, ""
    for part in header.split(","):
        name, weight = _weighted(part)
        if name in _KINDS and weight > best:
            best, form = weight, _KINDS[name]
    if not form:
        raise Refusal(406, f"there is only {JSON} and {XML}")
    return form


def _weighted(part: str) -> tuple[str, float]:
    name, *options = [piece.strip() for piece in part.split(";")]
    weight = 1.0
    for option in options:
        key, _, value = option.partition("=")
        if key.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError as error:
                raise Refusal(400, "the header Accept cannot be read") from error
    return name.lower(), weight


def answer(
    call: Call,
    status: int,
    value: dict[str, Any],
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    """Answer with ``value`` in the form that the call wants."""
    if wanted(call) == XML:
        return Reply(status, xml_bytes(value), (*MARK, *headers), b"text/xml")
    return Reply(status, encode(value).encode(), (*MARK, *headers))


def nothing() -> Reply:
    """Answer 204."""
    return Reply(204, headers=MARK)


def see_other(call: Call, path: str) -> Reply:
    """Answer 303 with another place on the host that was asked."""
    place = f"http://{call.header(b'host')}{ROOT}/{path}"
    return answer(call, 303, {}, ((b"location", place.encode("latin-1")),))


def xml_bytes(value: dict[str, Any]) -> bytes:
    """Return an object as XML below ``result``: a list is its name repeated."""
    root = Written.Element("result")
    _fill(root, value)
    return (_PROLOGUE + Written.tostring(root, "unicode")).encode()


def _fill(element: Written.Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            for one in part if isinstance(part, list) else [part]:
                _fill(Written.SubElement(element, name), one)
    elif value is not None:
        element.text = str(value).translate(_UNSAYABLE)


def body(call: Call) -> dict[str, Any]:
    """Return the object that was sent; Refusal 415 for another type, 400 for junk."""
    kind = call.header(b"content-type").split(";")[0].strip().lower()
    if kind not in (JSON, XML):
        raise Refusal(415, f"send Content-Type: {JSON} or {XML}")
    value = _json(call.body) if kind == JSON else _xml(call.body)
    if not isinstance(value, dict):
        raise Refusal(400, "the body must be one object")
    return value


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(400, "the body is not JSON") from error


def _xml(text: bytes) -> Any:
    """Read XML; the name of its root says nothing."""
    try:
        return _read(Parsed.fromstring(text, forbid_dtd=True))
    except (Written.ParseError, ValueError, LookupError) as error:
        raise Refusal(400, "the body is not XML, or more than data") from error


def _read(element: Written.Element) -> Any:
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(child.tag, []).append(_read(child))
    if not found:
        return element.text or ""
    return {
        name: values if name == _LISTED or len(values) > 1 else values[0]
        for name, values in found.items()
    }
