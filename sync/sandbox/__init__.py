"""The sandbox: a strict imitation of the remote systems on one port.

It imports nothing else of this program, so that it is free to contradict it.
"""

from sync.sandbox.errors import DocumentError
from sync.sandbox.faults import FaultSpecError
from sync.sandbox.server import Sandbox, serve
from sync.sandbox.settings import SandboxSettings, SettingsError

__all__ = [
    "DocumentError",
    "FaultSpecError",
    "Sandbox",
    "SandboxSettings",
    "SettingsError",
    "serve",
]
