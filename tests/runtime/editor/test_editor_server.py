"""The server through its protocol: a process of its own, asked as an editor asks."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import potentia
import pytest
from potentia.compiler.declarations import library
from potentia.runtime.cli import main
from potentia.runtime.editor import document

SPEC = "# Å and 😀 before the words\nlet rc = 0.5 nm\nE = pin zbl(Nb) + eam(rc=rc) + lj(epsilon=1)\n"
PATIENCE = 60.0  # seconds; the machine may be busy


class Client:
    """A session. Positions are lines and columns of UTF-16, from 0."""

    def __init__(self, folder: Path, encodings: list[str] | None = None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(potentia.__path__[0]).parent)}
        code = "import sys; from potentia.runtime.cli.main import main; sys.exit(main(['lsp', '--stdio']))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
        self.folder, self.count, self.version = folder, 0, 0
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.told: list[dict[str, Any]] = []
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        item = {"completionItem": {"snippetSupport": True}}
        general = {"positionEncodings": encodings} if encodings else {}
        wanted = {"textDocument": {"completion": item}, "general": general}
        given = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": wanted}
        self.capabilities = self.ask("initialize", given)["capabilities"]
        self.tell("initialized", {})

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while head := stream.readline():
            length = int(head.split(b":")[1])
            while stream.readline().strip():
                pass
            self.answers.put(json.loads(stream.read(length)))

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def tell(self, method: str, given: dict[str, Any]) -> None:
        self._send({"method": method, "params": given})

    def ask(self, method: str, given: dict[str, Any] | None) -> Any:
        """The result, or the error as it is."""
        self.count += 1
        self._send({"id": self.count, "method": method, "params": given})
        while (message := self.answers.get(timeout=PATIENCE)).get("id") != self.count:
            self.told.append(message)
        return message["error"] if "error" in message else message["result"]

    # --- one document ---------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        return (self.folder / "nb.pes").as_uri()

    def open(self, text: str) -> None:
        about = {"uri": self.uri, "languageId": "pes", "version": 0, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": about})

    def change(self, text: str) -> None:
        self.version += 1
        about = {"uri": self.uri, "version": self.version}
        self.tell("textDocument/didChange", {"textDocument": about, "contentChanges": [{"text": text}]})

    def about(self, what: str, line: int = 0, column: int = 0, **more: Any) -> Any:
        position = {"line": line, "character": column}
        given = {"textDocument": {"uri": self.uri}, "position": position, **more}
        return self.ask(f"textDocument/{what}", given)

    def diagnostics(self) -> list[dict[str, Any]]:
        """The next that are published."""
        while True:
            message = self.told.pop(0) if self.told else self.answers.get(timeout=PATIENCE)
            if message.get("method") == "textDocument/publishDiagnostics":
                return list(message["params"]["diagnostics"])

    def codes(self) -> list[str]:
        return [d["code"] for d in self.diagnostics()]

    def close(self) -> int:
        assert self.ask("shutdown", None) is None
        self.tell("exit", {})
        return self.ended()

    def ended(self) -> int:
        """Its exit code, with all that it holds given back."""
        code = self.process.wait(timeout=PATIENCE)
        self.listener.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        return code


@pytest.fixture(scope="module", autouse=True)
def _needs_pygls() -> None:
    pytest.importorskip("pygls", reason="the language server needs the extra `lsp`")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    client = Client(tmp_path_factory.mktemp("specs"))
    client.open(SPEC)
    yield client
    assert client.close() == 0


def lines(text: str) -> list[str]:
    return text.split("\n")


def column(line: int, word: str, text: str = SPEC) -> int:
    """Of a word on a line, in units of UTF-16."""
    before = lines(text)[line].partition(word)[0]
    return len(before.encode("utf-16-le")) // 2


def test_a_whole_session(tmp_path: Path) -> None:
    """Open, half typed, completed, hovered, followed, renamed, formatted, closed."""
    client = Client(tmp_path)
    assert client.capabilities["positionEncoding"] == "utf-16"
    client.open("let unused = 1\nE = pin zbl(Nb)\n")
    assert client.codes() == []  # faults come first, warnings when it is quiet
    assert client.codes() == ["unused-let"]
    half = "let rc = 5 Å\nE = pin zbl(Nb) + ea"
    client.change(half)
    assert "eam" in [i["label"] for i in client.about("completion", 1, len("E = pin zbl(Nb) + ea"))["items"]]
    assert client.codes() == ["unknown-name"]
    client.change("let rc = 5 Å\nE = pin zbl(Nb) + eam(r")
    items = client.about("completion", 1, len("E = pin zbl(Nb) + eam(r"))["items"]
    assert items[0]["label"] == "rc =" and items[0]["textEdit"]["newText"] == "rc="
    client.change("let rc = 5 Å\nE=pin zbl( Nb ) + eam(rc=rc)\n")
    assert "doi.org/10.1103/PhysRevB.29.6443" in client.about("hover", 1, 19)["contents"]["value"]
    assert client.about("definition", 1, 19)["uri"] == (library.folder() / "eam.pes").resolve().as_uri()
    edits = client.about("rename", 1, 25, newName="cut")["changes"][client.uri]
    assert [(e["range"]["start"]["line"], e["newText"]) for e in edits] == [(0, "cut"), (1, "cut")]
    (edit,) = client.about("formatting", options={"tabSize": 2, "insertSpaces": True})
    assert edit["newText"] == "let rc = 5 Å\nE = pin zbl(Nb) + eam(rc=rc)\n"
    client.tell("textDocument/didClose", {"textDocument": {"uri": client.uri}})
    assert client.close() == 0


def test_hover_after_letters_of_two_units(client: Client) -> None:
    text = "E = lj(Nb, rc = 5 Å) + eam(rc=5)  # 😀\n# 😀 Å\nlet a = 0.5 nm  # 😀\n"
    client.change(text)
    found = client.about("hover", 0, column(0, "eam", text))
    assert "PhysRevB.29.6443" in found["contents"]["value"]
    assert found["range"] == {"start": {"line": 0, "character": 23}, "end": {"line": 0, "character": 26}}
    assert client.about("hover", 2, column(2, "nm", text))["contents"]["value"] == "1 nm = 10 Å"


def test_columns_behind_a_letter_outside_the_plane(client: Client) -> None:
    """A name of two units a letter: 𝜎, as in a paper."""
    text = "let 𝜎 = 2.5 Å\nE = lj(Nb, sigma = 𝜎, epsilon = 1)\n"
    client.change(text)
    edits = client.about("rename", 1, column(1, "𝜎", text), newName="s")["changes"][client.uri]
    ranges = [(e["range"]["start"]["character"], e["range"]["end"]["character"]) for e in edits]
    assert ranges == [(4, 6), (19, 21)]
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    (hint,) = client.about("inlayHint", range=whole)
    end = len(lines(text)[1].encode("utf-16-le")) // 2 - 1
    assert (hint["label"], hint["position"]) == (" eV", {"line": 1, "character": end})


def test_another_encoding_where_the_editor_prefers_it(tmp_path: Path) -> None:
    client = Client(tmp_path, ["utf-8"])
    assert client.capabilities["positionEncoding"] == "utf-8"
    client.open("let 𝜎 = 2.5 Å\nE = lj(Nb, sigma = 𝜎)\n")
    edits = client.about("rename", 0, 4, newName="s")["changes"][client.uri]
    assert [e["range"]["end"]["character"] for e in edits] == [8, 23]
    assert client.close() == 0


def test_problems_have_places_notes_and_fixes(client: Client) -> None:
    client.change("let a = 1 Å\nlet a = 2 Å\nE = pin zbl(Nb) + eem(rc=a)\n")
    published = (client.diagnostics() for _ in range(99))  # those of the texts before come first
    first, second = next(p for p in published if [d["code"] for d in p[:1]] == ["duplicate-name"])
    assert first["relatedInformation"][0]["location"]["range"]["start"] == {"line": 0, "character": 4}
    assert second["codeDescription"]["href"].endswith("docs/errors/unknown-term.md")
    assert second["code"] == "unknown-term" and second["message"].endswith("did you mean `eam`?")
    (action,) = client.about("codeAction", range=second["range"], context={"diagnostics": [second]})
    assert action["title"] == "write `eam`"
    assert action["edit"]["changes"][client.uri] == [{"range": second["range"], "newText": "eam"}]


def test_what_cannot_be_renamed_says_why(client: Client) -> None:
    client.change(SPEC)
    at = column(2, "zbl")
    assert client.about("prepareRename", 2, at)["message"] == "`zbl` belongs to the standard library"
    assert "is a chemical element" in client.about("rename", 1, 4, newName="Nb")["message"]
    assert client.about("prepareRename", 1, 4)["start"] == {"line": 1, "character": 4}


def test_outline_colours_and_references(client: Client) -> None:
    client.change(SPEC)
    assert [s["name"] for s in client.about("documentSymbol")] == ["rc", "E"]
    data = client.about("semanticTokens/full")["data"]
    assert len(data) % 5 == 0 and data[:3] == [0, 0, len(lines(SPEC)[0].encode("utf-16-le")) // 2]
    found = client.about("references", 1, 4, context={"includeDeclaration": True})
    assert [f["range"]["start"] for f in found] == [
        {"line": 1, "character": 4},
        {"line": 2, "character": column(2, "rc)")},
    ]


def test_an_imported_file_is_read_as_it_is_in_the_editor(client: Client) -> None:
    other = (client.folder / "core.pes").as_uri()
    about = {"uri": other, "languageId": "pes", "version": 0, "text": "let reach = 4 Å\n"}
    client.tell("textDocument/didOpen", {"textDocument": about})
    client.change('import "core.pes"\nE = lj(Nb, rc = reach)\n')
    found = client.about("definition", 1, 17)
    assert found["uri"] == other and found["range"]["start"] == {"line": 0, "character": 4}
    client.tell("textDocument/didClose", {"textDocument": {"uri": other}})


@pytest.mark.parametrize("name", ["llzo.pes", "nb_redundant.pes", "std/tersoff.pes", "std/zbl.pes"])
def test_a_keystroke_is_answered_at_once(client: Client, root: Path, name: str) -> None:
    """Typed letter by letter: the time is told, and asked for by no test, for machines differ."""
    text = (root / "specs" / name).read_text(encoding="utf-8")
    tail = "+ lj(ep"
    for k in range(len(tail)):
        start = time.perf_counter()
        client.change(text + tail[: k + 1])
        assert client.about("completion", text.count("\n"), k + 1) is not None
        print(f"{name}: {1e3 * (time.perf_counter() - start):.0f} ms")


def test_without_pygls_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("potentia.runtime.cli.lsp.find_spec", lambda name: None)
    assert main.main(["lsp"]) == 1
    assert capsys.readouterr().err == (
        "error[no-pygls]: the language server needs pygls, which is not installed\n"
        "  help: pip install 'potentia[lsp]'\n"
    )


def test_the_server_needs_no_numerical_library() -> None:
    code = (
        "import sys, potentia.runtime.editor.server\n"
        f"sys.exit(bool({{'jax', 'numpy', 'ase', 'scipy'}} & set(sys.modules)))  # {document.__name__}"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(potentia.__path__[0]).parent)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


# --- what is no message ---------------------------------------------------------------------------


def served(given: bytes, tmp_path: Path) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, answers and stderr of a server that is given these bytes, after which stdin closes."""
    code = "import sys; from potentia.runtime.cli.main import main; sys.exit(main(['lsp', '--stdio']))"
    environment = {**os.environ, "PYTHONPATH": str(Path(potentia.__path__[0]).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], input=given, capture_output=True, env=environment, cwd=tmp_path
    )
    bodies = [part.partition(b"\r\n\r\n")[2] for part in done.stdout.split(b"Content-Length: ")[1:]]
    return done.returncode, [json.loads(body) for body in bodies], done.stderr.decode()


def message(**fields: Any) -> bytes:
    content = json.dumps({"jsonrpc": "2.0", **fields}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


HELLO = {"method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}


def test_the_server_hears_again_after_garbage(tmp_path: Path) -> None:
    garbage = (
        b"hello\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 4\r\n\r\n" + b'{"a": 1}',  # longer than it says
        b"Content-Length: 12\r\n\r\nno JSON here",
        b"\xff\xfe" * 1000,
    )
    about = {"uri": "untitled:x", "languageId": "pes", "version": 0, "text": "E = lj(Nb"}
    opened = message(method="textDocument/didOpen", params={"textDocument": about})
    code, answers, err = served(b"".join(garbage) + message(id=1, **HELLO) + opened, tmp_path)
    assert code == 0 and [a["id"] for a in answers if "id" in a] == [1]
    assert "Traceback" not in err and "a message of more than 64 MiB is not read" in err


def test_the_server_ends_with_its_editor(tmp_path: Path) -> None:
    half = message(id=1, **HELLO)[:-10]
    assert served(half, tmp_path) == (0, [], "")


def test_a_server_without_stdin(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main.main(["lsp"]) == 1
    assert capsys.readouterr().err == (
        "error[usage]: the language server talks to an editor through stdin and stdout, "
        "and one of them is closed\n  help: editors start it\n"
    )
