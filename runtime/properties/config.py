"""The configuration of properties: measurements, structures and references, from a TOML file.

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
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, PrivateAttr, create_model, model_validator

from ...compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from ..files.settings import ConfigError, Section, one_of, read_toml, validated
from .family import OfStructures, families, family_names
from .reference import Reference
from .structure_config import StructureConfig

FAMILIES = family_names()


class _Measured(Section):
    """All settings of a measurement. Without structures a set for the species is chosen.

    The first structure of a composition is its ground state: energies are compared with it, and what costs
    more is measured of it, unless a property names structures of its own.
    """

    measure: tuple[Annotated[str, one_of(FAMILIES)], ...] = Field(
        default=FAMILIES, description="Families that are measured."
    )
    structures: dict[str, StructureConfig] = Field(default_factory=dict)
    _narrowed: bool = PrivateAttr(False)
    if TYPE_CHECKING:  # declared below, after the families: a stored design knows the order of the sections
        reference: tuple[Reference, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for family in FAMILIES:
            for name in self.named(family) or ():
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

    def settings(self, family: str) -> Section:
        """The section of a family, as it is or by default."""
        found = getattr(self, family, None)
        return found if isinstance(found, Section) else Section()

    def named(self, family: str) -> tuple[str, ...] | None:
        """Names of the structures that a family is measured of, where it names any."""
        found = self.settings(family)
        return found.structures if isinstance(found, OfStructures) else None

    def only(self, families: Sequence[str]) -> Self:
        """The same, with these families alone; references of the others do not count. Raises ConfigError
        (bad-value) for one that is not known.
        """
        names = [name.strip() for name in families]
        for name in names:
            if name not in FAMILIES:
                help = did_you_mean(name, FAMILIES) or f"known: {', '.join(FAMILIES)}"
                raise ConfigError(
                    Diagnostic("bad-value", f"there is no family of properties `{name}`", help=help)
                )
        found = self.model_copy(update={"measure": tuple(names)})
        found._narrowed = True
        return found

    @property
    def is_narrowed(self) -> bool:
        """Whether it is `only` some families of a configuration."""
        return self._narrowed


if TYPE_CHECKING:
    PropertiesConfig = _Measured
else:  # with a section for each family that has settings
    PropertiesConfig = create_model(
        "PropertiesConfig",
        __base__=_Measured,
        __doc__=_Measured.__doc__,
        __module__=__name__,
        **{
            name: (family.settings, family.settings.model_validate({}))
            for name, family in families().items()
            if family.settings.model_fields
        },
        reference=(tuple[Reference, ...], ()),
    )


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
