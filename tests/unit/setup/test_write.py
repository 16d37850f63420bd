from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from sync.config import SecretRef, load, schema
from sync.setup.answers import complete
from sync.setup.write import configuration, variables
from sync.targets.registry import SETTINGS, make_target
from tests.support.schema import conforms

OWN = "https://roster.example"
TOKENS = f"{OWN}/oauth2/token"
CASES: dict[str, dict[str, str]] = {
    "timeback by environment": {"kind": "timeback", "address": "production"},
    "timeback by address": {
        "kind": "timeback",
        "address": OWN,
        "token-address": TOKENS,
        "api-address": "https://api.example",
    },
    "timeback here": {"kind": "timeback", "address": "http://127.0.0.1:8765"},
    "oneroster 1.2": {
        "kind": "oneroster",
        "address": f"{OWN}/ims/rostering/v1p2",
        "token-address": TOKENS,
        "writes": "put",
    },
    "oneroster 1.1 by key": {
        "kind": "oneroster",
        "address": f"{OWN}/ims/v1p1",
        "sign-in": "consumer",
    },
    "oneroster of an odd address": {
        "kind": "oneroster",
        "address": OWN,
        "token-address": TOKENS,
        "oneroster-version": "1.1",
    },
    "edubridge by environment": {"kind": "edubridge", "address": "staging"},
    "edubridge by address": {
        "kind": "edubridge",
        "address": OWN,
        "token-address": TOKENS,
    },
    "schoology": {"kind": "schoology"},
    "openedx": {"kind": "openedx", "address": OWN},
}
SHOWN = re.compile(r"^[a-z_]+ = ")
BARE = {"url", "token_url"}
"""Keys whose name and value say it all."""


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """The answers of somebody with one of all ways to reach a system."""
    given = {"timezone": "America/Chicago", "target": "north", **request.param}
    return dict(complete(given, None))


def test_what_is_written_is_a_configuration_that_makes_a_target(
    answers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "roster-sync.toml"
    path.write_text(configuration(answers, "clever", "schema.json"), "utf-8")
    config = load(path, SETTINGS)
    table = config.target("north")
    assert (table.kind, table.mapping) == (answers["kind"], "clever")
    assert config.timezone.key == "America/Chicago"
    for name in variables(answers):
        monkeypatch.setenv(name, f"the value of {name}")
    assert make_target(table).services


def test_editors_find_nothing_wrong_in_it(answers: dict[str, str]) -> None:
    text = configuration(answers, "clever", "schema.json")
    assert conforms(tomllib.loads(text), schema(SETTINGS)) == []


def test_every_key_says_what_it_decides(answers: dict[str, str]) -> None:
    lines = configuration(answers, "clever", "schema.json").splitlines()
    keys = [line for line in lines if SHOWN.match(line)]
    silent = {line.partition(" = ")[0] for line in keys if "  # " not in line}
    assert silent <= BARE
    assert max(map(len, lines)) <= 110


def test_what_is_written_out_is_the_default_where_it_is_not_asked_for(
    answers: dict[str, str], tmp_path: Path
) -> None:
    text = configuration(answers, "clever", "schema.json")
    path = tmp_path / "roster-sync.toml"
    path.write_text(text, "utf-8")
    written = load(path, SETTINGS).target("north")
    kept = re.split(r"\n# [^\n]*\n\[targets\.north\.removal\]", text)[0]
    path.write_text(kept, "utf-8")
    usual = load(path, SETTINGS).target("north")
    assert (written.removal, written.guards) == (usual.removal, usual.guards)


def test_secrets_are_named_and_never_asked_for(answers: dict[str, str]) -> None:
    text = configuration(answers, "clever", "schema.json")
    found = re.findall(r"(?:_id|_key|_secret) = (.*?) +#", text)
    names = variables(answers)
    assert found == [f'{{ env = "{name}" }}' for name in names]
    assert all(SecretRef(env=name).env == name for name in names)


def test_the_schema_stands_in_the_first_line_where_editors_look_for_it(
    answers: dict[str, str],
) -> None:
    text = configuration(answers, "clever", "schema.json")
    assert text.startswith("#:schema ./schema.json\n")
