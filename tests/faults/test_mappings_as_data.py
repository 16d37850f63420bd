"""A mapping is data: whatever stands in one, nothing is run, opened or asked for.

Shipped mappings with places changed at random are loaded and applied to the drop that
they were made for, in a process that is told of every file that Python opens and every
connection that it makes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.faults.child import ROOT
from tests.faults.hostile_mappings import DROP, MAPPING_ENDING, as_toml, spoilt, torn
from tests.faults.proofs import Line

EACH, EACH_LONG = 100, 2500
"""Mappings of each base: in the short form, and in the long one."""
BASES = ("four-files", "clever", "powerschool", "one-sheet")
TORN = 4
"""Of so many mappings one has torn bytes; the others are TOML all right."""


def mappings(base: str, count: int, folder: Path) -> Path:
    """Write spoilt mappings beside the drop; the one they were made of."""
    source = ROOT / "mappings" / f"{base}{MAPPING_ENDING}"
    text = source.read_text("utf-8")
    for number in range(count):
        chance = Random(f"{base}/{number}")  # noqa: S311 - by seed
        if number % TORN == 0:
            content = torn(text, chance)
        else:
            document = spoilt(tomllib.loads(text), chance)
            content = as_toml(document)
        (folder / f"m{number:06d}{MAPPING_ENDING}").write_bytes(content)
    return source


@pytest.mark.parametrize("base", BASES)
def test_no_mapping_crashes_or_touches_anything(
    proof: Callable[[str, str], Line], rounds: int, base: str, tmp_path: Path
) -> None:
    count = EACH if rounds == 1 else EACH_LONG
    sample = ROOT / "samples" / base
    nights = sample / "night-1"
    shutil.copytree(nights if nights.is_dir() else sample, tmp_path / DROP)
    warm = mappings(base, count, tmp_path)
    seen = loaded(tmp_path, warm)
    row = proof(
        "S15", "mapping files with places changed at random, loaded and applied"
    )
    row.times = sum(seen["ends"].values())
    row.zero("crashes", len(seen["crashes"]))
    row.zero("files, connections or commands touched", len(seen["touched"]))
    row.least("of each layout were applied", seen["ends"].get("read", 0), count // 20)
    row.least("of each layout were refused as faulty", faulty(seen), count // 20)
    assert row.times == count
    assert seen["looks"] > count, "the hook heard nothing"
    assert not seen["crashes"], seen["crashes"][:5]
    assert not seen["touched"], seen["touched"][:5]


def faulty(seen: dict[str, Any]) -> int:
    """How many did not load."""
    return int(seen["ends"].get("ConfigError", 0))


def loaded(folder: Path, warm: Path) -> dict[str, Any]:
    """What a process of its own makes of the mappings of a folder."""
    module = "tests.faults.hostile_mappings"
    argv = [sys.executable, "-m", module, str(folder), str(warm)]
    ended = subprocess.run(  # noqa: S603 - this very folder
        argv, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert isinstance(found, dict)
    return found
