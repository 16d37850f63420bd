"""TLS is verified, always: servers that cannot show who they are get nothing.

The certificates of these servers come from an authority that the program trusts for
the length of a test, so that it is the named fault alone that refuses them. Behind each
stands a whole sandbox: with a right certificate the same night succeeds.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
import trustme

from sync.sandbox import Sandbox
from tests.contract.conftest import begin
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.gates import WRONG, Gate, right
from tests.faults.proofs import Line
from tests.faults.strangers import Stranger
from tests.support.toml import merged
from tests.support.workspace import Workspace

FIVE = [one for one in KINDS if not one.sibling]
Proof = Callable[[str, str], Line]
SOURCES = Path(__file__).parents[2] / "sync"
NO_CHECK = re.compile(
    r"verify\s*=\s*False|CERT_NONE|_create_unverified|check_hostname\s*=\s*False"
    r"|trust_env\s*=\s*True"
)
OUTSIDE = (
    "http://api.example.org",
    "http://10.0.0.1:8080",
    "http://192.168.1.10",
    "http://127.0.0.1.example.org",
    "http://localhost.example.org",
    "http://0.0.0.0:8765",
    "http://[fe80::1]",
    "http://api.localhost",
    "http://user@127.0.0.1",
    "HTTP://API.example.org",
)
"""Addresses that are not this machine."""


# httpcore leaves a connection that is cancelled in the midst of its handshake to the
# garbage collector: the first of three lists that fails ends the others.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one authority that is trusted."""
    ca = trustme.CA()
    path = tmp_path / "authority.pem"
    ca.cert_pem.write_to_path(str(path))
    monkeypatch.setattr(certifi, "where", lambda: str(path))
    return ca


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one.__name__)
def test_a_server_that_cannot_show_who_it_is_gets_nothing(
    wrong: Callable[[trustme.CA], ssl.SSLContext],
    tmp_path: Path,
    sandbox: Sandbox,
    authority: trustme.CA,
    proof: Proof,
) -> None:
    row = proof("S9", "servers with a wrong certificate or an old TLS, five kinds")
    with Gate(sandbox.url, wrong(authority)) as gate:
        for harness in FIVE:
            (folder := tmp_path / harness.name).mkdir()
            bench = begin(harness, folder, sandbox)
            bench.configure(gate.url, limits={"retries": 5})
            ended = bench.sync(folder / "drop")
            row.times += 1
            row.all_of("ended with 5", ended.code == 5, 1)
            told = "certificate" in ended.line and "nothing was sent" in ended.line
            row.all_of("said what to do", told, 1)
            row.zero("written", len(bench.sent()))
        row.zero("requests that got through", gate.heard)


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_a_night_with_a_right_certificate_is_good(
    harness: Harness,
    tmp_path: Path,
    sandbox: Sandbox,
    authority: trustme.CA,
    proof: Proof,
) -> None:
    row = proof("S9", "whole nights over TLS with a right certificate")
    bench = begin(harness, tmp_path, sandbox)
    with Gate(sandbox.url, right(authority)) as gate:
        bench.configure(gate.url)
        ended = bench.sync(tmp_path / "drop")
        row.times = 1
        row.all_of("ended with 0", ended.code == 0, 1)
        row.least("requests", gate.heard, 10)


def test_a_server_that_speaks_no_tls_at_all_gets_nothing(
    tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S9", "plain servers behind an address with https, five kinds")
    with Stranger() as plain:
        for harness in FIVE:
            (folder := tmp_path / harness.name).mkdir()
            bench = begin(harness, folder, sandbox)
            bench.configure(plain.url.replace("http:", "https:"), limits={"retries": 0})
            row.times += 1
            row.all_of("ended with 5", bench.sync(folder / "drop").code == 5, 1)
        row.zero("credentials sent", plain.with_credentials)
        row.least("connections", len(plain.heard), len(FIVE))


def test_plain_http_is_for_this_machine_alone(
    tmp_path: Path, sandbox: Sandbox, rounds: int, proof: Proof
) -> None:
    row = proof("S9", "addresses without TLS that are not this machine")
    for n, harness in enumerate(FIVE):
        (folder := tmp_path / harness.name).mkdir()
        bench = begin(harness, folder, sandbox)
        for url in OUTSIDE if rounds > 1 else OUTSIDE[n :: len(FIVE)]:
            bench.configure(url)
            ended = bench.sync(folder / "drop")
            row.times += 1
            row.all_of("refused (2)", ended.code == 2, 1)
            row.zero("requests", len(sandbox.requests()))


def test_the_token_address_is_held_to_the_same(
    workspace: Workspace, proof: Proof
) -> None:
    row = proof("S9", "addresses without TLS that are not this machine")
    for url in OUTSIDE:
        table = merged({}, {"token_url": f"{url}/oauth2/token"})
        workspace.configure(api=table)
        ended = workspace.sync(workspace.drop())
        row.times += 1
        row.all_of("refused (2)", ended.code == 2, 1)
    row.zero("requests", len(workspace.sandbox.requests()))


def test_nothing_in_the_sources_switches_verification_off(proof: Proof) -> None:
    row = proof("S9", "source files searched for a way around verification")
    files = sorted(SOURCES.rglob("*.py"))
    row.times = len(files)
    row.least("files", len(files), 100)
    texts = [one.read_text("utf-8") for one in files]
    row.zero("hits", sum(bool(NO_CHECK.search(one)) for one in texts))


def test_keys_of_sessions_are_written_nowhere(
    tmp_path: Path, sandbox: Sandbox, authority: trustme.CA, proof: Proof
) -> None:
    row = proof("S9", "a night with SSLKEYLOGFILE in the environment")
    keys = tmp_path / "keys.log"
    bench = begin(FIVE[0], tmp_path, sandbox)
    with Gate(sandbox.url, right(authority)) as gate:
        bench.configure(gate.url)
        bench.workspace.environment["SSLKEYLOGFILE"] = str(keys)
        ended = bench.sync(tmp_path / "drop")
    row.times = 1
    row.all_of("ended with 0", ended.code == 0, 1)
    row.zero("keys written", keys.exists() and keys.read_text().count("CLIENT_"))
