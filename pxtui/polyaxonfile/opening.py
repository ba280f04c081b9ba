"""Files → the one source that is read, with the edits of the working set laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.merge import Merged
from pxtui.polyaxonfile.modern import mapped, recognises
from pxtui.polyaxonfile.path import Edits, Path
from pxtui.polyaxonfile.problems import PolyaxonfileError, Problem
from pxtui.polyaxonfile.secret import is_secret, without
from pxtui.polyaxonfile.source import Source, Version


def opened(*versions: Version) -> Source:
    """What these files say together, the last one wins; raise PolyaxonfileError."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for version in versions:
        try:
            documents.append(Document.parse(version.data, version.file))
        except PolyaxonfileError as error:
            problems += error.problems
    if problems:
        raise PolyaxonfileError(problems)
    source: Source = documents[0] if len(documents) == 1 else Merged.of(documents)
    return mapped(source) if recognises(source) else source


def edited(source: Source, edits: Edits) -> tuple[Source, tuple[Problem, ...]]:
    """The source with the edits, and a problem for each that cannot be made."""
    problems = []
    for path, text in _in_order(source, edits):
        try:
            source = source.change(path, text)
        except EditError as error:
            secret = is_secret(".".join(map(str, path[1:])), "str")
            message = without(error.message, frozenset({text} if secret and text else ()))
            problems.append(source.problem("E_EDIT", message, path, error.hint))
    return source, tuple(problems)


def apply(versions: Sequence[Version], edits: Edits) -> tuple[Version, ...]:
    """All the files in their order, those with edits in them changed.

    Raises EditError or PolyaxonfileError.
    """
    source = opened(*versions)
    for path, text in _in_order(source, edits):
        source = source.change(path, text)
    return source.versions


def _in_order(source: Source, edits: Edits) -> Iterator[tuple[Path, str | None]]:
    """Edits so that the indices of each are still those of the file: what is taken out last."""
    present = {path for path in edits if source.node(path) is not None}
    yield from (
        (path, text) for path, text in edits.items() if text is not None and path in present
    )
    added = [path for path, text in edits.items() if text is not None and path not in present]
    yield from ((path, edits[path]) for path in sorted(added, key=_indices))
    taken = [path for path, text in edits.items() if text is None]
    yield from ((path, None) for path in sorted(taken, key=_steps, reverse=True))


def _indices(path: Path) -> tuple[int, ...]:
    """Sorts items of lists by their place, and leaves keys in the order of the edits."""
    return tuple(step if isinstance(step, int) else -1 for step in path)


def _steps(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (-1, step) for step in path)
