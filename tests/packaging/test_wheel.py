"""What people install: the wheel works where nothing of the source tree is."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def called(*command: object, cwd: Path) -> str:
    """Run a command in a clean environment and return what it printed."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in kept or name.startswith("PIP_")
    }
    done = subprocess.run(  # noqa: S603 - commands of this test
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree with the pinned build tools."""
    out = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel")
    called(*build, "--outdir", out, ROOT, cwd=out)
    [found] = out.glob("*.whl")
    return found


def test_the_wheel_has_code_mappings_and_samples_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"sync", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    for wanted in (
        "sync/_data/mappings/four-files.toml",
        "sync/_data/samples/four-files/night-1/students.csv",
        "sync/samples/names.toml",
        "sync/state/journal.sql",
        "sync/state/folder.py",
        "sync/report/templates/report.html.j2",
    ):
        assert wanted in names
    assert not [name for name in names if "/tests/" in name or name.endswith(".sqlite")]


@pytest.mark.long
def test_the_archive_has_all_that_it_takes_to_build_test_and_read_it(
    tmp_path: Path,
) -> None:
    build = (sys.executable, "-m", "build", "--no-isolation", "--sdist")
    called(*build, "--outdir", tmp_path, ROOT, cwd=tmp_path)
    [found] = tmp_path.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0] for name in names}
    files = {"LICENSE", "README.md", "Makefile", "Containerfile", "requirements.lock"}
    assert tops >= files | {"docs", "mappings", "samples", "sync", "tests"}
    kept = {"PKG-INFO", *(path.name for path in ROOT.iterdir())}
    assert tops <= kept - {".venv", ".git", "state", "demo", "dist"}
    assert not [name for name in names if name.endswith((".env", ".sqlite", ".pyc"))]


@pytest.mark.long
def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    called(sys.executable, "-m", "venv", home, cwd=tmp_path)
    python = home / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    lock = (
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        ROOT / "requirements.lock",
    )
    called(*pip, *lock, cwd=tmp_path)
    called(*pip, "--no-deps", wheel, cwd=tmp_path)
    called(python, "-m", "pip", "check", cwd=tmp_path)
    command = home / "bin" / "roster-sync"
    assert called(command, "--version", cwd=tmp_path).startswith("roster-sync 0.")
    where = called(python, "-c", "import sync; print(sync.__file__)", cwd=tmp_path)
    assert where.startswith(str(home))
    samples = home / "lib"
    [night] = samples.glob(
        "python*/site-packages/sync/_data/samples/four-files/night-1"
    )
    assert "200 accepted" in called(command, "check", night, cwd=tmp_path)
    assert "RS101" in called(command, "explain", "RS101", cwd=tmp_path)
    said = called(command, "demo", "--out", tmp_path / "demo", cwd=tmp_path)
    assert "That was the demo" in said
