"""Reading records back: drift before, doubt within and verification after sending."""

from sync.verify.drift import drifted
from sync.verify.expect import DIFFERS_SCHEMA, Reader, differences

__all__ = ["DIFFERS_SCHEMA", "Reader", "differences", "drifted"]
