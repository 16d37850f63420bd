"""The fault suite: ``make faults``, or ``pytest tests/faults`` with ``--long``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proofs import Line, as_facts, from_facts, missing, table
from tests.support.once import made_once

LONG_ROUNDS = 10
"""How many times the short form the long one is."""
HERE = Path(__file__).parent
PROPERTY = "proof"

_lines: list[Line] = []
"""What the tests of all processes measured."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--long``: the long form of every proof."""
    parser.addoption("--long", action="store_true", help="the long form of each proof")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a proof by faults, apart from its own tests."""
    for item in items:
        if HERE in item.path.parents and item.path.name != "test_proofs.py":
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """By how much to multiply what the short form tries."""
    if pytestconfig.getoption("--long", default=False):
        return LONG_ROUNDS
    return int(os.environ.get("FAULT_ROUNDS") or 1)


@pytest.fixture(autouse=True, scope="module")
def _made_once() -> Iterator[None]:
    """Commands of this process share what is the same for all of them."""
    with made_once():
        yield


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Line]]:
    """A new line of the table: ``proof("R1", "what was tried")``."""
    begun: list[Line] = []

    def line(name: str, tried: str) -> Line:
        made = Line(name, tried)
        begun.append(made)
        return made

    yield line
    request.node.user_properties += [(PROPERTY, as_facts(one)) for one in begun]
    red = [problem for one in begun for problem in one.red()]
    assert begun, "this test fed no line of the table"
    assert not red, "\n".join(red)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather the lines, also those of other processes."""
    if report.when == "teardown":
        found: list[Any] = [
            value for name, value in report.user_properties if name == PROPERTY
        ]
        _lines.extend(map(from_facts, found))


def _unproven(config: pytest.Config) -> list[str]:
    """What a run of the whole folder has not shown."""
    whole = config.args == [str(HERE.relative_to(config.rootpath))]
    chosen = config.option.keyword or config.option.markexpr
    return missing(_lines) if whole and not chosen else []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A proof that is missing ends the whole suite red, like one that fails."""
    controls = not hasattr(session.config, "workerinput")
    if controls and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = (
            pytest.ExitCode.TESTS_FAILED if _unproven(session.config) else 0
        )


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    if not _lines:
        return
    terminalreporter.section("what was tried, and what came of it")
    for row in table(_lines):
        terminalreporter.write_line(row)
    for one in _unproven(config):
        terminalreporter.write_line(f"NOT PROVEN  {one}", red=True)
