"""Schemas of SQLite databases, as numbered steps; and that of the documents' database.

A step, once released, is never edited: a change of schema is a new step at the end.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from rag.errors import StoreError, StoreVersionError
from rag.store.local.connection import transaction

Step = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database of one kind looks like.

    ``application_id`` tells it from every other SQLite file. The first of the ``steps``
    makes version ``first`` of an empty database, each other one the next version.
    """

    application_id: int
    first: int
    steps: tuple[Step, ...]

    def version(self, connection: sqlite3.Connection) -> int:
        """The version a database has; 0 when it is still empty.

        Raises:
            StoreVersionError: it is newer than the last step, or older than the first.
            StoreError: it is not a database of this kind.
        """
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application not in (0, self.application_id) or (tables and not application):
            raise StoreError(
                "the database in the data directory is not Footnote's",
                remedy="name another data directory",
            )
        newest = self.first + len(self.steps) - 1
        if version and not self.first <= version <= newest:
            raise StoreVersionError(
                f"the data directory has schema {version}, this Footnote knows {self.first} to "
                f"{newest}",
                remedy="use the version of Footnote that wrote it",
            )
        return int(version)

    def migrate(self, connection: sqlite3.Connection) -> None:
        """Bring a database to the newest version, all in one transaction. Raises as version."""
        newest = self.first + len(self.steps) - 1
        if self.version(connection) == newest:
            return
        with transaction(connection):
            # Read again: another process may have migrated while this one waited.
            done = max(0, self.version(connection) - self.first + 1)
            for step in self.steps[done:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {self.application_id}")
            connection.execute(f"PRAGMA user_version = {newest}")


_VERSION_2: Step = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO meta VALUES ('generation', 0), ('oplog_floor', 0)",
    # The text is the last column, so that lists and filters never read its pages.
    # published_first/published_last: the days the publication date may mean.
    """CREATE TABLE documents (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        language TEXT NOT NULL,
        published_first TEXT,
        published_last TEXT,
        published TEXT,
        characters INTEGER NOT NULL,
        added_at TEXT NOT NULL,
        dates TEXT NOT NULL,
        metadata TEXT NOT NULL,
        text TEXT NOT NULL
    )""",
    # All that filters ask of a document, without its text's pages between the rows.
    """CREATE INDEX documents_by_filter
        ON documents (language, published_first, published_last)""",
    # position: the source read first comes first.
    """CREATE TABLE sources (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL UNIQUE,
        document INTEGER NOT NULL REFERENCES documents (row) ON DELETE CASCADE,
        file_hash TEXT NOT NULL
    )""",
    "CREATE INDEX sources_by_document ON sources (document)",
    """CREATE TABLE indexes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL UNIQUE CHECK (state IN ('building', 'active')),
        encoder_name TEXT NOT NULL,
        encoder_revision TEXT NOT NULL,
        dimension INTEGER NOT NULL,
        query_prompt TEXT NOT NULL,
        passage_prompt TEXT NOT NULL,
        splitter TEXT NOT NULL
    )""",
    # Which documents an index holds: a document without any passage is held too.
    """CREATE TABLE holdings (
        index_id INTEGER NOT NULL REFERENCES indexes (id) ON DELETE CASCADE,
        document INTEGER NOT NULL REFERENCES documents (row) ON DELETE CASCADE,
        PRIMARY KEY (index_id, document)
    ) WITHOUT ROWID""",
    "CREATE INDEX holdings_by_document ON holdings (document)",
    # AUTOINCREMENT: an id is never used twice, so a stale vector index cannot name
    # another passage than the one it was told of.
    """CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        index_id INTEGER NOT NULL REFERENCES indexes (id) ON DELETE CASCADE,
        document INTEGER NOT NULL REFERENCES documents (row) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        headings TEXT NOT NULL,
        search_text TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX passages_by_index ON passages (index_id, document, ordinal)",
    """CREATE UNIQUE INDEX passages_by_document
        ON passages (document, index_id, start, "end")""",
    # float16, little-endian, unit norm.
    """CREATE TABLE vectors (
        passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        vector BLOB NOT NULL
    )""",
    # What the vector index must do to catch up, of the active index only.
    """CREATE TABLE oplog (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        index_id INTEGER NOT NULL,
        op TEXT NOT NULL CHECK (op IN ('add', 'remove')),
        passage INTEGER NOT NULL
    )""",
    # What became of documents that are no longer stored: links to them may still be about.
    """CREATE TABLE former_documents (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        sources TEXT NOT NULL,
        gone_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)

_VERSION_3: Step = (
    # Version of the words in its full-text table. Those of older tables were stemmed by
    # FTS5; a reindex makes them anew.
    "ALTER TABLE indexes ADD COLUMN words TEXT NOT NULL DEFAULT ''",
)

_VERSION_4: Step = (
    # What the parts of the text are. Of documents of older versions nothing is known until
    # they are read again; then their whole text is read as one block.
    "ALTER TABLE documents ADD COLUMN blocks TEXT NOT NULL DEFAULT '[]'",
)

DOCUMENTS = Schema(0x464E5445, 2, (_VERSION_2, _VERSION_3, _VERSION_4))  # "FNTE"
