"""However a run ends, those whom the configuration names are told."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import trustme

from sync.state import StateFolder, hold
from tests.support.commands import finished
from tests.support.districts import edit, slim
from tests.support.exposition import parsed
from tests.support.listener import Listener
from tests.support.post_office import PASSWORD, USER, Letter, PostOffice
from tests.support.workspace import TARGET, Workspace, target_table, total

EVERY = [
    *("done", "partial", "refused", "held", "target_failed", "locked"),
    *("interrupted", "failed"),
]
METRICS = "roster.prom"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def office(ca: trustme.CA) -> Iterator[PostOffice]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    with PostOffice(context) as office:
        yield office


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def told(
    slim_synced: Workspace, office: PostOffice, listener: Listener, ca: trustme.CA
) -> Workspace:
    """A workspace of which everything is told, by mail and webhook."""
    office.letters.clear()
    listener.posted.clear()
    ca.cert_pem.write_to_path(slim_synced.folder / "ca.pem")
    slim_synced.environment |= {"SU": USER, "SP": PASSWORD, "HS": "hook-key"}
    configure(slim_synced, office.port, listener.url)
    return slim_synced


def configure(workspace: Workspace, port: int, url: str, **mail: Any) -> None:
    """The configuration of the workspace, with somebody to tell."""
    login = {"username": {"env": "SU"}, "password": {"env": "SP"}}
    people = {"from": "roster@district.example", "to": ["office@district.example"]}
    server = {"host": "127.0.0.1", "port": port, "ca_file": "ca.pem"}
    common = {"on": EVERY, **mail}
    workspace.write_config(
        {
            "state_dir": "state",
            "metrics": METRICS,
            "targets": {TARGET: target_table(workspace.sandbox.url)},
            "notify": {
                "office": {"kind": "mail", **server, **people, **login, **common},
                "hook": {"kind": "webhook", "url": url, "secret": {"env": "HS"}}
                | common,
            },
        }
    )


def last(office: PostOffice, listener: Listener) -> tuple[Letter, dict[str, Any]]:
    """The only letter and the only post, which say the same."""
    (letter,), (posted,) = office.letters, listener.posted
    document: dict[str, Any] = json.loads(posted.body)
    assert letter.text == document["text"]
    return letter, document


def measured(workspace: Workspace) -> float:
    """The exit code that monitors know."""
    found = parsed((workspace.folder / METRICS).read_text("utf-8"))
    (code,) = found["roster_sync_last_run_exit_code"].samples.values()
    return code


def spoilt(workspace: Workspace) -> Path:
    """A drop of which two rows are rejected."""
    drop = workspace.drop(slim(), "spoilt")
    for name in slim().students["givenName"].to_list()[:2]:
        edit(drop / "students.csv", f",{name},", ",,")
    return drop


def test_a_bad_night_is_told_by_code_and_line(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    ended = told.run("run", spoilt(told), "--target", TARGET)
    letter, document = last(office, listener)
    assert ended.code == document["exit_code"] == measured(told) == 1
    assert letter.message["Subject"] == (
        "roster-sync: district: done in part, 0 changes, "
        f"{total(document, 'rows', 'rejected')} rows rejected, "
        f"{document['new']} new problems"
    )
    (problem,) = [one for one in document["problems"] if one["column"] == "givenName"]
    assert (problem["code"], problem["file"], problem["line"], problem["count"]) == (
        ("RS101", "students.csv", 2, 2)
    )
    assert "students.csv:2: rejected RS101, column givenName\n" in letter.text
    assert document["report"] in letter.text
    assert Path(document["report"]).exists()


def test_no_cell_of_the_drop_is_told(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    drop = spoilt(told)
    told.run("run", drop, "--target", TARGET)
    said = office.letters[0].message.as_string() + listener.posted[0].body.decode()
    said += (told.folder / METRICS).read_text("utf-8")
    said += (told.state / "targets" / f"{TARGET}.told.json").read_text("utf-8")
    tables = slim()
    personal = [
        *("sourcedId", "username", "givenName", "familyName", "middleName"),
        *("email", "phone", "identifier", "birthDate"),
    ]
    cells = pl.concat(
        frame[name]
        for frame in (tables.students, tables.users)
        for name in personal
        if name in frame.columns
    )
    assert len(cells) > 100
    found = [c for c in cells if c and re.search(rf"\b{re.escape(c)}\b", said)]
    assert found == []


def held_drop(workspace: Workspace) -> Path:
    """A drop in which more than half of the names are others."""
    tables = slim()
    drop = workspace.drop(tables, "held")
    for name in tables.users["familyName"].to_list()[:30]:
        text = (drop / "users.csv").read_text("utf-8")
        (drop / "users.csv").write_text(text.replace(f",{name},", f",{name}x,"))
    return drop


def test_the_command_of_a_held_message_approves_exactly_that_plan(
    told: Workspace, office: PostOffice, listener: Listener, tmp_path: Path
) -> None:
    ended = told.sync(held_drop(told))
    letter, document = last(office, listener)
    assert ended.code == document["exit_code"] == measured(told) == 4
    planned = total(ended.document, "operations", "planned")
    assert f"held, {planned} changes wait for approval" in letter.message["Subject"]
    assert document["would"] == [f"users: update {planned}"]
    assert f"  users: update {planned}\n" in letter.text
    page = told.run("report", ended.document["run"], "--format", "html").out
    for text in (letter.text, page):
        assert document["approve"] in text
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    there = Workspace(elsewhere, told.sandbox, told.environment)
    program, *words = shlex.split(document["approve"])
    applied = there.run(*words)
    assert program == "roster-sync"
    assert applied.code == 0, applied.err
    assert office.letters[-1].message["Subject"].endswith(f"done, {planned} changes")


def refused(workspace: Workspace) -> Path:
    drop = workspace.drop(slim(), "refused")
    edit(drop / "students.csv", "familyName", "surname")
    return drop


def absent(workspace: Workspace) -> Path:
    return workspace.folder / "nothing"


def unreachable(workspace: Workspace) -> Path:
    workspace.environment["TIMEBACK_CLIENT_SECRET"] = "wrong"  # noqa: S105 - it is none
    return workspace.folder / "drop"


def unwritable(workspace: Workspace) -> Path:
    shutil.rmtree(workspace.state / "runs")
    (workspace.state / "runs").write_text("in the way", "ascii")
    return workspace.folder / "drop"


ENDS = [
    (refused, 3, "refused", "the drop was refused, and nothing was written."),
    (absent, 2, "refused", "district, not begun: there is no file or folder"),
    (unreachable, 5, "target_failed", "no token: 401 invalid_client"),
    (unwritable, 8, "failed", "district, this machine failed: "),
]


End = tuple[Callable[[Workspace], Path], int, str, str]


@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_ends_early_is_told_with_its_reason(
    told: Workspace, office: PostOffice, listener: Listener, end: End
) -> None:
    prepare, code, outcome, said = end
    ended = told.run("run", prepare(told), "--target", TARGET)
    letter, document = last(office, listener)
    assert ended.code == document["exit_code"] == code
    assert document["outcome"] == outcome
    assert said in " ".join(letter.text.split())


def test_a_start_that_finds_the_lock_taken_is_told(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    started = datetime.now(UTC)
    with hold(StateFolder(told.state), TARGET, run="other", started=started):
        ended = told.run("run", told.folder / "drop", "--target", TARGET)
    letter, document = last(office, listener)
    assert (ended.code, document["outcome"]) == (6, "locked")
    assert letter.text.startswith("district, locked: target district is in the hands")


def test_a_run_that_is_stopped_is_told_with_how_to_go_on(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    drop = told.folder / "drop"
    ended = told.run("run", drop, "--target", TARGET, "--deadline", "0s")
    letter, document = last(office, listener)
    assert (ended.code, document["outcome"]) == (7, "interrupted")
    assert "the deadline" in letter.text


def test_somebody_who_looks_is_not_told(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    told.plan(spoilt(told))
    told.run("run", absent(told), "--target", TARGET, "--dry-run")
    assert (office.letters, listener.posted) == ([], [])
    assert not (told.folder / METRICS).exists()


@pytest.mark.parametrize("options", [("--quiet",), ("--json",)])
def test_a_message_that_does_not_arrive_changes_no_exit_code_and_is_reported(
    told: Workspace, listener: Listener, options: tuple[str, ...]
) -> None:
    configure(told, 1, listener.url)
    ended = told.run("run", told.folder / "drop", "--target", TARGET, *options)
    said = (
        "notify.office could not be told: 127.0.0.1:1 was not reached: "
        "connection refused"
    )
    assert ended.code == 0
    assert said in ended.err.splitlines()
    assert said in ended.out
    run = json.loads(listener.posted[0].body)["run"]
    assert said in told.report(run)["notes"]
    assert said in told.run("report", run, "--format", "html").out
    found = parsed((told.folder / METRICS).read_text("utf-8"))
    (count,) = found["roster_sync_undelivered_messages_total"].samples.values()
    assert count == 1


def test_with_on_new_only_a_row_that_has_been_bad_before_is_told_once(
    told: Workspace, office: PostOffice, listener: Listener
) -> None:
    configure(told, office.port, listener.url, on_new_only=True)
    drop = spoilt(told)
    for _ in range(2):
        assert told.run("run", drop, "--target", TARGET).code == 1
    assert len(office.letters) == len(listener.posted) == 1
    name = slim().students["givenName"].to_list()[2]
    edit(drop / "students.csv", f",{name},", ",,")
    told.run("run", drop, "--target", TARGET)
    assert len(office.letters) == len(listener.posted) == 2
    assert "3 of them, 1 new" in office.letters[-1].text


def test_a_signal_while_people_are_told_ends_the_targets_that_are_left(
    told: Workspace,
) -> None:
    begun: list[subprocess.Popen[str]] = []

    def stop() -> None:
        begun.pop().send_signal(signal.SIGTERM)

    with Listener(status=None, then=stop) as listener:
        table = target_table(told.sandbox.url)
        hook = {"kind": "webhook", "url": listener.url, "secret": {"env": "HS"}}
        told.write_config(
            {
                "state_dir": "state",
                "targets": {TARGET: table, "second": table},
                "notify": {"hook": {**hook, "on": ["done"]}},
            }
        )
        two = ("--target", TARGET, "--target", "second")
        with told.start("run", told.folder / "drop", *two) as process:
            begun.append(process)
            ended = finished(process).told_well()
    assert ended.code == 7
    assert ended.line.startswith("roster-sync: second: ")
    assert "not everybody may have been told: a signal has come" in ended.err
    assert "nothing to change" in ended.out
