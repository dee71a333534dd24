"""Abstention in words: why the archive does not say, and what lies nearest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answer.shortfall import Shortfall
from rag.answer.verify import cite, verify_citation
from rag.question.analysis import QuestionTerms
from rag.types import AbstentionReason, Candidate, Citation, Document, Filters, Hit

_MOST_WORDS = 3
# Questions whose words stand in the order of a clause: "who manages the office".
_CLAUSE = re.compile(r"(?:who|which \w+|how (?:many|much) \w+) [a-z][^?!.]*", re.IGNORECASE)
_INVERTED = re.compile(
    r"\b(?:did|do|does|is|are|was|were|has|have|had|can|could|will|would|shall|should|may|might)\b",
    re.IGNORECASE,
)


def explain_abstention(reason: AbstentionReason, filters: Filters, *, chinese: bool) -> str:
    """A sentence for the reader, in the question's language.

    Insufficient evidence is explained by `explain_shortfall`.
    """
    match reason:
        case "empty_archive":
            return _in(
                chinese,
                "The archive is empty; 'footnote ingest PATH' fills it.",
                "档案库是空的；请用 'footnote ingest PATH' 导入文档。",
            )
        case "nothing_asked":
            return _in(
                chinese,
                "The question names nothing to look for; say whom or what it is about.",
                "问题没有提到任何可查找的内容；请说明问的是谁或什么事。",
            )
        case "none_chosen":
            return _in(
                chinese,
                "The archive does not say: the language model found no statement that answers.",
                "档案中没有说明：语言模型没有找到能回答问题的句子。",
            )
        case "no_match" | "insufficient_evidence":
            filtered = bool(replace(filters, as_of=None))
            within = _in(chinese, " that the filters let through", "筛选范围内") if filtered else ""
            day = filters.as_of
            known = _in(chinese, f" published by {day}", f"截至{day}") if day else ""
            return _in(
                chinese,
                f"The archive does not say: no passage{within}{known} matches the question.",
                f"档案中没有相关说明：{known}{within}没有与问题相符的段落。",
            )


def explain_shortfall(question: QuestionTerms, shortfall: Shortfall) -> str:
    """What the archive does not say, and why, in the question's language."""
    if question.chinese:
        return f"档案中没有说明。{_chinese_reason(question, shortfall)}"
    return f"{_not_said(question.text)} {_english_reason(question, shortfall)}"


def _not_said(question: str) -> str:
    """The opening sentence, with the question as a clause where its words allow it."""
    asked = question.strip().rstrip("?").strip()
    if _CLAUSE.fullmatch(asked) and not _INVERTED.search(asked) and len(asked) <= 80:
        return f"The archive does not say {asked[0].lower()}{asked[1:]}."
    return "The archive does not say."


def _english_reason(question: QuestionTerms, shortfall: Shortfall) -> str:
    if shortfall.kind == "off_topic":
        elsewhere = "The question seems to be about something else"
        if shortfall.unknown:
            words = _listed(shortfall.unknown, " or ")
            return f"{elsewhere}: nothing in the archive mentions {words}."
        return f"{elsewhere}."
    if shortfall.absent:
        return f"Nothing near the question mentions {_listed(shortfall.absent, ' or ')}."
    return "What comes nearest does not answer the question."


def _chinese_reason(question: QuestionTerms, shortfall: Shortfall) -> str:
    absent = "、".join(f"“{word}”" for word in shortfall.absent)
    if shortfall.kind == "off_topic":
        named = f"，也没有提到{absent}" if absent else ""
        return f"档案似乎没有涉及这个问题的主题{named}。"
    if shortfall.absent:
        return f"相关段落没有提到{absent}。"
    return "最接近的内容没有回答这个问题。"


def _in(chinese: bool, english_text: str, chinese_text: str) -> str:
    return chinese_text if chinese else english_text


def _listed(words: Sequence[str], conjunction: str) -> str:
    quoted = [f"'{word}'" for word in words[:_MOST_WORDS]]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])}{conjunction}{quoted[-1]}"


def cite_mentions(
    mentions: Sequence[Candidate], documents: Mapping[str, Document]
) -> tuple[Citation, ...]:
    """These sentences as verified citations, in the order given.

    Raises:
        CitationError: a sentence is not what stands at its span.
    """
    cited: list[Citation] = []
    for mention in mentions:
        document = documents[mention.document_id]
        citation = cite(document, mention.span.start, mention.span.end)
        verify_citation(citation, document)
        cited.append(citation)
    return tuple(cited)


def nearest_passages(
    hits: Sequence[Hit], documents: Mapping[str, Document]
) -> tuple[Citation, ...]:
    """The passages of these hits as citations, quoted exactly."""
    return tuple(
        cite(documents[hit.passage.document_id], hit.passage.span.start, hit.passage.span.end)
        for hit in hits
    )
