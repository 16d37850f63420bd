"""Line 16: how long the commands take that do nearly nothing.

The other side is the start of Python with polars imported: the least that a command
takes that looks into a file. Our modules are compiled before, as pip compiles those
of a package that it installs, polars among them.
"""

from __future__ import annotations

import compileall
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measuring import ROOT, Line, in_turn, main, ratio, timed

ROUNDS, FULL_ROUNDS = 10, 25
TARGETS = {"--version": 0.5, "--help": 0.6, "check of ten rows": 2.0}
DROP = {
    "students": """\
sourcedId,status,username,enabledUser,givenName,familyName,email,grades,primaryOrgSourcedId
stu-1,active,ada1,true,Ada,Stone,ada@district.example,09,sch-1
stu-2,active,ben2,true,Ben,Cole,ben@district.example,10,sch-1
stu-3,active,cem3,true,Cem,Kaya,cem@district.example,11,sch-1
""",
    "users": """\
sourcedId,status,username,enabledUser,givenName,familyName,email,primaryOrgSourcedId,role,roleType,roleOrgSourcedId
gdn-1,active,eva,true,Eva,Stone,eva@family.example,sch-1,parent,primary,sch-1
gdn-2,active,fay,true,Fay,Cole,fay@family.example,sch-1,guardian,primary,sch-1
""",
    "agents": """\
studentSourcedId,agentSourcedId,relationshipType
stu-1,gdn-1,mother
stu-2,gdn-2,aunt
""",
    "enrollments": """\
sourcedId,status,userSourcedId,role,classSourcedId,schoolSourcedId,primary,beginDate,endDate
enr-1,active,stu-1,student,cls-1,sch-1,false,2026-08-17,2027-06-04
enr-2,active,stu-2,student,cls-1,sch-1,false,2026-08-17,2027-06-04
enr-3,active,stu-3,student,cls-1,sch-1,false,2026-08-17,2027-06-04
""",
}
"""Ten rows in the four files of a drop."""


def _write(folder: Path) -> Path:
    folder.mkdir()
    for name, text in DROP.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def lines(full: bool) -> Iterator[Line]:
    """Line 16, for each of three commands."""
    compileall.compile_dir(ROOT / "sync", quiet=1)
    program = str(Path(sys.executable).with_name("roster-sync"))
    with tempfile.TemporaryDirectory() as folder:
        drop = str(_write(Path(folder) / "drop"))
        commands = (
            [sys.executable, "-c", "import polars"],
            [program, "--version"],
            [program, "--help"],
            [program, "check", drop],
        )
        works = [partial(timed, one, Path(folder)) for one in commands]
        bare, *ours = in_turn(*works, rounds=FULL_ROUNDS if full else ROUNDS)
    for (name, most), samples in zip(TARGETS.items(), ours, strict=True):
        sides = [[one.seconds for one in each] for each in (samples, bare)]
        found = ratio(*sides)
        yield Line(
            16,
            f"start: `roster-sync {name}` / `import polars`",
            f"≤ {most:g}",
            str(found),
            found.least <= most,
            f"{min(sides[0]) * 1000:.0f} ms / {min(sides[1]) * 1000:.0f} ms, "
            f"{len(samples)} times",
        )


if __name__ == "__main__":
    main(lines)
