"""S20: what is installed is what was locked, whole, under licences that allow it."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from email.message import Message
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import cast

import pytest
from packaging.requirements import Requirement

from tests.faults.proofs import Line

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==(\S+)( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ADDRESS = re.compile(
    r"://|\bgit\+|^-(e|i|f)\b|^--(index|extra|find|trusted|editable)|\bfile:|@ "
)
ALLOWED = re.compile(
    r"MIT( License)?|BSD( License|-[0-9]-Clause)?|Apache(-2\.0| Software License)|"
    r"MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|"
    r"PSF(L|-2\.0)?|Python Software Foundation License|"
    r"ISC( License)?( \(ISCL\))?|0BSD|Unlicense"
)


def locked() -> Iterator[tuple[str, str, list[str]]]:
    """Each pin of the lock: name, version, hashes. What is no pin has no name."""
    text = LOCK.read_text("utf-8").replace("\\\n", " ")
    for one in text.splitlines():
        words = one.partition("#")[0].strip()
        if words:
            found = PIN.fullmatch(words.partition("--hash")[0].strip())
            name, version = (found[1], found[2]) if found else ("", "")
            yield name, version, HASH.findall(words)


@cache
def installed() -> dict[str, metadata.Distribution]:
    """Everything that runs: the program's own, and what these bring along."""
    found: dict[str, metadata.Distribution] = {}
    waiting = _needs(metadata.distribution("roster-sync"))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = metadata.distribution(name)
            waiting += _needs(found[name])
    return found


def _needs(one: metadata.Distribution) -> list[str]:
    needs = map(Requirement, one.requires or ())
    return [
        canonical(need.name)
        for need in needs
        if need.marker is None or need.marker.evaluate({"extra": ""})
    ]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licences(one: metadata.Distribution) -> list[str]:
    """What a distribution says of its licence: an expression, classifiers, or a word;
    of alternatives one is enough."""
    told = cast("Message", one.metadata)
    expression = str(told.get("License-Expression") or "")
    if expression:
        return expression.split(" OR ")
    classifiers = map(str, told.get_all("Classifier") or ())
    said = [one.rpartition(" :: ")[2] for one in classifiers if "License ::" in one]
    return said or [str(told.get("License") or "unknown")]


def test_every_pin_of_the_lock_has_hashes_and_no_address(
    proof: Callable[[str, str], Line],
) -> None:
    pins = list(locked())
    row = proof("S20", "pins of the lock")
    row.times = len(pins)
    row.all_of("with a hash", sum(bool(n and h) for n, _, h in pins), len(pins))
    lines = LOCK.read_text("utf-8").splitlines()
    own = [one.partition("#")[0] for one in lines]
    row.zero("addresses", sum(bool(ADDRESS.search(one)) for one in own))
    row.zero("twice", len(pins) - len({name for name, _, _ in pins}))


def test_what_runs_is_what_is_locked(proof: Callable[[str, str], Line]) -> None:
    pins = {name: version for name, version, _ in locked()}
    found = {name: one.version for name, one in installed().items()}
    row = proof("S20", "distributions that run")
    row.times = len(found)
    right = sum(pins.get(name) == version for name, version in found.items())
    row.all_of("of the locked version", right, len(found))


def test_what_runs_has_licences_that_allow_it_and_the_list_names_each(
    proof: Callable[[str, str], Line],
) -> None:
    found = {name: licences(one) for name, one in installed().items()}
    odd = {
        name: said
        for name, said in found.items()
        if not any(ALLOWED.fullmatch(one) for one in said)
    }
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    listed = set(re.findall(r"[a-z0-9-]+", text.partition("## Licences")[2]))
    row = proof("S20", "licences of what runs")
    row.times = len(found)
    row.all_of("allowed", len(found) - len(odd), len(found))
    row.zero("not in the list", len(set(found) - listed))
    assert not odd, odd


def test_the_installed_distributions_agree_with_one_another(
    proof: Callable[[str, str], Line],
) -> None:
    ended = pip("check")
    row = proof("S20", "pip check")
    row.times = 1
    row.zero("conflicts", ended.returncode != 0)
    assert ended.returncode == 0, ended.stdout


def test_the_makefile_installs_with_hashes_and_wheels_only(
    proof: Callable[[str, str], Line],
) -> None:
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    installs = [one for one in lines if "pip install" in one]
    safe = [
        one
        for one in installs
        if ("--require-hashes" in one and "--only-binary :all:" in one)
        or ("--no-deps" in one and "--no-build-isolation" in one and one.endswith(" ."))
    ]
    row = proof("S20", "installations of the Makefile")
    row.times = len(installs)
    row.all_of("with hashes, or of this tree alone", len(safe), len(installs))


NAME, VERSION = "tinything", "1.0"
WHEEL = f"{NAME}-{VERSION}-py3-none-any.whl"


def wheel(source: str = "x = 1\n", **more: str) -> bytes:
    """A wheel with one module."""
    info = f"{NAME}-{VERSION}.dist-info"
    members = {
        f"{NAME}.py": source,
        **{f"{name}.py": text for name, text in more.items()},
        f"{info}/METADATA": "Metadata-Version: 2.1\n"
        f"Name: {NAME}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in members) + f"{info}/RECORD,,\n"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in (members | {f"{info}/RECORD": record}).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return target.getvalue()


def pip(*arguments: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run pip of this environment; it asks no index."""
    own = ("--disable-pip-version-check", "--no-input")
    return subprocess.run(  # noqa: S603 - our own pip
        [sys.executable, "-m", "pip", *map(str, arguments), *own],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def install(folder: Path, requirement: str) -> tuple[int, list[Path]]:
    """Install as the Makefile does, from a folder alone: the code, and what came."""
    (folder / "lock").write_text(requirement, "utf-8")
    target = folder / "target"
    ended = pip(
        *("install", "--require-hashes", "--only-binary", ":all:", "--no-index"),
        *("--no-cache-dir", "--find-links", folder, "--target", target, "-r", "lock"),
        folder=folder,
    )
    return ended.returncode, list(target.glob("*")) if target.exists() else []


def flipped(place: int) -> bytes:
    content = bytearray(wheel())
    content[place] ^= 1
    return bytes(content)


TAMPERED: dict[str, bytes] = {
    "another module": wheel("import os\n"),
    "a module more": wheel(startup="import os\n"),
    "a byte of the module": flipped(wheel().index(b"x = 1")),
    "the last byte": flipped(len(wheel()) - 1),
    "a byte more": wheel() + b"\0",
}


def own(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("case", TAMPERED)
def test_a_wheel_that_was_tampered_with_is_not_installed(
    tmp_path: Path, case: str, proof: Callable[[str, str], Line]
) -> None:
    (tmp_path / WHEEL).write_bytes(TAMPERED[case])
    pin = f"{NAME}=={VERSION} --hash=sha256:{own(wheel())}\n"
    code, came = install(tmp_path, pin)
    row = proof("S20", "wheels that were tampered with")
    row.times = 1
    row.all_of("refused", code != 0, 1)
    row.zero("files installed", len(came))


def test_a_pin_without_a_hash_is_not_installed_and_the_right_wheel_is(
    tmp_path: Path, proof: Callable[[str, str], Line]
) -> None:
    (tmp_path / WHEEL).write_bytes(wheel())
    code, came = install(tmp_path, f"{NAME}=={VERSION}\n")
    row = proof("S20", "pins without a hash")
    row.times = 1
    row.all_of("refused", code != 0, 1)
    row.zero("files installed", len(came))
    pin = f"{NAME}=={VERSION} --hash=sha256:{own(wheel())}\n"
    code, came = install(tmp_path, pin)
    assert (code, bool(came)) == (0, True), "the wheel itself was no good"
