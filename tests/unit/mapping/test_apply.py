"""A drop and a mapping: canonical tables, and what is wrong with the columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sync.mapping import CODES, Layout, MappingFile, apply, load, name_entities
from sync.model.entities import Entity, Mode
from sync.model.finding import Findings, Severity, found
from sync.model.roster import Drop, DropKind, Mapped, RawTable
from sync.read.codes import NO_ROWS
from sync.read.table import read_table

STUDENTS = (
    "sourcedId,status,username,enabledUser,givenName,familyName,primaryOrgSourcedId,"
    "grades"
)
FOUR = Layout(load("four-files"), None)
AGENTS = "studentSourcedId,agentSourcedId,relationshipType"


def table(file: str, text: str) -> RawTable:
    raw, _ = read_table(file, text.encode())
    assert raw is not None
    return raw


def drop(kind: DropKind = DropKind.FOLDER, **files: str) -> Drop:
    tables = {f"{name}.csv": table(f"{name}.csv", text) for name, text in files.items()}
    return Drop(Path("drop"), "drop", kind, "", tables)


def four(**files: str) -> tuple[Mapped, Findings]:
    return apply(drop(DropKind.FOLDER, **files), FOUR)


def agents_mapping(**columns: object) -> MappingFile:
    base = {name: name for name in AGENTS.split(",")}
    entry = {"entity": "agents", "files": "agents*.csv", "columns": base | columns}
    content = {"name": "n", "title": "t", "tables": [entry]}
    return MappingFile.of(content)


def test_a_table_has_the_columns_of_the_file_and_blank_cells_are_null() -> None:
    mapped, findings = four(agents=f"{AGENTS} ,agentId\ns1, a1 ,, \n")
    agents = mapped.tables[Entity.AGENTS]
    assert agents.frame.to_dicts() == [
        {
            "studentSourcedId": "s1",
            "agentSourcedId": " a1 ",
            "relationshipType": None,
            "agentId": None,
            "_file": "agents.csv",
            "_row": 2,
        }
    ]
    assert agents.headers["agents.csv"]["relationshipType"] == "relationshipType"
    assert agents.ignored == {"agents.csv": ()}
    assert mapped.layout == "four-files"
    assert list(mapped.tables) == [Entity.AGENTS]
    assert not len(findings)


def test_headers_are_matched_in_any_case_and_kept_as_written() -> None:
    mapped, _ = four(agents=f"{AGENTS.upper()}\ns,a,r\n")
    headers = mapped.tables[Entity.AGENTS].headers["agents.csv"]
    assert headers["agentSourcedId"] == "AGENTSOURCEDID"


@pytest.mark.parametrize(("delta", "mode"), [(False, Mode.BULK), (True, Mode.DELTA)])
def test_the_four_files_are_bulk_unless_told_otherwise(delta: bool, mode: Mode) -> None:
    mapped, _ = apply(drop(agents=f"{AGENTS}\n"), FOUR, delta=delta)
    assert mapped.tables[Entity.AGENTS].mode is mode


def test_all_missing_required_columns_are_named_at_once_with_the_nearest() -> None:
    mapped, findings = four(agents="student_sourced,agent,x\ns,a,y\n")
    refused = findings.of_severity(Severity.REFUSED)
    assert refused.select("code", "entity", "file", "column").rows() == [
        ("RS050", "agents", "agents.csv", column)
        for column in sorted(AGENTS.split(","))
    ]
    assert '"student_sourced"' in refused.row(2, named=True)["hint"]
    assert mapped.tables == {}


def test_enrollments_need_a_class_or_a_course() -> None:
    mapped, findings = four(enrollments="userSourcedId,role\nu,student\n")
    (row,) = findings.frame.rows(named=True)
    assert (row["code"], row["severity"]) == ("RS051", "refused")
    assert "classSourcedId" in row["message"]
    assert "courseSourcedId" in row["message"]
    assert mapped.tables == {}


@pytest.mark.parametrize("column", ["classSourcedId", "courseSourcedId"])
def test_one_of_class_and_course_is_enough(column: str) -> None:
    mapped, findings = four(enrollments=f"userSourcedId,role,{column}\nu,student,c\n")
    assert column in mapped.tables[Entity.ENROLLMENTS].frame.columns
    assert not len(findings)


def test_a_known_misspelling_is_read_with_a_note() -> None:
    mapped, findings = four(
        agents="studentSourcedId,agentSourceIds,relationshipType\ns,a,r\n"
    )
    frame = mapped.tables[Entity.AGENTS].frame
    assert frame.get_column("agentSourcedId").to_list() == ["a"]
    assert findings.frame.select("code", "severity", "column").rows() == [
        ("RS052", "note", "agentSourceIds")
    ]


def test_the_right_name_goes_before_its_misspelling() -> None:
    mapped, findings = four(agents=f"{AGENTS},agentSourceId\ns,a,r,wrong\n")
    frame = mapped.tables[Entity.AGENTS].frame
    assert frame.get_column("agentSourcedId").to_list() == ["a"]
    assert findings.by_code() == {"RS053": 1}


def test_the_date_of_the_last_change_is_ignored_without_a_word() -> None:
    row = "s1,active,u,true,A,B,o,5"
    _, findings = four(students=f"{STUDENTS},dateLastModified\n{row},2026-01-01\n")
    assert not len(findings)


def test_a_file_that_lacks_columns_is_not_told_what_nothing_uses() -> None:
    _, findings = four(students="s1,active,u,true,A,B,o,5\n")
    assert "RS053" not in findings.by_code()
    assert findings.refuses


def test_metadata_is_carried_as_it_is_written_and_the_rest_ignored() -> None:
    row = "s1,active,u,true,A,B,o,5"
    mapped, findings = four(
        students=f"{STUDENTS},METADATA.Cohort,Lunch Code,x,metadata.\n{row},c,l,x,y\n"
    )
    students = mapped.tables[Entity.STUDENTS]
    assert students.frame.get_column("metadata.Cohort").to_list() == ["c"]
    assert students.ignored == {"students.csv": ("Lunch Code", "x", "metadata.")}
    (note,) = findings.frame.rows(named=True)
    assert (note["code"], note["severity"]) == ("RS053", "note")
    assert "Lunch Code, x" in note["message"]


@pytest.mark.parametrize(
    ("header", "entity"),
    [
        (STUDENTS, Entity.STUDENTS),
        (f"{STUDENTS},role,roleType", Entity.USERS),
        (AGENTS, Entity.AGENTS),
        ("userSourcedId,role,classSourcedId", Entity.ENROLLMENTS),
        ("sourcedId,title,courseSourcedId,termSourcedIds", Entity.CLASSES),
    ],
)
def test_a_single_file_of_another_name_is_told_by_its_header(
    header: str, entity: Entity
) -> None:
    mapped, _ = apply(drop(DropKind.CSV, export=f"{header}\n"), FOUR)
    assert list(mapped.tables) == [entity]


@pytest.mark.parametrize("header", ["a,b", "sourcedId,title", "userSourcedId,role"])
def test_a_header_that_fits_none_or_several_is_refused(header: str) -> None:
    mapped, findings = apply(drop(DropKind.CSV, export=f"{header}\n"), FOUR)
    assert mapped.tables == {}
    assert findings.by_code() == {"RS054": 1}
    assert findings.refuses


def test_a_column_that_a_file_lacks_counts_as_not_delivered_in_its_rows() -> None:
    mapped, findings = apply(
        drop(
            agents_2=f"{AGENTS},status\ns2,a2,r,active\n", agents_1=f"{AGENTS}\ns,a,r\n"
        ),
        Layout(agents_mapping(status="status"), None),
    )
    frame = mapped.tables[Entity.AGENTS].frame
    assert frame.select("studentSourcedId", "_file", "_row").rows() == [
        ("s", "agents_1.csv", 2),
        ("s2", "agents_2.csv", 2),
    ]
    assert frame.select("status", "_keep").rows() == [
        (None, ",status,"),
        ("active", None),
    ]
    assert findings.frame.select("code", "severity", "file", "column").rows() == [
        ("RS055", "warning", "agents_1.csv", "status")
    ]


def test_a_value_without_translation_rejects_its_row() -> None:
    mapping = agents_mapping(
        relationshipType={"from": ["kin", "kin2"], "values": {"mother": "parent"}}
    )
    text = "studentSourcedId,agentSourcedId,kin,kin2\ns,a,Mother,\ns,b,,mothr\ns,c,,\n"
    mapped, findings = apply(drop(agents=text), Layout(mapping, None))
    frame = mapped.tables[Entity.AGENTS].frame
    assert frame.get_column("relationshipType").to_list() == ["parent", None, None]
    (row,) = findings.frame.rows(named=True)
    assert (row["code"], row["severity"], row["line"]) == ("RS056", "rejected", 3)
    assert (row["column"], row["value"]) == ("kin2", "mothr")
    assert row["hint"] == 'the nearest value is "mother"'


def test_where_leaves_rows_out_and_its_missing_header_refuses() -> None:
    mapping = agents_mapping()
    only = replace(mapping.tables[0], where={"Kind": ["g"]})
    mapping = replace(mapping, tables=[only])
    mapped, _ = apply(
        drop(agents=f"{AGENTS},kind\ns,a,r,G\ns,b,r,x\n"), Layout(mapping, None)
    )
    frame = mapped.tables[Entity.AGENTS].frame
    assert frame.get_column("agentSourcedId").to_list() == ["a"]
    _, findings = apply(drop(agents=f"{AGENTS}\n"), Layout(mapping, None))
    assert findings.frame.select("code", "column").rows() == [("RS050", "Kind")]


def test_a_template_names_each_header_that_it_lacks() -> None:
    mapping = agents_mapping(relationshipType={"template": "{x}{y}{agentSourcedId}"})
    _, findings = apply(drop(agents=f"{AGENTS}\n"), Layout(mapping, None))
    columns = findings.of_severity(Severity.REFUSED).get_column("column").to_list()
    assert columns == ["x", "y"]


def test_findings_of_reading_get_the_entity_of_their_file() -> None:
    mapped, _ = apply(drop(DropKind.CSV, export=f"{AGENTS}\n"), FOUR)
    files = ["export.csv", "top/Users.csv", "other.txt", None]
    read = Findings.of([found(NO_ROWS, "m", file=file) for file in files])
    named = name_entities(read, load("four-files"), mapped)
    assert named.frame.select("file", "entity").rows() == [
        (None, None),
        ("export.csv", "agents"),
        ("other.txt", None),
        ("top/Users.csv", "users"),
    ]


def test_codes_are_distinct_and_ours() -> None:
    numbers = [code.code for code in CODES]
    assert numbers == sorted(set(numbers))
    assert all("RS050" <= number <= "RS099" for number in numbers)
