"""Activation energies from diffusion at several temperatures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase.units import kB
from potentia.runtime.analysis.arrhenius import arrhenius
from potentia.runtime.analysis.arrhenius_plot import arrhenius_panel
from potentia.runtime.analysis.diffusion import CM2_PER_S, Diffusion
from potentia.runtime.presentation.figures import save_png, svg


def run(temperature: float | None, value: float, error: float, exponent: float = 1.0) -> Any:
    """An analysis, as far as it matters here; D in Å²/ps."""
    none = np.zeros(1)
    d = Diffusion("Li", value, error, (0.0, 1.0), exponent, 0.01, (1.0, 2.0), 5, none, none)
    return SimpleNamespace(temperatures=(temperature, None), diffusion=(d,))


def exact(temperature: float) -> float:
    return 20.0 * float(np.exp(-0.42 / (kB * temperature)))


def test_a_straight_line_gives_the_activation_energy(tmp_path: Path) -> None:
    (line,) = arrhenius([run(t, exact(t), 0.05 * exact(t)) for t in (1400.0, 800.0, 1000.0)])
    assert line.species == "Li" and line.temperature.tolist() == [800.0, 1000.0, 1400.0]
    assert line.energy == pytest.approx(0.42) and line.prefactor == pytest.approx(20.0 * CM2_PER_S)
    # of three points with 5 % each: σ = 0.05 / sqrt(Σ (x − mean)²), x = 1/kT
    x = 1 / (kB * line.temperature)
    assert line.energy_error == pytest.approx(0.05 / np.sqrt(np.sum((x - x.mean()) ** 2)))
    save_png(tmp_path / "a.png", [arrhenius_panel([line])])
    assert "Li: 0.42 ± " in svg(arrhenius_panel([line]))


def test_an_error_needs_three_temperatures() -> None:
    (line,) = arrhenius([run(t, exact(t), 0.05 * exact(t)) for t in (800.0, 1000.0)])
    assert line.energy == pytest.approx(0.42) and line.energy_error is None


@pytest.mark.parametrize(
    "other",
    [
        run(805.0, exact(805), 0.01 * exact(805)),  # the same temperature
        run(None, exact(1000), 0.01),
        run(1000.0, 1e-6, 1e-6),  # it does not move
        run(1000.0, exact(1000), 0.01 * exact(1000), exponent=0.4),
    ],
)
def test_there_is_no_line_through_one_point(other: Any) -> None:
    assert arrhenius([run(800.0, exact(800), 0.01 * exact(800)), other]) == []
