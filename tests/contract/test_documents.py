"""What every store promises of documents, their texts and their sources."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from rag.errors import IndexMismatchError, StoreError, StoreLockedError, UnknownDocumentError
from rag.store.base import Store
from rag.store.records import SourceRecord
from rag.types import Filters, Span
from tests.store_cases import (
    OTHER_ENCODER,
    OTHER_SPEC,
    SPEC,
    as_put,
    dense_ids,
    document,
    indexed,
    lexical_ids,
    passages,
    put,
    synthetic,
)

CATS = document("Cats purr at night.\nDogs bark in the yard.", "/a/cats.txt", title="Animals")
SHIPS = document("Ships cross the ocean.\nHarbours close in winter.", "/a/ships.txt")


def listed(store: Store, filters: Filters = Filters(), **paging: object) -> list[str]:
    with store.read() as view:
        found = [summary.title for summary in view.documents(filters, **paging)]  # type: ignore[arg-type]
        if "limit" not in paging and "offset" not in paging:
            assert view.count_documents(filters, **paging) == len(found)  # type: ignore[arg-type]
        return found


def test_an_empty_store_reads_as_empty(store: Store) -> None:
    with store.read() as view:
        assert view.empty
        assert list(view.documents()) == []
        assert view.resolve("cats.txt") == []
        assert view.summaries(["nothing"]) == {}
        assert view.text_windows([]) == []


def test_what_was_put_comes_back_equal(store: Store, open_store: Callable[[], Store]) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS)
    for opened in (store, open_store()):
        with opened.read() as view:
            stored = view.document(CATS.id)
            assert as_put(stored) == CATS
            assert [found.kind for found in stored.dates].count("ingested") == 1
            assert [found.id for found in view.documents()] == [CATS.id, SHIPS.id]
            record = view.source("/a/cats.txt")
        assert record == SourceRecord("/a/cats.txt", indexed(CATS).file_hash, CATS.id)


def test_a_summary_is_the_document_without_its_text(store: Store) -> None:
    dated = document("It was said.", "/b.txt", "/a.txt", published=date(2020, 2, 29))
    with store.write() as writer:
        put(writer, CATS, dated)
    with store.read() as view:
        found = view.summaries([dated.id, "nothing", CATS.id, dated.id])
        assert list(found) == [dated.id, CATS.id]
        assert list(found.values()) == [*view.documents()][::-1]
    summary = found[dated.id]
    for field in ("id", "sources", "title", "content_hash", "language", "dates", "metadata"):
        assert getattr(summary, field) == getattr(dated, field), field
    assert (summary.characters, summary.passages) == (len(dated.text), 1)
    assert summary.published == dated.published
    assert found[CATS.id].passages == 2


def test_text_windows_are_the_texts_characters(store: Store) -> None:
    text = "Grüße aus 深圳. 👩‍👩‍👧 waves.\r\nA second line."
    wide = document(text)
    with store.write() as writer:
        put(writer, wide, CATS)
    spans = [Span(0, 5), Span(10, 12), Span(14, 19), Span(3, 3), Span(len(text) - 5, len(text) + 9)]
    windows = [(wide.id, span) for span in spans] + [(CATS.id, Span(0, 4)), (wide.id, Span(0, 5))]
    with store.read() as view:
        assert view.text_windows(windows) == [
            *(span.of(text) for span in spans),
            "Cats",
            "Grüße",
        ]
        with pytest.raises(UnknownDocumentError):
            view.text_windows([(CATS.id, Span(0, 4)), ("nothing", Span(0, 4))])


@pytest.mark.needs("null_characters")
def test_a_text_may_hold_any_character(store: Store) -> None:
    odd = document("one\x00two\nthree\x00four")
    with store.write() as writer:
        put(writer, odd)
    with store.read() as view:
        assert view.document(odd.id).text == odd.text
        assert view.text_windows([(odd.id, Span(2, 5)), (odd.id, Span(10, 30))]) == [
            "e\x00t",
            "ree\x00four",
        ]


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
        for unknown in (f"{CATS.id}:0-1", "nothing:0-1", "nothing", "a:b-c", "a:9-1"):
            with pytest.raises(KeyError):
                view.passages([unknown])


def test_a_store_is_empty_again_when_its_last_document_is_gone(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
        writer.remove_document(CATS.id)
    with store.read() as view:
        assert view.index == SPEC
        assert view.empty
        assert view.term_statistics([]).passages == 0


def test_the_languages_of_the_documents_are_counted(store: Store) -> None:
    chinese = document("猫在夜里叫。", language="zh")
    with store.write() as writer:
        put(writer, CATS, chinese, SHIPS)
    with store.read() as view:
        assert view.languages() == {"en": 2, "zh": 1}
        assert list(view.languages()) == ["en", "zh"]


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
        put(writer, again)
    with store.read() as view:
        found = view.document(CATS.id)
        assert (found.title, found.sources) == ("Pets", ("/a/cats.txt", "/c/again.txt"))
        assert view.summaries([CATS.id])[CATS.id].passages == 2
        assert len(dense_ids(view, "cats")) == 2
        assert lexical_ids(view, "animals") == []
        assert len(lexical_ids(view, "pets")) == 2
    assert store.check() == []


def test_a_put_is_all_or_none(store: Store) -> None:
    broken, wordless = indexed(SHIPS), indexed(SHIPS)
    broken.index.vectors[1] = np.nan
    wordless = replace(wordless, index=replace(wordless.index, words=()))
    with store.write() as writer:
        put(writer, CATS)
        for item in (broken, wordless):
            with pytest.raises(ValueError):
                writer.put([indexed(document("Fine text.")), item], SPEC)
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
        assert view.resolve(CATS.id[:6] + "%") == []
        assert view.resolve("/b/cats.txt") == [twin.id]
        assert view.resolve("cats.txt") == [CATS.id, twin.id]
        assert view.resolve("news") == [page.id]
        assert view.resolve("") == []
        assert view.resolve("ats.txt") == []


def test_an_upload_is_meant_by_its_name(store: Store) -> None:
    with store.write() as writer:
        put(writer, document("One.", "upload:note.md"))
    with store.read() as view:
        assert view.resolve("note.md") == view.resolve("upload:note.md") != []
        assert view.resolve("ote.md") == []


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


def test_equal_generations_are_the_same_state(
    store: Store, open_store: Callable[[], Store]
) -> None:
    def generation(opened: Store) -> str:
        with opened.read() as view:
            return view.generation

    seen = [generation(store)]
    with store.write() as writer:
        put(writer, CATS)
        seen.append(generation(store))
        writer.add_source(SourceRecord("/b.txt", "hash", CATS.id))
        seen.append(generation(store))
        writer.remove_document(CATS.id)
    seen.append(generation(store))
    assert len(set(seen)) == 4
    assert generation(store) == generation(open_store()) == store.status().generation == seen[-1]
    assert all(isinstance(token, str) for token in seen)


@pytest.mark.needs("stable_views")
def test_a_view_keeps_its_state_while_others_write(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as before:
        generation = before.generation
        with store.write() as writer:
            put(writer, SHIPS)
            writer.remove_document(CATS.id)
        with store.read() as after:
            assert after.generation != generation
            assert dense_ids(after, "cats", limit=9)[0] != passages(CATS)[0].id
        assert before.generation == generation
        assert dense_ids(before, "cats purr", limit=1) == [passages(CATS)[0].id]
        assert len(dense_ids(before, "cats", limit=9)) == 2
        assert lexical_ids(before, "ships") == []
        assert before.text_windows([(CATS.id, Span(0, 4))]) == ["Cats"]


def test_there_is_one_writer(store: Store, open_store: Callable[[], Store]) -> None:
    refused: list[type[Exception]] = []

    def try_to_write(other: Store) -> None:
        try:
            with other.write():
                pass
        except StoreLockedError as error:
            refused.append(type(error))

    with store.write() as writer:
        for other in (store, open_store()):
            thread = threading.Thread(target=try_to_write, args=(other,))
            thread.start()
            thread.join()
        put(writer, CATS)
    with store.write() as writer:
        put(writer, SHIPS)
    assert refused == [StoreLockedError] * 2


def test_a_view_or_writer_is_of_no_use_after_its_block(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as view:
        pass
    with pytest.raises(StoreError, match="ended"):
        list(view.documents())
    with pytest.raises(StoreError, match="ended"):
        put(writer, SHIPS)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"), store.read():
        pass


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


def test_names_are_found_in_any_unicode_normal_form(store: Store) -> None:
    # macOS stores "é" as "e" and an accent; "\u1100\u1161" is "가" in parts.
    decomposed = document("One.", "/a/cafe\u0301.txt", title="cafe\u0301.txt")
    korean = document("Two.", "upload:\u1100\u1161.md", title="note")
    both = document("Three.", "/b/caf\u00e9.txt", title="plain")
    with store.write() as writer:
        put(writer, decomposed, korean, both)
    for name in ("caf\u00e9", "cafe\u0301", "CAF\u00c9", "*/caf\u00e9.t?t", "/A/CAFE\u0301"):
        assert "cafe\u0301.txt" in listed(store, Filters(sources=(name,))), name
    assert listed(store, words="caf\u00e9 /a/") == ["cafe\u0301.txt"]
    assert listed(store, words="\uac00") == ["note"]
    with store.read() as view:
        assert view.resolve("/a/caf\u00e9.txt") == [decomposed.id]
        assert view.resolve("/b/cafe\u0301.txt") == [both.id]
        assert view.resolve("caf\u00e9.txt") == [decomposed.id, both.id]
        assert view.resolve("\uac00.md") == [korean.id]


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
