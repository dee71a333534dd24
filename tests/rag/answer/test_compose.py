from dataclasses import replace

import pytest

from rag.answer.compose import compose_extractive
from rag.answer.settings import AnswerSettings
from rag.types import Candidate, Span
from tests.fakes import full_signs
from tests.rag.answer.test_verify import make_document

ONE = make_document(
    "More than 300 guests attended UNIDO Day in Shanghai. Speakers came from ten countries. "
    "The fair was held in June.",
    "one.txt",
)
TWO = make_document("More than 300 guests attended the UNIDO Day in Shanghai.", "two.txt")
DOCUMENTS = {document.id: document for document in (ONE, TWO)}
SIGNS = full_signs()


def candidate(document, quote, support):
    start = document.text.index(quote)
    span = Span(start, start + len(quote))
    return Candidate(document.id, "p", span, quote, SIGNS, support, "kept")


GUESTS = candidate(ONE, "More than 300 guests attended UNIDO Day in Shanghai.", 0.9)
SPEAKERS = candidate(ONE, "Speakers came from ten countries.", 0.8)
JUNE = candidate(ONE, "The fair was held in June.", 0.85)
AGAIN = candidate(TWO, TWO.text, 0.88)


def compose(*candidates, **settings):
    return compose_extractive(candidates, DOCUMENTS, AnswerSettings(**settings))


def test_a_sentence_below_the_threshold_is_never_said():
    weak = replace(SPEAKERS, support=0.49)
    draft = compose(GUESTS, weak, min_support=0.5, keep_within=1.0)
    assert [claim.text for claim in draft.claims] == [GUESTS.quote]
    assert "below 0.50" in draft.candidates[1].verdict
    assert compose(weak).claims == ()


def test_the_same_sentence_in_two_documents_is_one_claim_with_two_citations():
    draft = compose(GUESTS, AGAIN)
    assert len(draft.claims) == 1
    assert [c.document_id for c in draft.claims[0].citations] == [ONE.id, TWO.id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("More than 300 guests attended the fair.", "More than 260 guests attended the fair."),
        (
            "He opened the new plant on 5 May of that year.",
            "He opened the new plant on 5 June of that year.",
        ),
        (
            "The delegation did attend the closing dinner.",
            "The delegation did not attend the closing dinner.",
        ),
        ("Twelve of the advisers came to the fair.", "Twenty of the advisers came to the fair."),
        (
            "On Monday Mayor Gong opened the new plant there.",
            "On Monday Mayor Wang opened the new plant there.",
        ),
        ("会议没有通过这项关于合作的章程。", "会议通过这项关于合作的章程。"),
    ],
)
def test_a_sentence_that_says_otherwise_is_never_cited_as_support(one, other):
    documents = [make_document(one, "one.txt"), make_document(other, "other.txt")]
    candidates = [candidate(documents[0], one, 0.9), candidate(documents[1], other, 0.89)]
    draft = compose_extractive(candidates, {d.id: d for d in documents}, AnswerSettings())
    assert [claim.text for claim in draft.claims] == [one, other]
    assert [len(claim.citations) for claim in draft.claims] == [1, 1]


def test_a_reworded_repetition_is_neither_said_nor_cited():
    reworded = make_document(
        "More than 300 guests attended UNIDO Day in Shanghai yesterday.", "r.txt"
    )
    draft = compose_extractive(
        [GUESTS, candidate(reworded, reworded.text, 0.89)],
        {**DOCUMENTS, reworded.id: reworded},
        AnswerSettings(),
    )
    assert [len(claim.citations) for claim in draft.claims] == [1]
    assert draft.candidates[1].verdict == "near-duplicate of a sentence said"


def test_the_best_sentence_leads_and_the_others_follow_in_reading_order():
    draft = compose(GUESTS, JUNE, SPEAKERS)
    assert [claim.text for claim in draft.claims] == [GUESTS.quote, SPEAKERS.quote, JUNE.quote]


def test_no_more_is_said_than_settings_allow():
    draft = compose(GUESTS, JUNE, SPEAKERS, max_claims=2)
    assert len(draft.claims) == 2
    assert "already has 2" in draft.candidates[2].verdict
    close = compose(GUESTS, JUNE, SPEAKERS, keep_within=0.06)
    assert [claim.text for claim in close.claims] == [GUESTS.quote, JUNE.quote]


def test_a_claim_whose_citation_does_not_hold_never_leaves():
    forged = replace(SPEAKERS, quote="Speakers came from ninety countries.", support=0.95)
    draft = compose(forged, GUESTS)
    assert [claim.text for claim in draft.claims] == [GUESTS.quote]
    assert "failed verification" in draft.candidates[0].verdict
