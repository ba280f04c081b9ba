"""Every key of every era: where it stands, what may stand there, who may have it, who needs it.

This table is the only place that knows the keys: what is checked, the hints with nearest names,
the places of what is built and run and the JSON Schema come from it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pxtui.polyaxonfile.path import Path
from pxtui.polyaxonfile.spec.eras import (
    ALL,
    V002,
    V007,
    V008,
    V011,
    V030,
    V039,
    V042,
    V050,
    since,
    until,
)
from pxtui.polyaxonfile.spec.grammar import (
    ANY,
    COMMAND,
    COMMANDS,
    LINES,
    MAP,
    MAPS,
    NAME,
    NEVER,
    NUMBER,
    PAIRS,
    PROJECT_NAME,
    TEXT,
    TEXTS,
    YES_NO,
    Key,
    OneOf,
    Shape,
    all_of,
    any_case,
    choice,
    map_of,
    maps_of,
)

# -- what a cluster gives to a run

_AMOUNT = map_of(
    Key("limits", NUMBER, "The most that it may use."),
    Key("requests", NUMBER, "What is set aside for it."),
    Key("request", NUMBER, "write `requests`", NEVER),
)
_RESOURCES = map_of(
    Key("cpu", _AMOUNT, "CPUs."),
    Key("memory", _AMOUNT, "Memory in MiB."),
    Key("gpu", _AMOUNT, "GPUs."),
    Key("tpu", _AMOUNT, "TPUs.", since(V030)),
    Key("index", NUMBER, "Which replica this is for.", until(V008)),
)
_SESSION = map_of(
    Key("index", NUMBER, "Which replica this is for.", until(V008)),
    Key(
        "gpu_options",
        map_of(
            *all_of(NUMBER, "gpu_memory_fraction per_process_gpu_memory_fraction"),
            *all_of(YES_NO, "allow_growth"),
        ),
    ),
    *all_of(YES_NO, "log_device_placement allow_soft_placement"),
    *all_of(NUMBER, "intra_op_parallelism_threads inter_op_parallelism_threads"),
)
_TF_RUN = map_of(
    *all_of(NUMBER, "tf_random_seed save_summary_steps save_checkpoints_secs"),
    *all_of(NUMBER, "save_checkpoints_steps keep_checkpoint_max keep_checkpoint_every_n_hours"),
    Key("session", _SESSION),
    Key("cluster", MAP),
)
_POD = (
    Key("index", NUMBER, "Which replica this is for.", since(V011)),
    Key("resources", _RESOURCES, "CPU, memory and GPUs."),
    Key("node_selector", MAP, "Labels of the nodes to run on.", since(V011), role="nodes"),
    Key("affinity", MAP, "Kubernetes affinity.", since(V011)),
    Key("tolerations", MAPS, "Kubernetes tolerations.", since(V011)),
    *all_of(MAP, "labels annotations", "Kubernetes metadata.", V050),
    Key("service_account", TEXT, "Kubernetes service account.", V050),
    Key("image_pull_secrets", TEXTS, "Secrets for the registry.", V050),
    Key("max_restarts", NUMBER, "How often a failed run is started again.", V050),
    Key("secret_refs", TEXTS, "Secrets of the cluster.", since(V011)),
    Key("config_map_refs", TEXTS, "Config maps of the cluster.", V050, role="config maps"),
    Key("configmap_refs", TEXTS, "Old name of config_map_refs.", since(V011), role="config maps"),
    Key("data_refs", TEXTS, "Data stores of the cluster.", V050, role="data"),
    Key("artifact_refs", TEXTS, "Artifact stores of the cluster.", V050),
    Key(
        "outputs",
        map_of(*all_of(Shape("list", "a list", of=ANY), "jobs experiments")),
        "Outputs of other runs.",
        since(V011),
    ),
    Key(
        "persistence",
        map_of(Key("data", TEXTS), Key("outputs", TEXT)),
        "Volumes of the cluster.",
        since(V011),
        role="data",
    ),
)
_WORKER = map_of(*_POD, Key("config", _SESSION, "TensorFlow session.", since(V011) & until(V042)))
_OLD_REPLICAS = (
    *all_of(_RESOURCES, "default_worker_resources default_ps_resources", eras=until(V008)),
    *all_of(maps_of(_RESOURCES), "worker_resources ps_resources", eras=until(V008)),
    *all_of(_SESSION, "default_worker_config default_ps_config", eras=until(V008)),
    *all_of(maps_of(_SESSION), "worker_configs ps_configs", eras=until(V008)),
)
_COUNTS = (
    *all_of(NUMBER, "n_workers n_ps", "How many replicas."),
    *all_of(YES_NO, "delay_workers_by_global_step"),
)
_NEW_REPLICAS = (
    *all_of(_WORKER, "default_worker default_ps", "What each replica gets.", since(V011)),
    *all_of(maps_of(_WORKER), "worker ps", "What single replicas get.", since(V011)),
)
_FRAMEWORK = map_of(
    *_COUNTS,
    *_OLD_REPLICAS,
    *_NEW_REPLICAS,
    *all_of(MAP, "default_worker_node_selectors default_ps_node_selectors", eras=V008),
    *all_of(MAPS, "worker_node_selectors ps_node_selectors", eras=V008),
    Key("run_config", _TF_RUN, eras=until(V039)),
)
_ENVIRONMENT = map_of(
    *_POD,
    *(Key(k.name, k.shape, k.about, V002) for k in (*_COUNTS, *_OLD_REPLICAS)),
    Key("run_config", _TF_RUN, eras=V002),
    Key("cluster_uuid", TEXT, eras=until(V042)),
    Key("master_resources", _RESOURCES, "write `resources`", NEVER),
    *all_of(MAPS, "worker worker_node_selectors", "write it below the framework", NEVER),
    Key("node_selectors", MAP, "Labels of the nodes to run on.", V008, role="nodes"),
    *(
        Key(name, _FRAMEWORK, f"Replicas of {name}.", since(V007) & until(V039), role="replicas")
        for name in ("tensorflow", "horovod", "mxnet", "pytorch")
    ),
    Key("replicas", map_of(*_COUNTS, *_NEW_REPLICAS), "Replicas.", since(V042), role="replicas"),
    refuses=since(V030),
)

# -- how values are searched

_GOAL = any_case("maximize", "minimize")
_METRIC = map_of(
    Key("name", TEXT, "The metric.", needed="*"),
    Key("optimization", _GOAL, "Which way is better."),
)
_STOPPING = map_of(
    Key("metric", TEXT, "The metric that is looked at."),
    Key("value", NUMBER, "The value at which the search ends."),
    Key("higher", YES_NO, "Whether more is better.", V002, role="goal"),
    Key("optimization", _GOAL, "Which way is better.", since(V007), role="goal"),
    Key("policy", TEXT, "What is stopped.", since(V007) & until(V042)),
    Key(
        "policy",
        map_of(
            Key("kind", choice("median", "average", "truncation")),
            *all_of(NUMBER, "percent evaluation_interval"),
        ),
        "When single runs are stopped.",
        V050,
    ),
)
_COUNT = map_of(Key("n_experiments", NUMBER, "How many runs at most."))
_HYPERBAND = map_of(
    Key("max_iter", NUMBER, "The most of the resource that one run gets.", needed="*"),
    Key("eta", NUMBER, "How hard runs are dropped.", needed="*"),
    Key(
        "resource",
        map_of(Key("name", TEXT, needed="*"), Key("type", any_case("int", "float"))),
        "The declaration that says how long a run trains.",
        needed="*",
    ),
    Key("metric", _METRIC, "The metric to judge by.", needed="*"),
    Key("resume", YES_NO, "Whether runs go on where they were stopped."),
)
_BO = map_of(
    Key("n_initial_trials", NUMBER, "Random runs at the start.", needed="*"),
    Key("n_iterations", NUMBER, "Runs that follow.", needed="*"),
    Key("metric", _METRIC, "The metric to judge by.", needed="*"),
    Key(
        "utility_function",
        map_of(
            Key("acquisition_function", any_case("ucb", "ei", "poi")),
            Key(
                "gaussian_process",
                map_of(
                    Key("kernel", any_case("rbf", "matern")),
                    *all_of(NUMBER, "length_scale nu n_restarts_optimizer"),
                ),
            ),
            *all_of(NUMBER, "kappa eps n_warmup n_iter"),
        ),
    ),
)
_MATRIX = Shape("map", "a map of names and distributions", "write `name: {values: […]}` below it")
_SEARCH = (
    Key("seed", NUMBER, "The seed of random choices."),
    Key("matrix", _MATRIX, "Names, and the values to try.", needed="group", role="matrix"),
    Key("concurrency", NUMBER, "How many run at once.", role="concurrency"),
    Key("grid_search", _COUNT, "Try all combinations."),
    Key("random_search", _COUNT, "Try random combinations.", role="random"),
    Key("hyperband", _HYPERBAND, "Give promising runs more."),
    Key("bo", _BO, "Learn from each run which is next."),
    Key("early_stopping", maps_of(_STOPPING), "When the search ends."),
    Key("logging", ANY, "write it at the top of the file", NEVER),
)
_LOGGING = map_of(
    Key("level", choice("INFO", "DEBUG", "WARN", "ERROR", "FATAL"), "What the code logs."),
    Key("formatter", TEXT, "How lines look."),
    Key("path", TEXT, "Where logs go.", V002),
)
_METHODS = "sequential random"
_SETTINGS = map_of(
    Key("logging", _LOGGING, "What the code logs.", cluster=True),
    Key("export_strategies", TEXT, eras=V002, cluster=True),
    Key("run_type", choice("local", "minikube", "kubernetes", "aws"), eras=V002, cluster=True),
    Key("concurrent_experiments", NUMBER, "How many run at once.", V002, role="concurrency"),
    Key("search_method", any_case(*_METHODS.split()), "The order of runs.", V002, role="random"),
    Key("n_experiments", NUMBER, "How many runs; below 1: which part.", V002),
    Key("early_stopping", maps_of(_STOPPING), "When the search ends.", V002),
    *(
        Key(k.name, k.shape, k.about, V007 | V008, k.needed, k.needed, k.role)
        for k in _SEARCH
        if k.eras
    ),
    refuses=0,
)

# -- what is built and run

_TRAINED = "experiment group"
_RAN = "experiment group job"
_STEPS = "Commands that install what the code needs; each is a layer of the image."
_CMD = "The command."
_VARIABLES = "Variables of the image, as `[NAME, value]`."
_GIT = "A repository to build from, on a cluster."
_FROM = "The image to start from."
_IMAGE = Key("image", TEXT, _FROM, since(V011), role="image")
_BUILD_STEPS = Key("build_steps", COMMANDS, _STEPS, since(V011), role="steps")
_ENV_VARS = Key("env_vars", PAIRS, _VARIABLES, since(V011), role="env")
_BUILT = (
    Key("dockerfile", TEXT, "A Dockerfile of the project.", since(V039), role="dockerfile"),
    Key("context", TEXT, "The folder the Dockerfile is built from.", since(V039), role="context"),
    Key("nocache", YES_NO, "Whether to build without the cache.", since(V011), role="nocache"),
    Key("lang_env", TEXT, "Locale, as C.UTF-8.", V050, role="lang_env"),
    Key("commit", TEXT, "The commit to build, on a cluster.", V011 | since(V042), cluster=True),
    Key("branch", TEXT, "The branch to build, on a cluster.", since(V042), cluster=True),
    Key("git", TEXT, _GIT, V011 | V030, cluster=True),
    Key("ref", ANY, "A build of the cluster.", V030 | V039 | V050, role="ref", cluster=True),
)
_BACKEND = choice("native", "kaniko", "other")
_BUILD = Shape(
    "map",
    "a map",
    "write `image:` below it",
    refuses=since(V030),
    one_of=(
        OneOf(V011 | V030, ("image",)),
        OneOf(V039 | V042, ("image", "dockerfile")),
        OneOf(V050, ("image", "dockerfile", "ref")),
    ),
    keys=(
        _IMAGE,
        _BUILD_STEPS,
        Key("steps", COMMANDS, "write `build_steps`", NEVER, role="steps"),
        Key("install", ANY, "write `build_steps`", NEVER),
        _ENV_VARS,
        *_BUILT,
        Key("cmd", LINES, "write it below `run`", NEVER, role="cmd"),
        Key("backend", _BACKEND, "What builds, on a cluster.", since(V039), cluster=True),
        Key("environment", _ENVIRONMENT, "What the build gets.", since(V042), cluster=True),
        Key("logging", _LOGGING, "What the build logs.", since(V042), cluster=True),
        *all_of(ANY, "version kind tags", eras=since(V042)),
        *all_of(ANY, "name description params inputs outputs", eras=V050),
    ),
)
_RUN = Shape(
    "map",
    "a map",
    "write `cmd:` below it",
    refuses=since(V030),
    one_of=(OneOf(until(V008), ("image",)), OneOf(since(V011), ("cmd",))),
    keys=(
        Key("image", TEXT, _FROM, until(V008), role="image"),
        Key("steps", COMMANDS, _STEPS, V002, role="steps"),
        Key("build_steps", COMMANDS, _STEPS, V007 | V008, role="steps"),
        Key("env_vars", PAIRS, _VARIABLES, until(V008), role="env"),
        Key("install", ANY, "write `build_steps`", NEVER),
        Key("git", TEXT, _GIT, until(V008), cluster=True),
        Key("cmd", COMMAND, _CMD, V002 | V011, role="cmd"),
        Key("cmd", COMMAND, _CMD, V007 | V008, _RAN, role="cmd"),
        Key("cmd", LINES, "The command, or commands that run one by one.", since(V030), role="cmd"),
    ),
)
_FLAT = tuple(
    Key(k.name, k.shape, k.about, k.eras & since(V042), "build", role=k.role, cluster=k.cluster)
    for k in (_IMAGE, _BUILD_STEPS, _ENV_VARS, *_BUILT)
    if k.eras & since(V042)
)
"""A file of `kind: build` has what stands in `build` at its top, since 0.4.2."""

# -- the sections

_TYPES = (
    "int float bool str dict dict_of_dicts uri auth list gcs_path s3_path azure_path path metric "
    "metadata"
)
_IO = map_of(
    Key("name", TEXT, "The name that templates use.", needed="*"),
    Key("description", TEXT, "What it is for."),
    Key("type", choice(*_TYPES.split()), "What it may be."),
    Key("default", ANY, "The value where none is given."),
    *all_of(YES_NO, "is_optional is_list is_flag"),
    Key("options", Shape("list", "a list", of=ANY), "The values that are allowed."),
)
_KINDS = "experiment group job notebook tensorboard build"
_DECLARED = Shape("map", "a map of names and values", "write `name: value` below it")
_CLUSTER = "Read by a cluster only."

FILE = Shape(
    "map",
    "a map of keys",
    "start with `version: 1`",
    refuses=ALL,
    one_of=(
        OneOf(V042, ("image", "dockerfile"), "build"),
        OneOf(V050, ("image", "dockerfile", "ref"), "build"),
    ),
    keys=(
        Key("version", ANY, "The version of the language: 1.", needed="*"),
        Key(
            "project",
            map_of(
                Key("name", PROJECT_NAME, "The project's name.", needed="*"),
                Key("description", TEXT, "What it is about."),
                refuses=0,
            ),
            "The project.",
            V002 | V007,
            needed="*",
            role="project",
        ),
        Key(
            "kind",
            choice("experiment", "group", "job", "plugin"),
            "What the file is.",
            V007 | V008,
            needed="*",
        ),
        Key(
            "kind",
            choice(*_KINDS.split()),
            "What the file is.",
            since(V011) & until(V042),
            needed="*",
        ),
        Key("kind", choice(*_KINDS.split(), "pipeline"), "What the file is.", V050, needed="*"),
        Key("name", NAME, "A name for it.", V050, role="project"),
        Key("description", TEXT, "What it does.", V050),
        Key("tags", TEXTS, "Words to find it by.", since(V011)),
        Key("logging", _LOGGING, "What the code logs.", since(V011), cluster=True),
        Key("declarations", _DECLARED, "Values that templates use.", until(V008), role="params"),
        Key(
            "declarations",
            _DECLARED,
            "Values that templates use.",
            V011 | V030 | V039,
            _TRAINED,
            role="params",
        ),
        Key("declarations", _DECLARED, "Values that templates use.", V042, _RAN, role="params"),
        Key("declarations", _DECLARED, "Old name of params.", V050, _TRAINED, role="params"),
        Key("params", _DECLARED, "Values that templates use.", V050, _RAN, role="params"),
        Key("inputs", maps_of(_IO), "What may be given, with types.", V050, judged=True),
        Key("outputs", maps_of(_IO), "What comes out.", V050, cluster=True),
        Key("matrix", _MATRIX, "Names, and the values to try.", V002, role="matrix"),
        Key("settings", _SETTINGS, "How values are searched.", V002, role="search"),
        Key("settings", _SETTINGS, "How values are searched.", V007 | V008, "", "group", "search"),
        Key(
            "hptuning",
            map_of(*_SEARCH),
            "How values are searched.",
            since(V011),
            "group",
            needed="group",
            role="search",
        ),
        Key(
            "build",
            _BUILD,
            "The image.",
            V011 | V030 | V039,
            needed="job notebook tensorboard build",
            role="build",
        ),
        Key(
            "build",
            _BUILD,
            "The image.",
            since(V042),
            _KINDS.removesuffix(" build"),
            needed="job notebook tensorboard",
            role="build",
        ),
        Key("run", _RUN, "What is run.", until(V008), needed="plugin"),
        Key("run", _RUN, "What is run.", since(V011), _RAN, needed="job"),
        *_FLAT,
        Key("environment", _ENVIRONMENT, "What a cluster gives.", cluster=True, strict=True),
        Key("backend", ANY, _CLUSTER, since(V042), cluster=True),
        Key("framework", TEXT, _CLUSTER, since(V042), _TRAINED, cluster=True),
        *(
            Key(name, ANY, _CLUSTER, eras, kinds, cluster=True)
            for name in ("model", "train", "eval")
            for eras, kinds in ((until(V008), ""), (since(V011) & until(V042), _TRAINED))
        ),
        *(
            Key(name, Shape("list", "a list"), _CLUSTER, V050, "pipeline", "pipeline", cluster=True)
            for name in ("ops", "templates")
        ),
        *(
            Key(name, ANY, _CLUSTER, V050, "pipeline", cluster=True)
            for name in ("schedule", "concurrency")
        ),
    ),
)
"""A polyaxonfile."""


def places(role: str) -> dict[Path, tuple[Key, ...]]:
    """Every place where a thing may stand in any era, the usual one of later eras first."""
    return _PLACES.get(role, {})


def _by_role() -> dict[str, dict[Path, tuple[Key, ...]]]:
    found: dict[str, dict[Path, tuple[Key, ...]]] = {}
    for path, key in _top():
        if key.role:
            of_role = found.setdefault(key.role, {})
            if key not in of_role.get(path, ()):
                of_role[path] = (*of_role.get(path, ()), key)
    return found


def _top() -> Iterator[tuple[Path, Key]]:
    for section in FILE.keys:
        yield (section.name,), section
        for key in section.shape.keys:
            yield (section.name, key.name), key


_PLACES = _by_role()
