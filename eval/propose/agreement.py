"""An archive read for questions, and those of its questions on whose answer it agrees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from eval.propose.archive import SentenceIndex
from eval.propose.templates.chinese import ask_chinese
from eval.propose.templates.english import ask_english
from eval.propose.templates.sentence import (
    DATE,
    SentenceQuestion,
    Vocabulary,
    read_sentence,
    read_vocabulary,
)
from rag.text.statements import find_statements
from rag.text.words import lexical_tokens
from rag.types import Document, Span


class ReadArchive:
    """What is read of the documents once: sentences, questions, names, acronyms."""

    def __init__(self, documents: Sequence[Document], root: Path | None) -> None:
        self.documents = documents
        self.names = [_name(document, root) for document in documents]
        self.index = SentenceIndex()
        self.questions: list[SentenceQuestion] = []
        vocabulary = read_vocabulary(d.text for d in documents if d.language == "en")
        for number, document in enumerate(documents):
            statements = find_statements(document.text, document.blocks, document.language)
            spans = [statement.span for statement in statements]
            self.index.add(number, document.text, spans)
            for question in _questions(document, spans, vocabulary):
                self.questions.append(replace(question, document=number))
        self.aliases = {q.entity: q.alias for q in self.questions if q.alias}
        self._by_first_word: defaultdict[str, list[str]] = defaultdict(list)
        for entity in self.aliases:
            self._by_first_word[entity.split()[0]].append(entity)
        languages = Counter(d.language for d in documents if d.language in ("en", "zh"))
        self.language = languages.most_common(1)[0][0] if languages else "und"

    def shortened(self, question: str) -> str:
        """The question with long names replaced by the acronyms that the archive gives them."""
        for word in question.split():
            for entity in self._by_first_word.get(word, ()):
                question = question.replace(entity, self.aliases[entity])
        return question


def _name(document: Document, root: Path | None) -> str:
    source = PurePath(document.sources[0])
    if root is not None and source != root and source.is_relative_to(root):
        return source.relative_to(root).as_posix()
    return source.name


def _questions(
    document: Document, spans: Sequence[Span], vocabulary: Vocabulary
) -> Iterator[SentenceQuestion]:
    if document.language not in ("en", "zh"):
        return
    for span in spans:
        sentence = read_sentence(document.text, span)
        if sentence is None:
            continue
        if document.language == "en":
            yield from ask_english(sentence, vocabulary)
        else:
            yield from ask_chinese(sentence, document.text)


# --- One question from what several sentences state ---------------------------------


def agreed_questions(archive: ReadArchive) -> Iterator[list[SentenceQuestion]]:
    """Groups of the same question with one answer, in order of first mention.

    Where sentences disagree, the question is asked of the year of each document, if that
    settles it; otherwise it is dropped.
    """
    for group in _grouped(archive.questions, archive):
        # Documents in the other language may name another holder: names are not compared.
        other = any(archive.documents[q.document].language != archive.language for q in group)
        dated = _asked_of_a_year(group, archive)
        if _agree(group) and not (other and dated):
            yield group
        else:
            yield from (part for part in _grouped(dated, archive) if _agree(part))


def _grouped(
    questions: Sequence[SentenceQuestion], archive: ReadArchive
) -> list[list[SentenceQuestion]]:
    groups: dict[tuple[str, ...], list[SentenceQuestion]] = {}
    for one in questions:
        groups.setdefault(_key(one.question, archive), []).append(one)
    return list(groups.values())


def _key(question: str, archive: ReadArchive) -> tuple[str, ...]:
    """What two wordings of a question share: its words, long names as acronyms."""
    tokens = set(lexical_tokens(archive.shortened(question)))
    # Sorted: "the UNIDO Director General" is "the Director General of UNIDO".
    return tuple(sorted(tokens - {"the", "of", "a", "for", "at"}))


def _agree(group: Sequence[SentenceQuestion]) -> bool:
    """Whether the longest answer holds the words of all others."""
    answers = [frozenset(lexical_tokens(question.answer_text)) for question in group]
    return all(answer <= max(answers, key=len) for answer in answers)


def _asked_of_a_year(
    group: Sequence[SentenceQuestion], archive: ReadArchive
) -> list[SentenceQuestion]:
    dated = []
    for question in group:
        published = archive.documents[question.document].published
        if question.dated and published is not None and published.year is not None:
            text = question.dated.replace(DATE, str(published.year))
            dated.append(replace(question, question=text))
    return dated
