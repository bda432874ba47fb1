"""Progress with the time left, drawn on a terminal's stderr and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from ...compiler.diagnostics.plain import plain
from . import console, recording

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..design.loop import Progress as Designing
    from ..dynamics.result import Progress as Moving
    from ..fitting.result import Progress as Fitting

# XLA compiles as it is called first
COMPILING = "compiling"


def _bar(*columns: str, is_timed: bool = True) -> Progress:
    """is_timed: the time that is left is worked out from the share that is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        *(TextColumn(column) for column in columns),
        TimeElapsedColumn(),
        *((TextColumn("left"), TimeRemainingColumn()) if is_timed else ()),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def counting(
    what: str, total: int, quiet: bool, first: str | None = None
) -> Iterator[Callable[[int], None] | None]:
    """A function to tell how many are done; None where nobody looks. first: done before the first of them."""
    if quiet or not console.is_terminal():
        yield None
        return
    with _bar("{task.completed:.0f}/{task.total:.0f}") as bar:
        task = bar.add_task(first or what, total=total)
        yield lambda done: bar.update(task, description=what, completed=done)


@contextmanager
def working(what: str, quiet: bool) -> Iterator[None]:
    """A line with the time so far, while nothing can be counted."""
    if quiet or not console.is_terminal():
        yield
        return
    with _bar() as bar:
        bar.add_task(what, total=None)
        yield


@contextmanager
def passing(what: str, quiet: bool, first: str | None = None) -> Iterator[Callable[[float], None] | None]:
    """A function to tell what share of a pass over data is done; None where nobody looks. first: as above."""
    if quiet or not console.is_terminal():
        yield None
        return
    with _bar("{task.percentage:.0f} %") as bar:
        task = bar.add_task(first or what, total=1.0)
        yield lambda share: bar.update(task, description=what, completed=share)


@contextmanager
def fitting(quiet: bool) -> Iterator[Callable[[Fitting], None] | None]:
    """A function to tell where a fit stands: a live line on a terminal, and a line for each iteration with
    `--verbose` and in the log; None where nobody looks.
    """
    if quiet or not console.is_terminal():
        yield _steps(quiet) if recording.hears_steps() else None
        return
    step = _steps(quiet)
    with _bar("{task.fields[remark]}", is_timed=False) as bar:
        task = bar.add_task(COMPILING, total=1.0, remark="")

        def told(progress: Fitting) -> None:
            step(progress)
            bar.update(
                task, description=progress.stage, completed=progress.fraction, remark=progress.sentence
            )

        yield told


def _steps(quiet: bool) -> Callable[[Fitting], None]:
    """A line for each iteration, for people or for the log alone."""
    started = monotonic()

    def step(progress: Fitting) -> None:
        if progress.is_step:
            recording.stepped()
            line = f"{monotonic() - started:8.1f} s  {progress.stage}: {progress.sentence}"
            console.say(line, quiet or not recording.shows_steps())

    return step


@contextmanager
def measuring(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A function of the measurement, the number done and their total; None where nobody looks."""
    if quiet or not console.is_terminal():
        yield None
        return
    with _bar("{task.completed:.0f}/{task.total:.0f}") as bar:
        task = bar.add_task(COMPILING, total=1)
        yield lambda what, done, total: bar.update(task, description=plain(what), completed=done, total=total)


@contextmanager
def simulating(steps: int, quiet: bool) -> Iterator[Callable[[Moving], None] | None]:
    """A function to tell where a run of dynamics stands; None where nobody looks."""
    if quiet or not console.is_terminal():
        yield None
        return
    with _bar("{task.fields[remark]}") as bar:
        task = bar.add_task(COMPILING, total=steps, remark="")

        def told(p: Moving) -> None:
            bar.update(task, description="md", completed=p.step, remark=_moving(p))

        yield told


def _moving(p: Moving) -> str:
    """Speed, temperature, pressure, drift; below, how near pairs came since the last row of the log."""
    pressure = "" if p.pressure is None else f", {p.pressure:.2f} GPa"
    state = f"{p.temperature:.0f} K{pressure}, drift {p.drift:+.2g} meV/atom"
    speed = f"{p.steps_per_second:.0f} steps/s, {p.ns_per_day:.2f} ns/day"
    distances = ", ".join(f"{name} {d:.2f}" for name, d in p.smallest.items())
    return f"{speed}, {state}" + (f"\n{distances} Å" if distances else "")


@contextmanager
def staging(name: str, quiet: bool) -> Iterator[Callable[[str, float], None] | None]:
    """A function to tell the stage and the share of it that is done: a bar, or a line for each stage."""
    if quiet:
        yield None
    elif console.is_terminal():
        with _bar("{task.percentage:.0f} %") as bar:
            task = bar.add_task(name, total=1.0)
            yield lambda what, share: bar.update(task, description=plain(what), completed=share)
    else:
        told: set[str] = set()

        def tell(what: str, share: float) -> None:
            if what not in told:
                told.add(what)
                console.say(what)

        yield tell


@contextmanager
def designing(quiet: bool) -> Iterator[Callable[[Designing], None] | None]:
    """A function to tell where a design stands: a bar on a terminal, elsewhere a line for each stage."""
    if quiet:
        yield None
    elif console.is_terminal():
        with _bar("{task.percentage:.0f} %", "{task.fields[remark]}") as bar:
            task = bar.add_task("design", total=1.0, remark="")
            yield lambda p: bar.update(
                task,
                description=plain(p.stage),
                completed=p.share,
                remark=f"{p.trials} trials, {console.lasted(p.seconds)}",
            )
    else:
        yield _lines()


def _lines() -> Callable[[Designing], None]:
    told: set[str] = set()

    def tell(progress: Designing) -> None:
        if progress.stage not in told:
            told.add(progress.stage)
            console.say(f"{console.lasted(progress.seconds):>11}  {progress.stage}")

    return tell
