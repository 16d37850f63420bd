"""Reading records back: drift before, doubt within and verification after sending."""

from sync.verify.drift import Drift, drifted
from sync.verify.expect import DIFFERS_SCHEMA, Reader, differences, remote_frame

__all__ = [
    "DIFFERS_SCHEMA",
    "Drift",
    "Reader",
    "differences",
    "drifted",
    "remote_frame",
]
