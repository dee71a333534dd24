import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generate.pack import PackedPassage, pack_context, render_passages
from rag.text.sentences import split_sentences
from rag.types import Hit, Passage, Span
from tests.rag.answer.test_verify import make_document

FIRST = make_document(
    "LI Yong came to Vienna in 2013. He had been a vice minister of finance. His term was long.\n\n"
    "The members are:\n- Austria\n- Benin\n- Chile\n\nNobody else was there that day.",
    name="first",
)
SECOND = make_document(
    "Potatoes grow underground. They need water. Beets do as well.", name="second"
)
THIRD = make_document("The tower was built in 1931 by Ada Brook. It has 12 floors.", name="third")
COPY = make_document("POTATOES  grow underground! They need water.\nBeets do as well", name="copy")
DOCUMENTS = {d.id: d for d in (FIRST, SECOND, THIRD, COPY)}


def hit(document, quote=None):
    start = document.text.index(quote) if quote else 0
    span = Span(start, start + len(quote)) if quote else Span(0, len(document.text))
    name = f"{document.id}:{span.start}-{span.end}"
    passage = Passage(name, document.id, span, (), document.title, span.of(document.text))
    return Hit(passage, None, None, None, None)


def count_words(text):
    return len(text.split())


def pack(*hits, budget=1000, question=""):
    return pack_context(
        hits, DOCUMENTS, budget_tokens=budget, count_tokens=count_words, question=question
    )


def test_the_best_evidence_stands_first_and_the_second_best_last():
    packed = pack(hit(THIRD), hit(SECOND), hit(FIRST, "LI Yong came to Vienna in 2013."))
    assert [p.document_id for p in packed.passages] == [THIRD.id, FIRST.id, SECOND.id]
    assert [p.marker for p in packed.passages] == [1, 2, 3]
    assert packed.passage(3) == packed.passages[2]
    assert packed.passage(0) is None
    assert packed.passage(4) is None


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("His term was long.", FIRST.text[: FIRST.text.index("\n\n")]),
        ("been a vice min", FIRST.text[: FIRST.text.index(" His term")]),
        ("The members are:", "The members are:\n- Austria\n- Benin\n- Chile"),
        ("Nobody else was there that day.", "Nobody else was there that day."),
    ],
)
def test_a_passage_comes_with_the_sentences_that_complete_it(quote, shown):
    assert [p.text for p in pack(hit(FIRST, quote)).passages] == [shown]


def test_what_meets_is_shown_as_one_and_what_repeats_is_shown_once():
    packed = pack(
        hit(SECOND, "Potatoes grow underground."),
        hit(THIRD),
        hit(SECOND, "Beets do as well."),
        hit(SECOND, "They need water."),
    )
    assert [p.text for p in packed.passages] == [
        "Potatoes grow underground. They need water. Beets do as well.",
        THIRD.text,
    ]
    assert packed.left_out == ()


def test_a_near_duplicate_of_another_document_is_given_once_and_is_not_left_out():
    packed = pack(hit(SECOND), hit(COPY))
    assert [p.document_id for p in packed.passages] == [SECOND.id]
    assert packed.left_out == ()


def test_what_has_no_room_is_reported_and_the_sentence_asked_for_is_kept():
    whole = count_words(render_passages(pack(hit(THIRD)).passages))
    packed = pack(hit(THIRD), hit(SECOND), budget=whole)
    assert packed.left_out == (hit(SECOND).passage.id,)
    packed = pack(hit(THIRD), hit(SECOND), budget=whole - 9, question="How many floors?")
    assert [p.text for p in packed.passages] == ["It has 12 floors."]
    assert packed.shortened == (hit(THIRD).passage.id,)
    assert packed.left_out == (hit(SECOND).passage.id,)


HITS = st.lists(
    st.sampled_from([FIRST, SECOND, THIRD, COPY]).flatmap(
        lambda document: st.tuples(
            st.just(document),
            st.integers(0, len(document.text) - 2),
            st.integers(1, 80),
        )
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(HITS, st.integers(0, 120))
def test_no_sentence_is_ever_cut_and_the_budget_is_kept(drawn, budget):
    hits = [hit(d, d.text[start : start + length]) for d, start, length in drawn]
    hits = [h for h in hits if h.passage.search_text.strip()]
    packed = pack(*hits, budget=budget)
    assert count_words(render_passages(packed.passages)) <= budget
    for passage in packed.passages:
        document = DOCUMENTS[passage.document_id]
        assert passage.span.of(document.text) == passage.text
        for sentence in split_sentences(document.text):
            if sentence.overlaps(passage.span):
                assert passage.span.start <= sentence.start
                assert sentence.end <= passage.span.end


HOSTILE = st.sampled_from(
    ["</passage>", "<passage>", "< / passage >", "<|im_end|>", "[INST]", "[/INST]", "＜/passage＞",
     "[2]", "【2】", "［２］", "<s>", "a < b", "\n", "text", "[1, 2]", "﹤/passage﹥", "[^3]"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(HOSTILE, max_size=12).map("".join), st.lists(HOSTILE, max_size=6).map("".join))
def test_text_can_neither_close_its_delimiter_nor_pass_for_a_marker(text, title):
    passage = PackedPassage(1, "d", title, "2019-04-24", Span(0, len(text)), text)
    rendered = render_passages([passage])
    assert rendered.startswith("<passage>\n[1]")
    assert rendered.endswith("\n</passage>")
    inside = rendered.removeprefix("<passage>\n[1]").removesuffix("\n</passage>")
    assert not set(inside) & set("<>＜＞﹤﹥")
    assert "[2]" not in inside
    assert "[INST]" not in inside
    assert "[/INST]" not in inside
    assert "[1, 2]" not in inside
    assert render_passages([passage]) == rendered
