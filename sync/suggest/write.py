"""Lines of tables -> the TOML of a mapping, with evidence and doubts as comments."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.suggest.drafts import Draft
from sync.suggest.shaped import Line

_WIDTH = 88
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DATE = re.compile(r"\d{4}[-_.]?\d{2}[-_.]?\d{2}|\d{6,}")


def value(item: Any) -> str:
    """A TOML value on one line; JSON's strings are TOML's, but for DEL."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return json.dumps(item, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(item, Mapping):
        pairs = ", ".join(f"{_key(name)} = {value(one)}" for name, one in item.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(item, Sequence):
        return f"[{', '.join(value(one) for one in item)}]"
    return str(item)


def comment(text: str) -> Iterator[str]:
    """A sentence as comment lines; control characters of headers made harmless."""
    plain = "".join(one if one.isprintable() else " " for one in text)
    for line in textwrap.wrap(plain, _WIDTH - 2, break_on_hyphens=False):
        yield f"# {line}"


def pattern(file: str, others: Sequence[str]) -> str:
    """The name of a file, a date in it as ``*``, unless others would match too."""
    literal = re.sub(r"([\[*?])", r"[\1]", file)
    loose = _DATE.sub("*", literal)
    if loose == literal or loose.strip("*.") in {"", "csv", "txt"}:
        return literal
    form = re.escape(loose).replace(r"\*", ".*")
    return (
        literal if sum(bool(re.fullmatch(form, one)) for one in others) > 1 else loose
    )


def table(draft: Draft, made: Sequence[Line], files: Sequence[str]) -> Iterator[str]:
    """One ``[[tables]]`` with its comments."""
    for note in draft.notes:
        yield from comment(note)
    yield "[[tables]]"
    yield f"entity = {value(draft.entity.value)}"
    yield f"files = {value([pattern(draft.sheet.base, files)])}"
    for name in ("where", "unless"):
        chosen = getattr(draft, name)
        if chosen:
            yield f"{name} = {value(chosen)}"
    if draft.filled:
        yield f"filled = {value(draft.filled)}"
    if draft.combine is not None:
        yield f"combine = {value(draft.combine)}"
    if any(h.casefold().startswith("metadata.") for h in draft.sheet.profiles):
        yield "metadata = true"
    for name, join in draft.join.items():
        linked: dict[str, Any] = dict(join)
        linked["files"] = [pattern(str(join["files"]), files)]
        yield f"join.{_key(name)} = {value(linked)}"
    yield ""
    yield "[tables.columns]"
    for line in made:
        yield from _column(line)


def _column(line: Line) -> Iterator[str]:
    if line.missing:
        yield from comment(f"MISSING: {line.doubts[0]}.")
    elif line.evidence:
        yield from comment(line.evidence)
    for doubt in line.doubts[1:] if line.missing else line.doubts:
        yield from comment(f"DOUBT: {doubt}")
    steps = line.steps["from"] if line.steps.keys() == {"from"} else line.steps
    yield f"{_key(line.column)} = {value(steps)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else value(name)
