"""Nothing in the environment decides where requests go or whom they trust.

Proxies, certificates and passwords of ``.netrc`` are set to a stranger's in every
spelling that a library might read; whole nights over all kinds then ask the configured
server alone. So does a process of its own, whose environment is there from its start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import certifi
import pytest
import trustme

from sync.sandbox import Sandbox
from tests.contract.conftest import begin
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.eavesdropper import Eavesdropper
from tests.faults.gates import Gate, right
from tests.faults.proofs import Line
from tests.faults.strangers import Stranger, asked, beyond
from tests.support.workspace import TARGET, Workspace

FIVE = [one for one in KINDS if not one.sibling]
Proof = Callable[[str, str], Line]

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "SOCKS_PROXY")
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
NETRC_WORD = "netrc-word-7315"


def hijacked(evil: Stranger, folder: Path) -> dict[str, str]:
    """An environment that wants everything to go to the stranger."""
    netrc = folder / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {NETRC_WORD}\n")
    netrc.chmod(0o600)
    bundle = folder / "evil.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    names = [*PROXIES, *(name.lower() for name in PROXIES)]
    return {
        **dict.fromkeys(names, evil.url),
        "ALL_PROXY": f"http://user:word@127.0.0.1:{evil.port}",
        **dict.fromkeys(TRUST, str(bundle)),
        "SSL_CERT_DIR": str(folder),
        "NO_PROXY": "",
        "no_proxy": "",
        "NETRC": str(netrc),
        "HOME": str(folder),
    }


def judge(row: Line, evil: Stranger, proxy: Eavesdropper) -> None:
    """What must hold after a night."""
    row.zero("connections to the proxy", len(evil.heard))
    row.zero("words of .netrc sent", sum(NETRC_WORD in one for one in proxy.secrets))
    row.least("requests that the target got", len(proxy.asked), 10)


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_a_night_goes_to_the_configured_server_whatever_the_environment_says(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S8", "nights with a stranger's proxy in the environment, five kinds")
    bench = begin(harness, tmp_path, sandbox)
    row.times = 1
    with Stranger() as evil, Eavesdropper(sandbox.url) as proxy, asked() as sought:
        bench.configure(proxy.url)
        bench.workspace.environment |= hijacked(evil, tmp_path)
        row.all_of("ended with 0", bench.sync(tmp_path / "drop").code == 0, 1)
        judge(row, evil, proxy)
        others = beyond(sought, proxy.url, sandbox.url)
    row.zero("other names and addresses sought", len(others))


@pytest.mark.parametrize("harness", FIVE[::2], ids=lambda one: one.name)
def test_a_process_born_into_that_environment_does_the_same(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    row = proof("S8", "processes with a stranger's proxy in the environment")
    bench = begin(harness, tmp_path, sandbox)
    row.times = 1
    with Stranger() as evil, Eavesdropper(sandbox.url) as proxy:
        bench.configure(proxy.url)
        bench.workspace.environment |= hijacked(evil, tmp_path)
        command = ("run", tmp_path / "drop", "--target", TARGET)
        row.all_of("ended with 0", bench.workspace.process(*command).code == 0, 1)
        judge(row, evil, proxy)


@pytest.mark.parametrize("names", [TRUST[:1], TRUST[1:], ("SSL_CERT_DIR",)])
def test_an_authority_of_the_environment_is_not_believed(
    names: tuple[str, ...], tmp_path: Path, workspace: Workspace, proof: Proof
) -> None:
    row = proof("S8", "an authority for TLS in the environment")
    stranger = trustme.CA()
    bundle = tmp_path / "stranger.pem"
    stranger.cert_pem.write_to_path(str(bundle))
    value = str(tmp_path if names == ("SSL_CERT_DIR",) else bundle)
    with Gate(workspace.sandbox.url, right(stranger)) as gate:
        _configure(workspace, gate.url)
        workspace.environment |= dict.fromkeys(names, value)
        ended = workspace.sync(workspace.drop())
        row.times = 1
        row.all_of("ended with 5", ended.code == 5, 1)
        row.zero("requests that got through", gate.heard)


def test_the_same_authority_is_believed_where_the_program_looks_for_one(
    tmp_path: Path,
    workspace: Workspace,
    proof: Proof,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = proof("S8", "an authority for TLS where the program looks for one")
    bundle = tmp_path / "known.pem"
    known = trustme.CA()
    known.cert_pem.write_to_path(str(bundle))
    monkeypatch.setattr(certifi, "where", lambda: str(bundle))
    with Gate(workspace.sandbox.url, right(known)) as gate:
        _configure(workspace, gate.url)
        ended = workspace.sync(workspace.drop())
        row.times = 1
        row.all_of("ended with 0", ended.code == 0, 1)


def _configure(workspace: Workspace, url: str) -> None:
    api: Mapping[str, str] = {"url": url, "token_url": f"{url}/oauth2/token"}
    workspace.configure(platform={"url": url}, api=api, limits={"retries": 0})
