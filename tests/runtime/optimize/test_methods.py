"""The methods of fitting: each has a function, the configuration takes its name, `auto` takes one."""

from __future__ import annotations

import pytest
from potentia.runtime.files.settings import ConfigError
from potentia.runtime.fitting.methods import fit_by
from potentia.runtime.optimize.methods import METHODS, automatic, method_names
from potentia.runtime.residuals.config import FitConfig, load_config


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_a_function_in_the_file_of_its_name(name: str) -> None:
    assert fit_by(METHODS[name]).__module__.endswith(f"runtime.fitting.{name.replace('-', '_')}")


@pytest.mark.parametrize("name", method_names())
def test_the_configuration_takes_each(name: str) -> None:
    assert FitConfig(method=name).flat()["method"] == name


@pytest.mark.parametrize("name", ["newton", "Auto", ""])
def test_the_configuration_takes_no_other(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, {"method": name})
    *others, last = map(repr, method_names())
    assert f"input should be {', '.join(others)} or {last}" in str(caught.value)


@pytest.mark.parametrize(
    ("n", "linear", "name"),
    [
        (1500, False, "least-squares"),
        (1501, False, "quasi-newton"),
        (5000, True, "least-squares"),
        (5001, True, "quasi-newton"),
        (12_001, False, "first-order"),
    ],
)
def test_auto_asks_how_many_are_free(n: int, linear: bool, name: str) -> None:
    assert automatic(n, linear).name == name
