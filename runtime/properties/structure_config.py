"""The crystals to measure, as a table of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from ase.data import atomic_numbers
from pydantic import AfterValidator, Field, model_validator

from ...compiler.diagnostics.diagnostic import DataError
from ..data.config import FileConfig

PrototypeName = Literal["bcc", "fcc", "hcp", "a15", "diamond", "sc", "b1", "b2", "b3", "l12"]


def _element(symbol: str) -> str:
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"`{symbol}` is not a chemical element")
    return symbol


Symbol = Annotated[str, AfterValidator(_element)]
Miller = tuple[int, int, int]


class StructureConfig(FileConfig):
    """A crystal: a prototype, or a file."""

    prototype: PrototypeName | None = Field(None, description="Prototype of the crystal.")
    species: tuple[Symbol, ...] = Field(
        (), description="Species of the prototype; those of the run where not given."
    )
    lattice_constant: float | None = Field(
        None, gt=0.5, lt=50, description="Lattice constant where the search starts, Å."
    )
    c_over_a: float | None = Field(
        None, gt=0.3, lt=5, description="Ratio of the axes of `hcp` where the search starts."
    )
    file: str | None = Field(
        None, description="File of a structure, beside this one; `file.xyz@3` takes one of several."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.prototype is None) == (self.file is None):
            raise ValueError("a structure has either a `prototype` or a `file`")
        if self.file is not None and (self.species or self.lattice_constant or self.c_over_a):
            raise ValueError("`species`, `lattice_constant` and `c_over_a` go with a `prototype`")
        if self.c_over_a is not None and self.prototype != "hcp":
            raise ValueError("`c_over_a` goes with the prototype `hcp`")
        if self.file is None and (self.format is not None or self.types is not None):
            raise ValueError("`format` and `types` go with a `file`")
        try:
            self.kind()
        except DataError as error:
            raise ValueError(error.diagnostics[0].message) from None
        return self
