from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import LocalError
from sync.state import StateFolder, seal, sign

KEY = bytes(range(32))


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    key = seal(folder)
    assert len(key) == 32
    assert seal(StateFolder(tmp_path)) == key
    assert stat.S_IMODE((tmp_path / "seal.key").stat().st_mode) == 0o600
    assert seal(StateFolder(tmp_path / "other")) != key


def test_commands_that_start_together_get_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from sync.state import StateFolder, seal\n"
        "folder = StateFolder(Path(sys.argv[1])); sys.stdin.read()\n"
        "print(seal(folder).hex())"
    )
    commands = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for command in commands:
        assert command.stdin
        command.stdin.close()
    keys = set()
    for command in commands:
        with command:
            assert command.stdout
            keys.add(command.stdout.read())
    assert keys == {seal(StateFolder(tmp_path)).hex().encode() + b"\n"}
    assert not list(tmp_path.glob(".seal*"))


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"short", 0o600, "damaged"),
        (bytes(33), 0o600, "damaged"),
        (KEY, 0o640, "others"),
    ],
)
def test_a_key_that_proves_nothing_is_refused(
    tmp_path: Path, content: bytes, mode: int, says: str
) -> None:
    folder = StateFolder(tmp_path)
    (tmp_path / "seal.key").write_bytes(content)
    (tmp_path / "seal.key").chmod(mode)
    with pytest.raises(LocalError, match=says):
        seal(folder)


def test_a_seal_is_sha_256_in_hexadecimal() -> None:
    assert sign(KEY, []) == (
        "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb"
    )


Parts = st.lists(st.tuples(st.text(), st.binary()), max_size=4)


@given(Parts, Parts)
def test_other_parts_have_another_seal(
    one: list[tuple[str, bytes]], other: list[tuple[str, bytes]]
) -> None:
    assert (sign(KEY, one) == sign(KEY, other)) == (one == other)


@pytest.mark.parametrize(
    "other",
    [
        [("ab", b"c")],
        [("a", b"b"), ("", b"c")],
        [("a", b"bc"), ("", b"")],
        [("a", b"bd")],
        [("b", b"bc")],
    ],
)
def test_no_byte_moves_from_one_part_to_another(other: list[tuple[str, bytes]]) -> None:
    assert sign(KEY, other) != sign(KEY, [("a", b"bc")])


def test_another_key_gives_another_seal() -> None:
    assert sign(KEY, [("a", b"b")]) != sign(bytes(32), [("a", b"b")])
