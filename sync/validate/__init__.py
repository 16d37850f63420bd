"""Validation: mapped tables in, the roster and its findings out."""

from sync.validate import sieve
from sync.validate.codes import CODES
from sync.validate.counts import digest
from sync.validate.run import validate
from sync.validate.sheet import Aside

__all__ = ["CODES", "Aside", "digest", "sieve", "validate"]
