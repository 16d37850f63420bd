"""Every part of the sandbox that has records of its own: one line each."""

from __future__ import annotations

from sync.sandbox import openedx_store, schoology_documents
from sync.sandbox.part import Part

PARTS: tuple[Part, ...] = (openedx_store.PART, schoology_documents.PART)
