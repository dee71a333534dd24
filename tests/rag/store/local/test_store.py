"""The data directory: its files, its locks, and how it fails."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import (
    StoreDamagedError,
    StoreError,
)
from rag.store.base import ReadView
from rag.store.local import connection as connection_module
from rag.store.local.connection import DATABASE_NAME
from rag.store.local.store import LocalStore
from tests.rag.store.local.damage import (
    change,
    codes,
    run_as_another_user,
)
from tests.store_cases import (
    as_put,
    dense_ids,
    document,
    lexical_ids,
    passages,
    put,
    synthetic,
)


def test_a_file_that_is_no_database_is_named_with_its_remedy(data: Path) -> None:
    data.mkdir()
    (data / DATABASE_NAME).write_bytes(b"certainly not SQLite " * 500)
    store = LocalStore.open(data)
    with pytest.raises(StoreDamagedError, match=rf"{DATABASE_NAME}.*footnote ingest"), store.read():
        pass
    with pytest.raises(StoreDamagedError), store.write():
        pass
    assert codes(store) == {"database.damaged"}


def test_overwritten_pages_are_an_error_and_a_problem(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, *synthetic(200))
    store.close()
    path = data / DATABASE_NAME
    content = bytearray(path.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    path.write_bytes(content)
    again = LocalStore.open(data)
    assert "database.damaged" in codes(again)
    with pytest.raises(StoreDamagedError), again.read() as view:
        lexical_ids(view, "w1")


def test_a_full_disk_refuses_the_change_and_loses_nothing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = document("Kept text.")
    with store.write() as writer:
        put(writer, kept)
    real = connection_module.connect

    def nearly_full(path: Path, *, create: bool = False) -> sqlite3.Connection:
        opened = real(path, create=create)
        (pages,) = opened.execute("PRAGMA page_count").fetchone()
        opened.execute(f"PRAGMA max_page_count = {pages + 5}")
        return opened

    with monkeypatch.context() as patch:
        patch.setattr("rag.store.local.store.connect", nearly_full)
        with pytest.raises(StoreError, match=r"full.*lost"), store.write() as writer:
            put(writer, *synthetic(200))
    assert store.check() == []
    with store.write() as writer:
        put(writer, *synthetic(200))
    with store.read() as view:
        assert len(list(view.documents())) == 201
        assert as_put(view.document(kept.id)) == kept


def test_a_data_directory_that_cannot_be_one_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no directory")
    for path in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "below", Path("/dev/null/x")):
        store = LocalStore.open(path)
        for use in (store.read, store.write):
            with (
                pytest.raises(StoreError, match=rf"{path} cannot .*[Nn]ot a directory.*--data"),
                use(),
            ):
                pass
        for ask in (store.status, store.check, store.unindexed):
            with pytest.raises(StoreError, match=r"--data"):
                ask()
    assert (tmp_path / "notes.txt").read_text() == "no directory"


def test_a_lock_that_cannot_be_written_is_an_error_and_no_lock(
    store: LocalStore, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("filelock.FileLock.acquire", forbidden)
        with pytest.raises(StoreError, match=rf"{data} .*Permission denied.*--data"), store.write():
            pass
    with store.write() as writer:
        put(writer, document("A text."))


def test_an_archive_is_readable_by_a_user_who_may_not_write_it() -> None:
    # Not in tmp_path, which no other user may enter.
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        store = LocalStore.open(data)
        with store.write() as writer:
            put(writer, document("Cats purr.\nDogs bark."))
        store.close()
        assert not list(data.glob("*-wal"))
        (Path(folder) / "closed").mkdir()
        for path in (Path(folder), data, data / "vectors"):
            path.chmod(0o555)
        (Path(folder) / "closed").chmod(0)
        run_as_another_user(
            "store = LocalStore.open(Path(sys.argv[1]) / 'data')\n"
            "for _ in range(2):\n"
            "    with store.read() as view: assert lexical_ids(view, 'dogs')\n"
            "    with store.read() as view: assert dense_ids(view, 'dogs')\n"
            "assert store.check() == [], store.check()\n"
            "assert store.status().documents == 1\n"
            "for name, verb in (('data', 'write'), ('closed/x', 'read'), ('closed/x', 'write')):\n"
            "    try:\n"
            "        with getattr(LocalStore.open(Path(sys.argv[1]) / name), verb)(): pass\n"
            "    except StoreError as error: assert '--data' in str(error), error\n"
            "    else: raise AssertionError(name)\n",
            folder,
        )
        for path in (Path(folder), data, data / "vectors", Path(folder) / "closed"):
            path.chmod(0o755)


def test_only_an_archive_that_nobody_writes_is_read_without_locks(
    store: LocalStore, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = sqlite3.connect

    def spy(address: str, **named: object) -> sqlite3.Connection:
        opened.append(address.partition("?")[2])
        return real(address, **named)  # type: ignore[call-overload, no-any-return]

    with store.write() as writer:
        put(writer, document("A text."))
        monkeypatch.setattr("rag.store.local.connection.sqlite3.connect", spy)
        with store.read():
            pass
        store.close()
        monkeypatch.setattr("rag.store.local.readers.os.access", lambda *_: False)
        again = LocalStore.open(data)
        with again.read():
            pass
        again.close()
        assert opened == ["mode=rw", "mode=rw"], "there is a log to be read"
    opened.clear()
    again = LocalStore.open(data)
    for _ in range(2):  # looked at anew each time: somebody may have begun to write
        with again.read() as view:
            assert lexical_ids(view, "text")
    again.close()
    assert opened == ["mode=ro&immutable=1"] * 2


def test_damaged_rows_are_errors_that_name_the_doctor(store: LocalStore, data: Path) -> None:
    damaged = document("Cats purr.\nDogs bark.", "/a/cats.txt")
    sound = document("Ships sail.", "/a/ships.txt")
    with store.write() as writer:
        put(writer, damaged, sound)
    for statement in (
        "UPDATE documents SET dates = '[[1]]' WHERE row = 1",
        "UPDATE documents SET metadata = 'no json' WHERE row = 1",
        "UPDATE documents SET text = x'41' WHERE row = 1",
        "UPDATE documents SET text = CAST(x'ff41' AS TEXT) WHERE row = 1",
    ):
        change(data, statement)
        with pytest.raises(StoreDamagedError, match="footnote doctor"), store.read() as view:
            view.document(damaged.id)
        with store.read() as view:
            assert as_put(view.document(sound.id)) == sound
    assert {problem.subject for problem in store.check()} == {damaged.id}
    sound_ids = [passage.id for passage in passages(sound)]
    reads: list[tuple[str, Callable[[ReadView], object]]] = [
        ("UPDATE passages SET headings = '[1]'", lambda view: view.passages(sound_ids)),
        (
            "UPDATE passages SET headings = '[]', search_text = CAST(x'ff41' AS TEXT)",
            lambda view: view.passages(sound_ids),
        ),
        ("DROP TABLE fts_1", lambda view: lexical_ids(view, "cats")),
        ("DELETE FROM meta", lambda view: view.generation),
    ]
    for statement, read in reads:
        change(data, statement)
        with pytest.raises(StoreDamagedError, match="footnote doctor"), store.read() as view:
            read(view)


def test_a_ranked_passage_that_cannot_be_read_is_damage_and_an_unknown_one_a_key_error(
    store: LocalStore, data: Path
) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    change(
        data,
        "CREATE INDEX empty ON passages (document) WHERE 0",
        "PRAGMA writable_schema = ON",
        # Its row is still found, but not by its span.
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
        " WHERE name = 'empty') WHERE name = 'passages_by_document'",
        "DELETE FROM sqlite_master WHERE name = 'empty'",
    )
    again = LocalStore.open(data)
    for search in (dense_ids, lexical_ids):
        with again.read() as view:
            (found,) = search(view, "cats")
            with pytest.raises(StoreDamagedError, match="footnote doctor"):
                view.passages([found])
            with pytest.raises(KeyError):
                view.passages(["nothing:0-1"])
    assert codes(again) >= {"database.damaged"}
    again.close()


def test_a_schema_that_is_no_text_is_damage(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    path = data / DATABASE_NAME
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE oplog", b"CREATE TABL\xff oplog"))
    again = LocalStore.open(data)
    assert codes(again) == {"database.damaged"}
    for use in (again.read, again.write):
        with pytest.raises(StoreDamagedError, match="backup"), use():
            pass


def test_two_processes_see_each_others_changes(store: LocalStore, data: Path) -> None:
    first, second = document("First about cats."), document("Second about cats.")
    with store.write() as writer:
        put(writer, first)
    with store.read() as view:
        assert len(dense_ids(view, "cats")) == 1
    script = (
        "import sys; from pathlib import Path\n"
        "from rag.store.local.store import LocalStore\n"
        "from tests.store_cases import *\n"
        "store = LocalStore.open(Path(sys.argv[1]))\n"
        "with store.write() as w: put(w, document('Second about cats.'))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(data)], check=True, timeout=60)
    with store.read() as view:
        assert set(dense_ids(view, "cats")) == {passages(of)[0].id for of in (first, second)}


def test_status_tells_the_size_of_the_files(store: LocalStore, data: Path) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr.\nDogs bark.", "/a/cats.txt"))
    status = store.status()
    assert status.index_kind == "flat"
    assert status.index_bytes == next((data / "vectors").glob("*.faiss")).stat().st_size
    assert status.disk_bytes > (data / DATABASE_NAME).stat().st_size
