"""Reading records back: drift before, doubt within and verification after sending."""

from sync.verify.drift import Drift, drifted
from sync.verify.expect import DIFFERS_SCHEMA, differences, remote_frame
from sync.verify.reading import SINGLES, Reader

__all__ = [
    "DIFFERS_SCHEMA",
    "SINGLES",
    "Drift",
    "Reader",
    "differences",
    "drifted",
    "remote_frame",
]
