"""A small OneRoster package in text, 1.1 and 1.2, and edits that change one thing."""

from __future__ import annotations

from pathlib import Path

from tests.support.small import Edit, Files, lacks, quoted, row, split

__all__ = ["Edit", "Files", "lacks", "row"]

_SAME = {
    "academicSessions": """\
sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
y1,,,2026-27,schoolYear,2026-08-17,2027-06-04,,2027
t1,,,Fall,term,2026-08-17,2026-12-18,y1,2027""",
    "orgs": """\
sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
o1,,,North Valley,district,001,
o2,,,South Hill,school,002,o1""",
    "courses": """\
sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
k1,,,y1,Algebra,ALG,09,o2,,""",
    "classes": """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
c1,,,Algebra 1,09,k1,ALG-1,scheduled,,o2,t1,,,""",
    "demographics": """\
sourcedId,status,dateLastModified,birthDate,sex
s1,,,2011-02-03,female
s2,,,2011-04-05,male""",
    "enrollments": """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,c1,o2,s1,student,,2026-08-17,2026-12-18
e2,,,c1,o2,s2,student,,,
e3,,,c1,o2,u1,teacher,true,,""",
}

_USERS = {
    "1.1": """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades
s1,,,true,o2,student,ada1,,Ada,Byron,,S-1,ada@x.example,,,"g1,g2",09
s2,,,true,o2,student,ben2,,Ben,Cole,,,,,,g2,09
u1,,,true,"o2,o1",teacher,tom,,Tom,Dean,,,tom@x.example,,,,
a1,,,true,o1,administrator,ann,,Ann,Moss,,,,,,,
g1,,,true,o2,parent,eva,,Eva,Byron,,,,,,,
g2,,,true,o2,guardian,fay,,Fay,Cole,,,,,,,""",
    "1.2": """\
sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns
s1,,,true,ada1,,Ada,Byron,,S-1,ada@x.example,,,"g1,g2",09,,,,,o2,
s2,,,true,ben2,,Ben,Cole,,,,,,g2,09,,,,,,
u1,,,true,tom,,Tom,Dean,,,tom@x.example,,,,,,,,,o2,
a1,,,true,ann,,Ann,Moss,,,,,,,,,,,,o1,
g1,,,true,eva,,Eva,Byron,,,,,,,,,,,,o2,
g2,,,true,fay,,Fay,Cole,,,,,,,,,,,,o2,""",
}

_ROLES = """\
sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r1,,,s1,primary,student,,,o2,
r2,,,s2,primary,student,,,o2,
r3,,,u1,primary,teacher,,,o2,
r4,,,u1,secondary,aide,,,o1,
r5,,,a1,primary,districtAdministrator,,,o1,
r6,,,g1,primary,parent,,,o2,
r7,,,g2,primary,guardian,,,o2,"""

_ASIDE: tuple[str, ...] = (
    *("categories", "classResources", "courseResources", "lineItems"),
    *("resources", "results"),
)
_ASIDE_12 = (
    *("lineItemLearningObjectiveIds", "lineItemScoreScales", "scoreScales"),
    *("resultLearningObjectiveIds", "resultScoreScales", "userResources"),
    "userProfiles",
)


def package(version: str, mode: str = "bulk") -> Files:
    """The lines of a package that nothing is wrong with."""
    texts = {**_SAME, "users": _USERS[version]}
    absent: tuple[str, ...] = _ASIDE
    if version == "1.2":
        texts["roles"] = _ROLES
        absent = (*_ASIDE, *_ASIDE_12)
    files = {name: text.split("\n") for name, text in texts.items()}
    if mode == "delta":
        for name, lines in files.items():
            files[name] = [lines[0], *(_dated(one) for one in lines[1:])]
    files["manifest"] = [
        "propertyName,value",
        "manifest.version,1.0",
        f"oneroster.version,{version}",
        *(f"file.{name},{mode}" for name in sorted(texts)),
        *(f"file.{name},absent" for name in absent),
    ]
    return files


def _dated(row: str) -> str:
    return row.replace(",,,", ",active,2026-11-01T08:00:00.000Z,", 1)


def cell(file: str, line: int, name: str, value: str) -> Edit:
    """Put another cell into a line."""

    def edit(files: Files) -> None:
        place = split(files[file][0]).index(name)
        cells = split(files[file][line - 1])
        cells[place] = value
        files[file][line - 1] = ",".join(quoted(one) for one in cells)

    return edit


def drop_line(file: str, line: int) -> Edit:
    """Take a line out."""

    def edit(files: Files) -> None:
        del files[file][line - 1]

    return edit


def without(*names: str) -> Edit:
    """Leave files out, the manifest unchanged."""

    def edit(files: Files) -> None:
        for name in names:
            del files[name]

    return edit


def declared(name: str, mode: str) -> Edit:
    """Let the manifest say another mode of a file; blank takes the line out."""

    def edit(files: Files) -> None:
        place = next(
            n for n, one in enumerate(files["manifest"]) if one.startswith(f"{name},")
        )
        if mode:
            files["manifest"][place] = f"{name},{mode}"
        else:
            del files["manifest"][place]

    return edit


def absent(*names: str) -> Edit:
    """Leave files out, and say so in the manifest."""

    def edit(files: Files) -> None:
        without(*names)(files)
        for name in names:
            declared(f"file.{name}", "absent")(files)

    return edit


def column(file: str, name: str, *values: str) -> Edit:
    """Add a column with these values, blank in the rows behind them."""

    def edit(files: Files) -> None:
        header, *rows = files[file]
        cells = [*values, *[""] * len(rows)][: len(rows)]
        files[file] = [
            f"{header},{name}",
            *(f"{one},{quoted(v)}" for one, v in zip(rows, cells, strict=True)),
        ]

    return edit


def write(folder: Path, files: Files, edits: tuple[Edit, ...] = ()) -> Path:
    """Make the package in a new folder."""
    for edit in edits:
        edit(files)
    folder.mkdir()
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
