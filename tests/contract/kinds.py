"""The kinds that the contract is tried on: one line for each."""

from __future__ import annotations

from tests.contract import edubridge, oneroster, openedx, schoology, timeback
from tests.contract.harness import Harness

KINDS: tuple[Harness, ...] = (
    timeback.EDUBRIDGE,
    timeback.ONEROSTER,
    edubridge.HARNESS,
    oneroster.V1P2,
    oneroster.V1P1,
    schoology.JSON,
    schoology.XML,
    openedx.HARNESS,
)
