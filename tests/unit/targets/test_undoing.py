"""The targets of undos: what a run made goes in the strongest form, by any policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.cli.sandbox import CREDENTIALS
from sync.config import Config, load
from sync.model.capabilities import STRENGTH
from sync.model.entities import Entity
from sync.targets.registry import KINDS, SETTINGS, make_target
from tests.contract.kinds import KINDS as HARNESSES
from tests.support.toml import toml_text
from tests.support.workspace import TARGET

ENROLLMENTS = Entity.ENROLLMENTS


def configured(table: dict[str, Any], folder: Path) -> Config:
    path = folder / "roster-sync.toml"
    whole = {"state_dir": "state", "targets": {TARGET: table}}
    path.write_text(toml_text(whole), "utf-8")
    return load(path, SETTINGS)


@pytest.mark.parametrize("harness", HARNESSES, ids=[one.name for one in HARNESSES])
def test_every_kind_has_a_strongest_form_for_what_it_writes(
    harness: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (CREDENTIALS | dict(harness.environment)).items():
        monkeypatch.setenv(name, text)
    table = configured(harness.table("http://127.0.0.1:1"), tmp_path).target(TARGET)
    able = make_target(table, undoing=True).capabilities
    assert able.removals.keys() == able.verbs.keys()
    for entity in able.verbs:
        weaker = STRENGTH[: STRENGTH.index(able.strongest(entity))]
        assert not set(weaker) & set(able.removals[entity])
    deleted = harness.name.startswith("schoology")
    assert able.only_marks(ENROLLMENTS) is not deleted


def test_only_open_edx_needs_another_setting_to_put_things_back() -> None:
    assert {one: dict(kind.undoing) for one, kind in KINDS.items() if kind.undoing} == {
        "openedx": {"preserve_mode": True}
    }
