"""One bench for each kind, before its first night and after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.support.districts import slim
from tests.support.once import made_once
from tests.support.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Night:
    """What the sandbox and the state folder held after the first good night."""

    remote: dict[str, Any]
    state: Path


def begin(harness: Harness, folder: Path, sandbox: Sandbox) -> Bench:
    """An empty sandbox of this kind with the schools of the district, and a drop."""
    sandbox.reset()
    sandbox.configure(**harness.settings)
    sandbox.load(harness.before(slim()))
    bench = Bench(harness, Workspace(folder, sandbox, dict(harness.environment)))
    bench.configure()
    bench.drop(slim())
    return bench


@pytest.fixture(autouse=True, scope="module")
def _made_once() -> Iterator[None]:
    """Commands of this process share what is the same for all of them."""
    with made_once():
        yield


@pytest.fixture(scope="session")
def first_night(
    served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Harness], Night]:
    """The first night of a kind, made when it is first asked for."""
    nights: dict[str, Night] = {}

    def made(harness: Harness) -> Night:
        if harness.name not in nights:
            folder = tmp_path_factory.mktemp(harness.name)
            bench = begin(harness, folder, served)
            ended = bench.sync(folder / "drop")
            assert ended.code == 0, ended.err
            nights[harness.name] = Night(served.dump(), bench.workspace.state)
        return nights[harness.name]

    return made


@pytest.fixture
def bench(harness: Harness, tmp_path: Path, served: Sandbox) -> Bench:
    """Before the first night; the folder has a ``drop``."""
    return begin(harness, tmp_path, served)


@pytest.fixture
def synced(
    harness: Harness,
    tmp_path: Path,
    served: Sandbox,
    first_night: Callable[[Harness], Night],
) -> Bench:
    """After the first good night."""
    night = first_night(harness)
    bench = begin(harness, tmp_path, served)
    served.load(night.remote)
    shutil.copytree(night.state, bench.workspace.state)
    return bench
