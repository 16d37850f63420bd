from __future__ import annotations

from typing import Any

import pytest

from sync.sandbox import FaultSpecError, SandboxSettings, SettingsError


@pytest.mark.parametrize(
    "changes",
    [
        {"agents_in_list": "some"},
        {"retry_after": "soon"},
        {"inactive_shows_as": "gone"},
        {"conflict_status": 418},
        {"latency": -1},
        {"latency": "slow"},
        {"token_life": -1},
        {"rate_limit": 0},
        {"shoe_size": 42},
        {"port": 1},
        {"host": "localhost"},
        {"data": "x"},
    ],
)
def test_impossible_changes_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        SandboxSettings().changed(changes)


def test_impossible_faults_are_refused_at_once() -> None:
    with pytest.raises(FaultSpecError):
        SandboxSettings(faults="418=1")


def test_a_change_leaves_the_rest_as_it_was() -> None:
    settings = SandboxSettings(latency=1).changed({"granted_scopes": ["a", "a"]})
    assert settings == SandboxSettings(latency=1, granted_scopes=frozenset({"a"}))
