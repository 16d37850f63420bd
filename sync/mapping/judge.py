"""A mapping file against its form: everything that is wrong, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sync.errors import ConfigError
from sync.mapping.form import Join, MappingFile, Steps, TableModel
from sync.mapping.nearest import nearest


def schema() -> dict[str, Any]:
    """The JSON Schema of mapping files, for editors."""
    return MappingFile.model_json_schema(by_alias=True)


def of_form(path: Path, content: Mapping[str, Any]) -> list[ConfigError]:
    """Unknown keys, wrong types and what is missing, in the order of the file."""
    try:
        MappingFile.model_validate(content)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)
        return [_told(path, content, one) for one in wrong]
    return []


def _told(path: Path, content: Mapping[str, Any], error: ErrorDetails) -> ConfigError:
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


def _place(content: Mapping[str, Any], loc: tuple[int | str, ...]) -> tuple[str, str]:
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
