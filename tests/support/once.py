"""What is the same for every command of this process, made once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx
import pytest
import typer.main

_commands = cache(typer.main.get_command)
_certificates = cache(httpx.create_ssl_context)


@contextmanager
def made_once() -> Iterator[None]:
    """Within it typer builds the commands once, and the certificates are read once: a
    tenth of a small night."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", _commands)
        patch.setattr(httpx, "create_ssl_context", _certificates)
        yield
