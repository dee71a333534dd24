"""The gate of language-model drafts asked of single claims, as the measurements of it do."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from rag.answer.across import Bridge
from rag.answer.draft import DraftSentence
from rag.answer.gate import gate_sentence
from rag.answer.rewording import NO_WORDBOOKS, Wordbooks
from rag.answer.stored import Place
from rag.generate.pack import Packed, PackedPassage
from rag.types import Document, Span

__all__ = ["document_of", "passes_gate"]


def document_of(text: str, language: str) -> Document:
    """An untitled document of this text."""
    digest = sha256(text.encode()).hexdigest()
    return Document(digest[:16], ("passage",), "", text, digest, language, (), {})


def passes_gate(
    claim: str,
    document: Document,
    *,
    question: str,
    answering: Collection[Place] = (),
    bridge: Bridge | None = None,
    wordbooks: Wordbooks = NO_WORDBOOKS,
) -> bool:
    """Whether the gate releases a claim that cites the document, all that the model read."""
    whole = Span(0, len(document.text))
    passage = PackedPassage(1, document.id, document.title, None, whole, document.text)
    verdict = gate_sentence(
        DraftSentence(claim, (1,)),
        Packed((passage,), ()),
        {document.id: document},
        question=question,
        answering=answering,
        bridge=bridge,
        wordbooks=wordbooks,
    )
    return verdict.claim is not None
