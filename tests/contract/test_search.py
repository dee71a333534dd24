"""What every store promises of search, with the tolerances that an engine may use."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from rag.errors import StoreError
from rag.store.base import Store
from rag.store.records import IndexedDocument, IndexedPassages, PassageWords, TermStatistics
from rag.types import DocumentDate, Filters, QueryTerm
from tests.store_cases import (
    ENCODER,
    OTHER_ENCODER,
    OTHER_SPEC,
    SPEC,
    brute_force,
    dense_ids,
    document,
    indexed,
    indexed_passages,
    lexical_ids,
    passages,
    put,
    query,
    synthetic,
)

# Of the best ten passages that scoring every one would give, so many are found.
LEAST_RECALL = 0.95
# Vectors may be kept at half precision.
SCORE_TOLERANCE = 2e-3

CATS = document("Cats purr at night.\nDogs bark in the yard.", "/a/cats.txt", title="Animals")
SHIPS = document("Ships cross the ocean.\nHarbours close in winter.", "/a/ships.txt")


def recall(found: Sequence[str], expected: Sequence[str]) -> float:
    return len(set(found) & set(expected)) / len(expected) if expected else 1.0


def with_words(text: str, *words: str, title: Sequence[str] = ()) -> IndexedDocument:
    """A document of one passage that is found by these words."""
    item = indexed(document(text))
    given = PassageWords(tuple(title), words)
    return replace(item, index=replace(item.index, words=(given,)))


def asked(*words: str, weight: float = 1.0) -> list[QueryTerm]:
    return [QueryTerm(word, (), weight) for word in words]


# --- passages ---


def test_an_empty_store_finds_nothing(store: Store) -> None:
    with store.read() as view:
        assert view.index is None
        assert view.dense_search(query("cats"), limit=5) == []
        assert view.lexical_search(asked("cat"), limit=5) == []
        assert view.term_statistics(["cat"]) == TermStatistics(0, {"cat": 0})
        assert view.vocabulary(["c"]) == {"c": {}}


def test_passages_are_read_in_the_order_asked_for(store: Store) -> None:
    others = list(synthetic(80))
    with store.write() as writer:
        put(writer, CATS, SHIPS, *others)
    made = [passage for of in (CATS, SHIPS, *others) for passage in passages(of)][::-1]
    with store.read() as view:
        assert view.index == SPEC
        assert view.passages([passage.id for passage in made]) == made
        assert view.passages([made[0].id, made[1].id, made[0].id]) == [made[0], made[1], made[0]]
        assert view.passages([]) == []


@pytest.mark.needs("immediate_search")
def test_each_retriever_ranks_the_passage_about_the_query_first(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS, *synthetic(80))
    harbours = passages(SHIPS)[1].id
    with store.read() as view:
        assert dense_ids(view, "when do harbours close")[0] == harbours
        assert lexical_ids(view, "when do harbours close")[0] == harbours


# --- dense search ---


def test_dense_search_finds_what_scoring_every_vector_would(store: Store) -> None:
    items = [indexed(of) for of in synthetic(120)]
    with store.write() as writer:
        writer.put(items[:60], SPEC)
        writer.put(items[60:], SPEC)
    recalls = []
    with store.read() as view:
        for number in range(0, 120, 15):
            vector = query(items[number].index.passages[1].search_text)
            found = view.dense_search(vector, limit=10)
            scores = dict(brute_force(items, vector, len(items) * 3))
            expected = list(scores)[:10]
            recalls.append(recall([hit.passage_id for hit in found], expected))
            for hit in found:
                assert hit.score == pytest.approx(scores[hit.passage_id], abs=SCORE_TOLERANCE)
            assert [hit.score for hit in found] == sorted(
                (hit.score for hit in found), reverse=True
            )
    assert sum(recalls) / len(recalls) >= LEAST_RECALL


FILTERS = {
    "source": (Filters(sources=("/0-7.TXT",)), lambda of: "/0-7.txt" in of.sources[0]),
    "globs": (
        Filters(sources=("*/3/0-?3.txt", "0-344")),
        lambda of: (
            of.sources[0].endswith("0-344.txt")
            or of.sources[0] in {f"/archive/3/0-{n}3.txt" for n in range(1, 10)}
        ),
    ),
    "language": (Filters(language="de"), lambda of: of.language == "de"),
    "years": (
        Filters(since=date(2003, 1, 1), until=date(2004, 12, 31)),
        lambda of: of.published.year in (2003, 2004),
    ),
    "as of": (
        Filters(as_of=date(2003, 6, 10)),
        lambda of: of.published.interval()[0] <= date(2003, 6, 10),
    ),
    "nothing": (Filters(language="fr"), lambda of: False),
}


def test_filters_are_exact_however_selective(store: Store) -> None:
    items = [indexed(of) for of in synthetic(350)]  # 1050 passages
    with store.write() as writer:
        writer.put(items, SPEC)
    with store.read() as view:
        for name, (filters, passes) in FILTERS.items():
            kept = [item for item in items if passes(item.document)]
            allowed = {passage.id for item in kept for passage in item.index.passages}
            vector = query(items[5].index.passages[0].search_text)
            found = [hit.passage_id for hit in view.dense_search(vector, limit=10, filters=filters)]
            expected = [passage for passage, _ in brute_force(kept, vector, 10)]
            assert set(found) <= allowed, name
            assert len(found) == min(10, len(allowed)), name
            assert recall(found, expected) >= LEAST_RECALL, name
            terms = asked("w1", "w2", "w3", "w4")
            everywhere = view.lexical_search(terms, limit=2000)
            filtered = view.lexical_search(terms, limit=2000, filters=filters)
            assert filtered == [hit for hit in everywhere if hit.passage_id in allowed], name
            assert [found.id for found in view.documents(filters)] == [
                item.document.id for item in kept
            ], name


def test_as_of_a_day_an_undated_document_is_there(store: Store) -> None:
    undated = document("Cats sleep.")
    with store.write() as writer:
        put(writer, undated)
    with store.read() as view:
        assert dense_ids(view, "cats", as_of=date(2003, 6, 10)) != []
        assert dense_ids(view, "cats", as_of=date(2003, 6, 10), since=date(1, 1, 1)) == []


def test_a_date_that_may_mean_an_earlier_day_is_there(store: Store) -> None:
    year = replace(CATS, dates=(DocumentDate(2019, None, None, "published", "url"),))
    with store.write() as writer:
        put(writer, year)
    with store.read() as view:
        assert dense_ids(view, "cats", as_of=date(2019, 1, 1)) != []
        assert dense_ids(view, "cats", as_of=date(2018, 12, 31)) == []
        assert lexical_ids(view, "cats", as_of=date(2018, 12, 31)) == []


def test_a_document_without_a_publication_date_passes_no_date_filter(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS)
    with store.read() as view:
        assert dense_ids(view, "cats", since=date(1, 1, 1)) == []
        assert lexical_ids(view, "cats", until=date(9999, 1, 1)) == []
        assert lexical_ids(view, "cats") != []


# --- lexical search ---


def bm25(items: Sequence[IndexedDocument], words: Sequence[str]) -> dict[str, float]:
    """The obvious BM25 (k1 1.2, b .75) of every passage that has one of the words."""
    held = {
        passage.id: Counter((*of.title, *of.body))
        for item in items
        for passage, of in zip(item.index.passages, item.index.words, strict=True)
    }
    mean = sum(counts.total() for counts in held.values()) / len(held)
    scores: dict[str, float] = {}
    for word in words:
        having = sum(word in counts for counts in held.values())
        weight = math.log((len(held) - having + 0.5) / (having + 0.5))
        for identifier, counts in held.items():
            if tf := counts[word]:
                length = 1 - 0.75 + 0.75 * counts.total() / mean
                score = max(weight, 1e-6) * tf * 2.2 / (tf + 1.2 * length)
                scores[identifier] = scores.get(identifier, 0.0) + score
    return scores


def test_lexical_search_ranks_by_bm25(store: Store) -> None:
    items = [indexed(of) for of in synthetic(150)]
    with store.write() as writer:
        writer.put(items, SPEC)
    recalls = []
    with store.read() as view:
        for item in items[::15]:
            words = item.index.words[1].body
            found = view.lexical_search(asked(*words), limit=10)
            scores = bm25(items, words)
            expected = sorted(scores, key=lambda key: (-scores[key], key))[:10]
            recalls.append(recall([hit.passage_id for hit in found], expected))
            ranked = [scores[hit.passage_id] for hit in found]
            assert all(a >= b - 0.02 * abs(a) for a, b in itertools.pairwise(ranked))
    assert sum(recalls) / len(recalls) >= LEAST_RECALL


def test_words_are_compared_by_their_characters_alone(store: Store) -> None:
    odd = [
        '"',
        "-",
        "and",
        "near(",
        "title:cats",
        "^",
        "3.14",
        "it's",
        "深圳",
        "🙂",
        "a*",
        "ü",
        "%",
    ]
    with store.write() as writer:
        writer.put([with_words(f"Text {n}.", word, "same") for n, word in enumerate(odd)], SPEC)
    ids = {word: passages(document(f"Text {n}."))[0].id for n, word in enumerate(odd)}
    with store.read() as view:
        for word in odd:
            found = [hit.passage_id for hit in view.lexical_search(asked(word), limit=99)]
            assert found == [ids[word]], word
        for word in ("3", "14", "it", "深", "u", "cats", "sam", "same*"):
            assert view.lexical_search(asked(word), limit=5) == [], word
        assert view.term_statistics([*odd, "same", "3"]) == TermStatistics(
            len(odd), {**dict.fromkeys(odd, 1), "same": len(odd), "3": 0}
        )


def test_an_alternative_is_as_good_as_the_word_and_a_weight_multiplies_the_score(
    store: Store,
) -> None:
    fillers = [with_words(f"Filler {n}.", "other", "words") for n in range(9)]
    with store.write() as writer:
        writer.put([with_words("British.", "centr", "town"), *fillers], SPEC)
    with store.read() as view:
        (exact,) = view.lexical_search(asked("centr"), limit=5)
        (either,) = view.lexical_search([QueryTerm("center", ("centr",), 1.0)], limit=5)
        (half,) = view.lexical_search(asked("centr", weight=0.5), limit=5)
        (both,) = view.lexical_search([*asked("town"), *asked("centr", weight=0.5)], limit=5)
        (town,) = view.lexical_search(asked("town"), limit=5)
    assert exact.score == pytest.approx(either.score)
    assert half.score == pytest.approx(exact.score / 2)
    assert both.score == pytest.approx(town.score + half.score)


def test_a_title_counts_as_much_as_the_text(store: Store) -> None:
    titled = with_words("Titled.", "other", title=("rare",))
    bodied = with_words("Bodied.", "rare", title=("other",))
    with store.write() as writer:
        writer.put([titled, bodied, *(with_words(f"No {n}.", "x", "y") for n in range(9))], SPEC)
    with store.read() as view:
        first, second = view.lexical_search(asked("rare"), limit=5)
    assert first.score == pytest.approx(second.score)


def test_lexical_scores_are_positive_even_for_words_every_passage_has(store: Store) -> None:
    with store.write() as writer:
        put(writer, *(document(f"common word number{n}") for n in range(9)))
    with store.read() as view:
        hits = view.lexical_search(asked("common"), limit=5)
        assert view.lexical_search([], limit=5) == []
        assert view.lexical_search(asked("common"), limit=0) == []
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


# --- term statistics ---


def test_statistics_count_the_passages_of_the_active_index(store: Store) -> None:
    items = [indexed(of) for of in synthetic(50)]
    with store.write() as writer:
        writer.put(items, SPEC)
        writer.begin_index(OTHER_SPEC)  # one being built is not counted
        first = items[0].document
        writer.put_passages({first.id: indexed_passages(first, OTHER_ENCODER)})
    held = [{*of.title, *of.body} for item in items for of in item.index.words]
    words = ["report", "part", "w1", "w399", "only0x7", "unheard"]
    with store.read() as view:
        assert view.term_statistics(words) == TermStatistics(
            150, {word: sum(word in has for has in held) for word in words}
        )
        limited = view.term_statistics(["part", "only0x7"], limit=9).frequencies
        assert (limited["part"] >= 9, limited["only0x7"]) == (True, 1)


def test_the_vocabulary_is_the_words_of_the_passages(store: Store) -> None:
    with store.write() as writer:
        writer.put(
            [
                with_words("One.", "zheng", "zhang", "ab", title=("zeta",)),
                with_words("Two.", "zhang", "深圳", "深海"),
            ],
            SPEC,
        )
    with store.read() as view:
        assert view.vocabulary(["zh", "深", "q"]) == {
            "zh": {"zheng": 1, "zhang": 2},
            "深": {"深圳": 1, "深海": 1},
            "q": {},
        }
    with store.write() as writer:
        writer.remove_document(document("One.").id)
    with store.read() as view:
        assert view.vocabulary(["z"]) == {"z": {"zhang": 1}}


# --- building beside ---


def test_a_reindex_switches_at_once_and_handles_what_changed_meanwhile(store: Store) -> None:
    def rebuilt(*identifiers: str) -> dict[str, IndexedPassages]:
        with store.read() as view:
            return {
                identifier: indexed_passages(view.document(identifier), OTHER_ENCODER)
                for identifier in identifiers
            }

    others = list(synthetic(30))
    with store.write() as writer:
        put(writer, CATS, SHIPS, *others)
        writer.begin_index(OTHER_SPEC)
        assert len(writer.pending_documents()) == 32
        writer.put_passages(rebuilt(*writer.pending_documents()))
    changed = document("Cats sleep all day.", "/a/cats.txt")
    with store.write() as writer:
        put(writer, changed)  # CATS goes, `changed` is new
        put(writer, document(SHIPS.text, title="Sea"))  # the same id, changed
        writer.remove_document(others[0].id)
        writer.begin_index(OTHER_SPEC)
        assert writer.pending_documents() == [SHIPS.id, changed.id]
        with pytest.raises(StoreError, match="2 documents"):
            writer.activate_index()
        writer.put_passages(rebuilt(SHIPS.id, changed.id))
        with store.read() as before:
            assert before.index == SPEC
            if "stable_views" not in store.lacks:
                writer.activate_index()
                best = dense_ids(before, "cats sleep all day", limit=1)
                assert best == [passages(changed)[0].id]
        if "stable_views" in store.lacks:
            writer.activate_index()
    assert store.status().building is None
    with store.read() as view:
        assert view.index == OTHER_SPEC
        vector = query("cats sleep all day", OTHER_ENCODER)
        best_hits = view.dense_search(vector, limit=100)
        assert best_hits[0].passage_id == passages(changed)[0].id
        assert len(best_hits) == store.status().passages == 29 * 3 + 2 + 1
        assert lexical_ids(view, "sleep") == [passages(changed)[0].id]
    assert store.check() == []


def test_a_reindex_with_another_spec_discards_the_one_begun(store: Store) -> None:
    words = replace(SPEC, words="words.next")
    with store.write() as writer:
        put(writer, CATS)
        for spec, encoder in ((OTHER_SPEC, OTHER_ENCODER), (words, ENCODER)):
            writer.begin_index(spec)
            assert writer.pending_documents() == [CATS.id]
            writer.put_passages({CATS.id: indexed_passages(CATS, encoder)})
            assert writer.pending_documents() == []
    with store.write() as writer:
        writer.activate_index()
        with pytest.raises(StoreError):
            writer.activate_index()
    with store.read() as view:
        assert view.index == words
    assert store.check() == []


def test_vectors_and_words_can_be_replaced(store: Store) -> None:
    with store.write() as writer:
        put(writer, CATS, SHIPS)
    first, *_ = passages(CATS)
    with store.write() as writer:
        writer.put_vectors([first.id], ENCODER.encode_passages(["ships ships ships"]))
        writer.put_words([first.id], [PassageWords((), ("nova",))])
        with pytest.raises(KeyError):
            writer.put_vectors(["nothing:0-1"], ENCODER.encode_passages(["x"]))
        with pytest.raises(KeyError):
            writer.put_words(["nothing:0-1"], [PassageWords((), ("x",))])
    with store.read() as view:
        assert dense_ids(view, "ships", limit=1) == [first.id]
        assert lexical_ids(view, "cats") == []
        assert lexical_ids(view, "nova") == [first.id]
    assert store.check() == []


@pytest.mark.slow
def test_a_filter_that_leaves_one_passage_in_a_thousand_loses_none_of_them(store: Store) -> None:
    items = [indexed(of) for of in synthetic(1667)]  # 5,001 passages
    with store.write() as writer:
        writer.put(items, SPEC)
    filters = Filters(sources=("/0-344.txt", "/0-1012.txt"))
    kept = [it for it in items if it.document.sources[0].endswith(("/0-344.txt", "/0-1012.txt"))]
    allowed = {passage.id for item in kept for passage in item.index.passages}
    assert len(allowed) == 6
    with store.read() as view:
        for item in items[::400]:
            vector = query(item.index.passages[0].search_text)
            found = view.dense_search(vector, limit=10, filters=filters)
            assert {hit.passage_id for hit in found} == allowed
            terms = asked(*item.index.words[0].body)
            everywhere = view.lexical_search(terms, limit=5001)
            filtered = view.lexical_search(terms, limit=10, filters=filters)
            assert filtered == [hit for hit in everywhere if hit.passage_id in allowed]
