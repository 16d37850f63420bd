"""S11: a plan that was tampered with, replayed or carried elsewhere is refused.

Each plan is tried as it lies on disk; what is refused ends with 2, and the target is
not asked for anything.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from sync.errors import ExitCode, UsageError
from sync.flow import refusing
from sync.plan import read_plan
from sync.sandbox import Sandbox
from sync.state import StateFolder
from tests.contract import edubridge
from tests.faults.offices import kept, office, phoned, planned
from tests.faults.proofs import Line
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace

FLIPS, SHAPES, COMMANDS = 1000, 200, 15
MEMBERS = ("plan.json", "operations.parquet")


@pytest.fixture
def synced(tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """After a good night."""
    return office(tmp_path / "office", sandbox)


def flipped(content: bytes, place: int, mask: int) -> bytes:
    """One byte with other bits."""
    return content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :]


def flips(content: bytes, count: int, chance: Random) -> Iterator[bytes]:
    """So many random ones."""
    for _ in range(count):
        yield flipped(content, chance.randrange(len(content)), chance.randint(1, 255))


def every_byte(content: bytes) -> Iterator[bytes]:
    """The lowest bit of each byte, one after the other."""
    for place in range(len(content)):
        yield flipped(content, place, 1)


def cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content))]


def behind(content: bytes, chance: Random) -> bytes:
    return content + chance.randbytes(chance.randint(1, 300))


def before(content: bytes, chance: Random) -> bytes:
    return chance.randbytes(chance.randint(1, 300)) + content


def hole(content: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(content) - 1)
    return content[:start] + content[start + chance.randint(1, 100) :]


def twice(content: bytes, _chance: Random) -> bytes:
    return content + content


def swapped(content: bytes, chance: Random) -> bytes:
    """Two stretches of one length in each other's place."""
    length = chance.randint(1, 64)
    one, other = sorted(chance.sample(range(len(content) // length), 2))
    parts = [content[n : n + length] for n in range(0, len(content), length)]
    parts[one], parts[other] = parts[other], parts[one]
    made = b"".join(parts)
    return made if made != content else made[::-1]


def repacked(content: bytes, chance: Random) -> bytes:
    """The same members and the same seal, packed by another program."""
    members, seal = unpacked(content)
    return packed(members, seal, chance.choice([1, 6, 9]))


def with_a_third(content: bytes, chance: Random) -> bytes:
    """One member more."""
    members, seal = unpacked(content)
    return packed(members | {"notes.txt": chance.randbytes(9)}, seal)


def edited(content: bytes, chance: Random) -> bytes:
    """A word of the head that says something else, everything else well packed."""
    members, seal = unpacked(content)
    old, new = chance.choice(
        [
            (b'"held": false', b'"held": true'),
            (b'"target": "district"', b'"target": "other"'),
            (b'"valid_until": "2', b'"valid_until": "3'),
            (b'"id": "', b'"id": "0'),
            (b'"run": "', b'"run": "../'),
        ]
    )
    assert old in members[MEMBERS[0]]
    head = members[MEMBERS[0]].replace(old, new, 1)
    return packed(members | {MEMBERS[0]: head}, seal)


def unpacked(content: bytes) -> tuple[dict[str, bytes], bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one: archive.read(one) for one in MEMBERS}, archive.comment


def packed(members: dict[str, bytes], seal: bytes, level: int = 0) -> bytes:
    target = io.BytesIO()
    how = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", how, compresslevel=level or None) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = seal
    return target.getvalue()


Shape = Callable[[bytes, Random], bytes]
ALL_SHAPES: tuple[Shape, ...] = (
    *(cut, behind, before, hole, twice, swapped),
    *(repacked, with_a_third, edited),
)


def refused(contents: Iterator[bytes], folder: StateFolder, path: Path) -> list[bool]:
    """Of each content, whether reading it as a plan ends as wrong usage does."""
    found = []
    for content in contents:
        path.write_bytes(content)
        try:
            read_plan(path, folder)
        except UsageError as error:
            found.append(error.exit_code is ExitCode.USAGE)
        else:
            found.append(False)
    return found


def test_no_byte_of_a_plan_can_be_flipped(
    synced: Workspace, proof: Callable[[str, str], Line], rounds: int
) -> None:
    content = planned(synced).read_bytes()
    folder, path = StateFolder(synced.state), synced.folder / "other.rsplan"
    chance = Random(content)  # noqa: S311 - no secret
    tried = refused(flips(content, FLIPS * rounds, chance), folder, path)
    row = proof("S11", "random bytes of a plan flipped")
    row.times = len(tried)
    row.all_of("refused", sum(tried), len(tried))
    if rounds > 1:
        every = refused(every_byte(content), folder, path)
        row = proof("S11", "every byte of a plan flipped")
        row.times = len(every)
        row.all_of("refused", sum(every), len(content))
    path.write_bytes(content)
    assert read_plan(path, folder).target == TARGET, "what was flipped was no plan"


def test_no_plan_is_believed_that_was_cut_stretched_or_packed_anew(
    synced: Workspace, proof: Callable[[str, str], Line], rounds: int
) -> None:
    content = planned(synced).read_bytes()
    folder, path = StateFolder(synced.state), synced.folder / "other.rsplan"
    chance = Random(content)  # noqa: S311 - no secret
    shapes = [ALL_SHAPES[n % len(ALL_SHAPES)] for n in range(SHAPES * rounds)]
    tried = refused((one(content, chance) for one in shapes), folder, path)
    row = proof("S11", "plans cut, stretched, edited, packed anew")
    row.times = len(tried)
    row.all_of("refused", sum(tried), len(shapes))


def test_no_plan_is_believed_that_was_put_together_of_two(
    synced: Workspace, proof: Callable[[str, str], Line]
) -> None:
    folder, path = StateFolder(synced.state), synced.folder / "other.rsplan"
    plans = [unpacked(planned(synced, one).read_bytes()) for one in ("0199", "0198")]
    mixed = [
        packed({MEMBERS[0]: head[MEMBERS[0]], MEMBERS[1]: body[MEMBERS[1]]}, seal)
        for head, _ in plans
        for body, _ in plans
        for _, seal in plans
        if head is not body
    ]
    tried = refused(iter(mixed), folder, path)
    row = proof("S11", "plans put together of two")
    row.times = len(tried)
    row.all_of("refused", sum(tried), 4)


def test_apply_and_show_refuse_what_was_tampered_with_and_ask_the_target_nothing(
    synced: Workspace, proof: Callable[[str, str], Line], rounds: int
) -> None:
    plan = planned(synced)
    content = plan.read_bytes()
    chance = Random(content)  # noqa: S311 - no secret
    changed = [
        *flips(content, COMMANDS * rounds, chance),
        *(shape(content, chance) for shape in ALL_SHAPES),
    ]
    codes = []
    with kept(plan):
        for one in changed:
            plan.write_bytes(one)
            codes += [synced.run(name, plan).code for name in ("apply", "show")]
    row = proof("S11", "commands given a plan that was tampered with")
    row.times = len(codes)
    row.all_of("refused", codes.count(2), len(codes))
    row.zero("requests", len(synced.sandbox.requests()))
    assert synced.run("apply", plan).code == 0, "the plan itself was no good"


Elsewhere = Callable[[Workspace, Path], Path]
"""Takes a plan to where it does not belong."""


def another_target(synced: Workspace, plan: Path) -> Path:
    path = synced.folder / "roster-sync.toml"
    text = path.read_text("utf-8").replace("targets.district", "targets.other")
    path.write_text(text, "utf-8")
    return plan


def another_address(synced: Workspace, plan: Path) -> Path:
    url = synced.sandbox.url.replace("127.0.0.1", "localhost")
    synced.configure(platform={"url": url})
    return plan


def another_kind(synced: Workspace, plan: Path) -> Path:
    table = edubridge.table(synced.sandbox.url)
    synced.write_config({"state_dir": "state", "targets": {TARGET: table}})
    return plan


def other_removals(synced: Workspace, plan: Path) -> Path:
    synced.configure(removal={"students": "tobedeleted"})
    return plan


def other_guards(synced: Workspace, plan: Path) -> Path:
    synced.configure(guards={"removals": {"percent": 99}})
    return plan


def other_selection(synced: Workspace, plan: Path) -> Path:
    synced.configure(select={"roles": ["student"]})
    return plan


def other_fields(synced: Workspace, plan: Path) -> Path:
    synced.configure(fields={"protect": ["students.email"]})
    return plan


def another_folder(synced: Workspace, plan: Path) -> Path:
    """A state folder that knows the same, but has a seal of its own."""
    shutil.move(synced.state / "seal.key", synced.folder / "seal.key")
    return plan


def a_new_folder(synced: Workspace, plan: Path) -> Path:
    away = synced.folder / "away.rsplan"
    shutil.copy(plan, away)
    shutil.move(synced.state, synced.folder / "old-state")
    return away


def a_forgotten_run(synced: Workspace, plan: Path) -> Path:
    away = synced.folder / "away.rsplan"
    shutil.move(plan, away)
    shutil.rmtree(plan.parent)
    return away


def applied(synced: Workspace, plan: Path) -> Path:
    assert synced.run("apply", plan).code == 0
    return plan


def applied_as_another_file(synced: Workspace, plan: Path) -> Path:
    away = synced.folder / "away.rsplan"
    shutil.copy(plan, away)
    assert synced.run("apply", plan).code == 0
    return away


def applied_by_its_run(synced: Workspace, _plan: Path) -> Path:
    """The plan that a night carried out by itself."""
    ended = synced.sync(synced.drop(phoned("0155"), "night"))
    assert ended.code == 0, ended.err
    return Path(ended.document["plan"]["path"])


def after_a_later_run(synced: Workspace, plan: Path) -> Path:
    assert synced.sync(synced.drop(phoned("0197"), "later")).code == 0
    return plan


def after_another_plan(synced: Workspace, plan: Path) -> Path:
    assert synced.run("apply", planned(synced, "0197")).code == 0
    return plan


def no_plan(_synced: Workspace, plan: Path) -> Path:
    return plan.with_name("after.json")


PLACES: tuple[Elsewhere, ...] = (
    *(another_target, another_address, another_kind),
    *(other_removals, other_guards, other_selection, other_fields),
    *(another_folder, a_new_folder, a_forgotten_run),
    *(applied, applied_as_another_file, applied_by_its_run),
    *(after_a_later_run, after_another_plan, no_plan),
)


def count(
    proof: Callable[[str, str], Line], what: str, ended: Ended, seen: int
) -> None:
    row = proof("S11", what)
    row.times = 1
    row.all_of("refused", ended.code == 2, 1)
    row.zero("requests", seen)


@pytest.mark.parametrize("elsewhere", PLACES)
def test_a_plan_is_refused_where_it_does_not_belong(
    synced: Workspace, elsewhere: Elsewhere, proof: Callable[[str, str], Line]
) -> None:
    plan = elsewhere(synced, planned(synced))
    synced.sandbox.clear_requests()
    ended = synced.run("apply", plan, "--json")
    seen = len(synced.sandbox.requests())
    count(proof, "plans replayed, or taken elsewhere", ended, seen)


@pytest.mark.parametrize("passed", [False, True])
def test_a_plan_is_refused_by_another_program_and_when_its_time_is_over(
    synced: Workspace,
    *,
    passed: bool,
    proof: Callable[[str, str], Line],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = planned(synced)
    if passed:
        late = datetime.now(UTC) + timedelta(hours=25)
        monkeypatch.setattr(refusing, "now", lambda: late)
    else:
        monkeypatch.setattr(refusing, "PROGRAM", "roster-sync 9.9.9")
    ended = synced.run("apply", plan, "--json")
    seen = len(synced.sandbox.requests())
    count(proof, "plans replayed, or taken elsewhere", ended, seen)
