"""The exact requests of a plan, composed by its target and written as JSON.

In: operations in order of sending. Out: the same with the request of each, which the
preview lists, the journal keeps and ``apply`` reads back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from sync.model.ids import Ids
from sync.model.operation import walk
from sync.model.request import Request
from sync.targets.base import Target

CHUNK = 20_000
"""Operations composed at once: memory does not follow the size of the plan."""


def with_requests(frame: pl.DataFrame, target: Target, ids: Ids) -> pl.DataFrame:
    """The operations with ``request``: the JSON of what will be sent for each.

    A request for several operations stands at the first of them.
    """
    texts: dict[str, str] = {}
    for wave in frame.partition_by("phase", "wave", maintain_order=True):
        size = wave.height if target.capabilities.batched else CHUNK
        for chunk in wave.iter_slices(size):
            for request in target.compose(walk(chunk), ids):
                texts[request.operations[0]] = encode(request)
    found = pl.Series("request", [texts.get(one) for one in frame["id"]], pl.String)
    return frame.with_columns(found)


def encode(request: Request) -> str:
    """A request as one line of JSON."""
    return json.dumps(_facts(request), ensure_ascii=False, separators=(",", ":"))


def _facts(request: Request) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "service": request.service,
        "method": request.method,
        "path": request.path,
        "query": [list(pair) for pair in request.query],
        "body": request.body,
        "repeatable": request.repeatable,
        "operations": list(request.operations),
    }
    if request.lanes:
        facts["lanes"] = list(request.lanes)
    if request.headers:
        facts["headers"] = [list(pair) for pair in request.headers]
    if request.otherwise is not None:
        facts["otherwise"] = _facts(request.otherwise)
        facts["otherwise_on"] = list(request.otherwise_on)
    return facts


def decode(text: str) -> Request:
    """The request of a line of JSON."""
    return _request(json.loads(text))


def _request(facts: Mapping[str, Any]) -> Request:
    other = facts.get("otherwise")
    return Request(
        service=facts["service"],
        method=facts["method"],
        path=facts["path"],
        body=facts["body"],
        query=tuple((name, value) for name, value in facts["query"]),
        repeatable=facts["repeatable"],
        lanes=tuple(facts.get("lanes", ())),
        operations=tuple(facts["operations"]),
        headers=tuple((name, value) for name, value in facts.get("headers", ())),
        otherwise=None if other is None else _request(other),
        otherwise_on=tuple(facts.get("otherwise_on", ())),
    )
