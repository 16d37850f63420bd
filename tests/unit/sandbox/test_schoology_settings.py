from __future__ import annotations

from typing import Any

import pytest

from sync.sandbox import SandboxSettings, SettingsError


@pytest.mark.parametrize(
    "changes",
    [
        {"schoology_page_cap": 0},
        {"schoology_page_cap": "many"},
        {"schoology_item_429": -0.1},
        {"schoology_500_after": 1.5},
        {"schoology_owner": -1},
        {"schoology_missing_results": -1},
        {"schoology_import_periods": "some"},
        {"schoology_barred": {"users": 500}},
        {"schoology_barred": 403},
        {"schoology_barred": None},
    ],
)
def test_impossible_switches_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        SandboxSettings().changed(changes)
