"""A target that was synced before: made once, put back for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import district, slim
from tests.support.once import made_once
from tests.support.workspace import Workspace


def _night(served: Sandbox, folder: Path, tables: Tables) -> Before:
    served.reset()
    made = Workspace(folder, served)
    made.configure()
    made.fill(tables)
    ended = made.sync(made.drop(tables))
    assert ended.code == 0, ended.err
    return Before.of(made)


@pytest.fixture(autouse=True, scope="module")
def _made_once() -> Iterator[None]:
    """Commands of this process share what is the same for all of them."""
    with made_once():
        yield


@pytest.fixture(scope="session")
def before(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Before:
    """After the first good night of a district."""
    return _night(served, tmp_path_factory.mktemp("before"), district())


@pytest.fixture(scope="session")
def slim_before(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Before:
    """After that of a slim one."""
    return _night(served, tmp_path_factory.mktemp("before"), slim())


@pytest.fixture
def synced(before: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """A workspace whose ``drop`` is synced already."""
    return before.again(tmp_path, sandbox)


@pytest.fixture
def slim_synced(slim_before: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """The same with the district in which a single mistake is no great share."""
    return slim_before.again(tmp_path, sandbox)
