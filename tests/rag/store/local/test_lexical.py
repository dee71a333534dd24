from __future__ import annotations

from pathlib import Path

from rag.store.local.store import LocalStore, LocalStoreSettings
from tests.store_cases import (
    lexical_ids,
    passages,
    put,
    synthetic,
)


def test_a_large_index_finds_the_passage_with_all_words_first_and_fills_up(data: Path) -> None:
    documents = list(synthetic(100))
    results = []
    for most in (10**9, 0):
        settings = LocalStoreSettings(any_word_up_to=most)
        store = LocalStore.open(data, settings=settings)
        if not results:
            with store.write() as writer:
                put(writer, *documents)
        with store.read() as view:
            text = passages(documents[40])[2].search_text
            results.append(lexical_ids(view, f"{text} nowheretobefound", limit=5))
        store.close()
    assert results[0][0] == results[1][0] == passages(documents[40])[2].id
    assert len(results[1]) == 5
