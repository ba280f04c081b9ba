"""The kinds of 1.x files: a component, an operation on one, one that only builds an image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pxtui.polyaxonfile.modern.container import Image, Run
from pxtui.polyaxonfile.modern.draft import Draft, Map
from pxtui.polyaxonfile.path import dotted

_BUILDERS = ("kaniko", "dockerizer", "dokerizer")
"""What builds an image of `init: dockerfile` (the last as the quick-start misspelt it)."""
_CLUSTER = (
    "presets queue namespace cache termination plugins hooks environment cost is_approved template "
    "contexts outputs schedule dependencies trigger skip_on_upstream_skip patch_strategy is_preset"
)
_ELSEWHERE = "pxtui reads this file alone: copy what it names below `component:`"
_WRITE_OUT = "write its keys into `component:` itself"
_REFUSED = {
    "hub_ref": ("a component of the hub is not here", _ELSEWHERE),
    "path_ref": ("a component in another file is not read", _ELSEWHERE),
    "url_ref": ("a component on the net is not read", _ELSEWHERE),
    "dag_ref": ("there is no DAG here", _ELSEWHERE),
    "run_patch": ("a patch of a component is not applied", _WRITE_OUT),
    "joins": ("what other runs put out is not here", "give the values as params"),
    "events": ("what other runs put out is not here", "take it out"),
    "conditions": ("it depends on other runs, which are not here", "take it out"),
}
_RUN_REFUSED = {
    "connections": ("a connection of the cluster is not here", "mount the data with --mount"),
    "volumes": ("a volume of the cluster is not here", "mount the data with --mount"),
    "sidecars": ("there is one container, none beside it", "start it in the command"),
}
_INPUT = {
    **{key: key for key in ("name", "type", "description", "options", "is_optional", "is_list")},
    **{"is_flag": "is_flag", "value": "default", "default": "default"},
}
_INPUT_KEPT = "validation delay_validation labels"
_INPUT_REFUSED = dict.fromkeys(
    ("arg_format", "connection", "to_init", "to_env"), ("this is not mapped", "take it out")
)
_PARAM_REFUSED = {
    "ref": ("what another run put out is not here", "give a value"),
    "connection": ("a connection of the cluster is not here", "give a value"),
    "to_init": ("this is not mapped", "take it out"),
    "to_env": ("this is not mapped", "give the variable below `container: env:`"),
}
_TYPES = {"uuid": "str", "date": "str", "datetime": "str", "dict_of_dict": "dict_of_dicts"}
_ANY_TYPE = ("image", "git", "dockerfile", "event", "artifacts", "file", "tensorboard")
"""Types of 1.x that 0.5 has no word for; the value is taken as it stands."""
_SPACED = {
    "choice": "values",
    **{name: name for name in ("range", "linspace", "logspace", "geomspace")},
}
_DRAWN = {**_SPACED, "pchoice": "pvalues", "uniform": "uniform", "normal": "normal"}
_SEARCHES = {"grid": ("grid_search", _SPACED), "random": ("random_search", _DRAWN)}
"""How 0.5 calls a search, and the distributions that mean the same in both."""
_MATRIX_REFUSED = {
    "early_stopping": ("it is not mapped", "take it out: every run then ends by itself")
}


@dataclass(slots=True)
class Mapper:
    """Maps one file."""

    draft: Draft
    searched: frozenset[str] = frozenset()
    """The inputs whose values a matrix gives."""

    def map(self) -> Draft:
        """Map it; the draft is then whole."""
        root = Map((), self.draft.source.value)
        builds = self._only_builds(root)
        is_operation = root.get("kind") == "operation"
        if builds is not None:
            self.draft.sort(root, "hub_ref run_patch", f"{_CLUSTER} params", {})
        elif is_operation:
            self.draft.sort(root, "params component matrix", _CLUSTER, _REFUSED)
        else:
            self.draft.sort(root, "inputs run build", _CLUSTER, {})
        if re.fullmatch(r"[-\w]+", str(root.get("name") or "")):
            self.draft.put(("name",), root.place("name"), root.get("name"))
        if builds is not None:
            self._kind_build(builds)
        elif is_operation:
            self._operation(root)
        else:
            self._component(root)
        self.draft.tell_ignored()
        return self.draft

    def _only_builds(self, root: Map) -> Map | None:
        """The Dockerfile of an operation that does nothing but build it."""
        patch = root.get("run_patch")
        if root.get("hub_ref") not in _BUILDERS or not isinstance(patch, Mapping):
            return None
        return self._dockerfile(Map(root.place("run_patch"), patch))

    def _dockerfile(self, run: Map) -> Map | None:
        """What the first `init: dockerfile` says."""
        items = run.get("init")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, Mapping) and isinstance(found := item.get("dockerfile"), Mapping):
                return Map((*run.place("init"), index, "dockerfile"), found)
        return None

    def _kind_build(self, dockerfile: Map) -> None:
        self.draft.value["kind"] = "build"
        Image(self.draft, ()).read(dockerfile)

    def _operation(self, root: Map) -> None:
        component, matrix = (self.draft.below(root, name) for name in ("component", "matrix"))
        if matrix is not None:
            self._matrix(matrix)
        if component is not None:
            self.draft.sort(component, "inputs run build", _CLUSTER, {})
            self._component(component)
        elif not any(root.get(name) for name in _REFUSED):
            self.draft.refuse("an operation needs a component", (), "write it below `component:`")
        self.draft.places["params",] = root.place("params")  # where they would stand
        params = self.draft.below(root, "params")
        if params is not None:
            self._params(params)

    def _component(self, at: Map) -> None:
        self._inputs(at)
        run = self.draft.below(at, "run")
        if run is None:
            hint = "write `run:` with a container"
            self.draft.refuse("there is no run: nothing to do", at.path, hint)
            return
        if run.get("kind") not in (None, "job"):
            message, hint = f"run.kind: {run.get('kind')} needs a cluster", "pxtui runs `kind: job`"
            self.draft.refuse(message, run.place("kind"), hint, of_key=False)
            return
        self.draft.sort(run, "container init", "environment", _RUN_REFUSED)
        build = self.draft.below(at, "build")
        patch = self.draft.below(build, "run_patch") if build is not None else None
        dockerfile = self._dockerfile(patch or run)
        if build is not None and (dockerfile is None or build.get("hub_ref") not in _BUILDERS):
            hint = "write `hubRef: kaniko` and `runPatch: {init: [{dockerfile: …}]}`"
            self.draft.refuse("this build is not mapped", build.path, hint)
        Run(self.draft, run).read(dockerfile, is_built=build is not None)

    # -- values

    def _inputs(self, at: Map) -> None:
        shown: list[dict[str, Any]] = []
        for place, item in self.draft.items(at, "inputs"):
            one = Map(place, item)
            if isinstance(one.get("name"), str) and isinstance(one.get("type"), str | None):
                given = self._input(one, len(shown), has_params=bool(at.path))
                # in 0.5 an input would beat the matrix
                shown += [given] * (given["name"] not in self.searched)
            else:
                hint = "write `{name: …, type: …}`"
                self.draft.refuse(f"{dotted(place)}: an input has a name and a type", place, hint)
        if shown:
            self.draft.put(("inputs",), at.place("inputs"), shown)

    def _input(self, one: Map, index: int, *, has_params: bool) -> dict[str, Any]:
        draft, here = self.draft, ("inputs", index)
        draft.sort(one, " ".join(_INPUT), _INPUT_KEPT, _INPUT_REFUSED)
        given = {}
        draft.places[here] = one.path
        for name, key in _INPUT.items():
            if one.get(name) is not None:
                given[key] = one.get(name)
                draft.places[(*here, key)] = one.place(name)
        type_ = given.get("type", "")
        if type_ in _ANY_TYPE or (type_ == "float" and isinstance(given.get("default"), int)):
            del given["type"]  # 1.x takes 1 for a float, 0.5 does not
        elif type_:
            given["type"] = _TYPES.get(type_, type_)
        draft.types[given["name"]] = type_
        # where they would stand
        for key, name in (("default", "value"), ("is_optional", "isOptional")):
            draft.places.setdefault((*here, key), (*one.path, name))
        if not has_params:
            draft.places["params", given["name"]] = draft.places[(*here, "default")]
        return given

    def _params(self, params: Map) -> None:
        self.draft.put(("params",), params.path, {})
        for name, said in params.value.items():
            place = (*params.path, name)
            if not isinstance(said, Mapping):  # as the first versions wrote it
                self.draft.put(("params", name), place, said)
                continue
            one = Map(place, said)
            self.draft.sort(one, "value context_only", "", _PARAM_REFUSED)
            if "value" in one.names:
                self.draft.put(("params", name), one.place("value"), one.get("value"))
            else:
                self.draft.refuse(
                    f"{dotted(place)} has no value", place, "write `value: …` below it"
                )

    def _matrix(self, matrix: Map) -> None:
        kind = matrix.get("kind")
        if not isinstance(kind, str) or kind not in _SEARCHES:
            hint = "write `kind: grid` or `kind: random`, or give one value of each"
            self.draft.refuse(f"matrix.kind: {kind} is not mapped", matrix.place("kind"), hint)
            return
        search, distributions = _SEARCHES[kind]
        self.draft.sort(matrix, "kind params concurrency num_runs seed", "", _MATRIX_REFUSED)
        self.draft.value["kind"] = "group"
        self.draft.put(("hptuning",), matrix.path, {})
        paths = {"concurrency": ("concurrency",), "seed": ("seed",)}
        for name, path in {**paths, "num_runs": (search, "n_experiments")}.items():
            if matrix.get(name) is not None:
                self.draft.put(("hptuning", *path), matrix.place(name), matrix.get(name))
        params = self.draft.below(matrix, "params")
        self.searched = frozenset(map(str, params.value if params is not None else ()))
        for name, said in params.value.items() if params is not None else ():
            one = Map((*matrix.place("params"), name), said)
            key = distributions.get(str(one.get("kind")))
            if key is None:
                hint = "write `kind: choice` and a list of values"
                self.draft.refuse(f"{dotted(one.path)} is not mapped", one.path, hint)
                continue
            self.draft.places["hptuning", "matrix", name] = one.path
            self.draft.put(("hptuning", "matrix", name, key), one.place("value"), one.get("value"))
