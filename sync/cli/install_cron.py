"""``install-cron``: what cron or systemd must be told for this configuration."""

from __future__ import annotations

import os
import pwd
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from pydantic import BaseModel

from sync.cli.session import Session, duration
from sync.config import Config, SecretRef
from sync.disk import PRIVATE_FOLDER, new_file
from sync.errors import ExitCode, LocalError, UsageError
from sync.setup import Job, files, is_there

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", re.ASCII)
_USUAL_DROP = "drop"
"""Beside the configuration, where nobody names another folder."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What ``install-cron`` was asked for."""

    drop: Path | None
    targets: list[str]
    at: str
    deadline: str
    user: str | None
    out: Path | None
    shown: bool


def install_cron(session: Session, wish: Wish) -> ExitCode:
    """Print the texts, or write them into a folder; nothing is installed."""
    if not wish.shown and wish.out is None:
        message = "nothing is put into cron or systemd by this program itself"
        raise UsageError(message, do="see the texts with --print, or --out FOLDER")
    config = session.config()
    job = _job(config, wish)
    texts = files(job)
    if wish.out is not None:
        _write(wish.out, texts)
    session.console.document({"format": 1, "files": dict(texts)})
    if wish.shown:
        session.console.text("\n".join(_printed(texts)))
    elif wish.out is not None:
        session.console.result(*(f"written: {wish.out / name}" for name in texts))
    for line in _remarks(wish, job):
        session.console.message(line)
    return ExitCode.DONE


def _remarks(wish: Wish, job: Job) -> Iterator[str]:
    if wish.drop is None:
        yield f"no DROP was named, so it is {job.drop}"
    if not is_there(job.drop):
        yield f"there is no {job.drop} yet: until then a run ends with 2"
    if job.user == "root":
        yield "it need not be root who runs it: name somebody with --user"


def _printed(texts: Mapping[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        yield f"# ---- {name} ----"
        yield text


def _job(config: Config, wish: Wish) -> Job:
    duration(wish.deadline, "--deadline")
    path = config.path.absolute()
    names = [config.target(name).name for name in wish.targets] or list(config.targets)
    drop = wish.drop or path.parent / _USUAL_DROP
    return Job(
        program=_program(),
        config=path,
        drop=Path(os.path.normpath(drop.expanduser().absolute())),
        targets=tuple(dict.fromkeys(names)),
        state=config.state_dir,
        user=_user(wish.user) or _owner(path),
        at=_clock(wish.at),
        deadline=wish.deadline,
        zone=config.timezone.key,
        variables=tuple(_variables(config, names)),
    )


def _program() -> tuple[str, ...]:
    """The command beside this Python, which outlives a change of ``PATH``."""
    command = Path(sys.executable).with_name("roster-sync")
    if command.exists():
        return (str(command),)
    return (sys.executable, "-m", "sync")


def _user(name: str | None) -> str | None:
    if name is None or _USER.fullmatch(name):
        return name
    message = "--user takes the name of a user of this machine"
    raise UsageError(message, do="such as roster-sync")


def _owner(path: Path) -> str:
    """Whose configuration it is: what he may read, his nightly job may."""
    number = path.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _clock(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a clock face
    except ValueError:
        message = "--at takes a time of day"
        raise UsageError(message, do="such as 02:30") from None


def _variables(config: Config, names: list[str]) -> list[str]:
    found = (one for name in names for one in _env(config.targets[name].settings))
    return list(dict.fromkeys(found))


def _env(table: BaseModel) -> Iterator[str]:
    """The variables that a table names, and the tables below it."""
    for name in type(table).model_fields:
        match getattr(table, name):
            case SecretRef(env=str(variable)):
                yield variable
            case SecretRef():
                continue
            case BaseModel() as below:
                yield from _env(below)
            case _:
                continue


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for name, text in texts.items():
            with new_file(folder / name) as file:
                file.write(text.encode())
    except FileExistsError as error:
        message = f"{error.filename} exists already, and is never written over"
        raise UsageError(message, do="choose another folder with --out") from None
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another folder with --out") from None
