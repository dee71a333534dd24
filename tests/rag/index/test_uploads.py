"""Documents handed over by name and content."""

import itertools

import pytest

from rag.errors import (
    IndexMismatchError,
    NameTakenError,
    ReadError,
    StoreLockedError,
    UnknownJobError,
    UnreadableTypeError,
)
from rag.index.uploads import MAX_ATTEMPTS, upload_name
from rag.read.reader import read_document
from rag.store.local.journal.journal import LocalJournal
from rag.store.local.store import LocalStore
from rag.types import Abstention, Answer, Question, Turn
from tests.contract.kills import run_until_killed
from tests.fakes import HashingEncoder
from tests.store_cases import asked

FAIR = b"The technology fair opened in Shanghai on 13 June 2024. More than 300 guests came."
VISIT = b"LI Yong visited the headquarters of Huawei in Shenzhen on 24 April 2019."
BROKEN = b"\x00\x01\x02\xff\xfe\x00PK\x03\x04" * 50


def outcomes(job):
    return [(file.name, file.outcome) for file in job.files]


def upload(assistant, *files, **options):
    job = assistant.add_uploads(files, **options)
    return assistant.run_job(job.id)


# -- names


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("note.md", "note.md"),
        ("../../etc/cron.d/note.txt", "note.txt"),
        ("C:\\Users\\me\\note.TXT", "note.TXT"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("a\\..\\b.html", "b.html"),
        ("  spaced name .txt", "spaced name .txt"),
        ("e\u0301t\u00e9.md", "\u00e9t\u00e9.md"),
        ("报告.txt", "报告.txt"),
        ("%2e%2e%2fnote.txt", "%2e%2e%2fnote.txt"),
        ("x" * 196 + ".txt", "x" * 196 + ".txt"),
        ("upload:note.md", "upload:note.md"),
        ("https://example.org/a?b=c.html", "a?b=c.html"),
    ],
)
def test_an_uploaded_name_is_its_last_component(given, name):
    assert upload_name(given) == name


def test_an_uploaded_name_dates_and_names_a_document_as_a_files_does():
    text = b"word " * 200
    uploaded, found = (read_document(f"{at}2019-04-24-note.txt", text) for at in ("upload:", "/x/"))
    assert uploaded.title == found.title == "2019-04-24-note.txt"
    assert uploaded.dates == found.dates
    assert uploaded.published.isoformat() == "2019-04-24"


@pytest.mark.parametrize(
    "given",
    ["", " ", "/", "a.txt/", "a/..", ".", "..", ".txt", "note.exe", "note", "note.txt.", "x.pdf"],
)
def test_a_name_without_a_readable_ending_is_refused(given):
    with pytest.raises(ReadError):
        upload_name(given)


@pytest.mark.parametrize(
    "given",
    [
        "a\x00.txt",
        "a\n.txt",
        "a\x1b[31m.txt",
        "a\u202etxt.md",
        "a\u2028.md",
        "a\ud800.md",
        "x" * 200 + ".md",
    ],
)
def test_a_name_that_hides_something_is_refused(given):
    with pytest.raises(ReadError, match=r"rename|too long"):
        upload_name(given)


def test_a_refused_ending_names_those_that_are_taken(quick):
    with pytest.raises(UnreadableTypeError, match=r"'\.exe'.*\.html.*\.md.*\.txt"):
        quick().add_uploads([("virus.exe", b"MZ")])
    with pytest.raises(ReadError, match="no file"):
        quick().add_uploads([])


def test_a_hostile_name_touches_no_file(quick, tmp_path):
    assistant = quick()
    before = {path for path in tmp_path.rglob("*") if "data" not in path.parts}
    job = upload(assistant, ("../../../evil.txt", FAIR), ("..\\b.txt", VISIT))
    assert outcomes(job) == [("evil.txt", "added"), ("b.txt", "added")]
    assert {path for path in tmp_path.rglob("*") if "data" not in path.parts} == before
    assert not list((tmp_path / "data").rglob("*evil*"))
    sources = {source for found in assistant.documents() for source in found.sources}
    assert sources == {"upload:evil.txt", "upload:b.txt"}


# -- what becomes of them


def test_an_uploaded_document_is_found_and_answers(quick):
    assistant = quick()
    job = upload(assistant, ("fair.txt", FAIR), owner="k1")
    assert (job.state, job.message, job.owner) == ("done", "", "k1")
    (file,) = job.files
    assert (file.outcome, file.reason) == ("added", None)
    document = assistant.document(file.document_id)
    assert document.text == FAIR.decode()
    assert document.sources == ("upload:fair.txt",)
    assert assistant.document("upload:fair.txt") == document
    assert assistant.search("technology fair").hits[0].passage.document_id == document.id


def test_one_broken_file_never_stops_the_rest(quick):
    assistant = quick()
    files = [("a.txt", FAIR), ("b.txt", BROKEN), ("empty.md", b""), ("c.txt", VISIT)]
    job = upload(assistant, *files)
    assert job.state == "done"
    assert [file.outcome for file in job.files] == ["added", "failed", "failed", "added"]
    assert job.message == "2 of 4 files could not be read"
    assert all(file.reason for file in job.files if file.outcome == "failed")
    assert len(assistant.documents()) == 2
    for position in range(4):
        with pytest.raises(UnknownJobError):
            assistant.journal.job_file(job.id, position)


def test_a_job_of_which_nothing_gets_in_has_failed(quick):
    job = upload(quick(), ("a.txt", BROKEN))
    assert job.state == "failed"
    assert "a.txt" in job.files[0].reason


def test_the_same_name_with_another_text_is_refused_unless_it_replaces(quick):
    assistant = quick()
    first = upload(assistant, ("fair.txt", FAIR)).files[0].document_id
    assert outcomes(upload(assistant, ("fair.txt", FAIR))) == [("fair.txt", "unchanged")]
    with pytest.raises(NameTakenError, match="replace"):
        assistant.add_uploads([("sub/fair.txt", VISIT)])
    assert [found.id for found in assistant.documents()] == [first]
    job = upload(assistant, ("fair.txt", VISIT), replace=True)
    assert outcomes(job) == [("fair.txt", "updated")]
    assert [found.id for found in assistant.documents()] == [job.files[0].document_id] != [first]


def test_two_uploads_of_one_name_cannot_race_past_the_check(quick):
    assistant = quick()
    first = assistant.add_uploads([("fair.txt", FAIR)])
    second = assistant.add_uploads([("fair.txt", VISIT)])
    done = assistant.work_off_uploads()
    assert [job.id for job in done] == [first.id, second.id]
    assert done[1].state == "failed"
    assert "replace" in done[1].files[0].reason
    assert assistant.document("upload:fair.txt").text == FAIR.decode()


def test_two_files_of_one_name_are_refused_together(quick):
    assistant = quick()
    with pytest.raises(NameTakenError, match="two files"):
        assistant.add_uploads([("a/x.txt", FAIR), ("b/x.txt", VISIT)])
    assert assistant.journal.next_job() is None


def test_an_upload_waits_for_another_writer_and_says_so(quick):
    assistant = quick()
    job = assistant.add_uploads([("fair.txt", FAIR)])
    with assistant.store.write(), pytest.raises(StoreLockedError):
        assistant.run_job(job.id)
    waiting = assistant.journal.job(job.id)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert "is being written" in waiting.message
    assert assistant.run_job(job.id).state == "done"
    assert assistant.run_job(job.id).state == "done", "a finished one stays so"


def test_a_stopped_job_goes_on_with_the_rest(quick):
    assistant = quick()
    job = assistant.add_uploads([("a.txt", FAIR), ("b.txt", VISIT)])
    asked = []
    stopped = assistant.run_job(job.id, stop=lambda: len(asked) > 0 or asked.append(1))
    assert (stopped.state, stopped.attempts) == ("queued", 0)
    assert outcomes(stopped) == [("a.txt", "added"), ("b.txt", None)]
    assert assistant.work_off_uploads(lambda: True) == []
    (done,) = assistant.work_off_uploads()
    assert outcomes(done) == [("a.txt", "added"), ("b.txt", "added")]


def test_a_job_of_a_process_that_died_is_resumed_but_not_for_ever(quick):
    assistant = quick()
    job = assistant.add_uploads([("a.txt", FAIR)])
    journal = assistant.journal
    for _ in range(MAX_ATTEMPTS - 1):
        journal.update_job(job.id, "running")
    assert assistant.run_job(job.id).state == "done"
    again = assistant.add_uploads([("b.txt", VISIT)])
    for _ in range(MAX_ATTEMPTS):
        journal.update_job(again.id, "running")
    given_up = assistant.run_job(again.id)
    assert given_up.state == "failed"
    assert "3 attempts" in given_up.files[0].reason
    assert journal.next_job() is None


def test_an_upload_waits_with_the_remedy_while_the_index_is_of_other_models(quick, tmp_path):
    assistant = quick()
    upload(assistant, ("a.txt", FAIR))
    other = quick(encoder=HashingEncoder(32, name="other"))
    with pytest.raises(IndexMismatchError):
        upload(other, ("b.txt", VISIT))
    waiting = other.store.journal.next_job()
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert "footnote reindex" in waiting.message
    other.reindex()
    assert other.run_job(waiting.id).files[0].outcome == "added"


# -- conversations


def test_a_stored_conversation_is_the_history_of_its_next_question(quick):
    assistant = quick()
    upload(assistant, ("fair.txt", FAIR), ("visit.txt", VISIT))
    first = assistant.converse("Who visited Huawei?", conversation_id=None, owner="k1")
    follow_up = assistant.converse("When?", conversation_id=first.conversation_id, owner="k1")
    said = first.outcome
    history = (
        Turn("user", "Who visited Huawei?"),
        Turn(
            "assistant",
            " ".join(claim.text for claim in said.claims)
            if isinstance(said, Answer)
            else said.explanation,
        ),
    )
    alone = assistant.ask(Question("When?", history=history))
    assert follow_up.outcome.standalone == alone.standalone is not None
    assert follow_up.outcome.ranking, "what is returned is whole"
    stored = assistant.journal.conversation(first.conversation_id)
    assert [turn.id for turn in stored.turns] == [first.id, follow_up.id]
    assert [turn.outcome.ranking for turn in stored.turns] == [(), ()]
    assert stored.turns[1].outcome.standalone == alone.standalone
    assert stored.owner == "k1"


def test_an_abstention_is_a_turn_too(quick):
    assistant = quick()
    turn = assistant.converse("Who?", conversation_id=None)
    stored = assistant.journal.turn(turn.id)
    assert isinstance(stored.outcome, Abstention)
    assert stored.outcome.reason == "empty_archive"


# -- kill -9


def store_without_end(sender, data):
    """Store turns and uploads, saying each only after it was acknowledged."""
    journal = LocalJournal(data)
    for number in itertools.count():
        turn = journal.add_turn(None, asked(f"question {number}"))
        job = journal.add_job([(f"{number}.txt", b"%d." % number * 5000)], "", False)
        sender.send((number, turn.id, job.id))


def test_no_acknowledged_turn_or_upload_is_lost_by_kill_9(tmp_path):
    data = tmp_path / "data"
    acknowledged = []
    for _ in range(2):
        acknowledged += run_until_killed(store_without_end, data, seconds=0.15)
        store = LocalStore.open(data)
        assert store.check() == []
        for number, turn_id, job_id in acknowledged:
            assert store.journal.turn(turn_id).question.text == f"question {number}"
            assert store.journal.job_file(job_id, 0) == b"%d." % number * 5000
        store.close()
    assert len(acknowledged) >= 2
