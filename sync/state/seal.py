"""The seal of plans: a key that never leaves this state folder, and what it signs.

Level 3, under ``sync.state``. What is sealed here is believed here: a plan file that
was changed, or made elsewhere, has another seal.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from sync.disk import sync_folder
from sync.errors import LocalError
from sync.state.folder import StateFolder, local_errors, write_atomic

_KEY_BYTES = 32
_NAME = "seal.key"


def seal(folder: StateFolder) -> bytes:
    """The key of this state folder, made on first use (0600).

    Raises ``LocalError`` where it is damaged or others can read it.
    """
    path = folder.path / _NAME
    with local_errors(path):
        if not path.exists():
            _create(path)
        with path.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            key = stream.read(_KEY_BYTES + 1)
    if len(key) != _KEY_BYTES or mode & 0o077:
        what = "damaged" if len(key) != _KEY_BYTES else "readable by others"
        message = f"{path} is {what}, so no plan can be believed"
        do = "remove it: a new one is made, and plans made before are refused"
        raise LocalError(message, do=do)
    return key


def _create(path: Path) -> None:
    """Two commands may come here at once: the first link wins, both use its key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_atomic(draft, secrets.token_bytes(_KEY_BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sign(key: bytes, parts: Iterable[tuple[str, bytes]]) -> str:
    """HMAC-SHA256, in hexadecimal, over the names, lengths and bytes of the parts.

    The lengths keep one part from passing for two. Compare with
    ``hmac.compare_digest``.
    """
    code = hmac.new(key, digestmod=sha256)
    for name, content in parts:
        for piece in (name.encode(), content):
            code.update(len(piece).to_bytes(8, "big"))
            code.update(piece)
    return code.hexdigest()
