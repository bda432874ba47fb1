"""The run configuration: TOML and flags, and one message for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import Diagnostic
from potentia.runtime.files.settings import ConfigError
from potentia.runtime.optimize.methods import method_names
from potentia.runtime.residuals.config import FitConfig, load_config

METHODS = f"{', '.join(map(repr, method_names()[:-1]))} or {method_names()[-1]!r}"


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path | None, **flags: object) -> list[tuple[str, str, str | None]]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, flags)
    found: tuple[Diagnostic, ...] = caught.value.diagnostics
    assert all(d.place == (str(path) if path else None) for d in found)
    return [(d.code, d.message, d.help) for d in found]


def test_the_defaults_state_errors_of_one() -> None:
    config = load_config()
    assert config == FitConfig()
    weights = config.weights
    assert 0.001 <= weights.sigma_energy <= 0.003
    assert (
        config.data.keys().echo().startswith("energy `energy` (eV), forces `forces` (eV/Å), stress `stress`")
    )


def test_a_file_with_flags_over_it(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'seed = 3\nmethod = "first-order"\n[data]\ntest = "split=test"\nvirial_key = "virial"\n'
        "[weights]\nsigma_forces = 0.05\nconfig_type = { slab = 4 }\n",
    )
    config = load_config(path, {"seed": 5, "data.test": "0.1", "starts": None, "data.use_forces": False})
    assert (config.seed, config.method, config.starts) == (5, "first-order", 1)
    assert config.data.test == "0.1" and not config.data.use_forces
    assert config.data.keys().virial == "virial"
    assert config.weights.config_type == {"slab": 4.0}
    assert FitConfig.model_validate(config.flat()) == config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "sead = 1",
            ("unknown-key", "`sead` is not a key of the configuration", "did you mean `seed`?"),
        ),
        (
            "[weights]\nsigma_force = 1",
            (
                "unknown-key",
                "`weights.sigma_force` is not a key of the configuration",
                "did you mean `sigma_forces`?",
            ),
        ),
        (
            "sigma_forces = 1",
            (
                "unknown-key",
                "`sigma_forces` is not a key of the configuration",
                "`sigma_forces` belongs into the section [weights]",
            ),
        ),
        ("seed = -1", ("bad-value", "`seed` is -1: input should be greater than or equal to 0", None)),
        (
            "[weights]\nsigma_energy = 0",
            ("bad-value", "`weights.sigma_energy` is 0: input should be greater than 0", None),
        ),
        (
            "[weights]\nsigma_energy = nan",
            ("bad-value", "`weights.sigma_energy` is nan: input should be a finite number", None),
        ),
        (
            'method = "least-square"',
            (
                "bad-value",
                f"`method` is `least-square`: input should be {METHODS}",
                "did you mean `least-squares`?",
            ),
        ),
        (
            'starts = "many"',
            (
                "bad-value",
                "`starts` is `many`: input should be a valid integer, unable to parse string as an integer",
                None,
            ),
        ),
        (
            "weights = 3",
            (
                "bad-value",
                "`weights` is 3: input should be a valid dictionary or instance of WeightsConfig",
                None,
            ),
        ),
        ("seed = ", ("bad-toml", "the file is not TOML: Invalid value (at end of document)", None)),
    ],
)
def test_faults(tmp_path: Path, text: str, expected: tuple[str, str, str | None]) -> None:
    assert faults(written(tmp_path, text)) == [expected]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(written(tmp_path, "seed = -1\nstart = 2\n"))
    assert [code for code, _, _ in found] == ["bad-value", "unknown-key"]


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert faults(missing) == [("missing-file", f"there is no file `{missing}`", None)]
    binary = tmp_path / "run.toml"
    binary.write_bytes(b"seed = 1 # \xff")
    assert faults(binary) == [("bad-toml", "the file is not UTF-8 text", None)]
    code, message, _ = faults(tmp_path)[0]
    assert (code, message) == ("missing-file", f"cannot read `{tmp_path}`: Is a directory")


def test_a_bad_flag_is_told_without_a_file() -> None:
    assert faults(None, seed=-2) == [
        ("bad-value", "`seed` is -2: input should be greater than or equal to 0", None)
    ]
