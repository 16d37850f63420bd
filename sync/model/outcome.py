"""What became of an operation, and why it did not succeed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The states of an operation in the journal (and in ``operations.csv``)."""

    PLANNED = "planned"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"


PENDING = "pending"
"""The code of what was done and shows only when somebody else has acted (a person who
has yet to register): it is not read back."""


class FailureKind(StrEnum):
    """How the engine answers a failure; it decides by this alone."""

    RETRY = "retry"
    """The server's trouble: send it again later."""
    SPLIT = "split"
    """A batch refused as a whole: compose it again in smaller parts."""
    REJECT = "reject"
    """This record is refused: the operation failed, the others go on."""
    FATAL = "fatal"
    """Credentials or address: nothing else would succeed either."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer is not a success.

    ``message`` is for people, without personal data: the server's own code and a
    description cut to 300 characters with e-mail addresses taken out.
    """

    kind: FailureKind
    status: int | None
    code: str
    message: str
    retry_after: float | None = None
    """Seconds, from the server's own hint."""
    in_doubt: bool = False
    """Whether a write may have had its effect all the same."""
    of_item: bool = False
    """Whether the request went through and this one record of it was judged: read back
    and still not as it was to be, it has failed, and is in doubt no more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end (or the present state) of one operation.

    One that is done may have a ``failure`` too, with the code ``PENDING``: what is yet
    to happen.
    """

    operation: str
    state: State
    status: int | None = None
    remote_id: str | None = None
    failure: Failure | None = None
