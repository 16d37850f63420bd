"""The story: read, map, validate, fetch, compare, plan, guard, apply, verify."""

from __future__ import annotations

import lazy_loader

# The names of this front door, each loaded when it is asked for, stand in the .pyi.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
