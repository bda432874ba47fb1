"""Work that is shared: the order of results, errors of other processes, requests that were left."""

from __future__ import annotations

from operator import add

import pytest
from potentia.compiler.diagnostics.diagnostic import DataError, Diagnostic, InternalError
from potentia.runtime.ranks.team import Held, Team
from threads_team import links, team_of


def make(number: int) -> list[int]:
    if number == 13:
        raise DataError(Diagnostic("no-labels", "process 2 has none"))
    return [number]


def times(held: list[int], factor: int) -> list[int]:
    return [factor * x for x in held]


def inverse(held: list[int]) -> float:
    return 1.0 / held[0]


def interrupted(held: list[int]) -> list[int]:
    if held == [0]:
        raise KeyboardInterrupt
    return held


def numbers(team: Team, *others: int) -> Held[list[int]]:
    return team.hold([0], make, [(k,) for k in others])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_results_are_joined_in_their_order(size: int) -> None:
    with team_of(size) as team:
        held = numbers(team, *range(1, size))
        assert held.reduced(times, add, 10) == [10 * k for k in range(size)]
        assert held.gathered(times, 2) == [[2 * k] for k in range(size)]
        assert not team.is_waiting


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_error_of_the_user_comes_from_any_process(place: int) -> None:
    with team_of(4) as team:
        held = numbers(team, *(13 if k == place else k for k in (1, 2, 3)))
        with pytest.raises(DataError, match="process 2 has none"):
            held.reduced(times, add, 2)
        assert numbers(team, 1, 2, 3).reduced(times, add, 1) == [0, 1, 2, 3]


def test_a_fault_of_ours_comes_with_its_traceback() -> None:
    with team_of(3) as team:
        held = team.hold([1], make, [(2,), (0,)])
        with pytest.raises(InternalError, match="process 2 of this command failed") as caught:
            held.reduced(inverse, add)
        assert "ZeroDivisionError" in str(caught.value) and "in inverse" in str(caught.value)


def test_answers_to_a_request_that_was_left_are_dropped() -> None:
    with team_of(3) as team:
        held = numbers(team, 1, 2)
        with pytest.raises(KeyboardInterrupt):
            held.reduced(interrupted, add)
        assert team.is_waiting
        assert held.reduced(times, add, 3) == [0, 3, 6]
        assert not team.is_waiting


def test_one_process_alone_sends_nothing() -> None:
    team = Team()
    assert numbers(team).reduced(times, add, 2) == [0]
    team.end()
    with pytest.raises(InternalError):
        team.link.receive(1)


def test_messages_of_two_do_not_mix() -> None:
    first, second, third = links(3)
    second.send("b", 0)
    third.send("c", 0)
    assert (first.receive(2), first.receive(1)) == ("c", "b")
