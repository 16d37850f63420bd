"""The findings that only the whole of a run can make."""

from __future__ import annotations

from sync.model.finding import Code, Severity

CODES: tuple[Code, ...] = (
    Code(
        "RS401",
        Severity.REFUSED,
        "A required file is missing",
        "The configuration of the target names an entity under require, and the drop "
        "has no file for it. Nothing of the drop is carried out.",
        "Deliver the file, or take the entity out of require.",
    ),
    Code(
        "RS402",
        Severity.WARNING,
        "A file that the last good drop had is missing",
        "Its entity is left alone: nothing of it is created, changed or removed, and "
        "the run ends with 1 so that somebody notices.",
        "Deliver the file again. If it is not delivered any more, the warning goes "
        "with the next good drop.",
    ),
    Code(
        "RS404",
        Severity.WARNING,
        "A file has far fewer rows than in the last good drop",
        "Nothing is removed for it, because the removal policy of its entity is keep "
        "or today lies within removal.additions_only; but the export may be cut.",
        "See whether the export is whole, and deliver it again if not.",
    ),
    Code(
        "RS403",
        Severity.REFUSED,
        "Too many rows are rejected",
        "More rows of one file are rejected than guards.rejected allows. That is more "
        "likely a broken export than so many broken rows, so nothing is carried out.",
        "Mend the most frequent finding first; the others are often its consequences.",
    ),
)
