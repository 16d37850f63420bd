"""What of a drop is for a target: roster and mirror -> what is chosen, what is not.

Front door of the package. Roster rows that the selection leaves out are reported and
never carried out; remote records outside it are never ended.
"""

from __future__ import annotations

from sync.select.choose import ITSELF, Choice, choose
from sync.select.lay import with_left_out, with_outside
from sync.select.selection import Selection

__all__ = ["ITSELF", "Choice", "Selection", "choose", "with_left_out", "with_outside"]
