"""Hostile text is shown and does not act."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.plain import plain


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]8;;http://x\x07link", "␛]8;;http://x␇link"),
        ("two\nlines\r\n", "two␊lines␍␊"),
        ("a\tb\0c\x7f", "a␉b␀c␡"),
        ("\x9b2J", "<U+009B>2J"),
        ("abc\u202egnp.exe", "abc<U+202E>gnp.exe"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("\ud800", "\ufffd"),
        ("[bold]x[/x]", "[bold]x[/x]"),
        ("José Ñandú 李小龍 👩‍🏫", "José Ñandú 李小龍 👩‍🏫"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_hostile_text_is_made_visible(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = plain(text)

    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1
    assert plain(shown) == shown
