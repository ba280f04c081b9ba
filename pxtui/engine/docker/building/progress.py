"""What a builder does, as steps that are reported and output that is handed on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Literal

from pxtui.engine import Sink, StepReport, Stream
from pxtui.image.dockerfile import Instruction

_COLOUR = re.compile("\x1b\\[(?:0|91)m")
_TAIL = 32_768


class Progress:
    """The steps of one build, each reported when it begins and when it ends; keeps the last words.

    Builders tell it which step goes on; what they leave out (`ENV` has nothing to do) ends with it.
    """

    def __init__(
        self,
        instructions: Sequence[Instruction],
        sink: Sink,
        report: Callable[[StepReport], None],
    ) -> None:
        self.texts = tuple(instruction.text for instruction in instructions)
        self.tail = ""
        self.current = 0
        """The step that goes on, from 1; 0: none."""
        self._ended = 0
        self._sink, self._report = sink, report
        self._began = 0.0

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self.texts)

    def begin(self, index: int) -> None:
        """A step begins; those before it that were not told have had nothing to do."""
        if index <= self._ended:
            return  # `FROM` was told before the builder began
        self.ended(index - 1)
        self.current, self.tail = index, ""
        self._began = time.monotonic()
        self._tell(index, "started")

    def ended(self, upto: int) -> None:
        """All steps up to this one are done, those that nobody told were cached."""
        if self.current:
            self.done(False)
        while self._ended < upto:
            self.skip(self._ended + 1)

    def turn_to(self, index: int) -> bool:
        """Whether this step goes on, of which is told next."""
        return self.current == index

    def skip(self, index: int, base: str = "") -> None:
        """A step had nothing to do; `base` is the image's id if it is `FROM`."""
        if index > self._ended:
            self._ended = index
            self._tell(index, "done", cached=True, seconds=0.0, base=base)

    def done(self, cached: bool, seconds: float | None = None, base: str = "") -> None:
        """The step that goes on is done; `base` is the image's id if it was `FROM`."""
        index, self.current = self.current, 0
        self._ended = max(self._ended, index)
        took = time.monotonic() - self._began if seconds is None else seconds
        self._tell(index, "done", cached=cached, seconds=took, base=base)

    def failed(self) -> int:
        """The step that goes on failed; its number."""
        if self.current:
            self._tell(self.current, "failed", seconds=time.monotonic() - self._began)
        return self.current

    def print(self, data: bytes, stream: Stream = "stdout") -> None:
        """Hand on what a step prints."""
        self._sink.write(data, stream)
        self.tail = (self.tail + _COLOUR.sub("", data.decode(errors="replace")))[-_TAIL:]

    def say(self, text: str) -> None:
        """A line of our own for the log."""
        self._sink.write(f"{text}\n".encode("utf-8", "surrogatepass"), "stdout")

    def _tell(
        self,
        index: int,
        state: Literal["started", "done", "failed"],
        *,
        cached: bool = False,
        seconds: float | None = None,
        base: str = "",
    ) -> None:
        text, total = self.texts[index - 1], self.total
        self._report(StepReport(index, total, text, state, cached, seconds, base))


class Appearing(Progress):
    """Steps that are not known beforehand: numbered as they begin, and several may go on at once.

    A builder can only tell, while it works, how many there will be.
    """

    def __init__(self, sink: Sink, report: Callable[[StepReport], None]) -> None:
        super().__init__((), sink, report)
        self.expected = 0
        """How many steps the builder has told of."""
        self._going: dict[int, float] = {}

    @property
    def total(self) -> int:
        """How many steps there are, as far as is known."""
        return max(self.expected, len(self.texts))

    def appear(self, text: str) -> int:
        """A step is there; its number."""
        self.texts += (text,)
        return len(self.texts)

    def begin(self, index: int) -> None:
        """A step begins, whatever else goes on."""
        self._began = self._going[index] = time.monotonic()
        self.current = index
        self._tell(index, "started")

    def turn_to(self, index: int) -> bool:
        """Whether this step goes on, of which is told next."""
        if index not in self._going:
            return False
        self.current, self._began = index, self._going[index]
        return True

    def done(self, cached: bool, seconds: float | None = None, base: str = "") -> None:
        """The step that was turned to is done; the newest of those that go on is the current."""
        self._going.pop(self.current, None)
        super().done(cached, seconds, base)
        if self._going:
            self.turn_to(max(self._going))
