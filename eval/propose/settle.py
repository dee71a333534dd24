"""An archive read for questions: its drafts, and those of them that agree on an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from eval.propose.archive import SentenceIndex
from eval.propose.wordings.chinese import draft_chinese
from eval.propose.wordings.english import draft_english
from eval.propose.wordings.glossary import draft_glossary
from eval.propose.wordings.sentence import DATE, Draft, Wording, read_sentence, read_wording
from rag.text.normalise import lexical_tokens
from rag.text.sentences import split_sentences
from rag.types import Document, Span

__all__ = ["Found", "ReadArchive", "settled"]


@dataclass(frozen=True, slots=True)
class Found:
    """A draft and the number of its document."""

    document: int
    draft: Draft


class ReadArchive:
    """What is read of the documents once: sentences, drafts, names."""

    def __init__(self, documents: Sequence[Document], root: Path | None) -> None:
        self.documents = documents
        self.names = [_name(document, root) for document in documents]
        self.index = SentenceIndex()
        self.found: list[Found] = []
        english = [d.text for d in documents if d.language == "en"]
        wording = read_wording(english)
        for number, document in enumerate(documents):
            spans = split_sentences(document.text, document.language)
            self.index.add(number, document.text, spans)
            drafts = _drafts(document, spans, wording)
            self.found.extend(Found(number, draft) for draft in drafts)
        self.aliases = {f.draft.entity: f.draft.alias for f in self.found if f.draft.alias}
        self._by_first: defaultdict[str, list[str]] = defaultdict(list)
        for entity in self.aliases:
            self._by_first[entity.split()[0]].append(entity)
        languages = Counter(d.language for d in documents if d.language in ("en", "zh"))
        self.language = languages.most_common(1)[0][0] if languages else "und"

    def shortened(self, question: str) -> str:
        """The question with long names as the acronyms that the archive gives them."""
        for word in question.split():
            for entity in self._by_first.get(word, ()):
                question = question.replace(entity, self.aliases[entity])
        return question


def _name(document: Document, root: Path | None) -> str:
    source = PurePath(document.sources[0])
    if root is not None and source != root and source.is_relative_to(root):
        return source.relative_to(root).as_posix()
    return source.name


def _drafts(document: Document, spans: Sequence[Span], wording: Wording) -> Iterator[Draft]:
    if document.language == "en":
        yield from draft_glossary(document.text, wording)
    if document.language not in ("en", "zh"):
        return
    for span in spans:
        sentence = read_sentence(document.text, span)
        if sentence is None:
            continue
        if document.language == "en":
            yield from draft_english(sentence, wording)
        else:
            yield from draft_chinese(sentence, document.text)


# --- One question from what several sentences say -----------------------------------


def settled(archive: ReadArchive) -> Iterator[list[Found]]:
    """The drafts of each question on whose answer they agree, in order of first mention."""
    for group in _grouped(archive.found, archive):
        # Documents in the other language may name another holder, and who would know?
        elsewhere = any(archive.documents[f.document].language != archive.language for f in group)
        if _agree(group) and not (elsewhere and _asked_of_a_year(group, archive)):
            yield group
            continue
        for dated in _grouped(_asked_of_a_year(group, archive), archive):
            if _agree(dated):
                yield dated


def _grouped(found: Sequence[Found], archive: ReadArchive) -> list[list[Found]]:
    groups: dict[tuple[str, ...], list[Found]] = {}
    for one in found:
        groups.setdefault(_key(one.draft.question, archive), []).append(one)
    return list(groups.values())


def _key(question: str, archive: ReadArchive) -> tuple[str, ...]:
    """What the same question in other words shares: its words, long names as acronyms."""
    tokens = set(lexical_tokens(archive.shortened(question)))
    # Sorted: "the UNIDO Director General" is "the Director General of UNIDO".
    return tuple(sorted(tokens - {"the", "of", "a", "for", "at"}))


def _agree(group: Sequence[Found]) -> bool:
    """Whether the fullest answer holds the words of all others."""
    answers = [frozenset(lexical_tokens(found.draft.said)) for found in group]
    return all(answer <= max(answers, key=len) for answer in answers)


def _asked_of_a_year(group: Sequence[Found], archive: ReadArchive) -> list[Found]:
    dated = []
    for found in group:
        published = archive.documents[found.document].published
        if found.draft.dated and published is not None and published.year is not None:
            question = found.draft.dated.replace(DATE, str(published.year))
            dated.append(replace(found, draft=replace(found.draft, question=question)))
    return dated
