"""A classic builder's text, Docker's or Podman's, as steps and their output."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Literal

from pxtui.engine import Sink, StepReport
from pxtui.image.dockerfile import Instruction

_STEP = re.compile(r"Step (\d+)/\d+ : |STEP (\d+)/\d+: ")
_CACHED = re.compile(r" ---> Using cache$|--> Using cache [0-9a-f]+$")
_TALK = re.compile(
    r" ---> (?:Running in [0-9a-f]+|Removed intermediate container [0-9a-f]+|[0-9a-f]{12})$"
    r"|Removing intermediate container [0-9a-f]+$"
    r"|--> [0-9a-f]{11,64}$|COMMIT(?: |$)|Successfully (?:built|tagged) "
)
_BEGINNINGS = ("Step ", "STEP ", " ---> ", "--> ", "Removing inter", "COMMIT", "Successfully ")
_COLOUR = re.compile("\x1b\\[(?:0|91)m")
_TAIL = 8192


class Steps:
    """Follows a build's text: reports steps, hands on what they print, keeps the last of it.

    A step can print what looks like the builder's own words. All that it can do by that is to
    spoil the display of its own build: the outcome and the image never come from this text.
    """

    def __init__(
        self,
        instructions: Sequence[Instruction],
        sink: Sink,
        report: Callable[[StepReport], None],
    ) -> None:
        self.texts = tuple(instruction.text for instruction in instructions)
        self.tail = ""
        self._sink, self._report = sink, report
        self._held = ""
        self._index = 0
        self._began = 0.0
        self._cached = False

    @property
    def current(self) -> int:
        """The step that goes on, from 1; 0 before the first and after the last."""
        return self._index if self._index <= len(self.texts) else 0

    def feed(self, message: str) -> None:
        """Take one message of the stream: lines, or a part of one."""
        text = self._held + message
        self._held = ""
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            line = text[start:end]
            start = end
            if not _may_be_own(line):
                self._print(line)
            elif not line.endswith("\n"):
                self._held = line  # it may become the builder's own words
            elif not self._own(line.rstrip()):
                self._print(line)

    def all_cached(self) -> None:
        """Report every step as done before."""
        for index, text in enumerate(self.texts, 1):
            self._report(StepReport(index, len(self.texts), text, "done", True, 0.0))

    def end(self, failed: bool = False) -> None:
        """The step that goes on has ended."""
        if self._held:
            held, self._held = self._held, ""
            self._print(held)
        index = self.current
        if index:
            seconds = time.monotonic() - self._began
            state: Literal["failed", "done"] = "failed" if failed else "done"
            text, total = self.texts[index - 1], len(self.texts)
            self._report(StepReport(index, total, text, state, self._cached, seconds))

    def _own(self, line: str) -> bool:
        """Whether the line is the builder's own."""
        step = _STEP.match(line)
        if step is not None:
            expected = int(step[1] or step[2]) == self._index + 1
            if expected:
                self._next()
            return expected
        if _CACHED.match(line):
            self._cached = True
            return True
        return _TALK.match(line) is not None

    def _next(self) -> None:
        self.end()
        self._index += 1
        self._began, self.tail = time.monotonic(), ""
        # the base image is there before the build begins
        self._cached = self._index == 1
        if self.current:
            text, total = self.texts[self._index - 1], len(self.texts)
            self._report(StepReport(self._index, total, text, "started"))

    def _print(self, text: str) -> None:
        self._sink.write(text.encode("utf-8", "surrogatepass"), "stdout")
        self.tail = (self.tail + _COLOUR.sub("", text))[-_TAIL:]


def _may_be_own(line: str) -> bool:
    return line.startswith(_BEGINNINGS) or any(word.startswith(line) for word in _BEGINNINGS)
