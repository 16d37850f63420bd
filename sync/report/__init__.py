"""The account of one run: whether it adds up, and every form in which it is shown.

In: an ``Account`` made of counts, findings and the operations with their outcomes.
Out: ``report.json``, ``report.html``, ``findings.csv``, ``operations.csv`` and the
summary on the terminal.
"""

from __future__ import annotations

import lazy_loader

# The names of this front door, each loaded when it is asked for, stand in the .pyi.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
