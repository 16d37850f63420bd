"""All that is wrong with a mapping file, for ``mappings check``.

``load`` ends at the first mistake, because a run needs no more; who writes a mapping
wants all of them.
"""

from __future__ import annotations

import tomllib

from pydantic import ValidationError

from sync.errors import ConfigError
from sync.mapping.check import faults
from sync.mapping.load import _advice, _find, _place, _problem
from sync.mapping.model import MappingFile


def mistakes(name_or_path: str) -> list[ConfigError]:
    """Every mistake in the order of the file, none for a mapping that loads.

    Mistakes of form (unknown keys, wrong types) hide those of content, which cannot
    be looked for before the form is right. Raises ``ConfigError`` where there is no
    file, or no TOML in it.
    """
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
        listed = []
        for one in error.errors(include_url=False, include_context=False):
            place, last = _place(content, one["loc"])
            problem = _problem(one["type"], one["msg"])
            do = _advice(one["type"], one["loc"], last)
            listed.append(ConfigError(path, place, problem, do))
        return listed
    return [ConfigError(path, key, problem) for key, problem in faults(mapping)]
