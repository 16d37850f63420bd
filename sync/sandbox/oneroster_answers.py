"""The bodies and headers of OneRoster's answers, and how servers deviate in them.

In: a page, a record or a refusal. Out: :class:`Reply`. Source: the api's enrollments
reference (five counts in the body), OneRoster 1.2 (``X-Total-Count``, ``Link``, the
imsx payload), and the deviations that other servers are known for.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sync.sandbox.exchange import Call, Refusal, Reply, json_reply
from sync.sandbox.listing import Collection, Page
from sync.sandbox.oneroster_forms import Form

if TYPE_CHECKING:
    from sync.sandbox.settings import SandboxSettings
    from sync.sandbox.world import World

_MINOR = {
    400: "invaliddata",
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    405: "unsupported",
    409: "invaliddata",
    415: "invaliddata",
    422: "invaliddata",
    429: "server_busy",
}
_SHORT_MINOR = {400: "invalid_data", 401: "unauthorised_request", 403: "forbidden"}
"""The words of servers whose minor code is a string; others have none."""
_HTML = b"text/html"
_IN_200 = frozenset({400, 403, 404, 409, 422})
_SINGLE = {
    "schools": "school",
    "terms": "term",
    "gradingPeriods": "gradingPeriod",
    "students": "student",
    "teachers": "teacher",
}
"""Keys of single records that are named after their path."""


def imsx_error(refusal: Refusal) -> dict[str, Any]:
    """Return the error body of OneRoster 1.2."""
    minor = refusal.minor or _MINOR.get(refusal.status, "internal_server_error")
    return {
        "imsx_codeMajor": _major(refusal),
        "imsx_severity": "error",
        "imsx_description": refusal.text,
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [
                {
                    "imsx_codeMinorFieldName": "TargetEndSystem",
                    "imsx_codeMinorFieldValue": minor,
                }
            ]
        },
        "imsx_error_details": list(refusal.details),
    }


def _major(refusal: Refusal) -> str:
    return "unsupported" if refusal.minor == "unsupported" else "failure"


def render(world: World, _call: Call, refusal: Refusal) -> Reply:
    """Answer a refusal in the style that the settings name."""
    settings = world.settings
    hides = settings.oneroster_failure_in_200 and refusal.status in _IN_200
    status = 200 if hides else refusal.status
    asks = refusal.status == 401  # noqa: PLR2004 - the status that asks for a token
    headers = ((b"www-authenticate", b"Bearer"),) if asks else ()
    if settings.oneroster_errors == "html":
        return Reply(status, _page(refusal.text), headers, _HTML)
    return json_reply(status, _payload(settings, refusal), headers)


def _page(text: str) -> bytes:
    return f"<html><body><h1>{html.escape(text)}</h1></body></html>".encode()


def _payload(settings: SandboxSettings, refusal: Refusal) -> dict[str, Any]:
    whole = imsx_error(refusal)
    if settings.oneroster_errors == "statusInfoSet":
        return {"statusInfoSet": [whole]}
    if settings.oneroster_errors == "object":
        return whole
    made = {name: whole[name] for name in ("imsx_codeMajor", "imsx_severity")}
    made["imsx_description"] = refusal.text
    minor = _SHORT_MINOR.get(refusal.status)
    return {**made, "imsx_codeMinor": minor} if minor else made


def list_reply(
    world: World, call: Call, form: Form, collection: Collection, page: Page
) -> Reply:
    """Answer with one page of a list."""
    told = _told(world.settings, form)
    counts = _counts(page, world.settings) if "body" in told else {}
    headers: list[tuple[bytes, bytes]] = []
    if "header" in told:
        total = page.total + world.settings.oneroster_total_off
        headers.append((b"x-total-count", str(total).encode()))
    if "link" in told:
        headers += _links(world.settings, call, form, page)
    if world.settings.oneroster_envelope == "html":
        return Reply(200, _page("sign in"), tuple(headers), _HTML)
    body = _listed(world.settings.oneroster_envelope, collection, page, counts)
    return Reply(200, body, tuple(headers))


def single_reply(settings: SandboxSettings, collection: Collection, text: str) -> Reply:
    """Answer with a single record."""
    style, key = settings.oneroster_envelope, collection.single
    if style == "html":
        return Reply(200, _page("sign in"), content_type=_HTML)
    if style in ("bare", "missing"):
        return Reply(200, text.encode())
    if style == "path":
        key = _SINGLE.get(collection.path, key)
    return Reply(200, f'{{"{key}":{text}}}'.encode())


def _listed(
    style: str, collection: Collection, page: Page, counts: dict[str, int]
) -> bytes:
    if style == "bare":
        return f"[{','.join(page.texts)}]".encode()
    if style == "missing":
        return json_reply(200, counts).body
    return page.body(collection.path if style == "path" else collection.key, counts)


def _told(settings: SandboxSettings, form: Form) -> frozenset[str]:
    if settings.oneroster_totals:
        return frozenset(settings.oneroster_totals.split(","))
    head = {"header", "link"} if settings.total_header else set()
    body = {"body"} if settings.totals and not form.standard else set()
    return frozenset(head | body)


def _counts(page: Page, settings: SandboxSettings) -> dict[str, int]:
    total = page.total + settings.oneroster_total_off
    return {
        "totalCount": total,
        "pageCount": math.ceil(total / page.limit),
        "pageNumber": page.offset // page.limit + 1,
        "offset": page.offset,
        "limit": page.limit,
    }


def _links(
    settings: SandboxSettings, call: Call, form: Form, page: Page
) -> list[tuple[bytes, bytes]]:
    after = page.offset + page.limit
    stuck = settings.oneroster_link == "stuck"
    found: dict[str, int] = {}
    if stuck and page.texts:
        found["next"] = page.offset
    elif after < page.total:
        found["next"] = after + (settings.oneroster_link == "ahead")
    if form.standard:
        found["first"] = 0
        found["last"] = max(0, (page.total - 1) // page.limit * page.limit)
        if page.offset:
            found["prev"] = max(0, page.offset - page.limit)
    if not found:
        return []
    made = [_link(settings, call, page, rel, at) for rel, at in found.items()]
    return [(b"link", ", ".join(made).encode("latin-1"))]


def _link(
    settings: SandboxSettings, call: Call, page: Page, rel: str, offset: int
) -> str:
    style = settings.oneroster_link
    query = {name: values[0] for name, values in call.parameters().items()}
    query |= {"limit": str(page.limit), "offset": str(offset)}
    host = "elsewhere.invalid" if style == "foreign" else call.header(b"host")
    url = f"http://{host}{call.path}?{urlencode(query)}"
    if style not in ("unbracketed", "ahead"):
        url = f"<{url}>"
    mark = {"single": "'", "bare": ""}.get(style, '"')
    return f"{url}; rel={mark}{rel}{mark}"
