"""Roster and mirror compared by key, field by field; and whose id has changed."""

from sync.diff.alike import EVIDENCE
from sync.diff.codes import CODES
from sync.diff.renames import PEOPLE_NAMED, PROPOSED, Renames, with_proposals
from sync.diff.run import CHANGES, DECISIONS, DiffInput, diff
from sync.diff.values import FieldRules, withheld

__all__ = [
    "CHANGES",
    "CODES",
    "DECISIONS",
    "EVIDENCE",
    "PEOPLE_NAMED",
    "PROPOSED",
    "DiffInput",
    "FieldRules",
    "Renames",
    "diff",
    "with_proposals",
    "withheld",
]
