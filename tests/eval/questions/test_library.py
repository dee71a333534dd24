from dataclasses import replace
from pathlib import Path

from eval.questions.library import Library
from rag.types import Document

TEXT = "The mill opened in 1911. Ana Ruiz ran it until 1930."


def document(name, text=TEXT, sources=None):
    return Document(
        id=f"id-{name}",
        sources=sources or (f"/archive/{name}",),
        title=name,
        text=text,
        content_hash=f"hash-{name}",
        language="en",
        dates=(),
        metadata={},
        blocks=(),
    )


def test_documents_answer_to_id_source_path_below_the_root_and_file_name(tmp_path):
    same = document("a.txt", sources=("/archive/a.txt", "/archive/copies/b.txt"))
    library = Library([same, document("x/one.txt", "1"), document("y/one.txt", "2")], root=tmp_path)
    assert {library.find(name) for name in ("id-a.txt", "/archive/a.txt", "a.txt", "b.txt")} == {
        "/archive/a.txt"
    }
    assert library.find("one.txt") is None
    assert "matches 2 documents" in library.explain("one.txt")


def test_a_path_below_the_root_comes_before_a_file_name(tmp_path):
    top, below = document("one.txt"), document("x/one.txt", "1")
    library = Library([below, replace(top, sources=("/archive/one.txt",))], root=Path("/archive"))
    assert (library.find("one.txt"), library.find("x/one.txt")) == ("one.txt", "x/one.txt")
