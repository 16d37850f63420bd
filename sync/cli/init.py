"""``init``: from a folder of files to a configuration that is tried and works."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.text import Text

from sync.cli import ping
from sync.cli.console import Console
from sync.cli.session import Session
from sync.errors import (
    ExitCode,
    InterruptedRunError,
    RosterSyncError,
    TargetError,
    worst,
)
from sync.flow import How, Intake, refusal, take_in
from sync.model.plain import plain
from sync.setup import (
    DOUBT,
    SCHEMA_NAME,
    Answers,
    Question,
    Seen,
    complete,
    configuration,
    is_here,
    is_there,
    keep,
    look,
    mapping_from,
    place_of,
    variables,
    without_files,
)
from sync.suggest import Suggestion


class _LeftError(RosterSyncError):
    """The configuration is written, and something is left to do."""

    exit_code = ExitCode.PARTIAL


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``init`` was told by its options."""

    drop: Path | None
    mapping: str | None
    answers: Mapping[str, str | None]


@dataclass(slots=True)
class Begun:
    """What has come of it so far."""

    place: Path
    drop: Path
    seen: Seen
    answers: Answers
    mapping: str
    """As the configuration names it."""
    given: str | None
    """The mapping that an option named."""
    written: tuple[Path, ...] = ()
    asked: dict[str, Any] | None = None
    """What the target said, where it was asked."""
    mend: RosterSyncError | None = None
    """What is to be mended in the files or their mapping."""
    silent: RosterSyncError | None = None
    """Why the target cannot be worked with, or was not asked."""

    @property
    def unset(self) -> list[str]:
        """The variables that nobody has set yet."""
        names = variables(self.answers)
        return [name for name in names if not os.environ.get(name)]

    @property
    def troubles(self) -> list[RosterSyncError]:
        """Why there is no dry run yet, the worst first."""
        found = [one for one in (self.silent, self.mend) if one is not None]
        code = worst(ExitCode(one.exit_code) for one in found)
        return sorted(found, key=lambda one: one.exit_code is not code)


def init(session: Session, asked: Asked) -> ExitCode:
    """Look at the files, ask what is missing, write, and try it."""
    with session.signals():  # polars would keep Ctrl-C from whoever is being asked
        begun = _begin(session, asked)
        _write(session, begun)
        _read(session, begun)
    _try(session, begun)
    return _end(session, begun)


def _begin(session: Session, asked: Asked) -> Begun:
    """Everything that must be known."""
    console = session.console
    person = console.attended and not session.yes
    place = place_of(session.config_path)
    drop = _drop(console, asked, person=person)
    if not person:  # a wrong option need not wait for the files
        complete(asked.answers, None)
    seen = look(drop, asked.mapping)
    console.result(f"{drop} {_as_what(seen)}")
    answers = complete(asked.answers, partial(_ask, console) if person else None)
    mapping = mapping_from(seen.mapping, place.parent)
    return Begun(place, drop, seen, answers, mapping, asked.mapping)


def _as_what(seen: Seen) -> str:
    if seen.draft is None:
        return f"is read as {seen.mapping}: {seen.title}"
    return "is in no layout that is known, so a mapping is drafted for it"


def _drop(console: Console, asked: Asked, *, person: bool) -> Path:
    if asked.drop is not None:
        return asked.drop
    if not person:
        raise without_files(asked.answers)
    while True:
        text = _typed(console, "The folder into which the files are put:")
        drop = Path(text).expanduser()
        if text and is_there(drop):
            return drop
        console.message(f"  there is no {drop}" if text else "  it must have a name")


def _typed(console: Console, question: str) -> str:
    """An answer. Raises ``InterruptedRunError`` where the person has gone."""
    text = console.answer(question)
    if text is None:
        message = "stopped before anything was written"
        raise InterruptedRunError(message, do="begin again with roster-sync init")
    return text


def _ask(
    console: Console,
    question: Question,
    known: Mapping[str, str],
    default: str | None,
    wrong: str,
) -> str:
    """A choice may be answered by its number."""
    choices = question.choices(known)
    if wrong:
        console.message(f"  {wrong}")
    else:
        console.message("")
        console.message(question.text(known))
        width = max(map(len, choices), default=0)
        for number, (name, words) in enumerate(choices.items(), 1):
            console.message(f"  {number}  {name:<{width}}  {words}".rstrip())
    usual = f" [{default}]" if default else ""
    text = _typed(console, f"  {question.flag}{usual}:")
    numbers = {str(number): name for number, name in enumerate(choices, 1)}
    return numbers.get(text, text)


def _write(session: Session, begun: Begun) -> None:
    draft = begun.seen.draft
    beside = {} if draft is None else {begun.mapping: draft.toml}
    text = configuration(begun.answers, begun.mapping, SCHEMA_NAME)
    begun.written = keep(begun.place, text, beside)
    session.console.result(*(f"written: {path}" for path in begun.written))


def _read(session: Session, begun: Begun) -> None:
    """Read the files as the configuration says, and tell what is in them."""
    draft = begun.seen.draft
    config = session.config()
    name = config.target(begun.answers["target"]).mapping
    with session.console.stage("check"):
        today = datetime.now(config.timezone).date()
        intake = take_in(begun.drop, How(mapping=name, whole=False), today)
    session.console.result(*_counts(begun, intake))
    left = None if draft is None else _left(draft)
    if left is not None:
        do = f"see its comments, then {_check(begun)}"
        begun.mend = _LeftError(f"{begun.mapping} is a draft {left}", do=do)
    elif intake.refused:
        error = refusal(intake, f"see {_check(begun)}")
        begun.mend = _LeftError(error.message, do=error.do)


def _left(draft: Suggestion) -> str | None:
    """What somebody has to look at in a draft before anything is sent by it."""
    if draft.open:
        more = f", and {len(draft.open) - 1} more" if draft.open[1:] else ""
        return f"in which is left to do: {draft.open[0]}{more}"
    doubts = draft.toml.count(f"\n# {DOUBT}")
    return f"with {doubts} doubt{'s' if doubts > 1 else ''}" if doubts else None


def _counts(begun: Begun, intake: Intake) -> Iterator[str]:
    if intake.roster is None:
        return
    counts = intake.roster.counts.items()
    rows = (f"{entity.value} {one.read:,}" for entity, one in counts if one.read)
    rejected = sum(one.rejected for _, one in counts)
    bad = f"{rejected:,} of these rows are rejected" if rejected else "all are accepted"
    yield f"{begun.drop} has {', '.join(rows)}; {bad}"
    if rejected:
        yield f"  {_check(begun)} names each"


def _check(begun: Begun) -> str:
    """The command that reads the files the same way."""
    name = begun.given
    if begun.seen.draft is not None:
        name = str(begun.place.parent / begun.mapping)
    return _command("check", begun.drop, *(("--mapping", name) if name else ()))


def _try(session: Session, begun: Begun) -> None:
    """Ask the target, if its secrets are there."""
    unset = begun.unset
    if unset:
        session.console.result(
            "set these variables to what the vendor gave you:",
            *(f"  export {name}='...'" for name in unset),
        )
        more = f" and {len(unset) - 1} more" if unset[1:] else ""
        are = "are" if unset[1:] else "is"
        message = f"the connection is not tried yet: {unset[0]}{more} {are} not set"
        here = " (the sandbox prints its own)" if is_here(begun.answers) else ""
        do = f"set what is listed above{here}, then ping"
        begun.silent = _LeftError(message, do=do)
        return
    table = session.config().target(begun.answers["target"])
    result = ping.ping_one(session, table)
    ping.show(session, table, result)
    begun.asked = ping.document(table, result)
    if isinstance(result, RosterSyncError):
        begun.silent = result
    elif result.troubles:
        begun.silent = TargetError(ping.advice([(table, result)], result.exit_code))


def _end(session: Session, begun: Begun) -> ExitCode:
    console = session.console
    troubles = begun.troubles
    code = ExitCode(troubles[0].exit_code) if troubles else ExitCode.DONE
    commands = list(_commands(session, begun))
    console.document(_document(begun, code, commands))
    for number, command in enumerate(commands):
        line = f"{'then' if number else 'next'}: {command}"
        console.result(Text(plain(line), no_wrap=True))
    for one in troubles[1:]:
        console.message(one.line())
    if troubles:
        console.fail(troubles[0])
    return code


def _commands(session: Session, begun: Begun) -> Iterator[str]:
    """What to call next, and what after it, to the first dry run."""
    target = ("--target", begun.answers["target"])
    given = session.config_path
    where = () if given is None else ("--config", str(given))
    if begun.mend is not None:
        yield _check(begun)
    if begun.silent is not None:
        yield _command("ping", *target, *where)
    yield _command("run", begun.drop, *target, "--dry-run", *where)


def _command(*words: object) -> str:
    return shlex.join(["roster-sync", *map(str, words)])


def _document(begun: Begun, code: ExitCode, commands: list[str]) -> dict[str, Any]:
    draft = begun.seen.draft
    unset = begun.unset
    return {
        "format": 1,
        "exit_code": int(code),
        "config": str(begun.place),
        "written": [str(path) for path in begun.written],
        "mapping": begun.mapping,
        "left_to_do": [] if draft is None else list(draft.open),
        "answers": dict(begun.answers),
        "variables": [
            {"name": name, "set": name not in unset}
            for name in variables(begun.answers)
        ],
        "ping": begun.asked,
        "next": commands,
    }
