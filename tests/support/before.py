"""A workspace as it stood after its nights: made once, put back for each test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.sandbox import Sandbox
from tests.support.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Before:
    """What the remote system held then, and the folder of the workspace."""

    remote: dict[str, Any]
    folder: Path

    @classmethod
    def of(cls, workspace: Workspace) -> Before:
        """Keep how a workspace stands; nobody may use it any more."""
        return cls(workspace.sandbox.dump(), workspace.folder)

    def again(self, folder: Path, sandbox: Sandbox, **settings: Any) -> Workspace:
        """The same workspace in another folder, with settings of the sandbox, which
        must have the same address."""
        sandbox.reset()
        sandbox.configure(**settings)
        sandbox.load(self.remote)
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Workspace(folder, sandbox)
