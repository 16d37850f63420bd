from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from sync.errors import LocalError, RosterSyncError, UsageError
from sync.setup.place import SCHEMA_NAME, keep, place_of

GOOD = '[targets.a]\nkind = "edubridge"\nenvironment = "staging"\n' + "".join(
    f'client_{one} = {{ env = "X" }}\n' for one in ("id", "secret")
)


def test_files_are_new_private_and_beside_each_other(tmp_path: Path) -> None:
    place = tmp_path / "etc" / "roster-sync.toml"
    written = keep(place, GOOD, {"mapping.toml": "name = 'x'\n"})
    assert [one.name for one in written] == ["mapping.toml", SCHEMA_NAME, place.name]
    assert {stat.S_IMODE(one.stat().st_mode) for one in written} == {0o600}
    schema = json.loads((place.parent / SCHEMA_NAME).read_bytes())
    assert schema["title"] == "roster-sync.toml"


def test_a_schema_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / SCHEMA_NAME).write_text("mine", "utf-8")
    place = tmp_path / "roster-sync.toml"
    assert keep(place, GOOD, {}) == (place,)
    assert (tmp_path / SCHEMA_NAME).read_text("utf-8") == "mine"


MAPPING = {"mapping.toml": "name = 'x'\n"}


@pytest.mark.parametrize(
    ("text", "beside", "there", "told"),
    [
        (GOOD, MAPPING, "roster-sync.toml", (UsageError, "exists already")),
        (GOOD, MAPPING, "mapping.toml", (UsageError, "exists already")),
        (
            GOOD.replace("staging", "moon"),
            MAPPING,
            "other",
            (UsageError, "targets.a.environment"),
        ),
        (f"{GOOD}# \udcff\n", MAPPING, "other", (UsageError, "UTF-8")),
        (GOOD, {"no/where": ""}, "other", (LocalError, "cannot be written")),
    ],
)
def test_where_it_fails_nothing_stays_and_nothing_is_lost(
    text: str,
    beside: dict[str, str],
    there: str,
    told: tuple[type[RosterSyncError], str],
    tmp_path: Path,
) -> None:
    (tmp_path / there).write_text("mine", "utf-8")
    error, said = told
    with pytest.raises(error) as raised:
        keep(tmp_path / "roster-sync.toml", text, beside)
    assert said in raised.value.message
    assert [one.name for one in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text("utf-8") == "mine"


def test_the_place_is_where_every_command_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROSTER_SYNC_CONFIG", str(tmp_path / "elsewhere.toml"))
    assert place_of(None) == tmp_path / "elsewhere.toml"
    assert place_of(tmp_path / "here.toml") == tmp_path / "here.toml"
    (tmp_path / "here.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError):
        place_of(tmp_path / "here.toml")
