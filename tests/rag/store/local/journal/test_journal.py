"""What every journal promises: conversations, feedback, keys and uploads are kept."""

from __future__ import annotations

import json
import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import (
    NameTakenError,
    StoreDamagedError,
    StoreError,
    StoreVersionError,
    UnknownConversationError,
    UnknownJobError,
    UnknownTurnError,
)
from rag.journal.types import Journal, NewTurn, new_id
from rag.store.local.journal import journal as journal_module
from rag.store.local.journal.journal import LocalJournal
from rag.store.local.journal.rows import dump_outcome, load_outcome
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
from tests.store_cases import document, put

OPENERS: dict[str, Callable[[Path], Journal]] = {"local": LocalJournal}


@pytest.fixture(params=sorted(OPENERS))
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    opened = OPENERS[request.param](tmp_path / "data")
    yield opened
    opened.close()  # type: ignore[attr-defined]


def abstention(text: str) -> Abstention:
    return Abstention(
        question=Question(text),
        standalone=None,
        reason="no_match",
        kind=None,
        explanation="Nothing speaks of it.",
        mentions=(),
        nearest=(),
        ranking=(),
        candidates=(),
        models={},
        generation=3,
        timings_ms={"total": 1.5},
    )


def asked(text: str, owner: str = "") -> NewTurn:
    return NewTurn(abstention(text), owner)


def titles(journal: Journal, owner: str | None = None, **paging: int) -> list[str]:
    found = journal.conversations(owner=owner, **{"limit": 50, **paging})
    return [summary.title for summary in found]


# -- outcomes

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


def test_an_outcome_of_a_newer_footnote_says_so_and_a_broken_one_too() -> None:
    newer = json.loads(dump_outcome(abstention("x"))) | {"version": 2}
    with pytest.raises(StoreVersionError, match="version 2"):
        load_outcome(json.dumps(newer))
    for broken in ("", "[]", "{}", '{"version": 1, "kind": "answer", "outcome": {}}'):
        with pytest.raises(StoreDamagedError, match="footnote doctor"):
            load_outcome(broken)


def test_a_question_with_characters_no_database_holds_is_stored(journal: Journal) -> None:
    turn = NewTurn(replace(abstention("x"), question=Question("a\ud800b\x00c")))
    assert journal.turn(journal.add_turn(None, turn).id).question.text == "a?b\x00c"


# -- conversations


def test_an_empty_journal_reads_as_empty_and_creates_nothing(
    journal: Journal, tmp_path: Path
) -> None:
    assert journal.conversations(owner=None, limit=5) == []
    assert journal.count_conversations(None) == 0
    assert journal.feedback() == []
    assert journal.keys() == []
    assert not journal.has_keys()
    assert journal.find_key("fnk_x") is None
    assert journal.next_job() is None
    assert not (tmp_path / "data").exists()


def test_turns_follow_one_another_and_survive_reopening(journal: Journal, tmp_path: Path) -> None:
    first = journal.add_turn(None, asked("Who wrote it?"))
    second = journal.add_turn(first.conversation_id, asked("When?"))
    other = journal.add_turn(None, asked("Where is Lund?"))
    assert second.conversation_id == first.conversation_id != other.conversation_id
    again = OPENERS["local"](tmp_path / "data")
    found = again.conversation(first.conversation_id)
    assert found.turns == (first, second)
    assert [turn.question.text for turn in found.turns] == ["Who wrote it?", "When?"]
    assert found.title == "Who wrote it?"
    assert again.turn(second.id) == second
    again.close()


def test_conversations_are_listed_by_owner_last_used_first(journal: Journal) -> None:
    mine = journal.add_turn(None, asked("one", "k1"))
    journal.add_turn(None, asked("two", "k2"))
    journal.add_turn(None, asked("three", "k1"))
    assert titles(journal) == ["three", "two", "one"]
    journal.add_turn(mine.conversation_id, asked("more", "k1"))
    assert titles(journal) == ["one", "three", "two"]
    assert titles(journal, "k1") == ["one", "three"]
    assert titles(journal, limit=1, offset=1) == ["three"]
    assert [journal.count_conversations(who) for who in (None, "k1", "k3")] == [3, 2, 0]
    assert [found.turns for found in journal.conversations(owner="k1", limit=9)] == [2, 1]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  Who\n wrote\tit? ", "Who wrote it?"),
        ("word " * 30, "word " * 15 + "word…"),
        ("中" * 200, "中" * 79 + "…"),
        ("x" * 80, "x" * 80),
    ],
)
def test_a_title_is_the_first_question_on_one_short_line(
    journal: Journal, question: str, title: str
) -> None:
    journal.add_turn(None, asked(question))
    assert titles(journal) == [title]


def test_removing_a_conversation_leaves_nothing_of_it_on_disk(
    journal: Journal, tmp_path: Path
) -> None:
    kept = journal.add_turn(None, asked("Something else"))
    gone = journal.add_turn(None, asked("Who is Xerxesquux?"))
    journal.add_feedback(gone.id, "wrong", "not Plugherquux", None, "")
    assert journal.remove_conversation(gone.conversation_id)
    assert not journal.remove_conversation(gone.conversation_id)
    assert journal.feedback() == []
    with pytest.raises(UnknownTurnError):
        journal.turn(gone.id)
    with pytest.raises(UnknownConversationError, match="conversations list"):
        journal.conversation(gone.conversation_id)
    with pytest.raises(UnknownConversationError):
        journal.add_turn(gone.conversation_id, asked("And then?"))
    assert journal.conversation(kept.conversation_id).turns == (kept,)
    left = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"Something else" in left
    assert b"Xerxesquux" not in left
    assert b"Plugherquux" not in left


def test_ids_are_long_random_and_fit_an_address(journal: Journal) -> None:
    turns = [journal.add_turn(None, asked("x")) for _ in range(20)]
    ids = {turn.id for turn in turns} | {turn.conversation_id for turn in turns}
    assert len(ids) == 40
    assert len({new_id() for _ in range(1000)} | ids) == 1040
    # One that begins with a hyphen would be an option of the command line.
    assert all(re.fullmatch(r"\w[\w-]{15}", found, re.ASCII) for found in ids)
    assert not any(new_id().startswith("-") for _ in range(1000))


def test_turns_are_saved_while_a_writer_holds_the_lock(tmp_path: Path) -> None:
    store = LocalStore.open(tmp_path / "data")
    with store.write() as writer:
        put(writer, document("Cats purr."))
        turn = store.journal.add_turn(None, asked("Who purrs?"))
        assert store.journal.turn(turn.id) == turn
    store.close()


def test_turns_of_many_threads_and_two_openers_are_all_kept(tmp_path: Path) -> None:
    openers = [LocalJournal(tmp_path / "data") for _ in range(2)]
    begun = openers[0].add_turn(None, asked("first"))

    def add(number: int) -> None:
        for turn in range(5):
            openers[number % 2].add_turn(begun.conversation_id, asked(f"{number}.{turn}"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    texts = [turn.question.text for turn in openers[1].conversation(begun.conversation_id).turns]
    assert sorted(texts) == sorted(["first", *(f"{n}.{t}" for n in range(6) for t in range(5))])
    for number in range(6):
        own = [text for text in texts if text.startswith(f"{number}.")]
        assert own == sorted(own)
    for opened in openers:
        opened.close()


# -- feedback


def test_feedback_is_read_back_with_its_turn(journal: Journal) -> None:
    turn = journal.add_turn(None, asked("Who?"))
    first = journal.add_feedback(turn.id, "helpful", "", None, "k1")
    second = journal.add_feedback(turn.id, "wrong_citation", "of another year", 2, "")
    found = journal.feedback()
    assert [record.id for record in found] == [first, second]
    assert found[1].turn == turn
    assert (found[1].verdict, found[1].footnote, found[1].note) == (
        "wrong_citation",
        2,
        "of another year",
    )
    assert (found[0].owner, found[0].verdict) == ("k1", "helpful")
    with pytest.raises(UnknownTurnError, match="turn_id"):
        journal.add_feedback("nothing", "helpful", "", None, "")


# -- keys


def test_a_key_is_found_by_its_secret_until_it_is_revoked(journal: Journal) -> None:
    made = journal.add_key("laptop", "write")
    assert made.secret.startswith("fnk_")
    found = journal.find_key(made.secret)
    assert found == made.record
    assert journal.keys()[0].last_used_at is not None
    assert journal.find_key(made.secret + "x") is None
    assert journal.find_key("") is None
    assert journal.find_key("\ud800") is None
    assert journal.revoke_key("laptop")
    assert journal.find_key(made.secret) is None
    assert journal.keys()[0].revoked_at is not None
    assert not journal.revoke_key("laptop")


def test_revoking_the_last_key_does_not_open_the_archive(journal: Journal) -> None:
    journal.revoke_key(journal.add_key("laptop", "admin").record.id)
    assert journal.has_keys()


def test_no_secret_is_stored(journal: Journal, tmp_path: Path) -> None:
    made = journal.add_key("laptop", "admin")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"laptop" in stored
    assert made.secret.encode() not in stored
    assert made.secret.removeprefix("fnk_").encode() not in stored


def test_no_two_valid_keys_share_a_name(journal: Journal) -> None:
    journal.add_key("laptop", "read")
    with pytest.raises(NameTakenError, match="keys revoke"):
        journal.add_key(" laptop ", "read")
    with pytest.raises(ValueError, match="name"):
        journal.add_key("  ", "read")
    journal.revoke_key("laptop")
    assert journal.add_key("laptop", "admin").record.scope == "admin"
    both = journal.keys()
    assert [key.name for key in both] == ["laptop", "laptop"]


def test_a_key_may_be_used_where_its_use_cannot_be_noted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal.add_key("laptop", "read")

    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(journal_module.journal_keys, "note_use", refuse)
    assert journal.find_key(made.secret) == made.record


# -- uploads


def test_uploaded_bytes_are_kept_until_the_file_is_dealt_with(
    journal: Journal, tmp_path: Path
) -> None:
    job = journal.add_job([("a.txt", b"A"), ("b.txt", b"\x00B")], "k1", True)
    again = OPENERS["local"](tmp_path / "data")
    assert again.next_job() == job
    assert (job.owner, job.replace, job.state, job.attempts) == ("k1", True, "queued", 0)
    assert again.job_file(job.id, 1) == b"\x00B"
    assert again.update_job(job.id, "running").attempts == 1
    again.finish_file(job.id, 0, "added", "d1", None)
    with pytest.raises(UnknownJobError):
        again.job_file(job.id, 0)
    assert again.next_job() == again.job(job.id), "a running one is somebody's to finish"
    again.finish_file(job.id, 1, "failed", None, "unreadable")
    assert again.waiting_jobs() == 1
    done = again.update_job(job.id, "done", "one of two")
    assert [(f.name, f.outcome, f.document_id, f.reason) for f in done.files] == [
        ("a.txt", "added", "d1", None),
        ("b.txt", "failed", None, "unreadable"),
    ]
    assert done.finished_at is not None
    assert again.next_job() is None
    assert again.waiting_jobs() == 0
    again.close()


def test_the_space_of_uploads_is_given_back(tmp_path: Path) -> None:
    journal = LocalJournal(tmp_path / "data")
    for _ in range(3):
        job = journal.add_job([("a.txt", bytes(6_000_000))], "", False)
        journal.finish_file(job.id, 0, "added", "d1", None)
        journal.update_job(job.id, "done")
    journal.close()
    assert sum(path.stat().st_size for path in (tmp_path / "data").iterdir()) < 200_000


def test_jobs_come_in_the_order_they_were_given(journal: Journal) -> None:
    jobs = [journal.add_job([(f"{n}.txt", b"x")], "", False) for n in range(3)]
    for job in jobs:
        assert journal.next_job() == job
        journal.update_job(job.id, "failed", "no")
        with pytest.raises(UnknownJobError):
            journal.job_file(job.id, 0)


def test_an_unknown_job_is_told_of(journal: Journal) -> None:
    for ask in (
        lambda: journal.job("nothing"),
        lambda: journal.job_file("nothing", 0),
        lambda: journal.update_job("nothing", "running"),
        lambda: journal.finish_file("nothing", 0, "added", "d", None),
    ):
        with pytest.raises(UnknownJobError, match="nothing"):
            ask()


def test_finished_jobs_are_forgotten_after_a_week(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = journal.add_job([("a.txt", b"x")], "", False)
    waiting = journal.add_job([("b.txt", b"x")], "", False)
    journal.update_job(finished.id, "done")
    journal.add_job([("c.txt", b"x")], "", False)
    assert journal.job(finished.id).state == "done"
    monkeypatch.setattr(journal_module, "_JOBS_KEPT", timedelta(days=-1))
    journal.add_job([("d.txt", b"x")], "", False)
    with pytest.raises(UnknownJobError):
        journal.job(finished.id)
    assert journal.job(waiting.id) == waiting


# -- damage


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


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = LocalJournal(tmp_path / "data")
    journal.add_turn(None, asked("x"))
    journal.close()
    journal.close()
    for use in (lambda: journal.add_turn(None, asked("x")), lambda: journal.keys()):
        with pytest.raises(StoreError, match="open it again"):
            use()


def test_a_day_survives_in_a_filter(journal: Journal) -> None:
    question = Question("x", Filters(since=date(2019, 4, 24)), as_of=date(2020, 2, 29))
    turn = journal.add_turn(None, NewTurn(replace(abstention("x"), question=question)))
    assert journal.turn(turn.id).question == question


def test_the_journal_is_its_owners_alone(tmp_path: Path) -> None:
    with closing(LocalStore.open(tmp_path / "data")) as store:
        store.journal.add_key("reader", "read")
        for path in (tmp_path / "data").glob("journal.db*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
