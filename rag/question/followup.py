"""Follow-up questions made to stand alone, by rules and without a language model.

A question that points back ("Who chaired it?", "And in 2020?", "他说了什么？") is given
the names and topic words it leaves out, in brackets behind its own words; one that stands
by itself stays as it is. Carrying little is the point: on the multi-turn questions of
MTRAG (Katsis et al., TACL 2025) all earlier questions pasted in front retrieve worse than
the last question alone, and a few words carried only where needed retrieve better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from rag.text.language import CHINESE, LATIN, is_chinese
from rag.text.tables import language_table
from rag.text.words import lexical_tokens
from rag.types import Answer, Outcome, Turn

# At most so many words are carried (of Chinese: pairs of characters, which are more).
_MOST_WORDS = 8
_MOST_PAIRS = 20
# A question that cannot stand alone may follow another such; further back is another topic.
_MOST_QUESTIONS = 3
_OLDEST_QUESTION = 10
# Of a longer turn the beginning is read.
_TURN_CHARACTERS = 2000
# Questions that name nothing and have no more content than this lack their topic.
_FEW_WORDS = 3
_FEW_CHARACTERS = 4

_WORD = re.compile(r"[^\W_]+(?:['’.&/\-][^\W_]+)*")
_POSSESSIVE_END = re.compile(r"['’]s$")
_CHINESE_RUN = re.compile(r"[㐀-䶿一-鿿豈-﫿\d·]{2,}")
_QUOTED = re.compile(r"《([^《》]{2,40})》|“([^“”]{2,40})”|([一-鿿]{1,8}·[一-鿿]{1,8})")

_ENGLISH, _CHINESE = language_table("en"), language_table("zh")
# Words that name no topic: function words, question words, and those of talk itself.
_STOP_WORDS = _ENGLISH.stop_words | _ENGLISH.function_words | _ENGLISH.conversation.no_topics
_CHINESE_STOPS = re.compile(
    "|".join(sorted(_CHINESE.conversation.no_topics, key=len, reverse=True))
)


@cache
def _patterns(*, chinese: bool) -> Mapping[str, re.Pattern[str]]:
    """The language's patterns by their names in its table."""
    talk = (_CHINESE if chinese else _ENGLISH).conversation
    names = ("courtesy", "pronouns", "vague", "goes_on", "definition", "clause_end")
    return {name: re.compile(getattr(talk, name), re.IGNORECASE | re.VERBOSE) for name in names}


@dataclass(frozen=True, slots=True)
class _Topic:
    """Words a turn is about; ``named`` is whether it writes them as a name."""

    text: str
    named: bool


def turns_of(outcome: Outcome) -> tuple[Turn, Turn]:
    """A question and what was said to it, as the history of the questions after it."""
    if isinstance(outcome, Answer):
        said = " ".join(claim.text for claim in outcome.claims)
    else:
        said = outcome.explanation
    return Turn("user", outcome.question.text), Turn("assistant", said)


def standalone_question(question: str, history: Sequence[Turn], *, limit: int = 1000) -> str:
    """The question as it can be asked without its history.

    Unchanged when there is no history or nothing is missing; otherwise the question's own
    words followed in brackets by what it leaves out: a name that the last reply adds,
    where somebody or some place is meant; the names, then the topic words, of the last
    question and of those that it followed up. Deterministic. What is carried never makes
    it longer than ``limit`` code points.
    """
    asked = [turn.text[:_TURN_CHARACTERS] for turn in history if turn.role == "user"]
    if not history or not _leans_back(question):
        return question
    groups = _topics(asked[-_OLDEST_QUESTION:], _MOST_QUESTIONS)
    replaces = _replaces_a_name(question)
    if replaces:
        groups = _without_the_last_name(groups)
    topics = [topic for group in groups for topic in group]
    # The names of every question before the other words of any.
    topics.sort(key=lambda topic: not topic.named)
    nameless = not replaces and not any(topic.named for topic in topics)
    if nameless or _means_somebody_or_some_place(question):
        replies = [turn.text[:_TURN_CHARACTERS] for turn in history if turn.role == "assistant"]
        topics = [*_added_name(replies[-1:], topics), *topics]
    return _carry(question, topics, limit)


def _carry(question: str, topics: Sequence[_Topic], limit: int) -> str:
    """The question with as many topics as fit, none of whose words it has already."""
    chinese = is_chinese(question)
    opening, comma, closing = ("（", "，", "）") if chinese else (" (", ", ", ")")
    present = set(lexical_tokens(question))
    own_figures = any(token.isdigit() for token in present)
    most = _MOST_PAIRS if any(is_chinese(topic.text) for topic in topics) else _MOST_WORDS
    carried: list[str] = []
    words = 0
    for topic in topics:
        # Another year than the one that is asked for would be looked for beside it.
        text = _without_figures(topic.text) if own_figures else topic.text
        new = {token for token in lexical_tokens(text) if token not in _STOP_WORDS}
        if new <= present or (carried and words + len(new - present) > most):
            continue
        bracket = opening + comma.join([*carried, text]) + closing
        if len(question) + len(bracket) > limit:
            continue
        carried.append(text)
        words += len(new - present)
        present |= new
    return question + opening + comma.join(carried) + closing if carried else question


def _without_figures(text: str) -> str:
    if is_chinese(text):
        return re.sub(r"\d+[年月日]?", "", text)
    return " ".join(word for word in text.split() if not any(map(str.isdigit, word)))


# --- What is missing ---------------------------------------------------------------


def _leans_back(text: str) -> bool:
    """Whether the text leaves out something that only earlier turns can say."""
    chinese = is_chinese(text)
    told = _patterns(chinese=chinese)
    if told["courtesy"].fullmatch(text):
        return False
    topics = list(_runs(text))
    if chinese:
        content, few = len(CHINESE.findall(_CHINESE_STOPS.sub(" ", text))), _FEW_CHARACTERS
    else:
        content, few = sum(len(topic.text.split()) for topic in topics), _FEW_WORDS
    if any(_is_open(text, match) for match in told["pronouns"].finditer(text)):
        return True
    if (chinese or content < few) and told["goes_on"].match(text):
        return True
    # With a name of its own a question stands, whatever else it leaves vague.
    if any(topic.named for topic in topics):
        return False
    return bool(told["vague"].search(text)) or (
        content <= few and not told["definition"].match(text)
    )


def _is_open(text: str, pronoun: re.Match[str]) -> bool:
    """Whether a pronoun means nothing that the text itself says before it.

    A place must have been said before; another may mean a topic, a person a name, of an
    earlier clause, and what it owns (its, their) one of its own clause.
    """
    kind, _, owns = (pronoun.lastgroup or "").partition("_")
    if kind in ("nothing", "place"):
        return kind == "place"
    end = pronoun.start()
    if not owns:
        clauses = _patterns(chinese=is_chinese(text))["clause_end"].finditer(text, 0, end)
        end = max((clause.start() for clause in clauses), default=0)
    return not any(topic.named or kind != "person" for topic in _runs(text[:end]))


def _replaces_a_name(text: str) -> bool:
    """Whether it asks the last question again of another name: "What about Beijing?"."""
    topics = list(_runs(text))
    goes_on = _patterns(chinese=is_chinese(text))["goes_on"]
    return bool(topics and goes_on.match(text)) and all(topic.named for topic in topics)


def _means_somebody_or_some_place(text: str) -> bool:
    pronouns = _patterns(chinese=is_chinese(text))["pronouns"].finditer(text)
    return any(
        (match.lastgroup or "").startswith(("person", "somebody", "place")) for match in pronouns
    )


# --- What there is to carry --------------------------------------------------------


def _topics(asked: Sequence[str], most: int) -> list[list[_Topic]]:
    """The topics of the last question, then of each that it leans on, newest first."""
    if not asked or not most:
        return []
    last, earlier = asked[-1], asked[:-1]
    own = list(_runs(last))
    if not own:
        return _topics(earlier, most)
    if not _leans_back(last):
        return [own]
    groups = _topics(earlier, most - 1)
    return [own, *(_without_the_last_name(groups) if _replaces_a_name(last) else groups)]


def _without_the_last_name(groups: Sequence[list[_Topic]]) -> list[list[_Topic]]:
    """The groups without the last name of the newest that has any."""
    kept = [list(group) for group in groups]
    for group in kept:
        if names := [topic for topic in group if topic.named]:
            group.remove(names[-1])
            break
    return kept


def _added_name(replies: Sequence[str], topics: Sequence[_Topic]) -> list[_Topic]:
    """The name that replies say most often, the first of those, and that topics lack."""
    known = {token for topic in topics for token in lexical_tokens(topic.text)}
    names = [
        topic
        for reply in replies
        for topic in _runs(reply)
        if topic.named and known.isdisjoint(lexical_tokens(topic.text))
    ]
    return [max(names, key=names.count)] if names else []


def _runs(text: str) -> Iterator[_Topic]:
    """Names and runs of content words, in reading order."""
    if is_chinese(text):
        yield from _chinese_runs(text)
        return
    named = {match.start() for match in _named(text)}
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if run:
            beside = not text[run[-1].end() : match.start()].strip()
            alike = (match.start() in named) == (run[0].start() in named) or match[0].isdigit()
            joins = match[0] == "of" or (_is_content(match[0]) and alike)
            if beside and joins:
                run.append(match)
                continue
            yield from _topic(run, named)
            run = []
        if _is_content(match[0]):
            run = [match]
    yield from _topic(run, named)


def _topic(run: list[re.Match[str]], named: set[int]) -> Iterator[_Topic]:
    while run and run[-1][0] == "of":
        run = run[:-1]
    if run:
        words = " ".join(match[0] for match in run)
        yield _Topic(_POSSESSIVE_END.sub("", words), run[0].start() in named)


def _named(text: str) -> list[re.Match[str]]:
    """The words written as names: with a capital that does not come from opening the text."""
    words = list(_WORD.finditer(text))
    named = [
        match
        for position, match in enumerate(words)
        if _is_content(match[0])
        and (any(map(str.isupper, match[0][1:])) or (position > 0 and match[0][0].isupper()))
    ]
    opens = words[0] if words and words[0][0][0].isupper() and _is_content(words[0][0]) else None
    if opens and opens not in named and len(words) > 1 and words[1] in named:
        named.insert(0, opens)
    return named


def _is_content(word: str) -> bool:
    return (
        word not in _ENGLISH.conversation.kinds
        and word.casefold().replace("’", "'") not in _STOP_WORDS
    )


def _chinese_runs(text: str) -> Iterator[_Topic]:
    quoted = ["".join(filter(None, groups)) for groups in _QUOTED.findall(text)]
    yield from (_Topic(name, True) for name in quoted)
    for match in _WORD.finditer(CHINESE.sub(" ", text)):
        if LATIN.search(match[0]):
            yield _Topic(match[0], True)
    for run in _CHINESE_RUN.findall(_CHINESE_STOPS.sub(" ", _QUOTED.sub(" ", text))):
        yield _Topic(run, False)
