"""The loop of dynamics: calls of many steps, new lists between them, and the log, frames and states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from ..structures.arrays import Floats, Velocities
from ..structures.structure import Structure
from . import guards, outputs, state
from .distances import pair_names
from .guards import Fault
from .integrator import (
    FINE,
    NOT_FINITE,
    SHORT_OF_ROOM,
    TOO_CLOSE,
    TOO_FAST,
    USED,
    Conditions,
    Motion,
    Near,
    compiled,
)
from .lists import Search
from .outputs import Folder, Frame, Memory
from .result import MDResult, Progress
from .settings import MDSettings
from .start import first_motion, form_of
from .thermo import Moment, measured

_REPORT_EVERY = 0.2  # seconds
OnProgress = Callable[[Progress], None]


@dataclass
class _Clock:
    """The speed of a run, apart from its first forces and their compilation."""

    started: float = field(default_factory=perf_counter)
    running: float = 0.0
    from_step: int = 0
    reported: float = 0.0

    def start(self, step: int) -> None:
        self.running, self.from_step = perf_counter(), step

    def rate(self, step: int) -> float:
        """Steps a second."""
        return (step - self.from_step) / max(perf_counter() - self.running, 1e-9) if self.running else 0.0


@dataclass
class MDLoop:
    """The steps of a run, with the lists and the files that they need."""

    structure: Structure
    settings: MDSettings
    present: tuple[str, ...]
    theta: Float[Array, " P"]
    conditions: Conditions
    search: Search
    record: Folder | Memory
    depends_on: dict[str, str]
    on_progress: OnProgress
    first: float = 0.0  # the conserved quantity of step 0, eV
    smallest: Float[Floats, " species_pairs"] = field(default_factory=lambda: np.zeros(0))  # of all steps, Å
    # the smallest distances of the latest row of the log, Å
    recent: Float[Floats, " *species_pairs"] = field(default_factory=lambda: np.array(np.nan))
    near: Near | None = None
    clock: _Clock = field(default_factory=_Clock)

    def run(self, velocities: Velocities, saved: state.Saved | None) -> MDResult:
        """From the first step, or from a state, to the last."""
        motion, fault = self._started(velocities) if saved is None else (self._restored(saved), None)
        self.clock.start(int(motion.step))
        while fault is None and int(motion.step) < self.settings.steps:
            motion, fault = self._reach(motion, self._next(int(motion.step)))
            motion = self._written(motion, fault)
        return self._result(motion, fault)

    def _started(self, velocities: Velocities) -> tuple[Motion, Fault | None]:
        if isinstance(self.record, Folder):
            self.record.begin()
        pairs = len(pair_names(self.present))
        self.smallest = np.full(pairs, np.inf)
        first = first_motion(self.structure, velocities, pairs, len(self.search.kernel.lists) + 1)
        motion, fault = self._reach(first, 0)
        self.first = self._moment(motion).conserved
        return self._written(motion, fault), fault

    def _restored(self, saved: state.Saved) -> Motion:
        if isinstance(self.record, Folder):
            self.record.go_on(saved.log_bytes, saved.trajectory_bytes, saved.frames)
        self.first, self.smallest = saved.first, saved.smallest
        self.search.room = saved.room
        return saved.motion()

    def _next(self, step: int) -> int:
        """The next step at which something is written."""
        s = self.settings
        every = (s.log_every, s.write_every, s.save_every)
        return min(s.steps, *(n * (step // n + 1) for n in every))

    # --- steps -------------------------------------------------------------------------------

    def _reach(self, motion: Motion, until: int) -> tuple[Motion, Fault | None]:
        """The motion at a step, with new lists as often as it takes; or where a guard stopped it."""
        while True:
            if self.near is None:
                motion, self.near = self._listed(motion)
            advance = compiled(self.search.kernel, form_of(self.settings, self.search.room))
            motion = advance(self.theta, self.conditions, self.near, motion, jnp.asarray(until))
            if int(motion.lists) <= USED:
                return motion, self._fault(motion)
            if int(motion.lists) == TOO_FAST:
                return motion, self._too_fast(motion)
            self.near = None
            self._reported(motion)

    def _listed(self, motion: Motion) -> tuple[Motion, Near]:
        """New lists, with more room where the device asked for it."""
        short = int(motion.lists) == SHORT_OF_ROOM
        needed = tuple(int(n) for n in np.asarray(motion.needed)) if short else ()
        near = self.search.near(self._shape_of(motion), needed)
        return motion._replace(deformed=jnp.eye(3)), near

    def _shape_of(self, motion: Motion) -> Structure:
        positions, cell = np.array(motion.x).T, np.array(motion.cell)
        return replace(self.structure, positions=positions, cell=cell, energy=None, forces=None, stress=None)

    # --- what is written ---------------------------------------------------------------------

    def _written(self, motion: Motion, fault: Fault | None) -> Motion:
        """Write the outputs that are due at this step; all of them where the run ends here."""
        step, s = int(motion.step), self.settings
        last = fault is not None or step == s.steps
        if last or step % s.log_every == 0:
            moment = self._moment(motion)
            self.record.row(moment.row())
            self.smallest = np.minimum(self.smallest, moment.smallest)
            self.recent = moment.smallest
            self._reported(motion, moment)
            motion = motion._replace(closest=jnp.full_like(motion.closest, jnp.inf))
        if last or step % s.write_every == 0:
            self.record.frame(self._frame(motion))
        if fault is None and (last or step % s.save_every == 0):
            self._save(motion)
        return motion

    def _save(self, motion: Motion) -> None:
        """A state; new lists are made after it, as they are where the run is resumed."""
        self.near = None
        if isinstance(self.record, Folder):
            log_bytes, trajectory_bytes, frames = self.record.lengths()
            saved = state.Saved(
                **state.shared_of(motion),
                room=self.search.room,
                first=self.first,
                smallest=self.smallest,
                log_bytes=log_bytes,
                trajectory_bytes=trajectory_bytes,
                frames=frames,
            )
            state.write(self.record.folder, saved, self.depends_on)

    def _moment(self, motion: Motion) -> Moment:
        return measured(
            int(motion.step),
            self.settings.timestep,
            np.asarray(self.conditions.masses),
            int(self.conditions.n_dof),
            np.asarray(motion.v),
            float(motion.energy),
            np.asarray(motion.virial),
            np.asarray(motion.cell),
            float(motion.bath_work),
            float(self.conditions.pressure) if self.settings.ensemble == "npt" else None,
            np.sqrt(np.asarray(motion.closest)),
            bool(self.structure.pbc.all()),
        )

    def _frame(self, motion: Motion) -> Frame:
        step = int(motion.step)
        time = step * self.settings.timestep / 1000
        velocities = np.array(motion.v).T
        return Frame(step, time, self._shape_of(motion), velocities, float(motion.energy))

    def _reported(self, motion: Motion, moment: Moment | None = None) -> None:
        """A call of `on_progress`, not more often than can be read."""
        now = perf_counter()
        if now - self.clock.reported < _REPORT_EVERY:
            return
        self.clock.reported = now
        found = moment or self._moment(motion)
        rate = self.clock.rate(found.step)
        self.on_progress(
            Progress(
                step=found.step,
                steps=self.settings.steps,
                steps_per_second=rate,
                ns_per_day=rate * self.settings.timestep * 1e-6 * 86400,
                temperature=found.temperature,
                pressure=found.pressure,
                drift=(found.conserved - self.first) / self.structure.n_atoms * 1000,
                smallest=self._named(np.fmin(found.smallest, self.recent)),
            )
        )

    # --- how it ends -------------------------------------------------------------------------

    def _place(self, motion: Motion) -> str:
        return f"{self.structure.place}, step {int(motion.step)}"

    def _fault(self, motion: Motion) -> Fault | None:
        verdict, place = int(motion.verdict), self._place(motion)
        if verdict == FINE:
            return guards.lost(place, self.structure, np.asarray(motion.x).T)
        if verdict == NOT_FINITE:
            return guards.not_finite(place, np.asarray(motion.f))
        if verdict == TOO_CLOSE:
            limits = np.asarray(self.conditions.limits)
            return guards.too_close(place, self._shape_of(motion), self.present, limits)
        kinetic = 0.5 * np.asarray(self.conditions.masses) * (np.asarray(motion.v) ** 2).sum(axis=0)
        limit = float(self.conditions.most / kinetic.sum())
        temperature = self._moment(motion).temperature
        return guards.too_hot(place, temperature, limit * temperature, kinetic)

    def _too_fast(self, motion: Motion) -> Fault:
        c = self.conditions
        kicked = np.asarray(motion.v + c.dt / 2 * motion.f / c.masses)
        speed = np.linalg.norm(kicked, axis=0) * float(c.dt)
        atom = int(np.argmax(speed))
        if speed[atom] < self.search.skin / 2:
            return guards.cell_too_fast(self._place(motion), self.search.skin)
        symbol = self.structure.symbols[atom]
        return guards.too_fast(self._place(motion), atom, symbol, float(speed[atom]), self.search.skin)

    def _named(self, smallest: Float[Floats, " species_pairs"]) -> dict[str, float]:
        names = pair_names(self.present)
        return {n: float(d) for n, d in zip(names, smallest, strict=True) if np.isfinite(d)}

    def _result(self, motion: Motion, fault: Fault | None) -> MDResult:
        step = int(motion.step)
        result = MDResult(
            steps=step,
            stopped=fault.diagnostic if fault else None,
            atoms=fault.atoms if fault else (),
            structure=self._shape_of(motion),
            velocities=np.array(motion.v).T,
            smallest=self._named(self.smallest),
            thermo=self.record.thermo(),
            frames=tuple(frame.structure for frame in self.record.frames),
            trajectory=self.record.trajectory,
            seconds=perf_counter() - self.clock.started,
            steps_per_second=self.clock.rate(step),
        )
        if isinstance(self.record, Folder):
            outputs.report(self.record.folder, result.as_dict())
        return result
