"""Snapshot files of the vector index: written so that a crash leaves the old or the new.

The data file is written under a temporary name, synced and renamed; then the manifest
``CURRENT``, which names it, the same way. Neither is ever the only copy of anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import StoreDamagedError

__all__ = ["Manifest", "SnapshotFiles"]

_CURRENT = "CURRENT"
_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds: index ``index_id`` as of oplog ``seq``, ``count`` vectors."""

    file: str
    index_id: int
    seq: int
    count: int
    bytes: int
    sha256: str
    kind: str
    encoder_name: str
    encoder_revision: str


class SnapshotFiles:
    """The folder of snapshots. Only the writer calls ``write`` and ``remove_strays``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the files are; it need not exist."""
        return self._folder

    def manifest(self) -> Manifest | None:
        """The current manifest, or None when no snapshot was ever taken.

        Raises:
            StoreDamagedError: there is one that cannot be read.
        """
        path = self._folder / _CURRENT
        try:
            envelope: Any = json.loads(path.read_bytes())
            if _checksum(envelope["manifest"]) != envelope["sha256"]:
                raise _damaged(path, "does not match its checksum")
            return Manifest(**envelope["manifest"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise _damaged(path, "cannot be read") from error

    def load(self, manifest: Manifest) -> bytes:
        """The bytes of a snapshot, verified against its manifest.

        Raises:
            StoreDamagedError: the file is missing, or is not what was written.
        """
        path = self._folder / manifest.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _damaged(path, "cannot be read") from error
        if len(data) != manifest.bytes:
            raise _damaged(path, f"has {len(data)} bytes, not {manifest.bytes}")
        if hashlib.sha256(data).hexdigest() != manifest.sha256:
            raise _damaged(path, "does not match its checksum")
        return data

    def write(self, data: bytes, describe: Callable[[str, int, str], Manifest]) -> Manifest:
        """Make ``data`` the current snapshot; ``describe(file, bytes, sha256)`` names it.

        Raises:
            OSError: the files could not be written; the previous snapshot still stands.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # A new name each time: a reader may be opening the old file at this moment.
        name = f"vectors-{secrets.token_hex(6)}.faiss"
        manifest = describe(name, len(data), hashlib.sha256(data).hexdigest())
        self._replace(name, data)
        fields = asdict(manifest)
        envelope = {"manifest": fields, "sha256": _checksum(fields)}
        self._replace(_CURRENT, json.dumps(envelope, indent=1).encode())
        self.remove_strays()
        return manifest

    def strays(self) -> list[Path]:
        """Files that nothing refers to: left by a crash, or being written right now."""
        if not self._folder.is_dir():
            return []
        try:
            manifest = self.manifest()
        except StoreDamagedError:
            manifest = None
        kept = {_CURRENT} if manifest is None else {_CURRENT, manifest.file}
        return sorted(path for path in self._folder.iterdir() if path.name not in kept)

    def remove_strays(self) -> list[Path]:
        """Delete what ``strays`` lists; the paths deleted."""
        strays = [path for path in self.strays() if path.is_file()]
        for path in strays:
            path.unlink(missing_ok=True)
        return strays

    def _replace(self, name: str, data: bytes) -> None:
        temporary = self._folder / f"{name}{_TEMPORARY}"
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._folder / name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        # The rename itself is durable only once the folder is.
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _checksum(fields: object) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path, what: str) -> StoreDamagedError:
    return StoreDamagedError(
        f"{path} {what}",
        remedy="it is rebuilt from the database when needed, or now by 'footnote doctor --repair'",
    )
