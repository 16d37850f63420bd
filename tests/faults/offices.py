"""Workspaces after a good night, for proofs that begin where one night is over."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.districts import district, with_cell
from tests.support.workspace import Workspace

PERSON = "stu-000002"


def office(folder: Path, sandbox: Sandbox, **target: Any) -> Workspace:
    """A workspace whose first night was good; its drop is ``drop``."""
    remote, state = _first_night(sandbox)
    sandbox.reset()
    sandbox.load(remote)
    folder.mkdir(exist_ok=True)
    made = Workspace(folder, sandbox)
    made.configure(**target)
    made.drop()
    shutil.copytree(state, made.state)
    return made


@cache
def _first_night(sandbox: Sandbox) -> tuple[dict[str, Any], Path]:
    """What the sandbox and the state folder hold after it; made once a process."""
    folder = Path(_FOLDERS.name)
    sandbox.reset()
    made = Workspace(folder, sandbox)
    made.configure()
    made.fill()
    ended = made.sync(made.drop())
    assert ended.code == 0, ended.err
    return sandbox.dump(), made.state


_FOLDERS = tempfile.TemporaryDirectory()


def phoned(number: str) -> Tables:
    """The district with another telephone number of one student."""
    return with_cell(district(), "students", PERSON, phone=f"+1-617-555-{number}")


def planned(workspace: Workspace, number: str = "0199") -> Path:
    """The plan of one changed number; the sandbox's log is empty after it."""
    ended = workspace.plan(workspace.drop(phoned(number), f"drop-{number}"))
    assert ended.code == 0, ended.err
    workspace.sandbox.clear_requests()
    return Path(ended.document["plan"]["path"])


def written(sandbox: Sandbox) -> list[str]:
    """What came in to change something."""
    return [
        f"{one['method']} {one['path']}"
        for one in sandbox.requests()
        if one["method"] != "GET" and "token" not in one["path"]
    ]


@contextmanager
def kept(path: Path) -> Iterator[bytes]:
    """The bytes of a file, which it has again when the block ends."""
    before = path.read_bytes()
    try:
        yield before
    finally:
        path.write_bytes(before)
