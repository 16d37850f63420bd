"""Answers judged: which are failures, of which kind, in which words.

Comes in: one ``Answer``. Goes out: ``None`` for a success, or a ``Failure`` whose
message is fit for logs and reports: the server's code and description, cut, with
e-mail addresses taken out. Error bodies: OneRoster 1.2 ``imsx_StatusInfo`` with the
deviations of vendors, ``{"error": ...}``, plain text, HTML of gateways.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

from sync.model.outcome import Failure, FailureKind
from sync.model.request import Answer, Json

MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer, decompressed, beyond which it is refused."""
MAX_DEPTH = 64
LARGE = 4 * 1024 * 1024
"""Bytes of a body below which what is in it does no harm."""
MAX_TEXT = 64 * 1024
MAX_OBJECTS = 500_000
MAX_COMMAS = 4_000_000
MAX_MESSAGE = 300
SHORTEST_SECRET = 6
"""Shorter ones are in every text by chance."""
INSECURE = frozenset({"tls", "tls_version"})
"""The codes of failures because whoever answers has not shown who he is."""
TLS_ADVICE = (
    "ask whoever runs it for a valid certificate, or correct the address; nothing was "
    "sent"
)

_SUCCESS = range(200, 300)
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_AGAIN = frozenset({408, 425, 429})
_UNAUTHORISED = 401
_UNAVAILABLE = 503
_NO_TROUBLE_OF_THE_HOUR = frozenset({501, 505})
_REDIRECT = (
    "a redirect is not followed; the address in the configuration is wrong, "
    "or the path does not exist there"
)
_EMAIL = re.compile(
    r"[^\s\"'<>(),;:=/@]{1,64}(?:@|%40)[^\s\"'<>(),;:/@]{1,255}", re.IGNORECASE
)
_TAGS = re.compile(
    r"<(script|style|head)\b[^>]{0,200}>.*?</\1\s*>|<[^<>]{0,500}>",
    re.DOTALL | re.IGNORECASE,
)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,59}", re.ASCII)
"""What servers use for codes; anything else, sentences above all, is a description."""
_SAID = ("imsx_description", "error_description", "message", "detail", "error")
_READ = 4096
"""Bytes of an error's body that are looked at for its message."""
_PAGE = 65536
"""Bytes of a page that are looked at for what it says."""
_LIMIT_PAGE = re.compile(
    r"request limit of \d+ requests? per \d+ seconds?", re.IGNORECASE
)
"""What Schoology's web side says, with the status 200, to who asks too often."""
_REPLAY = re.compile(
    r"timestamp/nonce|timestamp.{0,80}\b(?:nonce|replay|sequence|backwards?|older)\b",
    re.IGNORECASE | re.DOTALL,
)
"""In the text of a 401 that takes a request for the copy of another one (Schoology:
"timestamp/nonce"), or that came to its server behind one signed after it."""


class UnreadableError(Exception):
    """A body that is not what was asked for; the message has no personal data."""


def classify(answer: Answer, *, write: bool) -> Failure | None:
    """None for any 2xx, else why not, and of which kind."""
    status = answer.status
    if status in _SUCCESS:
        return None
    code, message = describe(answer)
    if status in _REDIRECTS:
        code, message = "redirect", _REDIRECT
    hint = retry_after(answer)
    kind = _kind(status)
    refused = status == _UNAVAILABLE and hint is not None
    doubt = write and kind is FailureKind.RETRY and status in _SERVER_ERRORS
    return Failure(kind, status, code, message, hint, in_doubt=doubt and not refused)


def unmasked(answer: Answer) -> Answer:
    """``answer`` to a request for JSON; as 429 where a success is no JSON but a page
    that says that too much was asked for."""
    start = answer.body[:64].lstrip()[:1]
    if answer.status not in _SUCCESS or start in {b"{", b"[", b""}:
        return answer
    said = " ".join(_visible(answer.body[:_PAGE]).split())
    return replace(answer, status=429) if _LIMIT_PAGE.search(said) else answer


def suspects_replay(answer: Answer) -> bool:
    """Whether a 401 takes nonce and timestamp for used ones: signed anew, the same
    request may pass."""
    if answer.status != _UNAUTHORISED:
        return False
    # Servers written in PHP put a backslash before each slash of their JSON.
    said = answer.body[:_PAGE].replace(b"\\/", b"/").decode("utf-8", "replace")
    return _REPLAY.search(said) is not None


def _kind(status: int) -> FailureKind:
    again = status in _SERVER_ERRORS and status not in _NO_TROUBLE_OF_THE_HOUR
    if again or status in _AGAIN:
        return FailureKind.RETRY
    if status in {401, 403} or status in _REDIRECTS:
        return FailureKind.FATAL
    return FailureKind.REJECT


def retry_after(answer: Answer, now: float | None = None) -> float | None:
    """The seconds that ``Retry-After`` asks to wait, in either of its two forms.

    A date is compared with the answer's own ``Date`` where there is one, so that a
    clock that is wrong here or there does no harm.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    then = _http_date(text)
    if then is None:
        return None
    wall = time.time() if now is None else now
    sent = _http_date(answer.headers.get("date", ""))
    base = sent or datetime.fromtimestamp(wall, UTC)
    return max(0.0, (then - base).total_seconds())


def server_time(answer: Answer) -> float | None:
    """When the server says that it answered, in seconds since 1970."""
    sent = _http_date(answer.headers.get("date", ""))
    return None if sent is None else sent.timestamp()


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def describe(answer: Answer) -> tuple[str, str]:
    """The server's code and description in an error's body, safe to print."""
    code, said = "", ""
    if answer.body[:1] in {b"{", b"["} or answer.body[:1].isspace():
        code, said = _from_json(answer)
    if not said and not code:
        said = _visible(answer.body[:_READ])
    if not _CODE.fullmatch(code):
        said, code = said or code, f"http_{answer.status}"
    return code, redact(said)


def _visible(raw: bytes) -> str:
    """What a reader sees of a page, or of plain text."""
    return unescape(_TAGS.sub(" ", raw.decode("utf-8", "replace")))


def _from_json(answer: Answer) -> tuple[str, str]:
    try:
        body = parse_json(answer, MAX_BODY // 64)
    except UnreadableError:
        return "", ""
    if isinstance(body, dict) and isinstance(body.get("statusInfoSet"), list):
        body = body["statusInfoSet"]
    if isinstance(body, list):
        body = body[0] if body else None
    if not isinstance(body, dict):
        return "", ""
    texts = [body[name] for name in _SAID if isinstance(body.get(name), str)]
    if not texts and isinstance(inner := body.get("error"), dict):
        texts = [inner[name] for name in _SAID if isinstance(inner.get(name), str)]
    code = _minor(body)
    return code, texts[0] if texts else ""


def _minor(body: dict[str, Json]) -> str:
    minor = body.get("imsx_CodeMinor", body.get("imsx_codeMinor"))
    if isinstance(minor, dict):
        fields = minor.get("imsx_codeMinorField")
        first = fields[0] if isinstance(fields, list) and fields else fields
        minor = first.get("imsx_codeMinorFieldValue") if isinstance(first, dict) else ""
    for candidate in (minor, body.get("code"), body.get("error")):
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""


def summary(failure: Failure) -> str:
    """Status and code in one phrase, and our own words where nobody answered.

    What a server says may name people; it stands in the report, not in a line that is
    logged and mailed.
    """
    if failure.status is not None and failure.code != "redirect":
        return f"{failure.status} {failure.code}"
    status = f"{failure.status} " if failure.status is not None else ""
    said = f": {failure.message}" if failure.message else ""
    return f"{status}{failure.code}{said}"


def without(failure: Failure, *secrets: str) -> Failure:
    """``failure``, should a server repeat a credential in its description."""
    code, message = failure.code, failure.message
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            code = code.replace(secret, "***")
            message = _uncut(message.replace(secret, "***"), secret)
    if (code, message) == (failure.code, failure.message):
        return failure
    return replace(failure, code=code, message=message)


def _uncut(message: str, secret: str) -> str:
    """``message`` without the beginning of a secret where it was cut."""
    if len(message) < MAX_MESSAGE:
        return message
    for size in range(len(secret) - 1, SHORTEST_SECRET - 1, -1):
        if message.endswith(secret[:size]):
            return f"{message[:-size]}***"
    return message


def redact(text: str) -> str:
    """``text`` on one line, without control characters and e-mail addresses, cut."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[:_READ])
    return " ".join(_EMAIL.sub("…@…", plain).split())[:MAX_MESSAGE]


def parse_json(answer: Answer, largest: int = MAX_BODY) -> Json:
    """The body as JSON: at most 64 MiB and 64 levels deep, no NaN, no key twice.

    Raises ``UnreadableError``.
    """
    body = answer.body
    if len(body) > largest:
        message = f"the body is larger than {largest >> 20} MiB"
        raise UnreadableError(message)
    if _too_deep(body):
        message = f"the body is nested deeper than {MAX_DEPTH} levels"
        raise UnreadableError(message)
    try:
        return json.loads(
            body, parse_constant=_no_constant, object_pairs_hook=_no_key_twice
        )
    except (ValueError, RecursionError):
        message = "the body is not valid JSON"
        raise UnreadableError(message) from None


_SAME_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_STRING = re.compile(rb'"[^"]*"')
_LONG_TEXT = re.compile(rb'"[^"]{%d}' % MAX_TEXT)


def bloated(body: bytes) -> bool:
    """Whether a large body would need many times its size as values: it has more of
    them, or a longer text, than any list of records of that size."""
    if len(body) <= LARGE:
        return False
    objects = body.count(b"{") + body.count(b"[")
    many = objects > MAX_OBJECTS or body.count(b",") > MAX_COMMAS
    return many or _LONG_TEXT.search(body) is not None


def _too_deep(body: bytes) -> bool:
    """Whether more than 64 brackets are open at once; those in texts do not count.

    Everything but brackets is dropped, then what is innermost, level by level. What
    does not match is left to the parser.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = body.translate(_SAME_BRACKETS, _NO_BRACKETS).replace(b'""', b"")
    bare = _STRING.sub(b"", bare)
    for _ in range(MAX_DEPTH):
        before, bare = bare, bare.replace(b"[]", b"")
        if len(bare) == len(before):
            return False
    return b"[]" in bare


def _no_constant(name: str) -> Json:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _no_key_twice(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        message = "a key stands twice in one object"
        raise ValueError(message)
    return made
