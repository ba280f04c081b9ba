"""A classic builder's text, Docker's or Podman's, taken apart into steps and their output."""

from __future__ import annotations

import re

from pxtui.engine.docker.building.progress import Appearing, Progress

_STEP = re.compile(r"(?:Step|STEP) (\d+)/(\d+) ?: ")
_STAGE = re.compile(r"\[\d+/\d+\] (?=STEP |COMMIT|--> )")
"""Podman counts the steps of each stage anew, and names the stage first: `[1/2] STEP 1/3: …`."""
_CACHED = re.compile(r" ---> Using cache$|--> Using cache [0-9a-f]+$")
_TALK = re.compile(
    r" ---> (?:Running in [0-9a-f]+|Removed intermediate container [0-9a-f]+|[0-9a-f]{12})$"
    r"|Removing intermediate container [0-9a-f]+$"
    r"|--> [0-9a-f]{11,64}$|COMMIT(?: |$)|Successfully (?:built|tagged) "
)
_LABELS = ("LABEL pxtui.", 'LABEL "pxtui.')
"""What the builder adds of ours."""
_BEGINNINGS = ("Step ", "STEP ", " ---> ", "--> ", "Removing inter", "COMMIT", "Successfully ")


class ClassicText:
    """Follows a build's text.

    A step can print what looks like the builder's own words. All that it can do by that is to
    spoil the display of its own build: the outcome and the image never come from this text.
    """

    def __init__(self, progress: Progress, steps: int) -> None:
        """`steps`: the instructions of the Dockerfile; builders add some of their own."""
        self._progress, self._steps = progress, steps
        self._held = ""
        self._index = self._number = self._total = 0
        self._cached = False
        self._appearing = progress if isinstance(progress, Appearing) else None
        self._beginnings = (*_BEGINNINGS, "[") if self._appearing else _BEGINNINGS

    def feed(self, message: str) -> None:
        """Take one message of the stream: lines, or a part of one."""
        text = self._held + message
        self._held = ""
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            line = text[start:end]
            start = end
            if not self._may_be_own(line):
                self._print(line)
            elif not line.endswith("\n"):
                self._held = line  # it may become the builder's own words
            elif not self._own(line.rstrip()):
                self._print(line)

    def end(self) -> None:
        """The stream has ended: what was held back is output."""
        if self._held:
            held, self._held = self._held, ""
            self._print(held)

    def finish(self) -> None:
        """The build was good."""
        self.end()
        self._end_step()

    def _own(self, line: str) -> bool:
        """Whether the line is the builder's own."""
        bare = _STAGE.sub("", line, count=1) if self._appearing else line
        is_first, line = bare != line and bare.startswith("STEP 1/"), bare
        step = _STEP.match(line)
        if step is not None:
            number, total = int(step[1]), int(step[2])
            following = (self._number + 1, self._total or total)
            expected = is_first or (number, total) == following
            if expected:
                self._number, self._total = number, total
                if self._appearing:
                    self._appear(self._appearing, line[step.end() :])
                self._next()
            return expected or line[step.end() :].startswith(_LABELS)
        if _CACHED.match(line):
            self._cached = True
            return True
        return _TALK.match(line) is not None

    def _appear(self, progress: Appearing, text: str) -> None:
        if text.startswith(_LABELS):
            self._index = self._steps
        if self._index < self._steps:
            progress.expected = self._steps
            progress.appear(text)

    def _next(self) -> None:
        self._end_step()
        self._index += 1
        # the base image is there before the build begins
        self._cached = self._index == 1
        if self._index <= self._steps:
            self._progress.begin(self._index)

    def _end_step(self) -> None:
        if self._progress.current and self._steps:
            self._progress.done(self._cached)

    def _print(self, text: str) -> None:
        self._progress.print(text.encode("utf-8", "surrogatepass"))

    def _may_be_own(self, line: str) -> bool:
        words = self._beginnings
        return line.startswith(words) or any(word.startswith(line) for word in words)
