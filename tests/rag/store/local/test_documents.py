from __future__ import annotations

from pathlib import Path

import pytest

from rag.store.local.store import LocalStore
from tests.store_cases import SPEC, indexed, synthetic


def test_a_page_beyond_what_is_fetched_at_once_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.local.documents._DOCUMENTS_AT_ONCE", 4)
    store = LocalStore.open(tmp_path / "data")
    with store.write() as writer:
        writer.put([indexed(of) for of in synthetic(23)], SPEC)
    names = [f"Report {number}" for number in range(23)]

    def listed(limit: int | None, offset: int) -> list[str]:
        with store.read() as view:
            return [found.title for found in view.documents(limit=limit, offset=offset)]

    assert listed(None, 3) == names[3:]
    for limit in (3, 4, 5, 8, 40):
        assert listed(limit, 2) == names[2 : 2 + limit]
    store.close()


def test_batch_reads_take_one_statement(tmp_path: Path) -> None:
    store = LocalStore.open(tmp_path / "data")
    items = [indexed(of) for of in synthetic(70)]
    with store.write() as writer:
        writer.put(items, SPEC)
    passages = [passage for item in items for passage in item.index.passages]
    said: list[str] = []
    with store.read() as view:
        view._db.set_trace_callback(said.append)
        assert view.passages([passage.id for passage in passages[:200]]) == passages[:200]
        windows = view.text_windows([(p.document_id, p.span) for p in passages])
        view._db.set_trace_callback(None)
    assert windows == [p.search_text for p in passages]
    assert len(said) == 2
    store.close()
