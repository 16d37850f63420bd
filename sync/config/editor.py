"""The JSON Schema of ``roster-sync.toml``, for editors.

Level 2, under ``sync.config``: the models come in, one JSON document goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from sync.config.kinds import LIMITS, KindKeys
from sync.config.load import TARGET_NAME, Head
from sync.config.model import Limits, TargetTable

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


class _InSeconds(GenerateJsonSchema):
    """Defaults as they could stand in the file: durations are seconds."""

    def encode_default(self, dft: Any) -> Any:
        """The default as JSON."""
        if isinstance(dft, timedelta):
            return dft.total_seconds()
        return super().encode_default(dft)


def schema(kinds: Mapping[str, KindKeys]) -> Json:
    """The JSON Schema (2020-12) of a configuration with these kinds of targets."""
    from sync.config.notify import KINDS  # noqa: PLC0415 - most tell nobody

    own = dict.fromkeys(keys.settings for keys in kinds.values())
    people: list[type[BaseModel]] = [*KINDS.values()]
    models: list[type[BaseModel]] = [Head, TargetTable, Limits, *own, *people]
    references, whole = models_json_schema(
        [(model, "validation") for model in models],
        schema_generator=_InSeconds,
    )
    definitions: Json = whole["$defs"]
    tables = {
        model: definitions[references[(model, "validation")]["$ref"].split("/")[-1]]
        for model in models
    }
    target = {"oneOf": [_of_kind(tables, kind, kinds[kind]) for kind in kinds]}
    targets = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{TARGET_NAME.pattern}$"},
        "additionalProperties": target,
    }
    notify = {
        "type": "object",
        "propertyNames": {"pattern": f"^{TARGET_NAME.pattern}$"},
        "additionalProperties": {"oneOf": [tables[model] for model in people]},
    }
    head = tables[Head]
    return {
        "$schema": _DIALECT,
        "title": "roster-sync.toml",
        "type": "object",
        "properties": {**head["properties"], "targets": targets, "notify": notify},
        "required": ["targets"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _of_kind(tables: Mapping[type[BaseModel], Json], kind: str, keys: KindKeys) -> Json:
    common, own = tables[TargetTable], tables[keys.settings]
    return {
        "title": kind,
        "type": "object",
        "properties": {
            **common["properties"],
            **own.get("properties", {}),
            "entities": _entities(common, keys),
            LIMITS: _limits(tables, keys),
            "kind": {"const": kind},
        },
        "required": ["kind", *own.get("required", [])],
        "additionalProperties": False,
    }


def _entities(common: Json, keys: KindKeys) -> Json:
    items = {"enum": [entity.value for entity in keys.entities]}
    return {**common["properties"]["entities"], "items": items}


def _limits(tables: Mapping[type[BaseModel], Json], keys: KindKeys) -> Json:
    """The table of limits with the defaults of the kind."""
    usual: Json = tables[TargetTable]["properties"][LIMITS]
    if not keys.pace:
        return usual
    paced = Limits.model_validate(dict(keys.pace)).model_dump(mode="json")
    names: Json = tables[Limits]["properties"]
    return {
        **tables[Limits],
        "properties": {
            name: {**one, "default": paced[name]} for name, one in names.items()
        },
        "default": paced,
    }
