"""The language server: texts in, answers out. The functions beside it make the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from ...compiler.declarations import library
from ...compiler.diagnostics.diagnostic import SpecError
from ...compiler.diagnostics.source import Span
from . import protocol
from .completion import completions
from .document import Document
from .formatting import formatted
from .highlighting import TYPES, coloured
from .hover import hover
from .inlay import inlay_hints
from .positions import Lines
from .problems import Edit, problems
from .references import Target, definition, references, symbol_at
from .rename import rename, renameable
from .symbols import document_symbols
from .workspace import Workspace

QUIET = 0.12  # seconds without a keystroke, after which faults are looked for
STILL = 0.4  # and warnings, which take longer
_REQUEST_FAILED = -32803  # of the protocol: the server is well, and this cannot be done


class EditorServer(LanguageServer):
    """The server with the texts of its editor, by the names of their files."""

    def __init__(self, version: str) -> None:
        super().__init__("potentia", version, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.texts = Workspace()
        self.documents: dict[str, Document] = {}  # by uri
        self.uris: dict[str, str] = {}  # by name

    def put(self, uri: str) -> Document:
        """The text that the editor holds now, as a document."""
        document = self.read(uri)
        self.documents[uri], self.uris[document.name] = document, uri
        self.texts.open(document)
        return document

    def read(self, uri: str) -> Document:
        name = uris.to_fs_path(uri) or uri if uri.startswith("file:") else uri
        return Document(self.workspace.get_text_document(uri).source, name)

    def forget(self, uri: str) -> None:
        document = self.documents.pop(uri, None)
        if document is not None:
            self.texts.close(document.name)

    def document(self, uri: str) -> Document:
        return self.documents.get(uri) or self.read(uri)

    def lines(self, document: Document) -> Lines:
        encoding = self.workspace.position_encoding
        return Lines(document.text, str(getattr(encoding, "value", encoding)))

    def offset(self, document: Document, position: types.Position) -> int:
        return self.lines(document).offset(position.line, position.character)

    def uri(self, name: str) -> str:
        """Of a file by its name; those of the library are named `std/lj.pes`."""
        if name in self.uris:
            return self.uris[name]
        path = library.folder().parent / name if name.startswith("std/") else Path(name)
        return path.resolve().as_uri()

    def location(self, place: object) -> types.Location:
        """Of a span of any text."""
        assert isinstance(place, Span)
        lines = Lines(place.source.text)
        return types.Location(self.uri(place.source.name), protocol.span(lines, place.start, place.end))

    def target(self, found: Target) -> types.Location:
        lines = self.lines(found.document)
        return types.Location(self.uri(found.document.name), protocol.span(lines, found.start, found.end))

    def workspace_edit(self, edits: list[Edit]) -> types.WorkspaceEdit:
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in edits:
            document = self.documents.get(self.uri(edit.name)) or self.texts.document(Path(edit.name))
            assert document is not None
            own = protocol.text_edit(edit, self.lines(document))
            changes.setdefault(self.uri(edit.name), []).append(own)
        return types.WorkspaceEdit(changes=changes)

    def publish(self, uri: str, document: Document, warn: bool) -> None:
        lines = self.lines(document)
        found = [
            protocol.diagnostic(p, lines, self.location, _page(p.code)) for p in problems(document, warn)
        ]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    async def tell_when_quiet(self, uri: str, document: Document) -> None:
        """Publish diagnostics once the typing stops: faults first, then warnings too."""
        for seconds, warn in ((QUIET, False), (STILL - QUIET, True)):
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:  # the editor is gone
                return
            if self.documents.get(uri) is not document:
                return
            self.publish(uri, document, warn)


def make_server(version: str) -> EditorServer:
    """The server with all its features."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_fault)
    logging.getLogger("pygls.server").addFilter(_without_traceback)
    server = EditorServer(version)
    for name, handler, options in _FEATURES:
        server.feature(name, options)(handler)
    return server


def _page(code: str) -> str | None:
    """The uri of the page about a code, as `potentia explain` prints it."""
    path = library.folder().parents[1] / "docs" / "errors" / f"{code}.md"
    return path.as_uri() if path.is_file() else None


def _is_fault(record: logging.LogRecord) -> bool:
    """What is refused is no fault of the server: no traceback of it belongs into an editor's log."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, JsonRpcException) and error.code == _REQUEST_FAILED)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Of a message that is no JSON, or none of the protocol: a line says so."""
    if record.exc_info and isinstance(record.exc_info[1], (ValueError, TypeError, KeyError, RecursionError)):
        record.exc_info = None
    return True


# --- texts --------------------------------------------------------------------------------------


async def _opened(server: EditorServer, given: types.DidOpenTextDocumentParams) -> None:
    uri = given.text_document.uri
    await server.tell_when_quiet(uri, server.put(uri))


async def _changed(server: EditorServer, given: types.DidChangeTextDocumentParams) -> None:
    uri = given.text_document.uri
    await server.tell_when_quiet(uri, server.put(uri))


async def _saved(server: EditorServer, given: types.DidSaveTextDocumentParams) -> None:
    """The compiler reads imports from the disk: what imports this text may be right or wrong now."""
    fresh = [(uri, server.put(uri)) for uri in list(server.documents)]
    await asyncio.gather(*(server.tell_when_quiet(uri, document) for uri, document in fresh))


def _closed(server: EditorServer, given: types.DidCloseTextDocumentParams) -> None:
    server.forget(given.text_document.uri)
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(given.text_document.uri, []))


# --- questions ----------------------------------------------------------------------------------


def _hover(server: EditorServer, given: types.HoverParams) -> types.Hover | None:
    document = server.document(given.text_document.uri)
    found = hover(document, server.texts, server.offset(document, given.position))
    return None if found is None else protocol.hover_answer(found, server.lines(document))


def _complete(server: EditorServer, given: types.CompletionParams) -> types.CompletionList:
    document = server.document(given.text_document.uri)
    found = completions(document, server.texts, server.offset(document, given.position))
    lines, snippets = server.lines(document), _takes_snippets(server)
    items = [protocol.completion_item(c, order, lines, snippets) for order, c in enumerate(found)]
    return types.CompletionList(is_incomplete=False, items=items)


def _takes_snippets(server: EditorServer) -> bool:
    text = server.client_capabilities.text_document
    item = text.completion.completion_item if text and text.completion else None
    return bool(item and item.snippet_support)


def _definition(server: EditorServer, given: types.DefinitionParams) -> types.Location | None:
    document = server.document(given.text_document.uri)
    found = definition(document, server.texts, server.offset(document, given.position))
    return None if found is None else server.target(found)


def _references(server: EditorServer, given: types.ReferenceParams) -> list[types.Location]:
    document = server.document(given.text_document.uri)
    found = symbol_at(document, server.texts, server.offset(document, given.position))
    return [] if found is None else [server.target(t) for t in references(document, server.texts, found[1])]


def _prepare_rename(server: EditorServer, given: types.PrepareRenameParams) -> types.Range:
    document = server.document(given.text_document.uri)
    try:
        word = renameable(document, server.texts, server.offset(document, given.position))
    except SpecError as error:
        raise _failed(error) from error
    return protocol.span(server.lines(document), word.start, word.end)


def _rename(server: EditorServer, given: types.RenameParams) -> types.WorkspaceEdit:
    document = server.document(given.text_document.uri)
    offset = server.offset(document, given.position)
    try:
        return server.workspace_edit(rename(document, server.texts, offset, given.new_name))
    except SpecError as error:
        raise _failed(error) from error


def _failed(error: SpecError) -> JsonRpcException:
    first = error.diagnostics[0]
    return JsonRpcException(
        f"{first.message}: {first.help}" if first.help else first.message, _REQUEST_FAILED
    )


def _format(server: EditorServer, given: types.DocumentFormattingParams) -> list[types.TextEdit]:
    document = server.document(given.text_document.uri)
    return [protocol.text_edit(edit, server.lines(document)) for edit in formatted(document)]


def _inlay(server: EditorServer, given: types.InlayHintParams) -> list[types.InlayHint]:
    document = server.document(given.text_document.uri)
    first, last = server.offset(document, given.range.start), server.offset(document, given.range.end)
    found = [h for h in inlay_hints(document, server.texts) if first <= h.offset <= last]
    return [protocol.inlay_hint(hint, server.lines(document)) for hint in found]


def _symbols(server: EditorServer, given: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    document = server.document(given.text_document.uri)
    return [protocol.symbol(found, server.lines(document)) for found in document_symbols(document)]


def _fixes(server: EditorServer, given: types.CodeActionParams) -> list[types.CodeAction]:
    uri = given.text_document.uri
    document = server.document(uri)
    start, end = server.offset(document, given.range.start), server.offset(document, given.range.end)
    found = problems(document)
    return protocol.fixes(found, start, end, server.lines(document), uri, given.context.diagnostics)


def _colours(server: EditorServer, given: types.SemanticTokensParams) -> types.SemanticTokens:
    document = server.document(given.text_document.uri)
    return protocol.semantic_tokens(coloured(document, server.texts), server.lines(document))


_FEATURES: tuple[tuple[str, Callable[..., object], object], ...] = (
    (types.TEXT_DOCUMENT_DID_OPEN, _opened, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _changed, None),
    (types.TEXT_DOCUMENT_DID_SAVE, _saved, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _closed, None),
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        _complete,
        types.CompletionOptions(trigger_characters=["(", ",", "=", " ", ".", '"']),
    ),
    (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, _references, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, _prepare_rename, None),
    (types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True)),
    (types.TEXT_DOCUMENT_FORMATTING, _format, None),
    (types.TEXT_DOCUMENT_INLAY_HINT, _inlay, None),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _fixes,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
    (
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        _colours,
        types.SemanticTokensLegend(token_types=list(TYPES), token_modifiers=[]),
    ),
)
