"""No command waits for a library that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("polars", "pydantic", "rich", "httpx", "jinja2", "starlette", "oauthlib")
LOADED = f"""
import sys
from sync.cli.main import main
code = main(sys.argv[1:])
print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
raise SystemExit(code)
"""


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("--version", set()),
        ("--help", set()),
        ("check samples/four-files/night-1", {"polars", "pydantic", "rich"}),
    ],
)
def test_a_command_loads_what_it_needs(command: str, needed: set[str]) -> None:
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", LOADED, *command.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stderr.splitlines()[-1].split()) == needed
