from .accepted import Accepted, accept
from .again import Asked, known_intake
from .complete import (
    announced,
    incomplete,
    is_sentinel,
    sentinels_beside,
    without_sentinel,
)
from .context import Show, Step
from .ending import Result
from .intake import How, Intake, Rejection, refusal, take_in
from .night import Manner, carry_out, nightly, resume
from .renames import Confirmed, read_confirmed
from .room import shelf_of
from .roster import fetch_roster
from .same import how_read
from .undo import Found, find_run, left_by, undo

__all__ = [
    "Accepted",
    "Asked",
    "Confirmed",
    "Found",
    "How",
    "Intake",
    "Manner",
    "Rejection",
    "Result",
    "Show",
    "Step",
    "accept",
    "announced",
    "carry_out",
    "fetch_roster",
    "find_run",
    "how_read",
    "incomplete",
    "is_sentinel",
    "known_intake",
    "left_by",
    "nightly",
    "read_confirmed",
    "refusal",
    "resume",
    "sentinels_beside",
    "shelf_of",
    "take_in",
    "undo",
    "without_sentinel",
]
