"""What a source says of somebody, is it said of the same one in a claim, and as much?

"President Wu" has every word of "Vice President Wu", and "Wu was founded in 1896" those of
"the university, founded in 1896, invited Wu".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from rag.answer.facts import FUNCTION_WORDS, find_names
from rag.question.analysis import analyse_question, is_chinese, stem_tokens

__all__ = ["changes_standing"]

# Words that make another office of the one behind them (or, if "after", before them), and
# those by which a claim keeps what they say.
_QUALIFIERS = (
    (
        r"\b(?:vice|deputy|co|assistant|associate)\b",
        r"\b(?:vice|deputy|co|assistant|associate)\b",
    ),
    (
        r"\b(?:former|formerly|ex|used to be)\b",
        r"\b(?:former|formerly|ex|used to|once|previous\w*|past|until|earlier)\b",
    ),
    (
        r"\b(?:acting|interim)\b(?! (?:on|as|with|for|by|in|upon)\b)",
        r"\b(?:acting|interim|temporar\w+|provisional\w*)\b",
    ),
    (r"\bhonorary\b", r"\b(?:honorary|emeritus)\b"),
    (r"\b(?:incoming|designated|would-be)\b", r"\b(?:incoming|designat\w*|would-be|elect|will)\b"),
)
_QUALIFIERS_AFTER = (
    (r"\bemeritus\b", r"\b(?:honorary|emeritus|former\w*)\b"),
    (r"(?<=[ -])(?:elect|designate)\b", r"\b(?:incoming|designat\w*|elect)\b"),
)
_QUALIFIED = tuple(
    (re.compile(there, re.IGNORECASE), re.compile(kept, re.IGNORECASE), follows)
    for follows, qualifiers in ((False, _QUALIFIERS), (True, _QUALIFIERS_AFTER))
    for there, kept in qualifiers
)
_CLAUSE_END = re.compile(r"[,;:.()]")
# How many content words a qualifier is of.
_GOVERNED = 2
_OFFICES = (
    "部长|主席|总裁|主任|总干事|市长|省长|州长|会长|院长|校长|书记|秘书长|局长|司长|处长|署长|行长|董事长|"
    "经理|大使|总统|总理|首相|理事长|主编|所长|县长|区长|总监|教授"
)
# Not the last character of another word: 目前, 中原.
_QUALIFIED_OFFICE = re.compile(
    rf"(?P<class>副|(?<![中太草高平还复港])原|(?<![目会面之以当日年天提先空从此眼赛])前|代理|名誉|候任)"
    rf"(?:[^，。；、：]{{0,4}}?)(?P<office>{_OFFICES})"
)
# What in a claim, right before the office, keeps it.
_KEPT_CHINESE = {
    "副": "副",
    "原": "[原前]|曾任|曾是",
    "前": "[原前]|曾任|曾是",
    "代理": "代",
    "名誉": "名誉",
    "候任": "候任",
}

# A phrase that speaks of what stands right before its comma; a claim that has most of its words
# says the same.
_APPOSITION = re.compile(
    r"(?P<of>[^,;:.()]{2,80}), (?:(?:which|who|whose|where)\b"
    r"|(?=(?:\w+ed|founded|held|made|set|built|led|run|born|known|written|given)\b))"
    r"(?P<said>[^,;.]{8,})"
)
_LAST_OF_LIST = re.compile(r"^.*\b(?:and|or)\s", re.DOTALL)
_MOSTLY = 0.6
# A name that begins no further into a claim is what it is about.
_OPENING = 40
_PRONOUN = re.compile(r"^\W*(?:it|he|she|they|this|these|that|those|its|his|her|their)\b", re.I)
# A clause that goes on about what the one before is about.
_REFERS_ON = re.compile(
    r"\s*(?:it|he|she|they|this|these|that|those|its|his|her|their|both)\b|\s*(?:它|他|她|这|其|该|两)",
    re.IGNORECASE,
)
_BE = frozenset(("am", "is", "are", "was", "were", "be", "been", "being", "get", "gets", "got"))
_OPENS_AN_OBJECT = re.compile(r"(?:the|a|an|its|his|her|their|all|some|\d+)$", re.I)
_WORDS = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[,;:.()]")
_PASSIVE_REACH = 2
# How a participle may end; what is so spelled and none is seldom told of the same one twice.
_PARTICIPLE = re.compile(r"(?:ed|en|[dtn]|ne|ck|rung|sung|hung|begun|run|put|set|cut|come)$")


def changes_standing(claim: str, source: str) -> bool:
    """Whether a claim, otherwise in the words of one sentence, gives what this says of one to
    another, or takes from an office what makes it another; both are ``search_text``."""
    # The sentence itself, or what it begins with.
    if source.startswith(claim.strip(" .。")):
        return False
    said, there = _words(claim), _words(source)
    return (
        _drops_a_qualifier(claim, source)
        or _drops_a_chinese_qualifier(claim, source)
        or _gives_to_another(claim, source)
        or _names_a_doer(said, there)
        or _changes_voice(said, there)
        or _crosses_items(claim, source)
    )


def _content(text: str) -> list[str]:
    return [stem for stem in stem_tokens(text) if stem not in FUNCTION_WORDS]


def _drops_a_qualifier(claim: str, source: str) -> bool:
    words = frozenset(stem_tokens(claim))
    whole = stem_tokens(source)
    for qualified, kept, follows in _QUALIFIED:
        if kept.search(claim):
            continue
        governed = [_governed(source, match, follows) for match in qualified.finditer(source)]
        if _is_taken(words, whole, governed):
            return True
    return False


def _governed(source: str, qualifier: re.Match[str], follows: bool) -> list[str]:
    """Stems of what a qualifier is of, in its clause."""
    if follows:
        return _content(_CLAUSE_END.split(source[: qualifier.start()])[-1])[-1:]
    return _content(_CLAUSE_END.split(source[qualifier.end() :])[0])[:_GOVERNED]


def _is_taken(words: frozenset[str], whole: Sequence[str], governed: Sequence[list[str]]) -> bool:
    """Whether the claim has a word that the source has only behind the qualifier."""
    behind = [stem for stems in governed for stem in stems]
    return any(stem in words and whole.count(stem) <= behind.count(stem) for stem in behind)


def _drops_a_chinese_qualifier(claim: str, source: str) -> bool:
    for match in _QUALIFIED_OFFICE.finditer(source):
        office = match["office"]
        qualified = [m for m in _QUALIFIED_OFFICE.finditer(source) if m["office"] == office]
        if (
            office in claim
            and source.count(office) <= len(qualified)
            and not re.search(
                rf"(?:{_KEPT_CHINESE[match['class']]})[^，。；、]{{0,4}}{office}", claim
            )
        ):
            return True
    return False


def _gives_to_another(claim: str, source: str) -> bool:
    """Whether what a phrase between commas says is told of what stands not before it."""
    if _PRONOUN.match(claim):
        return False
    words = frozenset(_content(claim))
    for match in _APPOSITION.finditer(source):
        said = frozenset(_content(match["said"]))
        nearest = _LAST_OF_LIST.sub("", match["of"])
        names = find_names(nearest)
        of = frozenset(s for name in names for s in name.stems) or frozenset(_content(nearest))
        initials = "".join(name.text[0] for name in names).lower()
        if (
            said
            and of
            and len(said & words) >= _MOSTLY * len(said)
            and not of & words
            and not (len(initials) > 1 and initials in words)
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or a mark of punctuation as written, with its stems."""

    text: str
    stems: tuple[str, ...]

    @property
    def stem(self) -> str | None:
        """The stem, where it has one and is no grammar."""
        if len(self.stems) != 1 or self.stems[0] in FUNCTION_WORDS:
            return None
        return self.stems[0]


def _words(text: str) -> list[_Word]:
    return [_Word(word, tuple(stem_tokens(word))) for word in _WORDS.findall(text)]


def _names_a_doer(said: Sequence[_Word], there: Sequence[_Word]) -> bool:
    """Whether the claim has somebody do what the source says is done, not by whom."""
    for at, word in enumerate(said):
        opens = at + 1 < len(said) and _OPENS_AN_OBJECT.match(said[at + 1].text)
        if word.stem is None or not opens or _follows_be(said, at):
            continue
        places = [i for i, other in enumerate(there) if other.stems == word.stems]
        if places and all(_is_done_by_nobody(there, i) for i in places):
            return True
    return False


def _changes_voice(said: Sequence[_Word], there: Sequence[_Word]) -> bool:
    """Whether one of whom something is told does in the claim what is done to it in the
    source, or the reverse: "the firm was taken over" and "the firm took over"."""
    for at, word in enumerate(said):
        places = [i for i, other in enumerate(there) if other.stems == word.stems]
        if word.stem is None or len(places) != 1:
            continue
        if not word.text.islower() or word.text.endswith("ing"):
            continue
        (place,) = places
        mine, its = _before(said, at), _before(there, place)
        if mine and mine == its and _is_passive(said, at) != _is_passive(there, place):
            return True
    return False


def _follows_be(words: Sequence[_Word], at: int) -> bool:
    return any(word.text.lower() in _BE for word in words[max(0, at - _PASSIVE_REACH) : at])


def _is_passive(words: Sequence[_Word], at: int) -> bool:
    return _follows_be(words, at) and bool(_PARTICIPLE.search(words[at].text))


def _before(words: Sequence[_Word], at: int) -> str | None:
    """The stem of the content word before it, in its clause."""
    for word in reversed(words[:at]):
        if word.text in ",;:.()":
            return None
        if word.stems and word.stems[0] not in FUNCTION_WORDS:
            return " ".join(word.stems)
    return None


def _is_done_by_nobody(words: Sequence[_Word], at: int) -> bool:
    after = [word.text.lower() for word in takewhile(lambda w: w.text not in ";.", words[at + 1 :])]
    done = words[at].text.lower().endswith(("ed", "en"))
    return done and _follows_be(words, at) and "by" not in after


def _crosses_items(claim: str, source: str) -> bool:
    """Whether a claim tells of one what a source says behind a semicolon of another."""
    items = re.split("[;；]", source)
    if len(items) < 2 or any(_REFERS_ON.match(item) for item in items[1:]):
        return False
    opening = [name for name in find_names(items[0]) if name.start]
    if opening:
        # What comes before the first name of a list is said of all: "Present were".
        items[0] = items[0][opening[0].start :]
    plain, *of_items = (frozenset(_content(text)) for text in (claim, *items))
    subject = _subject_of(claim)
    own = [at for at, words in enumerate(of_items) if subject and subject <= words]
    if not own:
        return False
    for at, words in enumerate(of_items):
        others = frozenset().union(*(w for i, w in enumerate(of_items) if i != at))
        only_here = (words - others) & plain
        names = find_names(items[at])
        another = bool(names) and not any(name.stems & plain for name in names[:1])
        if at not in own and only_here and (at < min(own) or another):
            return True
    return False


def _subject_of(claim: str) -> frozenset[str]:
    if is_chinese(claim):
        return frozenset([claim[:2]])
    names = find_names(claim)
    if names and names[0].start < _OPENING:
        first = names[0].run
        return frozenset(s for name in names if name.run == first for s in name.stems)
    content = analyse_question(claim).content
    return frozenset([s for s in _content(claim) if s in content][:1])
