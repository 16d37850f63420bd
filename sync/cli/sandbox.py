"""``sandbox``: a strict imitation of the remote systems, on this machine."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.text import Text

from sync.cli.session import Session, duration
from sync.disk import PRIVATE_FOLDER
from sync.errors import ExitCode, LocalError, UsageError
from sync.samples import (
    openedx_document,
    read_tables,
    sandbox_document,
    schoology_document,
    with_course_keys,
)
from sync.sandbox import (
    DocumentError,
    FaultSpecError,
    SandboxSettings,
    SettingsError,
    serve,
)

CREDENTIALS = {
    "TIMEBACK_CLIENT_ID": "sandbox-platform",
    "TIMEBACK_CLIENT_SECRET": "sandbox-platform-secret",
    "TIMEBACK_API_CLIENT_ID": "sandbox-api",
    "TIMEBACK_API_CLIENT_SECRET": "sandbox-api-secret",
    "ONEROSTER_CLIENT_ID": "sandbox-oneroster",
    "ONEROSTER_CLIENT_SECRET": "sandbox-oneroster-secret",
    "SCHOOLOGY_CONSUMER_KEY": "sandbox-schoology",
    "SCHOOLOGY_CONSUMER_SECRET": "sandbox-schoology-secret",
    "OPENEDX_CLIENT_ID": "sandbox-openedx",
    "OPENEDX_CLIENT_SECRET": "sandbox-openedx-secret",
}
"""What the sandbox accepts, under the names that the sample configuration uses."""


@dataclass(frozen=True, slots=True)
class Serve:
    """What ``sandbox`` was asked for."""

    host: str
    port: int
    data: Path | None
    district: Path | None
    latency: str
    rate_limit: float | None
    faults: str
    seed: int
    people: bool


def sandbox(session: Session, asked: Serve) -> ExitCode:
    """Serve until a signal comes."""
    console = session.console
    latency = duration(asked.latency, "--latency")
    document = None
    if asked.district is not None:
        document = _district(asked.district, people=asked.people)

    def ready(url: str) -> None:
        console.document({"format": 1, "url": url})
        console.result(f"the sandbox listens on {url}; stop it with Ctrl-C")
        console.result("credentials for the sample configuration:")
        for name, value in CREDENTIALS.items():
            console.result(f"  export {name}={value}")
        files = "FOLDER" if asked.district is None else str(asked.district)
        words = ("init", files, "--kind", "timeback", "--address", url)
        console.result(
            "in another terminal, with these set:",
            Text(f"  {shlex.join(('roster-sync', *words))}", no_wrap=True),
        )
        if console.lost:
            message = "the sandbox does not begin, since nobody would know its address"
            raise LocalError(message)

    try:
        if asked.data is not None:
            asked.data.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        settings = SandboxSettings(
            host=asked.host,
            port=asked.port,
            data=asked.data,
            latency=latency.total_seconds() if latency else 0.0,
            rate_limit=asked.rate_limit,
            faults=asked.faults,
            seed=asked.seed,
        )
        serve(settings, ready, document)
    except (SettingsError, FaultSpecError, DocumentError) as error:
        raise UsageError(str(error), do="see roster-sync sandbox --help") from None
    except OSError as error:
        message = f"the sandbox cannot listen on port {asked.port}: {error.strerror}"
        raise UsageError(message, do="choose another with --port") from None
    return ExitCode.DONE


def _district(folder: Path, *, people: bool) -> dict[str, object]:
    """Everything that each of the systems would hold of a district at first."""
    try:
        tables = read_tables(folder)
        return {
            **sandbox_document(tables, people),
            **schoology_document(tables),
            **openedx_document(with_course_keys(tables)),
        }
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else None
        message = f"{folder} is no folder that roster-sync samples made"
        if why:
            message += f": {why}"
        do = "name samples/four-files/night-1, or make one with roster-sync samples"
        raise UsageError(message, do=do) from None
