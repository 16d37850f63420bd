from __future__ import annotations

import pytest

from sync.samples import Tables, generate, next_night


@pytest.fixture(scope="session")
def district() -> Tables:
    return generate(3000, seed=7)


@pytest.fixture(scope="session")
def second_night(district: Tables) -> Tables:
    return next_night(district, seed=8, change=0.05)


@pytest.fixture(scope="session")
def third_night(second_night: Tables) -> Tables:
    return next_night(second_night, seed=9, change=0.05)


@pytest.fixture(params=["district", "second_night", "third_night"])
def any_night(request: pytest.FixtureRequest) -> Tables:
    tables = request.getfixturevalue(request.param)
    assert isinstance(tables, Tables)
    return tables
