"""What every store promises, whatever engine is behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexMismatchError, StoreError, StoreLockedError, UnknownDocumentError
from rag.store.base import SourceRecord, Store
from rag.store.local.faiss_index import IndexKinds
from rag.store.local.store import LocalStore, LocalStoreSettings
from rag.store.local.view import SearchSettings
from rag.types import DocumentDate, Filters
from tests.store_cases import (
    ENCODER,
    OTHER_ENCODER,
    OTHER_SPEC,
    SPEC,
    as_put,
    brute_force,
    dense_ids,
    document,
    indexed,
    lexical_ids,
    passages,
    put,
    query,
    synthetic,
)

# Every kind of index serves a few hundred passages here; exact_up_to=0 makes every
# filter go through FAISS, and 500 candidates are enough for its one-bit codes of the
# fake encoder's 64 components (recall of real sizes is tested in test_faiss_index.py).
KINDS = {
    "flat": IndexKinds(),
    "rabitq": IndexKinds(flat_up_to=0),
    "ivf": IndexKinds(flat_up_to=0, rabitq_up_to=0, lists=4, probes=4),
}
OPENERS: dict[str, Callable[[Path], Store]] = {
    name: lambda path, kinds=kinds: LocalStore.open(
        path,
        settings=LocalStoreSettings(
            kinds=kinds,
            search=SearchSettings(
                exact_up_to=0 if kinds.flat_up_to == 0 else 20_000, candidates=500
            ),
        ),
    )
    for name, kinds in KINDS.items()
}


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = OPENERS[request.param](tmp_path / "data")
    yield opened
    opened.close()


def listed(store: Store, filters: Filters = Filters(), **paging: object) -> list[str]:
    with store.read() as view:
        found = [summary.title for summary in view.documents(filters, **paging)]  # type: ignore[arg-type]
        if "limit" not in paging and "offset" not in paging:
            assert view.count_documents(filters, **paging) == len(found)  # type: ignore[arg-type]
        return found


CATS = document("Cats purr at night.\nDogs bark in the yard.", "/a/cats.txt", title="Animals")
SHIPS = document("Ships cross the ocean.\nHarbours close in winter.", "/a/ships.txt")


def test_an_empty_store_reads_as_empty_and_creates_nothing(store: Store, tmp_path: Path) -> None:
    with store.read() as view:
        assert view.generation == 0
        assert view.index is None
        assert view.dense_search(query("cats"), limit=5) == []
        assert view.lexical_search("cats", limit=5) == []
        assert list(view.documents()) == []
        assert view.empty
        assert view.passage_count == 0
        assert view.word_frequencies(["cats"]) == {"cats": 0}
        assert view.resolve("cats.txt") == []
    assert store.status().documents == 0
    assert store.check() == []
    assert not (tmp_path / "data").exists()


def test_what_was_put_comes_back_equal(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS)
    with store.read() as view:
        assert view.index == SPEC
        stored = view.document(CATS.id)
        assert as_put(stored) == CATS
        assert [found.kind for found in stored.dates].count("ingested") == 1
        assert view.dates([SHIPS.id, "nothing"]) == {SHIPS.id: SHIPS.dates}
        assert tuple(view.document_passages(CATS.id)) == passages(CATS)
        wanted = [passages(SHIPS)[1], passages(CATS)[0]]
        assert view.passages([passage.id for passage in wanted]) == wanted
        assert [found.id for found in view.documents()] == [CATS.id, SHIPS.id]
        record = view.source("/a/cats.txt")
    assert record == SourceRecord("/a/cats.txt", indexed(CATS).file_hash, CATS.id)
    assert store.check() == []


def test_unknown_names_are_errors_not_guesses(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        assert writer.remove_document("nothing") is False
        assert writer.remove_source("/nothing") is False
        with pytest.raises(UnknownDocumentError):
            writer.add_source(SourceRecord("/b", "hash", "nothing"))
    with store.read() as view:
        assert view.source("/nothing") is None
        with pytest.raises(UnknownDocumentError):
            view.document("nothing")
        for unknown in (f"{CATS.id}:0-1", "nothing:0-1", "nothing", "a:b-c"):
            with pytest.raises(KeyError):
                view.passages([unknown])


def test_each_retriever_ranks_the_passage_about_the_query_first(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS, *synthetic(80))
    harbours = passages(SHIPS)[1].id
    with store.read() as view:
        assert dense_ids(view, "when do harbours close")[0] == harbours
        assert lexical_ids(view, "when do harbours close")[0] == harbours
        assert lexical_ids(view, "harbour closing")[0] == harbours, "porter stems words"


def test_dense_search_equals_the_brute_force_oracle(store: Store) -> None:
    items = [indexed(of) for of in synthetic(120)]
    with store.write() as writer:
        writer.put(items[:60], SPEC)
        writer.put(items[60:], SPEC)
    with store.read() as view:
        for number in range(0, 120, 15):
            vector = query(items[number].passages[1].search_text)
            found = view.dense_search(vector, limit=10)
            expected = brute_force(items, vector, 10)
            assert [hit.score for hit in found] == pytest.approx(
                [score for _, score in expected], abs=2e-3
            )
            assert {hit.passage_id for hit in found} == {name for name, _ in expected}


def test_filters_are_exact_however_selective(store: Store) -> None:
    items = [indexed(of) for of in synthetic(350)]  # 1050 passages
    with store.write() as writer:
        writer.put(items, SPEC)
    cases = [
        (Filters(sources=("/0-7.TXT",)), lambda d: "/0-7.txt" in d.sources[0]),
        (Filters(sources=("*/3/0-?3.txt", "0-344")), None),
        (Filters(language="de"), lambda d: d.language == "de"),
        (
            Filters(since=date(2003, 1, 1), until=date(2004, 12, 31)),
            lambda d: d.published.year in (2003, 2004),
        ),
        (Filters(language="fr"), lambda d: False),
    ]
    with store.read() as view:
        for filters, passes in cases:
            kept = [
                item
                for item in items
                if (
                    passes(item.document)
                    if passes
                    else item.document.sources[0].endswith("0-344.txt")
                    or item.document.sources[0] in {f"/archive/3/0-{n}3.txt" for n in range(1, 10)}
                )
            ]
            vector = query(items[5].passages[0].search_text)
            found = view.dense_search(vector, limit=10, filters=filters)
            assert {hit.passage_id for hit in found} == {
                name for name, _ in brute_force(kept, vector, 10)
            }
            words = kept[0].passages[0].search_text if kept else "w1 w2 w3"
            best = lexical_ids(view, words, sources=filters.sources, language=filters.language)
            allowed = {p.id for item in kept for p in item.passages}
            if filters.since is None:
                assert set(best) <= allowed
                assert best[:1] == ([kept[0].passages[0].id] if kept else [])
            summaries = [found.id for found in view.documents(filters)]
            assert summaries == [item.document.id for item in kept]


def test_as_of_a_day_what_was_published_later_is_not_there(store: Store) -> None:
    items = [indexed(of) for of in synthetic(350)]
    undated = document("w1 w2 w3 undated")
    with store.write() as writer:
        writer.put([*items, indexed(undated)], SPEC)
    day = date(2003, 6, 10)
    kept = [item for item in items if item.document.published.interval()[0] <= day]
    kept.append(indexed(undated))
    allowed = {passage.id for item in kept for passage in item.passages}
    assert len(kept) < len(items) / 4
    with store.read() as view:
        filters = Filters(as_of=day)
        vector = query(items[5].passages[0].search_text)
        found = view.dense_search(vector, limit=10, filters=filters)
        assert {hit.passage_id for hit in found} == {
            name for name, _ in brute_force(kept, vector, 10)
        }
        everywhere = lexical_ids(view, "w1 w2 w3 undated", limit=2000)
        expected = [name for name in everywhere if name in allowed]
        assert lexical_ids(view, "w1 w2 w3 undated", limit=2000, as_of=day) == expected
        assert 1 < len(expected) < len(everywhere)
        assert [found.id for found in view.documents(filters)] == [i.document.id for i in kept]
        both = Filters(as_of=day, since=date(2003, 1, 1))
        assert undated.id not in {found.id for found in view.documents(both)}


def test_a_date_that_may_mean_an_earlier_day_is_there(store: Store) -> None:
    year = replace(CATS, dates=(DocumentDate(2019, None, None, "published", "url"),))
    with store.write() as writer:
        put(writer, year)
    with store.read() as view:
        assert dense_ids(view, "cats", as_of=date(2019, 1, 1)) != []
        assert dense_ids(view, "cats", as_of=date(2018, 12, 31)) == []
        assert lexical_ids(view, "cats", as_of=date(2018, 12, 31)) == []


def test_a_date_is_found_however_it_is_written(store: Store) -> None:
    iso, other = document("They met 2019-04-24 there"), document("They met 2019-05-23 there")
    with store.write() as writer:
        put(writer, iso, other, *(document(f"no date number{n}") for n in range(9)))
    with store.read() as view:
        for asked in ("April 24th", "24. April", "4月24日", "24 April", "April 2019"):
            assert lexical_ids(view, asked)[0] == passages(iso)[0].id


def test_a_document_without_a_publication_date_passes_no_date_filter(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as view:
        assert dense_ids(view, "cats", since=date(1, 1, 1)) == []
        assert lexical_ids(view, "cats", until=date(9999, 1, 1)) == []
        assert lexical_ids(view, "cats") != []


def test_chinese_words_are_found_without_spaces(store: Store) -> None:
    chinese = document("华为公司的创始人是任正非。\n总部位于深圳市龙岗区。", language="zh")
    with store.write() as writer:
        put(writer, CATS, chinese)
    with store.read() as view:
        assert lexical_ids(view, "深圳")[0] == passages(chinese)[1].id
        assert lexical_ids(view, "创始人是谁")[0] == passages(chinese)[0].id
        assert lexical_ids(view, "北京") == []


def test_a_word_is_as_frequent_as_the_passages_that_a_search_for_it_finds(store: Store) -> None:
    chinese = document("华为公司的创始人是任正非。\n总部位于深圳市龙岗区。", language="zh")
    with store.write() as writer:
        put(writer, CATS, SHIPS, chinese, *synthetic(50))
        writer.begin_index(OTHER_SPEC)  # one being built is not counted
        item = indexed(CATS, OTHER_ENCODER)
        writer.put_passages([(CATS.id, item.passages, item.vectors)])
    words = ["cats", "barking", "harbour", "animals", "part", "深圳", "北京", "unheard", "3.14"]
    with store.read() as view:
        assert not view.empty
        assert view.passage_count == 2 + 2 + 2 + 50 * 3
        counted = view.word_frequencies(words)
        assert counted == {word: len(lexical_ids(view, word, limit=1000)) for word in words}
        assert view.word_frequencies(["part", "cats"], limit=9) == {"part": 9, "cats": 1}
    assert counted["animals"] == 2, "the title is of both passages"
    assert counted["barking"] == counted["harbour"] == counted["深圳"] == 1
    assert counted["part"] == 156, "a heading is of every passage"


def test_a_store_is_empty_again_when_its_last_document_is_gone(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        writer.remove_document(CATS.id)
    with store.read() as view:
        assert view.index == SPEC
        assert view.empty
        assert view.passage_count == 0


def test_the_languages_of_the_documents_are_counted(store: Store) -> None:
    chinese = document("猫在夜里叫。", language="zh")
    with store.write() as writer:
        put(writer, CATS, chinese, SHIPS)
    with store.read() as view:
        assert view.languages() == {"en": 2, "zh": 1}
        assert list(view.languages()) == ["en", "zh"]


@pytest.mark.parametrize("word", ["", " ", '"', "-", "cats AND (", "title:cats", "🙂"])
def test_no_word_that_is_counted_is_syntax(store: Store, word: str) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as view:
        assert view.word_frequencies([word, word]) == {word: 0}


@pytest.mark.parametrize(
    "text", ["", "  ", '"', "cats AND (", "NEAR(", "title:cats", "-cats*", "^", "the of and", "🙂"]
)
def test_no_query_text_is_syntax(store: Store, text: str) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as view:
        found = view.lexical_search(text, limit=5)
    assert all(hit.score > 0 for hit in found)
    # Stop words count when there is nothing else.
    assert bool(found) == ("cats" in text or text == "the of and")


def test_lexical_scores_are_positive_even_for_words_every_passage_has(store: Store) -> None:
    with store.write() as writer:
        put(writer, *(document(f"common word number{n}") for n in range(9)))
    with store.read() as view:
        hits = view.lexical_search("common", limit=5)
    assert len(hits) == 5
    assert all(hit.score > 0 for hit in hits)


def test_ties_are_broken_by_passage_id(store: Store) -> None:
    same = [document(f"identical words here\n\nother{n} text{n}") for n in range(40)]
    with store.write() as writer:
        put(writer, *same)
    ids = sorted(passages(of)[0].id for of in same)
    with store.read() as view:
        assert dense_ids(view, "identical words here", limit=7) == ids[:7]
        assert lexical_ids(view, "identical words here", limit=7) == ids[:7]


def test_a_second_source_makes_no_second_document(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        writer.add_source(SourceRecord("/b/copy.txt", "hash", CATS.id))
    with store.read() as view:
        assert view.document(CATS.id).sources == ("/a/cats.txt", "/b/copy.txt")
        assert view.resolve("copy.txt") == [CATS.id]
    with store.write() as writer:
        assert writer.remove_source("/a/cats.txt") is True
    with store.read() as view:
        assert view.document(CATS.id).sources == ("/b/copy.txt",)
    with store.write() as writer:
        assert writer.remove_source("/b/copy.txt") is True
    with store.read() as view:
        assert view.resolve(CATS.id) == []
        assert dense_ids(view, "cats") == []
        assert lexical_ids(view, "cats") == []
    assert store.check() == []


def test_a_source_that_moves_takes_its_lonely_document_away(store: Store) -> None:
    changed = document("Cats sleep all day.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, CATS)
        put(writer, changed)
    with store.read() as view:
        assert [found.id for found in view.documents()] == [changed.id]
        assert dense_ids(view, "cats") == [passages(changed)[0].id]
    assert store.check() == []


def test_a_put_of_a_stored_id_replaces_it_and_keeps_its_other_sources(store: Store) -> None:
    again = document(CATS.text, "/c/again.txt", title="Pets")
    with store.write() as writer:
        put(writer, CATS)
        put(writer, again)
    with store.read() as view:
        found = view.document(CATS.id)
        assert (found.title, found.sources) == ("Pets", ("/a/cats.txt", "/c/again.txt"))
        assert len(view.document_passages(CATS.id)) == 2
        assert len(dense_ids(view, "cats")) == 2
        assert lexical_ids(view, "animals") == []
        assert len(lexical_ids(view, "pets")) == 2
    assert store.check() == []


def test_a_put_is_all_or_none(store: Store) -> None:
    broken = indexed(SHIPS)
    broken.vectors[1] = np.nan
    with store.write() as writer:
        put(writer, CATS)
        with pytest.raises(ValueError):
            writer.put([indexed(document("Fine text.")), broken], SPEC)
        with pytest.raises(IndexMismatchError, match="footnote reindex"):
            writer.put([indexed(SHIPS, OTHER_ENCODER)], OTHER_SPEC)
    with store.read() as view:
        assert [found.id for found in view.documents()] == [CATS.id]


def test_resolve_prefers_id_then_prefix_then_source_then_file_name(store: Store) -> None:
    twin = document("Another text.", "/b/cats.txt")
    page = document("A page.", "https://example.org/news/")
    with store.write() as writer:
        put(writer, CATS, twin, page)
    with store.read() as view:
        assert view.resolve(CATS.id) == [CATS.id]
        assert view.resolve(CATS.id[:4]) == [CATS.id]
        assert view.resolve(CATS.id[:3]) == []
        assert view.resolve("/b/cats.txt") == [twin.id]
        assert view.resolve("cats.txt") == [CATS.id, twin.id]
        assert view.resolve("news") == [page.id]
        assert view.resolve("") == []
        assert view.resolve("ats.txt") == []


def test_a_source_that_becomes_the_first_must_be_read_again(store: Store) -> None:
    def hashes() -> list[str]:
        with store.read() as view:
            records = [view.source(f"/{name}/cats.txt") for name in "abc"]
        return [record.file_hash for record in records if record is not None]

    # The title and dates that are stored are those of the first source's file.
    with store.write() as writer:
        put(writer, CATS)
        writer.add_source(SourceRecord("/b/cats.txt", "hash of b", CATS.id))
        writer.add_source(SourceRecord("/c/cats.txt", "hash of c", CATS.id))
    first = indexed(CATS).file_hash
    assert hashes() == [first, "hash of b", "hash of c"]
    with store.write() as writer:
        writer.remove_source("/c/cats.txt")
    assert hashes() == [first, "hash of b"], "the first is still the first"
    with store.write() as writer:
        writer.remove_source("/a/cats.txt")
    assert hashes() == [""]
    with store.write() as writer:
        writer.add_source(SourceRecord("/b/cats.txt", "hash of b", CATS.id))
        writer.add_source(SourceRecord("/c/cats.txt", "hash of c", CATS.id))
        put(writer, document("Cats sleep all day.", "/b/cats.txt"))
    with store.read() as view:
        assert view.document(CATS.id).sources == ("/c/cats.txt",)
        moved = view.source("/b/cats.txt")
    assert moved is not None
    assert hashes() == [moved.file_hash, ""]
    assert moved.file_hash != ""
    assert store.check() == []


def test_every_change_is_a_new_generation_and_a_view_keeps_its_own(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as before:
        generation = before.generation
        with store.write() as writer:
            put(writer, SHIPS)
            writer.remove_document(CATS.id)
        with store.read() as after:
            assert after.generation >= generation + 2
            assert dense_ids(after, "cats", limit=9)[0] != passages(CATS)[0].id
        # The vector index has moved on; what this view sees has not.
        assert before.generation == generation
        assert dense_ids(before, "cats purr", limit=1) == [passages(CATS)[0].id]
        assert len(dense_ids(before, "cats", limit=9)) == 2
        assert lexical_ids(before, "ships") == []


def test_there_is_one_writer(store: Store) -> None:
    refused: list[type[Exception]] = []

    def try_to_write() -> None:
        try:
            with store.write():
                pass
        except StoreLockedError as error:
            refused.append(type(error))

    with store.write() as writer:
        thread = threading.Thread(target=try_to_write)
        thread.start()
        thread.join()
        put(writer, CATS)
    with store.write() as writer:
        put(writer, SHIPS)
    assert refused == [StoreLockedError]


def test_a_reindex_switches_at_once_and_handles_what_changed_meanwhile(store: Store) -> None:
    def rebuilt(identifier: str) -> tuple[str, tuple, np.ndarray]:
        with store.read() as view:
            item = indexed(view.document(identifier), OTHER_ENCODER)
        return identifier, item.passages, item.vectors

    others = list(synthetic(30))
    with store.write() as writer:
        put(writer, CATS, SHIPS, *others)
        writer.begin_index(OTHER_SPEC)
        assert len(writer.pending_documents()) == 32
        writer.put_passages([rebuilt(i) for i in writer.pending_documents()])
    changed = document("Cats sleep all day.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, changed)  # CATS goes, `changed` is new
        put(writer, document(SHIPS.text, title="Sea"))  # the same id, changed
        writer.remove_document(others[0].id)
        writer.begin_index(OTHER_SPEC)
        assert writer.pending_documents() == [SHIPS.id, changed.id]
        with pytest.raises(StoreError, match="2 documents"):
            writer.activate_index()
        writer.put_passages([rebuilt(SHIPS.id), rebuilt(changed.id)])
        with store.read() as before:
            assert before.index == SPEC
            writer.activate_index()
            assert dense_ids(before, "cats sleep all day", limit=1) == [passages(changed)[0].id]
    assert store.status().building is None
    with store.read() as view:
        assert view.index == OTHER_SPEC
        vector = query("cats sleep all day", OTHER_ENCODER)
        best = view.dense_search(vector, limit=100)
        assert best[0].passage_id == passages(changed)[0].id
        assert len(best) == store.status().passages == 29 * 3 + 2 + 1
        assert lexical_ids(view, "sleep") == [passages(changed)[0].id]
    assert store.check() == []


def test_a_reindex_with_another_spec_discards_the_one_begun(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        writer.begin_index(OTHER_SPEC)
        item = indexed(CATS, OTHER_ENCODER)
        writer.put_passages([(CATS.id, item.passages, item.vectors)])
        assert writer.pending_documents() == []
        writer.begin_index(SPEC)
        assert writer.pending_documents() == [CATS.id]
    with store.write() as writer:
        item = indexed(CATS)
        writer.put_passages([(CATS.id, item.passages, item.vectors)])
        writer.activate_index()
        with pytest.raises(StoreError):
            writer.activate_index()
    assert store.check() == []


def test_vectors_can_be_replaced(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS)
    with store.read() as view:
        assert dense_ids(view, "ships", limit=1) == [passages(SHIPS)[0].id]
    with store.write() as writer:
        first = passages(CATS)[0].id
        writer.put_vectors([first], ENCODER.encode_passages(["ships ships ships"]))
    with store.read() as view:
        assert dense_ids(view, "ships", limit=1) == [first]
    assert store.check() == []
    assert store.passages_without_vectors() == []


MINISTER = document(
    "The minister opened the laboratory in Shenzhen.\nIts organisation has a new programme.",
    "/a/minister.txt",
)


def test_a_mistyped_word_finds_what_it_was_meant_to_be(store: Store) -> None:
    with store.write() as writer:
        put(writer, MINISTER, CATS, SHIPS)
    first = passages(MINISTER)[0].id
    with store.read() as view:
        assert lexical_ids(view, "labortaory") == [first]
        assert lexical_ids(view, "Shenzen") == [first]
        assert view.respelled("Who opned the labortaory?") == "Who opened the laboratory?"
        assert view.respelled("Who opened the laboratory?") == "Who opened the laboratory?"


def test_a_word_of_the_archive_counts_more_than_one_it_may_be_mistyped_for(store: Store) -> None:
    zhang = document("Zhang Wei spoke about trade.", "/a/zhang.txt")
    unknown = document("Zheng spoke about trade.", "/a/zheng.txt")
    with store.write() as writer:
        put(writer, zhang)
    with store.read() as view:
        guessed = view.lexical_search("zheng", limit=5)[0].score
    with store.write() as writer:
        put(writer, unknown)
    with store.read() as view:
        assert lexical_ids(view, "zheng") == [passages(unknown)[0].id]
        assert view.respelled("zheng") == "zheng"
    with store.write() as writer:
        writer.remove_document(unknown.id)
    with store.read() as view:
        assert guessed == pytest.approx(view.lexical_search("zhang", limit=5)[0].score / 2)


def test_british_and_american_spellings_find_each_other(store: Store) -> None:
    with store.write() as writer:
        put(writer, MINISTER, CATS)
    second = passages(MINISTER)[1].id
    with store.read() as view:
        assert lexical_ids(view, "organization") == lexical_ids(view, "program") == [second]


def test_an_english_word_that_the_archive_lacks_is_not_taken_for_another(store: Store) -> None:
    with store.write() as writer:
        put(writer, document("The plane landed late.", "/a/plane.txt"), CATS)
    with store.read() as view:
        assert lexical_ids(view, "plant") == []
        assert view.respelled("Which plant?") == "Which plant?"


def test_no_number_is_taken_for_another(store: Store) -> None:
    with store.write() as writer:
        put(writer, document("Founded in 2019 with 4521 members.", "/a/n.txt"), CATS)
    with store.read() as view:
        assert lexical_ids(view, "2018 4522") == []
        assert view.respelled("4522 members") == "4522 members"


@pytest.mark.slow
def test_a_filter_that_leaves_one_passage_in_a_thousand_loses_none_of_them(store: Store) -> None:
    items = [indexed(of) for of in synthetic(1667)]  # 5,001 passages
    with store.write() as writer:
        writer.put(items, SPEC)
    filters = Filters(sources=("/0-344.txt", "/0-1012.txt"))
    kept = [it for it in items if it.document.sources[0].endswith(("/0-344.txt", "/0-1012.txt"))]
    allowed = {p.id for item in kept for p in item.passages}
    assert len(allowed) == 6
    with store.read() as view:
        for item in items[::400]:
            text = item.passages[0].search_text
            found = view.dense_search(query(text), limit=10, filters=filters)
            assert [hit.passage_id for hit in found] == [
                name for name, _ in brute_force(kept, query(text), 10)
            ]
            unfiltered = lexical_ids(view, text, limit=5001)
            assert lexical_ids(view, text, sources=filters.sources) == [
                name for name in unfiltered if name in allowed
            ]


def test_documents_are_listed_a_page_at_a_time(store: Store) -> None:
    with store.write() as writer:
        writer.put([indexed(of) for of in synthetic(23)], SPEC)
    names = [f"Report {number}" for number in range(23)]
    assert listed(store) == names
    pages = [listed(store, limit=5, offset=offset) for offset in range(0, 30, 5)]
    assert pages == [names[at : at + 5] for at in range(0, 30, 5)]
    assert listed(store, limit=0) == []
    german = Filters(language="de")
    assert listed(store, german) == names[3::4]
    assert listed(store, german, limit=2, offset=1) == names[7:12:4]


def test_a_page_beyond_what_is_fetched_at_once_is_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.local.view._DOCUMENTS_AT_ONCE", 4)
    with store.write() as writer:
        writer.put([indexed(of) for of in synthetic(23)], SPEC)
    names = [f"Report {number}" for number in range(23)]
    assert listed(store, offset=3) == names[3:]
    for limit in (3, 4, 5, 8, 40):
        assert listed(store, limit=limit, offset=2) == names[2 : 2 + limit]


def test_documents_are_listed_by_words_of_title_and_sources_in_any_case(store: Store) -> None:
    with store.write() as writer:
        put(
            writer,
            document("One.", "/a/ships.txt", "/b/Häfen.txt", title="Über das Meer"),
            document("Two.", "/a/cats.txt", title="50%_of cats"),
            document("Three.", "/c/报告.txt", title="会议报告"),
        )
    assert listed(store, words="ÜBER") == ["Über das Meer"]
    assert listed(store, words="häfen MEER") == ["Über das Meer"]
    assert listed(store, words="ships cats") == []
    assert listed(store, words="/a/") == ["Über das Meer", "50%_of cats"]
    assert listed(store, words="%_") == ["50%_of cats"]
    assert listed(store, words="报告") == ["会议报告"]
    assert listed(store, words="  ") == ["Über das Meer", "50%_of cats", "会议报告"]
    assert listed(store, words="\ud800") == []
    assert listed(store, Filters(sources=("ships",)), words="cats") == []


def test_an_upload_is_meant_by_its_name(store: Store) -> None:
    with store.write() as writer:
        put(writer, document("One.", "upload:note.md"))
    with store.read() as view:
        assert view.resolve("note.md") == view.resolve("upload:note.md") != []
        assert view.resolve("ote.md") == []


def test_a_document_that_went_is_told_of_with_what_took_its_place(store: Store) -> None:
    old, new = document("Old.", "/a.txt", title="A"), document("New.", "/a.txt", title="B")
    with store.write() as writer:
        put(writer, old)
        with store.read() as view:
            assert view.former(old.id) is None
            assert view.former("nothing") is None
        put(writer, new)
    with store.read() as view:
        former = view.former(old.id)
        assert former is not None
        assert (former.id, former.title, former.sources) == (old.id, "A", ("/a.txt",))
        assert former.replaced_by == new.id
        assert former.gone_at[:2] == "20"
        assert view.former(new.id) is None


def test_a_removed_document_has_nothing_in_its_place(store: Store) -> None:
    both = document("Both.", "/b.txt", "/c.txt")
    with store.write() as writer:
        put(writer, CATS, both)
        writer.remove_document(CATS.id)
        writer.remove_document(both.id)
    with store.read() as view:
        former = view.former(CATS.id)
        assert former is not None
        assert (former.sources, former.replaced_by) == (CATS.sources, None)
        former = view.former(both.id)
        assert former is not None
        assert former.sources == ("/b.txt", "/c.txt")


def test_a_document_losing_its_last_source_went_and_one_with_others_did_not(store: Store) -> None:
    both = document("Both.", "/b.txt", "/c.txt")
    with store.write() as writer:
        put(writer, both)
        writer.remove_source("/b.txt")
        with store.read() as view:
            assert view.former(both.id) is None
        writer.remove_source("/c.txt")
    with store.read() as view:
        former = view.former(both.id)
        assert former is not None
        assert former.sources == ("/c.txt",)


def test_a_document_that_comes_back_is_no_former_one(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        writer.remove_document(CATS.id)
        put(writer, CATS)
    with store.read() as view:
        assert view.former(CATS.id) is None
        assert view.document(CATS.id).title == "Animals"
    assert store.check() == []
