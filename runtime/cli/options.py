"""Options that several commands have, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="A .pes file.", show_default=False)]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `fit` wrote.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object; errors as JSON on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No messages and no progress.")]
SpeciesOption = Annotated[
    str | None, typer.Option("--species", metavar="Nb,W", help="Species, for a spec that names none.")
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="run.toml", help="Settings; flags go over them.")
]
EnergyKey = Annotated[
    str | None, typer.Option("--energy-key", metavar="KEY", help="Key of the energy, eV. [energy]")
]
ForcesKey = Annotated[
    str | None, typer.Option("--forces-key", metavar="KEY", help="Key of the forces, eV/Å. [forces]")
]
NoForces = Annotated[bool, typer.Option("--no-forces", help="Leave the forces aside.")]
StressKey = Annotated[str | None, typer.Option("--stress-key", metavar="KEY", help="Of the stress. [stress]")]
NoStress = Annotated[bool, typer.Option("--no-stress", help="Leave the stress aside.")]
StressUnit = Annotated[
    str | None, typer.Option("--stress-unit", metavar="UNIT", help="eV/Å^3, GPa, kbar, … [eV/Å^3]")
]
StressSign = Annotated[
    str | None,
    typer.Option("--stress-sign", metavar="SIGN", help="Positive: tension or compression."),
]
VirialKey = Annotated[
    str | None,
    typer.Option("--virial-key", metavar="KEY", help="Of a virial, eV, in place of stress."),
]
VirialSign = Annotated[
    str | None,
    typer.Option("--virial-sign", metavar="SIGN", help="minus (-V*stress, GPUMD) or plus."),
]
ConfigTypeKey = Annotated[
    str | None, typer.Option("--config-type-key", metavar="KEY", help="Key of the kind of a structure.")
]
WeightKey = Annotated[
    str | None, typer.Option("--weight-key", metavar="KEY", help="Key of a weight of each structure.")
]

LABEL_FLAGS = (
    "energy_key",
    "forces_key",
    "stress_key",
    "stress_unit",
    "stress_sign",
    "virial_key",
    "virial_sign",
    "config_type_key",
    "weight_key",
)


def label_flags(values: dict[str, Any]) -> dict[str, Any]:
    """The label options among the arguments of a command, under their names in the configuration."""
    flags = {f"data.{name}": values[name] for name in LABEL_FLAGS if name in values}
    for switch in ("forces", "stress"):
        if values.get(f"no_{switch}"):
            flags[f"data.use_{switch}"] = False
    return flags


def species_list(text: str | None) -> tuple[str, ...] | None:
    """`Nb,W` as names."""
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    return names or None
