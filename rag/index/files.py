"""Which files to read: folders, globs and names become paths, problems named."""

from __future__ import annotations

import fnmatch
import glob
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import ReadError
from rag.read.reader import supported_suffixes


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """A source and why it was skipped or failed."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Absolute paths to read, in order; the folders they were looked for in; paths that
    were passed over; paths that could not be found or looked into. ``missing`` are the
    absolute paths of those of the failed sources at which there is nothing."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    skipped: tuple[SourceProblem, ...]
    failed: tuple[SourceProblem, ...]
    missing: Mapping[str, Path]


def find_files(
    paths: Sequence[str | Path], *, pattern: str | None = None, exclude: Sequence[str] = ()
) -> FoundFiles:
    """Expand files, folders and globs into readable files, sorted, each once.

    ``pattern`` keeps only the files found in folders whose name or path matches; the
    ``exclude`` patterns drop any file or folder whose name or path matches. Hidden
    entries of folders are passed over, linked folders are not entered. A file named
    outright that no reader takes is a failure; one that merely lies in a folder is
    skipped with the reason.
    """
    search = _Search(pattern, tuple(exclude))
    for given in paths:
        try:
            search.add(str(given))
        except (OSError, RuntimeError) as error:  # RuntimeError: "~nobody" has no home
            search.fail(str(given), error)
    return FoundFiles(
        tuple(search.files),
        tuple(search.folders),
        tuple(search.skipped),
        tuple(search.failed),
        search.missing,
    )


class _Search:
    """The state of one find_files; dictionaries are ordered sets."""

    def __init__(self, pattern: str | None, exclude: tuple[str, ...]) -> None:
        self.pattern = pattern
        self.exclude = exclude
        self.suffixes = supported_suffixes()
        self.files: dict[Path, None] = {}
        self.folders: dict[Path, None] = {}
        self.skipped: list[SourceProblem] = []
        self.failed: list[SourceProblem] = []
        self.missing: dict[str, Path] = {}

    def add(self, given: str) -> None:
        expanded = _expand(given)
        if not expanded:
            self.failed.append(SourceProblem(_display(given), "no such file or folder"))
            if given:
                self.missing[_display(given)] = _absolute(given)
        for path in expanded:
            if path.is_dir():
                self.folders[path] = None
                self._add_folder(path)
            elif self.exclude and _matches(path, self.exclude):
                self.skipped.append(SourceProblem(_display(path), "excluded"))
            else:
                self._add_file(path, self.failed)

    def fail(self, source: str, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else None
        self.failed.append(SourceProblem(_display(source), reason or str(error)))

    def _add_folder(self, folder: Path) -> None:
        for path in _walk(folder, self.exclude, lambda error: self.fail(error.filename, error)):
            if path.is_dir():
                reason = "a linked folder is not entered; name it to read it"
                self.skipped.append(SourceProblem(_display(path), reason))
            elif not self.pattern or _matches(path, [self.pattern]):
                self._add_file(path, self.skipped)

    def _add_file(self, path: Path, refused: list[SourceProblem]) -> None:
        if path.suffix.lower() not in self.suffixes:
            known = ", ".join(sorted(self.suffixes))
            reason = f"no reader for '{path.suffix or path.name}' files; readable are {known}"
            refused.append(SourceProblem(_display(path), reason))
        elif _display(path) != str(path):
            reason = "its name is not valid UTF-8; rename it"
            self.failed.append(SourceProblem(_display(path), reason))
        else:
            self.files[path] = None


def _expand(given: str) -> list[Path]:
    if not given:
        return []  # an unset variable of a shell, not the current folder
    path = _absolute(given)
    if os.path.lexists(path):
        return [path]
    # A name with brackets may be a real file, so globbing is what is tried second.
    # Path.glob takes no absolute pattern, hence the glob module.
    return sorted(Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207


def _absolute(given: str) -> Path:
    # Made absolute without following links: a link's own name says what it holds.
    return Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100


def _walk(
    folder: Path, exclude: Sequence[str], on_error: Callable[[OSError], None]
) -> Iterator[Path]:
    """Files below a folder in order, and the linked folders, which are not entered."""
    for directory, folders, names in os.walk(folder, onerror=on_error):
        here = Path(directory)
        wanted = sorted(
            name
            for name in folders
            if not name.startswith(".") and not _matches(here / name, exclude)
        )
        folders[:] = wanted
        linked = [name for name in wanted if (here / name).is_symlink()]
        for name in sorted([*names, *linked]):
            if not name.startswith(".") and not _matches(here / name, exclude):
                yield here / name


def _matches(path: Path, patterns: Iterable[str]) -> bool:
    # A name may be stored decomposed, as some systems do, and a pattern typed composed.
    name, whole = (unicodedata.normalize("NFC", text) for text in (path.name, str(path)))
    wanted = [unicodedata.normalize("NFC", pattern) for pattern in patterns]
    return any(fnmatch.fnmatch(name, p) or fnmatch.fnmatch(whole, p) for p in wanted)


def _display(path: str | Path) -> str:
    r"""The path as text that can be printed and stored; foreign bytes as ``\xe9``."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def read_file(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        ReadError: it cannot be read, or is a pipe, a device or a dangling link.
    """
    try:
        # Reading a pipe would wait for ever, reading a device might never end.
        if not path.is_file():
            raise ReadError("is not a regular file")
        return path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}") from error


def is_gone(path: Path) -> bool:
    """Whether there is certainly nothing at the path; an unreadable folder proves nothing."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False
