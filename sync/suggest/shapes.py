"""What the cells of a column look like, measured on the first rows of a file.

Shares of filled cells, never the cells themselves; only codes (a handful of short,
often repeated values such as ``A`` and ``I``) are kept, because they must be
translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from sync.model import normalise
from sync.model.roster import ROW, RawTable

SAMPLE = 4000
"""Rows that are looked at; more of them change no share that counts."""
ISO = "iso"
DATE_FORMATS = (
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M",
    "%Y%m%d%H%M%S",
)
_MOST_CODES = 24
_MOST_LISTED = 40
_LONGEST_CODE = 24
_CODES_REPEAT = 0.34
"""Codes are few: at most this share of the filled cells is a new one."""
_LONGEST_NAME, _LONGEST_IDENTIFIER = 40, 60
_FEW = 8
"""Cells up to which a handful of values need not repeat to be codes."""

_ROLE_WORDS = (
    *("student", "teacher", "parent", "guardian", "aide", "administrator", "staff"),
    *("principal", "counselor", "proctor", "mother", "father", "relative", "pupil"),
    *("learner", "faculty", "instructor", "ta", "observer", "designer", "admin"),
    *("studentenrollment", "teacherenrollment", "observerenrollment", "s", "t", "p"),
    *("district administrator", "site administrator", "taenrollment", "co-teacher"),
    *("school admin", "system administrator", "member", "contact", "teaching staff"),
    *("districtadministrator", "siteadministrator", "systemadministrator"),
)
_STATUS_WORDS = (
    *("active", "inactive", "tobedeleted", "a", "i", "enrolled", "withdrawn", "left"),
    *("graduated", "transferred", "completed", "deleted", "suspended", "current"),
    *("pre-enrolled", "dropped", "leaver", "pending", "w", "e", "-1", "0", "1", "2"),
    *("3", "y", "n", "yes", "no", "true", "false", "former", "on roll", "closed"),
)
_RELATION_WORDS = (
    *("mother", "father", "parent", "guardian", "stepmother", "stepfather", "aunt"),
    *("grandmother", "grandfather", "grandparent", "uncle", "sibling", "relative"),
    *("foster parent", "legal guardian", "other", "mom", "dad", "brother", "sister"),
    *("step-mother", "step-father", "caregiver", "emergency contact", "family"),
)
_SCHOOL = (
    r"(?i)\b(school|elementary|middle|high|academy|primary|college|district|campus"
    r"|escuela|institute|unified|k-?8|preparatory|learning)\b"
)
_TERM = (
    r"(?i)\b(fall|spring|summer|winter|autumn|term|semester|quarter|trimester|year"
    r"|s[12]|q[1-4]|t[1-4]|\d{4}\W\d{2,4})\b"
)
_NO_PHONE = r"^(\d{1,9}|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}.*)$"
"""Short numbers and dates have as many digits as telephone numbers."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One column as it looks; shares are of its filled cells."""

    header: str
    rows: int
    filled: int
    distinct: int
    shares: Mapping[str, float] = field(default_factory=dict)
    date_format: str | None = None
    ambiguous_date: bool = False
    codes: tuple[str, ...] = ()
    """The few values of a column that repeats them, commonest first."""
    listed: tuple[str, ...] = ()
    """All values of a column of short ones that has not many, repeated or not."""
    separator: str | None = None

    @property
    def fill(self) -> float:
        """The share of rows in which something stands."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def unique(self) -> float:
        """The share of filled cells that differ from all others."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def is_key(self) -> bool:
        """Whether it could tell the rows of the file apart."""
        return self.filled > 0 and self.filled == self.rows == self.distinct

    def share(self, shape: str) -> float:
        """How many of the cells have that shape."""
        return self.shares.get(shape, 0.0)


def profiles(table: RawTable) -> dict[str, Profile]:
    """The profile of each column, from all rows for keys, from a sample for shapes."""
    frame = table.frame.drop(ROW)
    return {name: _profile(frame.get_column(name)) for name in frame.columns}


def cells(column: pl.Series) -> pl.Series:
    """Filled cells, trimmed."""
    bare = column.str.strip_chars()
    return bare.filter(bare != "")


def _profile(column: pl.Series) -> Profile:
    every = cells(column)
    sample = every.head(SAMPLE)
    shares = _shares(sample)
    date_format, share, ambiguous = _dates(sample, shares.pop("iso"))
    if every.is_empty():
        return Profile(column.name, len(column), 0, 0)
    return Profile(
        column.name,
        len(column),
        len(every),
        every.n_unique(),
        {**shares, "date": share},
        date_format,
        ambiguous,
        *_codes(every),
        _separator(sample),
    )


def _shares(sample: pl.Series) -> dict[str, float]:
    cell = pl.col("cell")
    lowered = cell.str.to_lowercase()
    length = cell.str.len_chars()
    letters = cell.str.contains(r"^[\p{L}\p{M}'\x{2019}`. \-]+$")
    shapes: dict[str, pl.Expr] = {
        "iso": normalise.date(cell).is_not_null(),
        "email": normalise.email(cell).is_not_null(),
        "phone": normalise.phone(cell).is_not_null() & ~cell.str.contains(_NO_PHONE),
        "grade": normalise.grades(cell).is_not_null(),
        "boolean": normalise.boolean(cell).is_not_null(),
        "status": lowered.is_in(_STATUS_WORDS),
        "role": lowered.is_in(_ROLE_WORDS),
        "relation": lowered.is_in(_RELATION_WORDS),
        "name": letters & cell.str.contains(r"\p{L}{2}") & (length < _LONGEST_NAME),
        "word": ~cell.str.contains(r"\s"),
        "letters": letters,
        "number": cell.str.contains(r"^-?\d+$"),
        "digits": cell.str.contains(r"^\d+$"),
        "has_digit": cell.str.contains(r"\d"),
        "comma_name": cell.str.contains(r"^[^,\d]+, *[^,\d]+$"),
        "two_words": cell.str.contains(r"^\S+( \S+)+$"),
        "school": cell.str.contains(_SCHOOL),
        "term": cell.str.contains(_TERM),
        "initial": cell.str.contains(r"^\p{L}\.?$"),
        "long": length > _LONGEST_IDENTIFIER,
        "serial": cell.str.contains(r"^[1-5]\d{4}$"),
        "year": cell.str.contains(r"^(19|20)\d{2}([-/ ]*\d{2,4})?$"),
    }
    made = sample.rename("cell").to_frame()
    row = made.select(**{name: shape.mean() for name, shape in shapes.items()})
    return {name: value or 0.0 for name, value in row.row(0, named=True).items()}


def _dates(sample: pl.Series, iso: float) -> tuple[str | None, float, bool]:
    """The format that reads most, its share, and whether another reads as much."""
    if sample.is_empty() or iso > 0.9:  # noqa: PLR2004 - nine of ten say it
        return (ISO, iso, False) if iso else (None, 0.0, False)
    read = {
        form: float(sample.str.to_date(form, strict=False, exact=True).count())
        for form in DATE_FORMATS
    }
    best = max(DATE_FORMATS, key=lambda form: read[form])
    if not read[best] or _impossible(sample, best):
        return (ISO, iso, False) if iso else (None, 0.0, False)
    equal = [form for form in DATE_FORMATS if read[form] == read[best] and form != best]
    twin = best.replace("%m", "%x").replace("%d", "%m").replace("%x", "%d")
    return best, read[best] / len(sample), twin in equal


def _impossible(sample: pl.Series, form: str) -> bool:
    """Whether the years are those of no person and no school year."""
    years = sample.str.to_date(form, strict=False, exact=True).dt.year().drop_nulls()
    return bool((~years.is_between(1900, 2100)).mean() or 0.0)


def _codes(every: pl.Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The values that repeat, and all values; () where they are too many or long."""
    counts = every.value_counts(name="count").sort(
        ["count", every.name], descending=[True, False]
    )
    values = counts.get_column(every.name)
    long = bool((values.str.len_chars() > _LONGEST_CODE).any())
    if counts.height > _MOST_LISTED or long:
        return (), ()
    listed = tuple(values.to_list())
    most = max(_FEW, int(len(every) * _CODES_REPEAT))
    return (listed if len(listed) <= min(_MOST_CODES, most) else ()), listed


def _separator(sample: pl.Series) -> str | None:
    """What separates several items in one cell, if some cells have several."""
    for mark in ("|", ";", ","):
        items = rf"^[^\s{mark}]+( ?\{mark} ?[^\s{mark}]+)+$"
        if sample.str.contains(items).any():
            return mark
    return None
