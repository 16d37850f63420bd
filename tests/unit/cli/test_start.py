"""No command waits for a library that it does not use."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from sync.cli.main import main

HEAVY = (
    *("polars", "pydantic", "rich", "structlog", "rapidfuzz", "httpx", "jinja2"),
    *("starlette", "uvicorn", "oauthlib", "anyio", "asyncio", "ssl", "sqlite3"),
    *("sync.config", "sync.targets", "sync.wire", "sync.state", "sync.apply"),
    *("sync.mapping.form", "sync.model.plan", "sync.report.as_html"),
)
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
        # typer takes the values of options with pydantic; nothing of ours does here.
        ("check samples/four-files/night-1", {"polars", "pydantic"}),
        ("check samples/four-files/night-1 --json", {"polars", "pydantic"}),
        (
            "check samples/four-files/night-2 --mapping four-files",
            {"polars", "pydantic"},
        ),
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


AS_A_PROCESS = """
import gc, sys
from sync.cli.main import main
sys.argv[1:] = ["--version"]
main()
print(gc.get_threshold()[0] > 10_000, gc.get_freeze_count() > 10_000, gc.isenabled())
"""


def test_a_process_of_ours_seldom_looks_for_what_it_holds_in_vain() -> None:
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", AS_A_PROCESS], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True True True"


def test_the_process_of_somebody_else_is_left_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(701)
    try:
        assert main(["--version"]) == 0
        assert gc.get_threshold()[0] == 701
        assert gc.get_freeze_count() <= frozen
    finally:
        gc.set_threshold(*before)
    assert "roster-sync" in capsys.readouterr().out
