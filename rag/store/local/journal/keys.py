"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from datetime import datetime, timedelta

from rag.errors import NameTakenError
from rag.journal.base import KeyRecord, NewKey, Scope
from rag.store.local.journal.rows import KEY_COLUMNS, key_from_row, storable

__all__ = ["add_key", "find_key", "has_keys", "is_worth_noting", "note_use", "revoke_key"]

_PREFIX = "fnk_"
# A request a second must not be a disk write a second.
_NOTED_EVERY = timedelta(minutes=1)


def _hash(secret: str) -> bytes:
    # A secret of 256 random bits cannot be guessed from any list, so it needs neither
    # salt nor a slow hash; those are for passwords that people think up.
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def add_key(connection: sqlite3.Connection, name: str, scope: Scope, now: str) -> NewKey:
    """Make a key, in the caller's transaction.

    Raises:
        NameTakenError: a key that is not revoked has this name.
        ValueError: the name is blank.
    """
    name = storable(name).strip()
    if not name:
        raise ValueError("a key needs a name")
    taken = connection.execute("SELECT 1 FROM keys WHERE name = ? AND revoked_at IS NULL", (name,))
    if taken.fetchone():
        raise NameTakenError(
            f"there is already a key named '{name}'",
            remedy="choose another name, or revoke that one with 'footnote keys revoke'",
        )
    secret = _PREFIX + secrets.token_urlsafe(32)
    key_id = "k" + secrets.token_hex(5)
    connection.execute(
        "INSERT INTO keys (id, name, scope, secret_hash, created_at) VALUES (?, ?, ?, ?, ?)",
        (key_id, name, scope, _hash(secret), now),
    )
    return NewKey(KeyRecord(key_id, name, scope, now, None, None), secret)


def revoke_key(connection: sqlite3.Connection, id_or_name: str, now: str) -> bool:
    """Revoke the key of this id, else of this name, in the caller's transaction."""
    wanted = storable(id_or_name)
    for column in ("id", "name"):
        changed = connection.execute(
            f"UPDATE keys SET revoked_at = ? WHERE {column} = ? AND revoked_at IS NULL",
            (now, wanted),
        )
        if changed.rowcount:
            return True
    return False


def find_key(connection: sqlite3.Connection, secret: str) -> KeyRecord | None:
    """The valid key of a secret, or None.

    What is compared is the hash, which nobody can steer towards a stored one: how long
    the search in the index takes tells nothing of any secret.
    """
    row = connection.execute(
        f"SELECT {KEY_COLUMNS} FROM keys WHERE secret_hash = ? AND revoked_at IS NULL",
        (_hash(secret),),
    ).fetchone()
    return None if row is None else key_from_row(row)


def is_worth_noting(key: KeyRecord, now: datetime) -> bool:
    """Whether the use noted last is long enough ago to note this one."""
    last = key.last_used_at
    return last is None or now - datetime.fromisoformat(last) >= _NOTED_EVERY


def note_use(connection: sqlite3.Connection, key_id: str, now: str) -> None:
    """Note that a key was used, in the caller's transaction."""
    connection.execute("UPDATE keys SET last_used_at = ? WHERE id = ?", (now, key_id))


def has_keys(connection: sqlite3.Connection) -> bool:
    """Whether a key was ever made, revoked ones included."""
    return connection.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None
