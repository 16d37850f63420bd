from __future__ import annotations

from typing import Any

import pytest

from sync.sandbox import SandboxSettings, SettingsError


@pytest.mark.parametrize(
    "changes",
    [
        {"openedx_list_shape": 6},
        {"openedx_next": "away"},
        {"openedx_paging": "none"},
        {"openedx_list_status": 401},
        {"openedx_barred_status": 404},
        {"openedx_barred": "course-v1:Dist+MATH7+2026"},
        {"openedx_list_refused": "x"},
        {"openedx_per_minute": 0},
        {"openedx_minute": 0},
        {"openedx_fails_after": -1},
        {"openedx_page_size": 0},
        {"openedx_minute": "long"},
        {"openedx_shoe_size": 42},
    ],
)
def test_impossible_switches_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        SandboxSettings().changed(changes)


def test_a_list_of_courses_may_be_any_collection() -> None:
    settings = SandboxSettings(openedx_barred=["a"], openedx_list_hidden={"b"})
    assert "a" in settings.openedx_barred
    assert settings.changed({"openedx_per_minute": 1}).openedx_list_hidden == {"b"}
