"""The start of a team: which process this is, whether all agree, which cores it has."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from potentia.compiler.diagnostics.diagnostic import FitError, ToolError
from potentia.runtime.files.process import own_name
from potentia.runtime.ranks import agreement
from potentia.runtime.ranks.agreement import Member, agreed, cores_of
from potentia.runtime.ranks.communicator import ended
from potentia.runtime.ranks.mpi import Mpi
from potentia.runtime.ranks.start import Place, place_of_start
from threads_team import links


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, Place(0, 1)),
        ({"PMI_RANK": "3", "PMI_SIZE": "8"}, Place(3, 8, 3)),
        ({"PMI_RANK": "3", "PMI_SIZE": "8", "MPI_LOCALRANKID": "1"}, Place(3, 8, 1)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, Place(1, 2, 1)),
        ({"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "4"}, Place(0, 4)),
        ({"PMIX_RANK": "0"}, Place(0, 1)),
        # a batch script that starts a command without srun
        ({"SLURM_NTASKS": "8", "SLURM_PROCID": "0"}, Place(0, 1)),
        ({"PMI_RANK": "x", "PMI_SIZE": "8"}, Place(0, 1)),
    ],
)
def test_the_launcher_says_the_place(environment: dict[str, str], place: Place) -> None:
    assert place_of_start(environment) == place


def member(host: str, cores: range, **facts: str) -> Member:
    return Member(host, frozenset(cores), facts)


@pytest.mark.parametrize(
    ("members", "parts"),
    [
        ([member("a", range(8))], [range(8)]),
        ([member("a", range(8)), member("a", range(8))], [range(4), range(4, 8)]),
        ([member("a", range(8)), member("b", range(8))], [range(8), range(8)]),
        # the launcher has bound them already
        ([member("a", range(4)), member("a", range(4, 8))], [range(4), range(4, 8)]),
        ([member("a", range(5))] * 2, [range(2), range(2, 5)]),
        ([member("a", range(2))] * 3, [range(1), range(1), range(1, 2)]),
        ([member("a", range(0))] * 2, [range(0), range(0)]),
    ],
)
def test_each_process_of_a_machine_has_its_part_of_the_cores(
    members: list[Member], parts: list[range]
) -> None:
    distinct = [Member(m.host, m.cores, {}) for m in members]
    assert [cores_of(distinct, k) for k in range(len(parts))] == [frozenset(part) for part in parts]


def agreeing(members: list[Member], monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr(agreement, "_keep_to", lambda cores: None)

    def outcome(given: tuple[agreement.Communicator, Member]) -> object:
        try:
            return agreed(*given)
        except FitError as error:
            return error

    with ThreadPoolExecutor(len(members)) as pool:
        return list(pool.map(outcome, zip(links(len(members)), members, strict=True)))


def test_processes_that_agree_know_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    members = [member("a", range(2), potentia="1", data="x"), member("b", range(4), potentia="1")]
    assert agreeing(members, monkeypatch) == [tuple(members)] * 2


def test_other_data_and_another_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = (member(f"n{k}", range(1), **{"`nb.xyz`": "x", "potentia": "1"}) for k in range(4))
    others[1] = member("n2", range(1), **{"`nb.xyz`": "y", "potentia": "1"})
    others[2] = member("n3", range(1), **{"`nb.xyz`": "z", "potentia": "2"})
    found = agreeing([first, *others], monkeypatch)
    assert all(isinstance(error, FitError) for error in found)
    assert [d.message for d in found[0].diagnostics] == [  # type: ignore[attr-defined]
        "the processes of this command differ: process 2 on n2 (and 1 more) has another `nb.xyz` than "
        "process 0 on n0",
        "the processes of this command differ: process 3 on n3 has another potentia than process 0 on n0",
    ]


def test_the_installation_is_part_of_the_agreement() -> None:
    facts = agreement.this_process({"command line": "fit"}).facts
    assert set(facts) == {"potentia", "Python", "numpy", "scipy", "jax", "command line"}
    assert len(facts["potentia"]) == 64


def test_mpirun_without_mpi4py_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ToolError) as caught:
        Mpi(Place(0, 8))
    assert caught.value.diagnostics[0].code == "no-mpi"
    assert caught.value.diagnostics[0].help == "`pip install potentia[mpi]`, or start it without mpirun"


def test_a_process_that_ended_is_named() -> None:
    (found,) = ended(3, own_name()).diagnostics
    assert found.code == "process-ended" and found.message.startswith("process 3 of this command has ended")
