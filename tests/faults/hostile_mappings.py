"""Mappings of which any place says something else, and what loading them touches.

``python -m tests.faults.hostile_mappings FOLDER`` loads every mapping of the folder,
takes the drop in with those that load, and prints one JSON document: how each ended,
and what of the outside world was asked for on the way (audit events, PEP 578).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

MAPPING_ENDING = ".toml"
DROP = "drop"
HOSTILE: tuple[Any, ...] = (
    *("", " ", "x", "../../../etc/passwd", "/etc/passwd", "file:///etc/passwd"),
    *("http://127.0.0.1:9/x", "{__class__}", "{0.__class__.__mro__}", "{a!r:>99}"),
    *("${HOME}", "$(id)", "`id`", "{{ 7 * 7 }}", "{% include 'x' %}", "{", "}", "{}"),
    *(
        "(a+)+$",
        "[",
        "(?P<x",
        "\\",
        "*",
        "**/*",
        "?",
        "%s%n",
        "\0",
        "\u202e",
        "é" * 300,
    ),
    *(
        "__import__('os')",
        "eval(1)",
        "lambda: 0",
        "sourcedId",
        "first",
        "bulk",
        "active",
    ),
    *(0, -1, 10**30, 1.5, float("nan"), float("inf"), True, False),
    *([], [[]], [""], ["*"], {}, {"from": "x"}, {"": ""}, [{}], ["a"] * 500),
)
"""What is put in the place of any value."""
WATCHED = (
    *("open", "os.", "socket.", "subprocess.", "shutil.", "exec", "ctypes.", "urllib."),
    *("http.", "ftplib.", "smtplib.", "sqlite3.", "glob.", "pathlib.", "tempfile."),
    "webbrowser.",
)
QUIET = ("os.listdir", "os.scandir", "os.walk", "pathlib.Path.glob")
"""Looks at folders, allowed where files may be read."""


def spoilt(document: dict[str, Any], chance: Random) -> dict[str, Any]:
    """The mapping with one to three places changed, renamed, doubled or gone."""
    for _ in range(chance.randrange(1, 4)):
        holder, key = chance.choice(list(_places(document)))
        match chance.randrange(6):
            case 0 if isinstance(holder, dict):
                holder.pop(key)
            case 1 if isinstance(holder, dict):
                holder[_letters(chance, str(key))] = holder.pop(key)
            case 2 if isinstance(holder, dict):
                other_holder, other = chance.choice(list(_places(document)))
                holder[key] = json.loads(json.dumps(other_holder[other]))
            case 3 if isinstance(holder[key], str):
                holder[key] = _letters(chance, holder[key])
            case _:
                holder[key] = chance.choice(HOSTILE)
    return document


def _places(at: Any) -> Iterator[tuple[Any, Any]]:
    """Each value below, as its holder and key."""
    pairs = at.items() if isinstance(at, dict) else enumerate(at)
    for key, value in list(pairs):
        yield at, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _letters(chance: Random, text: str) -> str:
    """A text with a few letters changed."""
    letters = list(text) or ["x"]
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(letters))
        letters[place] = chance.choice("aZ09_-. {}[]()*+?\\|^$\"'é\n\t#=")
    return "".join(letters)


def as_toml(document: dict[str, Any]) -> bytes:
    """The document as TOML, whatever its keys and values are."""
    lines = (f"{json.dumps(key)} = {_inline(one)}" for key, one in document.items())
    return "\n".join(lines).encode()


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_inline(one)}" for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    # A JSON string, number or boolean is one of TOML as well; not its NaN.
    return repr(value) if isinstance(value, float) else json.dumps(value)


def torn(text: str, chance: Random) -> bytes:
    """The text of a mapping with bytes changed, lost or doubled."""
    data = bytearray(text.encode())
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 40)]
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
    return bytes(data)


@dataclass(slots=True)
class Seen:
    """How the mappings of a folder ended."""

    ends: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    """Events beyond reading the mapping and the drop."""
    looks: int = 0
    """Files opened: the mapping and the drop, else the hook would be deaf."""


class Hook:
    """Judges what Python is about to ask the system for."""

    def __init__(self, folders: Sequence[Path], seen: Seen) -> None:
        """``folders`` are what may be read and listed."""
        own = (*map(str, folders), sys.prefix, sys.base_prefix)
        self.allowed = tuple(f"{one}/" for one in own)
        self.seen = seen
        self.on = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what should not be."""
        if not self.on or not event.startswith(WATCHED):
            return
        where = f"{args[0]}/" if args else ""
        reads = event == "open" and "w" not in str(args[1]) and "a" not in str(args[1])
        if (reads or event in QUIET) and where.startswith(self.allowed):
            self.seen.looks += 1
        elif not (reads and where.endswith((".py/", ".pyc/"))):
            self.seen.touched.append(f"{event} {args!r}"[:300])


def load_all(folder: Path, warm: Path) -> Seen:
    """Load and apply each mapping of the folder, under the hook."""
    from sync.errors import RosterSyncError  # noqa: PLC0415 - the child's own work
    from sync.flow.intake import How, take_in  # noqa: PLC0415
    from tests.faults.child import TODAY  # noqa: PLC0415

    seen = Seen()
    # The program looks for a shipped mapping of this name first.
    hook = Hook((folder, warm.parent), seen)
    sys.addaudithook(hook)
    # What Python itself loads on the way is no doing of a mapping.
    take_in(folder / DROP, How(mapping=str(warm)), TODAY)
    for path in sorted(folder.glob(f"*{MAPPING_ENDING}")):
        hook.on = True
        try:
            intake = take_in(folder / DROP, How(mapping=str(path)), TODAY)
            end = "refused" if intake.refused else "read"
        except RosterSyncError as error:
            end = type(error).__name__
        except Exception as error:  # noqa: BLE001 - what this proof looks for
            end = "crashed"
            seen.crashes.append(f"{path.name}: {type(error).__name__}: {error}"[:500])
        finally:
            hook.on = False
        seen.ends[end] += 1
    return seen


if __name__ == "__main__":
    found = load_all(Path(sys.argv[1]), Path(sys.argv[2]))
    json.dump(
        {
            "ends": found.ends,
            "crashes": found.crashes,
            "touched": found.touched,
            "looks": found.looks,
        },
        sys.stdout,
    )
