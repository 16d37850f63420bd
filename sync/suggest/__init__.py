"""Files never seen -> a mapping for them, as TOML with evidence and doubts.

Front door of the package; everything else in it is internal.
"""

from __future__ import annotations

from sync.suggest.run import Suggestion, suggest

__all__ = ["Suggestion", "suggest"]
