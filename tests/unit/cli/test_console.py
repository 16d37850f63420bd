"""What a person or a pipe sees."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from rich.table import Table
from rich.text import Text

from sync.cli.console import Console
from sync.errors import TargetError
from sync.model.plain import plain

HOSTILE = ["[bold]x[/bold]", "[/x]", "\x1b[2J", "\u202eabc", "a\nroster-sync: forged"]


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


Watched = Callable[[], tuple[Terminal, Terminal]]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Put terminals in the place of both streams, from within the test."""

    def watch() -> tuple[Terminal, Terminal]:
        out, err = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        return out, err

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return watch


def test_results_go_to_standard_output_and_messages_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console()

    console.result("four students", Text("two users"))
    console.message("reading")

    assert capsys.readouterr() == ("four students\ntwo users\n", "reading\n")


def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Console().text("a\tb [x]\n" + "c" * 200)

    assert capsys.readouterr().out == "a\tb [x]\n" + "c" * 200 + "\n"


def test_text_on_a_terminal_is_made_harmless(watched: Watched) -> None:
    out, _ = watched()

    Console().text("a\x1b[2J\nb\n")

    assert out.getvalue() == "a␛[2J\nb\n"


def test_json_puts_exactly_one_document_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(json=True)

    console.result("four students", Table())
    console.text("a,b\n")
    console.document({"name": "Zoë \x1b[31m\u202e\ud800", "count": 3})

    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "Zoë \x1b[31m\u202e\ud800", "count": 3}
    assert out.isascii()
    assert err == ""


def test_a_second_document_is_a_defect(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(json=True)
    console.document({})

    with pytest.raises(RuntimeError, match="one JSON document"):
        console.document({})

    assert capsys.readouterr().out == "{}\n"


def test_a_document_is_printed_only_when_it_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console().document({"format": 1})

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "said\n"),
        ({"verbose": True}, "said\nin detail\n"),
        ({"quiet": True}, ""),
        ({"quiet": True, "verbose": True}, ""),
    ],
)
def test_quiet_and_verbose_decide_how_much_is_said(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], said: str
) -> None:
    console = Console(**options)

    console.message("said")
    console.detail("in detail")

    assert capsys.readouterr().err == said


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"json": True}])
@pytest.mark.parametrize(
    "message", ["no connection", "two\nlines", "x" * 500, *HOSTILE]
)
def test_an_error_is_one_line_however_the_console_is_set(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], message: str
) -> None:
    Console(**options).fail(TargetError(message, do="run again"))

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("roster-sync: ")
    assert err.endswith("; run again\n")
    assert not set(err) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_prints_harmlessly(
    capsys: pytest.CaptureFixture[str], hostile: str
) -> None:
    console = Console()

    console.result(hostile)
    console.message(hostile)

    assert capsys.readouterr() == (f"{plain(hostile)}\n", f"{plain(hostile)}\n")


def test_a_long_line_in_a_pipe_stays_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console().result("word " * 60)

    assert capsys.readouterr().out.count("\n") == 1


def test_a_terminal_wraps_prose_but_no_command(
    watched: Watched,
) -> None:
    out, _ = watched()
    console = Console(color=False)

    console.result("word " * 30, Text("command " * 30, no_wrap=True))

    lines = out.getvalue().splitlines()
    assert [len(line) > 80 for line in lines] == [False, False, True]


@pytest.mark.parametrize(
    ("color", "no_color", "colored"),
    [(True, "", True), (True, "1", False), (False, "", False)],
)
def test_colour_is_for_terminals_whose_owner_wants_it(
    watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
    *,
    color: bool,
    no_color: str,
    colored: bool,
) -> None:
    _, err = watched()
    monkeypatch.setenv("NO_COLOR", no_color)

    Console(color=color).advice("failed")

    assert ("\x1b[1;31m" in err.getvalue()) is colored
    assert ("31m" in err.getvalue()) is colored


def test_a_terminal_of_another_encoding_shows_escapes_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    Console().result("José → 04")
    sys.stdout.flush()

    assert raw.getvalue() == b"Jos\\xe9 \\u2192 04\n"


def test_progress_elsewhere_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    console = Console(clock=clock)

    with console.stage("plan: fetched enrollments", 120_000) as stage:
        for _ in range(24):
            clock.now += 1
            stage.advance(5_000)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "plan: fetched enrollments 25,000 of 120,000 (5 s)",
        "plan: fetched enrollments 50,000 of 120,000 (10 s)",
        "plan: fetched enrollments 75,000 of 120,000 (15 s)",
        "plan: fetched enrollments 100,000 of 120,000 (20 s)",
        "plan: fetched enrollments 120,000 (24 s)",
    ]


def test_a_step_without_a_count_says_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()

    with Console(clock=clock).stage("plan: compared"):
        clock.now += 3.2

    assert capsys.readouterr().err == "plan: compared (3 s)\n"


def test_a_total_may_become_known_on_the_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()

    with Console(clock=clock).stage("fetched users", unit="records") as stage:
        stage.advance(10)
        clock.now += 6
        stage.expect(40)
        stage.advance(10)

    assert capsys.readouterr().err.splitlines() == [
        "fetched users 20 of 40 records (6 s)",
        "fetched users 20 of 40 records (6 s)",
    ]


def test_a_step_that_fails_is_not_said_to_have_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> None:
        with Console(clock=Clock()).stage("fetched users"):
            raise KeyError

    with pytest.raises(KeyError):
        broken()

    assert capsys.readouterr().err == ""


def test_quiet_shows_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()

    with Console(quiet=True, clock=clock).stage("fetched users", 2) as stage:
        clock.now += 60
        stage.advance(2)

    assert stage.done == 2
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal_is_live_on_standard_error(
    watched: Watched,
) -> None:
    streams = watched()
    console = Console()

    with console.stage("fetch [bold]\x1b[2J", 10) as outer:
        outer.advance(5)
        with console.stage("users") as inner:
            inner.expect(4)
            inner.advance(4)

    out, err = (stream.getvalue() for stream in streams)
    assert out == ""
    assert "fetch [bold]␛[2J" in err
    assert "users" in err
    assert "4/4" in err
    assert "\x1b[2J" not in err


def test_after_live_progress_a_next_step_gets_bars_of_its_own(
    watched: Watched,
) -> None:
    _, err = watched()
    console = Console()

    for name in ("fetched", "compared"):
        with console.stage(name, 1) as stage:
            stage.advance()

    assert "compared" in err.getvalue()


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False)]
)
def test_a_person_is_asked(
    watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    *,
    agreed: bool,
) -> None:
    _, err = watched()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    assert Console(color=False).ask("Go on?") is agreed
    assert err.getvalue() == "Go on? [y/N] "


@pytest.mark.parametrize(
    ("typed", "answer"), [(b" drop \n", "drop"), (b"\n", ""), (b"\xff\n", "\udcff")]
)
def test_what_is_typed_is_taken_as_it_is_but_for_spaces_around_it(
    monkeypatch: pytest.MonkeyPatch, watched: Watched, typed: bytes, answer: str
) -> None:
    _, err = watched()
    lines = io.TextIOWrapper(io.BytesIO(typed + typed), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", lines)

    console = Console(color=False)
    assert [console.answer("Folder:") for _ in range(3)] == [answer, answer, None]
    assert err.getvalue() == "Folder: " * 3


def test_nobody_is_asked_where_nobody_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))

    assert Console().ask("Go on?") is False
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("say", [Console.message, Console.advice])
def test_a_message_between_bars_keeps_its_line(
    watched: Watched, say: Callable[[Console, str], Any]
) -> None:
    _, err = watched()
    console = Console(color=False)

    with console.stage("fetched", 10):
        say(console, "slower now")

    assert "slower now\n" in err.getvalue()


def test_a_whole_table_is_not_broken_where_nobody_watches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(box=None)
    table.add_column("a", overflow="fold")
    table.add_row("x" * 300)
    console = Console()
    console.result(table, whole=True)
    assert "x" * 300 in capsys.readouterr().out
    console.result(table)
    assert "x" * 300 not in capsys.readouterr().out


def test_on_a_terminal_even_a_whole_table_fits_its_width(watched: Watched) -> None:
    table = Table(box=None, show_header=False)
    table.add_column("a", overflow="fold")
    table.add_row("x" * 300)
    out, _ = watched()
    Console().result(table, whole=True)
    assert max(map(len, out.getvalue().splitlines())) <= 80
