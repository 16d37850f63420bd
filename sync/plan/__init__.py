"""Differences become a plan, and a plan a file."""

from sync.plan.cause import Headers
from sync.plan.file import DamagedPlanError, read_plan, write_plan
from sync.plan.given import Facts, PlanInput, Rules
from sync.plan.guards import GuardRules, Threshold
from sync.plan.invert import InvertInput
from sync.plan.requests import decode
from sync.plan.run import MIN_APPROVAL, Planned, anew, approved, make_plan
from sync.plan.succession import beside, settled, without_effect
from sync.plan.undo import UndoInput, make_undo

__all__ = [
    "MIN_APPROVAL",
    "DamagedPlanError",
    "Facts",
    "GuardRules",
    "Headers",
    "InvertInput",
    "PlanInput",
    "Planned",
    "Rules",
    "Threshold",
    "UndoInput",
    "anew",
    "approved",
    "beside",
    "decode",
    "make_plan",
    "make_undo",
    "read_plan",
    "settled",
    "without_effect",
    "write_plan",
]
