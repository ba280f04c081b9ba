"""The project's tree as a session sees it: looked at on hints, believed only when looked at."""

from __future__ import annotations

from collections.abc import Callable

from pxtui.errors import ContextError
from pxtui.events import TreeSeen
from pxtui.image import context
from pxtui.project import Project
from pxtui.settings import Settings
from pxtui.watch import Watcher


class Tree:
    """Looks at the tree; `listing` is what was seen last."""

    def __init__(self, project: Project, settings: Settings) -> None:
        self.listing: context.Listing | None = None
        self._project = project
        self._limits = context.Limits(settings.context_max_size, settings.context_max_files)
        own = () if settings.context_polyaxonfile else (project.shown_file,)
        self._exclude = frozenset(own)
        self._watcher: Watcher | None = None

    def look(self) -> tuple[TreeSeen, tuple[str, ...]]:
        """Look now (blocks); what is seen, and the paths that changed since the last look."""
        old = self.listing
        try:
            new = context.look(self._project.root, self._limits, self._exclude, old)
        except ContextError as error:
            self.listing = None
            return TreeSeen("", 0, 0, error=str(error)), ()
        self.listing = new
        changed = context.changes(old, new) if old is not None else ()
        return TreeSeen(new.signature, new.files, new.size, new.skipped), changed

    def watch(self, hint: Callable[[], None], trouble: Callable[[str], None]) -> None:
        """Call `hint` from another thread whenever a look may be worth it."""
        root, own = self._project.root, self._project.shown_file

        def ignored() -> Callable[[str], bool]:
            rules = context.ignored(root)
            return lambda path: path != own and rules(path)

        self._watcher = Watcher(root, ignored, hint, trouble)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.close()
