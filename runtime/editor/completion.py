"""Completions at a place, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import UNITS, Unit, lookup
from ...compiler.declarations.keywords import ENERGIES, INDICES, KEEP
from ...compiler.declarations.library import term_names
from ...compiler.elaborate.builtins import BUILTINS, NUMERIC
from ...compiler.elaborate.networks import ACTIVATIONS
from ...compiler.elaborate.radial_bases import ARGUMENTS, FAMILIES
from ...compiler.elaborate.values import Basis, Function, Values
from . import describe, vocabulary
from .cursor import Cursor
from .document import Document
from .hover import about
from .names import declared
from .outline import Declaration, TermOutline
from .quantities import TermQuantities, term_quantities, top_level
from .workspace import Workspace, library_term

Kind = Literal["term", "let", "argument", "parameter", "definition", "variable", "function", "basis", "unit"]
MoreKinds = Literal["species", "keyword", "file"]


@dataclass(frozen=True)
class Candidate:
    """A word to put in the place of the characters start:end; `insert` is the typed text, `|` its cursor.

    rank: the lower the earlier. filter: the text that typing is compared with, where that is not the label.
    """

    label: str
    kind: Kind | MoreKinds
    insert: str
    start: int
    end: int
    rank: int
    detail: str = ""
    about: str = ""
    filter: str | None = None


def completions(document: Document, workspace: Workspace, offset: int) -> list[Candidate]:
    """Candidates at an offset; they are not narrowed by the typed part of the word: editors do that."""
    cursor = Cursor(document, workspace, offset)
    if cursor.in_comment:
        return []
    if cursor.string is not None:
        return list(_files(cursor, cursor.string.start + 1))
    found: dict[tuple[str, str], Candidate] = {}
    for candidate in _here(cursor):
        found.setdefault((candidate.label, candidate.insert), candidate)
    return sorted(found.values(), key=lambda c: c.rank)


def _here(cursor: Cursor) -> Iterator[Candidate]:
    if cursor.before() == ".":
        yield from _of_owner(cursor)
    elif cursor.after_number:
        yield from _units(cursor, _expected_unit(cursor))
        if cursor.typed is None:
            yield from _after_value(cursor)
    elif cursor.before() == "per" or (cursor.before() == "ordered" and cursor.before(2) == "per"):
        yield from _sharings(cursor)
    elif cursor.wants_species:
        yield from _species(cursor, 1)
    elif cursor.before() == "import":
        yield from _files(cursor, cursor.start, '"')
    elif cursor.item is None or (cursor.frame is None and not cursor.wants_operand):
        if cursor.begins_line:
            yield from _statements(cursor)
    else:
        yield from _in_frame(cursor)


def _in_frame(cursor: Cursor) -> Iterator[Candidate]:
    frame = cursor.frame
    role = None if frame is None else frame.role
    if role == "names" or cursor.in_new_definition or (role == "formals" and cursor.before() in ("(", ",")):
        return
    if role == "index" and frame is not None and frame.argument == 0:
        yield from (_word(cursor, x, "variable", 1) for x in ("j", "k"))
    elif role == "body" and (cursor.before() == "{" or not cursor.wants_operand):
        if cursor.begins_line or cursor.before() == "{":
            yield from _members(cursor)
        yield from _after_value(cursor)
    elif role == "table" and frame is not None and not frame.keyed:
        yield from _species(cursor, 1)
    elif role == "table":
        yield from _numbers(cursor, 1)
    elif role == "formals":
        yield from _defaults(cursor)
    elif role == "call" and cursor.called() is not None:
        yield from _in_call(cursor)
    elif role == "call" and frame is not None and cursor.outline.text(frame.callee or 0) in FAMILIES:
        for name, help in ARGUMENTS.items():
            yield _label(cursor, name, "argument", help)
        yield from _names(cursor, 3)
    else:
        yield from _formula(cursor)


# --- single words -------------------------------------------------------------------------------


def _word(
    cursor: Cursor,
    label: str,
    kind: Kind | MoreKinds,
    rank: int,
    insert: str | None = None,
    detail: str = "",
    about: str = "",
    filter: str | None = None,
) -> Candidate:
    about = describe.linked(about)
    return Candidate(label, kind, insert or label, cursor.start, cursor.offset, rank, detail, about, filter)


def _label(cursor: Cursor, name: str, kind: Kind, detail: str = "", about: str = "") -> Candidate:
    return _word(cursor, f"{name} =", kind, 1, f"{name}=", detail, about, filter=name)


def _statements(cursor: Cursor) -> Iterator[Candidate]:
    heads = {"let": "let |", "term": "term |(rc = 5 Å) {\n}", "species": "species |", "import": 'import "|"'}
    for name, insert in heads.items():
        yield _word(cursor, name, "keyword", 2, insert, about=vocabulary.KEYWORD_HELP[name])
    if not cursor.document.outline.declarations("energy"):
        yield _word(cursor, "E", "keyword", 1, "E = |", "the energy, eV")


def _members(cursor: Cursor) -> Iterator[Candidate]:
    yield _word(cursor, "param", "keyword", 1, "param |", about=vocabulary.KEYWORD_HELP["param"])
    yield _word(cursor, "fixed param", "keyword", 3, "fixed param |", about=vocabulary.KEYWORD_HELP["fixed"])
    there = {m.name for m in cursor.term.members} if cursor.term is not None else set()
    for name, (insert, help) in vocabulary.ENERGY_HELP.items():
        if name not in there:
            yield _word(cursor, name, "keyword", 2, insert + "|", help)


def _after_value(cursor: Cursor) -> Iterator[Candidate]:
    """Bounds and sharing, after the value of a parameter."""
    member = cursor.member
    if member is not None and member.kind == "param" and member.value is not None:
        yield _word(cursor, "in", "keyword", 4, "in (|)", about=vocabulary.KEYWORD_HELP["in"])
        yield _word(cursor, "per", "keyword", 4, "per |", about=vocabulary.KEYWORD_HELP["per"])


def _sharings(cursor: Cursor) -> Iterator[Candidate]:
    after = "ordered " if cursor.before() == "ordered" else ""
    for words, help in vocabulary.SHARING_HELP.items():
        if words.startswith(after):
            yield _word(cursor, words.removeprefix(after), "keyword", 1, detail=help)


def _units(cursor: Cursor, expected: Unit | None, rank: int = 1) -> Iterator[Candidate]:
    """Units, those of the unit that is expected first."""
    for name, (_, unit) in UNITS.items():
        likely = expected is None or any(unit == expected**sign for sign in (1, -1))
        typed = "Angstrom Å" if name == "Å" else None
        help = vocabulary.unit_help(name)
        yield _word(cursor, name, "unit", rank + (not likely), detail=help, filter=typed)


def _species(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    """Elements, those of the spec first."""
    checked = cursor.document.checked
    builder = top_level(cursor.document)
    own = {s.name for s in checked.species} if checked is not None else set()
    own |= set(builder.species) if builder is not None else set()
    for name in ELEMENTS:
        first = rank if name in own else rank + 6
        yield _word(cursor, name, "species", first, detail=vocabulary.species_help(name))


def _files(cursor: Cursor, start: int, quote: str = "") -> Iterator[Candidate]:
    folder = cursor.document.folder
    own = cursor.document.name
    for path in sorted(folder.glob("*.pes")) if folder.is_dir() else ():
        if str(path) != own:
            yield Candidate(path.name, "file", f"{quote}{path.name}{quote}", start, cursor.offset, 1)


# --- arguments of a call ------------------------------------------------------------------------


def _in_call(cursor: Cursor) -> Iterator[Candidate]:
    called = cursor.called()
    assert called is not None
    document, term = called
    quantities = term_quantities(document, term.name)
    if cursor.label is not None:
        yield from _values(cursor, term, quantities, cursor.label)
        return
    if cursor.before() not in ("(", ","):
        yield from _formula(cursor)
        return
    taken = cursor.taken(term)
    for what in (*term.arguments, *term.members_of("param")):
        if what.name not in taken:
            kind: Kind = "argument" if what.kind == "formal" else "parameter"
            text = describe.source_text(document, what.start, what.end)
            yield _label(cursor, what.name, kind, text, about(declared(document, what, term)))
    yield from _species(cursor, 2)
    waiting = cursor.waiting(term)
    if waiting is not None:
        yield from _values(cursor, term, quantities, waiting.name, rank=3)


def _values(
    cursor: Cursor, term: TermOutline, quantities: TermQuantities | None, name: str, rank: int = 1
) -> Iterator[Candidate]:
    """Values of an argument, of the kind that its default is."""
    value = None if quantities is None else quantities.argument(name)
    if isinstance(value, Function):
        yield from _functions_like(cursor, term, value.name, rank)
        return
    if isinstance(value, Basis):
        yield from _bases(cursor, rank)
    if isinstance(value, Values):
        help = BUILTINS["linspace"].help
        yield _word(cursor, "linspace", "function", rank + 1, "linspace(|)", help)
    if any(p.name == name for p in term.members_of("param")):
        yield from _numbers(cursor, rank)
    elif value is None:
        yield from _formula(cursor)
    else:
        yield from _names(cursor, rank)


def _numbers(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    """Values of a parameter."""
    yield _word(cursor, "fixed", "keyword", rank, "fixed |", about=vocabulary.KEYWORD_HELP["fixed"])
    yield _word(cursor, KEEP, "function", rank + 1, f"{KEEP}(|)", BUILTINS[KEEP].help)
    yield from _names(cursor, rank)


def _of_owner(cursor: Cursor) -> Iterator[Candidate]:
    """Parameters of the term before the dot, those of the unit that is expected first."""
    found, expected = cursor.names.named_term(cursor.before(2)), _expected_unit(cursor)
    if found is None:
        return
    document, term = found
    quantities = term_quantities(document, term.name)
    for what in term.members_of("param"):
        likely = quantities is None or expected in (None, quantities.unit(what.name))
        text = describe.source_text(document, what.start, what.end)
        help = about(declared(document, what, term))
        yield _word(cursor, what.name, "parameter", 1 + (not likely), detail=text, about=help)


def _defaults(cursor: Cursor) -> Iterator[Candidate]:
    """Defaults of the arguments of a term: names, bases, and functions to choose among."""
    yield from _names(cursor, 1, atoms=False)
    yield from _bases(cursor, 3)
    yield from (_word(cursor, n, "function", 5, detail=BUILTINS[n].help) for n in ACTIVATIONS)


def _bases(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    for name, family in FAMILIES.items():
        yield _word(cursor, name, "basis", rank, f"{name}(|)", about=family.help)
        yield _word(cursor, f"{name}8", "basis", rank + 1, about=family.help)


def _functions_like(cursor: Cursor, term: TermOutline, default: str, rank: int) -> Iterator[Candidate]:
    """Definitions that can stand for the default of an argument, or activations."""
    members = {m.name: m for m in term.members_of("definition")}
    if default in members:
        for name, member in members.items():
            if name not in ENERGIES and member.formals == members[default].formals:
                yield _word(cursor, name, "definition", rank, detail="default" if name == default else "")
    else:
        names = tuple(ACTIVATIONS) if default in ACTIVATIONS else NUMERIC
        yield from (_word(cursor, n, "function", rank, detail=BUILTINS[n].help) for n in names)


def _expected_unit(cursor: Cursor) -> Unit | None:
    """Of the argument or parameter whose value is being typed."""
    called = cursor.called()
    if called is not None:
        document, term = called
        quantities = term_quantities(document, term.name)
        waiting = cursor.waiting(term)
        name = cursor.label or (waiting.name if waiting else None)
        return None if quantities is None or name is None else quantities.unit(name)
    member, term_here = cursor.member, cursor.term
    if member is not None and member.kind == "param" and term_here is not None:
        quantities = term_quantities(cursor.document, term_here.name)
        if quantities is not None and member.name in quantities.scope.params:
            return quantities.unit(member.name)
        return _written_unit(cursor, member)  # the term does not parse yet
    return None


def _written_unit(cursor: Cursor, what: Declaration) -> Unit | None:
    """The unit of `param D = 1 eV`, by its words."""
    at = what.value
    word = None if at is None or at + 1 >= len(cursor.outline.words) else cursor.outline.words[at + 1]
    found = lookup(word.text) if word is not None and word.kind == "unit" else None
    return None if found is None else found[1]


# --- formulas -----------------------------------------------------------------------------------


def _formula(cursor: Cursor) -> Iterator[Candidate]:
    """Names, functions and terms."""
    inside = cursor.term is not None and cursor.term.value is None
    yield from _names(cursor, 1)
    yield from _functions(cursor, 3 if inside else 5)
    yield from _terms(cursor, 6 if inside else 2)
    if cursor.before() in ("=", "+", "-", "*", "(") and not inside:
        yield _word(cursor, "pin", "keyword", 4, "pin |", about=vocabulary.KEYWORD_HELP["pin"])
    if cursor.before() in ("/", "*"):
        after_number = cursor.outline.words[-2:-1] and cursor.outline.words[-2].kind in ("number", "unit")
        yield from _units(cursor, None, 1 if after_number and cursor.before() == "/" else 20)


def _names(cursor: Cursor, rank: int, atoms: bool = True) -> Iterator[Candidate]:
    """The names of the spec and of the term in hand."""
    term = cursor.term
    if term is not None:
        for what in (*term.arguments, *term.members):
            own = cursor.member is not None and what.name == cursor.member.name
            if what.name and what.name not in ENERGIES and not own:
                yield _declared(cursor, what, term, rank)
        yield from _atoms(cursor, rank) if atoms and term.value is None else ()
    for document, what in cursor.workspace.names(cursor.document):
        if what.kind == "let" and what.name != _own_name(cursor):
            value = describe.value_of_let(document, what.name) or ""
            yield _word(cursor, what.name, "let", rank, detail=value)
    yield _word(cursor, "pi", "variable", 8)


def _own_name(cursor: Cursor) -> str | None:
    own = cursor.item.declared if cursor.item is not None else None
    return None if own is None else own.name


def _declared(cursor: Cursor, what: Declaration, term: TermOutline, rank: int) -> Candidate:
    kinds: dict[str, Kind] = {"formal": "argument", "param": "parameter", "definition": "definition"}
    text = about(declared(cursor.document, what, term))
    call = f"{what.name}(|)" if what.formals else None
    return _word(cursor, what.name, kinds[what.kind], rank, call, about=text)


def _atoms(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    """Variables of the definition in hand, atoms, distances and angles, sums over neighbours."""
    formals = (cursor.member.formals if cursor.member is not None else None) or ()
    yield from (_word(cursor, name, "variable", rank) for name in formals)
    yield from (_word(cursor, x, "variable", rank + 1) for x in INDICES if x not in formals)
    for name in vocabulary.GEOMETRY:
        help = vocabulary.GEOMETRY_HELP[name.partition("_")[0]]
        yield _word(cursor, name, "variable", rank + 1, detail=help)
    for index in ("j", "k"):
        help = vocabulary.KEYWORD_HELP["sum"]
        yield _word(cursor, f"sum({index})", "keyword", rank + 2, f"sum({index}) |", about=help)


def _functions(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    for name, function in BUILTINS.items():
        if name != KEEP:
            yield _word(cursor, name, "function", rank, f"{name}(|)", function.help)


def _terms(cursor: Cursor, rank: int) -> Iterator[Candidate]:
    for document, what in cursor.workspace.names(cursor.document):
        if isinstance(what, TermOutline) and what.name != _own_name(cursor):
            text = about(declared(document, what))
            signature = describe.signature(document, what)
            yield _word(cursor, what.name, "term", rank, f"{what.name}(|)", signature, text)
    for name in term_names():
        signature, text = _library_words(name)
        yield _word(cursor, name, "term", rank + 1, f"{name}(|)", signature, text)


@cache
def _library_words(name: str) -> tuple[str, str]:
    found = library_term(name)
    assert found is not None
    return describe.signature(*found), about(declared(*found))
