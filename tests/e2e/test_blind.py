"""Lists that show nothing of what was there, night after night: access that was lost,
or another server under the same name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sync.sandbox import Sandbox
from tests.contract import oneroster, timeback
from tests.contract.bench import Bench
from tests.contract.harness import Harness, facts
from tests.support.before import Before
from tests.support.districts import slim
from tests.support.ended import Ended
from tests.support.meddler import Heard, Meddler, Trouble
from tests.support.workspace import Workspace, total

KINDS = (timeback.EDUBRIDGE, oneroster.V1P2)
OURS = re.compile(r"/(users|students|enrollments|agents)\b")

both = pytest.mark.parametrize("harness", KINDS, ids=[one.name for one in KINDS])


Begin = Callable[[Harness], Bench]


@pytest.fixture(scope="module")
def nights(
    served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Harness], Before]:
    """A kind after two good nights, its drop in the folder; made when first asked."""
    kept: dict[str, Before] = {}

    def made(harness: Harness) -> Before:
        if harness.name not in kept:
            workspace = Workspace(tmp_path_factory.mktemp("good"), served)
            bench = _bench(harness, workspace)
            emptied(bench)
            bench.configure(settle="1s", full_read_every="7d")
            drop = bench.drop(slim())
            bench.good(drop, slim())
            bench.quiet(drop, slim())
            kept[harness.name] = Before.of(workspace)
        return kept[harness.name]

    return made


@pytest.fixture
def began(
    nights: Callable[[Harness], Before], tmp_path: Path, sandbox: Sandbox
) -> Begin:
    """The same for one test."""

    def begin(harness: Harness) -> Bench:
        before = nights(harness)
        return _bench(harness, before.again(tmp_path, sandbox, **harness.settings))

    return begin


def _bench(harness: Harness, workspace: Workspace) -> Bench:
    return Bench(harness, replace(workspace, environment=dict(harness.environment)))


def emptied(bench: Bench) -> None:
    """The sandbox with the schools of the district, and nobody in them."""
    bench.workspace.sandbox.reset()
    bench.set(bench.harness.settings)
    bench.workspace.sandbox.load(bench.harness.before(slim()))


def night(bench: Bench) -> Ended:
    return bench.sync(bench.workspace.folder / "drop")


def held_unsent(bench: Bench, ended: Ended) -> None:
    assert ended.code == 4, ended.err
    tripped = [one for one in ended.document["guards"] if one["tripped"]]
    assert {(one["name"], one["of"]) for one in tripped} == {("creates", 0)}
    assert bench.sent() == []


def looks(bench: Bench) -> None:
    """A plan that nobody carries out."""
    path = bench.workspace.folder / "drop"
    assert bench.workspace.plan(path).code == 4


def fetches(bench: Bench) -> None:
    out = bench.workspace.folder / "fetched"
    ended = bench.workspace.run("fetch", "--target", "district", "--out", out)
    assert ended.code in {0, 5}, ended.err


@both
def test_what_is_gone_is_held_every_night_until_it_was_approved(
    harness: Harness, tmp_path: Path, sandbox: Sandbox, began: Begin
) -> None:
    bench = began(harness)
    expired(bench)
    emptied(bench)
    sandbox.clear_requests()
    ended = night(bench)
    held_unsent(bench, ended)
    uses: list[Callable[[Bench], None]] = [looks, fetches]
    for use in uses:
        sandbox.clear_requests()
        use(bench)
        ended = night(bench)
        held_unsent(bench, ended)
    plan, digest = ended.document["plan"]["path"], ended.document["digest"]
    approved = bench.workspace.run("apply", plan, "--approve", digest)
    assert approved.code == 0, approved.err
    bench.quiet(tmp_path / "drop", slim())


def expired(bench: Bench) -> None:
    """Let everything be read the next night."""
    bench.configure(settle="1s", full_read_every="1s")
    file = bench.workspace.state / "mirrors" / "district" / "current.json"
    old = re.sub(r'"read_whole_at": "\d+', '"read_whole_at": "2020', file.read_text())
    file.write_text(old)


@pytest.fixture
def elsewhere() -> Iterator[Sandbox]:
    with Sandbox() as other:
        yield other


@both
def test_another_empty_server_under_the_same_name_is_held(
    harness: Harness, tmp_path: Path, began: Begin, elsewhere: Sandbox
) -> None:
    bench = began(harness)
    there = Bench(harness, replace(bench.workspace, sandbox=elsewhere))
    emptied(there)
    there.configure(settle="1s")
    for _ in range(3):
        held_unsent(there, night(there))
    back = Bench(harness, bench.workspace)
    back.configure(settle="1s")
    back.quiet(tmp_path / "drop", slim())


def test_another_server_is_read_whole_and_not_by_changes(
    began: Begin, sandbox: Sandbox, elsewhere: Sandbox
) -> None:
    bench = began(oneroster.V1P2)
    there = Bench(oneroster.V1P2, replace(bench.workspace, sandbox=elsewhere))
    emptied(there)
    whole = sandbox.dump()
    gone = whole["enrollments"].pop()
    elsewhere.load(whole)
    there.configure(settle="1s")
    ended = night(there)
    assert total(ended.document, "operations", "planned") == 1
    assert there.held() == facts(oneroster.V1P2.wanted(slim())), gone
    asked = [one["path"] for one in elsewhere.requests()]
    assert not any("dateLastModified" in path for path in asked)


@both
def test_what_is_ours_is_not_made_again_while_a_list_is_doubted(
    harness: Harness, began: Begin, sandbox: Sandbox
) -> None:
    """The lists come empty, and who is asked for by himself is there."""
    bench = began(harness)
    expired(bench)
    before = bench.held()
    bench.set(harness.empty)
    for _ in range(3):
        expired(bench)
        sandbox.clear_requests()
        ended = night(bench)
        assert ended.code == 5, ended.err
        assert bench.sent() == []
    assert bench.held() == before


def test_a_server_that_shows_nothing_and_gives_ids_is_given_nothing_twice(
    began: Begin, sandbox: Sandbox
) -> None:
    bench = began(timeback.EDUBRIDGE)
    before = bench.held()
    bench.set({"allocate_ids": True, "empty_lists": True})

    def hidden(heard: Heard) -> Trouble | None:
        single = OURS.search(heard.path) and re.search(r"/[^/?]+-\d+", heard.path)
        return Trouble(status=404) if heard.reads and single else None

    with Meddler(sandbox.url) as proxy:
        proxy.rule = hidden
        bench.configure(proxy.url, settle="1s")
        for _ in range(2):
            sandbox.clear_requests()
            assert night(bench).code in {4, 5}
            assert bench.sent() == []
    assert bench.held() == before
