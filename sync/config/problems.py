"""Mistakes in the configuration as sentences: the key, what is wrong, what to do.

Level 2, under ``sync.config``. In: a table, its model and where it stands. Out: the
validated table, or sentences that never repeat a value, because that might be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sync.config.nearest import did_you_mean
from sync.config.values import FOLDER
from sync.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

_SUBJECT = re.compile(r"^\w+ should")
"""How pydantic's sentences begin; ours begin with the key."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one dotted key."""

    key: str
    text: str
    do: str | None = None

    def line(self) -> str:
        """As one line of several."""
        return f"{self.key}: {self.text}" + (f"; {self.do}" if self.do else "")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the tables at one place of the file and collects what is wrong."""

    place: Place
    folder: Path
    """Of the file; relative paths in it start there."""
    found: list[Problem]

    def read(
        self, model: type[Model], table: dict[str, Any], also: Iterable[str] = ()
    ) -> Model | None:
        """The table as its model, or none where ``found`` has grown.

        ``also``: keys that are known at this place besides the model's own.
        """
        try:
            return model.model_validate(table, context={FOLDER: self.folder})
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False)
            for detail in details:
                text = _sentence(detail, model, also)
                self.found.append(Problem(dotted(self.place + detail["loc"]), text))
            return None


def config_error(path: Path, problems: Sequence[Problem]) -> ConfigError:
    """All mistakes of one file, each on a line of its own."""
    if len(problems) == 1:
        only = problems[0]
        return ConfigError(path, only.key, only.text, do=only.do)
    lines = "\n".join(f"  {problem.line()}" for problem in problems)
    return ConfigError(path, None, f"{len(problems)} mistakes\n{lines}")


def dotted(place: Place) -> str:
    """The key as one would write it: ``targets.district.require[0]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _sentence(detail: ErrorDetails, model: type[BaseModel], also: Iterable[str]) -> str:
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            *above, key = detail["loc"]
            known = {*known_keys(model, above), *(() if above else also)}
            return f"unknown key{did_you_mean(str(key), known)}"
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case _:
            return _SUBJECT.sub("must", detail["msg"], count=1)


def known_keys(model: type[BaseModel], place: Sequence[str | int]) -> tuple[str, ...]:
    """The keys of the table at that place below a model; none where it is unknown."""
    models = [model]
    for part in place:
        models = [
            below
            for one in models
            for name, info in one.model_fields.items()
            if part in (name, info.alias)
            for below in _models_in(info.annotation)
        ] or (models if isinstance(part, int) else [])
    return tuple(
        info.alias or name for one in models for name, info in one.model_fields.items()
    )


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
