"""No person in what is logged, mailed and printed; no secret anywhere.

Over the five kinds an operator's weeks pass (``weeks``). Then every file below the
state folder and all that was printed are searched: plans and tables unpacked, databases
with the names of their indexes. Canaries may stand in the files that docs/operate.md
names under "What stands where", and must stand there, or nothing would have been tried.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

import pytest

from sync.sandbox import Sandbox
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.canaries import (
    ADDRESS,
    ADDRESSES,
    ECHOES,
    LEAST,
    PERSONAL,
    STEM,
    USERNAMES,
    Place,
    cells,
    files,
)
from tests.faults.proofs import Line
from tests.faults.weeks import (
    HOOK_SECRET,
    Weeks,
    drop_of_canaries,
    passed_by,
    secrets_of,
)
from tests.support.workspace import TARGET

FIVE = [one for one in KINDS if not one.sibling]
Proof = Callable[[str, str], Line]
WHOLE = frozenset(
    {
        "plan.rsplan",
        *("findings.csv", "findings.parquet", "found.parquet", "told.parquet"),
    }
    | {"drift.parquet", "renames.csv"}
)
"""Files of a run that hold cells of people, as docs/operate.md says."""
ANSWERS = frozenset({"journal.sqlite", "operations.csv", "report.html", "report.json"})
"""Files that hold what a server answered."""


LEDGER = frozenset({"ledger.parquet", "district.sqlite"})
"""Files that hold it."""


def holds_cells(place: Place) -> bool:
    """Whether it is documented that whole cells stand there."""
    if place.name.startswith("stdout of "):
        words = place.name.removeprefix("stdout of ").split()
        shows = words[0] == "show" and {"--json", "--requests"} & set(words)
        return words[0] == "check" or bool(shows)
    path = Path(place.name)
    return path.parts[0] == "mirrors" or path.name in WHOLE


def forms_of(secret: str) -> set[bytes]:
    """How a credential may stand in a file."""
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    found = {secret, secret.upper(), quote(secret, safe=""), coded, secret[:24]}
    return {one.encode() for one in found}


@pytest.mark.parametrize("harness", FIVE, ids=lambda one: one.name)
def test_no_person_and_no_secret_stands_where_it_should_not(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, proof: Proof
) -> None:
    weeks = passed_by(harness, tmp_path, sandbox)
    places = [*weeks.printed, *files(weeks.workspace.state)]
    reports = files(tmp_path / "reports")
    messages(proof, weeks)
    people(proof, harness, weeks, [*places, *reports, *weeks.told()])
    secrets(
        proof,
        harness,
        weeks,
        [*places, *reports, *weeks.told(), *files(tmp_path / "fetched")],
    )


def people(proof: Proof, harness: Harness, weeks: Weeks, places: list[Place]) -> None:
    """What must be found: persons where they may be, and nowhere else."""
    row = proof("S1", "canaries in all personal columns, files and outputs searched")
    row.times = len(places)
    elsewhere = [one for one in places if not holds_cells(one)]
    # Open edX knows people by address and username: the one is in its keys, and the
    # ledger has both.
    keyed = harness.name == "openedx"
    ledger = [one for one in elsewhere if keyed and one.path.name in LEDGER]
    rest = [one for one in elsewhere if one not in ledger]
    row.zero("hits", told(rest, PERSONAL - ADDRESSES if keyed else PERSONAL))
    row.zero("hits in the ledger", told(ledger, PERSONAL - ADDRESSES - USERNAMES))
    logs = [one for one in places if is_log(one)]
    row.zero("hits in logs and errors", told(logs, PERSONAL | ECHOES))
    row.least("canaries in each field", fewest(), LEAST)
    row.least("logs", sum("log.jsonl" in one.name for one in places), 15)
    row.least("ends of different codes", len(set(weeks.codes)), 5)
    found = [one for one in places if holds_cells(one) and one.hits(PERSONAL)]
    row.least("documented places with canaries", len(found), 20)
    echo = proof("S1", "what a server repeats of what it was sent")
    echo.times = len(places)
    others = [one for one in places if one.path.name not in ANSWERS]
    others = [one for one in others if one.path.suffix != ".html"]
    echo.zero("hits outside of reports and journal", told(others, ECHOES))
    echo.zero("hits of its addresses", told(places, {ADDRESS.encode()}))


def messages(proof: Proof, weeks: Weeks) -> None:
    """What people and monitors were told, which names nobody, not even by a key."""
    row = proof("S19", "canaries in messages, metrics and what is kept of them")
    kept = weeks.workspace.state / "targets" / f"{TARGET}.told.json"
    places = [*weeks.told(), Place(kept.name, kept.read_bytes())]
    row.times = len(places)
    row.zero("hits", told(places, PERSONAL | ECHOES | {STEM.encode()}))
    row.least("messages", len(weeks.listener.posted), 10)
    ends = {json.loads(one.body)["outcome"] for one in weeks.listener.posted}
    row.least("ends of different kinds", len(ends), 4)


def is_log(place: Place) -> bool:
    """Whether it is what is kept longest and shown most: a log, or standard error."""
    return place.name.startswith("stderr") or place.path.name == "log.jsonl"


def told(places: list[Place], needles: Iterable[bytes]) -> int:
    """How many of them hold any of these, each of which is printed."""
    found = [(one.name, one.hits(needles)) for one in places]
    for name, hits in found:
        if hits:
            sys.stderr.write(f"{name}: {hits}\n")
    return sum(bool(hits) for _, hits in found)


def fewest() -> int:
    """The number of canaries in the field that has the fewest."""
    columns = cells(drop_of_canaries())
    return min(len(set(values)) for _, values in columns)


def secrets(proof: Proof, harness: Harness, weeks: Weeks, places: list[Place]) -> None:
    """What the search for credentials must find: nothing, anywhere."""
    row = proof("S10", "client secrets, tokens and signatures, everything searched")
    row.times = len(places)
    given = {*secrets_of(harness).values(), HOOK_SECRET}
    needles = {form for one in given | weeks.proxy.secrets for form in forms_of(one)}
    row.zero("hits", told(places, needles))
    row.least("secrets searched for", len(given | weeks.proxy.secrets), 4)
    row.least("credentials that passed", len(weeks.proxy.authorizations), 1)
