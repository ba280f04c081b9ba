"""What a 1.x file builds and runs: `init: dockerfile` and `container` → `build` and `run.cmd`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pxtui.polyaxonfile.modern import exec_form
from pxtui.polyaxonfile.modern.draft import Draft, Map
from pxtui.polyaxonfile.modern.exec_form import Inexact
from pxtui.polyaxonfile.path import Path, dotted
from pxtui.polyaxonfile.steps import named

_CONTAINER_REFUSED = {
    "env_from": ("variables of the cluster are not here", "give them to the run with --env"),
    "volume_mounts": ("a volume of the cluster is not here", "mount the data with --mount"),
}
_CONTAINER_CLUSTER = (
    "name image_pull_policy resources ports security_context tty stdin liveness_probe "
    "readiness_probe startup_probe lifecycle termination_message_path termination_message_policy"
)
_DOCKERFILE_CLUSTER = "filename username shell workdir_path post_run_copy"
_DOCKERFILE_REFUSED = {
    "uid": ("another user in the image is not mapped", "set it for runs with --user"),
    "gid": ("another user in the image is not mapped", "set it for runs with --user"),
}
_INIT = {
    "git": "clone it into this folder, whose code is what runs",
    "artifacts": "mount the data with --mount",
    "paths": "mount the data with --mount",
    "connection": "mount the data with --mount",
    "file": "write the file into this folder",
    "container": "do its work in a step, or in the command",
}


@dataclass(slots=True)
class Image:
    """Maps `init: dockerfile`; `at` is where 0.5 has what is built."""

    draft: Draft
    at: Path

    def read(self, dockerfile: Map) -> None:
        """Map it."""
        draft = self.draft
        acted = "image env run lang_env path copy workdir"
        draft.sort(dockerfile, acted, _DOCKERFILE_CLUSTER, _DOCKERFILE_REFUSED)
        for name, key in (("image", "image"), ("lang_env", "lang_env")):
            if (said := dockerfile.get(name)) is not None:
                self.text(key, dockerfile.place(name), said)
        steps = [draft.filled(place, one) for place, one in draft.items(dockerfile, "run")]
        if steps:
            draft.put((*self.at, "build_steps"), dockerfile.place("run"), steps)
        paths = draft.items(dockerfile, "path")
        folders = [((*at, 0), (*at, 1), "PATH", f"${{PATH}}:{folder}") for at, folder in paths]
        self.variables([*folders, *self._pairs(dockerfile)])
        if dockerfile.get("workdir") not in (None, "/code"):
            place = dockerfile.place("workdir")
            draft.refuse("the steps run in /code, in no other folder", place, "take it out")
        self._copied(dockerfile, [step for step in steps if isinstance(step, str)])

    def _copied(self, dockerfile: Map, steps: Iterable[str]) -> None:
        """Refuse what is copied before the steps, but for what a step names."""
        there = {name.path for step in steps for name in named(step)}
        for place, one in self.draft.items(dockerfile, "copy"):
            source, target = one if isinstance(one, list) and len(one) == 2 else (one, "/code")
            path = posixpath.normpath(str(source))
            if path not in there or str(target).rstrip("/") not in ("/code", f"/code/{path}"):
                hint = "what a step names is copied before the steps, all else after them"
                message = f"copy: {one} before the steps is not mapped"
                self.draft.refuse(message, place, hint, of_key=False)

    def text(self, key: str, place: Path, said: Any) -> None:
        """Map a text."""
        self.draft.put((*self.at, key), place, self.draft.filled(place, said))

    def variables(self, found: list[tuple[Path, Path, Any, Any]]) -> None:
        """Map variables: the places of name and value, and both."""
        path = (*self.at, "env_vars")
        known: Any = self.draft.value
        for step in path:
            known = known.get(step, {})
        pairs = list(known)
        for name_place, value_place, name, value in found:
            index = len(pairs)
            pairs.append([name, self.draft.filled(value_place, value)])
            self.draft.places[(*path, index)] = name_place[:-1]
            self.draft.places[(*path, index, 0)] = name_place
            self.draft.places[(*path, index, 1)] = value_place
        if pairs:
            self.draft.put(path, found[0][0][:-2] if found else self.at, pairs)

    def _pairs(self, dockerfile: Map) -> Iterator[tuple[Path, Path, Any, Any]]:
        env, place = dockerfile.get("env"), dockerfile.place("env")
        if isinstance(env, Mapping):
            yield from (((*place, n), (*place, n), n, value) for n, value in env.items())
            return
        for here, pair in self.draft.items(dockerfile, "env"):
            if isinstance(pair, list) and len(pair) == 2:
                yield (*here, 0), (*here, 1), *pair
            else:
                self.draft.refuse(f"{dotted(here)}: expected a pair", here, "write `[NAME, value]`")


@dataclass(slots=True)
class Run:
    """Maps `run: {kind: job, init, container}`."""

    draft: Draft
    run: Map

    def read(self, dockerfile: Map | None, *, is_built: bool) -> None:
        """Map it; `is_built`: the container's image is the one that `dockerfile` makes."""
        draft, image = self.draft, Image(self.draft, ("build",))
        self._init()
        container = draft.below(self.run, "container")
        if dockerfile is not None:
            image.read(dockerfile)
        if container is None:
            hint = "write `container:` with `image:` and `command:`"
            draft.refuse("run.container is missing", self.run.path, hint)
            return
        acted = "image command args env working_dir"
        draft.sort(container, acted, _CONTAINER_CLUSTER, _CONTAINER_REFUSED)
        said = container.get("image")
        if dockerfile is not None and said is not None and not is_built:
            message = "container.image and init.dockerfile: only one of them can be what runs"
            hint = "take `image:` out of the container to run in what the Dockerfile makes"
            draft.refuse(message, container.place("image"), hint)
        elif dockerfile is None and said is not None:
            image.text("image", container.place("image"), said)
        image.variables(list(self._variables(container)))
        self._command(container)

    def _init(self) -> None:
        for place, item in self.draft.items(self.run, "init"):
            for key in item if isinstance(item, Mapping) else ():
                if key != "dockerfile":
                    hint = _INIT.get(str(key), "take it out")
                    self.draft.refuse(f"init: {key} is not mapped", (*place, key), hint)

    def _variables(self, container: Map) -> Iterator[tuple[Path, Path, Any, Any]]:
        env, place = container.get("env"), container.place("env")
        if isinstance(env, Mapping):
            yield from (((*place, n), (*place, n), n, value) for n, value in env.items())
            return
        for here, item in self.draft.items(container, "env"):
            one = Map(here, item) if isinstance(item, Mapping) else Map(here, {})
            if "name" in one.names and "value_from" not in one.names:
                yield one.place("name"), one.place("value"), one.get("name"), one.get("value") or ""
            else:
                hint = "give it to the run with --env"
                self.draft.refuse(f"{dotted(here)}: only `name` and `value` are mapped", here, hint)

    def _command(self, container: Map) -> None:
        words: list[str] = []
        for name in ("command", "args"):
            said = container.get(name)
            if isinstance(said, str):
                place = container.place(name)
                hint = "write a list of words, or `[bash, -c, …]`"
                self.draft.refuse(f"container.{name} is a list of words", place, hint)
                return
            for place, word in self.draft.items(container, name):
                if isinstance(word, dict | list | None):
                    self.draft.refuse(f"{dotted(place)}: expected a word", place, "quote it")
                    return
                words.append(word if isinstance(word, str) else self.draft.source.text(place))
        if container.get("command") is None:
            hint = "write `command: [python, …]`"
            self.draft.refuse("container.command is missing", container.path, hint)
            return
        at, folder = container.place("working_dir"), container.get("working_dir")
        try:
            folder = "" if folder is None else exec_form.folder_of(str(folder))
            at = container.place("command")
            text = exec_form.line(words, self.draft.types, folder)
        except Inexact as error:
            self.draft.refuse(error.message, at, error.hint, of_key=False)
        else:
            self.draft.put(("run", "cmd"), at, text)
