"""The page of a run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import shown
from commands import run
from labelled_frames import SPEC, rattled
from potentia.runtime.files.reading import read_plain
from potentia.runtime.fitting.learning_curve import COLUMNS
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.reference import Reference
from potentia.runtime.properties.results import PropertyResult
from potentia.runtime.properties.stored import PROPERTIES, keep
from potentia.runtime.report.learning import read_learning
from potentia.runtime.runs.run_folder import save

VOID = {"meta", "wbr", "br", "hr", "img", "link", "input"}
LONG = "# " + "a line that is far longer than a phone is wide, " * 8
HEADER = 'Lattice="{cell}" energy={energy} stress="{stress}" config_type=%s pbc="T T T"'
CURVE = ",".join(COLUMNS) + "\n0,0,90,,40,,,50,,0\n1,2,9,,4,,,,,0\n"


class Outline(HTMLParser):
    """Tags in their order, headings, and whether each tag that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object"), tag
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href", "srcset")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2", "summary"):
            self.headings.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with data of two types, properties, information and a learning curve."""
    folder = tmp_path_factory.mktemp("report")
    frames = rattled()
    data = "".join(f.text(HEADER % kind) for f, kind in zip(frames, ("cold", "hot", "hot"), strict=True))
    (folder / "ar.xyz").write_text(data, encoding="utf-8")
    (folder / "ar.pes").write_text(LONG + "\n" + SPEC, encoding="utf-8")
    from potentia.runtime.data.dataset import read_training_data
    from potentia.runtime.residuals.config import FitConfig

    config = FitConfig()
    training = read_training_data([str(folder / "ar.xyz")], config.data, config.weights.config_type, 0)
    potential = compile(LONG + "\n" + SPEC)
    potential = potential.with_theta(potential.theta * 1.02)
    errors = {"n_structures": 3, "energy_rmse_ev_per_atom": 0.00123, "forces_rmse_ev_per_ang": 0.0456}
    save(
        folder / "run",
        potential,
        train={**errors, "by_config_type": {"cold": errors, "hot": errors}},
        config=config.flat(),
        data=training.digests,
        origin="fitted from ar.pes <&>",
        warnings=["a warning of the fit"],
        converged=True,
        reason="tolerance",
        training=CURVE,
    )
    results = [
        PropertyResult(
            "lattice_constant.fcc",
            5.31,
            "Å",
            0.01,
            Reference(property="lattice_constant.fcc", value=5.26, tolerance=0.1),
        ),
        PropertyResult("C44.fcc", None, "GPa", status="failed", reason="it melts"),
    ]
    keep(folder / "run" / PROPERTIES, results)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    from potentia.runtime.cli.main import main

    assert main(["report", str(folder / "run"), "--curves", "dimer", "-q"]) == 0
    return read_plain(folder / "run" / "report.html").decode("utf-8")


def test_a_report_has_the_spec_on_top_and_all_that_is_known(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.headings == [
        *("run", "remarks", "errors", "learning curve", "curves", "properties", "proofs"),
        *("trained numbers (2)", "history", "settings of the fit"),
    ]
    assert page.index('class="spec"') < page.index('class="cards"') < page.index("<h2>")
    for text in (
        "1.23 <small>meV/atom",
        "45.6 <small>meV/Å",
        "a warning of the fit",
        "5.26 ± 0.1",
        "it melts",
        "&lt;&amp;&gt;",
    ):
        assert text in page
    assert "µs" in page and page.count("<svg") == 3 + 3 + 2 + 1  # parity, types, learning, dimer


def test_a_report_needs_nothing_beside_it(page: str) -> None:
    outline = Outline()
    outline.feed(page)
    assert all(ref.startswith(("#", "data:image/png")) for ref in outline.references)
    assert not re.search(r"@import|url\((?!#)|@font-face", page)
    assert "prefers-color-scheme: dark" in page and 'name="viewport"' in page
    assert not re.search(r"\$\w", page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_cuts_nothing_off(page: str, tmp_path: Path, width: int) -> None:
    found = shown(page, width, tmp_path)
    assert found["cut"] == [] and found["scroll"] <= found["width"]
    assert min(found["pictures"]) > 250  # they can be read
    assert found["top"] < 120


def test_a_browser_shows_light_and_dark(page: str, tmp_path: Path) -> None:
    light, dark = (shown(page, 800, tmp_path, dark) for dark in (False, True))
    assert light["paper"] == "rgb(255, 255, 255)" and dark["paper"] == "rgb(20, 23, 27)"
    assert light["ink"] != dark["ink"]


def test_a_report_without_the_data_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    save(tmp_path / "bare", compile(SPEC), data={"gone.xyz": "sha256:0"}, certified=False)
    code, _, err = run(
        capsys, "report", str(tmp_path / "bare"), "--curves", "none", "-o", str(tmp_path / "a.html")
    )
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert code == 0 and err == f"report: {tmp_path / 'a.html'}\n"
    assert "no parity plot: gone.xyz cannot be read from here; name the data with --data" in text
    assert "<svg" not in text


@pytest.mark.parametrize("text", ["", "iteration,loss\n1,2\n", CURVE[:-12], CURVE + "x\n", CURVE + "1,2\n"])
def test_a_damaged_learning_curve_is_told_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "learning_curve.csv").write_text(text, encoding="utf-8")
    assert read_learning(tmp_path) == (
        None,
        [f"no learning curve: {tmp_path / 'learning_curve.csv'} is damaged"],
    )


def test_a_report_tells_of_a_damaged_learning_curve(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    save(tmp_path / "run", compile(SPEC), training="nothing of use", certified=False)
    assert run(capsys, "report", str(tmp_path / "run"), "--curves", "none")[0] == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "no learning curve: " in page and "learning_curve.csv is damaged" in page


def test_bad_input(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = str(folder / "run")
    code, _, err = run(capsys, "report", where, "-o", str(tmp_path / "report.json"))
    assert code == 1 and "reports are written as HTML" in err
    code, _, err = run(capsys, "report", where, "--curves", "dimmer", "-o", str(tmp_path / "a.html"))
    assert code == 1 and "dimmer" in err
    (tmp_path / "other.xyz").write_text(rattled()[0].text(HEADER % "hot"), encoding="utf-8")
    code, _, err = run(
        capsys, "report", where, "--data", str(tmp_path / "other.xyz"), "-o", str(tmp_path / "a.html")
    )
    assert code == 1 and "data-changed" in err
    (tmp_path / "run").mkdir()
    for path in (folder / "run").iterdir():
        (tmp_path / "run" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "run" / "fisher.json").write_text(json.dumps({"n_rows": 3}), encoding="utf-8")
    code, _, err = run(capsys, "report", str(tmp_path / "run"), "--curves", "none")
    assert code == 1 and "does not hold a report of `potentia fisher`" in err
