"""The context of a Dockerfile of the project's own: packed while it is sent, with true modes."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pxtui.image.context import Entry, ignored, never
from pxtui.image.ignore import DOCKERIGNORE, IgnoreLines, docker_lines
from pxtui.image.pack import END, Packer, in_pieces, whole
from pxtui.image.plan import Own
from pxtui.image.tree import open_folder

BESIDE = ".pxtui.Dockerfile"
"""Its name in the context where it is not part of it; no builder takes two archives."""


def pack(
    root: Path,
    own: Own,
    text: bytes,
    entries: Sequence[Entry],
    lines: IgnoreLines | None = None,
    check: Callable[[], None] = never,
    *,
    hide: bool = False,
) -> Iterator[bytes]:
    """The context as a tar, the Dockerfile first; raises ContextMoved as `pack_code` does.

    `hide`: a Dockerfile that is not part of it is named in a .dockerignore, as the docker command
    does. The classic builder drops it then once it has read it; BuildKit does not. Podman goes by
    that file, so one that another stands in place of is not sent.
    """
    name = name_in_context(root, own, entries, lines)
    yield whole(name, text)
    with open_folder(root) as fd:
        packer = Packer(fd, _mode, check)
        context = _Context(packer, name, hide, is_beside(own, lines))
        yield from in_pieces(context.parts(below(root, own, entries, lines)))
        packer.look_again()
    yield END


@dataclass(slots=True)
class _Context:
    """What of the tree becomes which part of the archive."""

    packer: Packer
    dockerfile: str
    hide: bool
    beside: bool

    def parts(self, entries: Iterable[tuple[Entry, str]]) -> Iterator[bytes]:
        replaced, hide = self.hide and self.beside, self.hide and self.dockerfile == BESIDE
        for entry, short in entries:
            if short == self.dockerfile or (replaced and short == DOCKERIGNORE):
                continue
            pieces = self.packer.entry(entry, short)
            if hide and short == DOCKERIGNORE:
                pieces, hide = _hiding(pieces, entry), False
            yield from pieces
        if hide:
            yield whole(DOCKERIGNORE, f"{DOCKERIGNORE}\n{BESIDE}\n".encode())


def _mode(entry: Entry, on_disk: int) -> int:
    return on_disk


def ignore_lines(root: Path, own: Own) -> IgnoreLines | None:
    """What the context leaves out beside what the project does.

    As in Docker, a file beside the Dockerfile stands in place of the context's own.
    """
    beside, inner = f"{own.dockerfile}{DOCKERIGNORE}", f"{own.context}/{DOCKERIGNORE}"
    for path in (beside, inner) if own.context else (beside,):
        if (root / path).is_file():
            return path, docker_lines(root / path)[1]
    return None


def is_beside(own: Own, lines: IgnoreLines | None) -> bool:
    """Whether these are the lines of a file beside the Dockerfile."""
    return lines is not None and lines[0] == f"{own.dockerfile}{DOCKERIGNORE}"


def name_in_context(
    root: Path, own: Own, entries: Sequence[Entry], lines: IgnoreLines | None = None
) -> str:
    """How the builder is told of the Dockerfile."""
    its = [entry for entry in entries if entry.path == own.dockerfile and entry.kind == "file"]
    names = [short for _, short in below(root, own, its, lines) if _is_short(short)]
    return names[0] if names else BESIDE


def below(
    root: Path, own: Own, entries: Sequence[Entry], lines: IgnoreLines | None = None
) -> Iterator[tuple[Entry, str]]:
    """The entries of the context that its `lines` do not leave out, each with its path there."""
    out = ignored(root / own.context, lines) if lines else None
    above = f"{own.context}/" if own.context else ""
    for entry in entries:
        short = entry.path.removeprefix(above)
        if entry.path.startswith(above) and not (out is not None and out(short)):
            yield entry, short


def _hiding(pieces: Iterable[bytes], known: Entry) -> Iterator[bytes]:
    """The context's own .dockerignore with one more line."""
    packed = b"".join(pieces)
    if known.kind != "file":
        yield packed
        return
    data = packed[tarfile.BLOCKSIZE :][: known.size]
    yield whole(DOCKERIGNORE, data + f"\n{BESIDE}\n".encode(), known.mode)


def _is_short(name: str) -> bool:
    """Whether its header is a plain one: BuildKit takes a PAX header for a Dockerfile."""
    return len(whole(name, b"")) == tarfile.BLOCKSIZE
