"""Options of the command line in a message as the keyword arguments of Python that they are."""

from __future__ import annotations

import re

# switches, and options whose keyword has another name; the keyword of any other is its name with underscores
_SWITCHES = ("allow-data-change", "force", "numeric", "resume", "skip-bad", "uncertainty")
_OTHERS = {
    **{name: f"{name.replace('-', '_')}=True" for name in _SWITCHES},
    "from": "start",
    "memory": "memory_mb",
    "no-calibration": "calibrate=False",
    "no-forces": "use_forces=False",
    "no-reference": "reference_energies=False",
    "no-stress": "use_stress=False",
    "structure": "structures",
}
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")
_WITH_VALUE = re.compile(rf"{_OPTION.pattern}(?: ([^\s-]\S*))?")


def as_keywords(text: str) -> str:
    """`--types Nb,Mo` as `types="Nb,Mo"`, `--resume` as `resume=True`; whole commands stay as they are."""
    parts = text.split("`")
    for k, part in enumerate(parts):
        if k % 2 == 0:
            parts[k] = _OPTION.sub(lambda found: _keyword(found[1]), part)
        elif part.startswith("--"):
            parts[k] = ", ".join(_keyword(*found) for found in _WITH_VALUE.findall(part))
        elif part == "-o":
            parts[k] = "output"
    return "`".join(parts)


def _keyword(name: str, value: str = "") -> str:
    """value: a word; quoted, unless it is one in capitals that stands for another."""
    keyword = _OTHERS.get(name, name.replace("-", "_"))
    if not value:
        return keyword
    return f"{keyword}={value}" if value.isupper() or value.startswith("'") else f'{keyword}="{value}"'
