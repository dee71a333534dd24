from dataclasses import replace

import pytest

from rag.answer.compose import compose_quotes
from rag.answer.decide import decide_by_choice, decide_by_support
from rag.answer.verify import verify_claim
from rag.errors import CitationError
from rag.settings import AnswerSettings
from rag.text.statements import find_statements
from rag.types import Candidate, ModelIdentity, Selection, Span, Statement
from tests.fakes import full_features
from tests.rag.answer.test_verify import make_document

ONE = make_document(
    "More than 300 guests attended UNIDO Day in Shanghai. Speakers came from ten countries. "
    "The fair was held in June.",
    "one.txt",
)
TWO = make_document("More than 300 guests attended the UNIDO Day in Shanghai.", "two.txt")
DOCUMENTS = {document.id: document for document in (ONE, TWO)}
FEATURES = full_features()


def statement_at(document, span):
    """The document's statement at a span; of other spans a sentence without context."""
    found = find_statements(document.text, document.blocks, document.language, span)
    return next((s for s in found if s.span == span), Statement(span, "paragraph", (), ()))


def candidate(document, quote, support):
    start = document.text.index(quote)
    span = Span(start, start + len(quote))
    statement = statement_at(document, span)
    return Candidate(document.id, "p", statement, quote, None, FEATURES, support, "kept")


GUESTS = candidate(ONE, "More than 300 guests attended UNIDO Day in Shanghai.", 0.9)
SPEAKERS = candidate(ONE, "Speakers came from ten countries.", 0.8)
JUNE = candidate(ONE, "The fair was held in June.", 0.85)
AGAIN = candidate(TWO, TWO.text, 0.88)


def decide(*candidates, **settings):
    return decide_by_support(candidates, AnswerSettings(**{"min_support": 0.5, **settings}))


def quotes(decision):
    return [statement.best.quote for statement in decision.quotations]


def claims(decision, documents=DOCUMENTS):
    found = compose_quotes(decision.quotations, documents)
    for claim in found:
        verify_claim(claim, documents)
    return found


def test_a_sentence_below_the_threshold_is_never_said():
    weak = replace(SPEAKERS, support=0.49)
    decision = decide(GUESTS, weak, min_support=0.5, keep_within=1.0)
    assert quotes(decision) == [GUESTS.quote]
    assert "below 0.50" in decision.candidates[1].verdict
    assert decide(weak, min_uncertain=0.5).quotations == ()


def test_the_same_sentence_in_two_documents_is_one_claim_with_two_citations():
    [claim] = claims(decide(GUESTS, AGAIN))
    assert [c.document_id for c in claim.citations] == [ONE.id, TWO.id]


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
    found = claims(decide(*candidates), {d.id: d for d in documents})
    assert [claim.text for claim in found] == [one, other]
    assert [len(claim.citations) for claim in found] == [1, 1]


def test_a_reworded_repetition_is_neither_said_nor_cited():
    reworded = make_document(
        "More than 300 guests attended UNIDO Day in Shanghai yesterday.", "r.txt"
    )
    decision = decide(GUESTS, candidate(reworded, reworded.text, 0.89))
    assert [len(claim.citations) for claim in claims(decision)] == [1]
    assert decision.candidates[1].verdict == "near-duplicate of a sentence quoted"


def test_the_best_sentence_leads_and_the_others_follow_in_reading_order():
    assert quotes(decide(GUESTS, JUNE, SPEAKERS)) == [GUESTS.quote, SPEAKERS.quote, JUNE.quote]


def test_no_more_is_said_than_settings_allow():
    decision = decide(GUESTS, JUNE, SPEAKERS, max_claims=2)
    assert len(decision.quotations) == 2
    assert "already has 2" in decision.candidates[2].verdict
    assert quotes(decide(GUESTS, JUNE, SPEAKERS, keep_within=0.06)) == [GUESTS.quote, JUNE.quote]


def test_where_nothing_is_sure_the_best_that_may_answer_are_quoted_best_first():
    weak = [replace(c, support=s) for c, s in ((JUNE, 0.45), (GUESTS, 0.44), (SPEAKERS, 0.2))]
    decision = decide(*weak, min_support=0.5, min_uncertain=0.3, keep_within=0.0)
    assert not decision.sure
    assert quotes(decision) == [JUNE.quote, GUESTS.quote]
    assert "below 0.30" in decision.candidates[2].verdict
    assert quotes(decide(*weak, min_uncertain=0.1, max_claims=1)) == [JUNE.quote]
    assert decide(*weak, min_uncertain=0.46).quotations == ()


def test_beside_a_sure_sentence_none_that_is_not_is_quoted():
    decision = decide(GUESTS, replace(SPEAKERS, support=0.45), min_uncertain=0.3, keep_within=1.0)
    assert decision.sure
    assert quotes(decision) == [GUESTS.quote]


def test_what_says_the_same_is_cited_beside_it_in_an_unsure_answer_too():
    decision = decide(replace(GUESTS, support=0.4), replace(AGAIN, support=0.35), min_uncertain=0.3)
    [claim] = claims(decision)
    assert [c.document_id for c in claim.citations] == [ONE.id, TWO.id]


def test_a_min_uncertain_above_min_support_leaves_no_unsure_answer():
    sure = decide(replace(GUESTS, support=0.25), min_support=0.2, min_uncertain=0.4)
    assert sure.sure
    assert quotes(sure) == [GUESTS.quote]
    weak = replace(GUESTS, support=0.15)
    assert decide(weak, min_support=0.2, min_uncertain=0.4).quotations == ()


def test_a_claim_whose_quote_is_not_what_stands_there_never_leaves():
    forged = replace(SPEAKERS, quote="Speakers came from ninety countries.", support=0.95)
    with pytest.raises(CitationError):
        claims(decide(forged, GUESTS))


def chose(*numbers):
    return Selection(ModelIdentity("model", "host"), "select.v1", 3, numbers)


def test_what_a_language_model_chose_is_quoted_in_its_order_whatever_its_support():
    weak = replace(SPEAKERS, support=0.1)
    decision = decide_by_choice([GUESTS, AGAIN, weak], chose(3, 1))
    assert quotes(decision) == [weak.quote, GUESTS.quote]
    assert [c.verdict for c in decision.candidates] == [
        "kept",
        "not chosen by the language model",
        "kept",
    ]
    assert decision.sure
    assert decide_by_choice([GUESTS, weak], chose()).quotations == ()


def test_of_a_conflict_a_language_model_never_shows_one_side_only():
    one, other = JUNE, replace(SPEAKERS, document_id=TWO.id)
    decision = decide_by_choice([GUESTS, one, other], chose(2), conflicting=(other, one))
    assert quotes(decision) == [other.quote, one.quote]
    assert decision.conflict
    assert not decide_by_choice([GUESTS, one, other], chose(1), conflicting=(other, one)).conflict
