"""What makes the watch pause: a file that changes by itself, or another thing than was agreed to.

Nothing here looks at anything: it is told what was started, what changed and what is so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields

from pxtui.events import Held, Phase
from pxtui.image.context import amount
from pxtui.run import Mount, Surroundings
from pxtui.state import State

SOON = 2.0
"""Seconds after the start of a build or run in which a change may be its own doing."""
TIMES = 3
"""Builds or runs one after the other that a path changed in: then it is a loop."""
MANY = 20
"""Other files that change in one burst with the commands: a branch, a pull, not an edit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build and a run do and get: the person has seen it when they start one."""

    image: str
    dockerfile: str
    context: str
    engine: str
    surroundings: Surroundings
    steps: tuple[str, ...]
    command: str
    staged: str
    """Digest of the files that the steps name."""

    @classmethod
    def of(cls, state: State) -> Plan | None:
        """The plan of the working set; None while there is none."""
        resolved, engine, tree = state.resolved, state.engine, state.tree
        if resolved is None or engine is None or tree is None:
            return None
        return cls(
            resolved.image,
            resolved.dockerfile,
            resolved.context,
            engine.id,
            state.surroundings,
            resolved.steps,
            resolved.cmd,
            tree.staged,
        )


class Guard:
    """Judges each change of a watched project."""

    def __init__(self, *, confirm_always: bool) -> None:
        self._always = confirm_always
        self._agreed: Plan | None = None
        self._jobs: dict[Phase, deque[tuple[float, set[str]]]] = {
            "build": deque(maxlen=TIMES),
            "run": deque(maxlen=TIMES),
        }
        """Start of the last builds and of the last runs, and what changed soon after it."""

    def agree(self, plan: Plan | None) -> None:
        """The person has seen this and wants it."""
        self._agreed = plan or self._agreed

    def agrees(self, plan: Plan | None) -> bool:
        """Whether it is what the person has agreed to."""
        return plan is not None and plan == self._agreed

    def difference(self, plan: Plan | None, shown: str) -> Held | None:
        """All that is another thing than what was agreed to; None where nothing is."""
        agreed = self._agreed
        if plan is None or agreed is None:
            return None
        facts = (*_place(agreed, plan), *_commands(agreed, plan, shown))
        return Held("plan", f"{_names(facts)} changed outside of pxtui", facts) if facts else None

    def edited(self, before: Plan | None, after: Plan | None) -> None:
        """The person changed it here: what was agreed to is now this."""
        if before == self._agreed:
            self.agree(after)

    def started(self, phase: Phase, at: float) -> None:
        """A build or run was started."""
        self._jobs[phase].append((at, set()))

    def judge(self, paths: Iterable[str], plan: Plan | None, at: float, shown: str) -> Held | None:
        """Why these changes must not lead to anything unasked; `shown`: the command as shown."""
        paths = tuple(paths)
        return self._loop(paths, at) or self.other_plan(len(paths), plan, shown)

    def _loop(self, paths: tuple[str, ...], at: float) -> Held | None:
        for phase, jobs in self._jobs.items():
            if jobs and 0 <= at - jobs[-1][0] <= SOON:
                jobs[-1][1].update(paths)
            again = (
                set.intersection(*(changed for _, changed in jobs)) if len(jobs) == TIMES else ()
            )
            if again:
                jobs.clear()
                path = min(again)
                text = (
                    f"{path} changed soon after the start of {TIMES} {phase}s one after the other"
                )
                return Held("loop", text, path=path)
        return None

    def other_plan(self, changed: int, plan: Plan | None, shown: str) -> Held | None:
        """Why a plan must be confirmed that came with so many changed paths."""
        agreed = self._agreed = self._agreed or plan
        if plan is None or agreed is None or plan == agreed:
            return None
        place = tuple(_place(agreed, plan))
        if place:
            return Held("plan", f"{_names(place)} changed outside of pxtui", place)
        commands = tuple(_commands(agreed, plan, shown))
        others = changed - 1
        if commands and (self._always or others > MANY):
            with_them = f", with {others} other files" if others > MANY else ""
            text = f"{_names(commands)} changed outside of pxtui{with_them}"
            return Held("plan", text, commands)
        self._agreed = plan  # an edit of the commands, which is shown and followed
        return None


def _names(facts: tuple[tuple[str, str], ...]) -> str:
    return " and ".join(dict.fromkeys(label for label, _ in facts))


def _place(old: Plan, new: Plan) -> Iterable[tuple[str, str]]:
    for name in ("image", "dockerfile", "context", "engine"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield name, f"{was or 'none'} → {now or 'none'}"
    for field in fields(Surroundings):
        was, now = getattr(old.surroundings, field.name), getattr(new.surroundings, field.name)
        if was != now:
            yield field.name.replace("_", " "), f"{_text(was)} → {_text(now)}"


def _commands(old: Plan, new: Plan, shown: str) -> Iterable[tuple[str, str]]:
    for step in old.steps:
        if step not in new.steps:
            yield "steps", f"no longer: {step}"
    for step in new.steps:
        if step not in old.steps:
            yield "steps", f"new: {step}"
    if old.steps != new.steps and set(old.steps) == set(new.steps):
        yield "steps", "in another order"
    if old.command != new.command:
        yield "command", f"now: {shown}"
    if old.staged != new.staged and old.steps == new.steps:
        yield "what the steps read", "has other contents"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, Mount):
        return f"{value.source}:{value.target}{':rw' if value.writable else ''}"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1_000_000:
        return amount(value)
    return str(value) if value not in (None, "") else "none"
