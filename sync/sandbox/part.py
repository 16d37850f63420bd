"""A part of the sandbox that has records of its own, beside OneRoster's tables.

Schoology and Open edX keep other things than OneRoster does. Each of them brings its
tables, fills them from its own key of a document, and writes them out again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one system, under ``name`` in documents."""

    name: str
    statements: tuple[str, ...]
    """``CREATE TABLE IF NOT EXISTS`` and indexes; run when the store is opened."""
    tables: tuple[str, ...]
    """What is emptied when the sandbox is reset."""
    load: Callable[[World, Mapping[str, Any]], dict[str, int]]
    """Merges its part of a document; answers how many records it had per list.
    Raises ``DocumentError``."""
    dump: Callable[[World], dict[str, Any]]
    """Everything it holds, in an order of its own; loading it gives the same."""
