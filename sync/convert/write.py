"""A package on disk: a new folder, whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import shutil
import zipfile
from io import BytesIO
from pathlib import Path

from sync.convert.package import OutFile, Package
from sync.disk import PRIVATE_FILE, PRIVATE_FOLDER, new_file
from sync.errors import LocalError, UsageError

_NEVER = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can name: the same package gives the same bytes."""
_LEVEL = 6


def prepare(out: Path, drop: Path) -> Path:
    """The folder to be made, before anything is read.

    Raises ``UsageError`` where it holds something, is no folder or lies in the drop.
    """
    whole = out.resolve()
    do = "name a new or an empty folder with --out"
    if drop.resolve() in whole.parents:
        message = f"{out} lies in the drop, whose files would be there twice"
        raise UsageError(message, do=do)
    try:
        taken = whole.exists() and any(whole.iterdir())
    except NotADirectoryError:
        message = f"{out} is no folder"
        raise UsageError(message, do=do) from None
    except OSError as error:
        message = f"{out} cannot be read: {error.strerror}"
        raise UsageError(message, do=do) from None
    if taken:
        message = f"{out} is not empty"
        raise UsageError(message, do=do)
    return whole


def write(package: Package, out: Path, *, zipped: bool) -> list[Path]:
    """Write the files, or one zip of them, into ``out``, which is new or empty.

    They are written into a folder beside it that takes its name in the end. Raises
    ``LocalError`` when the disk is full or the place cannot be written; then nothing
    is left there.
    """
    contents = {one.name: csv_bytes(one) for one in package.files}
    if zipped:
        contents = {f"{package.layout}.zip": _zip(contents)}
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        out.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        draft.mkdir(mode=PRIVATE_FOLDER)
        for name, content in contents.items():
            with new_file(draft / name) as file:
                file.write(content)
        draft.rename(out)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise LocalError(message, do="choose another place with --out") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [out / name for name in contents]


def csv_bytes(file: OutFile) -> bytes:
    """UTF-8 without a mark, LF, quotes only where they are needed."""
    return file.frame.write_csv(quote_style="necessary").encode()


def _zip(contents: dict[str, bytes]) -> bytes:
    """All files at the root of a zip, in order, with a time that never changes."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, _NEVER)
            entry.external_attr = PRIVATE_FILE << 16
            entry.create_system = 3
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, _LEVEL)
    return made.getvalue()
