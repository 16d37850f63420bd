"""The steps that the shape of the cells demands: dates, codes, grades, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.model.entities import ENROLLMENT_ROLES, ENTITIES, STATUSES, USER_ROLES
from sync.model.entities import Kind as Cell
from sync.suggest import meanings
from sync.suggest.drafts import Draft
from sync.suggest.shapes import ISO, Profile

_HALF = 0.5
_NEARLY_ALL = 0.95
"""Share from which what does not fit is a mistake of the file, not another code."""


@dataclass(slots=True)
class Line:
    """One canonical column as it will be written."""

    column: str
    steps: dict[str, Any]
    evidence: str
    doubts: list[str] = field(default_factory=list)
    missing: bool = False
    """Whether a required column was not found, so that somebody has to do something."""
    open: bool = False
    """Whether codes are left that somebody has to translate."""


def shape(draft: Draft, line: Line, profile: Profile) -> None:
    """Add the steps without which the cells could not be read, and what is doubtful."""
    kind = ENTITIES[draft.entity].column(line.column).kind
    shaped = _SHAPED.get(kind)
    if kind is Cell.STATUS and not profile.filled:
        line.steps["default"] = "active"
        line.doubts.append("blank cells count as active")
    elif shaped is not None and profile.filled:
        shaped(line, profile)
    listed = kind is Cell.IDENTIFIER and profile.separator is not None
    if listed and line.column == "agentSourcedId":
        line.steps["split"] = profile.separator
    elif listed and line.column in _ONE_OF_LIST:
        line.steps |= {"split": profile.separator, "part": 1}
        line.doubts.append("of several in one cell the first one counts")
    elif kind is Cell.IDENTIFIERS and profile.separator in {"|", ";"}:
        mark = "[|]" if profile.separator == "|" else ";"
        line.steps |= {"regex": rf"\s*{mark}\s*", "replace": ","}


_ONE_OF_LIST = frozenset(("primaryOrgSourcedId", "orgSourcedId", "schoolSourcedId"))


def _date(line: Line, profile: Profile) -> None:
    if profile.share("date") < _HALF:
        if profile.share("serial") >= _HALF:
            line.doubts.append(
                "these look like a spreadsheet's day numbers; format the column as a "
                "date and export it again"
            )
        return
    if profile.date_format == ISO:
        return
    line.steps |= {"as": "date", "format": profile.date_format}
    if profile.ambiguous_date:
        line.doubts.append("day and month could be the other way round")


def _grades(line: Line, profile: Profile) -> None:
    share = profile.share("grade")
    if share < _NEARLY_ALL and profile.listed:
        _translate(line, profile.listed, meanings.grade_of)
        return
    line.steps["as"] = "grades"
    if share < 1.0:
        line.doubts.append(f"{1 - share:.1%} of the cells do not look like grades")


def _status(line: Line, profile: Profile) -> None:
    if {code.lower() for code in profile.codes} <= set(STATUSES) and profile.codes:
        return
    if not profile.codes:
        line.doubts.append("too many different values for a status")
        return
    known = [code for code in profile.codes if meanings.status_of(code)]
    if known:
        _translate(line, profile.codes, meanings.status_of)
        if "active" not in line.steps["values"].values():
            line.steps["default"] = "active"
            line.doubts.append("no code says active: blank cells count as active")
        return
    line.steps["values"] = {profile.codes[0]: "active"}
    line.doubts.append(f'"{profile.codes[0]}" is the commonest code: is it active?')
    _left(line, list(profile.codes[1:]))


def _boolean(line: Line, profile: Profile) -> None:
    if profile.share("boolean") < 1.0 and profile.codes:
        _translate(line, profile.codes, meanings.boolean_of)


def _role(allowed: tuple[str, ...]) -> Callable[[Line, Profile], None]:
    forms = {role.lower() for role in allowed}

    def translated(code: str) -> str | None:
        role = meanings.role_of(code)
        if role in allowed:
            return role
        return "administrator" if role and role.endswith("Administrator") else None

    def shape(line: Line, profile: Profile) -> None:
        if {code.lower() for code in profile.codes} <= forms or not profile.codes:
            return
        _translate(line, profile.codes, translated)

    return shape


def _role_type(line: Line, profile: Profile) -> None:
    if profile.share("boolean") == 1.0:
        codes = {code: meanings.boolean_of(code) for code in profile.codes}
        line.steps["values"] = {
            code: "primary" if yes == "true" else "secondary"
            for code, yes in codes.items()
        }


_SHAPED: Mapping[Cell, Callable[[Line, Profile], None]] = {
    Cell.DATE: _date,
    Cell.GRADES: _grades,
    Cell.STATUS: _status,
    Cell.BOOLEAN: _boolean,
    Cell.USER_ROLE: _role(USER_ROLES),
    Cell.ENROLLMENT_ROLE: _role(ENROLLMENT_ROLES),
    Cell.ROLE_TYPE: _role_type,
}


def _translate(
    line: Line, codes: Sequence[str], meaning: Callable[[str], str | None]
) -> None:
    """``values`` with the codes that were seen; those nobody knows are left open."""
    known = {code: meaning(code) for code in codes}
    values: dict[str, str] = {}
    for code, value in known.items():
        if value is not None and code.lower() not in map(str.lower, values):
            values[code] = value
    if values:
        line.steps["values"] = values
    _left(line, [code for code, value in known.items() if value is None])


def _left(line: Line, codes: list[str]) -> None:
    if codes:
        listed = ", ".join(f'"{code}"' for code in codes)
        line.open = True
        line.doubts.append(
            f"nobody knows what these mean; add them to values: {listed}"
        )
