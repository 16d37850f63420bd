"""Trouble by seed: which request meets which fault.

In: a spec such as ``"429=0.05,500=0.02,drop=0.01"`` and the number of a request.
Out: the kind of fault for that request, or None; the same for the same seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

STATUS_KINDS = frozenset(
    {"401", "403", "404", "409", "422", "429", "500", "502", "503", "504"}
)
"""Answered instead of applying the request."""
BEFORE_KINDS = STATUS_KINDS | {"drop", "html"}
"""``drop`` closes the connection unanswered; ``html`` is a gateway's 502 page."""
AFTER_KINDS = frozenset({"lost", "slow", "malformed"})
"""``lost`` applies and drops, ``slow`` answers late, ``malformed`` cuts the JSON."""
TOKEN_KINDS = AFTER_KINDS | {"drop", "html", "429", "500", "502", "503", "504"}
"""Faults that a token endpoint may have: not those that mean wrong credentials."""


class FaultSpecError(ValueError):
    """The spec of faults names an unknown kind or an impossible share."""


def parse_faults(spec: str | Mapping[str, float]) -> dict[str, float]:
    """Read a spec into shares per kind; raises FaultSpecError."""
    pairs: dict[str, float] = {}
    for kind, share in _pairs(spec):
        if kind not in BEFORE_KINDS | AFTER_KINDS:
            known = ", ".join(sorted(BEFORE_KINDS | AFTER_KINDS))
            msg = f"unknown fault {kind!r}; known are {known}"
            raise FaultSpecError(msg)
        pairs[kind] = _share(kind, share)
    if sum(pairs.values()) > 1 + 1e-9:
        msg = "the shares of all faults together are above 1"
        raise FaultSpecError(msg)
    return pairs


def _pairs(spec: str | Mapping[str, float]) -> list[tuple[str, str | float]]:
    if not isinstance(spec, str | Mapping):
        msg = "faults are a text such as 429=0.05,drop=0.01, or shares by kind"
        raise FaultSpecError(msg)
    if isinstance(spec, Mapping):
        return [(str(kind), share) for kind, share in spec.items()]
    parts = [part.strip() for part in spec.split(",") if part.strip()]
    return [
        (kind.strip(), share) for kind, _, share in (p.partition("=") for p in parts)
    ]


def _share(kind: str, share: str | float) -> float:
    try:
        value = float(share)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= 1:
        msg = f"the share of fault {kind!r} must be between 0 and 1"
        raise FaultSpecError(msg)
    return value


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one run, drawn from the seed and the number of the request."""

    shares: Mapping[str, float]
    seed: int

    def draw(self, number: int) -> str | None:
        """Return the kind of fault that request ``number`` meets, or None."""
        if not self.shares:
            return None
        point = random.Random(f"{self.seed}:{number}").random()  # noqa: S311 - repeatable
        for kind, share in self.shares.items():
            if point < share:
                return kind
            point -= share
        return None
