"""The pieces of a design as potentials, and the files that their columns are kept in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from .pieces import Material, Piece, base, piece


@dataclass(frozen=True)
class Catalogue:
    """The material, the core that is always there, and the folder of the study. place: the configuration."""

    material: Material
    core: str
    folder: Path
    place: str

    @cached_property
    def _pieces(self) -> dict[str, Piece]:
        return {}

    def piece(self, call: str) -> Piece:
        """A term of the catalogue, built once; the empty call: the constant part. Raises ConfigError."""
        if call not in self._pieces:
            self._pieces[call] = (
                piece(self.material, call, self.place) if call else base(self.material, self.core, self.place)
            )
        return self._pieces[call]

    def columns(self, call: str) -> Path:
        """The file of the columns of a piece."""
        return self.folder / "columns" / f"{file_name(call)}.npy"


def file_name(*texts: str) -> str:
    """A name for a file about these texts: 16 digits of their digest."""
    return sha256("\n".join(texts).encode()).hexdigest()[:16]
