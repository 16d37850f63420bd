"""What outlives a run, under ``state_dir``: lock, journal, runs, ledger, mirror, seal.

Level 3 of the house. Everything here is private to its user (0600 in 0700) and on the
disk when a call returns; a disk that fails is a ``LocalError``.
"""

from __future__ import annotations

from sync.state.database import DamagedError
from sync.state.folder import STATE_VERSION, StateFolder, local_errors, write_atomic
from sync.state.journal import STATES_SCHEMA, Journal, check_journal, read_states
from sync.state.lock import hold, watch_alone
from sync.state.mirror import expire_mirror, load_mirror, mirror_place, save_mirror
from sync.state.records import RUNS_SCHEMA, GoodDrop, RunEnd, RunFacts, RunRecord
from sync.state.runs import TargetState, Undone
from sync.state.seal import seal, sign

__all__ = [
    "RUNS_SCHEMA",
    "STATES_SCHEMA",
    "STATE_VERSION",
    "DamagedError",
    "GoodDrop",
    "Journal",
    "RunEnd",
    "RunFacts",
    "RunRecord",
    "StateFolder",
    "TargetState",
    "Undone",
    "check_journal",
    "expire_mirror",
    "hold",
    "load_mirror",
    "local_errors",
    "mirror_place",
    "read_states",
    "save_mirror",
    "seal",
    "sign",
    "watch_alone",
    "write_atomic",
]
