"""What every step of a run has at hand: configuration, target, state, and the story.

``Story`` is what the report will tell; each step writes its part, so that a run which
ends early still accounts for what it did.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from sync.config import DEFAULT_NAME, Config, TargetConfig, fingerprint, place
from sync.diff import FieldRules
from sync.flow.renames import Confirmed
from sync.log import get_logger
from sync.model.entities import METADATA_PREFIX, Entity
from sync.model.finding import Findings
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.operation import DRIFT_SCHEMA, OPERATION_SCHEMA
from sync.model.plan import Plan
from sync.model.renames import PROPOSAL_SCHEMA, RENAME_SCHEMA, renamed
from sync.model.roster import Roster
from sync.plan import Facts, GuardRules, Rules, Threshold
from sync.report import OUTCOME_SCHEMA, UNTOUCHED_SCHEMA, Difference, Stage
from sync.select import Selection
from sync.state import GoodDrop, StateFolder, TargetState, load_mirror
from sync.targets.base import Target
from sync.verify import DIFFERS_SCHEMA
from sync.version import PROGRAM
from sync.wire import Deadline, Limits, Wire

if TYPE_CHECKING:
    from sync.flow.known import Same

log = get_logger()


class Step(Protocol):
    """A step that is going on."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""

    def expect(self, total: int) -> None:
        """The total is known now."""


class Show(Protocol):
    """Whoever shows people how far a run is."""

    def stage(
        self, name: str, total: int | None = None, unit: str = ""
    ) -> AbstractContextManager[Step]:
        """A step begins."""

    def message(self, text: str) -> None:
        """Something to say."""


@dataclass(slots=True)
class Story:
    """What one run has to tell, filled in as it goes."""

    findings: Findings = field(default_factory=Findings.none)
    drop: dict[str, str | None] = field(default_factory=dict)
    entities: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    plan: Plan | None = None
    plan_path: str | None = None
    operations: pl.DataFrame = field(default_factory=OPERATION_SCHEMA.to_frame)
    outcomes: pl.DataFrame = field(default_factory=OUTCOME_SCHEMA.to_frame)
    untouched: pl.DataFrame = field(default_factory=UNTOUCHED_SCHEMA.to_frame)
    differs: tuple[Difference, ...] = ()
    unlike: pl.DataFrame = field(default_factory=DIFFERS_SCHEMA.to_frame)
    drift: pl.DataFrame = field(default_factory=DRIFT_SCHEMA.to_frame)
    converged: bool | None = None
    approved: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    requests: dict[str, int] = field(
        default_factory=lambda: {"sent": 0, "retried": 0, "throttled": 0}
    )
    timeline: list[int] = field(default_factory=list)
    compares: bool = False
    """Nothing is ever written there: what is wanted is a comparison, which is good when
    it came to its end."""
    seen: frozenset[Entity] = frozenset()
    """Entities of which the last read had shown records."""
    listed: frozenset[str] = frozenset()
    """Operations whose records a list has shown in this run, all of it as known."""
    incomplete: bool = False
    """A remote list could not be proven complete."""
    succession: pl.DataFrame | None = None
    """The ledger as it will be (``plan.succession``), once there is a plan."""
    proposals: pl.DataFrame = field(default_factory=PROPOSAL_SCHEMA.to_frame)
    """Who may be whom under another id."""
    renames: pl.DataFrame = field(default_factory=RENAME_SCHEMA.to_frame)
    """What of that somebody has confirmed for this run."""
    forgets: bool = False
    """This run takes back that they were confirmed: at its end they hold no more."""
    invocation: str | None = None
    """How this run was called, for people to call it again."""
    newest: str | None = None
    """The newest dateLastModified of the drop."""
    good: GoodDrop | None = None
    """What this run's drop will be to later ones, if the run turns out good."""
    cut_off: frozenset[Entity] = frozenset()
    """Entities whose file may have lost its end since the last good drop."""
    missing_files: tuple[str, ...] = ()
    """Entities that the last good drop had and this one has not."""
    undoes: str | None = None
    """The run that this one takes back; null where there is a drop."""
    same: Same | None = None
    """What the next night may rely on, where this one found nothing to do."""


@dataclass(slots=True)
class Context:
    """One run of one target."""

    config: Config
    table: TargetConfig
    target: Target
    folder: StateFolder
    state: TargetState
    run: str
    started: datetime
    show: Show
    source: str | None
    deadline: Deadline | None = None
    story: Story = field(default_factory=Story)
    on_wire: Callable[[Wire], None] = lambda _: None
    """Told of the wire of this run, so that signals can halt it."""
    confirmed: Confirmed | None = None
    """What somebody says of ids that have changed, until it is judged."""
    how: str | None = None
    """The digest of how the drop is read, where that is known."""
    held: Mirror | None = None
    """The mirror that this run has kept, as whoever loads it will find it."""

    def ledger(self) -> LedgerView:
        """The ledger with the renames that this run has accepted: it says them itself
        when the run turns out good."""
        return renamed(self.state.ledger(), self.story.renames)

    def last_read(self) -> Mirror | None:
        """The mirror that was kept last. Raises ``LocalError`` where it is damaged."""
        return self.held or load_mirror(self.folder, self.table.name)

    @property
    def command(self) -> str:
        """How the program is called for this configuration."""
        path = self.config.path
        if path == Path(DEFAULT_NAME):
            return "roster-sync"
        return f"roster-sync --config {path.absolute()}"

    @property
    def anywhere(self) -> str:
        """The same, in whatever folder it is called."""
        return f"roster-sync --config {shlex.quote(str(self.config.path.absolute()))}"

    @property
    def today(self) -> date:
        """The date in the configured time zone."""
        return datetime.now(self.config.timezone).date()

    def facts(self, inputs: Mapping[str, Any]) -> Facts:
        """What identifies a plan of this run, made of these inputs."""
        return Facts(
            run=self.run,
            target=self.table.name,
            kind=self.table.kind,
            program=PROGRAM,
            fingerprint=fingerprint(self.table),
            inputs={**inputs, "place": place(self.table)},
            created=self.started,
            valid=self.config.plan_valid,
        )

    @contextmanager
    def stage(
        self, name: str, total: int | None = None, unit: str = "rows"
    ) -> Iterator[Step]:
        """A step of the run: shown, timed, and logged when it is over."""
        began = time.monotonic()
        with self.show.stage(name, total, unit) as step:
            counted = Counted(step)
            yield counted
            if total is not None and not counted.done:
                counted.advance(total)
        seconds = time.monotonic() - began
        count = counted.done or total
        self.story.stages.append(Stage(name, seconds, count, unit))
        log.info("stage", stage=name, seconds=round(seconds, 3), count=count)

    @contextmanager
    def sending(self, wire: Wire) -> Iterator[None]:
        """While this wire is in use; what it did is added to the story after."""
        self.on_wire(wire)
        try:
            yield
        finally:
            stats = wire.stats
            for name in ("sent", "retried", "throttled"):
                self.story.requests[name] += getattr(stats, name)
            seconds = {second: sent for second, sent, _ in stats.timeline}
            last = max(seconds, default=-1)
            self.story.timeline += [seconds.get(n, 0) for n in range(last + 1)]

    def wire(self) -> Wire:
        """A wire to the services of this target, at its pace."""
        limits = self.table.limits
        return Wire(
            self.target.services,
            Limits(
                requests_per_second=limits.requests_per_second,
                burst=limits.burst,
                concurrency=limits.concurrency,
                timeout=limits.timeout.total_seconds(),
                retries=limits.retries,
            ),
            deadline=self.deadline,
        )

    def rules(self) -> Rules:
        """The configured limits, in the plan's terms."""
        removal, guards = self.table.removal, self.table.guards

        def limit(name: str) -> Threshold:
            found = getattr(guards, name)
            return Threshold(found.percent, found.count)

        return Rules(
            policies={entity: removal.policy(entity) for entity in Entity},
            scope=removal.scope,
            orgs=removal.orgs,
            grace=removal.grace,
            source=self.source or "",
            additions_only=any(
                days.covers(self.today) for days in removal.additions_only
            ),
            guards=GuardRules(
                removals=limit("removals"),
                creates=limit("creates"),
                updates=limit("updates"),
                cleared=limit("cleared"),
                shrink=limit("shrink"),
                by=guards.by,
                by_percent=guards.by_percent,
                floor=guards.floor,
                first_run_holds=guards.first_run == "hold",
            ),
        )

    @property
    def selection(self) -> Selection | None:
        """What of a drop is for this target; null where it is all of it."""
        table = self.table.select
        if table.everything:
            return None
        return Selection(
            orgs=table.orgs,
            grades=table.grades,
            roles=table.roles,
            classes=table.classes,
            courses=table.courses,
        )

    def field_rules(self, roster: Roster) -> dict[Entity, FieldRules]:
        """Per entity that the target writes, which fields are compared and how."""
        able = self.target.capabilities
        return {
            entity: FieldRules(
                fields=(*able.fields.get(entity, ()), *metadata_of(roster, entity)),
                comparisons=able.comparisons.get(entity, {}),
                blank_keeps=self.table.fields.blank == "keep",
                protected=self.table.fields.protected(entity),
            )
            for entity in able.verbs
        }


@dataclass(slots=True)
class Counted:
    """A step that remembers how much was done."""

    step: Step
    done: int = 0

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        self.step.advance(count)

    def expect(self, total: int) -> None:
        """The total is known now."""
        self.step.expect(total)


def metadata_of(roster: Roster, entity: Entity) -> tuple[str, ...]:
    """The ``metadata.*`` columns that the drop has."""
    return tuple(
        name for name in roster.delivered(entity) if name.startswith(METADATA_PREFIX)
    )


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
