"""Make any text harmless on a terminal and in a page.

Used wherever a word that came from a file or a server is shown: what is written here
neither moves a cursor, nor colours a line, nor turns the direction of reading.
"""

from __future__ import annotations

_CONTROL = {number: chr(0x2400 + number) for number in range(0x20)}
_CONTROL[0x7F] = "\u2421"
_LAST_CONTROL = range(0x80, 0xA0)
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_UNSEEN = (
    *(0x00AD, 0x180E, 0x200B, 0x2028, 0x2029, 0xFEFF),
    *range(0x2060, 0x2066),
    *range(0x206A, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
_TABLE: dict[int, str] = {
    **_CONTROL,
    **{number: f"<U+{number:04X}>" for number in (*_LAST_CONTROL, *_BIDI, *_UNSEEN)},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
"""The joiners U+200C and U+200D stay: Persian and Indian names are spelled with
them."""


def plain(text: str) -> str:
    """The text on one line, with everything that would act made visible instead.

    Control characters become their pictures (``␛``, ``␊``), marks of direction and
    characters without a shape their code points, lone surrogates ``\ufffd``.
    """
    return text.translate(_TABLE)
