"""Notebooks run cell by cell in this process, as Jupyter does it, for the outputs that they keep.

A cell is Python, or lines `!potentia …`. The value of its last expression is shown unless it ends in `;`,
and so are all figures that it leaves open.
"""

from __future__ import annotations

import ast
import io
import json
import shlex
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from potentia.runtime.cli.main import main

DPI = 72


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def write(path: Path, notebook: dict[str, Any]) -> None:
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


def outputs_of(notebook: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The outputs of each code cell, as they come. Errors of a cell are raised, with the cell's number."""
    names: dict[str, Any] = {"__name__": "__main__"}
    pyplot.close("all")  # those of other tests of this process
    for k, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code":
            yield _outputs("".join(cell["source"]), f"cell {k}", names)


def _outputs(source: str, place: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    out, err, value = io.StringIO(), io.StringIO(), None
    with redirect_stdout(out), redirect_stderr(err):
        if source.startswith("!"):
            _commands(source)
        else:
            value = _value(source, place, names)
    printed = (("stdout", out.getvalue()), ("stderr", err.getvalue()))
    found = [
        {"name": name, "output_type": "stream", "text": text.splitlines(keepends=True)}
        for name, text in printed
        if text
    ]
    if value is not None:
        found.append(
            {"data": _forms(value), "execution_count": None, "metadata": {}, "output_type": "execute_result"}
        )
    return [*found, *_figures()]


def _commands(source: str) -> None:
    for line in source.replace("\\\n", " ").splitlines():
        program, *arguments = shlex.split(line.removeprefix("!"))
        assert program == "potentia", line
        code = main(arguments)
        assert code == 0, f"{line}: exit code {code}"


def _value(source: str, place: str, names: dict[str, Any]) -> object:
    """The value of the last expression; None where it is not shown."""
    tree = ast.parse(source, place)
    last = tree.body[-1]
    shown = isinstance(last, ast.Expr) and not source.rstrip().endswith(";")
    if shown:
        tree.body.pop()
    exec(compile(tree, place, "exec"), names)
    return (
        eval(compile(ast.Expression(last.value), place, "eval"), names)
        if isinstance(last, ast.Expr) and shown
        else None
    )


def _forms(value: Any) -> dict[str, list[str]]:
    forms = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_"):
        forms["text/html"] = value._repr_html_()
    return {kind: text.splitlines(keepends=True) for kind, text in forms.items()}


def _figures() -> Iterator[dict[str, Any]]:
    for number in pyplot.get_fignums():
        figure, stream = pyplot.figure(number), io.BytesIO()
        figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
        pyplot.close(figure)
        labels = [f"{a.get_ylabel()} over {a.get_xlabel()}" for a in figure.axes if a.get_xlabel()]
        data = {
            "image/png": b64encode(stream.getvalue()).decode(),
            "text/plain": [f"<Figure: {'; '.join(labels)}>"],
        }
        yield {"data": data, "metadata": {}, "output_type": "display_data"}
