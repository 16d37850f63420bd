from __future__ import annotations

import pytest

from sync.model.loopback import is_loopback


@pytest.mark.parametrize("host", ["school.example", "10.0.0.1", "::2", ""])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert is_loopback(host) is False


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.9.8.7", "::1"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host) is True
