"""Fixtures for tests of the whole program: a sandbox on a real socket, a workspace."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sync.sandbox import Sandbox
from tests.support.workspace import Workspace

# A slow machine is no defect.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules stay to the end: the collector need not look
    through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """One sandbox for the whole session; tests take ``sandbox``."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    """A sandbox on a real socket, empty and without faults."""
    served.reset()
    return served


@pytest.fixture
def workspace(tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """A folder whose target ``district`` is the sandbox, which has the schools."""
    made = Workspace(tmp_path, sandbox)
    made.configure()
    made.fill()
    return made
