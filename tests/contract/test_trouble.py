"""Every kind with a remote system in trouble: the right code, nothing changed for want
of information, nothing twice, and the next run converges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.contract.bench import Bench, Liar, three_more
from tests.contract.harness import Can
from tests.contract.over import briefly, by_turns
from tests.contract.test_contract import without_some
from tests.faults.nursery import nursery
from tests.support.districts import slim
from tests.support.meddler import Heard, Meddler, Rule, Trouble
from tests.support.workspace import TARGET, total

PATIENT = {"timeout": "1s", "retries": 2}
HTML = b"<html><h1>Sign in</h1></html>"
MALFORMED = "malformed bodies"
TROUBLES = {
    "answers lost after the effect": Trouble(None, forward=True),
    "500": Trouble(500),
    "dropped connections": Trouble(None),
    MALFORMED: Trouble(200, b'{"da', forward=True),
    "503": Trouble(503),
    "a page of HTML": Trouble(502, HTML),
}
STAYING = {name: one for name, one in TROUBLES.items() if name != MALFORMED}
"""Some systems' success needs no body, so one that is malformed is no trouble."""
NOT_LISTS = {
    "401": Trouble(401),
    "403": Trouble(403),
    "500": Trouble(500),
    "dropped connections": Trouble(None),
    "a page of HTML": Trouble(200, HTML, (("Content-Type", "text/html"),)),
    "a body that is cut off": Trouble(200, b'{"users": [{"sour'),
    "a body without its list": Trouble(200, b"{}"),
}


@dataclass(slots=True)
class AtTimes:
    """The first change and one in three after it, their repetition not."""

    trouble: Trouble
    seen: int = 0

    def __call__(self, heard: Heard) -> Trouble | None:
        """The trouble, where it is its turn."""
        if not heard.writes or heard.times > 1:
            return None
        self.seen += 1
        return self.trouble if self.seen % 3 == 1 else None


def always(trouble: Trouble) -> Rule:
    """Every change."""
    return lambda heard: trouble if heard.writes else None


def finishes(bench: Bench) -> None:
    """The next run does what is left, and the one after it finds nothing to do."""
    bench.configure()
    bench.good(bench.workspace.folder / "drop", slim())
    bench.quiet(bench.workspace.folder / "drop", slim())


@by_turns("trouble", TROUBLES, share=8, proven=True)  # R3 and R4
def test_trouble_that_passes_while_sending_changes_nothing_about_the_end(
    bench: Bench, trouble: Trouble
) -> None:
    rule = AtTimes(trouble)
    with Meddler(bench.workspace.sandbox.url, rule) as proxy:
        bench.configure(proxy.url, limits=PATIENT)
        bench.good(bench.workspace.folder / "drop", slim())
    assert rule.seen > 0
    bench.configure()
    bench.quiet(bench.workspace.folder / "drop", slim())


@by_turns("trouble", STAYING, share=5)
def test_trouble_that_stays_ends_with_5_and_the_next_run_finishes(
    bench: Bench, trouble: Trouble
) -> None:
    with Meddler(bench.workspace.sandbox.url, always(trouble)) as proxy:
        bench.configure(proxy.url, limits=PATIENT | {"retries": 0})
        ended = bench.sync(bench.workspace.folder / "drop")
    assert ended.document["balanced"] is True
    if ended.code == 0:  # all was done by then, and what was in doubt was read
        assert trouble.forward
        bench.holds(slim())
    else:
        assert ended.code == 5, ended.err
        bench.within(slim())
    finishes(bench)


@by_turns("trouble", NOT_LISTS)
def test_lists_that_cannot_be_read_end_with_5_before_any_change(
    synced: Bench, trouble: Trouble
) -> None:
    def rule(heard: Heard) -> Trouble | None:
        return trouble if heard.reads else None

    drop = synced.drop(without_some(slim()), "fewer")
    before = synced.workspace.sandbox.dump()
    with Meddler(synced.workspace.sandbox.url, rule) as proxy:
        synced.configure(proxy.url, limits=PATIENT | {"retries": 1})
        synced.untouched(synced.sync(drop), before)


@briefly()
def test_a_list_that_is_forbidden_ends_with_5_and_is_named(synced: Bench) -> None:
    drop = synced.drop(without_some(slim()), "fewer")
    before = synced.workspace.sandbox.dump()
    for path in synced.harness.lists:

        def rule(heard: Heard, path: str = path) -> Trouble | None:
            return Trouble(403) if synced.of_lists(heard, [path]) else None

        with Meddler(synced.workspace.sandbox.url, rule) as proxy:
            synced.configure(proxy.url)
            ended = synced.sync(drop)
        synced.untouched(ended, before)
        assert "forbidden" in ended.line, ended.line
        assert "permission" in ended.line or "scope" in ended.line, ended.line


@briefly()
def test_wrong_credentials_end_with_5_and_nothing_is_written(synced: Bench) -> None:
    drop = synced.drop(without_some(slim()), "fewer")
    before = synced.workspace.sandbox.dump()
    synced.workspace.environment[synced.harness.secret] = "wrong"
    synced.workspace.sandbox.clear_requests()
    ended = synced.workspace.run("run", drop, "--target", TARGET)
    assert ended.code == 5
    assert synced.sent() == []
    assert synced.workspace.sandbox.dump() == before


@dataclass(slots=True)
class Expiry:
    """Takes the token for one that has expired from some change on, until another one
    is asked for."""

    after: int
    expired: bool = False
    refused: int = 0

    def __call__(self, heard: Heard) -> Trouble | None:
        """401 to whatever is not a request for a token."""
        if "token" in heard.path:
            self.expired = False
            return None
        if heard.writes and self.after > 0:
            self.after -= 1
            self.expired = self.after == 0
        if not self.expired:
            return None
        self.refused += 1
        return Trouble(401)


@briefly(Can.BEARER)
def test_a_token_that_expires_in_the_midst_is_renewed_and_nothing_fails(
    bench: Bench,
) -> None:
    rule = Expiry(after=1)
    with Meddler(bench.workspace.sandbox.url, rule) as proxy:
        bench.configure(proxy.url)
        ended = bench.good(bench.workspace.folder / "drop", slim())
    assert rule.refused > 0
    assert total(ended.document, "operations", "failed") == 0


def soon() -> str:
    """A moment that is less than two seconds away, as a header has it."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


HINTS: dict[str, Callable[[], tuple[tuple[str, str], ...]]] = {
    "seconds": lambda: (("Retry-After", "1"),),
    "a date": lambda: (("Retry-After", soon()),),
    "no hint": lambda: (),
}


@by_turns("hint", HINTS, share=6, proven=True)  # R4
def test_a_rate_limit_is_obeyed_and_all_is_done_once(
    bench: Bench, hint: Callable[[], tuple[tuple[str, str], ...]]
) -> None:
    told: list[int] = []

    def rule(heard: Heard) -> Trouble | None:
        # One read and one change are too many, whichever come first.
        if "token" in heard.path or heard.writes in told:
            return None
        told.append(heard.writes)
        return Trouble(429, headers=hint())

    with Meddler(bench.workspace.sandbox.url, rule) as proxy:
        bench.configure(proxy.url)
        ended = bench.good(bench.workspace.folder / "drop", slim())
    assert ended.document["requests"]["throttled"] == len(told)


def forgets(bench: Bench) -> None:
    """The state folder is gone."""
    bench.workspace.state.rename(bench.workspace.folder / "forgotten")


def has_read_it_all(bench: Bench) -> None:
    """Another good night after the first, so that a read has shown all there is."""
    bench.quiet(bench.workspace.folder / "drop", slim())


@by_turns("knowing", {one.__name__: one for one in (forgets, has_read_it_all)})
def test_lists_that_come_empty_are_no_reason_to_change_anything(
    synced: Bench, knowing: Callable[[Bench], None]
) -> None:
    knowing(synced)
    before = synced.held()
    synced.workspace.sandbox.clear_requests()
    synced.set(synced.harness.empty)
    ended = synced.sync(synced.workspace.folder / "drop")
    assert synced.held() == before
    if ended.code == 0:  # nothing has changed since, it says
        assert Can.DELTA in synced.harness.can
        assert total(ended.document, "operations", "planned") == 0
    elif Can.SINGLE in synced.harness.can:
        assert ended.code == 5, ended.err
        assert synced.sent() == []
    else:
        assert ended.code in {1, 4, 5}, ended.err


@briefly(Can.TOTAL)
def test_a_total_that_lies_removes_nothing_and_ends_with_5(synced: Bench) -> None:
    drop = synced.drop(without_some(slim()), "fewer")
    before = synced.held()
    with Liar(synced.workspace.sandbox.url, three_more) as proxy:
        synced.configure(proxy.url)
        ended = synced.sync(drop)
    assert ended.code == 5, ended.err
    assert not before - synced.held()


@briefly(Can.TOTAL)
def test_pages_that_shift_remove_nothing_and_end_with_5(synced: Bench) -> None:
    drop = synced.drop(without_some(slim()), "fewer")
    before = synced.held()
    synced.set(synced.harness.shifting)
    ended = synced.sync(drop)
    assert ended.code == 5, ended.err
    assert not before - synced.held()


@briefly()
def test_a_page_of_html_in_place_of_every_change_is_never_called_done(
    bench: Bench,
) -> None:
    sign_in = Trouble(200, HTML, (("Content-Type", "text/html"),))
    with Meddler(bench.workspace.sandbox.url, always(sign_in)) as proxy:
        bench.configure(proxy.url, limits=PATIENT, settle="0s")
        ended = bench.sync(bench.workspace.folder / "drop")
    assert ended.code in {1, 5}, ended.err
    assert ended.document["outcome"] != "done"
    assert not bench.held()
    finishes(bench)


def killed(bench: Bench) -> None:
    """A run that was killed in the midst of sending, some changes on their way."""
    bench.configure(limits={"concurrency": 2})
    bench.set({"latency": 0.05})
    work = bench.workspace
    command = ("run", work.folder / "drop", "--target", TARGET)
    process = nursery().start(command, work.folder, work.environment)
    assert process.until(bench.sent), process.ended()
    process.kill()
    process.ended()
    bench.set({"latency": 0.0})


@pytest.mark.long
@briefly()
def test_a_run_finishes_what_a_killed_process_began(bench: Bench) -> None:
    """That ``resume`` does is R1 of the fault suite."""
    killed(bench)
    bench.good(bench.workspace.folder / "drop", slim())
    bench.quiet(bench.workspace.folder / "drop", slim())


CHANCES = {
    "lost": "lost=0.2",
    "malformed": "malformed=0.1",
    "all kinds": "429=0.03,500=0.05,drop=0.05,html=0.05",
}


@by_turns("faults", CHANCES, share=8, proven=True)  # R3 and R4
def test_faults_by_chance_never_do_anything_twice(bench: Bench, faults: str) -> None:
    bench.configure(limits=PATIENT)
    bench.set({"faults": faults, "seed": 3, "retry_after": "none"})
    ended = bench.workspace.run(
        "run", bench.workspace.folder / "drop", "--target", TARGET
    )
    assert ended.code in {0, 1, 5}
    bench.within(slim())
    bench.set({"faults": ""})
    finishes(bench)
