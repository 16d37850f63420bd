"""A draft of a table -> one line for each column: its steps, evidence and doubts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.model.entities import ENTITIES
from sync.model.entities import Kind as Cell
from sync.suggest.assumed import assumed
from sync.suggest.drafts import Draft
from sync.suggest.phrases import FULL_NAME
from sync.suggest.shaped import Line, shape
from sync.suggest.shapes import Profile
from sync.suggest.sheets import Match

_HALF = 0.5
_MOSTLY = 0.8


def lines(draft: Draft) -> list[Line]:
    """All lines of a table, required columns first as the entity has them."""
    spec = ENTITIES[draft.entity]
    made = []
    for column in spec.columns:
        line = _line(draft, column.name)
        if line is None and column.required:
            line = assumed(draft, column.name)
        if line is not None:
            made.append(line)
    return made


def _line(draft: Draft, column: str) -> Line | None:
    """What the files say of a column; None where they say nothing."""
    if column in draft.templates:
        template = "-".join(f"{{{header}}}" for header in draft.templates[column])
        return Line(column, {"template": template}, draft.reasons[column])
    if column in draft.matches:
        return _found(draft, column, draft.matches[column])
    if column in draft.joined:
        return _joined(draft, column)
    if column in {"givenName", "familyName"} and FULL_NAME in draft.matches:
        return _part_of_name(draft, column)
    return _made(draft, column)


def _made(draft: Draft, column: str) -> Line | None:
    """An identifier made of several headers, or a constant."""
    reason = draft.reasons.get(column, "")
    if column in draft.hashes:
        doubt = "who changes in one of these headers becomes somebody else"
        return Line(column, {"hash": draft.hashes[column]}, reason, [doubt])
    if column in draft.values:
        return Line(column, {"value": draft.values[column]}, reason)
    return None


def _found(draft: Draft, column: str, match: Match) -> Line:
    profile = draft.sheet.profiles[match.header]
    kind = ENTITIES[draft.entity].column(column).kind
    line = Line(column, {"from": match.header}, _evidence(match, profile, kind))
    if reason := draft.reasons.get(column):
        line.evidence = reason
    if match.rivals:
        others = ", ".join(f'"{one}"' for one in match.rivals)
        line.doubts.append(f"could also be {others}")
    if match.score < _MOSTLY and column not in draft.reasons:
        line.doubts.append("the name alone does not say it for certain")
    shape(draft, line, profile)
    required = ENTITIES[draft.entity].column(column).required
    if required and profile.filled < profile.rows and _may_be_blank(draft, column):
        line.steps["optional"] = True
        line.doubts.append(f"{1 - profile.fill:.0%} of the cells are blank")
    return line


def _may_be_blank(draft: Draft, column: str) -> bool:
    """Blank cells of a derived table are passed over already."""
    return draft.own and column not in {"sourcedId", "status"}


def _evidence(match: Match, profile: Profile, kind: Cell) -> str:
    name = match.phrase.replace("schoolyear", "school year")
    said = f'the header is like "{name}"' if name else "by its cells"
    return f"{said}; {_looks(profile, kind)}"


_LOOKS: Mapping[str, tuple[str, frozenset[Cell]]] = {
    "email": ("e-mails", frozenset(Cell)),
    "phone": ("telephone numbers", frozenset((Cell.PHONE,))),
    "date": ("dates", frozenset((Cell.DATE,))),
    "boolean": ("yes or no", frozenset((Cell.BOOLEAN, Cell.ROLE_TYPE))),
    "grade": ("grades", frozenset((Cell.GRADES,))),
    "role": ("roles", frozenset((Cell.USER_ROLE, Cell.ENROLLMENT_ROLE))),
    "status": ("statuses", frozenset((Cell.STATUS,))),
    "name": ("names or words", frozenset((Cell.TEXT,))),
}


def _looks(profile: Profile, kind: Cell) -> str:
    if not profile.filled:
        return "all cells are blank"
    for form, (text, kinds) in _LOOKS.items():
        if kind in kinds and profile.share(form) >= _HALF:
            return f"{profile.share(form):.0%} look like {text}"
    if profile.is_key:
        return "every row has another value"
    values = "value" if profile.distinct == 1 else "different values"
    return f"{profile.distinct:,} {values}"


def _joined(draft: Draft, column: str) -> Line:
    name, sheet, match = draft.joined[column]
    join = draft.join[name]
    profile = sheet.profiles[match.header]
    evidence = f'from {sheet.base}, whose "{join["key"]}" is the "{join["on"]}" here'
    line = Line(column, {"from": f"{name}.{match.header}"}, evidence)
    shape(draft, line, profile)
    if column in draft.defaults:
        line.steps["default"] = draft.defaults[column]
        line.doubts.append(f"who is not in {sheet.base}: {draft.reasons[column]}")
    elif column in draft.blank and ENTITIES[draft.entity].column(column).required:
        line.steps["optional"] = True
        line.doubts.append(f"{sheet.base} does not have all of them")
    return line


def _part_of_name(draft: Draft, column: str) -> Line:
    """The first or last name out of a header that has both."""
    header = draft.matches[FULL_NAME].header
    profile = draft.sheet.profiles[header]
    if profile.share("comma_name") >= _HALF:
        steps = {
            "from": header,
            "split": ",",
            "part": 1 if column == "familyName" else 2,
        }
        return Line(column, steps, 'cells look like "last, first"')
    keep = "${2}" if column == "familyName" else "${1}"
    steps = {"from": header, "regex": r"^(.*\S)\s+(\S+)$", "replace": keep}
    doubt = "the last word is taken as the last name"
    return Line(column, steps, "one header holds the whole name", [doubt])


def open_issues(made: list[Line]) -> Iterator[str]:
    """What is left to do in a table, as sentences."""
    for line in made:
        if line.missing:
            yield f"{line.column} was not found"
        elif line.open:
            yield f"{line.column} has codes that nobody knows"
