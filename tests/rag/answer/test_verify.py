import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.verify import cite, verify_citation, verify_claim
from rag.errors import CitationError
from rag.read.blocks import covering
from rag.read.plain import read_plain
from rag.types import Claim, Document, Span


def make_document(text, name="a.txt"):
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    blocks = covering(text, read_plain(text).blocks)
    return Document(digest[:16], (name,), "Title", text, digest, "en", (), {}, blocks)


DOCUMENT = make_document("LI Yong visited\u00a0Huawei. 他访问了华为。 🙂 The end.")


@given(st.text(min_size=1), st.data())
def test_a_citation_always_quotes_its_document(text, data):
    document = make_document(text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    citation = cite(document, start, end)
    assert citation.quote == document.text[start:end]
    verify_citation(citation, document)


@pytest.mark.parametrize(
    "damage",
    [
        {"quote": "LI Yong refused"},
        {"quote": "LI Yong visited Huawei."},  # an ordinary space for the no-break one
        {"span": Span(1, 24)},
        {"span": Span(5, 5)},
        {"span": Span(0, 999)},
        {"document_id": "0000000000000000"},
    ],
)
def test_a_citation_that_is_off_by_anything_is_caught(damage):
    sound = cite(DOCUMENT, 0, 23)
    verify_citation(sound, DOCUMENT)
    with pytest.raises(CitationError):
        verify_citation(replace(sound, **damage), DOCUMENT)


def test_a_claim_needs_a_citation_that_says_it():
    sound = cite(DOCUMENT, 0, 23)
    verify_claim(Claim(sound.quote, sound.shown, (sound,), 1.0), {DOCUMENT.id: DOCUMENT})
    for claim in (
        Claim(sound.quote, sound.shown, (), 1.0),
        Claim("LI Yong refused to visit.", "", (sound,), 1.0),
        Claim("Yong Li visited Huawei.", "", (sound,), 1.0),
    ):
        with pytest.raises(CitationError):
            verify_claim(claim, {DOCUMENT.id: DOCUMENT})
    with pytest.raises(CitationError, match="not in the archive"):
        verify_claim(Claim(sound.quote, sound.shown, (sound,), 1.0), {})


def test_a_claim_whose_quote_is_not_exact_never_leaves():
    bent = replace(cite(DOCUMENT, 0, 23), quote="LI Yong visited Huawei.")
    with pytest.raises(CitationError, match="does not quote"):
        verify_claim(Claim(bent.quote, bent.shown, (bent,), 1.0), {DOCUMENT.id: DOCUMENT})
