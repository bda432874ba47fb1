"""Options that are made of the fields of a configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
import typer
from commands import run
from potentia.runtime.cli.setting_options import Given, having, options_of
from potentia.runtime.files.settings import Section, one_of, option
from typer.testing import CliRunner


class Kettle(Section):
    """A field of every kind."""

    volume: float = option(1.5, "Volume.", metavar="L", gt=0)
    cups: int | None = option(None, "Number of cups.", ge=1)
    fuel: Literal["gas", "wood"] = option("gas", "gas or wood.")
    tea: Annotated[str, one_of(("black", "green"))] = option("black", "black or green.", flag="--leaves")
    use_lid: bool = option(True, "Leave the lid off.", flag="--no-lid")
    patience_s: float | None = option(None, "Stop then.", shown="as long as it takes")
    colour: str = "red"


def asked(*arguments: str) -> tuple[int, str, dict[str, object]]:
    given: dict[str, object] = {}

    @having(kettle=options_of(Kettle, "kettle", without=["fuel"]))
    def command(*, kettle: Given) -> int:
        given.update(kettle)
        return 0

    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(command)
    answer = CliRunner().invoke(app, list(arguments))
    return answer.exit_code, answer.output, given


def test_names_types_and_sections() -> None:
    code, _, given = asked("--volume", "2", "--cups", "3", "--leaves", "green", "--no-lid")
    assert code == 0
    assert given == {
        "kettle.volume": 2.0,
        "kettle.cups": 3,
        "kettle.tea": "green",
        "kettle.use_lid": False,
    }
    assert asked()[2] == {}


def test_the_type_of_a_value_is_that_of_the_field() -> None:
    assert asked("--cups", "many")[0] == 2


def test_help_has_the_default() -> None:
    help = " ".join(asked("--help")[1].split())
    for line in (
        "--volume L Volume. [1.5]",
        "Number of cups. ",
        "black or green. [black]",
        "--no-lid Leave the lid off. -",
        "Stop then. [as long as it takes]",
    ):
        assert line in help
    assert "--fuel" not in help and "--colour" not in help


def test_only_names_fields() -> None:
    (fuel,) = options_of(Kettle, only=["fuel"])
    assert (fuel.key, fuel.name, fuel.switch) == ("fuel", "fuel", False)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_list_of_commands_has_their_first_sentences(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, _ = run(capsys, flag)
    assert code == 0 and "Fit the parameters of a spec to labelled structures" in said


def test_dashes_before_a_command_are_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--", "explain", "unknown-target")[0] == 0
