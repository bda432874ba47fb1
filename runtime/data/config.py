"""The configuration of data files: the table `[data]` of every configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from ..files.settings import Section, option

if TYPE_CHECKING:  # the options of a command are these fields, and its help starts at once
    from .file_kind import FileKind
    from .labels import LabelKeys


# fields that are stored where they are given: configurations of earlier versions stay the same
_UNSAID = ("format", "types", "skip_bad")


class FileConfig(Section):
    """The kind of data files, where they do not say it themselves.

    What is not given is no part of a stored configuration.
    """

    format: str | None = option(
        None, "Format of the files, as ASE names it.", metavar="NAME", shown="by itself"
    )
    types: str | None = option(None, "Elements of the atom types 1, 2, … of LAMMPS.", metavar="Nb,Mo")

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        found: dict[str, object] = handler(self)
        return {k: v for k, v in found.items() if k not in _UNSAID or v not in (None, False)}

    def kind(self) -> FileKind:
        """The kind for the reader. Raises DataError: unknown-format, bad-types."""
        from .file_kind import file_kind

        return file_kind(self.format, self.types)


class DataConfig(FileConfig):
    """The keys, units and signs of labels; the choice of the test set."""

    # the order of the fields is that of the options, and is part of the digest of a stored design
    energy_key: str = option("energy", "Key of the energy, eV.", metavar="KEY")
    forces_key: str = option("forces", "Key of the forces, eV/Å.", metavar="KEY")
    use_forces: bool = option(True, "Leave the forces aside.", flag="--no-forces")
    stress_key: str = option("stress", "Key of the stress.", metavar="KEY")
    use_stress: bool = option(True, "Leave the stress aside.", flag="--no-stress")
    virial_key: str | None = option(
        None, "Key of a virial, eV, in place of stress; none: of none.", metavar="KEY"
    )
    stress_unit: str = option("eV/Å^3", "Unit of the stress: eV/Å^3, GPa, kbar, …", metavar="UNIT")
    stress_sign: Literal["tension", "compression"] = option(
        "tension", "Meaning of a positive stress: tension or compression.", metavar="SIGN"
    )
    virial_sign: Literal["minus", "plus"] = option(
        "minus", "Sign of a virial: minus (-V*stress, GPUMD) or plus.", metavar="SIGN"
    )
    config_type_key: str = option("config_type", "Key of the config type of a structure.", metavar="KEY")
    weight_key: str | None = option(None, "Key of a weight of each structure.", metavar="KEY")
    skip_bad: bool = option(False, "Leave bad structures out, and list them.")
    test: str | None = option(
        None, "Test structures: split=test, a fraction such as 0.1, or a file.", metavar="RULE"
    )

    def aside(self) -> tuple[str, ...]:
        """The kinds of labels that are left aside."""
        used = {"forces": self.use_forces, "stress": self.use_stress}
        return tuple(kind for kind, wanted in used.items() if not wanted)

    def keys(self) -> LabelKeys:
        """The keys for the reader. Raises DataError for a unit that is not known."""
        from .labels import LabelKeys

        return LabelKeys(
            energy=self.energy_key,
            forces=self.forces_key,
            stress=self.stress_key,
            virial=self.virial_key,
            stress_unit=self.stress_unit,
            stress_sign=self.stress_sign,
            virial_sign=self.virial_sign,
            config_type=self.config_type_key,
            weight=self.weight_key,
        )
