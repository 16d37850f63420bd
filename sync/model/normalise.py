"""Equal things become equal: one polars expression for each kind of cell.

Used on both sides, on the drop's cells and on the remote system's values, so that the
difference sees only what differs. A value that cannot be read becomes null; whoever
must say so compares with what was there before.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.model.entities import (
    CLASS_TYPES,
    ENROLLMENT_ROLES,
    GRADES,
    ORG_TYPES,
    ROLE_TYPES,
    SESSION_TYPES,
    STATUSES,
    USER_ROLES,
    Kind,
)

ROLE_SEPARATOR = "\x1e"
FIELD_SEPARATOR = "\x1f"
"""Control characters are rejected in identifiers, so they cannot stand in a role."""

ZERO_WIDTH = "[\u200b\u200c\u200d\u2060\ufeff]"

TRUE = ("true", "1", "yes", "y")
FALSE = ("false", "0", "no", "n")

EMAIL = (
    r"^[^\s\p{Cc}@]+@[^\s\p{Cc}@.]+(\.[^\s\p{Cc}@.]+)+$"  # one @, two or more labels
)
BETWEEN_DIGITS = r"[\s.\-\x{2010}\x{2011}/()\[\]{}]"
"""What may stand in a phone number: spaces, dots, hyphens, slashes, brackets."""
EXTENSION = r"(?i-u:x|ext|#)[0-9]+$"
TIME = r"(?:[01][0-9]|2[0-3])(?::?[0-5][0-9](?::?(?:[0-5][0-9]|60)(?:[.,][0-9]+)?)?)?"
ZONE = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
DAY = rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ]{TIME}{ZONE}?)?$"
"""An ISO date, with or without a time of day, with or without a zone."""
_LIST = r'^\[\s*("[^"\[\]]*"|[^"\[\],]*)(\s*,\s*("[^"\[\]]*"|[^"\[\],]*))*\s*\]$'
"""How JSON writes a list."""
_GRADE_FORMS = {
    **{grade.lower(): grade for grade in GRADES},
    "k": "KG",
    **{str(number): f"{number:02d}" for number in range(1, 14)},
}
_GRADE_ORDER = {grade: f"{place:02d}" for place, grade in enumerate(GRADES)}


def text(column: pl.Expr) -> pl.Expr:
    """Trimmed, zero-width characters removed, NFC; blank is null."""
    clean = column.str.replace_all(ZERO_WIDTH, "").str.strip_chars()
    return clean.str.normalize("NFC").replace("", None)


def _one_of(column: pl.Expr, values: Sequence[str]) -> pl.Expr:
    forms = {value.lower(): value for value in values}
    lowered = text(column).str.to_lowercase()
    return lowered.replace_strict(forms, default=None, return_dtype=pl.String)


def status(column: pl.Expr) -> pl.Expr:
    """One of ``STATUSES`` in any case."""
    return _one_of(column, STATUSES)


def boolean(column: pl.Expr) -> pl.Expr:
    """``true`` or ``false``, from true/1/yes/y and false/0/no/n in any case."""
    forms = dict.fromkeys(TRUE, "true") | dict.fromkeys(FALSE, "false")
    lowered = text(column).str.to_lowercase()
    return lowered.replace_strict(forms, default=None, return_dtype=pl.String)


def email(column: pl.Expr) -> pl.Expr:
    """Trimmed; null where it is not one @ with a domain of two or more labels."""
    clean = text(column)
    return pl.when(clean.str.contains(EMAIL)).then(clean)


def phone(column: pl.Expr) -> pl.Expr:
    """Trimmed; null where it has not 7 to 15 digits after an optional +."""
    clean = text(column)
    bare = clean.str.replace_all(BETWEEN_DIGITS, "").str.replace(EXTENSION, "")
    return pl.when(bare.str.contains(r"^\+?[0-9]{7,15}$")).then(clean)


def date(column: pl.Expr) -> pl.Expr:
    """``YYYY-MM-DD`` from an ISO date, with or without a time; else null."""
    day = text(column).str.extract(DAY)
    return day.str.to_date("%Y-%m-%d", strict=False).cast(pl.String)


def grades(column: pl.Expr) -> pl.Expr:
    """Canonical grades, distinct, in school order, joined by commas.

    Reads ``5``, ``05``, ``5th``, ``K``, ``5,6`` and ``["5","6"]`` in any case; null
    where one of several cannot be read.
    """
    clean = text(column)
    bare = (
        pl.when(clean.str.contains(_LIST))
        .then(clean.str.replace_all(r'[\[\]"]', ""))
        .otherwise(clean)
        .str.to_lowercase()
    )
    parts = bare.str.split(",").list.eval(
        pl.element()
        .str.strip_chars()
        .str.replace(r"^0*([0-9]+)(?:st|nd|rd|th)?$", "${1}")
        .replace_strict(_GRADE_FORMS, default=None, return_dtype=pl.String)
    )
    ordered = parts.list.eval(
        pl.element().replace_strict(_GRADE_ORDER, return_dtype=pl.String)
    )
    back = {place: grade for grade, place in _GRADE_ORDER.items()}
    names = (
        ordered.list.unique()
        .list.sort()
        .list.eval(pl.element().replace_strict(back, return_dtype=pl.String))
    )
    whole = parts.list.eval(pl.element().is_null()).list.any().not_()
    return pl.when(whole & bare.is_not_null()).then(names.list.join(","))


def _or_extension(column: pl.Expr, values: Sequence[str]) -> pl.Expr:
    clean = text(column)
    extension = clean.str.contains(r"(?i)^ext:\S+$")
    return pl.when(extension).then(clean).otherwise(_one_of(column, values))


def user_role(column: pl.Expr) -> pl.Expr:
    """One of ``USER_ROLES`` in any case, or an ``ext:`` token."""
    return _or_extension(column, USER_ROLES)


def enrollment_role(column: pl.Expr) -> pl.Expr:
    """One of ``ENROLLMENT_ROLES`` in any case, or an ``ext:`` token."""
    return _or_extension(column, ENROLLMENT_ROLES)


def org_type(column: pl.Expr) -> pl.Expr:
    """One of ``ORG_TYPES`` in any case, or an ``ext:`` token."""
    return _or_extension(column, ORG_TYPES)


def class_type(column: pl.Expr) -> pl.Expr:
    """One of ``CLASS_TYPES`` in any case, or an ``ext:`` token."""
    return _or_extension(column, CLASS_TYPES)


def session_type(column: pl.Expr) -> pl.Expr:
    """One of ``SESSION_TYPES`` in any case, or an ``ext:`` token."""
    return _or_extension(column, SESSION_TYPES)


def role_type(column: pl.Expr) -> pl.Expr:
    """``primary`` or ``secondary`` in any case."""
    return _one_of(column, ROLE_TYPES)


def identifiers(column: pl.Expr) -> pl.Expr:
    """A list of identifiers, distinct and sorted, joined by commas."""
    parts = text(column).str.split(",").list.eval(pl.element().str.strip_chars())
    return parts.list.unique().list.sort().list.join(",")


NORMALISERS = {
    Kind.IDENTIFIER: text,
    Kind.TEXT: text,
    Kind.STATUS: status,
    Kind.BOOLEAN: boolean,
    Kind.EMAIL: email,
    Kind.PHONE: phone,
    Kind.DATE: date,
    Kind.GRADES: grades,
    Kind.USER_ROLE: user_role,
    Kind.ENROLLMENT_ROLE: enrollment_role,
    Kind.ROLE_TYPE: role_type,
    Kind.ORG_TYPE: org_type,
    Kind.CLASS_TYPE: class_type,
    Kind.SESSION_TYPE: session_type,
    Kind.IDENTIFIERS: identifiers,
    Kind.LINKS: identifiers,
}


def key(*columns: str) -> pl.Expr:
    """The key of a record as one text: its parts joined by ``/``.

    ``/`` and ``%`` within a part are percent-encoded, so that two keys are equal only
    if all their parts are; a key of one part is that part as it is.
    """
    if len(columns) == 1:
        return pl.col(columns[0])
    parts = [
        pl.col(column)
        .fill_null("")
        .str.replace_all("%", "%25", literal=True)
        .str.replace_all("/", "%2F", literal=True)
        for column in columns
    ]
    return pl.concat_str(parts, separator="/")


def encode_roles(role_type_: pl.Expr, role: pl.Expr, org: pl.Expr) -> pl.Expr:
    """One role as text: roleType, role and org; join several sorted ones."""
    return pl.concat_str(
        [role_type_.fill_null("primary"), role, org.fill_null("")],
        separator=FIELD_SEPARATOR,
    )


def decode_roles(roles: str | None) -> list[tuple[str, str, str]]:
    """(roleType, role, org) of each encoded role."""
    if not roles:
        return []
    parts = [one.split(FIELD_SEPARATOR) for one in roles.split(ROLE_SEPARATOR)]
    return [(kind, role, org) for kind, role, org in parts]
