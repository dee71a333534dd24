"""The pipeline as its consumers see it: events, cancelling, and words only from the archive."""

import json
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LanguageModelError, SettingsError
from rag.settings import AnswerSettings, LanguageModelSettings
from rag.store.local.connection import DATABASE_NAME
from rag.types import (
    Abstention,
    Answer,
    Claimed,
    Finished,
    Question,
    Ranked,
    Read,
    Turn,
    Understood,
    Waiting,
)
from tests.fakes import ScriptedModel

DOCUMENTS = {
    "prize.txt": "The physics prize\n\nHer husband won the prize in 1903. She taught in Sèvres.\n",
    "budget.txt": "The budget\n\nThe bridge cost CHF 20 million. Half a million crossed it.\n",
    "trial.txt": "The trial\n\nThe drug reduced deaths in mice. It was not tried on people.\n",
    "zh.txt": "桥梁\n\n这座桥耗资两千万瑞士法郎。五十万人走过这座桥。\n",
}
QUESTION = "Who won the prize in 1903?"


@pytest.fixture
def archive(quick, tmp_path):
    """A function that opens the documents with a language model that replies so."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    plain = quick()
    plain.ingest(folder)

    def opened(script=None, *, min_support=0.0, **options):
        model = None if script is None else ScriptedModel(script, **options)
        # Whatever its support, so that these tests are about the choice.
        return quick(model=model, language_model=LanguageModelSettings(min_support=min_support))

    return opened


def kinds(events):
    return [type(event) for event in events if not isinstance(event, Waiting)]


def test_the_events_come_in_the_order_of_the_stages_and_end_with_the_outcome(archive):
    assistant = archive()
    events = list(assistant.stream(QUESTION))
    outcome = events[-1].outcome
    assert kinds(events) == [Understood, Ranked, Read, *[Claimed] * len(outcome.claims), Finished]
    assert isinstance(outcome, Answer)
    assert events[0].text == QUESTION
    assert events[1].hits == outcome.ranking
    assert tuple(e.claim for e in events if isinstance(e, Claimed)) == outcome.claims
    assert assistant.ask(QUESTION).claims == outcome.claims


def test_an_abstention_has_no_claims(archive):
    events = list(archive().stream("What is the capital of Mongolia?"))
    assert kinds(events) == [Understood, Ranked, Read, Finished]
    assert isinstance(events[-1].outcome, Abstention)


@pytest.fixture
def unsure(archive, quick):
    """The documents, where every statement may answer and none is sure to."""
    archive()
    return quick(answer=AnswerSettings(min_support=1.0, min_uncertain=0.1))


def test_an_answer_that_is_not_sure_says_so_in_every_claim_and_gives_no_short_answer(
    archive, unsure
):
    question = "When did her husband win the prize?"
    events = list(unsure.stream(question))
    outcome = events[-1].outcome
    assert isinstance(outcome, Answer)
    assert not outcome.sure
    assert [e.sure for e in events if isinstance(e, Claimed)] == [False] * len(outcome.claims)
    supports = [claim.support for claim in outcome.claims]
    assert supports == sorted(supports, reverse=True)
    assert min(supports) >= 0.1
    assert outcome.short_answer is None
    sure = archive().ask(question)
    assert sure.sure
    assert sure.short_answer is not None
    assert_stored(outcome)


def test_an_answer_that_is_not_sure_has_no_conflict_and_counts_nothing(quick, tmp_path):
    for year in ("1934", "1936"):
        (tmp_path / f"{year}.txt").write_text(f"The museum of Lindau was founded in {year}.\n")
    boats = "The museum shows these boats:\n\n- the Aurora\n- the Kestrel\n"
    (tmp_path / "boats.md").write_text(boats)
    plain = quick(answer=AnswerSettings(min_support=0.0))
    plain.ingest(*tmp_path.glob("*.txt"), tmp_path / "boats.md")
    unsure = quick(answer=AnswerSettings(min_support=1.0, min_uncertain=0.0))
    founded, many = "When was the museum of Lindau founded?", "How many boats does the museum show?"
    assert plain.ask(founded).conflict
    assert not unsure.ask(founded).conflict
    assert plain.ask(many).counted
    assert unsure.ask(many).counted is None


def test_a_model_is_waited_for_between_the_stages(archive):
    events = list(archive('{"statements": [1]}').stream(QUESTION))
    waiting = [at for at, event in enumerate(events) if isinstance(event, Waiting)]
    assert waiting
    assert isinstance(events[waiting[0] - 1], Read)


def test_closing_the_events_stops_the_model(archive):
    assistant = archive("[1, 2, 3]", size=1)
    events = assistant.stream(QUESTION)
    while not isinstance(next(events), Waiting):
        pass
    next(events)
    events.close()
    assert assistant.models.language_model.closed == 1
    assert list(events) == []


def test_while_a_model_chooses_no_view_of_the_store_is_open(archive):
    assistant = archive("[1]", size=1)
    events = assistant.stream(QUESTION)
    while not isinstance(next(events), Waiting):
        pass
    other = assistant.settings.data.parent / "another.txt"
    other.write_text("Another\n\nIt was written meanwhile.\n", encoding="utf-8")
    assistant.ingest(other)
    with sqlite3.connect(
        assistant.settings.data / DATABASE_NAME, isolation_level=None
    ) as connection:
        busy, frames, moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, frames) == (0, moved), "a reader keeps the log from being truncated"
    assert isinstance(list(events)[-1], Finished)


FALSE = [
    "She won the prize [1].",
    "The bridge cost 20 million dollars [1].",
    "A million people crossed it [1].",
    "The drug reduced deaths [1].",
    '{"statements": ["She won the prize"]}',
    '{"answer": "She won the prize.", "statements": [1]}',
    "She won the prize in 1903, as statement 1 says.",
]


@pytest.mark.parametrize("script", FALSE)
def test_no_sentence_that_a_model_writes_is_ever_shown(archive, script):
    outcome = archive(script).ask(QUESTION)
    assert_stored(outcome)


REPLIES = (
    st.text()
    | st.lists(st.integers(-3, 30)).map(lambda numbers: json.dumps({"statements": numbers}))
    | st.lists(st.integers(0, 12)).map(lambda numbers: " ".join(f"[{n}]" for n in numbers))
    | st.sampled_from(FALSE)
)


@pytest.mark.parametrize("question", [QUESTION, "How much did the bridge cost?", "桥耗资多少？"])
def test_whatever_a_model_replies_an_answer_holds_stored_sentences_alone(archive, question):
    assistant = archive("")

    @given(REPLIES)
    def check(reply):
        assistant.models.language_model.script = reply
        assert_stored(assistant.ask(question))

    check()


def assert_stored(outcome):
    texts = list(DOCUMENTS.values())
    cited = [c for claim in getattr(outcome, "claims", ()) for c in claim.citations]
    for claim in getattr(outcome, "claims", ()):
        assert any(claim.text in text for text in texts)
        assert claim.text == claim.citations[0].quote
    for citation in (*cited, *getattr(outcome, "mentions", ()), *getattr(outcome, "nearest", ())):
        assert any(citation.span.of(text) == citation.quote for text in texts)


def test_a_model_chooses_by_number_and_its_order_is_kept(archive):
    def script(prompt):
        shown = prompt[prompt.index("The real statements:") :].splitlines()
        wanted = ("She taught", "Her husband")
        numbers = [
            int(line[1 : line.index("]")]) for begins in wanted for line in shown if begins in line
        ]
        return json.dumps({"statements": numbers})

    outcome = archive(script).ask(QUESTION)
    assert [claim.text for claim in outcome.claims] == [
        "She taught in Sèvres.",
        "Her husband won the prize in 1903.",
    ]
    assert outcome.selection.model.name == "scripted"
    assert [outcome.candidates[n - 1].quote for n in outcome.selection.chosen] == [
        claim.text for claim in outcome.claims
    ]


def test_a_model_is_not_asked_where_no_statement_has_enough_support(archive):
    assistant = archive('{"statements": [1]}', min_support=0.5)
    outcome = assistant.ask("Who chaired the committee of 1950?")
    assert isinstance(outcome, Abstention)
    assert outcome.selection is None
    assert assistant.models.language_model.prompts == []


def test_a_model_that_finds_no_statement_makes_an_abstention_that_says_so(archive):
    outcome = archive('{"statements": []}').ask(QUESTION)
    assert isinstance(outcome, Abstention)
    assert outcome.reason == "none_chosen"
    assert "language model" in outcome.explanation
    assert outcome.selection.declined


def test_where_a_model_fails_the_support_score_decides(archive):
    failing = archive("", fails=LanguageModelError("it is down", kind="unreachable"))
    outcome, plain = failing.ask(QUESTION), archive().ask(QUESTION)
    assert outcome.claims == plain.claims
    assert outcome.selection.failure == "it is down"


def test_a_follow_up_is_put_in_a_models_words_only_where_it_keeps_what_was_asked(archive):
    history = (Turn("user", QUESTION), Turn("assistant", "Her husband won the prize in 1903."))
    question = Question("Where did she teach?", history=history)

    def script(prompt):
        return "Where did the physics prize teach in 1900?" if "Rewritten" in prompt else "[1]"

    events = list(archive(script).stream(question))
    understood = next(event for event in events if isinstance(event, Understood))
    assert "1900" not in understood.text


def test_writing_is_refused_until_it_can_be_verified(archive):
    assistant = archive("[1]")
    with pytest.raises(SettingsError, match="needs a verifier") as raised:
        assistant.ask(QUESTION, composer="write")
    assert raised.value.remedy == "set it to 'quote'"
    written = replace(assistant.settings, answer=AnswerSettings(composer="write"))
    assistant.settings = written
    with pytest.raises(SettingsError, match="needs a verifier"):
        assistant.stream(QUESTION)
