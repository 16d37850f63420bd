from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.model.operation import DRIFT_SCHEMA
from sync.report import Account, write_report
from sync.report.as_csv import OUTCOME_SCHEMA, operations_table
from sync.report.as_html import page
from sync.report.drift import Drifted, drifted, with_drift

ROWS = [
    ("op-1", "students", "s-1", "phone", "+1-617-555-0199", "+1-617-555-0142"),
    ("op-1", "students", "s-1", "givenName", "Canary", None),
    ("op-0", "students", "s-0", "status", "active", "missing"),
]
DRIFT = pl.DataFrame(ROWS, schema=DRIFT_SCHEMA, orient="row")
MASKED = [
    Drifted("students", "s-0", "status", "active", "missing"),
    Drifted("students", "s-1", "givenName", "C…", "(empty)"),
    Drifted("students", "s-1", "phone", "…99", "…42"),
]
SAID = "givenName was C…, is (empty); phone was …99, is …42"


def table(make_operations: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    skipped = (None, "drift", "changed since the plan was made: phone")
    outcomes = pl.DataFrame(
        [("op-0", "done", None, None, None), ("op-1", "skipped", *skipped)],
        schema=OUTCOME_SCHEMA,
        orient="row",
    )
    return operations_table(make_operations({}, {}), outcomes)


def test_values_of_personal_fields_are_masked_unless_asked_for() -> None:
    assert drifted(DRIFT) == MASKED
    (_, name, phone) = drifted(DRIFT, reveal=True)
    assert (name.then, phone.now) == ("Canary", "+1-617-555-0142")
    assert phone.text() == "phone was +1-617-555-0199, is +1-617-555-0142"


@pytest.mark.parametrize(
    ("reveal", "said"), [(False, SAID), (True, SAID.replace("C…", "Canary"))]
)
def test_each_operation_has_its_own_fields_beside_it_in_the_order_it_had(
    make_operations: Callable[..., pl.DataFrame], reveal: bool, said: str
) -> None:
    mine = DRIFT.filter(pl.col("id") == "op-1")
    whole = with_drift(table(make_operations), mine, reveal=reveal)
    if reveal:
        said = said.replace("…99", ROWS[0][4] or "").replace("…42", ROWS[0][5] or "")
    assert whole["key"].to_list() == ["s-0", "s-1"]
    assert whole["changed"].to_list() == [None, said]


def test_without_drift_the_column_is_there_and_empty(
    make_operations: Callable[..., pl.DataFrame],
) -> None:
    whole = with_drift(table(make_operations), DRIFT_SCHEMA.to_frame())
    assert whole["changed"].to_list() == [None, None]


def test_every_form_of_the_report_has_field_then_and_now_and_no_value(
    make_account: Callable[..., Account],
    make_operations: Callable[..., pl.DataFrame],
    tmp_path: Path,
) -> None:
    account = make_account(drift=DRIFT)
    rows = [(r["operation"], r["state"], None, "drift", "m") for r in _states()]
    outcomes = pl.DataFrame(rows, schema=OUTCOME_SCHEMA, orient="row")
    write_report(tmp_path, account, make_operations({}, {}), outcomes)

    document = json.loads((tmp_path / "report.json").read_bytes())
    with (tmp_path / "operations.csv").open(encoding="utf-8") as file:
        sheet = {row["id"]: row["changed"] for row in csv.DictReader(file)}
    html = (tmp_path / "report.html").read_text("utf-8")
    assert [Drifted(**one) for one in document["drift"]] == MASKED
    assert sheet == {"op-0": "status was active, is missing", "op-1": SAID}
    assert SAID in html
    for path in tmp_path.iterdir():
        text = path.read_text("utf-8")
        assert "Canary" not in text
        assert "555-01" not in text


def test_the_page_shows_the_values_where_it_reveals(
    make_account: Callable[..., Account], make_operations: Callable[..., pl.DataFrame]
) -> None:
    html = page(make_account(drift=DRIFT), table(make_operations), reveal=True)
    assert "givenName was Canary, is (empty)" in html


def _states() -> list[dict[str, Any]]:
    return [{"operation": f"op-{n}", "state": "skipped"} for n in range(2)]
