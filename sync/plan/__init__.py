"""Differences become a plan, and a plan a file."""

from sync.plan.file import DamagedPlanError, read_plan, write_plan
from sync.plan.guards import GuardRules, Threshold
from sync.plan.run import (
    Facts,
    PlanInput,
    Planned,
    Rules,
    approved,
    decode,
    make_plan,
)
from sync.plan.succession import settled

__all__ = [
    "DamagedPlanError",
    "Facts",
    "GuardRules",
    "PlanInput",
    "Planned",
    "Rules",
    "Threshold",
    "approved",
    "decode",
    "make_plan",
    "read_plan",
    "settled",
    "write_plan",
]
