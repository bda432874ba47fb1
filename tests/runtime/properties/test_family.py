"""The registry of families: a file is a family, its settings are a section, its plot is drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from potentia.runtime.files.settings import Section
from potentia.runtime.properties.config import FAMILIES, PropertiesConfig
from potentia.runtime.properties.family import Plot, families
from potentia.runtime.properties.plots import save_plots
from potentia.runtime.properties.results import Curve


def test_a_file_is_a_family(root: Path) -> None:
    files = {p.stem for p in (root / "runtime/properties/families").glob("*.py")} - {"__init__"}
    assert files == set(families()) == set(FAMILIES)
    assert all(name == family.name for name, family in families().items())


def test_results_keep_their_order() -> None:
    assert FAMILIES[:4] == ("lattice", "equation_of_state", "elastic", "vacancy")
    assert PropertiesConfig().measure == FAMILIES == tuple(families())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_settings_of_a_family_are_a_section(name: str) -> None:
    settings = families()[name].settings
    assert type(PropertiesConfig().settings(name)) is (settings if settings.model_fields else Section)
    assert (name in PropertiesConfig.model_fields) is bool(settings.model_fields)


@pytest.mark.parametrize("name", [name for name, family in families().items() if family.plot])
def test_the_curves_of_a_family_are_drawn(name: str, tmp_path: Path) -> None:
    plot = families()[name].plot
    assert isinstance(plot, Plot) and plot.y
    x = np.linspace(1.0, 2.0, 5)
    y = np.stack([x, x**2], axis=1) if plot.draw else x**2
    (path,) = save_plots(tmp_path, [Curve(name, "one", x, y), Curve(name, "two", x, y)])
    assert path.name == f"{name}.png" and path.read_bytes()[1:4] == b"PNG"


def test_the_documentation_describes_each_family(root: Path) -> None:
    text = (root / "docs/properties.md").read_text(encoding="utf-8")
    assert [name for name in FAMILIES if f"| `{name}` |" not in text] == []


def test_a_stored_design_knows_the_sections_in_this_order() -> None:
    sections = [name for name in FAMILIES if families()[name].settings.model_fields]
    assert [*PropertiesConfig.model_fields] == ["measure", "structures", *sections, "reference"]


def test_faults_of_a_configuration_do_not_wait_for_jax() -> None:
    code = "import sys, potentia.runtime.properties.config; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"jax", "matplotlib", "phonopy"} & set(done.stdout.split())
