"""BuildKit's trace messages, taken apart into steps and their output.

They are `moby.buildkit.v1.StatusResponse` of BuildKit's api/services/control/control.proto, of
which only what is read here is described.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from pxtui.engine.docker.building.progress import Appearing, Progress
from pxtui.errors import EngineError

ID = "moby.buildkit.trace"
_TYPES = descriptor_pb2.FieldDescriptorProto
_TIME = ".google.protobuf.Timestamp"
_MESSAGES: dict[str, tuple[tuple[str, int, int, str], ...]] = {
    "Vertex": (
        ("digest", 1, _TYPES.TYPE_STRING, ""),
        ("name", 3, _TYPES.TYPE_STRING, ""),
        ("cached", 4, _TYPES.TYPE_BOOL, ""),
        ("started", 5, _TYPES.TYPE_MESSAGE, _TIME),
        ("completed", 6, _TYPES.TYPE_MESSAGE, _TIME),
        ("error", 7, _TYPES.TYPE_STRING, ""),
    ),
    "VertexLog": (
        ("vertex", 1, _TYPES.TYPE_STRING, ""),
        ("stream", 3, _TYPES.TYPE_INT64, ""),
        ("msg", 4, _TYPES.TYPE_BYTES, ""),
    ),
    "StatusResponse": (
        ("vertexes", 1, _TYPES.TYPE_MESSAGE, ".pxtui.Vertex*"),
        ("logs", 3, _TYPES.TYPE_MESSAGE, ".pxtui.VertexLog*"),
    ),
}
"""Of each message its fields: name, number, type, and the message that it holds (`*`: many)."""


def _described() -> Any:
    from google.protobuf import timestamp_pb2

    file = descriptor_pb2.FileDescriptorProto(
        name="pxtui/buildkit.proto",
        package="pxtui",
        syntax="proto3",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, held in fields:
            label = _TYPES.LABEL_REPEATED if held.endswith("*") else _TYPES.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, type=kind, label=label)
            if held:
                added.type_name = held.rstrip("*")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    found = pool.FindMessageTypeByName("pxtui.StatusResponse")
    return message_factory.GetMessageClass(found)


_StatusResponse = _described()
_NUMBERED = re.compile(r"\[(?:([^\]]*) )?(\d+)/\d+\] ")
_UNNAMED = re.compile(r"stage-\d+")


class Traces:
    """Follows a build's traces; `working` are the indexes of the instructions that do something.

    Where steps appear, they are numbered as they begin, and `working` is not asked.
    """

    def __init__(self, progress: Progress, working: tuple[int, ...]) -> None:
        self._progress, self._working = progress, working
        self._seen: set[str] = set()
        self._indexes: dict[str, int] = {}
        """Of a vertex, by its digest."""
        self._done: set[str] = set()

    def feed(self, aux: str) -> None:
        """Take one message."""
        try:
            status = _StatusResponse.FromString(base64.b64decode(aux, validate=True))
        except (DecodeError, ValueError) as error:
            raise EngineError("the builder's messages make no sense") from error
        # what a step printed first or last can stand in the message that begins or ends it
        known = frozenset(self._indexes)
        self._print(log for log in status.logs if log.vertex in known)
        if isinstance(self._progress, Appearing):
            self._seen |= {v.digest for v in status.vertexes if _NUMBERED.match(v.name)}
            self._progress.expected = len(self._seen)
        for vertex in status.vertexes:
            self._begin(vertex)
            self._end(vertex)
        self._print(log for log in status.logs if log.vertex in self._indexes.keys() - known)

    def finish(self) -> None:
        """The build was good."""
        if self._progress.current:
            self._progress.done(False)

    def _print(self, logs: Iterable[Any]) -> None:
        for log in logs:
            self._progress.print(log.msg, "stderr" if log.stream == 2 else "stdout")

    def _begin(self, vertex: Any) -> None:
        named = _NUMBERED.match(vertex.name)
        if named is None or vertex.digest in self._done:
            return
        begins = vertex.HasField("started") or vertex.cached
        if not begins or vertex.digest in self._indexes:
            return
        if index := self._index(named, vertex.name):
            self._indexes[vertex.digest] = index
            self._progress.begin(index)

    def _index(self, named: re.Match[str], name: str) -> int:
        """The instruction that a builder gives this name; 0 if it is none of the file's."""
        if isinstance(self._progress, Appearing):
            stage = "" if _UNNAMED.fullmatch(named[1] or "") else named[1]
            text = name[named.end() :]
            return self._progress.appear(f"{stage}: {text}" if stage else text)
        number = int(named[2])
        return self._working[number - 1] if number <= len(self._working) else 0

    def _end(self, vertex: Any) -> None:
        index = self._indexes.get(vertex.digest)
        if index is None or not vertex.HasField("completed") or vertex.digest in self._done:
            return
        self._done.add(vertex.digest)
        if vertex.error and "canceled" in vertex.error:
            return  # because another one failed
        if self._progress.turn_to(index) and not vertex.error:
            took = vertex.completed.ToNanoseconds() - vertex.started.ToNanoseconds()
            cached = vertex.cached or index == 1
            self._progress.done(cached, 0.0 if cached else took / 1e9)
