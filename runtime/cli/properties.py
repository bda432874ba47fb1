"""`potentia properties`: crystals, defects, surfaces and vibrations of a fitted model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...compiler.diagnostics.diagnostic import Diagnostic
from ..data.config import FileConfig
from ..files.settings import ConfigError
from ..properties.family import family_names
from . import console
from .options import Json, Quiet, Run, Target
from .setting_options import Given, having, options_of
from .spec_warnings import opened

if TYPE_CHECKING:
    from ..data.file_kind import FileKind
    from ..potential.evaluators import Evaluator
    from ..potential.potential import Potential
    from ..properties.config import PropertiesConfig
    from ..properties.prototypes import Candidate
    from ..properties.results import PropertyResult, Survey
    from ..runs.run_folder import FittedPotential


References = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Properties to measure, and their references."),
]

Crystals = Annotated[
    list[str] | None,
    typer.Option("--structure", metavar="FILE", help="Crystal to measure too; `FILE@3` takes one of many."),
]

Families = Annotated[
    str | None,
    typer.Option("--only", metavar="A,B", help=f"Families to measure: {', '.join(family_names()[:4])}, …"),
]


@having(kinds=options_of(FileConfig))
def command(
    run: Run,
    config: References = None,
    structure: Crystals = None,
    only: Families = None,
    no_sigma: Annotated[bool, typer.Option("--no-sigma", help="No standard deviations; faster.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FOLDER", help="Folder for plots: E(V), phonons, dimers, …"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="File for the results. [RUN/properties.json]"),
    ] = None,
    target: Target = "auto",
    *,
    kinds: Given,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure lattice and elastic constants, defects, surfaces, phonons, … of a fitted model.

    A property that cannot be measured is reported with the reason. The exit code is 1 where a guard of the
    configuration is not met. The run keeps the latest result of each property.

    \b
    Examples:
      potentia properties runs/nb
      potentia properties runs/nb --config specs/properties/niobium.toml --plot plots
      potentia properties runs/nb --only lattice,elastic --json
      potentia properties runs/llzo --structure llzo.cif
    """
    from ..api.outputs import JSON, require_result
    from ..files.lock import only_writer_of
    from ..properties.config import load_properties_config
    from ..properties.stored import PROPERTIES, keep, owner
    from .targets import evaluate_by

    settings = load_properties_config(config)
    if only is not None:
        settings = settings.only(only.split(","))
    where = output or run / PROPERTIES
    require_result(where, JSON)
    potential = opened(run, json, quiet)
    with only_writer_of(owner(where)):
        kind, place = FileConfig(**kinds).kind(), str(config or "--only")
        crystals = _crystals(structure or (), kind, potential, settings, place, quiet)
        by = evaluate_by(potential, target, json, quiet)
        found = _surveyed(potential, settings, crystals, not no_sigma, place, by, quiet)
        keep(where, found.results, found.structures)
    return _ended(found, plot, json, quiet)


def _ended(found: Survey, plot: Path | None, json: bool, quiet: bool) -> int:
    from ..properties.results import broken_guards

    if plot is not None:
        _plot(plot, found, quiet)
    broken = broken_guards(found.results)
    _print(found, broken, json)
    return 1 if broken else 0


def _surveyed(
    potential: FittedPotential,
    settings: PropertiesConfig,
    crystals: Sequence[Candidate],
    with_sigma: bool,
    place: str,
    by: Evaluator,
    quiet: bool,
) -> Survey:
    from ..properties.measurement import survey
    from ..runs.run_folder import covariance
    from .progress import measuring

    spread = covariance(potential.folder) if with_sigma else None
    if spread is None and with_sigma:
        console.say("the run has no covariance, so there is no ±", quiet)
    with measuring(quiet) as progress:
        own = None if by.target == "xla" else by
        return survey(potential, settings, spread, crystals, progress, place, own)


def _plot(folder: Path, found: Survey, quiet: bool) -> None:
    from ..properties.plots import save_plots

    for path in save_plots(folder, found.curves):
        console.say(f"plot: {path}", quiet)


def _crystals(
    files: Sequence[str],
    kind: FileKind,
    potential: Potential,
    settings: PropertiesConfig,
    place: str,
    quiet: bool,
) -> list[Candidate]:
    """The structures of files. Each is called by its file's name, or by more of the path where another
    structure has that name.
    """
    from ..data.names import distinct_names, given_twice
    from ..properties.measurement import configured
    from ..properties.prototypes import from_file

    if not files:
        return []
    twice = given_twice(files)
    if twice is not None:
        message = f"`--structure` names `{twice}` twice"
        raise ConfigError(Diagnostic("bad-value", message, help="name each structure once"))
    taken = [c.name for c in configured(settings, potential.species, place)]
    names, short = distinct_names(files, taken), [distinct_names([file])[0] for file in files]
    for file, name, wanted in zip(files, names, short, strict=True):
        if name != wanted:
            console.say(f"structure {file} is called `{name}`: `{wanted}` is another", quiet)
    return [from_file(name, file, potential.species, kind) for name, file in zip(names, files, strict=True)]


def _print(found: Survey, broken: list[str], as_json: bool) -> None:
    if as_json:
        console.result_json({"properties": [r.as_dict() for r in found.results]})
        return
    console.result(property_table(found.results))
    if broken:
        console.result(f"\nguards that are not met: {', '.join(broken)}")


def property_table(results: tuple[PropertyResult, ...]) -> str:
    """A row a property: value ± σ, reference, difference, and what there is to say."""
    referenced = any(r.reference for r in results)
    head = ["property", "value", "±", "unit"] + (["reference", "difference", "verdict"] if referenced else [])
    rows = [head]
    for r in results:
        row = [r.name, _number(r.value), _number(r.sigma, 2), r.unit if r.unit != "1" else ""]
        rows.append(row + ([_reference(r), _number(r.difference, 3, "+"), _verdict(r)] if referenced else []))
    lines = console.table(rows, indent=0).split("\n")
    width = max(map(len, lines))
    remarks = ["", *_remarks(results)]
    return "\n".join(f"{x.ljust(width)}  {note}".rstrip() for x, note in zip(lines, remarks, strict=True))


def _remarks(results: tuple[PropertyResult, ...]) -> Iterator[str]:
    """The remark on each result; a crystal that failed fails many, and its reason is given once."""
    told = set()
    for r in results:
        if r.status == "failed":
            yield "failed: " + ("as above" if r.reason in told else r.reason)
            told.add(r.reason)
        else:
            yield r.reason


def _number(value: float | None, digits: int = 5, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.{digits}g}"


def _reference(r: PropertyResult) -> str:
    wanted = r.reference
    if wanted is None:
        return ""
    if wanted.value is not None:
        return _number(wanted.value) + ("" if wanted.tolerance is None else f" ± {wanted.tolerance:.3g}")
    low = "" if wanted.min is None else f"≥ {wanted.min:.5g}"
    high = "" if wanted.max is None else f"≤ {wanted.max:.5g}"
    return " and ".join(part for part in (low, high) if part)


def _verdict(r: PropertyResult) -> str:
    words: dict[bool | None, str] = {None: "", True: "ok", False: "off"}
    return "GUARD" if r.broken_guard else words[r.within]
