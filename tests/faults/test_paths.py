"""No name of a file or of a member of a zip leads out of the folder of the work.

A hundred names that mean something to some system are given to members of zips, to
files of folders and to drops. Every command that writes anything gets them, in a
folder beside others that must stay as they are.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sync.sandbox import Sandbox
from tests.faults.proofs import Line
from tests.support import small
from tests.support.workspace import TARGET, Workspace

DEVICES = ("CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "CONIN$", "CLOCK$")
SLASHES = (
    "\u2215",
    "\u2044",
    "\uff0f",
    "\u29f8",
    "\uff3c",
    "\u2216",
    "%2f",
    "%5c",
    "¥",
)
"""Look like slashes, or become some on the way through other alphabets."""


def names(outside: Path) -> list[str]:
    """A hundred of them; ``outside`` is a folder that exists and must stay empty."""
    absolute = outside.as_posix()
    found = [
        *(f"{'../' * depth}students.csv" for depth in (1, 2, 3, 8, 40)),
        *("..\\" * depth + "students.csv" for depth in (1, 2, 3, 8)),
        *(f"..{slash}..{slash}students.csv" for slash in SLASHES),
        *(f"{slash}students.csv" for slash in SLASHES),
        *(f"a{slash}..{slash}..{slash}students.csv" for slash in SLASHES),
        *(f"{device}" for device in DEVICES),
        *(f"{device}.csv" for device in DEVICES),
        *(f"{drive}:{sep}students.csv" for drive in "CZ" for sep in ("", "/", "\\")),
        *(f"{absolute}/students.csv", f"//{absolute}/students.csv", "/students.csv"),
        *(
            "\\\\server\\share\\students.csv",
            "\\\\?\\C:\\students.csv",
            "\\students.csv",
        ),
        *("file:///students.csv", "~/students.csv", "~root/students.csv"),
        *("$HOME/students.csv", "%TEMP%\\students.csv", "`pwd`/students.csv"),
        *("students.csv\0.txt", "students.csv\0../../x", "\0", "../\0students.csv"),
        *("students.csv/", "students.csv/.", "students.csv/..", "./../students.csv"),
        *("a/./../../students.csv", "a//..//..//students.csv", ".../students.csv"),
        *("students.csv.", "students.csv ", " students.csv", "students.csv:stream"),
        *("students.csv::$DATA", ".", "..", "...", "/", "//", "\\", ""),
        *(
            "x" * 300,
            "x" * 300 + ".csv",
            "é" * 200 + ".csv",
            "a/" * 150 + "students.csv",
        ),
        *("\u202egpj.stneduts.csv", "students\u200b.csv", "\uff53tudents.csv"),
        *(
            "-rf.csv",
            "--out=..",
            "|id.csv",
            ";id.csv",
            "students.csv\n../x",
            "\x1b[2J.csv",
        ),
        *(
            "..\u0338/students.csv",
            "\ufeffstudents.csv",
            "STUDENTS.CSV",
            "Students.Csv ",
        ),
    ]
    return list(dict.fromkeys(found))


def members(name: str, content: bytes) -> bytes:
    """A zip with a member of this name, and the other files as they should be."""
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w") as archive:
        warnings.simplefilter("ignore")
        for other, text in small.GOOD.items():
            if other != "students":
                archive.writestr(f"{other}.csv", text + "\n")
        entry = zipfile.ZipInfo("students.csv")
        entry.filename = name  # as it is: ZipInfo mends some of them
        archive.writestr(entry, content)
    return data.getvalue()


def state_of(root: Path, work: Path) -> dict[str, str]:
    """Everything below ``root`` that is not below ``work``: names and digests."""
    return {
        path.relative_to(root).as_posix(): _digest(path)
        for path in sorted(root.rglob("*"))
        if work not in (path, *path.parents)
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def test_no_name_of_a_member_or_a_file_leads_outside(
    proof: Callable[[str, str], Line], tmp_path: Path, sandbox: Sandbox
) -> None:
    root = tmp_path / "root"
    work, outside, drops = root / "a" / "work", root / "outside", root / "drops"
    for folder in (work, outside, drops):
        folder.mkdir(parents=True)
    (root / "a" / "students.csv").write_text("a neighbour's", "utf-8")
    workspace = Workspace(work, sandbox)
    workspace.configure()
    content = (small.GOOD["students"] + "\n").encode()
    given = list(dropped(drops, names(outside), content))
    before, above = state_of(root, work), sorted(tmp_path.iterdir())

    codes = []
    for number, drop in enumerate(given):
        if drop.suffix == ".zip" or number % 3 == 0:
            given_out = ("--to", "oneroster-1.2", "--out", f"out-{number}")
            codes.append(workspace.run("convert", drop, *given_out).code)
        else:
            codes.append(workspace.run("check", drop).code)
        if number % 7 == 0:
            workspace.run("run", drop, "--target", TARGET, "--dry-run")
    odd = odd_names(work)

    row = proof("S6", "names of members, files and drops that lead elsewhere")
    row.times = len(given)
    row.least("names", len(names(outside)), 100)
    changed = before.items() ^ state_of(root, work).items()
    row.zero("files outside the work folder", len(changed))
    row.zero("files beside it", len(above) - len(sorted(tmp_path.iterdir())))
    row.zero("names of theirs inside it", len(odd))
    assert not changed, changed
    assert not odd, odd
    assert set(codes) >= {0, 3}, "some are what they seem, others are refused"


def dropped(drops: Path, wanted: list[str], content: bytes) -> Iterator[Path]:
    """A zip for each name; a folder and a zip of that name where the system lets us."""
    for number, name in enumerate(wanted):
        path = drops / f"{number}.zip"
        path.write_bytes(members(name, content))
        yield path
        if "/" in name or "\0" in name or name in {"", ".", ".."} or len(name) > 200:
            continue
        folder = drops / f"folder-{number}"
        folder.mkdir()
        small.write(folder / "drop", ())
        (folder / "drop" / "students.csv").rename(folder / "drop" / name)
        yield folder / "drop"


ENDINGS = {
    *(".json", ".html", ".csv", ".jsonl", ".rsplan", ".toml", ".parquet", ".key"),
    *(".sqlite", ".db", ".lock", ".db-wal", ".db-shm", ".seal", ""),
}
"""Of the files that this program writes."""


def odd_names(work: Path) -> list[str]:
    """Files of the work folder whose names are not this program's own."""
    return [
        path.relative_to(work).as_posix()
        for path in work.rglob("*")
        if not path.name.replace("-", "").replace("_", "").replace(".", "").isalnum()
        or not path.name.isascii()
        or (path.is_file() and path.suffix not in ENDINGS)
    ]
