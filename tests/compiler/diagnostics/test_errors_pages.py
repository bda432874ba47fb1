"""Every code of a diagnostic has a page in `docs/errors`, every page a code; its examples are true."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import options_of, run
from documents import Block, blocks
from places import ROOT
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import SpecError, UserError
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.warnings import warnings_of
from potentia.grammar.mistakes import MISTAKES
from potentia.runtime.data.labels import LabelKeys
from potentia.runtime.data.readers import read
from potentia.runtime.residuals.config import load_config

FOLDER = ROOT / "docs" / "errors"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


# --- the codes of the source -----------------------------------------------------------------------


def modules() -> Iterator[ast.Module]:
    for folder in ("compiler", "runtime"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def makers(module: ast.Module) -> dict[str, tuple[int, ast.expr | None]]:
    """Functions of a module that take a `code`: its place among the arguments, and its default."""
    found: dict[str, tuple[int, ast.expr | None]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            names = [a.arg for a in node.args.args if a.arg != "self"]
            defaults = dict(zip(names[::-1], node.args.defaults[::-1], strict=False))
            if "code" in names:
                found[node.name] = names.index("code"), defaults.get("code")
    return found


SHARED = {
    "Diagnostic": (0, None),
    "KindError": (0, None),
    "fault": (0, None),
    "error": (2, None),
    "lines_of": (1, None),
}


def codes_of(module: ast.Module) -> Iterator[str]:
    own = SHARED | makers(module)
    values = [default for _, default in own.values() if default is not None]
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        if name in own:
            place = own[name][0]
            values += [k.value for k in node.keywords if k.arg == "code"]
            values += node.args[place : place + 1]
    for value in values:
        for part in ast.walk(value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def all_codes() -> set[str]:
    found = {code for module in modules() for code in codes_of(module)} | set(MISTAKES)
    return {code for code in found if SLUG.fullmatch(code)}


def test_the_codes_are_found() -> None:
    module = ast.parse(
        "def _error(code, message): return Diagnostic(code, message)\n"
        "def f(self, message, code='by-default'): ...\n"
        "_error('by-place', 'x'); Diagnostic('a' if x else 'b', 'm'); y.f('m', code='by-name'); g('none')"
    )
    assert set(codes_of(module)) == {"by-place", "by-default", "by-name", "a", "b"}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert all_codes() - set(PAGES) == set(), "codes without a page in docs/errors"
    assert set(PAGES) - all_codes() == set(), "pages of codes that are gone"


# --- the examples ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_its_parts(code: str) -> None:
    lines = PAGES[code].splitlines()
    assert lines[0] == f"# {code}" and lines[1] == "" and lines[2]
    assert lines.index("Wrong:") < lines.index("Right:")
    assert len(blocks(PAGES[code])) >= 2
    assert max(map(len, lines)) <= 150


def examples(*marks: str) -> list[tuple[str, Block]]:
    return [(code, b) for code, text in PAGES.items() for b in blocks(text) if b.mark in marks]


def named(value: object) -> str:
    return value if isinstance(value, str) else ""


def diagnosed(code: str, block: Block, folder: Path) -> list[str]:
    """The codes of errors, or else of warnings, of a block beside the named ones before it."""
    for other in blocks(PAGES[code]):
        if other.name != "spec.pes" and other.line <= block.line:
            (folder / other.name).write_text(other.text, encoding="utf-8")
    try:
        checked = pipeline.check(pipeline.parse(Source(block.text, str(folder / block.name))))
        return [d.code for d in warnings_of(checked, pipeline.build(checked))]
    except SpecError as error:
        return [d.code for d in error.diagnostics]


@pytest.mark.parametrize(("code", "block"), examples("pes-error", "pes-warning"), ids=named)
def test_a_wrong_example_has_the_code(code: str, block: Block, tmp_path: Path) -> None:
    assert diagnosed(code, block, tmp_path) == [code]


@pytest.mark.parametrize(("code", "block"), examples("pes"), ids=named)
def test_a_right_example_checks(code: str, block: Block, tmp_path: Path) -> None:
    is_wrong = PAGES[code].index("Right:") > block.end
    found = diagnosed(code, block, tmp_path)
    assert found == [] or (is_wrong and code not in found)


@pytest.mark.parametrize(("code", "block"), examples("toml-error", "toml"), ids=named)
def test_a_configuration(code: str, block: Block, tmp_path: Path) -> None:
    path = tmp_path / "fit.toml"
    path.write_text(block.text, encoding="utf-8")
    if block.mark == "toml":
        load_config(path)
        return
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert [d.code for d in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(("code", "block"), examples("xyz-error", "xyz"), ids=named)
def test_a_file_of_structures(code: str, block: Block, tmp_path: Path) -> None:
    path = tmp_path / "data.xyz"
    path.write_text(block.text, encoding="utf-8")
    keys = LabelKeys(weight="weight")
    if block.mark == "xyz":
        assert len(read(path, keys).structures) == 1
        return
    with pytest.raises(UserError) as caught:
        read(path, keys)
    assert code in [d.code for d in caught.value.diagnostics]


def command_lines() -> list[tuple[str, str]]:
    found = [(c, line) for c, b in examples("sh") for line in b.text.splitlines()]
    return [(c, line.partition("#")[0]) for c, line in found if line.startswith("potentia ")]


@pytest.mark.parametrize(("code", "line"), command_lines())
def test_a_command_line_has_flags_that_exist(code: str, line: str) -> None:
    for part in line.split("&&"):
        _, command, *rest = part.split()
        flags = {word for word in rest if word.startswith("-")}
        wrong = {"--dta"} if code == "usage" else set()
        assert flags - wrong <= options_of(command)


# --- the command -----------------------------------------------------------------------------------


def test_explain_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", "double-star")
    assert (code, err) == (0, "")
    assert out == (
        "double-star\n\nA power is written `^`.\n\nWrong:\n\n    E = 1 eV * (lj(Nb) / 1 eV)**2\n\n"
        "Right:\n\n    E = 1 eV * (lj(Nb) / 1 eV)^2\n"
    )
    assert run(capsys, "explain", "error[double-star]")[1] == out
    data = json.loads(run(capsys, "explain", "double-star", "--json")[1])
    assert data["summary"] == "A power is written `^`" and data["page"] == PAGES["double-star"]


def test_explain_lists_all_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == sorted(PAGES)
    assert [c["code"] for c in json.loads(run(capsys, "explain", "--json")[1])["codes"]] == sorted(PAGES)


def test_an_unknown_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "explain", "unknown-trem") == (
        1,
        "",
        "error[unknown-code]: there is no code `unknown-trem`\n  help: did you mean `unknown-term`?\n",
    )
    assert run(capsys, "explain", "zzz")[2].endswith("help: `potentia explain` lists all codes\n")
