"""Reading records back: drift before, doubt within and verification after sending."""

from sync.verify.drift import drifted
from sync.verify.expect import DIFFERS_SCHEMA, Reader, differences, remote_frame

__all__ = ["DIFFERS_SCHEMA", "Reader", "differences", "drifted", "remote_frame"]
