"""The story: read, map, validate, fetch, compare, plan, guard, apply, verify."""

from sync.flow.complete import incomplete, without_sentinel
from sync.flow.context import Show, Step
from sync.flow.ending import Result
from sync.flow.intake import How, Intake, Rejection, take_in
from sync.flow.night import Manner, carry_out, nightly, resume
from sync.flow.refusing import refusal
from sync.flow.renames import Confirmed, read_confirmed
from sync.flow.roster import fetch_roster
from sync.flow.undo import Found, find_run, left_by, undo

__all__ = [
    "Confirmed",
    "Found",
    "How",
    "Intake",
    "Manner",
    "Rejection",
    "Result",
    "Show",
    "Step",
    "carry_out",
    "fetch_roster",
    "find_run",
    "incomplete",
    "left_by",
    "nightly",
    "read_confirmed",
    "refusal",
    "resume",
    "take_in",
    "undo",
    "without_sentinel",
]
