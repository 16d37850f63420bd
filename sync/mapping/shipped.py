"""Where the shipped mappings and samples are.

They stand at the top of the source tree, where people look for them; a wheel carries
them inside the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import sync

DataKind = Literal["mappings", "samples"]


def data_folder(kind: DataKind) -> Path:
    """The folder of the shipped mappings or samples."""
    package = Path(sync.__file__).parent
    inside = package / "_data" / kind
    return inside if inside.is_dir() else package.parent / kind


def names() -> list[str]:
    """The names of the shipped mappings, in order."""
    return sorted(path.stem for path in data_folder("mappings").glob("*.toml"))
