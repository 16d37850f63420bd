"""Believable districts, made up from a seed: drops to try the program with.

A number of students and a seed come in; tables, files and a document for the sandbox go
out. Equal arguments give equal bytes. Nobody in here exists: names are drawn, addresses
end in `.example`, telephone numbers belong to nobody.
"""

from __future__ import annotations

from sync.samples.district import generate
from sync.samples.make import make_samples
from sync.samples.messy import messy_night
from sync.samples.night import next_night
from sync.samples.openedx import course_key, openedx_document, with_course_keys
from sync.samples.sandbox import Document, sandbox_document
from sync.samples.schoology import SchoologyDocument, schoology_document
from sync.samples.tables import Tables, read_tables, write

__all__ = [
    "Document",
    "SchoologyDocument",
    "Tables",
    "course_key",
    "generate",
    "make_samples",
    "messy_night",
    "next_night",
    "openedx_document",
    "read_tables",
    "sandbox_document",
    "schoology_document",
    "with_course_keys",
    "write",
]
