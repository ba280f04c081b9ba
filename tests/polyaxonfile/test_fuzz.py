"""Damaged files, by the thousand: read, edited, read again; nothing crashes, hangs or gets lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from pxtui.errors import EditError
from pxtui.polyaxonfile.document import Document
from pxtui.polyaxonfile.load import load, resolve
from pxtui.polyaxonfile.opening import opened
from pxtui.polyaxonfile.problems import PolyaxonfileError
from pxtui.polyaxonfile.source import Version
from pxtui.polyaxonfile.templating.rendering import Dear
from tests.polyaxonfile.leaves import nasty_files, places, real_files

LIMIT = 1.0
"""Seconds that one file may take."""

TOKENS = (
    *b": , - ? # & * ! | > ' \" % @ ` { } [ ] {{ }} {% << --- ... ~ \t \r\n \r \n".split(b" "),
    *(b"\n\n", b"  ", b"\x00", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff", b"&a ", b"*a"),
    *(b"|2-\n", b">+\n", b"!!int ", b"? ", b"1e-3", b"0x1F", b"12:30", b"2018-01-02", b"yes"),
)
TYPED = (
    "0.5",
    "",
    "a: b",
    "[1, 2]",
    "{{ x }}",
    "it's",
    "x\ny",
    "- 1",
    "*a",
    "\t",
    "{a: 1}",
    "\x85",
)


def bytes_changed(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        data[place : place + chance.randint(0, 2)] = bytes([chance.randrange(256)])


def lines_changed(data: bytearray, chance: random.Random) -> None:
    lines = bytes(data).splitlines(keepends=True) or [b""]
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    act = chance.randrange(4)
    if act == 0:
        del lines[one : one + chance.randint(1, 3)]
    elif act == 1:
        lines.insert(one, lines[other])
    elif act == 2:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[one] = b" " * chance.randint(1, 3) + lines[one].lstrip(b" ")
    data[:] = b"".join(lines)


def tokens_changed(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(data) + 1)
        end = place + chance.choice((0, 0, 1, 5))
        data[place:end] = chance.choice(TOKENS)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    bytes_changed, lines_changed, tokens_changed, tokens_changed, cut,
)  # fmt: skip


def seeds() -> list[tuple[str, bytes]]:
    files = [*real_files(), *nasty_files("*.yml")]
    found = [(file.name, file.read_bytes()) for file in files]
    return [(name, data) for name, data in found if len(data) < 5000]


def read(data: bytes, name: str) -> None:
    """Read as a file that is opened; where a template could be dear, a child with limits would."""
    try:
        source = opened(Version(data, name))
    except PolyaxonfileError:
        reading = load(data, name)
        assert reading.problems
        assert not reading.valid
        return
    with suppress(Dear):
        resolve(source, {}, trusted=False)


def edit(data: bytes, name: str, chance: random.Random) -> None:
    try:
        document = Document.parse(data, name)
    except PolyaxonfileError:
        return
    path, node = chance.choice([*places(document.node(()))])
    text = chance.choice((*TYPED, None))
    if node.kind == "map" and text is not None and chance.random() < 0.7:
        path = (*path, chance.choice(("new", "a b", "yes", 7)))
    elif node.kind == "list" and text is not None and chance.random() < 0.7:
        path = (*path, len(node.items))
    try:
        new = document.change(path, text)
    except EditError:
        return
    again = Document.parse(new.data, name)
    assert again.text(path) == new.text(path)
    if text is None:
        above = again.node(path[:-1])
        assert above
        assert again.node(path) is None or above.kind == "list" or above.inherited
    elif not text.strip(" ").startswith(("'", '"')):
        assert again.text(path) in (text, text.strip(" "))


def fuzz(count: int, seed: int) -> None:
    chance, files = random.Random(seed), seeds()
    for number in range(count):
        name, data = chance.choice(files)
        name = "p.json" if chance.random() < 0.1 else name
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            chance.choice(MUTATIONS)(damaged, chance)
        start = time.process_time()
        try:
            read(bytes(damaged), name)
            edit(bytes(damaged), name, chance)
        except Exception as error:
            error.add_note(f"number {number} of seed {seed}, {name}: {bytes(damaged)!r}")
            raise
        assert time.process_time() - start < LIMIT, (number, seed, bytes(damaged))


def test_damaged_files() -> None:
    fuzz(2_000, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_many_damaged_files(seed: int) -> None:
    fuzz(10_000, seed)
