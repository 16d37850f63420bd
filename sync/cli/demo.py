"""``demo``: a district's nights against the sandbox, with the samples.

Everything is real but the remote system: the configuration that is written, the
server on a socket, the requests, the state and the reports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.cli.night import Night, night_results
from sync.cli.sandbox import CREDENTIALS
from sync.cli.session import Session
from sync.disk import PRIVATE_FOLDER, new_file
from sync.errors import ExitCode, LocalError, RosterSyncError
from sync.flow import Result
from sync.mapping import data_folder
from sync.samples import read_tables, sandbox_document
from sync.sandbox import Sandbox, SandboxSettings

LATENCY, RATE = 0.02, 200
"""Seconds before each answer; requests per second that the sandbox lets through."""

CONFIG = """\
# Written by roster-sync demo: one TimeBack target, which is the sandbox of the demo.
state_dir = "state"

[targets.demo]
kind = "timeback"
settle = "5s"

[targets.demo.platform]
url = "{url}"
client_id = {{ env = "TIMEBACK_CLIENT_ID" }}
client_secret = {{ env = "TIMEBACK_CLIENT_SECRET" }}

[targets.demo.api]
url = "{url}"
token_url = "{url}/oauth2/token"
client_id = {{ env = "TIMEBACK_API_CLIENT_ID" }}
client_secret = {{ env = "TIMEBACK_API_CLIENT_SECRET" }}

[targets.demo.limits]
requests_per_second = {rate}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """One run of the demo, and how it must end."""

    folder: str
    text: str
    code: ExitCode
    changes: bool


SCENES = (
    Scene(
        "night-1",
        "The first night: the platform has the schools, courses and classes, and "
        "nobody in them.",
        ExitCode.DONE,
        changes=True,
    ),
    Scene("night-1", "The same drop once more.", ExitCode.DONE, changes=False),
    Scene(
        "night-2",
        "The next night: some moved, came, left, or have another phone number.",
        ExitCode.DONE,
        changes=True,
    ),
    Scene(
        "messy",
        "A night with one of each mistake in the files: what is wrong is named, and "
        "nothing is removed because of it.",
        ExitCode.PARTIAL,
        changes=True,
    ),
)


def demo(session: Session, out: Path) -> ExitCode:
    """Play all scenes. Raises ``LocalError`` where one ends otherwise."""
    samples = data_folder("samples") / "four-files"
    settings = SandboxSettings(latency=LATENCY, rate_limit=RATE * 1.5)
    with Sandbox(settings) as sandbox, _credentials():
        sandbox.load(sandbox_document(read_tables(samples / "night-1")))
        session.config_path = _configured(out, sandbox.url)
        session.console.message(f"The sandbox listens on {sandbox.url}.")
        reports = [
            _play(session, number, scene, samples)
            for number, scene in enumerate(SCENES, 1)
        ]
    session.console.result(*_closing(reports, session.config_path))
    session.console.document(
        {
            "format": 1,
            "runs": [result.account.run for result in reports],
            "reports": [str(result.folder / "report.html") for result in reports],
        }
    )
    return ExitCode.DONE


@contextmanager
def _credentials() -> Iterator[None]:
    """The sandbox's own credentials in the environment, as a cron job would have."""
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _configured(out: Path, url: str) -> Path:
    """A folder of its own for each demo, so that it begins with an empty memory."""
    number = 1
    while (folder := out / f"district-{number}").exists():
        number += 1
    path = folder / "roster-sync.toml"
    try:
        out.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.mkdir(mode=PRIVATE_FOLDER)
        with new_file(path) as file:
            file.write(CONFIG.format(url=url, rate=RATE).encode())
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None
    return path


def _play(session: Session, number: int, scene: Scene, samples: Path) -> Result:
    drop = samples / scene.folder
    session.console.result("", f"{number}. {scene.text}")
    session.console.result(f"   roster-sync run {drop} --target demo")
    (result,) = night_results(session, Night(drop, ["demo"]))
    if isinstance(result, RosterSyncError):
        raise result
    planned = result.account.total("operations", "planned")
    if result.exit_code is not scene.code or bool(planned) is not scene.changes:
        message = (
            f"the demo's scene {number} ended with {result.exit_code} and {planned} "
            "changes, which it should not"
        )
        raise LocalError(message, do=f"see {result.folder / 'report.html'}")
    return result


def _closing(results: list[Result], config: Path | None) -> list[str]:
    sent = sum(result.account.requests["sent"] for result in results)
    return [
        "",
        f"That was the demo: {len(results)} nights, {sent:,} requests, each one "
        "previewed, sent, read back and accounted for.",
        f"  configuration  {config}",
        *(
            f"  report {number}       {result.folder / 'report.html'}"
            for number, result in enumerate(results, 1)
        ),
        "Open the last one first: it is what a data clerk sees at 6 a.m.",
    ]
