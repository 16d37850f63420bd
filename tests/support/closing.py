"""What is closed at the end of a ``with`` block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """``with Something() as something:``, and ``close`` at its end."""

    def __enter__(self) -> Self:
        """It is at work already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever came of the block."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """End it."""
