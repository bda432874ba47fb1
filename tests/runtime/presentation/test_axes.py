"""Ticks and numbers of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from potentia.runtime.presentation.axes import (
    apart,
    logarithmic,
    named,
    number_ticks,
    plain_number,
    symmetric,
)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (80, 250, [80, 100, 150, 200]),
        (1.4, 5.6, [1.5, 2, 3, 4]),
        (9, 1200, [10, 100, 1000]),
        (88, 116, [90, 100, 110]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, ticks: list[float]) -> None:
    assert number_ticks(low, high) == pytest.approx(ticks)


def test_numbers_are_plain() -> None:
    assert [plain_number(x) for x in (200.0, -0.5, 149406.8, 3e-6, 1e-5, -2e9, 0.0)] == [
        "200", "−0.5", "149\u2009000", "3·10⁻⁶", "10⁻⁵", "−2·10⁹", "0",
    ]  # fmt: skip


def test_labels_do_not_overlap() -> None:
    assert apart([10, 11, 12, 50, 55], 0.1) == [12, 55]
    assert apart([7], 0.1) == [7]


def test_axes_say_200_and_not_a_power_of_ten() -> None:
    axes = Figure().subplots()
    logarithmic(axes.yaxis, [88.0, 250.0])
    named(axes.xaxis, [15.0, 30.0, 200.0])
    labels = [axes.xaxis.get_major_formatter()(x) for x in axes.get_xticks()]
    assert labels == ["15", "30", "200"]
    assert [axes.yaxis.get_major_formatter()(y) for y in axes.get_yticks()] == ["100", "150", "200"]
    assert len(axes.get_yticks(minor=True)) == 0


def test_a_single_value_has_an_axis() -> None:
    axes = Figure().subplots()
    logarithmic(axes.yaxis, [3.0])
    low, high = axes.get_ylim()
    assert low < 3.0 < high


def test_a_core_does_not_hide_its_well() -> None:
    axes = Figure().subplots()
    symmetric(axes.yaxis, [1e6, -2.5])
    assert axes.get_yticks().tolist() == [-1, 0, 1, 10, 100, 1000]
    assert axes.get_ylim()[0] == pytest.approx(-4.0)
    drawn = axes.yaxis.get_transform().transform([0.98, 0.99, 1.0, 1.01, 1.02])
    bends = np.diff(drawn, 2) / np.diff(drawn)[0]
    assert abs(bends).max() < 0.02, "a smooth curve has a kink"
