"""Planted values: no person in the log or on standard error, no secret anywhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import polars as pl
import pytest

from sync.samples import Tables, write
from sync.sandbox import Sandbox
from tests.support.districts import slim
from tests.support.ended import Ended
from tests.support.meddler import Meddler, Trouble
from tests.support.workspace import TARGET, Workspace

TEXTS = ("givenName", "familyName", "middleName", "username")
SECRETS = {
    "TIMEBACK_CLIENT_ID": "canary-platform-client",
    "TIMEBACK_CLIENT_SECRET": "canary-platform-secret-7261",
    "TIMEBACK_API_CLIENT_ID": "canary-api-client",
    "TIMEBACK_API_CLIENT_SECRET": "canary-api-secret-9134",
}


def planted(frame: pl.DataFrame, mark: str) -> pl.DataFrame:
    """Every personal cell another one: names, e-mails, phones, birth dates."""
    number = pl.row_index().cast(pl.String).str.zfill(2)
    columns = [
        pl.format(f"Kanari{mark}{name}{{}}", number).alias(name)
        for name in TEXTS
        if name in frame.columns
    ]
    columns += [
        pl.format(f"kanari{mark}{{}}@mail-{mark}.example", number).alias("email"),
        pl.format("+4930" + str(ord(mark)) + "77{}", number).alias("phone"),
    ]
    if "birthDate" in frame.columns:
        columns.append(pl.format("1907-03-{}", pl.lit("1") + number.str.tail(1)))
        columns[-1] = columns[-1].alias("birthDate")
    return frame.with_columns(columns)


def district() -> Tables:
    """A district of canaries. Users with several rows say the same in each."""
    users = slim().users.unique("sourcedId", keep="first", maintain_order=True)
    return replace(
        slim(), students=planted(slim().students, "s"), users=planted(users, "u")
    )


def canaries(tables: Tables) -> set[bytes]:
    names = (*TEXTS, "email", "phone", "birthDate")
    cells = {
        cell
        for frame in (tables.students, tables.users)
        for name in names
        if name in frame.columns
        for cell in frame[name].to_list()
        if cell
    }
    return {cell.lower().encode() for cell in cells} | {b"kanari"}


def guarded(workspace: Workspace, url: str) -> None:
    """Secrets that are canaries, and a drop of canaries."""
    workspace.environment = dict(SECRETS)
    names = ("platform_client_id", "platform_client_secret", "api_client_id")
    settings = dict(zip((*names, "api_client_secret"), SECRETS.values(), strict=True))
    workspace.sandbox.configure(**settings)
    workspace.fill()
    workspace.drop(district())
    workspace.configure(
        platform={"url": url},
        api={"url": url, "token_url": f"{url}/oauth2/token"},
        limits={"timeout": "1s"},
        guards={"updates": {"percent": 100}, "cleared": {"percent": 100}},
    )


def trouble(proxy: Meddler) -> None:
    """Refusals of persons, whose bodies repeat what was sent, and lost answers."""
    said = b'{"imsx_description": "Kanarisecho kanaris01@mail-s.example is taken"}'

    def rule(heard: object) -> Trouble | None:
        n = getattr(heard, "n", 0)
        if not getattr(heard, "writes", False):
            return None
        if n % 9 == 0:
            return Trouble(422, said)
        return Trouble(None, forward=True) if n % 7 == 0 else None

    proxy.rule = rule


def rejected_rows(drop: Path) -> None:
    """Mistakes in rows of canaries: a bad date, a bad grade, a bad width."""
    path = drop / "students.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[2] = lines[2].replace("1907-03-1", "1907-33-1")
    lines[3] = lines[3].replace(",active,", ",Kanarisbadstatus,")
    lines.append("Kanarisshort,row\n")
    path.write_text("".join(lines), "utf-8")


def acts(workspace: Workspace, proxy: Meddler, *flags: str) -> list[Ended]:
    """A good night, a night with trouble, a night with mistakes, and looking back."""
    drop = workspace.folder / "drop"
    command = ("run", drop, "--target", TARGET, *flags)
    trouble(proxy)
    ended = [workspace.run(*command)]
    proxy.rule = lambda _: None
    ended.append(workspace.run("resume", *flags))
    ended.append(workspace.run(*command))
    rejected_rows(drop)
    ended.append(workspace.run(*command))
    ended.append(workspace.run("plan", drop, "--target", TARGET, *flags))
    said = b'{"imsx_description": "Kanarisecho is not a name"}'
    again = drop.with_name("again")
    write(slim(), again)
    proxy.rule = lambda heard: Trouble(500, said) if heard.writes else None
    ended.append(workspace.run("run", again, "--target", TARGET, *flags))
    proxy.rule = lambda heard: Trouble(500) if heard.reads else None
    ended.append(workspace.run(*command))
    return ended


@dataclass(frozen=True, slots=True)
class Acted:
    """All that the nights left behind."""

    workspace: Workspace
    ended: list[Ended]

    def files(self, name: str) -> bytes:
        """Every file of this name, one behind the other."""
        found = list(self.workspace.state.rglob(name))
        assert len(found) >= 5
        return b"\n".join(one.read_bytes() for one in found)


@pytest.fixture(
    scope="module",
    params=[(), ("--verbose",), ("--verbose", "--json")],
    ids=["plain", "verbose", "json"],
)
def acted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Acted]:
    with Sandbox() as sandbox, Meddler(sandbox.url) as proxy:
        workspace = Workspace(tmp_path_factory.mktemp("private"), sandbox)
        guarded(workspace, proxy.url)
        yield Acted(workspace, acts(workspace, proxy, *request.param))


def found_in(values: set[bytes], text: bytes) -> set[bytes]:
    return {one for one in values if one in text}


def test_no_person_stands_in_the_log_or_on_standard_error(acted: Acted) -> None:
    values = canaries(district())
    assert found_in(values, acted.files("log.jsonl").lower()) == set()
    errors = "\n".join(one.err for one in acted.ended).lower().encode()
    assert found_in(values, errors) == set()


def test_the_canaries_were_really_in_the_runs(acted: Acted) -> None:
    assert {one.code for one in acted.ended} >= {0, 1, 5}
    assert any("in a row" in one.err for one in acted.ended)
    assert b"Kanarisbadstatus" in acted.files("findings.csv")
    assert b"kanari" in repr(acted.workspace.sandbox.dump()).lower().encode()


def test_no_secret_stands_anywhere_below_the_state_folder_or_in_what_is_said(
    acted: Acted,
) -> None:
    pairs = [
        (SECRETS["TIMEBACK_CLIENT_ID"], SECRETS["TIMEBACK_CLIENT_SECRET"]),
        (SECRETS["TIMEBACK_API_CLIENT_ID"], SECRETS["TIMEBACK_API_CLIENT_SECRET"]),
    ]
    values = {one.encode() for one in SECRETS.values()}
    values |= {base64.b64encode(":".join(pair).encode()) for pair in pairs}
    values |= {b"Bearer ", b"access_token"}
    said = "\n".join(one.out + one.err for one in acted.ended).encode()
    assert found_in(values, said) == set()
    files = [one for one in acted.workspace.state.rglob("*") if one.is_file()]
    told = {str(one): found_in(values, content(one)) for one in files}
    assert {name: found for name, found in told.items() if found} == {}


def content(path: Path) -> bytes:
    """The bytes of a file, and of the members of a plan."""
    found = path.read_bytes()
    if is_zipfile(path):
        with ZipFile(path) as archive:
            found += b"".join(archive.read(name) for name in archive.namelist())
    if path.suffix == ".parquet":
        found += repr(pl.read_parquet(path).to_dicts()).encode()
    return found
