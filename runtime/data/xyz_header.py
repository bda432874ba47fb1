"""The number of atoms in the first line of a frame; one that no file has is told."""

from __future__ import annotations

import re
from unicodedata import name

from ...compiler.diagnostics.diagnostic import DataError, Diagnostic
from ...compiler.diagnostics.plain import shortened

MOST_ATOMS = 100_000_000
_COUNT = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def number_of_atoms(line: str, place: str) -> int:
    """The number that a line is. Raises DataError unreadable-structure."""
    text = line.strip()
    odd = next((c for c in text if c.isdigit() and not c.isascii()), None)
    if odd is not None:
        raise _error(f"`{name(odd, odd)}` is no digit of a number of atoms: 0 to 9 are", place)
    if _COUNT.fullmatch(text) is None:
        if text.lstrip("+-").isdecimal():
            raise _error(
                f"a structure cannot have {shortened(text)} atoms; at most {MOST_ATOMS} are read", place
            )
        raise _error(f"expected a number of atoms, found `{shortened(text)}`", place)
    count = int(text)
    if not 0 <= count <= MOST_ATOMS:
        most = f"; at most {MOST_ATOMS} are read" if count > 0 else ""
        raise _error(f"a structure cannot have {count} atoms{most}", place)
    return count


def _error(message: str, place: str) -> DataError:
    return DataError(Diagnostic("unreadable-structure", message, place=place))
