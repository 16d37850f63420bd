"""What a text must not hold, or holds only by mistake: patterns of the rules on rows.

All are Rust regular expressions for polars, matched against trimmed cells.
"""

from __future__ import annotations

CONTROL = r"\p{Cc}"
EXPONENT = r"^-?[0-9](?:[.,][0-9]+)?[eE][+-][0-9]+$"
STEP = r"^\.{1,2}$"
"""A dot or two: steps of a path, wherever an identifier stands in one."""
EXPONENTS = r"(?:^|,)-?[0-9](?:\.[0-9]+)?[eE][+-][0-9]+(?:$|,)"
"""How a spreadsheet writes a long number: 1.23E+05, in some countries with a comma; the
sign is always there. Of a list, one of its items."""

_HIGH = (
    r"[\x{80}-\x{BF}\x{20AC}\x{201A}\x{0192}\x{201E}\x{2026}\x{2020}\x{2021}\x{02C6}"
    r"\x{2030}\x{0160}\x{2039}\x{0152}\x{017D}\x{2018}\x{2019}\x{201C}\x{201D}\x{2022}"
    r"\x{2013}\x{2014}\x{02DC}\x{2122}\x{0161}\x{203A}\x{0153}\x{017E}\x{0178}]"
)
_LETTERS = (
    r"[\x{80}-\x{9F}\x{A1}-\x{AA}\x{AC}-\x{BA}\x{BC}-\x{BF}\x{0192}\x{02C6}"
    r"\x{2030}\x{0160}\x{0152}\x{017D}\x{02DC}\x{2122}\x{0161}\x{0153}\x{017E}"
    r"\x{0178}\x{2026}\x{2020}\x{2021}\x{201A}\x{201E}]"
)
MOJIBAKE = (
    rf"\x{{FFFD}}|[ÃÂ]{_HIGH}|[ÄÅ]{_LETTERS}|[ÐÑ][\x{{80}}-\x{{BF}}]|â\x{{20AC}}"
    r"|^[? ]*\?\?[? ]*$"
)
"""UTF-8 read as Windows-1252 (80 to BF after a lead byte), or letters lost. Behind Ä
and Å, which end names, no quotation marks, dashes and spaces count."""

_WORDS = r"(?:true|false|active|inactive|tobedeleted)"
IN_IDENTIFIER = rf"^(?i-u:{_WORDS})$|^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:$|[T ])"
IN_NAME = rf"{IN_IDENTIFIER}|^[^\s@]+@[^\s@]+\.[^\s@]+$|^[0-9]+(?:/[0-9]+/[0-9]+)?$"
"""What stands in such a column only if the row's cells have moved."""
