"""`potentia md`: molecular dynamics with a fitted model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..data.config import FileConfig
from ..dynamics.settings import MDSettings
from ..files.plain_data import Data
from . import console
from .options import Json, Quiet, Run
from .setting_options import Given, having, options_of
from .spec_warnings import opened
from .threads import one_core

if TYPE_CHECKING:
    from ..data.file_kind import FileKind
    from ..dynamics import MDResult
    from ..potential.potential import Potential
    from ..structures.arrays import Floats
    from ..structures.structure import Structure


First = Annotated[
    str, typer.Option("--structure", metavar="FILE", help="First structure; `FILE@3` takes one of many.")
]

SingleCore = Annotated[
    bool, typer.Option("--single-core", help="Use one core, and leave the others to other runs.")
]


@having(given=options_of(MDSettings), files=options_of(FileConfig))
def command(
    run: Run,
    *,
    structure: First,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for log, trajectory and states.")
    ],
    repeat: Annotated[
        str | None, typer.Option("--repeat", metavar="A,B,C", help="Number of cells along each vector.")
    ] = None,
    time: Annotated[
        float | None, typer.Option("--time", metavar="PS", help="Length of the run, in place of --steps.")
    ] = None,
    given: Given,
    files: Given,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume from the last state, to the same bits.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing run.")] = False,
    single_core: SingleCore = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Run molecular dynamics with a fitted model.

    The exit code is 1 where a guard stops the run; its files stay.

    \b
    Examples:
      potentia md runs/llzo --structure llzo.xyz --temperature 1000 --time 100 -o md/hot
      potentia md runs/llzo --structure llzo.xyz --temperature 1000 --time 100 -o md/hot --resume
      potentia md runs/llzo --structure llzo.xyz@0 --repeat 2,2,1 --ensemble npt -o md/npt
      potentia md runs/nb --structure nb.xyz --temperature 300 --temperature-end 1500 -o md/heat
      potentia md runs/nb --structure md/heat/trajectory.xyz@-1 --velocities structure -o md/on
    """
    if single_core:
        one_core()
    from ..dynamics import md_settings, simulate
    from .progress import simulating

    settings = md_settings(_with_time(dict(given), time))
    potential = opened(run, json, quiet)
    start, velocities = _start(structure, repeat, FileConfig(**files).kind(), settings, quiet)
    _say_target(potential, settings, start.n_atoms, output, resume, quiet)
    with simulating(settings.steps, quiet) as progress:
        result = simulate(
            *(potential, start, settings),
            velocities=velocities,
            folder=output,
            resume=resume,
            overwrite=overwrite,
            on_progress=progress,
            on_warning=lambda found: console.report([found], json),
        )
    return _end(result, output, json)


def _say_target(
    potential: Potential, settings: MDSettings, n_atoms: int, output: Path, resume: bool, quiet: bool
) -> None:
    """Also what an interruption keeps from here on."""
    from ..dynamics.kernels import choose
    from ..dynamics.outputs import STATE
    from .interruption import keeping

    keeping(output / STATE, f"the run so far is kept in {output}; go on with `--resume`")
    chosen = choose(potential, settings, n_atoms, output if resume else None)
    console.say(f"target: {chosen.target}, {console.counted(chosen.threads, 'thread')}", quiet)


def _with_time(given: Data, time: float | None) -> Data:
    if time is None:
        return given
    if "steps" in given:
        raise typer.BadParameter("give `--steps` or `--time`, not both")
    if not math.isfinite(time):
        raise typer.BadParameter(f"`--time` is {time}, not a finite number of picoseconds")
    timestep = given.get("timestep", 1.0)
    return {**given, "steps": round(time * 1000 / timestep) if timestep > 0 else 1}


def _start(
    where: str, repeat: str | None, kind: FileKind, settings: MDSettings, quiet: bool
) -> tuple[Structure, Floats | None]:
    """The structure and its velocities, where it has any; says what is about to be done with it."""
    from ..dynamics.reading import start_of

    start, velocities, remarks = start_of(where, repeat, kind)
    for line in (*remarks, _told(start, settings)):
        console.say(line, quiet)
    return start, velocities


def _told(start: Structure, settings: MDSettings) -> str:
    """The run that is about to start, in a line."""
    first, last = settings.temperatures
    at = f"{first:g} K" if first == last else f"{first:g} to {last:g} K"
    what = {
        "nve": f"nve from {first:g} K",
        "nvt": f"nvt ({settings.thermostat}) at {at}",
        "npt": f"npt ({settings.thermostat}, {settings.barostat}) at {at}, {settings.pressure:g} GPa",
    }[settings.ensemble]
    atoms = console.counted(start.n_atoms, "atom")
    return (
        f"{atoms} of {', '.join(start.species)}: {settings.steps} steps of {settings.timestep:g} fs, {what}"
    )


def _end(result: MDResult, folder: Path, json: bool) -> int:
    _print(result, folder, json)
    if result.stopped is None:
        return 0
    console.report([result.stopped], json)
    return 1


def _print(result: MDResult, folder: Path, as_json: bool) -> None:
    if as_json:
        console.result_json(result.as_dict() | {"folder": str(folder)})
        return
    rows = [["", "mean", "last"]]
    for name, label in _SHOWN.items():
        values = result.thermo[name]
        if len(values) and values[-1] == values[-1]:
            rows.append([label, f"{values[len(values) // 2 :].mean():.6g}", f"{values[-1]:.6g}"])
    console.result(f"{console.table(rows, indent=0)}\n(means of the second half of the log)\n")
    nearest = [["smallest distance", "Å"], *([n, f"{d:.3f}"] for n, d in result.smallest.items())]
    console.result(console.table(nearest, indent=0))
    rate = f" ({result.steps_per_second:.0f} steps/s once it ran)" if result.steps_per_second else ""
    done = f"{result.steps} steps in {console.lasted(result.seconds)}{rate}"
    console.result(f"\n{console.saved(done, folder)}")


_SHOWN = {
    "temperature_K": "temperature K",
    "potential_eV": "potential energy eV",
    "conserved_eV": "conserved quantity eV",
    "pressure_GPa": "pressure GPa",
    "volume_A3": "volume Å³",
}
