"""The rules on single rows: one line of ``table`` for each.

In: a ``Sheet``. Out: rough findings. All rules are judged in one ``select``, over the
rows alone in which the first look saw something, or that lack what they must have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from sync.model.entities import (
    CLASS_TYPES,
    ENROLLMENT_ROLES,
    MAX_IDENTIFIER,
    ORG_TYPES,
    ROLE_TYPES,
    SESSION_TYPES,
    STATUSES,
    USER_ROLES,
    Entity,
    Kind,
)
from sync.model.finding import Severity
from sync.model.normalise import FALSE, TRUE
from sync.model.roster import KEEP
from sync.validate import words
from sync.validate.glance import NAMES, put
from sync.validate.hints import SHOWN, Hint, date_format, grade, nearest, said
from sync.validate.patterns import (
    CONTROL,
    EXPONENT,
    EXPONENTS,
    IN_IDENTIFIER,
    IN_NAME,
    MOJIBAKE,
    STEP,
)
from sync.validate.rough import rows
from sync.validate.sheet import RAW, Sheet, blank, either

LOCAL = "identifier"
"""The one text that is an identifier too, as the school itself writes it."""
CENTURY = 100
LEAP_DAY = (2, 29)
EITHER = ("classSourcedId", "courseSourcedId")
_BEGINS = {"endDate": ("beginDate", "startDate")}
"""What a date must not lie before."""


Columns = Callable[[Sheet], Iterable[str]]
Fails = Callable[[str], pl.Expr]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: on which columns, when it fails, and what is said then.

    ``fails`` gives a boolean expression over the normalised columns and, prefixed
    with ``RAW``, those that normalising changed. ``{column}`` and ``{value}`` in
    ``message`` are the canonical column and the cell.
    """

    code: str
    severity: Severity
    columns: Columns
    fails: Fails
    message: str
    hint: Hint


def _required(sheet: Sheet) -> Iterable[str]:
    return (name for name in sheet.columns if sheet.column(name).required)


def _of(*kinds: Kind) -> Columns:
    return lambda sheet: (
        name for name in sheet.columns if sheet.column(name).kind in kinds
    )


def _identifiers(sheet: Sheet) -> Iterable[str]:
    single = _of(Kind.IDENTIFIER)(sheet)
    return (*single, *(name for name in sheet.columns if name == LOCAL))


def _texts(sheet: Sheet) -> Iterable[str]:
    return (name for name in _of(Kind.TEXT)(sheet) if name != LOCAL)


def _names(sheet: Sheet) -> Iterable[str]:
    return (name for name in sheet.columns if name in NAMES)


def _either(sheet: Sheet) -> Iterable[str]:
    if sheet.entity is not Entity.ENROLLMENTS:
        return ()
    return [next((n for n in EITHER if n in sheet.columns), EITHER[0])]


def _pair(begin: str, end: str) -> Columns:
    return lambda sheet: (end,) if {begin, end} <= set(sheet.columns) else ()


def _neither(_name: str) -> pl.Expr:
    return pl.all_horizontal(blank(one) for one in EITHER)


def _malformed(name: str) -> pl.Expr:
    return pl.col(name).is_null() & ~blank(name)


def _holds(pattern: str) -> Fails:
    return lambda name: pl.col(name).str.contains(pattern)


def _too_long(name: str) -> pl.Expr:
    return pl.col(name).str.len_chars() > MAX_IDENTIFIER


def _one_too_long(name: str) -> pl.Expr:
    parts = pl.col(name).str.split(",").list.eval(pl.element().str.len_chars())
    return parts.list.max() > MAX_IDENTIFIER


def _before(begin: str) -> Fails:
    return lambda name: pl.col(name) < pl.col(begin)


def century(today: date) -> tuple[str, str]:
    """The days a century before and behind."""
    return _years(today, -CENTURY), _years(today, CENTURY)


def _beyond(today: date) -> Fails:
    first, last = century(today)
    return lambda name: (pl.col(name) < first) | (pl.col(name) > last)


def _years(today: date, years: int) -> str:
    # A day that the other year lacks (29 February) gives way to the day before.
    day = 28 if (today.month, today.day) == LEAP_DAY else today.day
    return today.replace(year=today.year + years, day=day).isoformat()


_NO, _SAY = Severity.REJECTED, Severity.WARNING
_IDS = (Kind.IDENTIFIER, Kind.IDENTIFIERS)
_WORDY = (Kind.TEXT, Kind.EMAIL, *_IDS)
_EXT = ", ext:..."
_FILL = said("fill in {column}, or give it a default in the mapping")
_TOO_LONG = f"{{column}} has more than {MAX_IDENTIFIER} characters"
_QUOTED = '{column} "{value}" is not '
_CONTROL = "{column} holds a line end, a tab or another control character"
_TAKE_OUT = "take it out, and look for a quote that is missing before this cell"
_REWRITTEN = '{column} "{value}" was rewritten by a spreadsheet'
_UNTOUCHED = "export again without opening the file, or set the column to text"


def _allowed(code: str, kind: Kind, noun: str, hint: Hint) -> Rule:
    return Rule(code, _NO, _of(kind), _malformed, _QUOTED + noun, hint)


def table(today: date) -> tuple[Rule, ...]:
    """All rules on single rows; ``today`` decides what is beyond a century."""
    return (
        Rule("RS101", _NO, _required, blank, "{column} is missing", _FILL),
        Rule(
            *("RS101", _NO, _either, _neither),
            "classSourcedId and courseSourcedId are both missing",
            said("fill in the class, or the course, of the enrollment"),
        ),
        Rule(
            *("RS102", _NO, _identifiers, _too_long),
            *(_TOO_LONG, said("look for a quote that is missing before this cell")),
        ),
        Rule(
            *("RS102", _NO, _of(Kind.IDENTIFIERS), _one_too_long),
            *(_TOO_LONG, said("look for a comma or a quote that is missing")),
        ),
        Rule(
            *("RS103", _NO, _identifiers, _holds(CONTROL)),
            *(_CONTROL, said(_TAKE_OUT)),
        ),
        Rule(
            *("RS103", _NO, _of(Kind.IDENTIFIERS), _holds(CONTROL)),
            *(_CONTROL, said(_TAKE_OUT)),
        ),
        Rule(
            *("RS104", _NO, _identifiers, _holds(EXPONENT)),
            *(_REWRITTEN, said(_UNTOUCHED)),
        ),
        Rule(
            *("RS104", _NO, _of(Kind.IDENTIFIERS), _holds(EXPONENTS)),
            *(_REWRITTEN, said(_UNTOUCHED)),
        ),
        Rule(
            *("RS105", _SAY, _texts, _holds(CONTROL)),
            *(
                _CONTROL,
                said("take it out of the cell in the student information system"),
            ),
        ),
        Rule(
            *("RS106", _SAY, _of(*_WORDY), _holds(MOJIBAKE)),
            '{column} "{value}" has letters that were read in another encoding',
            said("export again as UTF-8, without an editor or a spreadsheet between"),
        ),
        Rule(
            *("RS107", _SAY, _of(*_IDS), _holds(IN_IDENTIFIER)),
            '{column} "{value}" looks as if it belonged into another column',
            said("compare the cells of this row with the header"),
        ),
        Rule(
            *("RS107", _SAY, _names, _holds(IN_NAME)),
            '{column} "{value}" looks as if it belonged into another column',
            said("compare the cells of this row with the header"),
        ),
        Rule(
            *("RS108", _NO, _of(*_IDS), _holds(STEP)),
            '{column} "{value}" is no identifier: it cannot stand in an address',
            said("give the record an identifier of its own"),
        ),
        _allowed(
            "RS110",
            Kind.STATUS,
            "a status",
            nearest(STATUSES, "", words.STATUSES_MEANT),
        ),
        _allowed(
            "RS111",
            Kind.BOOLEAN,
            "true or false",
            nearest(TRUE + FALSE, "", words.BOOLEANS_MEANT),
        ),
        _allowed("RS112", Kind.GRADES, "a grade", grade),
        _allowed(
            *("RS113", Kind.USER_ROLE, "a role that users have"),
            nearest(USER_ROLES, _EXT, words.USER_ROLES_MEANT),
        ),
        _allowed(
            *("RS114", Kind.ENROLLMENT_ROLE, "a role that enrollments have"),
            nearest(ENROLLMENT_ROLES, _EXT, words.ENROLLMENT_ROLES_MEANT),
        ),
        _allowed(
            "RS115",
            Kind.ROLE_TYPE,
            "a type of role",
            nearest(ROLE_TYPES, "", words.ROLE_TYPES_MEANT),
        ),
        _allowed("RS116", Kind.DATE, "a date", date_format),
        _allowed(
            "RS122",
            Kind.ORG_TYPE,
            "a type of org",
            nearest(ORG_TYPES, _EXT, words.ORG_TYPES_MEANT),
        ),
        _allowed(
            "RS123",
            Kind.CLASS_TYPE,
            "a type of class",
            nearest(CLASS_TYPES, _EXT, words.CLASS_TYPES_MEANT),
        ),
        _allowed(
            *("RS124", Kind.SESSION_TYPE, "a type of academic session"),
            nearest(SESSION_TYPES, _EXT, words.SESSION_TYPES_MEANT),
        ),
        Rule(
            *("RS117", _SAY, _of(Kind.EMAIL), _malformed),
            _QUOTED + "an e-mail address; the cell is left out",
            said("one @, no space, and a domain with a dot, or leave the cell empty"),
        ),
        Rule(
            *("RS118", _SAY, _of(Kind.PHONE), _malformed),
            _QUOTED + "a phone number; the cell is left out",
            said("7 to 15 digits after an optional +, or leave the cell empty"),
        ),
        Rule(
            *("RS120", _NO, _pair("beginDate", "endDate")),
            *(_before("beginDate"), "{column} lies before beginDate"),
            said("correct one of the two dates"),
        ),
        Rule(
            *("RS120", _NO, _pair("startDate", "endDate")),
            *(_before("startDate"), "{column} lies before startDate"),
            said("correct one of the two dates"),
        ),
        Rule(
            *("RS121", _SAY, _of(Kind.DATE), _beyond(today)),
            '{column} "{value}" is more than a century from today',
            said("look at the year"),
        ),
    )


def judge(sheet: Sheet, today: date) -> list[pl.DataFrame]:
    """The rough findings of all rules on single rows, a frame for each."""
    doubtful = _doubtful(sheet, today)
    if doubtful is None:
        return []
    frame = with_raw(sheet).filter(doubtful)
    tried = [(rule, name) for rule in table(today) for name in rule.columns(sheet)]
    verdicts = frame.select(
        rule.fails(name).fill_null(value=False).alias(str(number))
        for number, (rule, name) in enumerate(tried)
    )
    return [
        _findings(frame.filter(verdict), sheet, rule, name)
        for (rule, name), verdict in zip(tried, verdicts, strict=True)
        if verdict.any()
    ]


def _doubtful(sheet: Sheet, today: date) -> pl.Series | None:
    """The rows in which a rule may find a fault; null where in none."""
    found = sheet.doubtful
    for name in _required(sheet):
        if sheet.frame[name].null_count():
            found = either(found, sheet.frame[name].is_null())
    for name in _either(sheet):
        if name not in sheet.columns or sheet.frame[name].null_count():
            found = either(found, _fail(_neither, with_raw(sheet), name))
    for name in _of(Kind.DATE)(sheet):
        found = either(found, _odd_dates(sheet, name, today))
    return found if found is not None and found.any() else None


def _odd_dates(sheet: Sheet, name: str, today: date) -> pl.Series | None:
    """The rows with a date that is far off, or lies before the one of the beginning."""
    dates = sheet.frame[name]
    found = None
    values = dates.drop_nulls().unique()
    if _fail(_beyond(today), values.to_frame(), name).any():
        found = _fail(_beyond(today), sheet.frame, name)
    for begin in _BEGINS.get(name, ()):
        if begin in sheet.columns and _overlap(sheet.frame[begin], values):
            found = either(found, _fail(_before(begin), sheet.frame, name))
    return found


def _fail(fails: Fails, frame: pl.DataFrame, name: str) -> pl.Series:
    return frame.select(fails(name).fill_null(value=False)).to_series()


def _overlap(begins: pl.Series, ends: pl.Series) -> bool:
    """Whether any of the one lies behind any of the other."""
    last, first = begins.max(), ends.min()
    return isinstance(last, str) and isinstance(first, str) and first < last


def with_keep(sheet: Sheet) -> Sheet:
    """The sheet with ``_keep``: each row's malformed optional cells, between commas."""
    names = [
        name for name in _of(Kind.EMAIL, Kind.PHONE)(sheet) if name in sheet.raw.columns
    ]
    keep = pl.repeat(None, sheet.frame.height, dtype=pl.String, eager=True)
    if names and sheet.doubtful is not None:
        words = [pl.when(_malformed(n)).then(pl.lit(f"{n},")) for n in names]
        listed = pl.concat_str([pl.lit(","), *words], ignore_nulls=True)
        said = with_raw(sheet).filter(sheet.doubtful).select(listed.alias(KEEP))
        told = said.select(pl.when(pl.col(KEEP) != ",").then(KEEP)).to_series()
        keep = put(keep, sheet.doubtful.arg_true(), told)
    return sheet.with_frame(sheet.frame.with_columns(keep.alias(KEEP)))


def with_raw(sheet: Sheet) -> pl.DataFrame:
    """The frame with each column's raw one beside it, and both of ``EITHER``."""
    absent = EITHER if sheet.entity is Entity.ENROLLMENTS else ()
    frame = sheet.frame.with_columns(
        pl.lit(None, pl.String).alias(name)
        for name in absent
        if name not in sheet.columns
    )
    raw = [
        (sheet.raw if name in sheet.raw.columns else frame)[name].alias(RAW + name)
        for name in frame.columns
        if not name.startswith("_")
    ]
    return frame.with_columns(raw)


def _findings(
    failing: pl.DataFrame, sheet: Sheet, rule: Rule, name: str
) -> pl.DataFrame:
    values = failing[RAW + name]
    distinct = values.unique()
    hints = rule.hint(distinct, name)
    before, *after = rule.message.replace("{column}", name).split("{value}")
    shown = pl.col(RAW + name).fill_null("").str.slice(0, SHOWN)
    message = [pl.lit(before), *([shown, pl.lit(after[0])] if after else [])]
    return rows(
        failing,
        sheet,
        rule.code,
        rule.severity,
        column=name,
        message=pl.concat_str(message),
        hint=pl.col(RAW + name).replace_strict(distinct, hints),
    )
