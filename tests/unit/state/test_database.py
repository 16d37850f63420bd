from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import LocalError
from sync.state.database import database_errors


def test_damage_that_cannot_be_told_in_unicode_is_called_damage(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalError, match="is damaged"),
        database_errors(tmp_path / "journal.sqlite"),
    ):
        b"malformed database schema (\xe3)".decode()
