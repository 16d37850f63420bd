"""What is the same for every command of this process, made once for all of them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import certifi
import httpx
import pytest
import typer.main

_commands = cache(typer.main.get_command)
_create = httpx.create_ssl_context


@cache
def _believing(_: str, *, verify: bool, trust_env: bool) -> ssl.SSLContext:
    return _create(verify=verify, trust_env=trust_env)


def _certificates(*, verify: bool = True, trust_env: bool = True) -> ssl.SSLContext:
    """One for each place of the authorities: a test may have its own."""
    return _believing(certifi.where(), verify=verify, trust_env=trust_env)


@contextmanager
def made_once() -> Iterator[None]:
    """Within it typer builds the commands once, and the certificates are read once: a
    tenth of a small night."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", _commands)
        patch.setattr(httpx, "create_ssl_context", _certificates)
        yield
