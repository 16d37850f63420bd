"""The points at which the fault suite lets a process die are places of the program."""

from __future__ import annotations

import importlib
from functools import reduce

import pytest

from tests.faults.points import POINTS


@pytest.mark.parametrize("place", sorted({one.place for one in POINTS.values()}))
def test_every_failure_point_names_a_function_of_the_program(place: str) -> None:
    module, _, name = place.partition(":")
    found = reduce(getattr, name.split("."), importlib.import_module(module))
    assert callable(found)
