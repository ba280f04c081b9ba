"""Files → the one source that is read, with the edits of the working set laid over it."""

from __future__ import annotations

from collections.abc import Sequence

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.path import Edits
from pxtui.polyaxonfile.problems import Problem
from pxtui.polyaxonfile.secret import is_secret, without
from pxtui.polyaxonfile.source import Source, Version


def opened(*versions: Version) -> Source:
    """What these files say together, the last one wins; raise PolyaxonfileError."""
    return Document.parse(versions[0].data, versions[0].file)


def edited(document: Source, edits: Edits) -> tuple[Source, tuple[Problem, ...]]:
    """The document with the edits, and a problem for each that cannot be made."""
    problems = []
    for path, text in edits.items():
        try:
            document = document.change(path, text)
        except EditError as error:
            secret = is_secret(".".join(map(str, path[1:])), "str")
            message = without(error.message, frozenset({text} if secret and text else ()))
            problems.append(document.problem("E_EDIT", message, path, error.hint))
    return document, tuple(problems)


def apply(versions: Sequence[Version], edits: Edits) -> tuple[Version, ...]:
    """The files with the edits, each in the file that it changes.

    Raises EditError or PolyaxonfileError.
    """
    document = Document.parse(versions[0].data, versions[0].file)
    for path, text in edits.items():
        document = document.change(path, text)
    return (Version(document.data, document.file),)
