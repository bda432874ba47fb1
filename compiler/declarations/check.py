"""Declarations and names: which terms, lets and species a spec has, and whether every name means something.

What a name is worth (its unit, its shape) is decided by `builder`, which computes with kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..chemistry.elements import ELEMENTS
from ..diagnostics.diagnostic import MOST_FOUND, Diagnostic, Fix, SpecError, capped, did_you_mean, respelt
from ..diagnostics.files import contents, is_named_spec, require_short
from ..diagnostics.plain import shortened
from ..diagnostics.source import Source, Span
from ..syntax import tree as syntax
from ..syntax.parser import parse_source
from . import library
from .keywords import RESERVED

_LONGEST_CHAIN = 50  # of imports within imports


@dataclass
class Checked:
    """A spec whose declarations are in order: terms and lets by name, the energy, the species as written."""

    file: syntax.File
    energy: syntax.Energy | None
    lets: dict[str, syntax.Let] = field(default_factory=dict)
    terms: dict[str, syntax.Term] = field(default_factory=dict)
    species: tuple[syntax.Name, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    imported: dict[Path, syntax.File] = field(default_factory=dict)

    def term(self, name: str) -> syntax.Term | None:
        """A term of the spec, its imports, or the library."""
        return self.terms.get(name) or library.term(name)

    def term_names(self) -> list[str]:
        return sorted({*self.terms, *library.term_names()})


def check_file(file: syntax.File, need_energy: bool = True) -> Checked:
    """Gather the declarations of a spec and of its imports.

    Raises SpecError with all faults found: duplicates, cycles, unknown species, no energy.
    """
    found: list[Diagnostic] = []
    checked = Checked(file, None)
    _gather(file, checked, found, (Path(file.source.name),))
    _check_cycles(checked, found)
    if need_energy and checked.energy is None and not found:
        end = Span(file.source, max(0, len(file.source.text.rstrip()) - 1), len(file.source.text.rstrip()))
        found.append(
            Diagnostic(
                "no-energy", "the spec gives no energy", primary=end, help="write `E = …`, a sum of terms"
            )
        )
    for term in checked.terms.values():
        _check_term(term, found)
    if found:
        raise SpecError(capped(found))
    return checked


def _gather(file: syntax.File, checked: Checked, found: list[Diagnostic], chain: tuple[Path, ...]) -> None:
    for item in file.items:
        if isinstance(item, syntax.Energy):
            if len(chain) > 1:
                continue  # an imported file lends its terms and lets, not its energy
            if checked.energy is not None:
                found.append(_twice("duplicate-energy", "E", item.span, checked.energy.span))
            else:
                checked.energy = item
        elif isinstance(item, syntax.Species):
            _add_species(item, checked, found)
        elif isinstance(item, syntax.Import):
            _import(item, file, checked, found, chain)
        else:
            _declare(item, checked, found)


def _declare(item: syntax.Let | syntax.Term, checked: Checked, found: list[Diagnostic]) -> None:
    other = checked.lets.get(item.name) or checked.terms.get(item.name)
    if other is not None:
        found.append(_twice("duplicate-name", item.name, item.name_span, other.name_span))
    elif item.name in RESERVED or item.name == "E" or item.name in ELEMENTS:
        what = "a chemical element" if item.name in ELEMENTS else "a word of the language"
        found.append(
            Diagnostic(
                "reserved-name",
                f"`{item.name}` is {what}",
                primary=item.name_span,
                help="choose another name",
            )
        )
    elif isinstance(item, syntax.Let):
        checked.lets[item.name] = item
    else:
        checked.terms[item.name] = item


def _twice(code: str, name: str, here: Span, there: Span) -> Diagnostic:
    return Diagnostic(
        code,
        f"`{name}` is defined twice",
        primary=here,
        secondary=((there, "first defined here"),),
        help="rename or remove one of them",
    )


def _add_species(item: syntax.Species, checked: Checked, found: list[Diagnostic]) -> None:
    seen = {s.name for s in checked.species}
    for k, name in enumerate(item.names):
        if name.name not in ELEMENTS:
            found.append(unknown_species(name.name, name.span, compared=len(found) < MOST_FOUND))
        elif name.name in seen:
            message = f"species {name.name} is listed twice"
            again = Span(name.span.source, item.names[k - 1].span.end, name.span.end)
            fix = Fix(again, "") if k else None
            found.append(Diagnostic("duplicate-species", message, primary=name.span, fix=fix))
        seen.add(name.name)
    checked.species += item.names


def unknown_species(name: str, span: Span, compared: bool = True) -> Diagnostic:
    """compared: with the names of all elements, to suggest one."""
    return Diagnostic(
        "unknown-species",
        f"there is no element `{name}`",
        primary=span,
        help=did_you_mean(name, ELEMENTS) if compared else None,
        fix=respelt(span, name, ELEMENTS) if compared else None,
    )


def _import(
    item: syntax.Import, file: syntax.File, checked: Checked, found: list[Diagnostic], chain: tuple[Path, ...]
) -> None:
    path = Path(file.source.name).parent / item.path
    try:
        real = path.resolve()
        if real in [p.resolve() for p in chain]:
            found.append(Diagnostic("import-cycle", f"`{item.path}` imports itself", primary=item.span))
            return
        if real in checked.imported:
            return  # through another import already
        checked.imported[real] = syntax.File(Source("", str(path)), (), ())  # until it is read
        imported = parse_source(_lent(path, real, checked.file.source))
    except SpecError as error:
        found.extend(error.diagnostics)
        return
    except (OSError, ValueError, RuntimeError) as error:  # a RuntimeError: links in a circle
        found.append(_no_import(item, error))
        return
    checked.imported[real] = imported
    if len(chain) > _LONGEST_CHAIN:
        message = f"imports are nested more than {_LONGEST_CHAIN} deep"
        found.append(Diagnostic("too-deep", message, primary=item.span, help="import the last of them here"))
        return
    _gather(imported, checked, found, (*chain, path))


class _Outside(OSError):
    """An import that leads out of the folders that a spec may read."""


def _lent(path: Path, real: Path, root: Source) -> Source:
    """The text of an imported file. root: the spec that everything is imported into.

    Raises SpecError too-large, OSError, ValueError.
    """
    own = Path(root.name).parent
    if not any(real.is_relative_to(folder.resolve()) for folder in (own, *root.include, library.folder())):
        raise _Outside("it is outside of the folder of the spec")
    if path.is_char_device() or path.is_fifo():  # reading may never end
        raise OSError("it is no file")
    return require_short(Source(contents(path).decode("utf-8-sig"), str(path), is_spec=is_named_spec(path)))


def _no_import(item: syntax.Import, error: OSError | ValueError | RuntimeError) -> Diagnostic:
    help = "the path is relative to the file that imports"
    match error:
        case UnicodeDecodeError():
            reason = "it is not UTF-8 text"
        case RuntimeError():
            reason = "its links lead in a circle"
        case OSError():
            reason = error.strerror or str(error)
        case _:  # a zero byte, half of a character
            reason = "there is no such file"
    if isinstance(error, _Outside):
        help = "`--include DIR` allows another folder"
    return Diagnostic(
        "cannot-import",
        f"`{shortened(item.path, 100)}` cannot be read: {reason}",
        primary=item.span,
        help=help,
    )


# --- cycles ------------------------------------------------------------------------------------


def _check_cycles(checked: Checked, found: list[Diagnostic]) -> None:
    """Lets that need themselves, and terms defined by an expression that call themselves."""
    bodies: dict[str, tuple[syntax.Expr, Span]] = {
        n: (let.value, let.name_span) for n, let in checked.lets.items()
    }
    bodies |= {n: (t.alias, t.name_span) for n, t in checked.terms.items() if t.alias is not None}
    _tell_cycle(bodies, found)


def _tell_cycle(bodies: dict[str, tuple[syntax.Expr, Span]], found: list[Diagnostic]) -> None:
    done: set[str] = set()
    for start in bodies:
        path = _find_cycle(start, bodies, done)
        if path:
            message = f"the definition of `{path[0]}` needs itself: {' → '.join([*path, path[0]])}"
            place = bodies[path[0]][1]
            found.append(Diagnostic("cyclic-definition", message, primary=place, help="break the circle"))
            return


def _find_cycle(start: str, bodies: dict[str, tuple[syntax.Expr, Span]], done: set[str]) -> list[str] | None:
    """Depth-first search, on a stack of our own: chains of lets may be long."""
    path: list[str] = []
    stack: list[tuple[str, bool]] = [(start, False)]
    while stack:
        name, leave = stack.pop()
        if leave:
            path.pop()
            done.add(name)
        elif name in path:
            return path[path.index(name) :]
        elif name in bodies and name not in done:
            path.append(name)
            stack.append((name, True))
            stack.extend((used, False) for used in sorted(set(names_in(bodies[name][0]))))
    return None


def names_in(expr: syntax.Expr | syntax.Argument) -> Iterator[str]:
    """Names read and called anywhere in an expression; of `core.sigma` the name of the term."""
    for part in walk(expr):
        if isinstance(part, (syntax.Name, syntax.Call)):
            yield part.name
        elif isinstance(part, syntax.Shared):
            yield part.owner


def shared_names(checked: Checked) -> frozenset[str]:
    """Parameters that are given to other terms too, as they are written: `core.sigma`."""
    values = [] if checked.energy is None else [checked.energy.value]
    values += [let.value for let in checked.lets.values()]
    for term in checked.terms.values():
        values += [] if term.alias is None else [term.alias]
        values += [member.value for member in term.members]
    return frozenset(p.span.text for v in values for p in walk(v) if isinstance(p, syntax.Shared))


def walk(expr: syntax.Expr | syntax.Argument) -> Iterator[syntax.Expr]:
    """An expression and all under it."""
    stack: list[object] = [expr]
    while stack:
        part = stack.pop()
        if isinstance(part, syntax.Argument):
            stack.append(part.value)
            continue
        yield part  # type: ignore[misc]
        stack.extend(reversed(children(part)))  # in the order of the text


def children(part: object) -> list[object]:
    match part:
        case syntax.Negative() | syntax.Pin():
            return [part.operand]
        case syntax.Chain():
            return list(part.operands)
        case syntax.Power():
            return [part.base, part.exponent]
        case syntax.Neighbours():
            return [part.body] if part.cutoff is None else [part.cutoff, part.body]
        case syntax.List():
            return list(part.items)
        case syntax.Table():
            return [value for _, value, _ in part.entries]
        case syntax.Setting():
            return [part.value, *(part.bounds or ())]
        case syntax.Call():
            return list(part.arguments)
        case _:
            return []


# --- terms -------------------------------------------------------------------------------------


def _check_term(term: syntax.Term, found: list[Diagnostic]) -> None:
    seen: dict[str, Span] = {}
    for formal in term.formals:
        _once(formal.name, formal.span, seen, found)
    for member in term.members:
        _once(member.name, member.name_span, seen, found)
    if term.alias is None and not any(m.name in ("pair", "triple", "site") for m in term.members):
        found.append(
            Diagnostic(
                "term-without-energy",
                f"term `{term.name}` gives no energy",
                primary=term.name_span,
                help="define `pair(r) = …`, `triple(r_ij, r_ik, cos_jik) = …` or `site(i) = …`",
            )
        )
    _check_recursion(term, found)


def _once(name: str, span: Span, seen: dict[str, Span], found: list[Diagnostic]) -> None:
    if name in seen:
        found.append(_twice("duplicate-name", name, span, seen[name]))
    seen[name] = span


def _check_recursion(term: syntax.Term, found: list[Diagnostic]) -> None:
    bodies = {m.name: (m.value, m.name_span) for m in term.members if isinstance(m, syntax.Definition)}
    _tell_cycle(bodies, found)
