"""A drop of eight small files in text, and edits that make one thing wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Files = dict[str, list[str]]
"""Name without ending -> lines; the header is the first."""
Edit = Callable[[Files], None]

GOOD = {
    "orgs": """\
sourcedId,name,status,type,identifier,parentSourcedId
o1,North Valley,active,district,001,
o2,South Hill,,school,002,o1""",
    "academicSessions": """\
sourcedId,title,startDate,endDate,status,type,parentSourcedId,schoolYear
y1,2026-27,2026-08-17,2027-06-04,active,schoolYear,,2027
t1,Fall,2026-08-17,2026-12-18,active,term,y1,2027""",
    "courses": """\
sourcedId,title,status,courseCode,grades,orgSourcedId
k1,Algebra,active,ALG,09,o1""",
    "classes": """\
sourcedId,title,status,grades,courseSourcedId,classCode,classType,schoolSourcedId,termSourcedIds
c1,Algebra 1,active,09,k1,ALG-1,scheduled,o2,"t1,y1"
c2,Homeroom,,,k1,HR,homeroom,o2,""",
    "students": """\
sourcedId,status,username,enabledUser,givenName,familyName,primaryOrgSourcedId,grades,middleName,email,phone,identifier,birthDate
s1,active,ada1,true,Ada,Byron,o2,09,,ada@x.example,,S-1,2011-02-03
s2,active,ben2,true,Ben,Cole,o2,10,,,,,""",
    "users": """\
sourcedId,status,enabledUser,givenName,familyName,primaryOrgSourcedId,role,username,email,phone,roleType,roleOrgSourcedId
u1,active,true,Tom,Dean,o2,teacher,tom.dean,tom@x.example,,primary,o2
g1,active,true,Eva,Byron,o1,parent,,,,,
g2,active,true,Fay,Cole,o1,guardian,,,,,""",
    "agents": """\
studentSourcedId,agentSourcedId,relationshipType,agentId,status
s1,g1,mother,,active
s2,g2,aunt,,""",
    "enrollments": """\
sourcedId,userSourcedId,role,classSourcedId,courseSourcedId,schoolSourcedId,status,primary,beginDate,endDate
e1,s1,student,c1,,o2,active,true,2026-08-17,2026-12-18
e2,s2,student,c1,,o2,,,,
e3,u1,teacher,,k1,o2,active,,,""",
}


def good() -> Files:
    """The lines of a drop that nothing is wrong with."""
    return {name: text.split("\n") for name, text in GOOD.items()}


def cells(file: str, line: int, **changes: str) -> Edit:
    """Put other cells into a line; ``dots`` in a header's name are ``__``."""

    def edit(files: Files) -> None:
        names = files[file][0].split(",")
        row = split(files[file][line - 1])
        for name, value in changes.items():
            row[names.index(name.replace("__", "."))] = value
        files[file][line - 1] = ",".join(quoted(value) for value in row)

    return edit


def row(file: str, text: str) -> Edit:
    """Add a line at the end."""
    return lambda files: files[file].append(text)


def person(key: str, **changes: str) -> Edit:
    """Add a student without links and enrollments; his username is his key."""
    names = GOOD["students"].split("\n")[0].split(",")
    own = {
        "sourcedId": key,
        "status": "active",
        "username": key,
        "enabledUser": "true",
        "givenName": "Gus",
        "familyName": "Hill",
        "primaryOrgSourcedId": "o2",
        "grades": "09",
        **changes,
    }
    return row("students", ",".join(quoted(own.get(name, "")) for name in names))


def member(key: str, **changes: str) -> Edit:
    """Add a row of users: a teacher who is in no class, unless told otherwise."""
    names = GOOD["users"].split("\n")[0].split(",")
    own = {
        "sourcedId": key,
        "status": "active",
        "enabledUser": "true",
        "givenName": "Ida",
        "familyName": "Jones",
        "primaryOrgSourcedId": "o2",
        "role": "teacher",
        **changes,
    }
    return row("users", ",".join(quoted(own.get(name, "")) for name in names))


def line(file: str, number: int, text: str) -> Edit:
    """Put another line in the place of one."""

    def edit(files: Files) -> None:
        files[file][number - 1] = text

    return edit


def without(*names: str) -> Edit:
    """Leave files out."""

    def edit(files: Files) -> None:
        for name in names:
            del files[name]

    return edit


def only(*names: str) -> Edit:
    """Leave all other files out."""
    return without(*(name for name in GOOD if name not in names))


def column(file: str, name: str, value: str = "") -> Edit:
    """Add a column with one value in all rows."""

    def edit(files: Files) -> None:
        header, *rows = files[file]
        files[file] = [f"{header},{name}", *(f"{one},{value}" for one in rows)]

    return edit


def lacks(file: str, name: str) -> Edit:
    """Take a column out."""

    def edit(files: Files) -> None:
        place = files[file][0].split(",").index(name)
        rows = [split(one) for one in files[file]]
        kept = [[*one[:place], *one[place + 1 :]] for one in rows]
        files[file] = [",".join(quoted(cell) for cell in one) for one in kept]

    return edit


def quoted(value: str) -> str:
    """A cell as it stands in a file."""
    if any(mark in value for mark in ',"\n\r'):
        return '"' + value.replace('"', '""') + '"'
    return value


def write(folder: Path, edits: tuple[Edit, ...]) -> Path:
    """Make the drop in a new folder."""
    files = good()
    for edit in edits:
        edit(files)
    folder.mkdir()
    for name, lines in files.items():
        text = "\n".join(lines) + "\n"
        (folder / f"{name}.csv").write_bytes(text.encode())
    return folder


def split(text: str) -> list[str]:
    """The cells of a line."""
    parts, inside = [""], False
    for letter in text:
        if letter == '"':
            inside = not inside
        elif letter == "," and not inside:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
