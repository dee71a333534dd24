"""The vector index in a file: a checksum, what it holds, and its bytes.

Written beside and renamed, so that a crash leaves the old one or the new. It is never the
only copy of anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from rag.errors import StoreDamagedError


@dataclass(frozen=True, slots=True)
class Contents:
    """What a vector index holds: ``index_id``, made by ``encoder``, as of oplog ``seq``."""

    index_id: int
    encoder: str
    seq: int
    kind: str


class SnapshotFile:
    """The file; its folder need not exist. Only the writer calls ``write``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def contents(self) -> Contents | None:
        """What the file says that it holds; None when there is none, or it is damaged."""
        try:
            with self.path.open("rb") as file:
                file.readline()
                return self._contents(file)
        except (OSError, StoreDamagedError):
            return None

    def read(self) -> tuple[Contents, bytes] | None:
        """What it holds, verified; None when there is no file.

        Raises:
            StoreDamagedError: it is not what was written, or cannot be read.
        """
        try:
            # One open file, so that a writer's rename meanwhile changes nothing.
            with self.path.open("rb") as file:
                checksum = file.readline()
                start = file.tell()
                found = hashlib.file_digest(file, "sha256").hexdigest()
                if checksum != found.encode() + b"\n":
                    raise self._damaged("does not match its checksum")
                file.seek(start)
                return self._contents(file), file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._damaged(f"cannot be read ({error})") from error

    def _contents(self, file: BinaryIO) -> Contents:
        try:
            return Contents(**json.loads(file.readline()))
        except (ValueError, TypeError) as error:
            raise self._damaged("does not say what it holds") from error

    def write(self, contents: Contents, data: bytes) -> None:
        """Replace the file, and delete whatever else is in its folder.

        Raises:
            OSError: it could not be written; the file before still stands.
        """
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        header = json.dumps(asdict(contents)).encode() + b"\n"
        checksum = hashlib.sha256(header)
        checksum.update(data)
        temporary = self.path.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                file.writelines((checksum.hexdigest().encode(), b"\n", header, data))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        # The rename itself is durable only once the folder is.
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        for other in folder.iterdir():
            if other != self.path:
                other.unlink(missing_ok=True)

    def _damaged(self, what: str) -> StoreDamagedError:
        return StoreDamagedError(
            f"{self.path} {what}",
            remedy="it is rebuilt when needed, or now by 'footnote doctor --repair'",
        )
