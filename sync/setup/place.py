"""Where the configuration goes, and that nothing there is ever written over.

Comes in: what is to be written. Goes out: files that are whole, private and new, or an
error and none of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sync.config import DEFAULT_NAME, load, schema
from sync.config.load import VARIABLE
from sync.disk import PRIVATE_FOLDER, new_file
from sync.errors import ConfigError, LocalError, RosterSyncError, UsageError
from sync.targets.registry import SETTINGS

SCHEMA_NAME = "roster-sync.schema.json"
"""For editors, beside the configuration."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def place_of(path: Path | None) -> Path:
    """Where the configuration is to stand: as every command would look for it.

    Raises ``UsageError`` where there is something already.
    """
    place = Path(path or os.environ.get(VARIABLE) or DEFAULT_NAME).expanduser()
    refuse_to_overwrite(place)
    return place


def refuse_to_overwrite(path: Path) -> None:
    """Raises ``UsageError`` where there is something at that path."""
    if os.path.lexists(path):
        message = f"{path} exists already, and is never written over"
        raise UsageError(message, do="name another with --config, or move it away")


def keep(place: Path, text: str, beside: Mapping[str, str]) -> tuple[Path, ...]:
    """Write the configuration, and ``beside`` it what it needs: text by name. Returns
    what was written; the schema only where there was none.

    It is read back as any command reads it. Raises ``UsageError`` for answers that
    make no configuration, or where something stands already; ``LocalError`` where
    nothing can be written. In each case nothing stays.
    """
    folder = place.parent
    needed = {folder / name: content for name, content in beside.items()}
    editor = folder / SCHEMA_NAME
    if not os.path.lexists(editor):
        needed[editor] = f"{json.dumps(_schema(), indent=2)}\n"
    done: list[Path] = []
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        for path, content in {**needed, place: text}.items():
            _write(path, content, done)
        load(place, SETTINGS)
    except (RosterSyncError, OSError, UnicodeEncodeError, KeyboardInterrupt) as error:
        _take_back(done)
        raise _told(error, place) from None
    return tuple(done)


def _schema() -> dict[str, object]:
    return {"$schema": _DIALECT, **schema(SETTINGS)}


def _write(path: Path, content: str, done: list[Path]) -> None:
    refuse_to_overwrite(path)
    with new_file(path) as file:
        done.append(path)
        file.write(content.encode())


def _take_back(done: list[Path]) -> None:
    for path in done:
        with suppress(OSError):
            path.unlink()


def _told(error: BaseException, place: Path) -> BaseException:
    if isinstance(error, ConfigError):
        said = error.message.removeprefix(f"{place} ").removeprefix(f"{place}: ")
        message = f"these answers make no configuration: {said}"
        return UsageError(message, do=error.do or "nothing was written")
    if isinstance(error, OSError):
        message = f"{place} cannot be written: {error.strerror}"
        return LocalError(message, do="choose another place with --config")
    if isinstance(error, UnicodeEncodeError):
        message = "a path is not UTF-8, which TOML must be"
        return UsageError(message, do="rename it")
    return error
