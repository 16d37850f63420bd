"""What is proposed for files as districts make them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.errors import UsageError
from sync.mapping import load
from sync.suggest import Suggestion, suggest

STUDENTS = """Pupil No,Forename,Surname,DOB,Year Group,Building,Status
1001,Ada,Ames,9/30/2014,5,10,A
1002,Ben,Bell,1/2/2015,4,10,A
1003,Cy,Cole,3/4/2016,K,20,W
1004,Dee,Dunn,5/16/2013,6,20,A
"""
GUARDIANS = """Pupil No,Carer ID,First,Last,Relation,Mail
1001,77,Gil,Ames,Mother,gil@mail.example
1002,78,Hal,Bell,Father,hal@mail.example
1003,79,Ida,Cole,Mother,ida@mail.example
"""
ROSTER = """Pupil No,Section Ref
1001,S-1
1002,S-1
1003,S-2
"""
SECTIONS = """Section Ref,Section Name,Crs No,Building,Tchr No
S-1,Math 5 A,M5,10,501
S-2,Math K,MK,20,502
"""


def made(folder: Path, files: Mapping[str, str]) -> Suggestion:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return suggest([folder], "mine")


def tables(suggestion: Suggestion) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(suggestion.toml)["tables"]
    return found


def columns(suggestion: Suggestion, entity: str, place: int = 0) -> dict[str, Any]:
    fitting = [one for one in tables(suggestion) if one["entity"] == entity]
    found: dict[str, Any] = fitting[place]["columns"]
    return found


def source(steps: Any) -> Any:
    return steps if isinstance(steps, str) else steps.get("from")


def test_students_are_found_with_the_steps_that_their_cells_need(
    tmp_path: Path,
) -> None:
    found = columns(made(tmp_path, {"pupils.csv": STUDENTS}), "students")
    assert found["sourcedId"] == "Pupil No"
    assert found["givenName"] == "Forename"
    assert found["familyName"] == "Surname"
    assert found["primaryOrgSourcedId"] == "Building"
    assert found["birthDate"] == {"from": "DOB", "as": "date", "format": "%m/%d/%Y"}
    assert found["grades"] == {"from": "Year Group", "as": "grades"}
    assert found["status"] == {
        "from": "Status",
        "values": {"A": "active", "W": "inactive"},
    }


def test_several_files_are_told_apart_and_joined_by_what_they_hold(
    tmp_path: Path,
) -> None:
    files = {
        "a.csv": STUDENTS,
        "b.csv": GUARDIANS,
        "c.csv": ROSTER,
        "d.csv": SECTIONS,
    }
    proposal = made(tmp_path, files)
    by_file = {(one["files"][0], one["entity"]) for one in tables(proposal)}
    assert by_file >= {
        ("a.csv", "students"),
        ("b.csv", "users"),
        ("b.csv", "agents"),
        ("c.csv", "enrollments"),
        ("d.csv", "classes"),
        ("d.csv", "enrollments"),
    }
    links = columns(proposal, "agents")
    assert source(links["studentSourcedId"]) == "Pupil No"
    assert source(links["agentSourcedId"]) == "Carer ID"
    users = next(one for one in tables(proposal) if one["entity"] == "users")
    assert users["join"]["student"]["key"] == "Pupil No"
    assert source(users["columns"]["primaryOrgSourcedId"]) == "student.Building"


def test_people_of_several_roles_in_one_file_become_students_and_users(
    tmp_path: Path,
) -> None:
    text = (
        "Person ID,First,Last,Role,School\n1,A,Ames,Pupil,10\n2,B,Bell,Teacher,10\n"
        "3,C,Cole,Pupil,10\n4,D,Dunn,Teacher,10\n"
    )
    students, users = tables(made(tmp_path, {"people.csv": text}))[-2:]
    assert (students["entity"], students["where"]) == ("students", {"Role": ["Pupil"]})
    assert (users["entity"], users["unless"]) == ("users", {"Role": ["Pupil"]})


@pytest.mark.parametrize(
    ("cells", "given_", "family"),
    [
        (
            ("Ames; Ada", "Bell; Ben"),
            {"from": "Pupil Name", "split": ",", "part": 2},
            {"from": "Pupil Name", "split": ",", "part": 1},
        ),
        (
            ("Ada Ames", "Ben Bell"),
            {
                "from": "Pupil Name",
                "regex": r"^(.*\S)\s+(\S+)$",
                "replace": "${1}",
            },
            {
                "from": "Pupil Name",
                "regex": r"^(.*\S)\s+(\S+)$",
                "replace": "${2}",
            },
        ),
    ],
)
def test_a_whole_name_in_one_cell_is_taken_apart(
    tmp_path: Path, cells: tuple[str, str], given_: Any, family: Any
) -> None:
    quoted = [f'"{cell.replace(";", ",")}"' for cell in cells]
    text = f"Pupil ID,Pupil Name,Grade\n1,{quoted[0]},5\n2,{quoted[1]},6\n"
    found = columns(made(tmp_path, {"students.csv": text}), "students")
    assert found["givenName"] == given_
    assert found["familyName"] == family


def test_guardians_in_the_row_of_a_student_get_tables_and_links(tmp_path: Path) -> None:
    text = (
        "Student ID,Student First Name,Student Last Name,Grade,"
        "Mother First Name,Mother Last Name,Mother Email,"
        "Father First Name,Father Last Name,Father Email\n"
        "1,Ada,Ames,5,Mia,Ames,mia@mail.example,Max,Ames,max@mail.example\n"
        "2,Ben,Bell,6,Meg,Bell,meg@mail.example,,,\n"
    )
    proposal = made(tmp_path, {"sheet.csv": text})
    values = [
        one["columns"]["relationshipType"]["value"]
        for one in tables(proposal)
        if one["entity"] == "agents"
    ]
    assert values == ["father", "mother"]
    keys = [
        one["columns"]["sourcedId"]["hash"]
        for one in tables(proposal)
        if one["entity"] == "users"
    ]
    assert keys == [
        [f"{who} First Name", f"{who} Last Name", f"{who} Email"]
        for who in ("Father", "Mother")
    ]


def test_a_required_column_that_no_header_says_is_left_open_and_loads(
    tmp_path: Path,
) -> None:
    text = "Pupil ID,Surname\n1,Ames\n2,Bell\n"
    proposal = made(tmp_path, {"students.csv": text})
    found = columns(proposal, "students")
    assert found["givenName"] == {"from": "givenName", "optional": True}
    assert "# MISSING: put the header of givenName" in proposal.toml
    assert "students of students.csv: givenName was not found" in proposal.open
    (tmp_path / "mine.toml").write_text(proposal.toml, "utf-8")
    assert load(str(tmp_path / "mine.toml")).name == "mine"


def test_codes_that_nobody_knows_are_left_open(tmp_path: Path) -> None:
    text = STUDENTS.replace(",W\n", ",Zz\n")
    proposal = made(tmp_path, {"pupils.csv": text})
    assert columns(proposal, "students")["status"]["values"] == {"A": "active"}
    assert "students of pupils.csv: status has codes that nobody knows" in proposal.open


def test_no_code_makes_a_leaver_without_one_that_says_active(tmp_path: Path) -> None:
    text = STUDENTS.replace(",A\n", ",1\n").replace(",W\n", ",2\n")
    status = columns(made(tmp_path, {"pupils.csv": text}), "students")["status"]
    assert set(status["values"].values()) == {"active"}


def test_a_number_that_repeats_in_each_school_is_no_key_of_classes(
    tmp_path: Path,
) -> None:
    sections = (
        "School ID,Section Number,Section Name,Room\n10,1,Math,1\n10,2,Art,2\n"
        "20,1,Math,3\n20,2,Art,4\n30,1,Math,5\n30,2,Art,6\n"
    )
    roster = "Student ID,School ID,Section Number\n7,10,1\n8,20,1\n9,30,2\n"
    proposal = made(tmp_path, {"sections.csv": sections, "enrollments.csv": roster})
    template = {"template": "{School ID}-{Section Number}"}
    assert columns(proposal, "classes")["sourcedId"] == template
    assert columns(proposal, "enrollments")["classSourcedId"] == template


def test_a_reference_by_another_number_of_the_file_is_read_through_a_join(
    tmp_path: Path,
) -> None:
    students = (
        "ID,Student Number,First Name,Last Name,Grade\n1,9001,A,Ames,5\n"
        "2,9002,B,Bell,5\n3,9003,C,Cole,6\n"
    )
    guardians = (
        "Student Number,Guardian ID,First,Last\n9001,71,G,Ames\n9002,72,H,Bell\n"
    )
    roster = "StudentID,Section ID\n1,S1\n2,S1\n3,S2\n"
    files = {"students.csv": students, "cc.csv": roster, "guardians.csv": guardians}
    proposal = made(tmp_path, files)
    user = columns(proposal, "enrollments")["userSourcedId"]
    key = columns(proposal, "students")["sourcedId"]
    assert key == "ID" or source(user) == f"students.{key}"


def test_what_cannot_be_understood_is_set_aside_with_its_headers(
    tmp_path: Path,
) -> None:
    files = {"pupils.csv": STUDENTS, "menu.csv": "Day,Dish\nMonday,Soup\n"}
    proposal = made(tmp_path, files)
    assert tomllib.loads(proposal.toml)["aside"] == ["menu.csv"]
    assert "# menu.csv is left out" in proposal.toml
    assert "it is not clear what menu.csv holds" in proposal.open


def test_headers_that_nothing_uses_are_listed(tmp_path: Path) -> None:
    text = "\n".join(
        f"{line},{number or 'Bus Route'}"
        for number, line in enumerate(STUDENTS.splitlines())
    )
    assert "nothing uses Bus Route" in made(tmp_path, {"pupils.csv": text}).toml


def test_no_name_or_address_of_a_person_stands_in_a_proposal(tmp_path: Path) -> None:
    proposal = made(tmp_path, {"pupils.csv": STUDENTS, "carers.csv": GUARDIANS})
    for cell in ("Ada", "Ames", "1001", "9/30/2014", "gil@mail.example"):
        assert cell not in proposal.toml


def test_a_zip_and_a_folder_give_the_same_proposal(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    proposal = made(folder, {"pupils.csv": STUDENTS, "carers.csv": GUARDIANS})
    with ZipFile(tmp_path / "drop.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"top/{file.name}")
    assert suggest([tmp_path / "drop.zip"], "mine").toml == proposal.toml


def test_files_may_be_named_one_by_one(tmp_path: Path) -> None:
    whole = made(tmp_path, {"pupils.csv": STUDENTS, "carers.csv": GUARDIANS})
    single = suggest([tmp_path / "pupils.csv", tmp_path / "carers.csv"], "mine")
    assert single.toml == whole.toml


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_any_encoding_and_delimiter_is_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = STUDENTS.replace(",", delimiter).replace("Ames", "Áñez")
    (tmp_path / "pupils.csv").write_bytes(text.encode(encoding))
    found = columns(suggest([tmp_path], "mine"), "students")
    assert found["familyName"] == "Surname"


def test_an_empty_file_beside_good_ones_is_left_to_do(tmp_path: Path) -> None:
    proposal = made(tmp_path, {"pupils.csv": STUDENTS, "empty.csv": ""})
    assert "empty.csv cannot be read" in proposal.open
    assert columns(proposal, "students")["sourcedId"] == "Pupil No"


def test_a_file_without_rows_is_told_by_its_header(tmp_path: Path) -> None:
    text = STUDENTS.splitlines()[0] + "\n"
    found = columns(made(tmp_path, {"pupils.csv": text}), "students")
    assert found["sourcedId"] == "Pupil No"


def test_nothing_that_can_be_read_gives_no_tables(tmp_path: Path) -> None:
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\0\0\0")
    assert suggest([tmp_path], "mine").tables == 0


def test_a_path_without_anything_ends_the_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        suggest([tmp_path / "nothing.csv"], "mine")


HEADERS = st.lists(
    st.sampled_from(
        (
            *("Student ID", "First Name", "Last Name", "Grade", "School ID", "Status"),
            *(
                "Parent 1 First Name",
                "Parent 1 Email",
                "Class ID",
                "Teacher ID",
                "Role",
            ),
            *("Course Name", "Term", "Start Date", 'Odd "name"', "=1+1", "a.b", "{x}"),
            *("User ID", "Relationship", "Email", "Name", "School Name", "Enabled"),
        )
    ),
    min_size=1,
    max_size=12,
    unique=True,
)
CELLS = st.sampled_from(
    (
        "",
        "1",
        "2",
        "30",
        "A",
        "Y",
        "x@y.example",
        "9/1/2026",
        "Ada Ames",
        "Student",
        "é",
    )
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), headers=HEADERS, rows=st.integers(0, 5))
def test_every_proposal_loads(
    tmp_path: Path, data: st.DataObject, headers: list[str], rows: int
) -> None:
    lines = [headers, *([data.draw(CELLS) for _ in headers] for _ in range(rows))]
    text = "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines
    )
    proposal = made(tmp_path, {"any.csv": text + "\n"})
    if proposal.tables:
        (tmp_path / "mine.toml").write_text(proposal.toml, "utf-8")
        assert load(str(tmp_path / "mine.toml")).tables
        (tmp_path / "mine.toml").unlink()


def test_a_whole_name_of_a_guardian_is_no_identifier(tmp_path: Path) -> None:
    text = (
        "Student ID,Name,Grade,Parent/Guardian Name,Parent Email\n"
        '1,"Doe, Jane",5,Mary Doe,mary@mail.example\n'
        '2,"Roe, Rick",6,Ann Roe,ann@mail.example\n'
    )
    found = columns(made(tmp_path, {"students.csv": text}), "users")
    assert found["sourcedId"] == {"hash": ["Parent/Guardian Name", "Parent Email"]}
    assert source(found["familyName"]) == "Parent/Guardian Name"


def test_a_header_with_a_dot_is_never_taken_for_one_of_a_join(tmp_path: Path) -> None:
    students = (
        "student.ID,student.First Name,student.Last Name,School ID,Grade\n"
        "1,Ada,Ames,10,5\n2,Ben,Bell,10,6\n3,Cy,Cole,20,6\n"
    )
    contacts = (
        "student.ID,Guardian ID,Guardian First Name,Guardian Last Name\n"
        "1,71,Gil,Ames\n2,72,Hal,Bell\n3,73,Ida,Cole\n"
    )
    files = {"students.csv": students, "contacts.csv": contacts}
    proposal = made(tmp_path, files)
    users = next(one for one in tables(proposal) if one["entity"] == "users")
    assert list(users["join"]) == ["student_file"]
    (tmp_path / "mine.toml").write_text(proposal.toml, "utf-8")
    assert load(str(tmp_path / "mine.toml")).tables
