"""Measure the properties of a potential, with the uncertainty that the fit leaves them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from ...compiler.diagnostics.diagnostic import Diagnostic, did_you_mean
from ..files.settings import ConfigError
from ..potential.evaluators import Evaluator as Target
from ..potential.potential import Potential
from ..structures.arrays import Floats
from .bench import Bench, Quantity, Task
from .config import PropertiesConfig
from .evaluator import Evaluator
from .family import Family, families
from .prototypes import Candidate, candidate, default_candidates
from .reference import Reference
from .results import Curve, Estimate, PropertyResult, Survey, Unmeasured
from .units import factor

OnProgress = Callable[[str, int, int], None]


def measure(
    potential: Potential,
    config: PropertiesConfig | None = None,
    covariance: Floats | None = None,
    structures: Sequence[Candidate] = (),
) -> list[PropertyResult]:
    """The properties of `config`, one result each, failed ones too.

    covariance (P_free, P_free): of the trained numbers, for σ. structures: beside those of the configuration.
    Raises ConfigError for a configuration that does not suit the potential: unknown-species,
    unknown-structure, unknown-property, bad-value, missing-package; and what reading its files raises.
    """
    return list(survey(potential, config, covariance, structures).results)


def survey(
    potential: Potential,
    config: PropertiesConfig | None = None,
    covariance: Floats | None = None,
    structures: Sequence[Candidate] = (),
    on_progress: OnProgress | None = None,
    place: str = "the configuration",
    by: Target | None = None,
) -> Survey:
    """As `measure`, with the curves behind the numbers.

    on_progress: called with a quantity, the number of measurements done and the number of all.
    by: gives energies, forces and virials; None: XLA, which gives their derivatives in any case.
    """
    config = config or PropertiesConfig()
    candidates = _candidates(potential, config, structures, place)
    config = _possible(config, place)
    bench = Bench(Evaluator(potential, covariance is not None, by), candidates, _repeated(config))
    tasks = [task for name in config.measure for task in families()[name].tasks(bench, config.settings(name))]
    references = _references(config, bench, tasks, place)
    spread = _Spread(potential, covariance)
    results: list[PropertyResult] = []
    curves: list[Curve] = []
    for done, task in enumerate(tasks):
        if on_progress:
            on_progress(task.quantities[0].name, done, len(tasks))
        try:
            outcome = task.run()
        except Unmeasured as error:
            results += [_failed(q, references, str(error)) for q in task.quantities]
            continue
        curves += outcome.curves
        results += [
            _measured(q, e, spread, references)
            for q, e in zip(task.quantities, outcome.estimates, strict=True)
        ]
    return Survey(tuple(results), tuple(curves), {c.name: c.digest for c in candidates})


@dataclass(frozen=True, eq=False)
class _Spread:
    """σ² = gᵀ Σ g + error², with Σ the covariance of the trained numbers."""

    potential: Potential
    covariance: Floats | None

    def sigma(self, estimate: Estimate) -> float | None:
        if self.covariance is None or estimate.gradient is None:
            return None
        g = estimate.gradient[self.potential.free]
        return float(max(float(g @ self.covariance @ g), 0.0) + estimate.error**2) ** 0.5


def _measured(
    quantity: Quantity, estimate: Estimate, spread: _Spread, references: dict[str, Reference]
) -> PropertyResult:
    if not np.isfinite(estimate.value):
        return _failed(quantity, references, "the value is not finite")
    return PropertyResult(
        quantity.name,
        float(estimate.value),
        quantity.unit,
        spread.sigma(estimate),
        references.get(quantity.name),
        reason=estimate.note,
    )


def _failed(quantity: Quantity, references: dict[str, Reference], reason: str) -> PropertyResult:
    return PropertyResult(
        quantity.name,
        None,
        quantity.unit,
        reference=references.get(quantity.name),
        status="failed",
        reason=reason,
    )


def _candidates(
    potential: Potential, config: PropertiesConfig, more: Sequence[Candidate], place: str
) -> list[Candidate]:
    """The structures of the configuration, else the usual ones of the species; then the given ones."""
    found = [*configured(config, potential.species, place), *more]
    names = [c.name for c in found]
    for name, times in Counter(names).items():
        if times > 1:
            help = "give each a name of its own: results go by it"
            raise ConfigError(
                Diagnostic("bad-value", f"{times} structures are called `{name}`", place=place, help=help)
            )
    for family in config.measure:
        for name in config.named(family) or ():
            if name not in names:
                help = did_you_mean(name, names) or f"there are {', '.join(names) or 'none'}"
                message = f"[{family}] names the structure `{name}`, which is not there"
                raise ConfigError(Diagnostic("unknown-structure", message, place=place, help=help))
    return found


def configured(config: PropertiesConfig, species: Sequence[str], place: str) -> list[Candidate]:
    """The structures that are measured where no others are given. Raises as `candidate`."""
    if not config.structures:
        return default_candidates(species)
    return [candidate(name, s, species, place) for name, s in config.structures.items()]


def _possible(config: PropertiesConfig, place: str) -> PropertiesConfig:
    """The configuration, without families that lack a package, where nobody asked for them by name."""
    measured = []
    for name in config.measure:
        package = families()[name].package
        if package is None or find_spec(package.name) is not None:
            measured.append(name)
        elif {"measure", name} & config.model_fields_set:
            help = f"pip install 'potentia[properties]', or leave `{name}` out of `measure`"
            raise ConfigError(Diagnostic("missing-package", package.missing, place=place, help=help))
    return config.model_copy(update={"measure": tuple(measured)})


def _repeated(config: PropertiesConfig) -> list[tuple[str, ...] | None]:
    """The structures that each family names which repeats their cells."""
    return [config.named(name) for name in sorted(config.measure) if families()[name].repeats]


def _references(
    config: PropertiesConfig, bench: Bench, tasks: Sequence[Task], place: str
) -> dict[str, Reference]:
    """References by property, in the unit that it is reported in. Raises ConfigError with all faults."""
    units = {q.name: q.unit for task in tasks for q in task.quantities}
    others = {} if all(r.property in units for r in config.reference) else _others(bench, config)
    faults, found = list[Diagnostic](), {}
    for reference in config.reference:
        name = reference.property
        if name in others:
            faults += _not_measured(name, others[name], config, place)
            continue
        if name not in units:
            faults.append(_unknown(name, units, place))
            continue
        try:
            times = factor(reference.unit, units[name])
        except ValueError as advice:
            message = f"`{reference.unit}` is not a unit of `{name}`, which is in {units[name]}"
            faults.append(Diagnostic("bad-value", message, place=place, help=str(advice)))
            continue
        found[name] = reference.scaled(times, units[name])
    if faults:
        raise ConfigError(faults)
    return found


def _others(bench: Bench, config: PropertiesConfig) -> dict[str, Family]:
    """The families that are not measured, by the names of their properties."""
    rest = [found for name, found in families().items() if name not in config.measure]
    tasks = [(found, task) for found in rest for task in found.tasks(bench, config.settings(found.name))]
    return {quantity.name: found for found, task in tasks for quantity in task.quantities}


def _not_measured(name: str, of: Family, config: PropertiesConfig, place: str) -> list[Diagnostic]:
    """The fault of a reference to a property of a family that is not measured; none behind `only`."""
    if config.is_narrowed:
        return []
    if of.package is not None and find_spec(of.package.name) is None:
        message = f"the reference `{name}` cannot be compared: {of.package.missing}"
        help = "pip install 'potentia[properties]', or name the families to measure by `--only`"
        return [Diagnostic("missing-package", message, place=place, help=help)]
    message = f"the reference `{name}` is of the family `{of.name}`, which is not measured"
    return [Diagnostic("unknown-property", message, place=place, help=f"add `{of.name}` to `measure`")]


def _unknown(name: str, known: dict[str, str], place: str) -> Diagnostic:
    message = f"the reference `{name}` is no property that is measured"
    names = list(_some(known))
    help = did_you_mean(name, known) or f"measured are {', '.join(names)}"
    return Diagnostic("unknown-property", message, place=place, help=help)


def _some(names: dict[str, str], most: int = 12) -> Iterator[str]:
    for k, name in enumerate(names):
        if k == most:
            yield "…"
            return
        yield name
