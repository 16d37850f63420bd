"""The container file, as far as it can be held to its word without a container engine:
what it says, that its steps fit what is built here, and that its rules can be kept."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.commands import COMMAND
from tests.support.workspace import Workspace

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def stages() -> list[list[tuple[str, str]]]:
    """The stages of the file, each a list of instruction and the rest of its line."""
    text = (ROOT / "Containerfile").read_text("utf-8")
    lines = [one for one in text.splitlines() if one and not one.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    pairs = [(one.split(maxsplit=1)[0], one.split(maxsplit=1)[1]) for one in whole]
    starts = [i for i, (name, _) in enumerate(pairs) if name == "FROM"]
    return [pairs[i:j] for i, j in zip(starts, [*starts[1:], len(pairs)], strict=True)]


BUILD, IMAGE = stages()


def all_of(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for one, rest in stage if one == name]


def test_both_stages_stand_on_one_python_that_the_program_takes() -> None:
    bases = [all_of(stage, "FROM")[0].split()[0] for stage in (BUILD, IMAGE)]
    assert len(set(bases)) == 1
    number = re.fullmatch(r"python:3\.(\d+)-slim", bases[0])
    assert number is not None
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert int(number[1]) >= 11


def test_it_runs_as_somebody_who_is_not_root_and_needs_no_shell() -> None:
    names = [name for name, _ in IMAGE]
    (user,) = all_of(IMAGE, "USER")
    assert all(int(one) > 0 for one in user.split(":"))
    assert "RUN" not in names[names.index("USER") :]
    (entry,) = all_of(IMAGE, "ENTRYPOINT")
    assert json.loads(entry) == ["/opt/roster-sync/bin/roster-sync"]
    assert "roster-sync" in PROJECT["project"]["scripts"]


def test_its_state_is_a_volume_that_belongs_to_that_user_alone() -> None:
    assert all_of(IMAGE, "VOLUME") == ["/state"]
    (made,) = [one for one in all_of(IMAGE, "RUN") if "/state" in one]
    owner = all_of(IMAGE, "USER")[0].split(":")[0]
    assert f"--mode 0700 --owner {owner} --group {owner} /state" in made


def test_everything_that_is_fetched_has_the_digest_of_the_lock() -> None:
    pips = [
        part
        for one in all_of(BUILD, "RUN")
        for part in one.split("&&")
        if re.search(r"\bpip (install|download|wheel)\b", part)
    ]
    assert pips
    for part in pips:
        assert ("--require-hashes" in part) != ("--no-index" in part), part
    assert not all_of(BUILD, "ADD") + all_of(IMAGE, "ADD")
    assert all_of(IMAGE, "COPY") == ["--from=build /opt/roster-sync /opt/roster-sync"]


def test_what_the_wheel_is_made_of_is_copied_and_let_through() -> None:
    copied = {word for one in all_of(BUILD, "COPY") for word in one.split()[:-1]}
    hatch = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*hatch["packages"], *hatch["force-include"], "pyproject.toml"}
    needed |= {*PROJECT["project"]["license-files"], PROJECT["project"]["readme"]}
    assert copied == needed | {"requirements.lock"}
    assert all((ROOT / one).exists() for one in copied)
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {one[1:] for one in rules if one.startswith("!")}
    assert "*" in rules
    assert let_through == copied


@pytest.mark.parametrize("path", ["state/runs", ".git", "roster-sync.env", ".venv"])
def test_nothing_private_goes_to_the_builder(path: str) -> None:
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = [one[1:] for one in rules if one.startswith("!")]
    assert not any(fnmatch.fnmatch(path, f"{one}*") for one in let_through)


READ_ONLY = """
mount --make-rprivate / && mount --bind "$1" "$1" || exit 77
mount -o remount,bind,ro / || exit 77
shift
touch "$HOME/proof" 2>/dev/null && exit 78
exec "$@"
"""


def read_only(state: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """A command on a machine of which nothing but ``state`` can be written to."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare")
    words = [unshare, "-rm", "sh", "-c", READ_ONLY, "sh", state, *command]
    done = subprocess.run(  # noqa: S603 - our own command
        [str(word) for word in words],
        cwd=state.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("no file system can be made read only here")
    return done


@pytest.mark.long
def test_a_whole_night_needs_nothing_but_its_state_to_write_to(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in workspace.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(workspace.folder))
    drop = workspace.drop()
    workspace.state.mkdir(mode=0o700)
    run = ("run", drop, "--target", "district", "--quiet")
    done = read_only(workspace.state, COMMAND, *run)
    assert (done.returncode, done.stderr) == (0, "")
    assert "report: " in done.stdout
