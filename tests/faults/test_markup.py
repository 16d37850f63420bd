"""S4: words of a roster or of a server are words, on the page and on the terminal.

The report is rendered with payloads wherever it says something that came from outside,
and must have the same elements with the same attributes as a report of plain words. On
the terminal nothing of a payload acts: no escape, no control, no mark of direction.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sync.cli.console import Console
from sync.report import finding_lines, page, summary
from tests.faults.markup import (
    MARK,
    RUN,
    Elements,
    account,
    controls,
    findings,
    payloads,
    table,
)
from tests.faults.proofs import Line
from tests.support.small import Edit, cells, member, person, write
from tests.support.workspace import TARGET, Workspace

COUNT = 300
ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "link", "base", "img"}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
POLICY = "default-src 'none'; style-src 'sha256-"


def rendered(texts: Sequence[str], *, reveal: bool) -> str:
    """The report that says nothing but these."""
    return page(account(texts), table(texts), reveal=reveal)


@pytest.mark.parametrize("reveal", [False, True])
def test_no_word_becomes_an_element_of_the_page(
    *, reveal: bool, proof: Callable[[str, str], Line], rounds: int
) -> None:
    known = Elements(rendered(["Harmless"], reveal=reveal))
    found = payloads(COUNT * rounds)
    strange = active = handlers = outside = policies = 0
    for text in found:
        whole = Elements(rendered([text], reveal=reveal))
        strange += whole.found != known.found or bool(whole.others)
        active += bool(whole.names() & ACTIVE)
        handlers += any(one.startswith("on") for one in whole.attributes())
        outside += bool(whole.attributes() & {"src", "href", "action", "style"})
        policies += any(
            dict(attrs).get("http-equiv") == "Content-Security-Policy"
            and (dict(attrs)["content"] or "").startswith(POLICY)
            for _, attrs in whole.found
        )
    row = proof("S4", f"payloads in report.html, {'revealed' if reveal else 'masked'}")
    row.times = len(found)
    row.zero("other than of plain words", strange)
    row.zero("scripts and their like", active)
    row.zero("event handlers", handlers)
    row.zero("references to outside", outside)
    row.all_of("content policy", policies, len(found))


@pytest.mark.skipif(CHROMIUM is None, reason="there is no browser on this machine")
def test_a_browser_runs_nothing_of_the_page(
    tmp_path: Path, proof: Callable[[str, str], Line]
) -> None:
    found = payloads(COUNT)
    path = tmp_path / "report.html"
    path.write_text(rendered(found, reveal=True), "utf-8")
    # What would run if it could: the browser is asked in earnest.
    control = tmp_path / "control.html"
    control.write_text(f"<html><script>{RUN}</script></html>", "utf-8")
    if MARK not in opened(control, tmp_path):
        pytest.skip("the browser of this machine cannot be run")
    row = proof("S4", "payloads on one page in a browser")
    row.times = len(found)
    row.zero("run", opened(path, tmp_path).partition(">")[0].count(MARK))


def opened(path: Path, folder: Path) -> str:
    """The first element of the page after a browser has loaded it."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom")
    ended = subprocess.run(  # noqa: S603 - a browser of this machine
        [str(CHROMIUM), *options, f"--user-data-dir={folder / 'profile'}", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.stdout[ended.stdout.find("<html") :]


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("terminal", [False, True])
def test_no_word_acts_on_the_terminal(
    *,
    terminal: bool,
    proof: Callable[[str, str], Line],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out: io.StringIO = Screen() if terminal else io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", out)
    acting, texts = 0, [*controls(), *payloads(50)]
    for text in texts:
        out.seek(0)
        out.truncate()
        console = Console()
        console.result(
            text, *summary(account([text])), *finding_lines(findings([text]))
        )
        console.message(text)
        console.advice(text)
        said = COLOUR.sub("", out.getvalue()) if terminal else out.getvalue()
        acting += bool(CONTROL.search(said))
    row = proof("S4", "names that would act on a terminal")
    row.times = len(texts)
    row.zero("acting", acting)


def named(texts: Sequence[str]) -> tuple[Edit, ...]:
    """A drop with these as names and cells."""
    edits: list[Edit] = []
    for number, text in enumerate(texts):
        key = f"p{number}"
        edits.append(person(key, givenName=text, familyName=text, grades="99"))
        edits.append(person(f"k{text}"))
        edits.append(member(f"u{number}", familyName=text))
    return (*edits, cells("students", 2, givenName="[/x]\x1b[2J", middleName="<b>"))


def test_no_command_prints_what_would_act(
    workspace: Workspace, proof: Callable[[str, str], Line]
) -> None:
    texts = [one for one in controls() if "\0" not in one]
    drop = write(workspace.folder / "drop", named(texts))
    workspace.configure(guards={"rejected": {"percent": 100}, "first_run": "pass"})
    acting = said = 0
    plan = workspace.folder / "night.rsplan"
    for arguments in (
        ("check", drop, "--limit", "1000"),
        ("plan", drop, "--target", TARGET, "--out", plan),
        ("show", plan),
        ("show", plan, "--requests"),
        ("run", drop, "--target", TARGET),
        ("runs",),
    ):
        ended = workspace.run(*arguments)
        assert ended.code in {0, 1, 3, 4}, (arguments, ended.err)
        said += len(ended.out) + len(ended.err)
        acting += len(CONTROL.findall(ended.out + ended.err))
    row = proof("S4", "commands given names that would act on a terminal")
    row.times = len(texts)
    row.zero("acting", acting)
    row.least("characters", said, 10_000)
