from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sync.config import Duration, KindKeys, SecretRef, Table, schema
from sync.config.model import TargetTable
from sync.model.entities import REFERENCE, SYNCED


class Service(Table):
    client_id: SecretRef
    patience: Duration | None = None


class Learning(Table):
    platform: Service
    environment: str = "staging"


class Bare(Table):
    pass


@pytest.fixture(name="document")
def _document() -> dict[str, Any]:
    slow = KindKeys(Bare, {"burst": 5, "timeout": "2m"}, (*REFERENCE, *SYNCED))
    return schema(
        {"learning": KindKeys(Learning), "bare": KindKeys(Bare), "slow": slow}
    )


def kinds(document: dict[str, Any]) -> dict[str, Any]:
    tables = document["properties"]["targets"]["additionalProperties"]["oneOf"]
    return {table["properties"]["kind"]["const"]: table for table in tables}


def test_every_kind_has_the_common_keys_and_its_own(document: dict[str, Any]) -> None:
    common = set(TargetTable.model_fields)
    assert set(kinds(document)["bare"]["properties"]) == common
    own = {"platform", "environment"}
    assert set(kinds(document)["learning"]["properties"]) == common | own


def test_required_keys_are_those_without_a_default(document: dict[str, Any]) -> None:
    assert document["required"] == ["targets"]
    assert kinds(document)["bare"]["required"] == ["kind"]
    assert kinds(document)["learning"]["required"] == ["kind", "platform"]


def test_unknown_keys_are_marked_at_every_level(document: dict[str, Any]) -> None:
    tables = [document, *kinds(document).values()]
    tables += [each for each in document["$defs"].values() if "properties" in each]
    assert all(table["additionalProperties"] is False for table in tables)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    named = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert named <= set(document["$defs"])
    assert "Service" in named


def test_a_secret_is_a_place_and_never_text(document: dict[str, Any]) -> None:
    reference = document["$defs"]["SecretRef"]
    assert [each["required"] for each in reference["oneOf"]] == [["env"], ["file"]]


def test_a_guard_may_have_a_count_alone(document: dict[str, Any]) -> None:
    threshold = document["$defs"]["Threshold"]
    assert "required" not in threshold
    assert threshold["minProperties"] == 1


def test_defaults_are_written_as_they_could_stand_in_the_file(
    document: dict[str, Any],
) -> None:
    assert document["properties"]["plan_valid"]["default"] == 86400
    limits = kinds(document)["bare"]["properties"]["limits"]["default"]
    assert limits["timeout"] == 30
    assert document["properties"]["state_dir"]["default"] == "state"


def test_the_limits_of_a_kind_have_its_own_pace_as_defaults(
    document: dict[str, Any],
) -> None:
    limits = kinds(document)["slow"]["properties"]["limits"]
    said = {name: one["default"] for name, one in limits["properties"].items()}
    assert said == {
        "requests_per_second": 20,
        "burst": 5,
        "concurrency": 16,
        "timeout": 120,
        "retries": 5,
    }
    assert limits["default"] == said
    assert limits["additionalProperties"] is False
    usual = document["$defs"]["Limits"]["properties"]
    assert (usual["burst"]["default"], usual["timeout"]["default"]) == (1, 30)


def test_a_kind_that_writes_reference_tables_offers_them(
    document: dict[str, Any],
) -> None:
    offered = kinds(document)["slow"]["properties"]["entities"]["items"]["enum"]
    assert offered == [*REFERENCE, *SYNCED]


def test_only_entities_that_can_be_synced_are_offered(document: dict[str, Any]) -> None:
    offered = kinds(document)["bare"]["properties"]["entities"]["items"]["enum"]
    assert offered == ["students", "users", "agents", "enrollments"]
