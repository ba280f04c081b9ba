"""The project's tree as a session sees it: looked at on hints, believed only when looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from pxtui.errors import ContextError
from pxtui.events import TreeSeen
from pxtui.image import context
from pxtui.image.tree import parents
from pxtui.image.trees import Trees
from pxtui.project import Project
from pxtui.settings import Settings
from pxtui.watch import Watcher


class Tree:
    """Looks at the tree; `listing` is what was seen last, `before` what was seen before that."""

    def __init__(self, project: Project, settings: Settings, trees: Trees) -> None:
        self.listing: context.Listing | None = None
        self.before: context.Listing | None = None
        self._good: context.Listing | None = None
        """The last listing that there was: the tree may be gone or too big for a while."""
        self._project, self._trees = project, trees
        self._limits = context.Limits(settings.context_max_size, settings.context_max_files)
        self._own = frozenset(() if settings.context_polyaxonfile else project.shown_files)
        self._left_out: frozenset[str] = frozenset()
        self._watcher: Watcher | None = None

    def decide(self, left_out: Iterable[str], sent: Iterable[str]) -> None:
        """What of the tree is mounted or left out, and what is sent whatever its size."""
        before, self._left_out = self._left_out, frozenset(left_out)
        if self._watcher is not None and before != self._left_out:
            self._watcher.renew()
        self._limits = replace(self._limits, allowed=tuple(sorted(sent)))

    def look(self) -> tuple[TreeSeen, tuple[str, ...]]:
        """Look now (blocks); what is seen, and the paths that changed since the last look."""
        old = self.before = self._good
        try:
            exclude = self._own | self._left_out
            known = old or self._trees.newest()
            new = context.look(self._project.root, self._limits, exclude, known)
        except context.TreeTooBig as error:
            self.listing = None
            told = str(error)
            return TreeSeen("", 0, 0, error=told, links=error.links, heavy=error.heavy), ()
        except ContextError as error:
            self.listing = None
            return TreeSeen("", 0, 0, error=str(error)), ()
        self.listing = self._good = new
        changed = context.changes(old, new) if old is not None else ()
        seen = TreeSeen(new.signature, new.files, new.size, new.skipped, links=new.links)
        return seen, changed

    def watch(self, hint: Callable[[], None], trouble: Callable[[str], None]) -> None:
        """Call `hint` from another thread whenever a look may be worth it."""
        root, own = self._project.root, self._project.shown_files

        def ignored() -> Callable[[str], bool]:
            rules = context.ignored(root)
            out = self._left_out
            return lambda path: (
                path not in own and (rules(path) or any(p in out for p in (path, *parents(path))))
            )

        self._watcher = Watcher(root, ignored, hint, trouble)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.close()
