"""Which properties are measured, of which structures, against which references: a TOML file.

measure = ["lattice", "elastic", "vacancy"]
[structures.bcc]
prototype = "bcc"
[[reference]]
property = "C11.bcc"
value = 247.0
unit = "GPa"
source = "where the figure is from"
tolerance = 25.0
guard = true
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from ase.data import atomic_numbers
from pydantic import AfterValidator, Field, model_validator

from ...compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from ..files.settings import ConfigError, Section, read_toml, validated

Family = Literal["lattice", "equation_of_state", "elastic", "vacancy", "surface", "phonon", "dimer", "hot_md"]
FAMILIES: tuple[Family, ...] = get_args(Family)
PrototypeName = Literal["bcc", "fcc", "hcp", "a15", "diamond", "sc", "b1", "b2", "b3", "l12"]


def _element(symbol: str) -> str:
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"`{symbol}` is not a chemical element")
    return symbol


Symbol = Annotated[str, AfterValidator(_element)]
Miller = tuple[int, int, int]


class StructureConfig(Section):
    """A crystal: a prototype with its species and where the search starts (Å), or a file of ASE's formats."""

    prototype: PrototypeName | None = None
    species: tuple[Symbol, ...] = ()
    lattice_constant: float | None = Field(None, gt=0.5, lt=50)
    c_over_a: float | None = Field(None, gt=0.3, lt=5)
    file: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.prototype is None) == (self.file is None):
            raise ValueError("a structure has either a `prototype` or a `file`")
        if self.file is not None and (self.species or self.lattice_constant or self.c_over_a):
            raise ValueError("`species`, `lattice_constant` and `c_over_a` go with a `prototype`")
        if self.c_over_a is not None and self.prototype != "hcp":
            raise ValueError("`c_over_a` goes with the prototype `hcp`")
        return self


class _Of(Section):
    """structures: names of those that the property is measured of; the ground states where not given."""

    structures: tuple[str, ...] | None = None


class EquationOfStateConfig(_Of):
    """strain: the largest change of length, of either sign; points: volumes, the middle one included."""

    strain: float = Field(0.04, gt=0.001, lt=0.2)
    points: int = Field(11, ge=5, le=101)


class ElasticConfig(_Of):
    """Elastic constants need no settings of their own."""


class VacancyConfig(_Of):
    """relax: whether the atoms around the vacancy move."""

    relax: bool = True


class SurfaceConfig(_Of):
    """miller: planes, of the conventional cell; thickness of the slab in Å; relax: whether its atoms move."""

    miller: tuple[Miller, ...] | None = None
    thickness: float = Field(12.0, ge=3, le=60)
    relax: bool = True

    @model_validator(mode="after")
    def _planes(self) -> Self:
        if self.miller is not None and ((0, 0, 0) in self.miller or not self.miller):
            raise ValueError("`miller` names planes: [[1, 0, 0]]; (0, 0, 0) is none")
        return self


class PhononConfig(_Of):
    """points: q-points of the drawn path, in all."""

    points: int = Field(120, ge=10, le=2000)


class DimerConfig(Section):
    """The core is checked from `shortest` (Å) to `fraction` of the distance of nearest neighbours.

    Two atoms by themselves bind at less than in the crystal (Cr2 at 1.68 Å of 2.50 Å): the core ends below.
    """

    shortest: float = Field(0.3, ge=0.05, le=2)
    fraction: float = Field(0.6, gt=0.1, le=1)
    points: int = Field(64, ge=8, le=1000)


class HotMDConfig(_Of):
    """temperature in K; None: near what melts the crystal, from its bulk modulus. timestep in fs."""

    temperature: float | None = Field(None, gt=0)
    steps: int = Field(400, ge=1)
    timestep: float | None = Field(None, gt=0, le=20)
    seed: int = Field(0, ge=0)


class Reference(Section):
    """What a property should be. tolerance, min and max are in `unit`; `guard` makes them a must.

    weight: its share among several, for who optimises.
    """

    property: str
    value: float | None = None
    unit: str = ""
    source: str = ""
    tolerance: float | None = Field(None, gt=0)
    min: float | None = None
    max: float | None = None
    weight: float = Field(1.0, ge=0)
    guard: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.value is None and self.min is None and self.max is None:
            raise ValueError(f"the reference of `{self.property}` has neither `value` nor `min` nor `max`")
        if self.tolerance is not None and self.value is None:
            raise ValueError(f"the reference of `{self.property}` has a `tolerance` and no `value`")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"the reference of `{self.property}` has a `min` above its `max`")
        if self.guard and not self.decides():
            raise ValueError(f"the guard `{self.property}` needs a `tolerance`, `min` or `max`")
        return self

    def decides(self) -> bool:
        """Whether it draws a line between good and bad."""
        return self.tolerance is not None or self.min is not None or self.max is not None

    def scaled(self, factor: float, unit: str) -> Reference:
        """The same in another unit."""
        given = {k: getattr(self, k) for k in ("value", "tolerance", "min", "max")}
        return self.model_copy(
            update={"unit": unit, **{k: None if v is None else v * factor for k, v in given.items()}}
        )


class PropertiesConfig(Section):
    """All settings of a measurement. Without structures a set for the species is chosen.

    The first structure of a composition is its ground state: energies are compared with it, and what costs
    more is measured of it, unless a property names structures of its own.
    """

    measure: tuple[Family, ...] = FAMILIES
    structures: dict[str, StructureConfig] = Field(default_factory=dict)
    equation_of_state: EquationOfStateConfig = EquationOfStateConfig.model_validate({})
    elastic: ElasticConfig = ElasticConfig()
    vacancy: VacancyConfig = VacancyConfig()
    surface: SurfaceConfig = SurfaceConfig.model_validate({})
    phonon: PhononConfig = PhononConfig.model_validate({})
    dimer: DimerConfig = DimerConfig.model_validate({})
    hot_md: HotMDConfig = HotMDConfig.model_validate({})
    reference: tuple[Reference, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for family in FAMILIES:
            for name in _named(getattr(self, family, None)):
                if self.structures and name not in self.structures:
                    advice = did_you_mean(name, self.structures) or f"there are {', '.join(self.structures)}"
                    raise ValueError(
                        f"[{family}] names `{name}`, which is not among the structures; {advice}"
                    )
        twice = [r.property for r in self.reference]
        for name in twice:
            if twice.count(name) > 1:
                raise ValueError(f"`{name}` has two references")
        return self

    def only(self, families: Sequence[str]) -> PropertiesConfig:
        """The same, with these families alone. Raises ConfigError (bad-value) for one that is not known."""
        names = [name.strip() for name in families]
        for name in names:
            if name not in FAMILIES:
                help = did_you_mean(name, FAMILIES) or f"known: {', '.join(FAMILIES)}"
                raise ConfigError(
                    Diagnostic("bad-value", f"there is no family of properties `{name}`", help=help)
                )
        return self.model_copy(update={"measure": tuple(names)})


def _named(settings: Any) -> Sequence[str]:
    return (getattr(settings, "structures", None) or ()) if settings is not None else ()


def load_properties_config(path: Path | str | None = None) -> PropertiesConfig:
    """The configuration of a TOML file, or the default one.

    Files of structures are looked for beside the TOML file. Raises ConfigError with one diagnostic for each
    fault: missing-file, bad-toml, unknown-key, bad-value.
    """
    if path is None:
        return PropertiesConfig()
    config = validated(PropertiesConfig, read_toml(Path(path)), str(path))
    beside = {
        name: s.model_copy(update={"file": str(Path(path).parent / s.file)}) if s.file else s
        for name, s in config.structures.items()
    }
    return config.model_copy(update={"structures": beside})
