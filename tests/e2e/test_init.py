"""``init`` as a newcomer meets it: files, a system on a real socket, a dry run."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.cli import main
from sync.cli.console import Console
from sync.cli.sandbox import CREDENTIALS
from sync.cli.session import Session
from sync.mapping import data_folder
from sync.samples import sandbox_document, schoology_document
from tests.support.commands import call_cli
from tests.support.districts import district
from tests.support.ended import Ended
from tests.support.workspace import Workspace

CONFIG = "roster-sync.toml"
ODD = "Pupil No,Forename,Surname,Year,School\n1,Ada,Stone,9,S1\n2,Ben,Cole,10,S1\n"
KINDS = {
    "timeback": "",
    "oneroster": "/ims/oneroster/v1p1",
    "edubridge": "",
    "schoology": "/v1",
    "openedx": "",
}
"""Each kind, and what stands behind the origin of the sandbox in its address."""


@pytest.fixture
def place(workspace: Workspace) -> Workspace:
    """Somebody with files and a system, and no configuration."""
    (workspace.folder / CONFIG).unlink()
    workspace.drop()
    return workspace


def commands(ended: Ended) -> list[list[str]]:
    """What it says to call next, in order."""
    heads = ("next: ", "then: ")
    lines = [one[6:] for one in ended.out.splitlines() if one.startswith(heads)]
    return [shlex.split(one)[1:] for one in lines]


def test_a_newcomer_gets_from_files_to_a_dry_run_with_two_commands(
    place: Workspace,
) -> None:
    address = ("--kind", "timeback", "--address", place.sandbox.url)
    begun = place.process("init", "drop", *address)
    assert (begun.code, begun.err.count("roster-sync:")) == (0, 0)
    assert "read as four-files" in begun.out
    assert "clocks agree" in begun.out
    (following,) = commands(begun)
    assert following == ["run", "drop", "--target", "district", "--dry-run"]
    dry = place.run(*following)
    assert dry.code == 0
    assert "a preview" in dry.out
    assert "nothing was written" in dry.out


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers_under_the_configuration_that_is_written(
    kind: str, place: Workspace
) -> None:
    tables = district()
    place.sandbox.load({**sandbox_document(tables, True), **schoology_document(tables)})
    address = place.sandbox.url + KINDS[kind]
    ended = place.run("init", "drop", "--kind", kind, "--address", address, "--json")
    assert ended.code == 0
    told = ended.document
    assert told["ping"]["exit_code"] == 0
    assert all(one["set"] and one["name"] in CREDENTIALS for one in told["variables"])
    assert told["next"] == ["roster-sync run drop --target district --dry-run"]
    assert {Path(one).name for one in told["written"]} == {
        CONFIG,
        "roster-sync.schema.json",
    }


def test_what_was_written_is_never_written_over(place: Workspace) -> None:
    (place.folder / CONFIG).write_text("mine", "utf-8")
    ended = place.run("init", "drop", "--kind", "schoology")
    assert ended.code == 2
    assert "never written over" in ended.line
    assert (place.folder / CONFIG).read_text("utf-8") == "mine"


def test_without_secrets_they_are_named_and_the_way_on_is_shown(
    place: Workspace,
) -> None:
    where = ("--config", "etc/own.toml", "--target", "north")
    options = ("--kind", "timeback", "--address", "staging", *where)
    ended = call_cli("init", "drop", *options, folder=place.folder).told_well()
    assert ended.code == 1
    assert "TIMEBACK_CLIENT_ID and 3 more are not set" in ended.line
    assert "export TIMEBACK_API_CLIENT_SECRET=" in ended.out
    last = ["--target", "north", "--config", "etc/own.toml"]
    assert commands(ended) == [
        ["ping", *last],
        ["run", "drop", *last[:2], "--dry-run", *last[2:]],
    ]


def test_a_system_that_refuses_is_told_and_the_configuration_stays(
    place: Workspace,
) -> None:
    place.environment["SCHOOLOGY_CONSUMER_SECRET"] = "wrong"  # noqa: S105 - it is
    address = ("--kind", "schoology", "--address", f"{place.sandbox.url}/v1")
    ended = place.run("init", "drop", *address)
    assert ended.code == 5
    assert "consumer_key" in ended.line
    assert (place.folder / CONFIG).exists()
    assert commands(ended)[0] == ["ping", "--target", "district"]


def test_for_files_never_seen_it_leaves_a_draft_and_what_is_to_do_in_it(
    place: Workspace,
) -> None:
    odd = place.folder / "odd"
    odd.mkdir()
    (odd / "pupils.csv").write_text(ODD, "utf-8")
    address = ("--kind", "timeback", "--address", place.sandbox.url)
    ended = place.run("init", "odd", *address)
    assert ended.code == 1
    assert "grades was not found" in ended.line
    assert 'mapping = "mapping.toml"' in (place.folder / CONFIG).read_text("utf-8")
    check, dry = commands(ended)
    assert check == ["check", "odd", "--mapping", "mapping.toml"]
    assert place.run(*check).code == 0
    assert dry[0] == "run"


def test_a_draft_with_doubts_alone_is_to_be_read_before_it_is_trusted(
    place: Workspace,
) -> None:
    odd = place.folder / "odd"
    odd.mkdir()
    (odd / "pupils.csv").write_text(ODD.replace("Year", "Grade"), "utf-8")
    address = ("--kind", "timeback", "--address", place.sandbox.url)
    ended = place.run("init", "odd", *address, "--json")
    assert (ended.code, ended.document["left_to_do"]) == (1, [])
    draft = (place.folder / "mapping.toml").read_text("utf-8")
    assert f"a draft with {draft.count('# DOUBT')} doubts" in ended.line
    assert ended.document["next"][0] == "roster-sync check odd --mapping mapping.toml"


def test_rows_that_are_rejected_are_counted(place: Workspace) -> None:
    messy = data_folder("samples") / "four-files" / "messy"
    address = ("--kind", "timeback", "--address", place.sandbox.url)
    ended = place.run("init", messy, *address, "--mapping", "four-files")
    assert ended.code == 0
    assert "57 of these rows are rejected" in ended.out
    assert f"roster-sync check {messy} --mapping four-files names each" in ended.out


def test_a_delivery_that_would_be_refused_is_told_and_the_rest_goes_on(
    place: Workspace,
) -> None:
    (place.folder / "drop" / "students.csv").write_text("sourcedId\ns1\n", "utf-8")
    address = ("--kind", "timeback", "--address", place.sandbox.url)
    ended = place.run("init", "drop", *address)
    assert ended.code == 1
    assert "the drop is refused: students.csv" in ended.line
    assert [one[0] for one in commands(ended)] == ["check", "run"]


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_where_nobody_can_be_asked_all_that_is_missing_is_named(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ended = call_cli("init", *options, folder=tmp_path).told_well()
    assert ended.code == 2
    assert "DROP and --kind and --address are missing" in ended.line
    assert not list(tmp_path.iterdir())


def test_a_person_is_asked_and_may_answer_by_number(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(
        ["nowhere", "drop", "9", "1", place.sandbox.url, "", "", "north", "", ""]
    )
    asked = _at_a_terminal(monkeypatch, typed)
    ended = place.run("init")
    assert ended.code == 0
    assert "there is no nowhere" in ended.err
    assert "1  timeback   TimeBack" in ended.err
    assert asked[-3].strip() == "--target [district]:"
    assert commands(ended)[-1][3] == "north"


def interrupted() -> Iterator[str]:
    """Answers the first question, and presses Ctrl-C at the second."""
    yield "drop"
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (lambda: iter(["drop", "timeback"]), "stopped before anything was written"),
        (interrupted, "stopped by SIGINT before anything was sent"),
    ],
    ids=["Ctrl-D", "Ctrl-C"],
)
def test_who_goes_away_leaves_nothing_behind(
    typed: Callable[[], Iterator[str]],
    said: str,
    place: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A process that was told to stop stays stopped, and others share this one.
    monkeypatch.setattr(main, "session", Session())
    before = set(place.folder.iterdir())
    _at_a_terminal(monkeypatch, typed())
    ended = place.run("init")
    assert ended.code == 7
    assert said in ended.line
    assert set(place.folder.iterdir()) == before


def test_yes_asks_nobody(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _at_a_terminal(monkeypatch, iter(()))
    assert place.run("init", "drop", "--yes").code == 2
    assert not asked


def _at_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: Iterator[str]) -> list[str]:
    """Let somebody sit at the terminal; what he is asked, as it comes."""
    asked: list[str] = []

    def answer(_: Console, question: str) -> str | None:
        asked.append(question)
        return next(typed, None)

    monkeypatch.setattr(Console, "attended", property(lambda _: True))
    monkeypatch.setattr(Console, "answer", answer)
    return asked
