"""What goes into a pipe is what the library for terminals would have written there."""

from __future__ import annotations

import io
import os
from typing import NoReturn

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.table import Table

from sync.cli.pipe import Pipe
from sync.cli.screen import Screen

TEXTS = st.text(max_size=200)
HEADS = st.sampled_from(["", "roster-sync:"])


def no_screen() -> NoReturn:
    message = "a text needs no screen"
    raise AssertionError(message)


@given(text=TEXTS, head=HEADS, end=st.sampled_from(["\n", ""]))
@example(text="  [bold]a :smile: 12 \t\x1b[31m  ", head="roster-sync:", end="\n")
@example(text="long " * 60, head="", end="\n")
@example(text="名前 " * 60, head="", end="\n")
def test_a_text_is_written_as_a_screen_writes_it(
    text: str, head: str, end: str
) -> None:
    short, long = io.StringIO(), io.StringIO()
    pipe, screen = Pipe(short, no_screen), Screen(long, color=True)
    for one in (pipe, screen):
        one.show(text)
        one.show(text, whole=True)
        one.say(text, head=head, end=end)
    assert short.getvalue() == long.getvalue()


@pytest.mark.parametrize("whole", [False, True])
def test_a_table_is_drawn_by_the_screen(whole: bool) -> None:
    table = Table("a", "b")
    table.add_row("one " * 40, "two")
    short, long = io.StringIO(), io.StringIO()
    Pipe(short, lambda: Screen(short, color=False)).show(table, whole=whole)
    Screen(long, color=False).show(table, whole=whole)
    assert short.getvalue() == long.getvalue() != ""


def test_without_a_reader_nothing_more_is_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as file:
        pipe = Pipe(file, no_screen)
        with pytest.raises(SystemExit) as ended:
            pipe.say("a line")
        assert ended.value.code == 1
        file.write("goes nowhere")
