"""One expression for each step: cells of a file -> cells of a canonical column.

All of them are polars expressions over String columns; blank is null on the way in
and on the way out. Their order is that of ``model.Steps``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from sync.mapping.model import Steps
from sync.model import normalise
from sync.model.entities import USER_ROLES
from sync.model.identifier import uuid5

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")

HASHED = uuid.uuid5(uuid.NAMESPACE_DNS, "roster-sync.hash")
"""Of the identifiers that ``hash`` makes; never to be changed."""

_ROLE_FORMS = {
    **{role.lower(): role for role in USER_ROLES},
    "pupil": "student",
    "learner": "student",
    "faculty": "teacher",
    "instructor": "teacher",
    "mother": "parent",
    "father": "parent",
}


def placeholders(template: str) -> list[str]:
    """The headers that a template names, in order."""
    return _PLACEHOLDER.findall(template)


def needed(steps: Steps) -> list[str]:
    """The headers that a column is made of."""
    if steps.template is not None:
        return placeholders(steps.template)
    return list(steps.from_ or steps.hash or ())


def needs_all(steps: Steps) -> bool:
    """Whether every one of the headers must be there, not just one of them."""
    return steps.template is not None or steps.hash is not None


def filled(header: str) -> pl.Expr:
    """The cell of a raw table as it is; null where there are only spaces."""
    return pl.col(header).map_batches(_filled, return_dtype=pl.String)


def _filled(cells: pl.Series) -> pl.Series:
    """The very same cells where none is blank: most columns need no other."""
    # What is blank is empty, or begins with a space of some kind.
    odd = cells.filter((cells < "!") | (cells > "~"))
    if not (odd.str.strip_chars() == "").any():
        return cells
    cell = pl.col(cells.name)
    only = pl.when(cell.str.strip_chars() != "").then(cell)
    return cells.to_frame().select(only).to_series()


def source(steps: Steps, headers: Mapping[str, str]) -> pl.Expr:
    """What the steps start from; ``headers`` says how each name is really written."""
    if steps.value is not None:
        return pl.lit(steps.value, pl.String)
    if steps.template is not None:
        return _template(steps.template, headers)
    if steps.hash is not None:
        return _hash([headers[name] for name in steps.hash])
    first, *others = [filled(header) for header in headers.values()]
    cell = pl.coalesce([first, *others]) if others else first
    if steps.split is None or steps.part is None:
        return cell
    place = steps.part - 1 if steps.part > 0 else steps.part
    items = cell.str.split(steps.split).list.get(place, null_on_oob=True)
    return items.str.strip_chars().replace("", None)


def explodes(steps: Steps) -> bool:
    """Whether each item of a cell gives a row of its own."""
    return steps.split is not None and steps.part is None


def finish(cell: pl.Expr, steps: Steps) -> pl.Expr:
    """All steps behind the source."""
    if is_plain(steps):
        return cell
    cell = translate(prepare(cell, steps), steps)
    if steps.as_ is not None:
        cell = pl.coalesce(_READ_AS[steps.as_](cell, steps), cell)
    cell = cell.replace("", None)
    if steps.prefix is not None:
        cell = pl.lit(steps.prefix) + cell
    if steps.suffix is not None:
        cell = cell + pl.lit(steps.suffix)
    return cell if steps.default is None else cell.fill_null(steps.default)


def prepare(cell: pl.Expr, steps: Steps) -> pl.Expr:
    """The steps before ``values``: what is looked up in it."""
    cell = cell.str.strip_chars()
    if steps.regex is not None and steps.replace is not None:
        cell = cell.str.replace_all(steps.regex, steps.replace)
    if steps.lower:
        cell = cell.str.to_lowercase()
    if steps.upper:
        cell = cell.str.to_uppercase()
    if steps.title:
        cell = cell.str.to_titlecase()
    if steps.strip_zeros:
        bare = cell.str.strip_chars_start("0")
        cell = pl.when((bare == "") & (cell != "")).then(pl.lit("0")).otherwise(bare)
    if steps.zfill is not None:
        cell = cell.str.zfill(steps.zfill)
    return cell.replace("", None)


def translate(cell: pl.Expr, steps: Steps) -> pl.Expr:
    """``values``: null for what is not in it."""
    if steps.values is None:
        return cell
    forms = {key.strip().lower(): value for key, value in steps.values.items()}
    lowered = cell.str.strip_chars().str.to_lowercase()
    if "" in forms:
        lowered = lowered.fill_null("")
    return lowered.replace_strict(
        list(forms), list(forms.values()), default=None, return_dtype=pl.String
    )


def untranslated(cell: pl.Expr, steps: Steps) -> pl.Expr | None:
    """Where ``values`` has no answer and there is no default; None without it."""
    if steps.values is None or steps.default is not None:
        return None
    before = prepare(cell, steps)
    return before.is_not_null() & translate(before, steps).is_null()


def chosen(values: Sequence[str], header: str) -> pl.Expr:
    """A condition of ``where``: the cell is one of the values, in any case."""
    wanted = [value.strip().lower() for value in values]
    return pl.col(header).str.strip_chars().str.to_lowercase().is_in(wanted)


def _template(template: str, headers: Mapping[str, str]) -> pl.Expr:
    parts: list[pl.Expr] = []
    for place, text in enumerate(_PLACEHOLDER.split(template)):
        if place % 2:
            parts.append(filled(headers[text]).str.strip_chars())
        elif text:
            parts.append(pl.lit(text))
    return pl.concat_str(parts)


def _hash(headers: Sequence[str]) -> pl.Expr:
    """A UUIDv5 of the cells."""
    parts = [
        filled(header)
        .str.strip_chars()
        .str.normalize("NFC")
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        for header in headers
    ]
    said = pl.concat_str(parts, separator="\x1f")
    return said.map_batches(partial(uuid5, HASHED), return_dtype=pl.String)


def is_plain(steps: Steps) -> bool:
    """Whether the cell is taken as it is, trimming left to validation."""
    return steps.written <= _SOURCES


_SOURCES = {"from_", "aliases", "value", "template", "hash", "optional"}


def _date(cell: pl.Expr, steps: Steps) -> pl.Expr:
    day = cell.str.to_date(steps.format, strict=False, exact=True)
    return day.cast(pl.String)


def _boolean(cell: pl.Expr, _: Steps) -> pl.Expr:
    return normalise.boolean(cell)


def _grades(cell: pl.Expr, _: Steps) -> pl.Expr:
    return normalise.grades(cell)


def _role(cell: pl.Expr, _: Steps) -> pl.Expr:
    bare = cell.str.to_lowercase().str.replace_all(r"[\s_\-]", "")
    return bare.replace_strict(_ROLE_FORMS, default=None, return_dtype=pl.String)


def _phone(cell: pl.Expr, _: Steps) -> pl.Expr:
    right = normalise.phone(cell.str.replace(r"(?i)^tel:\s*", ""))
    return right.str.replace_all(r"[\s.\-/()\[\]]", "")


_READ_AS: Mapping[str, Callable[[pl.Expr, Steps], pl.Expr]] = {
    "date": _date,
    "boolean": _boolean,
    "grades": _grades,
    "role": _role,
    "phone": _phone,
}
