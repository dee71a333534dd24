"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from rag.errors import NameTakenError, StoreError
from rag.journal.base import KeyRecord, NewKey, Scope
from rag.store.local.journal.file import JournalFile, iso
from rag.store.local.journal.outcomes import storable

_COLUMNS = "id, name, scope, created_at, last_used_at, revoked_at"
_PREFIX = "fnk_"
# A request a second must not be a disk write a second.
_NOTED_EVERY = timedelta(minutes=1)


def _hash(secret: str) -> bytes:
    # A secret of 256 random bits cannot be guessed from any list, so it needs neither
    # salt nor a slow hash; those are for passwords that people think up.
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


class JournalKeys(JournalFile):
    """The keys of a Journal."""

    def add_key(self, name: str, scope: Scope) -> NewKey:
        """Make an API key. Raises NameTakenError, or ValueError for a blank name."""
        name = storable(name).strip()
        if not name:
            raise ValueError("a key needs a name")
        secret = _PREFIX + secrets.token_urlsafe(32)
        made = KeyRecord("k" + secrets.token_hex(5), name, scope, iso(), None, None)
        with self._write() as connection:
            taken = connection.execute(
                "SELECT 1 FROM keys WHERE name = ? AND revoked_at IS NULL", (name,)
            )
            if taken.fetchone():
                raise NameTakenError(
                    f"there is already a key named '{name}'",
                    remedy="choose another name, or revoke that one with 'footnote keys revoke'",
                )
            connection.execute(
                "INSERT INTO keys (id, name, scope, secret_hash, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (made.id, name, scope, _hash(secret), made.created_at),
            )
        return NewKey(made, secret)

    def keys(self) -> list[KeyRecord]:
        """All keys, revoked ones too, oldest first."""
        with self._read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY row")
            return [KeyRecord(*row) for row in rows]

    def revoke_key(self, id_or_name: str) -> bool:
        """Revoke the key of this id, else of this name. False when there is none."""
        with self._write() as connection:
            for column in ("id", "name"):
                changed = connection.execute(
                    f"UPDATE keys SET revoked_at = ? WHERE {column} = ? AND revoked_at IS NULL",
                    (iso(), storable(id_or_name)),
                )
                if changed.rowcount:
                    return True
        return False

    def find_key(self, secret: str) -> KeyRecord | None:
        """The valid key of a secret, or None.

        The hash is compared, which no one can choose: the time that the look-up takes reveals
        nothing of a secret.
        """
        with self._read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE secret_hash = ? AND revoked_at IS NULL",
                (_hash(secret),),
            ).fetchone()
        if row is None:
            return None
        key = KeyRecord(*row)
        last = key.last_used_at
        if last is None or datetime.now(UTC) - datetime.fromisoformat(last) >= _NOTED_EVERY:
            # A key is right even where its use cannot be noted.
            with suppress(StoreError), self._write() as connection:
                connection.execute("UPDATE keys SET last_used_at = ? WHERE id = ?", (iso(), key.id))
        return key

    def has_keys(self) -> bool:
        """Whether a key was ever made, revoked ones included."""
        with self._read() as connection:
            return connection.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None
