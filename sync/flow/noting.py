"""What is noted of a run before its first step: its drop or its plan.

In: the drop as taken in, or the plan that is carried out. Out: the story and the record
of the run say which it is.
"""

from __future__ import annotations

import polars as pl

from sync.flow.context import Context
from sync.flow.intake import Intake
from sync.flow.known import KnownIntake
from sync.flow.memory import judge_age, newest
from sync.model.plan import Plan


def note_drop(context: Context, intake: Intake) -> None:
    """Which drop it is, with its findings and how many rows it has."""
    modes = (
        {mode.value for mode in intake.roster.modes.values()}
        if intake.roster
        else set()
    )
    mode = "mixed" if len(modes) > 1 else next(iter(modes), None)
    drop = intake.drop
    context.story.drop = {
        "name": drop.name,
        "sha256": drop.sha256,
        "mode": mode,
        "kind": drop.kind.value,
    }
    context.story.findings = intake.findings
    context.story.stages = list(intake.stages)
    if intake.roster is not None:
        context.story.entities = {
            entity.value: {
                "rows": {
                    "read": counts.read,
                    "accepted": counts.accepted,
                    "merged": counts.merged,
                    "rejected": counts.rejected,
                }
            }
            for entity, counts in intake.roster.counts.items()
        }
    context.state.record(
        context.run, drop_name=drop.name, drop_sha256=drop.sha256, mode=mode or ""
    )


def note_plan(context: Context, plan: Plan) -> None:
    """Which plan is carried out, and the drop that it was made from."""
    drop = context.story.drop
    context.state.record(
        context.run,
        plan_id=plan.id,
        digest=plan.digest,
        drop_name=drop.get("name") or "",
        drop_sha256=drop.get("sha256") or "",
        mode=drop.get("mode") or "",
    )


def note_age(context: Context, intake: Intake, *, again: bool) -> None:
    """What the memory of the target says of the drop, and that ``again`` was said."""
    story = context.story
    found = judge_age(context, intake, again=again)
    story.findings += found
    story.newest = (
        intake.same.facts["newest"]
        if isinstance(intake, KnownIntake)
        else newest(intake.drop)
    )
    if again:
        refused = pl.col("code").is_in(["RS405", "RS411", "RS412"])
        let = found.frame.filter(refused).height
        story.notes.append(
            "--again let a drop through that would have been refused"
            if let
            else "--again was given, but nothing would have been refused without it"
        )
