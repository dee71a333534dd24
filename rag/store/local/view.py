"""One consistent state of the embedded store, read inside one SQLite transaction."""

from __future__ import annotations

from typing_extensions import override

from rag.store.base import ReadView
from rag.store.local.documents import LocalDocuments
from rag.store.local.search import LocalSearch

__all__ = ["LocalView"]


class LocalView(LocalSearch, LocalDocuments, ReadView):
    """A ReadView of the embedded store; usable until its context ends."""

    @property
    @override
    def generation(self) -> str:
        return str(self._state.generation)
