"""The text format of Prometheus, version 0.0.4, read strictly.

Whatever the format does not allow is a ValueError: https://prometheus.io/docs/
instrumenting/exposition_formats/ and .../practices/naming/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.*)")
_SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
_TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}

Labels = frozenset[tuple[str, str]]


@dataclass(slots=True)
class Family:
    """One metric with its samples."""

    help: str | None = None
    type: str | None = None
    samples: dict[Labels, float] = field(default_factory=dict)


def parsed(text: str) -> dict[str, Family]:
    """The metrics of a file. Raises ValueError for anything that is not allowed."""
    if not text.endswith("\n"):
        msg = "the last line has no end"
        raise ValueError(msg)
    found: dict[str, Family] = {}
    current = ""
    for line in text.removesuffix("\n").split("\n"):
        name = _name_of(line)
        if name != current and name in found:
            msg = f"{name} is torn apart"
            raise ValueError(msg)
        current = name
        _add(found.setdefault(name, Family()), line)
    for name, family in found.items():
        _judge(name, family)
    return found


def _name_of(line: str) -> str:
    match = _COMMENT.fullmatch(line)
    if match:
        return match[2]
    sample = _SAMPLE.fullmatch(line)
    if sample is None:
        msg = f"neither a comment nor a sample: {line}"
        raise ValueError(msg)
    return sample[1]


def _add(family: Family, line: str) -> None:
    comment = _COMMENT.fullmatch(line)
    if comment:
        attribute = comment[1].lower()
        if getattr(family, attribute) is not None or family.samples:
            msg = f"too late or again: {line}"
            raise ValueError(msg)
        setattr(family, attribute, comment[3])
        return
    sample = _SAMPLE.fullmatch(line)
    assert sample is not None
    labels = _labels(sample[2] or "")
    if labels in family.samples:
        msg = f"the same sample twice: {line}"
        raise ValueError(msg)
    family.samples[labels] = float(sample[3])


def _labels(text: str) -> Labels:
    found, place = [], 0
    while place < len(text):
        match = _LABEL.match(text, place)
        if match is None:
            msg = f"no label: {text[place:]}"
            raise ValueError(msg)
        found.append((match[1], match[2]))
        place = match.end()
    if len({name for name, _ in found}) < len(found):
        msg = f"a label twice: {text}"
        raise ValueError(msg)
    return frozenset(found)


def _judge(name: str, family: Family) -> None:
    """What the conventions ask of a metric besides."""
    counter = family.type == "counter"
    rules = {
        "has no HELP": bool(family.help),
        "has no TYPE that is one": family.type in _TYPES,
        "has no sample": bool(family.samples),
        "is a counter without _total, or the other way": counter
        == name.endswith("_total"),
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        msg = f"{name} {', '.join(broken)}"
        raise ValueError(msg)
