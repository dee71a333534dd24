"""The journal in SQLite: stored outcomes, its file, and damage to it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import StoreDamagedError, StoreError, StoreVersionError, UnknownJobError
from rag.store.local.journal import jobs
from rag.store.local.journal.journal import LocalJournal
from rag.store.local.journal.outcomes import dump_outcome, load_outcome
from rag.store.local.store import LocalStore
from rag.types import (
    Abstention,
    Answer,
    Citation,
    Claim,
    Filters,
    ModelIdentity,
    Outcome,
    Question,
    Span,
    Turn,
)
from tests.store_cases import abstention, asked, document, put


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[LocalJournal]:
    opened = LocalJournal(tmp_path / "data")
    yield opened
    opened.close()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
scores = st.floats(0, 1)
days = st.none() | st.dates()
citations = st.builds(
    Citation,
    span=st.builds(lambda start, length: Span(start, start + length), *[st.integers(0, 9999)] * 2),
    **dict.fromkeys(("document_id", "title", "source", "quote"), texts),
)
questions = st.builds(
    Question,
    text=words,
    filters=st.builds(
        Filters,
        sources=st.tuples(texts),
        since=days,
        until=days,
        language=st.none() | texts,
        as_of=days,
    ),
    history=st.just(()),
    as_of=days,
)
several = st.lists(citations, max_size=2).map(tuple)
claims = st.builds(Claim, text=texts, citations=several, support=scores, context=several)
common = {
    "question": questions,
    "ranking": st.just(()),
    "candidates": st.just(()),
    "models": st.dictionaries(words, st.builds(ModelIdentity, name=texts, revision=texts)),
    "timings_ms": st.dictionaries(words, st.floats(0, 1e9)),
}
outcomes = st.one_of(
    st.builds(Answer, claims=st.lists(claims, max_size=2).map(tuple), **common),
    st.builds(Abstention, mentions=several, nearest=several, **common),
)


@given(outcomes)
def test_every_outcome_is_read_back_as_it_was(outcome: Outcome) -> None:
    assert load_outcome(dump_outcome(outcome)) == outcome


def test_a_stored_outcome_is_without_receipt_and_history() -> None:
    question = Question("and then?", history=(Turn("user", "private words"),))
    stored = dump_outcome(replace(abstention("x"), question=question))
    assert "private words" not in stored
    assert load_outcome(stored).question == replace(question, history=())


def test_an_outcome_of_the_version_before_shows_what_it_quotes() -> None:
    cited = Citation("d", "h", "T", "/a.txt", None, Span(0, 4), "*It*", "It")
    answer = Answer(
        Question("q"), None, (Claim("*It*", "It", (cited,), 0.9),), (), (), {}, "1", {}, cited
    )
    stored = json.loads(dump_outcome(answer))
    (claim,) = stored["outcome"]["claims"]
    for part in (claim, *claim["citations"], stored["outcome"]["short_answer"]):
        del part["shown"]
    del stored["outcome"]["counted"]
    read = load_outcome(json.dumps(stored | {"version": 2}))
    assert isinstance(read, Answer)
    assert (read.claims[0].shown, read.claims[0].citations[0].shown) == ("*It*", "*It*")
    assert read.sure


def test_every_answer_of_version_3_was_sure_and_its_readers_refuse_what_may_not_be() -> None:
    answer = Answer(Question("q"), None, (), (), (), {}, "1", {}, sure=False)
    stored = json.loads(dump_outcome(answer))
    assert stored["version"] > 3
    del stored["outcome"]["sure"]
    assert load_outcome(json.dumps(stored | {"version": 3})) == replace(answer, sure=True)


def test_an_outcome_of_another_footnote_says_so_and_a_broken_one_too() -> None:
    for version in (1, 99):
        other = json.loads(dump_outcome(abstention("x"))) | {"version": version}
        with pytest.raises(StoreVersionError, match=f"version {version}"):
            load_outcome(json.dumps(other))
    for broken in ("", "[]", "{}", '{"version": 4, "kind": "answer", "outcome": {}}'):
        with pytest.raises(StoreDamagedError, match="footnote doctor"):
            load_outcome(broken)


def test_an_empty_journal_creates_nothing(journal: LocalJournal, tmp_path: Path) -> None:
    assert not journal.has_keys()
    assert not (tmp_path / "data").exists()


def test_removing_a_conversation_leaves_nothing_of_it_on_disk(
    journal: LocalJournal, tmp_path: Path
) -> None:
    journal.add_turn(None, asked("Something else"))
    gone = journal.add_turn(None, asked("Who is Xerxesquux?"))
    journal.add_feedback(gone.id, "wrong", "not Plugherquux", None, "")
    assert journal.remove_conversation(gone.conversation_id)
    left = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"Something else" in left
    assert b"Xerxesquux" not in left
    assert b"Plugherquux" not in left


def test_no_secret_is_stored(journal: LocalJournal, tmp_path: Path) -> None:
    made = journal.add_key("laptop", "admin")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"laptop" in stored
    assert made.secret.encode() not in stored
    assert made.secret.removeprefix("fnk_").encode() not in stored


def test_a_key_may_be_used_where_its_use_cannot_be_noted(
    journal: LocalJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal.add_key("laptop", "read")

    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(journal, "_write", refuse)
    assert journal.find_key(made.secret) == made.record


def test_the_space_of_uploads_is_given_back(tmp_path: Path) -> None:
    journal = LocalJournal(tmp_path / "data")
    for _ in range(3):
        job = journal.add_job([("a.txt", bytes(6_000_000))], "", False)
        journal.finish_file(job.id, 0, "added", "d1", None)
        journal.update_job(job.id, "done")
    journal.close()
    assert sum(path.stat().st_size for path in (tmp_path / "data").iterdir()) < 200_000


def test_finished_jobs_are_forgotten_after_a_week(
    journal: LocalJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = journal.add_job([("a.txt", b"x")], "", False)
    waiting = journal.add_job([("b.txt", b"x")], "", False)
    journal.update_job(finished.id, "done")
    journal.add_job([("c.txt", b"x")], "", False)
    assert journal.job(finished.id).state == "done"
    monkeypatch.setattr(jobs, "_KEPT", timedelta(days=-1))
    journal.add_job([("d.txt", b"x")], "", False)
    with pytest.raises(UnknownJobError):
        journal.job(finished.id)
    assert journal.job(waiting.id) == waiting


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000:] = b"\xff" * (len(content) - 2000)
    path.write_bytes(bytes(content))


def test_a_damaged_journal_is_named_and_stops_no_document(tmp_path: Path) -> None:
    data = tmp_path / "data"
    store = LocalStore.open(data)
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.journal.add_turn(None, asked("Who purrs?"))
    assert store.check() == []
    store.close()
    damage(data / "journal.db")
    store = LocalStore.open(data)
    assert {problem.code for problem in store.check()} == {"journal.damaged"}
    assert not any(problem.repairable for problem in store.check())
    with pytest.raises(StoreDamagedError, match=r"journal\.db.*move it away"):
        store.journal.add_turn(None, asked("x"))
    with pytest.raises(StoreDamagedError, match=r"journal\.db.*move it away"):
        store.journal.conversations(owner=None, limit=1)
    with store.read() as view:
        assert len(list(view.documents())) == 1
    store.close()


def test_doctor_names_a_turn_that_cannot_be_read(tmp_path: Path) -> None:
    journal = LocalJournal(tmp_path / "data")
    turn = journal.add_turn(None, asked("x"))
    with journal._write() as connection:
        connection.execute("UPDATE turns SET outcome = '{}'")
    (problem,) = journal.check()
    assert problem.code == "journal.damaged"
    assert turn.id in problem.message
    assert turn.conversation_id in problem.message
    journal.close()


def test_documents_and_journal_are_never_taken_for_each_other(tmp_path: Path) -> None:
    data = tmp_path / "data"
    store = LocalStore.open(data)
    with store.write() as writer:
        put(writer, document("Cats purr."))
    store.close()
    (data / "footnote.db").rename(data / "journal.db")
    journal = LocalJournal(data)
    with pytest.raises(StoreError, match="not Footnote's"):
        journal.keys()
    journal.close()


def test_the_journal_is_its_owners_alone(tmp_path: Path) -> None:
    with closing(LocalStore.open(tmp_path / "data")) as store:
        store.journal.add_key("reader", "read")
        for path in (tmp_path / "data").glob("journal.db*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
