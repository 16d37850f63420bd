"""A folder of files and some answers -> a configuration, and its nightly job.

Front door of the package; everything else in it is internal. What is asked of people
and what is printed for them is the commands' own (``init``, ``install-cron``).
"""

from __future__ import annotations

from sync.setup.answers import Answers, Ask, complete, without_files
from sync.setup.cron import Job, files
from sync.setup.layout import DOUBT, Seen, is_there, look, mapping_from
from sync.setup.place import SCHEMA_NAME, keep, place_of
from sync.setup.questions import Question, is_here
from sync.setup.write import configuration, variables

__all__ = [
    "DOUBT",
    "SCHEMA_NAME",
    "Answers",
    "Ask",
    "Job",
    "Question",
    "Seen",
    "complete",
    "configuration",
    "files",
    "is_here",
    "is_there",
    "keep",
    "look",
    "mapping_from",
    "place_of",
    "variables",
    "without_files",
]
