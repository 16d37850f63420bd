"""What goes wrong before anything is served."""

from __future__ import annotations


class DocumentError(ValueError):
    """The document to load is not one."""
