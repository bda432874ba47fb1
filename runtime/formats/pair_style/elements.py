"""The elements of LAMMPS's atom types, by the lines `labelmap` and `mass`, and by those that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ....compiler.chemistry.elements import ELEMENTS
from ....compiler.diagnostics.diagnostic import did_you_mean
from ..lammps.source import masses
from .commands import Command

_NEAR = 0.05  # amu: tables of masses differ by less
_LONGEST = 4  # digits of a type
_ANY = 1.0  # amu, of atoms whose mass does not count
_HELP = "write `mass 1 28.0855` or `labelmap atom 1 Si` for each type"


@dataclass
class Types:
    """n: the number of types. labels: types, from 1, by their labels. known: elements by type."""

    n: int
    labels: dict[str, int]
    known: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, commands: Mapping[str, Sequence[Command]]) -> Types:
        """Of the lines of an input. Raises ArtifactError malformed-input."""
        labels = _labels(commands.get("labelmap", ()))
        found = cls(_count(commands, labels), labels)
        for label, k in labels.items():
            if label in ELEMENTS:
                found.known[k] = label
        for line in commands.get("mass", ()):
            if len(line.arguments) != 2:
                raise line.error("`mass` has a type and a number", "usage: mass 1 28.0855")
            mass = line.number(line.arguments[1])
            element = _of_mass(line, mass)
            for k in found.range(line, line.arguments[0]):
                if element is not None and not (k in found.known and mass == _ANY):
                    found.element(line, k, element)
        return found

    def range(self, line: Command, word: str) -> Sequence[int]:
        """The types that `2`, `*`, `*3`, `2*` or a label name."""
        if word in self.labels:
            return (self.labels[word],)
        low, star, high = word.partition("*")
        if not all(part == "" or part.isdigit() for part in (low, high)) or word == "":
            help = (
                did_you_mean(word, self.labels)
                or "a type is a number, a range `2*4`, `*`, or a label of `labelmap`"
            )
            raise line.error(f"`{word}` is no atom type", help)
        first = int(low) if low else 1
        last = int(high) if high else self.n if star else first
        if not 1 <= first <= last <= self.n:
            raise line.error(f"`{word}` is not among the atom types 1 to {self.n}")
        return range(first, last + 1)

    def element(self, line: Command, k: int, name: str) -> str:
        """The element that a line gives to a type. Raises ArtifactError where there is none, or another."""
        if name not in ELEMENTS:
            raise line.error(f"there is no element `{name}`", did_you_mean(name, ELEMENTS))
        before = self.known.setdefault(k, name)
        if before != name:
            raise line.error(f"type {k} is {name} here, and {before} in another line")
        return name

    def required(self, line: Command, k: int) -> str:
        """The element of a type that acts. Raises ArtifactError where no line says it."""
        if k not in self.known:
            raise line.error(f"no line says which element type {k} is", _HELP)
        return self.known[k]

    def pair_name(self, pair: tuple[int, int]) -> str:
        """`Si-C`, or the numbers where elements are not known."""
        return "-".join(self.known.get(k, str(k)) for k in pair)

    @property
    def species(self) -> tuple[str, ...]:
        """The elements in the order of types, each once."""
        return tuple(dict.fromkeys(self.known[k] for k in sorted(self.known)))


def _labels(lines: Iterable[Command]) -> dict[str, int]:
    labels: dict[str, int] = {}
    for line in lines:
        kind, *words = line.arguments or ("",)
        if kind != "atom":
            continue
        if len(words) % 2:
            raise line.error("`labelmap atom` has a label for each type", "usage: labelmap atom 1 Si 2 C")
        for number, label in zip(words[::2], words[1::2], strict=True):
            labels[label] = line.count(number, 1)
    return labels


def _count(commands: Mapping[str, Sequence[Command]], labels: Mapping[str, int]) -> int:
    """The highest type that a line names, or as many as a line has elements for."""
    found = [1, *labels.values()]
    for line in (*commands.get("mass", ()), *commands.get("pair_coeff", ())):
        for word in line.arguments[: 2 if line.name == "pair_coeff" else 1]:
            found += [_number(line, part) for part in word.split("*") if part.isdigit()]
        if line.name == "pair_coeff" and line.arguments[:2] == ("*", "*"):
            found.append(_elements_at_end(line.arguments[2:]))
    return max(found)


def _number(line: Command, word: str) -> int:
    """The number of a type. Raises ArtifactError where there are not as many elements."""
    if len(word) > _LONGEST:
        shown = word if len(word) < 20 else f"{word[:20]}…"
        raise line.error(f"`{shown}` is no atom type", f"a type has at most {_LONGEST} digits")
    return int(word)


def _elements_at_end(words: Sequence[str]) -> int:
    count = 0
    for word in reversed(words):
        if word not in ELEMENTS and word != "NULL":
            break
        count += 1
    return count


def _of_mass(line: Command, mass: float) -> str | None:
    """The element that the comment names, or the one of this mass. Raises ArtifactError where they differ."""
    named = next((word for word in line.comment.split()[:1] if word in ELEMENTS), None)
    near = [s for s, m in zip(ELEMENTS, masses(list(ELEMENTS)), strict=True) if abs(m - mass) < _NEAR]
    if named is not None and near and named not in near and mass != _ANY:
        message = f"the mass {mass:g} is that of {near[0]}, and the comment begins with {named}"
        raise line.error(message, f"write `# {near[0]}`, or delete the comment")
    return named or (near[0] if len(near) == 1 else None)
