"""What an operator does in the weeks with one target, all of it at debug level.

A look, a first night among faults, its resumption, a good night, rows with mistakes, a
server that repeats what it was sent, a held plan and its approval, a defect of the
program, reports. The drop and the remote roster hold canaries in every personal column,
and every credential is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from sync.notify.ended import ENDINGS as NAMES
from sync.samples import Tables
from sync.sandbox import Sandbox
from sync.wire import Wire
from tests.contract import edubridge
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.faults.canaries import ADDRESS, ECHO, PLAIN, STEM, Place, of_canaries
from tests.faults.eavesdropper import Eavesdropper
from tests.support.districts import district, without_students
from tests.support.ended import Ended
from tests.support.listener import Listener
from tests.support.meddler import Heard, Trouble
from tests.support.toml import toml_text
from tests.support.workspace import TARGET, Workspace

FAULTS = "429=0.05,500=0.05,503=0.02,malformed=0.05,lost=0.06,drop=0.02"
"""About one request in four."""

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "timeback": {
        "TIMEBACK_CLIENT_ID": "platform_client_id",
        "TIMEBACK_CLIENT_SECRET": "platform_client_secret",
        "TIMEBACK_API_CLIENT_ID": "api_client_id",
        "TIMEBACK_API_CLIENT_SECRET": "api_client_secret",
    },
    "edubridge": {
        "TIMEBACK_API_CLIENT_ID": "api_client_id",
        "TIMEBACK_API_CLIENT_SECRET": "api_client_secret",
    },
    "oneroster-1.2": {
        "ONEROSTER_ID": "oneroster_client_id",
        "ONEROSTER_SECRET": "oneroster_client_secret",
    },
    "schoology": {
        "SCHOOLOGY_KEY": "schoology_consumer_key",
        "SCHOOLOGY_SECRET": "schoology_consumer_secret",
    },
    "openedx": {
        "OPENEDX_ID": "openedx_client_id",
        "OPENEDX_SECRET": "openedx_client_secret",
    },
}
"""Variable -> what the sandbox calls the same credential."""
GUARDS: dict[str, Any] = {
    "removals": {"percent": 100},
    "creates": {"percent": 100},
    "updates": {"percent": 100},
    "cleared": {"percent": 100},
    "shrink": {"percent": 100},
    "rejected": {"percent": 60},
    "by": [],
    "first_run": "pass",
}
ENDINGS = [*dict.fromkeys(NAMES.values())]
"""Everything is told."""
METRICS = "roster.prom"
HOOK_SECRET = "sq7-hook/+=91"  # noqa: S105 - a canary
STUDENTS = 12
OTHERS = 8


def small() -> Tables:
    """A district of few requests: an enrollment for each student and some others."""
    tables = district(STUDENTS)
    rows = tables.enrollments.sort("sourcedId")
    pupils = rows.filter(role="student").unique(
        "userSourcedId", keep="first", maintain_order=True
    )
    others = rows.filter(pl.col("role") != "student").head(OTHERS)
    return replace(tables, enrollments=pl.concat([pupils, others]).sort("sourcedId"))


def drop_of_canaries() -> Tables:
    """What the district delivers."""
    return of_canaries(small(), "d")


def remote_of_canaries(harness: Harness) -> Tables:
    """What the system holds: the same people with other numbers and addresses, and
    people of whom the drop knows nothing."""
    ours, theirs = drop_of_canaries(), of_canaries(small(), "r")
    changed = ["middleName", "phone", "metadata.lunch"]
    if harness.name != "openedx":
        changed.append("email")  # by which Open edX knows people
    students = ours.students.with_columns(
        theirs.students.select(one for one in changed if one in ours.students.columns)
    )
    users = ours.users.with_columns(theirs.users.select("phone", "metadata.lunch"))
    strangers = of_canaries(small(), "x").students.with_columns(
        pl.format("old-{}", "sourcedId").alias("sourcedId")
    )
    return replace(ours, students=pl.concat([students, strangers]), users=users)


@dataclass(slots=True)
class Weeks:
    """What an operator does with one target, and all that is printed meanwhile."""

    harness: Harness
    workspace: Workspace
    proxy: Eavesdropper
    listener: Listener
    printed: list[Place] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def do(self, *command: object, flags: tuple[str, ...] = ("--verbose",)) -> Ended:
        """One command; what it prints is kept."""
        ended = self.workspace.run(*command, *flags)
        words = [str(one) for one in (*command, *flags)]
        name = " ".join(one for one in words if not one.startswith("/"))
        self.printed.append(Place(f"stdout of {name}", ended.out.encode()))
        self.printed.append(Place(f"stderr of {name}", ended.err.encode()))
        self.codes.append(ended.code)
        return ended

    def drop(self, tables: Tables, name: str) -> Path:
        """A drop outside of the state folder."""
        return self.harness.write_drop(tables, self.workspace.folder / name)

    def plan_of(self, path: Path) -> Path:
        """A plan, looked at in each of the ways that there are."""
        out = self.workspace.folder / "looked.rsplan"
        self.do("plan", path, "--target", TARGET, "--out", out)
        for options in ((), ("--requests",)):
            self.do("show", out, *options)
            self.do("show", out, *options, flags=("--json",))
        return out

    def pass_by(self) -> None:
        """All of it."""
        target = ("--target", TARGET)
        drop = self.drop(drop_of_canaries(), "drop")
        self.do("check", drop)
        self.do("ping", *target)
        self.plan_of(drop)
        self.workspace.sandbox.configure(faults=FAULTS, retry_after="none")
        self.do("run", drop, *target)
        self.do("resume")
        self.workspace.sandbox.configure(faults="")
        self.do("run", drop, *target)
        self.with_mistakes(drop)
        self.with_echoes()
        self.held_and_approved()
        self.with_a_defect(drop)
        self.do("fetch", *target, "--out", self.workspace.folder / "fetched")
        self.reports()

    def with_mistakes(self, drop: Path) -> None:
        """Rows that are refused, and files that are."""
        for name, edit in (("mistaken", _mistaken), ("broken", _broken)):
            path = drop.with_name(name)
            path.mkdir()
            for one in drop.iterdir():
                (path / one.name).write_bytes(one.read_bytes())
            students = path / "students.csv"
            lines = students.read_text("utf-8").splitlines(keepends=True)
            students.write_text("".join(edit(lines)), "utf-8")
            self.do("check", path)
            self.do("run", path, "--target", TARGET)
            self.do("run", path, "--target", TARGET, flags=("--verbose", "--json"))

    def with_echoes(self) -> None:
        """Servers that repeat what they were sent, in errors of each sort."""
        path = self.drop(of_canaries(small(), "e"), "echoed")
        said = f"{ECHO} <{ADDRESS}> cannot be".encode()
        body = b'{"imsx_description": "%s", "message": "%s"}' % (said, said)
        named = (("X-Name", ECHO), ("Set-Cookie", f"who={ECHO}"))
        for status in (422, 500, 400):
            trouble = Trouble(status, body, named)
            self.proxy.rule = _only(trouble, lambda heard: heard.writes)
            self.do("run", path, "--target", TARGET)
        for status in (500, 403):
            self.proxy.rule = _only(Trouble(status, body), lambda heard: heard.reads)
            self.do("run", path, "--target", TARGET)
        page = Trouble(200, b"<html>" + said)
        self.proxy.rule = _only(page, lambda heard: heard.reads)
        self.do("run", path, "--target", TARGET)
        self.proxy.rule = lambda _: None

    def held_and_approved(self) -> None:
        """A plan that a guard holds, let through."""
        guards = {"removals": {"percent": 0, "count": 0}, "floor": 0}
        self.configure(guards=guards)
        keys = small().students["sourcedId"].head(3).to_list()
        path = self.drop(without_students(drop_of_canaries(), *keys), "fewer")
        ended = self.do("run", path, "--target", TARGET)
        if ended.code == 4:
            words = ended.line.split()
            place = words.index("--approve")
            self.do(
                "apply", words[place - 1], "--approve", words[place + 1].strip(",;")
            )

    def configure(self, **changes: Any) -> None:
        """Point the configuration at the proxy."""
        bench = Bench(self.harness, self.workspace)
        bench.configure(self.proxy.url, **changes)
        path = self.workspace.folder / "roster-sync.toml"
        hook = {"kind": "webhook", "url": self.listener.url, "on": ENDINGS}
        people = {"hook": {**hook, "secret": {"env": "HOOK_SECRET"}}}
        head = toml_text({"metrics": METRICS})
        tail = toml_text({"notify": people})
        path.write_text(head + path.read_text("utf-8") + tail, "utf-8")

    def told(self) -> list[Place]:
        """What people and monitors were told."""
        messages = [
            Place(f"message {number}", posted.body)
            for number, posted in enumerate(self.listener.posted)
        ]
        metrics = self.workspace.folder / METRICS
        return [*messages, Place(METRICS, metrics.read_bytes())]

    def with_a_defect(self, drop: Path) -> None:
        """An exception in the midst of a run whose text and cause hold canaries."""

        async def fails(*_: object, **__: object) -> None:
            try:
                pl.Series([f"{STEM}cell"]).cast(pl.Int64)
            except pl.exceptions.PolarsError as error:
                message = f"{STEM}defect {PLAIN}@zq.example"
                raise ValueError(message) from error

        whole = Wire.send
        try:
            Wire.send = fails  # type: ignore[method-assign,assignment] # a defect
            self.do("run", drop, "--target", TARGET)
        finally:
            Wire.send = whole  # type: ignore[method-assign] # as it was

    def reports(self) -> None:
        """Every report, printed and copied."""
        self.do("runs")
        self.do("runs", flags=("--json",))
        out = self.workspace.folder / "reports"
        out.mkdir()
        for run in sorted(
            one.name for one in (self.workspace.state / "runs").iterdir()
        ):
            self.do("report", run)
            self.do("report", run, "--format", "html", "--out", out / f"{run}.html")


def _mistaken(lines: list[str]) -> list[str]:
    """A date and a status that are none, a row that is too short, one twice."""
    first = lines[1].replace("1907-03-", "1907-33-").replace("@", " at ")
    second = lines[2].replace(",active,", ",unheard-of,")
    return [lines[0], first, second, *lines[3:], f"{STEM}short,row\n", lines[4]]


def _broken(lines: list[str]) -> list[str]:
    """A quote that is never closed, and a character that no text has."""
    third = lines[3].replace("stu-", f"{STEM}\x00")
    return [*lines[:3], third, *lines[4:], f'"{STEM} open\n', *lines[4:]]


def _only(trouble: Trouble, where: Callable[[Heard], bool]) -> Callable[[Heard], Any]:
    return lambda heard: trouble if where(heard) else None


def secrets_of(harness: Harness) -> dict[str, str]:
    """A credential for each variable, found nowhere else."""
    names = SETTINGS[harness.name]
    return {name: f"sq7-{name.lower()}/+{n}=91" for n, name in enumerate(names)}


def passed_by(harness: Harness, folder: Path, sandbox: Sandbox) -> Weeks:
    """The weeks of one kind, at the end of which nothing runs any more."""
    given = secrets_of(harness)
    names = {SETTINGS[harness.name][name]: text for name, text in given.items()}
    sandbox.configure(**harness.settings, **names)
    makes_people = harness.name in {"timeback", "oneroster-1.2"}
    before = edubridge.people if makes_people else harness.before
    sandbox.load(before(remote_of_canaries(harness)))
    own = {"HOOK_SECRET": HOOK_SECRET}
    workspace = Workspace(folder, sandbox, {**harness.environment, **given, **own})
    with Eavesdropper(sandbox.url) as proxy, Listener() as listener:
        weeks = Weeks(harness, workspace, proxy, listener)
        weeks.configure(guards=GUARDS, limits={"retries": 2, "timeout": "3s"})
        weeks.pass_by()
    return weeks
