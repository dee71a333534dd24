import os
import threading
from datetime import UTC, datetime

import pytest

from rag.errors import IndexMismatchError, StoreLockedError, UnknownDocumentError
from rag.index.files import find_files
from rag.settings import SplitSettings
from rag.types import Filters
from tests.fakes import HashingEncoder

FAIR = "The technology fair opened in Shanghai on 13 June 2024. More than 300 guests came."
VISIT = "LI Yong visited the headquarters of Huawei in Shenzhen on 24 April 2019."


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "fair.txt").write_text(FAIR, encoding="utf-8")
    (folder / "visit.md").write_text(f"# A visit\n\n{VISIT}\n", encoding="utf-8")
    return folder


def titles(assistant):
    return sorted(summary.title for summary in assistant.documents())


def test_a_second_run_stores_nothing_and_loads_no_model(quick, folder):
    first = quick().ingest(folder)
    assert (first.added, first.unchanged) == (2, 0)

    class Unloadable(HashingEncoder):
        @property
        def identity(self):
            raise AssertionError("nothing is to be encoded")

    again = quick(encoder=Unloadable()).ingest(folder)
    assert (again.added, again.updated, again.unchanged, again.passages) == (0, 0, 2, 0)


def test_a_changed_file_replaces_its_old_version(quick, folder):
    assistant = quick()
    assistant.ingest(folder)
    (folder / "fair.txt").write_text(FAIR.replace("300", "310"), encoding="utf-8")
    report = assistant.ingest(folder)
    assert (report.added, report.updated, report.unchanged) == (0, 1, 1)
    assert len(assistant.documents()) == 2
    assert "310 guests" in assistant.document("fair.txt").text
    found = assistant.search("guests fair").hits
    assert not [hit for hit in found if "300" in hit.passage.search_text]


def test_the_day_of_ingest_is_the_archives_own_and_changes_no_document(quick, folder, monkeypatch):
    assistant = quick()
    assistant.ingest(folder)
    first = assistant.document("fair.txt")
    (ingested,) = [found for found in first.dates if found.kind == "ingested"]
    assert ingested.interval()[0] <= datetime.now(UTC).date()
    monkeypatch.setattr("rag.index.ingest.READER_VERSION", "read.next")
    assert assistant.ingest(folder).unchanged == 2
    assert assistant.document("fair.txt") == first
    assert assistant.reindex().documents == 2
    assert assistant.document("fair.txt") == first


def test_the_same_text_under_two_paths_is_one_document_with_two_sources(quick, folder):
    (folder / "copy.txt").write_text(FAIR, encoding="utf-8")
    assistant = quick()
    report = assistant.ingest(folder)
    assert (report.added, report.duplicates) == (2, 1)
    document = assistant.document("fair.txt")
    assert {source.rsplit(os.sep, 1)[1] for source in document.sources} == {"fair.txt", "copy.txt"}
    assert quick().ingest(folder).unchanged == 3


def test_a_document_stays_until_its_last_source_is_removed(quick, folder):
    (folder / "copy.txt").write_text(FAIR, encoding="utf-8")
    assistant = quick()
    assistant.ingest(folder)
    assistant.remove(str(folder / "fair.txt"))
    assert assistant.document("copy.txt").text == FAIR
    assistant.remove("copy.txt")
    with pytest.raises(UnknownDocumentError):
        assistant.document("copy.txt")
    assert not [
        hit for hit in assistant.search("guests fair").hits if "guests" in hit.passage.search_text
    ]


def test_pruning_forgets_files_that_are_gone_and_only_below_the_folder(quick, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("A report from elsewhere.", encoding="utf-8")
    assistant = quick()
    assistant.ingest(folder, elsewhere)
    (folder / "fair.txt").unlink()
    (elsewhere / "kept.txt").unlink()
    assert assistant.ingest(folder).pruned == ()
    assert len(assistant.documents()) == 3
    pruned = assistant.ingest(folder, prune=True).pruned
    assert [source.rsplit(os.sep, 1)[1] for source in pruned] == ["fair.txt"]
    assert len(assistant.documents()) == 2
    assert assistant.check() == []


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_in(quick, folder):
    (folder / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    (folder / "empty.txt").write_text("  \n", encoding="utf-8")
    report = quick().ingest(folder, "nowhere/at/all.txt")
    assert report.added == 2
    reasons = {problem.source.rsplit(os.sep, 1)[-1]: problem.reason for problem in report.failed}
    assert set(reasons) == {"image.txt", "empty.txt", "all.txt"}
    assert "no such file" in reasons["all.txt"]
    assert "no text" in reasons["empty.txt"]


def test_files_are_found_by_folder_glob_and_name_and_left_out_by_pattern(folder):
    (folder / ".hidden.txt").write_text("x", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"x")
    drafts = folder / "drafts"
    drafts.mkdir()
    (drafts / "draft.txt").write_text("x", encoding="utf-8")

    def names(found):
        return [path.name for path in found.files]

    assert names(find_files([folder])) == ["fair.txt", "visit.md", "draft.txt"]
    assert names(find_files([f"{folder}/*.txt"])) == ["fair.txt"]
    assert names(find_files([f"{folder}/**/*.txt"])) == ["draft.txt", "fair.txt"]
    assert names(find_files([folder], pattern="*.md")) == ["visit.md"]
    assert names(find_files([folder], exclude=["drafts", "*.md"])) == ["fair.txt"]
    assert names(find_files([folder, folder / "fair.txt"])).count("fair.txt") == 1
    skipped = find_files([folder]).skipped
    assert [problem.source.endswith("picture.png") for problem in skipped] == [True]
    assert "no reader" in find_files([folder / "picture.png"]).failed[0].reason


def test_an_interrupted_run_keeps_what_it_reported_and_goes_on(quick, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number:03}.txt").write_text(f"Report number {number} about ships.", "utf-8")
    seen = []

    def stop_after_the_first_batch(event):
        seen.append(event.source)
        if len(seen) == 70:
            raise KeyboardInterrupt

    report = quick().ingest(folder, on_event=stop_after_the_first_batch)
    assert report.interrupted
    assert report.added == 70
    stored = {summary.sources[0] for summary in quick().documents()}
    assert set(seen) <= stored
    rest = quick().ingest(folder)
    assert rest.added + rest.unchanged == 150
    assert len(quick().documents()) == 150
    assert quick().check() == []


def test_a_second_writer_is_refused(quick, folder):
    assistant, other = quick(), quick()
    told = []

    def try_to_write(event):
        thread = threading.Thread(target=lambda: told.append(caught(other.ingest, folder)))
        thread.start()
        thread.join()

    assistant.ingest(folder, on_event=try_to_write)
    assert told
    assert all(isinstance(error, StoreLockedError) for error in told)


def caught(call, *arguments):
    try:
        call(*arguments)
    except StoreLockedError as error:
        return error
    return None


def test_another_encoder_or_splitter_is_refused_until_reindexed(quick, folder):
    quick().ingest(folder)
    other = HashingEncoder(64, name="other", revision="abcdef123456")
    for act in (lambda a: a.ask("Who visited Huawei?"), lambda a: a.ingest(folder / "new.txt")):
        (folder / "new.txt").write_text("A new report.", encoding="utf-8")
        with pytest.raises(IndexMismatchError) as refused:
            act(quick(encoder=other))
        for word in ("hashing@1", "other@abcdef12", "footnote reindex"):
            assert word in str(refused.value)
    finer = SplitSettings(max_tokens=24, title_tokens=8)
    with pytest.raises(IndexMismatchError, match="footnote reindex"):
        quick(split=finer).ingest(folder)

    changed = quick(encoder=other, split=finer)
    report = changed.reindex()
    assert report.documents == 2
    assert changed.search("Huawei headquarters").hits[0].passage.search_text.count("Huawei")
    assert changed.ingest(folder).added == 1
    assert changed.check() == []


def test_the_old_index_serves_until_the_switch_and_an_interrupted_reindex_goes_on(quick, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number:03}.txt").write_text(f"Report number {number} about ships.", "utf-8")
    old = quick()
    old.ingest(folder)
    new = quick(encoder=HashingEncoder(64, name="other"))
    during = []

    def interrupt(done, total):
        during.append(len(old.search("report about ships", limit=5).hits))
        if done >= 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new.reindex(on_progress=interrupt)
    assert set(during) == {5}
    assert len(old.search("report about ships", limit=5).hits) == 5
    assert old.status().building is not None
    report = quick(encoder=HashingEncoder(64, name="other")).reindex()
    assert report.resumed >= 64
    assert new.search("report about ships").hits
    assert new.check() == []


def test_no_odd_file_keeps_the_others_out(quick, folder):
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "dangling.txt").symlink_to(folder / "nothing.txt")
    (folder / "undefined.html").write_bytes(b'<meta charset="undefined"><p>A page.</p>')
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"A menu.")
    report = quick().ingest(folder, "~no-such-user-here/x.txt", "n" * 300 + ".txt", "")
    assert report.added >= 2
    failed = {problem.source.rsplit(os.sep, 1)[-1]: problem.reason for problem in report.failed}
    assert {"pipe.txt", "loop.txt", "dangling.txt", "caf\\xe9.txt", "x.txt", ""} <= set(failed)
    assert "not a regular file" in failed["pipe.txt"]
    assert "UTF-8" in failed["caf\\xe9.txt"]


def test_a_link_is_read_under_its_own_name(quick, folder, tmp_path):
    (tmp_path / "blob").write_text("A linked report.", encoding="utf-8")
    (folder / "linked.txt").symlink_to(tmp_path / "blob")
    (folder / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    assistant = quick()
    report = assistant.ingest(folder)
    assert assistant.document("linked.txt").sources == (str(folder / "linked.txt"),)
    assert [p.source for p in report.skipped] == [str(folder / "elsewhere")]


def test_a_moved_file_takes_its_new_name_in_one_run(quick, folder):
    old = folder / "2021-05-03-note.txt"
    old.write_text("the ship was repaired. " * 20, encoding="utf-8")
    assistant = quick()
    assistant.ingest(folder)
    assert assistant.document(old.name).published.isoformat() == "2021-05-03"
    old.rename(folder / "2023-07-09-better.txt")
    assistant.ingest(folder, prune=True)
    moved = assistant.document("2023-07-09-better.txt")
    assert moved.published.isoformat() == "2023-07-09"
    assert len(moved.sources) == 1
    assert len(assistant.documents()) == 3


def test_documents_are_found_by_their_language(quick, tmp_path):
    texts = {
        "bericht.txt": "Der Bürgermeister eröffnete am Donnerstag die Messe in der Altstadt.",
        "report.txt": "The mayor opened the fair in the old town on Thursday, and many came.",
        "compte.txt": "Le maire a ouvert jeudi la foire dans la vieille ville.",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assistant = quick()
    assistant.ingest(*(tmp_path / name for name in texts))
    for language, title in (("de", "bericht"), ("en", "report"), ("fr", "compte")):
        hits = assistant.search("Messe fair foire", filters=Filters(language=language)).hits
        found = {assistant.document(hit.passage.document_id).sources[0] for hit in hits}
        assert found == {str(tmp_path / f"{title}.txt")}


def test_a_renamed_folder_is_forgotten_by_pruning_the_new_one(quick, folder):
    assistant = quick()
    assistant.ingest(folder)
    moved = folder.rename(folder.with_name("moved"))
    report = assistant.ingest(moved, prune=True)
    assert sorted(report.pruned) == [str(folder / "fair.txt"), str(folder / "visit.md")]
    assert assistant.document("fair.txt").sources == (str(moved / "fair.txt"),)


def test_a_folder_that_is_gone_can_be_pruned_by_its_name(quick, folder):
    assistant = quick()
    assistant.ingest(folder)
    folder.rename(folder.with_name("moved"))
    report = assistant.ingest(folder)
    assert (len(report.failed), len(assistant.documents())) == (1, 2), "nothing goes unasked"
    report = assistant.ingest(folder / "fair.txt", prune=True)
    assert (report.failed, report.pruned) == ((), (str(folder / "fair.txt"),))
    report = assistant.ingest(folder, prune=True)
    assert (report.failed, report.pruned) == ((), (str(folder / "visit.md"),))
    assert assistant.documents() == []
    again = assistant.ingest(folder, prune=True)
    assert [problem.reason for problem in again.skipped] == ["no such file or folder"]


def test_a_document_that_was_moved_shows_the_source_that_exists(quick, folder):
    assistant = quick()
    assistant.ingest(folder)
    moved = folder.rename(folder.with_name("moved"))
    report = assistant.ingest(moved)
    assert (report.duplicates, report.pruned) == (2, ())
    found = assistant.document("fair.txt")
    assert found.sources == (str(moved / "fair.txt"), str(folder / "fair.txt"))
    assert assistant.search("guests fair").citations[0].source == str(moved / "fair.txt")
    generation = assistant.status().generation
    assert assistant.ingest(moved).unchanged == 2
    assert assistant.status().generation == generation, "settled once and for all"


def test_pruning_a_folder_leaves_other_ones_and_uploads_alone(quick, folder, tmp_path):
    assistant = quick()
    assistant.ingest(folder)
    job = assistant.add_uploads([("fair.txt", FAIR.encode())])
    assistant.run_job(job.id)
    (folder / "visit.md").rename(tmp_path / "visit.md")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert assistant.ingest(empty, prune=True).pruned == ()
    assert assistant.ingest(folder, prune=True).pruned == (str(folder / "visit.md"),)
    assert assistant.document("fair.txt").sources == (str(folder / "fair.txt"), "upload:fair.txt")


def test_a_file_named_in_another_normal_form_is_found_and_removed(quick, folder):
    (folder / "cafe\u0301.txt").write_text("The café opens at ten.", encoding="utf-8")
    (folder / "copy.txt").write_text("The café opens at ten.", encoding="utf-8")
    assistant = quick()
    assistant.ingest(folder, pattern="c*f\u00e9.txt")
    assistant.ingest(folder)
    assert assistant.document("caf\u00e9.txt").text == "The café opens at ten."
    assistant.remove(str(folder / "caf\u00e9.txt"))
    assert assistant.document("copy.txt").sources == (str(folder / "copy.txt"),)
