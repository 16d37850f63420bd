"""Secrets stand in the environment or in private files, and leave in requests alone.

What stands where after whole weeks is searched in ``test_canaries``. Here: a secret
file that others can read, a secret written into the configuration, servers that repeat
the credential that they were sent, and what ``ps`` shows of a running command.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.contract.bench import Bench
from tests.contract.conftest import begin
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.canaries import files
from tests.faults.eavesdropper import Answered, Eavesdropper
from tests.faults.proofs import Line
from tests.support.commands import finished
from tests.support.ended import Ended
from tests.support.workspace import TARGET

FIVE = [one for one in KINDS if not one.sibling]
Proof = Callable[[str, str], Line]
LITERAL = "sq7-literal-secret-8842"
OPEN_MODES = (0o601, 0o604, 0o606, 0o610, 0o620, 0o640, 0o644, 0o660, 0o666, 0o777)
PRIVATE_MODES = (0o600, 0o400)


def services(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of a target that hold credentials."""
    inner = [one for one in table.values() if isinstance(one, dict)]
    return [one for one in (table, *inner) if any(_is_secret(key) for key in one)]


def _is_secret(key: str) -> bool:
    return key.endswith("_secret")


def with_secret(bench: Bench, place: object) -> None:
    """A configuration whose secrets are all said in this way."""
    table = bench.harness.table(bench.workspace.sandbox.url)
    for one in services(table):
        one.update({key: place for key in one if _is_secret(key)})
    bench.workspace.write_config({"state_dir": "state", "targets": {TARGET: table}})


def refused(row: Line, bench: Bench, ended: Ended, *, fix: str) -> None:
    """What must hold of a refusal."""
    row.times += 1
    row.all_of("refused (2)", ended.code == 2, 1)
    row.all_of("with what to do", fix in ended.line, 1)
    row.zero("secrets repeated", LITERAL in ended.out + ended.err)
    row.zero("requests", len(bench.workspace.sandbox.requests()))


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_a_secret_file_that_others_can_read_is_refused(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S10", "secret files with modes above 0600, five kinds")
    bench = begin(harness, tmp_path, sandbox)
    secret = tmp_path / "secret"
    secret.write_text(f"{LITERAL}\n")
    with_secret(bench, {"file": "secret"})
    for mode in OPEN_MODES:
        secret.chmod(mode)
        refused(row, bench, bench.workspace.run("ping", *_TARGET), fix="chmod 600")


@pytest.mark.parametrize("mode", PRIVATE_MODES)
def test_a_private_secret_file_is_used(
    mode: int, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S10", "secret files with private modes")
    for harness in FIVE:
        (folder := tmp_path / harness.name).mkdir()
        bench = begin(harness, folder, sandbox)
        secret = folder / "secret"
        words = harness.environment
        row.times += 1
        with_secret(bench, {"file": "secret"})
        secret.write_text(words[harness.secret])
        secret.chmod(mode)
        ended = bench.workspace.run("ping", *_TARGET)
        told = ended.out + ended.err
        row.zero("refused for its mode", "chmod" in told)
        row.zero("secrets repeated", words[harness.secret] in told)


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_a_secret_written_into_the_configuration_is_refused_and_not_repeated(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S10", "secrets written into the configuration, five kinds")
    bench = begin(harness, tmp_path, sandbox)
    for value in (LITERAL, [LITERAL], {"value": LITERAL}, {"text": LITERAL, "env": ""}):
        with_secret(bench, value)
        for command in (("ping",), ("run", tmp_path / "drop")):
            ended = bench.workspace.run(*command, *_TARGET, "--verbose")
            refused(row, bench, ended, fix="env")


_TARGET = ("--target", TARGET)
READS_FAIL = 500
"""With this status, tokens are given and lists fail; with others, both fail."""


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_a_server_that_repeats_the_credential_does_not_get_it_into_any_output(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S10", "servers that repeat the credential in errors and answers")
    bench = begin(harness, tmp_path, sandbox)
    now = [READS_FAIL]

    def echo(method: str, path: str, answered: Answered) -> Answered:
        words = " ".join(sorted(proxy.secrets | set(harness.environment.values())))
        if method == "GET" or ("token" in path and now[0] != READS_FAIL):
            body = b'{"error": "%s", "message": "%s"}' % ((words.encode(),) * 2)
            return now[0], [("WWW-Authenticate", f"Bearer {words[:200]}")], body
        return answered

    said: list[bytes] = []
    with Eavesdropper(sandbox.url, rewrite=echo) as proxy:
        bench.configure(proxy.url, limits={"retries": 0})
        for now[0] in (READS_FAIL, 400, 401, 403, 404, 422):
            ended = bench.workspace.run("run", tmp_path / "drop", *_TARGET, "--verbose")
            said.append((ended.out + ended.err).encode())
            row.times += 1
            row.all_of("ended with 5", ended.code == 5, 1)
    secret = harness.environment[harness.secret]
    needles = {one.encode() for one in proxy.secrets | {secret}}
    needles.add(base64.b64encode(secret.encode()))
    places = files(bench.workspace.state)
    row.zero("hits in files", sum(bool(one.hits(needles)) for one in places))
    row.zero("hits in outputs", sum(one in text for one in needles for text in said))


@pytest.mark.parametrize("harness", FIVE[::2], ids=lambda one: one.name)
def test_nobody_sees_a_secret_or_a_person_in_the_list_of_processes(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S10", "the arguments of running commands, as ps shows them")
    bench = begin(harness, tmp_path, sandbox)
    sandbox.configure(latency=0.02)
    process = bench.workspace.start("run", tmp_path / "drop", *_TARGET)
    seen: set[bytes] = set()
    while process.poll() is None:
        for one in Path(f"/proc/{process.pid}/task").glob("*/comm"):
            seen.add(_read(one))
        seen.add(_read(Path(f"/proc/{process.pid}/cmdline")))
        time.sleep(0.05)
    ended = finished(process)
    row.times = 1
    row.all_of("ended with 0", ended.code == 0, 1)
    row.least("looks that saw it", sum(b"roster-sync" in one for one in seen), 1)
    words = {one.encode() for one in harness.environment.values()}
    row.zero("secrets seen", sum(word in one for word in words for one in seen))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
