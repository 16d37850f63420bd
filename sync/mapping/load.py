"""A mapping by its name or its path -> ``MappingFile``, or a ``ConfigError``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from sync.errors import ConfigError
from sync.mapping.model import MappingFile
from sync.mapping.nearest import nearest
from sync.mapping.shipped import data_folder, names


def load(name_or_path: str) -> MappingFile:
    """A shipped mapping by name, or one of one's own by path.

    Raises ``ConfigError`` for one that does not exist or is faulty, naming the file,
    the table, the column and the nearest right name. What a shipped one says was
    judged before it was shipped; to do it each time would double the start.
    """
    if name_or_path in names():
        return shipped(name_or_path)
    mapping, wrong = _judged(name_or_path)
    if mapping is None:
        raise wrong[0]
    return mapping


def mistakes(name_or_path: str) -> list[ConfigError]:
    """Every mistake in the order of the file, none for a mapping that loads.

    Mistakes of form (unknown keys, wrong types) hide those of content, which cannot
    be looked for before the form is right. Raises ``ConfigError`` where there is no
    file, or no TOML in it.
    """
    return _judged(name_or_path)[1]


@cache
def shipped(name: str) -> MappingFile:
    """A shipped mapping, read once."""
    return MappingFile.of(_content(_find(name)))


def schema() -> dict[str, Any]:
    """The JSON Schema of mapping files, for editors."""
    from sync.mapping import judge  # noqa: PLC0415 - see _judged

    return judge.schema()


def _find(name_or_path: str) -> Path:
    if name_or_path in names():
        return data_folder("mappings") / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.is_file():
        return path
    near = nearest(name_or_path, names())
    do = f'did you mean "{near}"?' if near else f"known are {', '.join(names())}"
    raise ConfigError(None, None, f'there is no mapping "{name_or_path}"', do)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, None, f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, None, f"is no TOML: {error}") from None


def _judged(name_or_path: str) -> tuple[MappingFile | None, list[ConfigError]]:
    """The mapping, or all that is wrong with its form, or else with its content."""
    # A shipped one does not wait for pydantic.
    from sync.mapping import check, judge  # noqa: PLC0415 - see above

    path = _find(name_or_path)
    content = _content(path)
    wrong = judge.of_form(path, content)
    if wrong:
        return None, wrong
    mapping = MappingFile.of(content)
    found = [ConfigError(path, key, why) for key, why in check.faults(mapping)]
    return (None if found else mapping), found
