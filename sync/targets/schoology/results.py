"""What became of each item of a batch.

In: a request and its answer. Out: one ``Outcome`` for each operation. Success is any
2xx of the answer and, in it, a ``response_code`` of 200 to 299 for this very item
(Schoology REST API, Enrollment). What has no result of its own is in doubt: it is read
before anything else happens to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Request
from sync.targets.common.answers import failed
from sync.targets.schoology.answers import as_list, parse, parse_text
from sync.targets.schoology.bodies import ENDED
from sync.targets.schoology.records import LIST_SEPARATOR
from sync.wire.failures import UnreadableError, redact

Fields = dict[str, str]

_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)
LONGEST_CODE = 3
"""Digits of a status."""
_SAID = ("message", "error", "errors")
"""Names that the text of an item's failure was seen under."""
_LAST_NUMBER = re.compile(r"([0-9]+)[^0-9]*\Z")
_ALREADY = "already"
WORDS: Mapping[int, str] = {
    HTTPStatus.NOT_FOUND: "Schoology does not know this user, section or enrollment",
    HTTPStatus.FORBIDDEN: "our key may not do this here",
}
_PLACES = ("section_id", "group_id")


@dataclass(frozen=True, slots=True)
class Result:
    """What the answer says of one item."""

    code: int | None
    fields: Fields
    said: str


def judged(request: Request, answer: Answer) -> list[Outcome]:
    """One outcome for each operation of a batch that was answered with 2xx."""
    try:
        found = results(answer) if answer.body else []
    except UnreadableError as error:
        return [_unknown(one, answer, str(error)) for one in request.operations]
    items = sent(request)
    matched = match([_named(one) for one in items], found)
    return [
        _outcome(operation, answer, result, ends=_ends(request, item))
        for operation, item, result in zip(
            request.operations, items, matched, strict=True
        )
    ]


def _ends(request: Request, item: Fields) -> bool:
    """Whether an item takes an enrollment away, or marks it as ended."""
    marks = request.method == "PUT" and item.get("status") in ENDED.values()
    return request.method == "DELETE" or marks


def refused(request: Request, failure: Failure) -> list[Outcome]:
    """One outcome for each operation of a batch that was refused as a whole."""
    alone = len(request.operations) == 1
    gone = failure.status == HTTPStatus.NOT_FOUND and request.method == "DELETE"
    if alone and gone:  # ended already; the read-back has the last word
        return [Outcome(one, State.DONE, status=404) for one in request.operations]
    return [failed(one, failure) for one in request.operations]


def sent(request: Request) -> list[Fields]:
    """The items of a request, in order."""
    if request.method == "DELETE":
        ids = dict(request.query)["enrollment_ids"].split(LIST_SEPARATOR)
        return [{"id": one} for one in ids]
    body = parse_text(request.body) if isinstance(request.body, str) else request.body
    return [_texts(one) for one in _enrollments(body or {})]


def results(answer: Answer) -> list[Result]:
    """The results in an answer. Raises ``UnreadableError``."""
    return [_result(one) for one in _enrollments(parse(answer))]


def _enrollments(body: Mapping[str, Any]) -> list[Any]:
    inside = body.get("enrollments")
    holder = inside if isinstance(inside, dict) else body
    return as_list(holder.get("enrollment"))


_NAMES = (
    "realm",
    "section_school_code",
    "course_code",
    "section_code",
    "uid",
    "school_uid",
)


def _named(item: Fields) -> Fields:
    """What tells an item from the others of its batch, in the words of results."""
    if "id" in item:
        return {"id": item["id"]}
    own = {name: item[name] for name in _NAMES if name in item}
    place = next((item[name] for name in _PLACES if name in item), None)
    return own if place is None else own | {"realm_id": place}


def _texts(item: Any) -> Fields:
    if not isinstance(item, dict):
        return {}
    return {
        name: str(value).strip()
        for name, value in item.items()
        if not isinstance(value, dict | list | None)
    }


def _result(item: Any) -> Result:
    fields = _texts(item)
    code = fields.get("response_code", "")
    said = next(
        (item[name] for name in _SAID if fields.get(name) or _deep(item, name)), ""
    )
    known = code.isascii() and code.isdecimal() and len(code) <= LONGEST_CODE
    return Result(int(code) if known else None, fields, str(said))


def _deep(item: Any, name: str) -> bool:
    return isinstance(item, dict) and bool(item.get(name))


def match(items: Sequence[Fields], found: Sequence[Result]) -> list[Result | None]:
    """Per item its result: by what names it, and only then by its place.

    Results may come in another order, and failed ones may carry fewer names. A place
    is trusted only where there is a result for every item and nothing that is named
    stands elsewhere; null where nobody can tell.
    """
    matched: list[Result | None] = [None] * len(items)
    open_items = set(range(len(items)))
    open_results = set(range(len(found)))
    _by_names(items, found, matched, open_items, open_results)
    nameless = {place for place in open_results if not _names(items, found[place])}
    if len(found) != len(items) or nameless != open_results or not nameless:
        return matched
    in_order = all(
        one is None or one is other for one, other in zip(matched, found, strict=True)
    )
    rest = [found[place] for place in sorted(open_results)]
    if not in_order and len(rest) > 1:
        rest = _as_one(rest)
    for place, result in zip(sorted(open_items), rest, strict=False):
        matched[place] = result
    return matched


def _as_one(found: Sequence[Result]) -> list[Result]:
    """Results of which nobody can tell whose each is, where that makes no difference:
    all have the same code; else none."""
    if len({one.code for one in found}) > 1:
        return []
    said = " / ".join(dict.fromkeys(one.said for one in found if one.said))
    return [Result(one.code, {}, said) for one in found]


def _by_names(
    items: Sequence[Fields],
    found: Sequence[Result],
    matched: list[Result | None],
    open_items: set[int],
    open_results: set[int],
) -> None:
    """Match what fits one open item only, until nothing more does."""
    tests: tuple[Callable[[Fields, Result], bool], ...] = (_is, _may_be)
    for fits in tests:
        again = True
        while again:
            again = False
            for place in sorted(open_results):
                mine = [one for one in open_items if fits(items[one], found[place])]
                rivals = [
                    other
                    for other in open_results
                    if len(mine) == 1 and fits(items[mine[0]], found[other])
                ]
                if len(mine) == 1 and rivals == [place]:
                    matched[mine[0]] = found[place]
                    open_items.discard(mine[0])
                    open_results.discard(place)
                    again = True


def _is(item: Fields, result: Result) -> bool:
    """Whether a result names everything that names this item."""
    return bool(item) and all(result.fields.get(k) == v for k, v in item.items())


def _may_be(item: Fields, result: Result) -> bool:
    """Whether a result names some of it, and nothing else."""
    shared = [name for name in item if result.fields.get(name)]
    return bool(shared) and all(result.fields[name] == item[name] for name in shared)


def _names(items: Sequence[Fields], result: Result) -> bool:
    """Whether a result has any of the names of items at all."""
    return any(result.fields.get(name) for one in items for name in one)


def _outcome(
    operation: str, answer: Answer, result: Result | None, *, ends: bool
) -> Outcome:
    if result is None:
        return _unknown(operation, answer, "the answer has no result for it")
    if result.code is None:
        return _unknown(operation, answer, "its result has no response_code")
    if result.code in _SUCCESS:
        return Outcome(
            operation,
            State.DONE,
            status=answer.status,
            remote_id=None if ends else _id(result.fields),
        )
    if ends and result.code == HTTPStatus.NOT_FOUND:
        # Gone already; the read-back has the last word.
        return Outcome(operation, State.DONE, status=answer.status)
    return _failure(operation, answer, result, result.code)


def _failure(operation: str, answer: Answer, result: Result, code: int) -> Outcome:
    said = redact(result.said)
    there = code == HTTPStatus.CONFLICT or _ALREADY in said.lower()
    later = code == HTTPStatus.TOO_MANY_REQUESTS or code in _SERVER_ERRORS
    parts = (f"{code}", WORDS.get(code), said)
    failure = Failure(
        FailureKind.RETRY if later else FailureKind.REJECT,
        # The request itself went through; what is refused is this one item of it.
        answer.status,
        f"item_{code}",
        ": ".join(part for part in parts if part),
        in_doubt=there or later,
        of_item=True,
    )
    state = State.SENT if failure.in_doubt else State.FAILED
    return Outcome(operation, state, status=answer.status, failure=failure)


def _unknown(operation: str, answer: Answer, why: str) -> Outcome:
    failure = Failure(FailureKind.RETRY, answer.status, "no_result", why, in_doubt=True)
    return Outcome(operation, State.SENT, status=answer.status, failure=failure)


def _id(fields: Fields) -> str | None:
    """The enrollment's id: its own field, or the last number of ``location``, which
    some answers write with two slashes."""
    if fields.get("id"):
        return fields["id"]
    found = _LAST_NUMBER.search(fields.get("location", ""))
    return found.group(1) if found else None
