"""Options that several commands have, declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
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


Data = Annotated[
    list[str], typer.Option("--data", metavar="FILE", help="Labelled structures; `FILE@:10` takes ten.")
]


@dataclass(frozen=True)
class Setting:
    """An option that stands for `key` of the configuration; a switch, where given, says no to it."""

    key: str
    declared: Any
    switch: bool = False

    @property
    def name(self) -> str:
        return self.key.replace(".", "_")

    @property
    def parameter(self) -> Parameter:
        default = False if self.switch else None
        return Parameter(self.name, Parameter.KEYWORD_ONLY, default=default, annotation=self.declared)


def setting(key: str, type: Any, flag: str, help: str, metavar: str | None = None) -> Setting:
    """An option with a value of a type, None where it is not given."""
    return Setting(key, Annotated[type | None, typer.Option(flag, metavar=metavar, help=help)])


def _switch(key: str, flag: str, help: str) -> Setting:
    return Setting(key, Annotated[bool, typer.Option(flag, help=help)], switch=True)


# where labels are, in what unit and sign
LABELS = (
    setting("data.energy_key", str, "--energy-key", "Key of the energy, eV. [energy]", "KEY"),
    setting("data.forces_key", str, "--forces-key", "Key of the forces, eV/Å. [forces]", "KEY"),
    _switch("data.use_forces", "--no-forces", "Leave the forces aside."),
    setting("data.stress_key", str, "--stress-key", "Of the stress. [stress]", "KEY"),
    _switch("data.use_stress", "--no-stress", "Leave the stress aside."),
    setting("data.stress_unit", str, "--stress-unit", "eV/Å^3, GPa, kbar, … [eV/Å^3]", "UNIT"),
    setting("data.stress_sign", str, "--stress-sign", "Positive: tension or compression.", "SIGN"),
    setting("data.virial_key", str, "--virial-key", "Of a virial, eV, in place of stress.", "KEY"),
    setting("data.virial_sign", str, "--virial-sign", "minus (-V*stress, GPUMD) or plus.", "SIGN"),
    setting("data.config_type_key", str, "--config-type-key", "Key of the kind of a structure.", "KEY"),
    setting("data.weight_key", str, "--weight-key", "Key of a weight of each structure.", "KEY"),
)
# how the best parameters are searched for
SEARCH = (
    setting("method", str, "--method", "auto, least-squares, quasi-newton, first-order. [auto]"),
    setting("starts", int, "--starts", "Seeded starts; the best wins. [1]"),
    setting("seed", int, "--seed", "Of splits and starts. [0]"),
    setting("time_limit", float, "--time-limit", "Stop then, with the best so far.", "SECONDS"),
    setting("max_iterations", int, "--max-iterations", "Stop then, with the best so far."),
    setting("tolerance", float, "--tolerance", "End when a step lowers the loss by a smaller share. [0.001]"),
    setting("held_out", float, "--held-out", "Of quasi-newton: structures to judge by. [0.1]", "SHARE"),
    setting(
        "ridge", float, "--ridge", "Draws parameters to 0, in units of their size. [0; quasi-newton: 0.1]"
    ),
    setting("memory_mb", float, "--memory", "What batches may take. [1000]", "MB"),
    _switch("reference_energies", "--no-reference", "Do not add an energy for each species."),
)
Given = Mapping[str, Any]


def having(**groups: Sequence[Setting]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A command with the options of each group in place of its parameter of that name, declared `Given`.

    The command gets the options that were given, under their keys in the configuration.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        declared = signature(command, eval_str=True)
        spelt: list[Parameter] = []
        for name, parameter in declared.parameters.items():
            options = [setting.parameter for setting in groups.get(name, ())]
            spelt += options or [parameter.replace(kind=Parameter.KEYWORD_ONLY)]

        @wraps(command)
        def called(**values: Any) -> int:
            for name, group in groups.items():
                values[name] = _given(group, values)
            return command(**values)

        called.__signature__ = declared.replace(parameters=spelt)  # type: ignore[attr-defined]
        called.__annotations__ = {p.name: p.annotation for p in spelt}
        return called

    return decorate


def _given(group: Sequence[Setting], values: dict[str, Any]) -> dict[str, Any]:
    """What was given of a group, taken out of the arguments of a command."""
    taken = [(setting, values.pop(setting.name)) for setting in group]
    return {
        s.key: not value if s.switch else value
        for s, value in taken
        if value is not None and value is not False  # 0 is a value
    }


def species_list(text: str | None) -> tuple[str, ...] | None:
    """`Nb,W` as names."""
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    return names or None
