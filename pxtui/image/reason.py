"""Why an instruction of an image runs anew: what is another than in the image before. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pxtui.image.context import Entry, Listing, changes
from pxtui.image.dockerfile import instructions
from pxtui.image.plan import ImagePlan, StagedFile

FIRST = "it is the first build of this project here"
ASKED = "no cache was asked for"
GONE = "the engine had it no more"
CODE = "the code"
"""What is told of another tree whose listing is not known any more."""
NAMED = 3
"""Files that are told by name."""
SHORT = 100
"""Characters of a step that are told."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one instruction is made of."""

    kind: str
    """base, variable, file, step, code or other: a newer pxtui may have more."""
    name: str
    """Of an image, variable or file; of the code its owner."""
    mark: str
    """Equal where the instruction makes the same: an id, a text, a mode and a hash."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an image is made of, in the order of its instructions."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, plan: ImagePlan, signature: str, base_id: str = "") -> Made:
        """Of this plan, a tree of this signature and a base; empty: its id is not known.

        Of a Dockerfile of the project's own only the tree is known, which it is a part of.
        """
        if plan.own is not None:
            own = Part("other", "", f"{plan.own.dockerfile} in {plan.own.context or '.'}")
            return cls((own, Part("code", plan.owner, signature)))
        files, told = iter(plan.staged), instructions(plan)
        parts = [_part(one.line, one.text, files) for one in told[:-1]]
        parts[0] = Part("base", plan.base, base_id)
        return cls((*parts, Part("code", plan.owner, signature)))

    @property
    def signature(self) -> str:
        """Of the tree that it holds; empty if there is none."""
        return self.parts[-1].mark if self.parts else ""

    def on(self, base_id: str) -> Made:
        """The same on a base whose id is known now."""
        if self.parts[0].kind != "base":
            return self
        return Made((replace(self.parts[0], mark=base_id), *self.parts[1:]))

    def holding(self, signature: str) -> Made:
        """The same with another tree."""
        return Made((*self.parts[:-1], replace(self.parts[-1], mark=signature)))


def _part(line: str, text: str, files: Iterator[StagedFile]) -> Part:
    match line.split(" ", 1)[0]:
        case "ENV":
            # a value may be a secret: only its hash is kept
            name = text.removeprefix("ENV ").partition("=")[0]
            return Part("variable", name, hashlib.sha256(line.encode()).hexdigest())
        case "COPY":
            file = next(files)
            content = hashlib.sha256(file.data).hexdigest()
            return Part("file", file.name, f"{file.mode:o} {content}")
        case "RUN":
            return Part("step", "", text)
        case _:
            return Part("other", "", text)


def reasons(old: Made | None, new: Made, code: str = CODE) -> dict[int, str]:
    """Why instructions run anew, by their number from 1; what follows another one has its reason.

    `code` says what changed in the tree, see `code_change`.
    """
    if old is None:
        return dict.fromkeys(range(1, len(new.parts) + 1), FIRST)
    old, new = _comparable(old, new)
    told: dict[int, str] = {}
    above = ""
    for index, part in enumerate(new.parts, 1):
        own = ""
        if part not in old.parts:
            own = _another(part, old, new, code)
        elif not above and old.parts[index - 1 : index] != (part,):
            own = _moved(old.parts[index - 1 : index], new)
        if own or above:
            told[index] = own or above
        if own and not above:
            above = own.replace("the step", f"step {index}", 1) if part.kind == "step" else own
    return told


def _comparable(old: Made, new: Made) -> tuple[Made, Made]:
    """With bases that differ only where both ids are known."""
    if old.parts and new.parts and not (old.parts[0].mark and new.parts[0].mark):
        return old.on(""), new.on("")
    return old, new


def _another(part: Part, old: Made, new: Made, code: str) -> str:
    """What is another in a part that was not there before."""
    before = next((p for p in old.parts if (p.kind, p.name) == (part.kind, part.name)), None)
    match part.kind:
        case "base" if before:
            return f"{part.name} is another image now"
        case "base":
            return f"the base image was {old.parts[0].name}" if old.parts else FIRST
        case "variable":
            return f"the variable {part.name}: {'value' if before else 'new'}"
        case "file":
            return f"{part.name}: {_file_change(before, part)}"
        case "code" if before:
            return code
        case "code":
            return "the owner of the code is another"
        case _:
            return _another_step(part, old, new)


def _file_change(old: Part | None, new: Part) -> str:
    if old is None:
        return "new"
    before, after = old.mark.split(" "), new.mark.split(" ")
    return "mode" if before[-1] == after[-1] else "content"


def _another_step(part: Part, old: Made, new: Made) -> str:
    """The steps that went and those that came are taken for the same ones, in their order."""
    went = [p for p in old.parts if p.kind == part.kind and p not in new.parts]
    came = [p for p in new.parts if p.kind == part.kind and p not in old.parts]
    place = came.index(part)
    return f"the step was: {_short(went[place].mark)}" if place < len(went) else "the step is new"


def _moved(before: tuple[Part, ...], new: Made) -> str:
    """Why a part that was there before is not where it was: `before` stood there."""
    if not before or before[0] in new.parts:
        return "the order is another"
    part = before[0]
    gone = {"variable": f"the variable {part.name}", "file": part.name}
    return f"{gone.get(part.kind) or f'the step {_short(part.mark)}'}: gone"


def code_change(old: Listing, new: Listing) -> str:
    """What changed in the tree: `train.py: content`, `3 files: a.py new, b.py gone, c.py mode`."""
    old, new = _without_shared(old, new)
    paths = changes(old, new)
    named = set(paths[:NAMED])
    before = {entry.path: entry for entry in old.entries if entry.path in named}
    after = {entry.path: entry for entry in new.entries if entry.path in named}
    told = [(path, _entry_change(before.get(path), after.get(path))) for path in paths[:NAMED]]
    if len(paths) == 1:
        return f"{told[0][0]}: {told[0][1]}"
    more = ", …" if len(paths) > NAMED else ""
    listed = ", ".join(f"{path} {what}" for path, what in told)
    return f"{len(paths):,} files: {listed}{more}" if paths else CODE


def _without_shared(old: Listing, new: Listing) -> tuple[Listing, Listing]:
    """Without the entries that the second look took from the first: nearly all, in a big tree."""
    shared = set(map(id, old.entries)) & set(map(id, new.entries))
    return (
        replace(old, entries=tuple(entry for entry in old.entries if id(entry) not in shared)),
        replace(new, entries=tuple(entry for entry in new.entries if id(entry) not in shared)),
    )


def _entry_change(old: Entry | None, new: Entry | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    if old.kind != new.kind:
        return {"dir": "a folder now", "link": "a link now"}.get(new.kind, "a file now")
    if old.content != new.content:
        return "target" if new.kind == "link" else "content"
    return "mode"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
