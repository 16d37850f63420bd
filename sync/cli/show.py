"""``show``: look into a plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from rich.text import Text

from sync.cli.session import Session
from sync.errors import ExitCode, UsageError
from sync.flow import left_by
from sync.model.entities import Entity
from sync.model.finding import Findings
from sync.model.operation import Operation, walk
from sync.model.plain import plain
from sync.model.plan import Plan
from sync.model.request import Request
from sync.plan import decode, read_plan
from sync.report import left_lines, preview
from sync.state import StateFolder
from sync.wire.address import full_url


def show(
    session: Session, path: Path, entity: str | None, *, requests: bool
) -> ExitCode:
    """Print what a plan would do, or the very requests."""
    config = session.config()
    plan = read_plan(path, StateFolder(config.state_dir))
    if entity is not None and entity not in set(Entity):
        message = f'there is no entity "{entity}"'
        raise UsageError(message, do=f"known are {', '.join(Entity)}")
    chosen = plan.operations
    if entity is not None:
        chosen = chosen.filter(pl.col("entity") == entity)
    if requests:
        sent = list(_requests(chosen))
        session.console.document({"digest": plan.digest, "requests": sent})
        if not session.console.json:
            session.console.result(*map(_line, sent))
        return ExitCode.DONE
    if session.console.json:
        session.console.document(_document(plan, chosen))
        return ExitCode.DONE
    target = config.targets.get(plan.target)
    rate = target.limits.requests_per_second if target else 1.0
    account = {e: s for e, s in plan.account.items() if entity in {None, e}}
    chosen_plan = replace(plan, operations=chosen, account=account)
    session.console.result(*preview(chosen_plan, Findings.none(), rate))
    if run := plan.inputs.get("undo"):
        session.console.result(f"it takes back run {run}")
        left = left_by(config, plan)
        mine = left if entity is None else left.filter(pl.col("entity") == entity)
        session.console.result(*left_lines(mine))
    session.console.result(
        f"plan {plan.id} for {plan.target}, digest {plan.digest[:12]}, valid until "
        f"{plan.valid_until.astimezone(config.timezone):%Y-%m-%d %H:%M}"
    )
    return ExitCode.DONE


def _document(plan: Plan, operations: pl.DataFrame) -> dict[str, Any]:
    return {
        "digest": plan.digest,
        "id": plan.id,
        "valid_until": plan.valid_until.isoformat().replace("+00:00", "Z"),
        "held": plan.held,
        "guards": [
            {
                "name": guard.name,
                "entity": guard.entity,
                "group": guard.group,
                "count": guard.count,
                "of": guard.of,
                "limit": guard.limit,
                "tripped": guard.tripped,
                "message": guard.message,
                "examples": list(guard.examples),
            }
            for guard in plan.guards
        ],
        "operations": [_operation(one) for one in walk(operations)],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    before, after = operation.before or {}, operation.after or {}
    names = operation.fields or (
        () if operation.before is not None else tuple(sorted(after))
    )
    if operation.ends and not names:
        names = tuple(n for n in ("status",) if n in before | after)
    return {
        "id": operation.id,
        "entity": operation.entity.value,
        "verb": operation.verb.value,
        "key": operation.key,
        "phase": int(operation.phase),
        "fields": {
            name: {"before": before.get(name), "after": after.get(name)}
            for name in names
        },
        "needs": list(operation.needs),
        "reason": operation.reason,
    }


def _requests(operations: pl.DataFrame) -> Iterator[dict[str, Any]]:
    with_request = operations.filter(pl.col("request").is_not_null())
    rows = with_request.select("phase", "request").iter_rows()
    for number, (phase, text) in enumerate(rows, 1):
        request = decode(text)
        other = request.otherwise
        second = {} if other is None else {"otherwise": _form(other)}
        yield {
            "n": number,
            "phase": phase,
            **_form(request),
            "operations": list(request.operations),
            **second,
        }


def _form(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": full_url("", request.path, request.query),
        "body": request.body,
    }


def _line(request: dict[str, Any]) -> Text:
    body = request["body"]
    said = "" if body is None else " " + json.dumps(body, ensure_ascii=False)
    other = request.get("otherwise")
    instead = f" (or else {other['method']} {other['path']})" if other else ""
    line = f"{request['n']:>6}  {request['method']} {request['path']}{said}{instead}"
    return Text(plain(line), no_wrap=True)
