from pathlib import Path

import pytest

from eval.errors import EvalError
from eval.questions.indexing import library_of_archive


def test_keys_are_the_same_however_the_archive_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("The mill opened in 1911.\n", encoding="utf-8")
    monkeypatch.chdir(folder / "sub")
    libraries = [library_of_archive(Path(name)) for name in ("..", "../../archive", str(folder))]
    assert {library.find("a.txt") for library in libraries} == {"sub/a.txt"}
    assert len({library.sha256 for library in libraries}) == 1


def test_files_with_the_same_text_are_one_document_by_both_names(tmp_path):
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("The same words stand in both files.\n", encoding="utf-8")
    library = library_of_archive(tmp_path)
    assert len(library) == 1
    assert library.find("one.txt") == library.find("two.txt") == "one.txt"


def test_an_archive_without_documents_is_refused(tmp_path):
    with pytest.raises(EvalError, match="has no readable documents"):
        library_of_archive(tmp_path)
