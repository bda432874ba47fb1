"""Answers of the editor's functions as values of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsprotocol import types

from .completion import Candidate
from .highlighting import TYPES, Coloured
from .hover import Hover
from .inlay import Hint
from .positions import Lines
from .problems import Edit, Problem
from .symbols import DocumentSymbol

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_COMPLETIONS = {
    "term": types.CompletionItemKind.Class,
    "let": types.CompletionItemKind.Variable,
    "argument": types.CompletionItemKind.Field,
    "parameter": types.CompletionItemKind.Property,
    "definition": types.CompletionItemKind.Function,
    "variable": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "basis": types.CompletionItemKind.Function,
    "unit": types.CompletionItemKind.Unit,
    "species": types.CompletionItemKind.EnumMember,
    "keyword": types.CompletionItemKind.Keyword,
    "file": types.CompletionItemKind.File,
}
_SYMBOLS = {
    "let": types.SymbolKind.Constant,
    "term": types.SymbolKind.Class,
    "energy": types.SymbolKind.Variable,
    "formal": types.SymbolKind.Field,
    "param": types.SymbolKind.Property,
    "definition": types.SymbolKind.Function,
}


def span(lines: Lines, start: int, end: int) -> types.Range:
    return types.Range(types.Position(*lines.position(start)), types.Position(*lines.position(end)))


def diagnostic(
    problem: Problem, lines: Lines, location: Callable[[object], types.Location], page: str | None
) -> types.Diagnostic:
    """location: of a span of any file. page: the uri of the page of the code, if there is one."""
    notes = [
        types.DiagnosticRelatedInformation(location(note.span), note.text or "here") for note in problem.notes
    ]
    return types.Diagnostic(
        range=span(lines, problem.start, problem.end),
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        code_description=None if page is None else types.CodeDescription(page),
        source="potentia",
        related_information=notes,
    )


def markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hover_answer(found: Hover, lines: Lines) -> types.Hover:
    return types.Hover(markdown(found.text), span(lines, found.start, found.end))


def completion_item(candidate: Candidate, order: int, lines: Lines, snippets: bool) -> types.CompletionItem:
    before, cursor, after = candidate.insert.partition("|")
    text, form = before + after, types.InsertTextFormat.PlainText
    if snippets and cursor:
        text, form = f"{_escaped(before)}$0{_escaped(after)}", types.InsertTextFormat.Snippet
    edit = types.TextEdit(span(lines, candidate.start, candidate.end), text)
    return types.CompletionItem(
        label=candidate.label,
        kind=_COMPLETIONS[candidate.kind],
        detail=candidate.detail or None,
        documentation=markdown(candidate.about) if candidate.about else None,
        sort_text=f"{order:04}",
        filter_text=candidate.filter,
        insert_text_format=form,
        text_edit=edit,
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def text_edit(edit: Edit, lines: Lines) -> types.TextEdit:
    return types.TextEdit(span(lines, edit.start, edit.end), edit.text)


def symbol(found: DocumentSymbol, lines: Lines) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=found.name,
        kind=_SYMBOLS[found.kind],
        detail=found.detail,
        range=span(lines, found.start, found.end),
        selection_range=span(lines, found.name_start, found.name_end),
        children=[symbol(child, lines) for child in found.children],
    )


def inlay_hint(hint: Hint, lines: Lines) -> types.InlayHint:
    return types.InlayHint(types.Position(*lines.position(hint.offset)), hint.text, types.InlayHintKind.Type)


def semantic_tokens(found: Iterable[Coloured], lines: Lines) -> types.SemanticTokens:
    """Five numbers a word: lines and columns since the last, length, type, modifiers."""
    data: list[int] = []
    last = (0, 0)
    for word in found:
        line, column = lines.position(word.start)
        length = lines.position(word.end)[1] - column
        before = last[1] if line == last[0] else 0
        data += [line - last[0], column - before, length, TYPES.index(word.type), 0]
        last = (line, column)
    return types.SemanticTokens(data)


def fixes(
    found: Sequence[Problem], start: int, end: int, lines: Lines, uri: str, given: Sequence[types.Diagnostic]
) -> list[types.CodeAction]:
    """The edits that mend problems which touch start:end."""
    actions = []
    for problem in found:
        if problem.fix is None or problem.end < start or problem.start > end:
            continue
        new = problem.fix.text.strip()
        title = f"write `{new}`" if new and "\n" not in new else "write it again" if new else "remove it"
        actions.append(
            types.CodeAction(
                title=title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[d for d in given if d.code == problem.code],
                is_preferred=True,
                edit=types.WorkspaceEdit(changes={uri: [text_edit(problem.fix, lines)]}),
            )
        )
    return actions
