"""``schema``: JSON Schemas, for editors and for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sync import config, mapping, report
from sync.cli.session import Session
from sync.errors import ExitCode
from sync.plan import file as plan_file
from sync.targets.registry import SETTINGS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "config": lambda: config.schema(SETTINGS),
    "mapping": mapping.schema,
    "report": report.schema,
    "plan": plan_file.schema,
}


def schema(session: Session, name: str) -> ExitCode:
    """Print one schema, with ``--json`` or without."""
    found = {"$schema": DIALECT, **SCHEMAS[name]()}
    session.console.document(found)
    session.console.text(json.dumps(found, indent=2))
    return ExitCode.DONE
