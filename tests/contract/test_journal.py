"""What every journal promises: conversations, feedback, keys and uploads are kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from rag.errors import (
    NameTakenError,
    StoreError,
    UnknownConversationError,
    UnknownJobError,
    UnknownTurnError,
)
from rag.journal.base import Journal, NewTurn, new_id
from rag.store.base import Store
from rag.types import Filters, Question
from tests.store_cases import abstention, asked, document, put


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


def titles(journal: Journal, owner: str | None = None, **paging: int) -> list[str]:
    found = journal.conversations(owner=owner, **{"limit": 50, **paging})
    return [summary.title for summary in found]


def test_a_question_with_characters_no_database_holds_is_stored(journal: Journal) -> None:
    turn = NewTurn(replace(abstention("x"), question=Question("a\ud800b\x00c")))
    assert journal.turn(journal.add_turn(None, turn).id).question.text == "a?b\x00c"


# -- conversations


def test_an_empty_journal_reads_as_empty(journal: Journal) -> None:
    assert journal.conversations(owner=None, limit=5) == []
    assert journal.count_conversations(None) == 0
    assert journal.feedback() == []
    assert journal.keys() == []
    assert not journal.has_keys()
    assert journal.find_key("fnk_x") is None
    assert journal.next_job() is None


def test_turns_follow_one_another_and_survive_reopening(
    journal: Journal, open_store: Callable[[], Store]
) -> None:
    first = journal.add_turn(None, asked("Who wrote it?"))
    second = journal.add_turn(first.conversation_id, asked("When?"))
    other = journal.add_turn(None, asked("Where is Lund?"))
    assert second.conversation_id == first.conversation_id != other.conversation_id
    again = open_store().journal
    found = again.conversation(first.conversation_id)
    assert found.turns == (first, second)
    assert [turn.question.text for turn in found.turns] == ["Who wrote it?", "When?"]
    assert found.title == "Who wrote it?"
    assert again.turn(second.id) == second


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


def test_ids_are_long_random_and_fit_an_address(journal: Journal) -> None:
    turns = [journal.add_turn(None, asked("x")) for _ in range(20)]
    ids = {turn.id for turn in turns} | {turn.conversation_id for turn in turns}
    assert len(ids) == 40
    assert len({new_id() for _ in range(1000)} | ids) == 1040
    # One that begins with a hyphen would be an option of the command line.
    assert all(re.fullmatch(r"\w[\w-]{15}", found, re.ASCII) for found in ids)
    assert not any(new_id().startswith("-") for _ in range(1000))


def test_turns_are_saved_while_a_writer_holds_the_lock(store: Store) -> None:
    with store.write() as writer:
        put(writer, document("Cats purr."))
        turn = store.journal.add_turn(None, asked("Who purrs?"))
        assert store.journal.turn(turn.id) == turn


def test_turns_of_many_threads_and_two_openers_are_all_kept(
    open_store: Callable[[], Store],
) -> None:
    openers = [open_store().journal for _ in range(2)]
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


# -- uploads


def test_uploaded_bytes_are_kept_until_the_file_is_dealt_with(
    journal: Journal, open_store: Callable[[], Store]
) -> None:
    job = journal.add_job([("a.txt", b"A"), ("b.txt", b"\x00B")], "k1", True)
    again = open_store().journal
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


def test_a_closed_journal_says_so(journal: Journal) -> None:
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


def test_a_removed_conversation_is_gone_with_its_feedback(journal: Journal) -> None:
    kept = journal.add_turn(None, asked("Something else"))
    gone = journal.add_turn(None, asked("Who is it?"))
    journal.add_feedback(gone.id, "wrong", "not that one", None, "")
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
