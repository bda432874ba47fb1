"""Files that are no files, disks that are full, folders that are closed: told, never a fault of ours."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.api.outputs import require_writable
from potentia.runtime.files.atomic import write_atomic
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder

SPEC = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)\n"
AGAIN = "it was cut short or changed since it was written"
FIT_AGAIN = f"{AGAIN}: fit again, or copy it again"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    run_folder.save("nb", compile(SPEC))
    return tmp_path


# --- output ------------------------------------------------------------------------------------


def test_a_full_disk_under_the_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code, _, err = run(capsys, "explain", "double-star")
    assert (code, err) == (1, "error[unwritable]: cannot write the output: No space left on device\n")


def test_a_full_disk_under_the_messages(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert run(capsys, "explain", "no-such-code") == (1, "", "")


@pytest.mark.parametrize("write", [require_writable, lambda path: write_atomic(path, b"")])
def test_a_device_is_not_replaced(write: Any) -> None:
    with pytest.raises(ArtifactError) as caught:
        write(Path("/dev/null"))
    assert caught.value.message == "cannot write /dev/null: it is a device or a pipe, no file"
    assert Path("/dev/null").is_char_device()


def test_a_folder_that_may_not_be_entered(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    true = Path.stat

    def stat(path: Path, **named: Any) -> os.stat_result:  # root, for whom no folder is closed, sees this too
        if path.parts[:1] == ("closed",):
            raise PermissionError(13, "Permission denied", str(path))
        return true(path, **named)

    monkeypatch.setattr(Path, "stat", stat)
    assert run(capsys, "log", "closed/nb") == (
        1,
        "",
        "error[unusable-file]: cannot use `closed/nb`: Permission denied\n  --> closed/nb\n"
        "  help: every folder above it needs the permission to be entered (x)\n",
    )


AS_JSON, AS_PNG = "results are written as JSON", "plots are written as PNG"
AS_HTML = "reports are written as HTML"
READ = "it is read by this command"


@pytest.mark.parametrize(
    ("arguments", "path", "reason", "help"),
    [
        (("analyze", "md.json", "-o"), "md.json", READ, "choose another name"),
        (("analyze", "md.xyz", "-o"), "md.xyz", AS_JSON, "give it a name that ends in .json"),
        (("eval", "nb", "--data", "md.xyz", "--plot"), "nb.pes", AS_PNG, "give it a name that ends in .png"),
        (("predict", "nb", "-q", "--data", "md.xyz@:1", "-o"), "./md.xyz", READ, "choose another name"),
        (("properties", "nb", "-o"), "nb.pes", AS_JSON, "give it a name that ends in .json"),
        (("predict", "nb", "-q", "--data", "md.xyz", "-o"), "", "it has no name of its own", None),
        (("fit", "nb.pes", "--data", "md.xyz", "-o"), ".", "it has no name of its own", None),
        (("eval", "nb", "--data", "md.xyz", "--plot"), "", "it has no name of its own", None),
        (("diff", "nb.pes", "nb.pes", "--html"), "nb.pes", AS_HTML, "give it a name that ends in .html"),
        (("predict", "nb", "-q", "--data", "md.xyz", "-o"), "folder", "it is a folder", None),
        (("report", "nb", "-q", "-o"), "folder", "it is a folder", None),
        (("diff", "nb.pes", "nb.pes", "--html"), "folder", "it is a folder", None),
    ],
)
def test_no_input_and_no_other_kind_of_file_is_written_over(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    path: str,
    reason: str,
    help: str | None,
) -> None:
    Path("folder").mkdir()
    for name in ("nb.pes", "md.xyz", "md.json"):
        Path(name).write_text(SPEC)
    message = f"error[unwritable]: cannot write {Path(path)}: {reason}\n  --> {Path(path)}\n"
    help = help or "choose another place with `-o`"
    code = 2 if arguments[0] == "diff" else 1
    assert run(capsys, *arguments, path) == (code, "", f"{message}  help: {help}\n")
    assert {Path(name).read_text() for name in ("nb.pes", "md.xyz", "md.json")} == {SPEC}


# --- files of a run ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["metadata.json", "parameters.npz", "spec.pes"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_file_of_a_run_that_never_ends(
    kind: str, name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("nb") / name
    path.unlink()
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    assert run(capsys, "log" if name == "metadata.json" else "check", "nb") == (
        1,
        "",
        f"error[damaged-artifact]: {path} is damaged: it is not a plain file\n  --> {path}\n"
        f"  help: {FIT_AGAIN}\n",
    )


def test_metadata_that_are_nested_without_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("nb/metadata.json").write_text("[" * 100_000 + "]" * 100_000)
    assert run(capsys, "check", "nb") == (
        1,
        "",
        "error[damaged-artifact]: nb/metadata.json is damaged: it is not JSON\n  --> nb/metadata.json\n"
        f"  help: {FIT_AGAIN}\n",
    )


def bomb() -> bytes:
    content = BytesIO()
    np.savez_compressed(content, theta=np.zeros(10**7), names=np.array(["a"]))
    return content.getvalue()


def test_compressed_arrays_are_not_unpacked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("nb/parameters.npz")
    path.write_bytes(bomb())
    message = (
        "error[damaged-artifact]: nb/parameters.npz is damaged: {}\n  --> nb/parameters.npz\n  help: {}\n"
    )
    assert run(capsys, "check", "nb")[2] == message.format("it is not what the fit wrote", FIT_AGAIN)
    metadata = json.loads(Path("nb/metadata.json").read_text())
    metadata["digests"]["parameters.npz"] = "sha256:" + sha256(path.read_bytes()).hexdigest()
    Path("nb/metadata.json").write_text(json.dumps(metadata))
    why = "its arrays are compressed, and potentia writes none that are"
    assert run(capsys, "check", "nb")[2] == message.format(why, AGAIN)


# --- configurations ----------------------------------------------------------------------------

NOT_TOML = "error[bad-toml]: the file is not TOML: {}\n  --> a.toml\n"
TOML = {
    "a number of 4301 digits": (
        f"seed = {'9' * 4301}",
        NOT_TOML.format("a whole number has more than 64 bits"),
    ),
    "a number of 20 digits": (
        f"seed = {'9' * 20}",
        "error[bad-value]: `seed` is a whole number of more than 64 bits\n  --> a.toml\n",
    ),
    "brackets": (f"a = {'[' * 10_000}", NOT_TOML.format("its brackets are too deep")),
    "a key of many parts": (f"[{'a.' * 99_999}a]", NOT_TOML.format("a key has more than 50 parts")),
    "a large file": (
        "#" * (1 << 21),
        "error[bad-toml]: cannot read `a.toml`: it has 2097152 bytes, more than 1048576\n  --> a.toml\n",
    ),
    "many faults": (
        "\n".join(f"a{k} = 1" for k in range(5000)),
        "note[more-faults]: and 4980 more\n  --> a.toml\n",
    ),
}


@pytest.mark.parametrize(("text", "end"), TOML.values(), ids=TOML.keys())
def test_configurations_out_of_all_bounds(
    text: str, end: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.toml").write_text(text)
    code, out, err = run(capsys, "fit", "nb/spec.pes", "--data", "a.xyz", "--config", "a.toml", "-o", "new")
    assert (code, out) == (1, "") and err.endswith(end)


def test_a_configuration_that_is_a_device(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "fit", "nb/spec.pes", "--data", "a.xyz", "--config", "/dev/zero", "-o", "new") == (
        1,
        "",
        "error[bad-toml]: cannot read `/dev/zero`: it is not a plain file\n  --> /dev/zero\n",
    )


# --- what killed processes leave ------------------------------------------------------------------


def test_what_killed_processes_left_is_cleaned_up(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".new.0a1b2c3d.part").mkdir()
    (here / ".new.0a1b2c3d.part" / "spec.pes").write_text("")
    (here / ".new.11111111.probe").write_text("")
    (here / "..new.11111111.probe.22222222.part").write_text("")
    (here / ".other.0a1b2c3d.part").write_text("")  # another's
    run(capsys, "fit", "nb/spec.pes", "--data", "a.xyz", "-o", "new")
    assert sorted(os.listdir()) == [".other.0a1b2c3d.part", "nb"]
