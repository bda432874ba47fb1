"""The site: its check of links, and pages made from other files. `make docs` builds the whole."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from xml.dom.minidom import parseString

import gallery
import potentia
import pytest
from api_page import FUNCTIONS, OTHERS, RESULTS, api_page, described, fields_of
from broken_links import broken_links
from commands import options_of
from commands_page import commands_page
from error_index import error_index
from gallery_data import costs, example
from places import ROOT
from potentia.compiler import pipeline
from potentia.runtime.cli.main import COMMANDS
from settings_page import settings_page


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ('<a href="b.html">', "b.html is not there"),
        ('<a href="a.html#there">', "a.html#there has no such anchor"),
        ('<img src="picture.svg">', "picture.svg is not there"),
        ('<script src="https://x.org/y.js">', "https://x.org/y.js is loaded from another server"),
        ('<link href="//x.org/y.css">', "//x.org/y.css is loaded from another server"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, inside: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(f'<p id="here">{inside}', encoding="utf-8")
    assert broken_links(tmp_path) == [f"a.html: {fault}"]


def test_links_that_lead_somewhere_are_none(tmp_path: Path) -> None:
    links = ["sub/b.html#there", "/a.html", "#here", "https://x.org/no", "mailto:a@x.org"]
    (tmp_path / "a.html").write_text("".join(f'<a id="here" href="{link}">' for link in links), "utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<h1 id="there"><a href="../a.html#here">', encoding="utf-8")
    assert broken_links(tmp_path) == []


def test_every_code_is_in_the_index_of_errors() -> None:
    folder = ROOT / "docs" / "errors"
    text = error_index(folder)
    assert all(f"| [`{page.stem}`]({page.name}) | " in text for page in folder.glob("*.md"))


def test_every_key_of_a_configuration_is_described() -> None:
    rows = [line.split(" | ") for line in settings_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 90
    assert [row[0] for row in rows if not row[3].strip()] == []


def test_the_page_of_commands_has_all_of_them_and_their_options() -> None:
    text = commands_page()
    for name in COMMANDS:
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert {flag for flag in options_of(name) - {"-h", "--help"} if flag not in section} == set()


def test_every_function_says_what_it_takes_returns_and_raises() -> None:
    assert {f.__name__ for f in FUNCTIONS} == {
        name for name in potentia.__all__ if inspect.isfunction(getattr(potentia, name))
    }
    assert {c.__name__ for c in RESULTS} >= {
        str(inspect.signature(f).return_annotation) for f in FUNCTIONS[:11]
    }
    for function in FUNCTIONS:
        names = inspect.signature(function).parameters
        found = described(function.__doc__ or "", names)
        assert found.text and found.errors, function.__name__
        assert [name for name in names if not found.meanings.get(name)] == [], function.__name__


@pytest.mark.parametrize("kind", [*RESULTS, *OTHERS], ids=lambda c: c.__name__)
def test_every_attribute_of_a_result_is_described(kind: type) -> None:
    names = fields_of(kind)
    assert [n for n in names if not described(kind.__doc__ or "", names).meanings.get(n)] == []
    assert all(f"| `{name}` | `" in api_page() for name in names)
    public = [n for n in vars(kind) if not n.startswith("_") and n not in (*names, "lines", "parts")]
    assert [n for n in public if not inspect.getdoc(getattr(kind, n))] == []


def test_units_are_named_where_numbers_are_returned() -> None:
    sections = re.split(r"\n### ", api_page())
    units = {
        "read_data": "eV/Å³",
        "Fit": "GPa",
        "evaluate": "eV/atom",
        "WeightOptions": "eV/atom",
        "diff": "eV/Å",
    }
    for name, unit in units.items():
        assert any(s.startswith(f"{name} {{") and unit in s for s in sections), name


@pytest.mark.parametrize("name", gallery.term_names())
def test_a_term_has_a_page_with_its_formula_and_its_papers(name: str) -> None:
    page = gallery.term_page(name)
    lines = page.partition('<div class="formula">\n')[2].partition("\n</div>")[0].splitlines()
    assert len(lines) > 1
    for line in lines:
        parseString(line)
    assert costs().terms[name].microseconds > 0, "benchmarks/bench_terms.py --json docs/site/costs.json"


def test_the_plots_have_curves_of_their_terms() -> None:
    shown = {name: example(name) for name in gallery.drawn()}
    assert set(gallery.term_names()) - set(shown) == {"reference", "eam_table", "pair_table"}
    for name, each in shown.items():
        for call in each.curves.values():
            assert call.startswith(f"{name}(")
            pipeline.build(pipeline.check(pipeline.parse(f"E = {call}")))


def test_a_plot_is_the_same_each_time() -> None:
    assert "shifted" in gallery.picture("lj")
    assert gallery.picture("lj") == gallery.picture("lj")
