"""``fetch``: the remote roster as canonical CSV files."""

from __future__ import annotations

from pathlib import Path

from sync.cli.session import Session, duration
from sync.disk import PRIVATE_FOLDER, replaced
from sync.errors import ExitCode, LocalError
from sync.flow import Manner, fetch_roster


def fetch(session: Session, target: str, out: Path, wait: str | None) -> ExitCode:
    """Read everything that the target holds and write one file for each entity."""
    config = session.config()
    config.target(target)
    manner = Manner(
        show=session.console, wait=duration(wait, "--wait"), on_wire=session.on_wire
    )
    frames = session.run(lambda: fetch_roster(config, target, manner))
    try:
        out.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for entity, frame in frames.items():
            with replaced(out / f"{entity.value}.csv") as file:
                frame.write_csv(file)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None
    counts = {entity.value: frame.height for entity, frame in frames.items()}
    session.console.document({"format": 1, "out": str(out), "entities": counts})
    session.console.result(
        *(f"{out / name}.csv: {count:,} rows" for name, count in counts.items())
    )
    return ExitCode.DONE
