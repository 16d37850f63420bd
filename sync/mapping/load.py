"""A mapping by its name or its path -> ``MappingFile``, or a ``ConfigError``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sync.errors import ConfigError
from sync.mapping.check import faults
from sync.mapping.model import Join, MappingFile, Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.shipped import data_folder, names


def load(name_or_path: str) -> MappingFile:
    """A shipped mapping by name, or one of one's own by path.

    Raises ``ConfigError`` for one that does not exist or is faulty, naming the file,
    the table, the column and the nearest right name. What a shipped one says was
    judged before it was shipped; to do it each time would double the start.
    """
    mapping, wrong = _judged(name_or_path, deeply=name_or_path not in names())
    if mapping is None:
        raise wrong[0]
    return mapping


def mistakes(name_or_path: str) -> list[ConfigError]:
    """Every mistake in the order of the file, none for a mapping that loads.

    Mistakes of form (unknown keys, wrong types) hide those of content, which cannot
    be looked for before the form is right. Raises ``ConfigError`` where there is no
    file, or no TOML in it.
    """
    return _judged(name_or_path, deeply=True)[1]


@cache
def shipped(name: str) -> MappingFile:
    """A shipped mapping, read once."""
    return load(name)


def schema() -> dict[str, Any]:
    """The JSON Schema of mapping files, for editors."""
    return MappingFile.model_json_schema(by_alias=True)


def _find(name_or_path: str) -> Path:
    if name_or_path in names():
        return data_folder("mappings") / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.is_file():
        return path
    near = nearest(name_or_path, names())
    do = f'did you mean "{near}"?' if near else f"known are {', '.join(names())}"
    raise ConfigError(None, None, f'there is no mapping "{name_or_path}"', do)


def _judged(
    name_or_path: str, *, deeply: bool
) -> tuple[MappingFile | None, list[ConfigError]]:
    """The mapping, or all that is wrong with its form and, ``deeply``, its content."""
    path = _find(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, None, f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, None, f"is no TOML: {error}") from None
    try:
        mapping = MappingFile.model_validate(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)
        return None, [_of_form(path, content, one) for one in wrong]
    found = faults(mapping) if deeply else ()
    listed = [ConfigError(path, key, problem) for key, problem in found]
    return (None if listed else mapping), listed


def _of_form(path: Path, content: dict[str, Any], error: ErrorDetails) -> ConfigError:
    place, last = _place(content, error["loc"])
    do = _advice(error["type"], error["loc"], last)
    return ConfigError(path, place, _problem(error["type"], error["msg"]), do)


def _model(loc: tuple[int | str, ...]) -> type[BaseModel]:
    """Whose keys stand at a place such as ``tables``, number, ``columns``, name."""
    if len(loc) <= _OF_FILE:
        return MappingFile
    if len(loc) <= _OF_TABLE:
        return TableModel
    return Join if loc[2] == "join" else Steps


_OF_FILE, _OF_TABLE = 2, 4


def _place(content: dict[str, Any], loc: tuple[int | str, ...]) -> tuple[str, str]:
    """``tables[0] (students).columns.status.frm`` and its last part."""
    place = ""
    at: Any = content
    for part in loc:
        at = at[part] if isinstance(part, int) else _within(at, part)
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
        if isinstance(part, int) and isinstance(at, dict) and "entity" in at:
            place += f" ({at['entity']})"
    return place.removeprefix("."), str(loc[-1]) if loc else ""


def _within(at: Any, part: str) -> Any:
    return at.get(part) if isinstance(at, dict) else None


def _problem(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "is missing"
    return message[:1].lower() + message[1:]


def _advice(kind: str, loc: tuple[int | str, ...], last: str) -> str | None:
    """The nearest of the keys that may stand there."""
    if kind != "extra_forbidden":
        return None
    fields = _model(loc).model_fields
    keys = [field.alias or name for name, field in fields.items()]
    near = nearest(last, keys)
    return f'did you mean "{near}"?' if near else f"known are {', '.join(keys)}"
