"""What an answer to a bulk call says of each pair; which calls are taken apart.

Success is what stands in ``after``, never the status or the echoed action. A person
without an account is allowed and not enrolled: done, and told by the code ``PENDING``
and by the remote id, which the ledger keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.model.outcome import PENDING, Failure, FailureKind, Outcome, State
from sync.model.request import Answer, Json, Request
from sync.targets.common.answers import failed, json_or_none
from sync.targets.openedx.bodies import BULK, named
from sync.targets.openedx.silence import WAITS

REFUSED = frozenset({400, 403, 404})
BROKEN = 500
"""The stock platform's answer where the right to enroll is lacking in one course."""
FEW = 10
"""People of one course who are tried one by one after a 404: as documented it is about
the course, and then each of them would be one more request that finds nothing."""
_BAD_REQUEST, _FORBIDDEN = 400, 403
_PERSONS = ("user", "learner", "student", "identifier", "email", "person")

_INVALID = "the LMS knows nobody by this identifier, and it is no e-mail address"
_ERROR = "the LMS failed on this person; its own log has the reason"
_NEITHER = "neither enrolled nor allowed: the address was erased, or a rule refused it"
_STAYS = "the person is still enrolled, or allowed to be"
_MANUAL = "the LMS has not taken auto_enroll as it was sent"
_WHY = {
    "registration": "nobody has this address yet: allowed, and enrolled on registering",
    "activation": "the account is not activated yet: allowed, and enrolled when it is",
}
_UNTOLD = "the answer does not say what became of this person"


def outcomes(request: Request, answer: Answer | Failure) -> list[Outcome]:
    """One for each operation of the request, in order."""
    if isinstance(answer, Failure):
        return [failed(one, answer) for one in request.operations]
    if request.path != BULK:
        return [_of_single(request.operations[0], answer)]
    body = json_or_none(answer)
    courses = body.get("courses") if isinstance(body, dict) else None
    told = courses if isinstance(courses, dict) else {}
    sent: Any = request.body
    place = {one: at for at, one in enumerate(sent["identifiers"].split(","))}
    found = []
    for operation, course, one in named(request):
        said = Said(operation, answer.status, mails=bool(sent.get("email_students")))
        result = _result(told.get(course), one, place[one])
        if result is None:
            found.append(said.untold())
        elif sent["action"] == "unenroll":
            found.append(_unenrolled(said, result))
        else:
            found.append(_enrolled(said, result, one, taken=_taken(sent, told[course])))
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """The ends that the answer about one operation may have."""

    operation: str
    status: int
    mails: bool = False
    """Whether sending it again may send a message again."""

    def done(self, remote_id: str | None = None) -> Outcome:
        """It holds."""
        return Outcome(self.operation, State.DONE, self.status, remote_id)

    def pending(self, what: str) -> Outcome:
        """It is done as far as it can be: the rest is up to the person."""
        failure = Failure(FailureKind.REJECT, self.status, PENDING, _WHY[what])
        return Outcome(self.operation, State.DONE, self.status, WAITS + what, failure)

    def refused(self, code: str, why: str) -> Outcome:
        """It does not hold, and sending it again would not help."""
        failure = Failure(FailureKind.REJECT, self.status, code, why)
        return Outcome(self.operation, State.FAILED, self.status, failure=failure)

    def again(self, code: str, why: str) -> Outcome:
        """It failed at the server: read, and sent again unless that mails anew."""
        if self.mails:
            return self.refused(code, why)
        failure = Failure(
            FailureKind.RETRY, self.status, code, why, in_doubt=True, of_item=True
        )
        return Outcome(self.operation, State.SENT, self.status, failure=failure)

    def untold(self) -> Outcome:
        """It may hold: to be read."""
        failure = Failure(
            FailureKind.RETRY, self.status, "no_result", _UNTOLD, in_doubt=True
        )
        return Outcome(self.operation, State.SENT, self.status, failure=failure)


def _bad(said: Said, result: Mapping[str, Any]) -> Outcome | None:
    """What is told without any state: somebody unknown, or an error."""
    if result.get("invalidIdentifier") is True:
        return said.refused("invalid_identifier", _INVALID)
    if result.get("error") is True:
        return said.again("server_refused", _ERROR)
    return None


def _after(result: Mapping[str, Any]) -> tuple[bool, bool] | None:
    """Whether the person is enrolled, and whether allowed; null where untold."""
    after = result.get("after")
    bits = after if isinstance(after, dict) else {}
    enrolled, allowed = bits.get("enrollment"), bits.get("allowed")
    if isinstance(enrolled, bool) and isinstance(allowed, bool):
        return enrolled, allowed
    return None


def _unenrolled(said: Said, result: Mapping[str, Any]) -> Outcome:
    after = _after(result)
    if after is None:
        return _bad(said, result) or said.untold()
    return said.refused("not_unenrolled", _STAYS) if any(after) else said.done()


def _enrolled(
    said: Said, result: Mapping[str, Any], identifier: str, *, taken: bool
) -> Outcome:
    """``taken``: whether the LMS has taken ``auto_enroll`` as it was sent."""
    after = _after(result)
    if after is None:
        return _bad(said, result) or said.untold()
    enrolled, allowed = after
    if enrolled:
        return said.done(identifier)
    if not allowed:
        return said.refused("refused", _NEITHER)
    if not taken:
        return said.refused("auto_enroll", _MANUAL)
    return said.pending("activation" if result["after"].get("user") else "registration")


def _taken(sent: Mapping[str, Any], entry: Json) -> bool:
    return bool(entry.get("auto_enroll", sent["auto_enroll"]) == sent["auto_enroll"])


def _result(entry: Json, identifier: str, place: int) -> Mapping[str, Any] | None:
    """The result of a person: the one at his place if it names him, or else the only
    one that does."""
    results = entry.get("results") if isinstance(entry, dict) else None
    rows = results if isinstance(results, list) else []
    mine = [row for row in rows if _names(row, identifier)]
    if place < len(rows) and _names(rows[place], identifier):
        return dict(rows[place])
    return mine[0] if len(mine) == 1 else None


def _names(row: Json, identifier: str) -> bool:
    told = row.get("identifier") if isinstance(row, dict) else None
    return isinstance(told, str) and told.strip().casefold() == identifier.casefold()


def _of_single(operation: str, answer: Answer) -> Outcome:
    said = Said(operation, answer.status)
    body = json_or_none(answer)
    active = body.get("is_active") if isinstance(body, dict) else None
    if active is True:
        return said.done()
    if active is None:
        return said.untold()
    return said.refused("refused", _NEITHER)


def parts(request: Request, failure: Failure) -> Sequence[tuple[str, ...]]:
    """The operations of a refused call in smaller calls: by course, then by person."""
    again = failure.status == BROKEN and request.repeatable
    if request.path != BULK or not (failure.status in REFUSED or again):
        return ()
    by_course: dict[str, list[str]] = {}
    for operation, course, _ in named(request):
        by_course.setdefault(course, []).append(operation)
    if len(by_course) > 1:
        return [tuple(ones) for ones in by_course.values()]
    people = request.operations
    if again or len(people) < 2 or not _about_persons(failure, len(people)):  # noqa: PLR2004
        return ()
    middle = len(people) // 2
    return [people[:middle], people[middle:]]


def _about_persons(failure: Failure, count: int) -> bool:
    """Whether the refusal of one course's call may be for one of its people."""
    if failure.status == _BAD_REQUEST:
        return True
    said = f"{failure.code} {failure.message}".lower()
    if any(word in said for word in _PERSONS):
        return failure.status != _FORBIDDEN
    return failure.status != _FORBIDDEN and count <= FEW
