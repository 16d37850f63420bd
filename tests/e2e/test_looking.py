"""Commands that look: runs, report, fetch, explain, schema, samples, check."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sync.cli.explain import all_codes
from tests.support.districts import district, with_cell
from tests.support.schema import conforms
from tests.support.workspace import TARGET, Workspace, total


@pytest.fixture
def night(synced: Workspace) -> dict[str, Any]:
    """The report of a night with one change."""
    tables = with_cell(district(), "students", "stu-000002", phone="+1-617-555-0199")
    return synced.sync(synced.drop(tables, "next")).document


def test_runs_lists_the_newest_first(synced: Workspace, night: dict[str, Any]) -> None:
    listed = synced.run("runs", "--json").document["runs"]
    assert listed[0]["run"] == night["run"]
    assert [one["outcome"] for one in listed] == ["done", "done"]
    assert [one["drop_name"] for one in listed] == ["next", "drop"]
    started = [one["started"] for one in listed]
    assert started == sorted(started, reverse=True)


def test_runs_for_people_has_a_line_for_each(
    synced: Workspace, night: dict[str, Any]
) -> None:
    ended = synced.run("runs", "--limit", "1")
    assert ended.code == 0
    assert night["run"] in ended.out
    assert len(ended.out.splitlines()) == 2


def test_runs_of_an_unknown_target_ends_with_2(synced: Workspace) -> None:
    assert synced.run("runs", "--target", "elsewhere").code == 2


def test_report_json_is_the_document_that_run_printed(
    synced: Workspace, night: dict[str, Any]
) -> None:
    assert synced.run("report", night["run"], "--json").document == night
    assert synced.run("report", night["run"], "--format", "json").document == night


def test_report_html_needs_nothing_from_outside(
    synced: Workspace, night: dict[str, Any]
) -> None:
    page = synced.run("report", night["run"], "--format", "html").out
    assert page.lower().startswith("<!doctype html>")
    assert night["run"] in page
    for word in ("<script", "<link", "src=", "http://", "@import"):
        assert word not in page


def test_report_csv_writes_both_sheets(
    synced: Workspace, night: dict[str, Any]
) -> None:
    out = synced.folder / "sheets"
    ended = synced.run("report", night["run"], "--format", "csv", "--out", out)
    assert ended.code == 0
    assert {one.name for one in out.iterdir()} == {"findings.csv", "operations.csv"}
    lines = (out / "operations.csv").read_text("utf-8").splitlines()
    assert sum('"done"' in line for line in lines) == 1


def test_report_out_writes_the_file_that_was_asked_for(
    synced: Workspace, night: dict[str, Any]
) -> None:
    out = synced.folder / "report.json"
    synced.run("report", night["run"], "--format", "json", "--out", out)
    assert json.loads(out.read_bytes()) == night


def test_report_for_people_says_how_the_run_ended(
    synced: Workspace, night: dict[str, Any]
) -> None:
    ended = synced.run("report", night["run"])
    assert ended.code == 0
    assert f"run {night['run']} of district: done, exit code 0" in ended.out


def test_the_report_folder_holds_the_five_files(
    synced: Workspace, night: dict[str, Any]
) -> None:
    folder = synced.state / "runs" / night["run"]
    names = {"report.json", "report.html", "findings.csv", "operations.csv"}
    assert {one.name for one in folder.iterdir()} >= {*names, "log.jsonl"}


def test_the_report_balances_in_every_part(night: dict[str, Any]) -> None:
    assert night["balanced"] is True
    for name in ("students", "users", "agents", "enrollments"):
        one = night["entities"][name]
        rows, remote = one["rows"], one["remote"]
        assert rows["read"] == rows["accepted"] + rows["merged"] + rows["rejected"]
        assert rows["accepted"] == sum(one["diff"].values())
        assert remote["total"] * 2 == sum(remote.values())
        assert one["operations"]["planned"] * 2 == sum(one["operations"].values())


def test_the_report_names_the_time_of_each_stage(night: dict[str, Any]) -> None:
    names = [one["name"] for one in night["stages"]]
    expected = ["read", "map", "validate", "fetch", "compare", "plan", "send", "verify"]
    assert names == expected
    assert all(one["seconds"] >= 0 for one in night["stages"])


def test_what_was_fetched_is_a_clean_drop_without_changes(synced: Workspace) -> None:
    out = synced.folder / "fetched"
    ended = synced.run("fetch", "--target", TARGET, "--out", out, "--json")
    assert ended.code == 0
    assert ended.document["entities"]["students"] == district().students.height
    checked = synced.run("check", out, "--json")
    assert checked.code == 0
    severities = checked.document["counts"]
    assert severities["refused"] == severities["rejected"] == 0
    again = synced.sync(out)
    assert again.code == 0, again.err
    assert total(again.document, "operations", "planned") == 0


def test_explain_knows_every_code() -> None:
    assert len(all_codes()) > 50


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_explain_says_what_a_code_means_and_what_to_do(
    workspace: Workspace, code: str
) -> None:
    told = workspace.run("explain", code.lower(), "--json").document
    assert told["code"] == code
    assert all(told[name] for name in ("severity", "title", "explanation", "remedy"))
    shown = workspace.run("explain", code)
    assert shown.code == 0
    assert told["remedy"] in shown.out


def test_explain_without_a_code_lists_all(workspace: Workspace) -> None:
    listed = workspace.run("explain", "--json").document["codes"]
    assert [one["code"] for one in listed] == sorted(all_codes())


def test_explain_of_an_unknown_code_ends_with_2_and_names_the_nearest(
    workspace: Workspace,
) -> None:
    ended = workspace.run("explain", "RS10l")
    assert ended.code == 2
    assert "RS10" in ended.line


@pytest.mark.parametrize("name", ["config", "mapping", "report", "plan"])
def test_schema_prints_a_json_schema(workspace: Workspace, name: str) -> None:
    told = workspace.run("schema", name, "--json").document
    assert json.loads(workspace.run("schema", name).out) == told
    assert told["$schema"].startswith("https://json-schema.org/draft/")
    assert told["type"] == "object"
    assert told["properties"]


def test_a_real_report_conforms_to_its_schema(
    synced: Workspace, night: dict[str, Any]
) -> None:
    told = synced.run("schema", "report", "--json").document
    assert conforms(night, told) == []
    assert conforms({**night, "exit_code": "none"}, told) != []


@pytest.mark.parametrize("ending", ["refused", "held", "target_failed", "preview"])
def test_reports_of_other_endings_conform_as_well(
    synced: Workspace, ending: str
) -> None:
    drop = synced.folder / "drop"
    agents = drop / "agents.csv"
    command = ["run", drop, "--target", TARGET, "--json"]
    if ending == "refused":
        agents.write_text("", "utf-8")
    elif ending == "held":
        agents.write_text(agents.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    elif ending == "preview":
        command.append("--dry-run")
    else:
        synced.sandbox.set_faults("404=1")
    report = synced.run(*command).document
    assert report["outcome"] == ending
    told = synced.run("schema", "report", "--json").document
    assert conforms(report, told) == []


def test_a_real_configuration_conforms_to_its_schema(synced: Workspace) -> None:
    told = synced.run("schema", "config", "--json").document
    found = tomllib.loads((synced.folder / "roster-sync.toml").read_text("utf-8"))
    assert conforms(found, told) == []
    assert conforms({**found, "stat_dir": "x"}, told) != []


def test_a_real_mapping_conforms_to_its_schema(synced: Workspace) -> None:
    told = synced.run("schema", "mapping", "--json").document
    path = Path(__file__).parents[2] / "mappings" / "four-files.toml"
    assert conforms(tomllib.loads(path.read_text("utf-8")), told) == []
    assert conforms({"name": "x"}, told) != []


def test_a_real_plan_conforms_to_its_schema(
    synced: Workspace, night: dict[str, Any]
) -> None:
    told = synced.run("schema", "plan", "--json").document
    with ZipFile(night["plan"]["path"]) as archive:
        found = json.loads(archive.read("plan.json"))
    assert conforms(found, told) == []


def test_samples_writes_nights_that_check_clean_and_a_messy_one(
    workspace: Workspace,
) -> None:
    out = workspace.folder / "made"
    ended = workspace.run("samples", "--students", 30, "--out", out, "--json")
    assert ended.code == 0
    assert ended.document["folders"] == ["messy", "night-1", "night-2"]
    codes = [workspace.run("check", out / one).code for one in ("night-1", "night-2")]
    assert codes == [0, 0]
    assert workspace.run("check", out / "messy").code in {1, 3}


def test_samples_of_the_same_seed_are_the_same_bytes(workspace: Workspace) -> None:
    for name in ("one", "two"):
        workspace.run("samples", "--students", 9, "--out", workspace.folder / name)
    one, two = workspace.folder / "one", workspace.folder / "two"
    files = sorted(path.relative_to(one) for path in one.rglob("*.csv"))
    assert files
    assert all((one / f).read_bytes() == (two / f).read_bytes() for f in files)
