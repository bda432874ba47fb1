"""Text of others as a terminal may have it: no character in it moves the cursor, hides or turns words."""

from __future__ import annotations

# C0 as the pictures that Unicode has of it; C1, marks that turn the direction of a text, halves of characters
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_HIDDEN = (*range(0x80, 0xA0), 0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_TABLE = _PICTURES | dict.fromkeys((*_HIDDEN, 0xFEFF, *range(0xD800, 0xE000)), 0xFFFD)


def plain(text: str) -> str:
    """The text, each control character but line ends and tabs as one that is seen, such as `␛`."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def shortened(text: str, limit: int = 40) -> str:
    """The beginning of a text of others, as a message quotes it."""
    return text if len(text) <= limit else text[:limit] + "…"


def plain_json(text: str) -> str:
    """JSON without control characters: in the texts of it they are escapes, such as `\\u009b`."""
    return "".join(c if ord(c) not in _TABLE else f"\\u{ord(c):04x}" for c in text) if _odd(text) else text


def _odd(text: str) -> bool:
    return not text.isascii() or "\x7f" in text
