"""A mapping by its name or its path -> ``MappingFile``, or a ``ConfigError``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.errors import ConfigError
from sync.mapping.check import faults
from sync.mapping.model import Join, MappingFile, Steps, TableModel
from sync.mapping.nearest import nearest
from sync.mapping.shipped import data_folder, names


def load(name_or_path: str) -> MappingFile:
    """A shipped mapping by name, or one of one's own by path.

    Raises ``ConfigError`` for one that does not exist or is faulty, naming the file,
    the table, the column and the nearest right name.
    """
    path = _find(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, None, f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, None, f"is no TOML: {error}") from None
    return _parse(path, content)


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


def _parse(path: Path, content: dict[str, Any]) -> MappingFile:
    try:
        mapping = MappingFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place, last = _place(content, first["loc"])
        do = _advice(first["type"], first["loc"], last)
        raise ConfigError(
            path, place, _problem(first["type"], first["msg"]), do
        ) from None
    wrong = list(faults(mapping))
    if wrong:
        key, problem = wrong[0]
        more = f" (and {len(wrong) - 1} more mistakes)" if len(wrong) > 1 else ""
        raise ConfigError(path, key, problem + more)
    return mapping


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
