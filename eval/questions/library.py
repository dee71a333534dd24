"""The documents of an archive by the names that question files use for them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePath

from eval.errors import EvalError
from rag.types import Document


class Library:
    """Finds documents by id, source, path below the archive's root, or file name.

    A document's ``key`` is its name in runs: its id in a suite, else its first source
    relative to the root.
    """

    def __init__(self, documents: Iterable[Document], *, root: Path | None = None) -> None:
        """Index the documents; ``root`` is the archive's folder, to name sources below it."""
        self._documents: dict[str, Document] = {}
        self._keys: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        self._names: dict[str, set[str]] = {}
        for document in documents:
            key = _relative(document.sources[0], root)
            self._documents[key] = document
            self._keys[document.id] = key
            self._exact[document.id] = key
            for source in document.sources:
                self._exact[source] = self._exact[_relative(source, root)] = key
                self._names.setdefault(PurePath(source).name, set()).add(key)

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents in the order in which they were given."""
        return tuple(self._documents.values())

    @property
    def sha256(self) -> str:
        """Hash over the texts and their keys, independent of order."""
        lines = sorted(f"{key}\t{d.content_hash}" for key, d in self._documents.items())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def find(self, name: str) -> str | None:
        """The key of the document with this name, or None if none or several match. An id,
        source or path below the root takes precedence over a file name."""
        if name in self._exact:
            return self._exact[name]
        keys = self._names.get(name, set())
        return next(iter(keys)) if len(keys) == 1 else None

    def explain(self, name: str) -> str:
        """Why ``find`` returned None, with the closest name."""
        keys = sorted(self._names.get(name, set()))
        if keys:
            return f"'{name}' matches {len(keys)} documents ({', '.join(keys[:3])}); give the path"
        close = difflib.get_close_matches(name, [*self._names, *self._documents], n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        return f"the archive has no document '{name}'{hint}"

    def key(self, document_id: str) -> str:
        """The key of the document with this id; the id itself if it is unknown."""
        return self._keys.get(document_id, document_id)

    def document(self, key: str) -> Document:
        """The document with this key.

        Raises:
            EvalError: there is none; the archive changed after its documents were read.
        """
        if key not in self._documents:
            raise EvalError(
                f"document '{key}' was added after the documents were read",
                remedy="run again while nothing is being ingested",
            )
        return self._documents[key]

    def text(self, key: str) -> str:
        """The stored text of a document by key. Raises EvalError as ``document`` does."""
        return self.document(key).text


def _relative(source: str, root: Path | None) -> str:
    if root is not None:
        path = PurePath(source)
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
        if path == root:
            return path.name
    return source
