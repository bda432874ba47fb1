"""Names of processes."""

import os
import socket

import pytest
from potentia.runtime.files.process import is_name, own_name, runs_here


def test_this_process_runs() -> None:
    assert is_name(own_name()) and runs_here(own_name()) is True


def test_others_of_its_number_do_not() -> None:
    assert runs_here(f"{socket.gethostname()} {os.getpid()} 1") is False


def test_other_machines_are_not_known() -> None:
    assert runs_here("elsewhere 12 345") is None


@pytest.mark.parametrize(
    "damaged", ["", "a", "host 12", "host 3\x163 5", "host ٣ 5", "host 99999999999 5", "a b c", b"a 1 2", 5]
)
def test_what_is_no_name_runs_nowhere(damaged: object) -> None:
    assert not is_name(damaged) and runs_here(damaged) is False
