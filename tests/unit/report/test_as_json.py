"""The document is a contract: its fields, their order and their schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from sync.report import PARTS, Account, document, documents, schema
from sync.report.as_json import encode
from sync.report.shape import ReportDocument

BEGINNING = [
    *("format", "run", "target", "kind", "outcome", "exit_code", "started"),
    *("finished", "drop", "entities", "guards", "findings", "new_findings"),
    *("known", "requests", "converged", "balanced"),
]


def test_the_document_begins_with_the_documented_fields_in_their_order(
    make_account: Callable[..., Account],
) -> None:
    assert list(document(make_account()))[: len(BEGINNING)] == BEGINNING


def test_every_section_has_its_parts_in_their_order(
    make_account: Callable[..., Account],
) -> None:
    sections = document(make_account())["entities"]["students"]

    assert {name: tuple(parts) for name, parts in sections.items()} == dict(PARTS)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"entities": {}, "guards": (), "outcome": "refused", "exit_code": 3},
        {"plan": None, "approved": None, "digest": None, "converged": None},
        {"plan": {"path": "p", "valid_until": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"drop": {"name": None, "sha256": None, "mode": None}},
    ],
)
def test_a_document_keeps_its_own_schema(
    make_account: Callable[..., Account], fields: dict[str, Any]
) -> None:
    written = json.loads(encode(document(make_account(**fields))))

    read = ReportDocument.model_validate(written)
    assert read.model_dump(exclude_unset=True) == written


@pytest.mark.parametrize("field", sorted(BEGINNING))
def test_a_document_without_a_field_does_not_keep_the_schema(
    make_account: Callable[..., Account], field: str
) -> None:
    value = document(make_account())
    del value[field]

    with pytest.raises(ValidationError):
        ReportDocument.model_validate(value)


def test_the_schema_names_every_field_of_the_document(
    make_account: Callable[..., Account],
) -> None:
    assert list(schema()["properties"]) == list(document(make_account()))


def test_times_are_in_utc(make_account: Callable[..., Account]) -> None:
    value = document(make_account())

    assert (value["started"], value["finished"]) == (
        "2026-11-21T08:00:03Z",
        "2026-11-21T08:03:41Z",
    )


def test_a_section_that_was_not_reached_is_absent_and_not_zeros(
    make_account: Callable[..., Account],
) -> None:
    rows = {"read": 1, "accepted": 1, "merged": 0, "rejected": 0}

    value = document(make_account(entities={"users": {"rows": rows}}))

    assert value["entities"] == {"users": {"rows": rows}}


def test_sums_that_do_not_hold_are_told(make_account: Callable[..., Account]) -> None:
    value = document(make_account(entities={"users": {"rows": {"read": 1}}}))

    assert value["balanced"] is False
    assert len(value["unbalanced"]) == 1


def test_several_targets_come_in_one_document(
    make_account: Callable[..., Account],
) -> None:
    value = documents(5, [make_account(), make_account(target="other")])

    assert (value["format"], value["exit_code"]) == (1, 5)
    assert [run["target"] for run in value["runs"]] == ["district", "other"]
