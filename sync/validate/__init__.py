"""Validation: mapped tables in, the roster and its findings out."""

from sync.validate.codes import CODES
from sync.validate.counts import digest
from sync.validate.run import validate

__all__ = ["CODES", "digest", "validate"]
