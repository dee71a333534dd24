"""Does a wording of the same words say another thing? Order and small words decide that.

"The council approved it" has every content word of "the council may approve it": a count of
words and facts does not tell these apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from rag.answer.facts import FUNCTION_WORDS
from rag.answer.order import exchanges_places, tokens_of
from rag.answer.standing import changes_standing
from rag.question.analysis import stem_tokens

__all__ = ["is_turned", "states_nothing"]

_ASKS = re.compile(r"[?？]\W*$")

# Tokens of a claim by those of a source; what is longer must be in the source's own words.
_MOST_PAIRS = 160_000
# Words that stand in each other's place are few.
_FEW = 3


# A word of the first kind in a claim needs one of the second in its source.
_NEEDED = tuple(
    (re.compile(claimed, re.IGNORECASE), re.compile(known, re.IGNORECASE))
    for claimed, known in (
        (
            r"\b(?:before|until|till|since|prior to"
            r"|(?<!look )(?<!looks )(?<!looked )(?<!looking )(?<!named )after)\b",
            r"\b(?:before|after|until|till|since|prior|follow\w*|preced\w*|later|earlier|from|by"
            r"|upon|once|when|then|to|post|pre|\w*-\w*|succe\w+|through)\b",
        ),
        (
            r"\b(?:all|every|always|entirely|completely)\b(?! over\b)",
            r"\b(?:all|every\w*|each|always|any|both|entire\w*|whol\w+|complete\w*|full\w*|total\w*)\b",
        ),
        (r"\b(?:only|solely|exclusively)\b", r"\b(?:only|sole\w*|exclusive\w*|just|alone|but)\b"),
        (
            r"\b(?:almost|nearly|barely|hardly)\b",
            r"\b(?:almost|nearly|barely|hardly|close|about|around|roughly|approx\w*|virtually|just"
            r"|under|some|over|more|less|scarcely)\b",
        ),
        (
            r"\b(?:allegedly|supposed(?:ly)?|reportedly|rumou?r\w*|alleged)\b",
            r"\b(?:alleg\w+|suppos\w+|report\w*|rumou?r\w*|claim\w*|accord\w*|sa(?:ys?|id)|believ\w+"
            r"|accus\w+|assum\w+|intend\w*)\b",
        ),
        (
            r"\b(?:false(?:ly)?|untrue|myth|hoax|mistaken(?:ly)?|incorrect(?:ly)?|a lie)\b",
            r"\b(?:fals\w+|untrue|myth\w*|hoax\w*|mistak\w+|incorrect\w*|lies?|wrong\w*|error\w*)\b",
        ),
        (
            r"(?<!at )\bmost\b",
            r"\b(?:most|majority|bulk|main(?:ly)?|mostly|largely|chiefly|predominantly|primarily"
            r"|general\w*|usual\w*|typical\w*|\w{3,}est)\b",
        ),
        (
            r"\b(?:largest|oldest|biggest|highest|greatest|strongest|fastest|longest|youngest|newest"
            r"|richest|poorest|earliest|smallest|best|worst)\b",
            r"\b(?:\w{3,}est|most|least|best|worst|first|top|leading|record)\b",
        ),
        (
            r"\b(?:more|less|fewer)\b[^,;.]{0,30}?\bthan\b",
            r"\b(?:more|less|fewer|over|above|under|below|exceed\w*|surpass\w*|upwards?|plus|beyond"
            r"|\w{3,}er than)\b|\+",
        ),
        ("据说|据称|传闻", "据|称|传|说|报"),
        ("最(?![近后终初])", "最|头号|首|第一"),
        (r"(?:近|约|大约|将近)\s?(?=[\d一二三四五六七八九十百千])", "近|约|大概|左右|上下|余"),
        ("差点|几乎|险些", "差点|几乎|险些|近|约"),
        ("错误|谎言|谣言|不实|虚假", "错|谎|谣|不实|虚假"),
        ("只有|仅有|唯一", "只|仅|唯一|独"),
    )
)
# One in the other's place turns what is said.
_OPPOSED = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("before until till prior", "after since following"),
        ("to into towards", "from"),
        ("more over above", "less fewer under below"),
        ("least", "most"),
        ("with", "without"),
        ("all every", "some many few most"),
        ("many", "few"),
        ("and", "or"),
        ("for", "against"),
        ("up", "down"),
        ("in on at", "before after until till since"),
        ("inside", "outside"),
    )
)
_OPPOSED_CHINESE = (
    ("之前", "之后"), ("以前", "以后"), ("前", "后"), ("多于", "少于"), ("高于", "低于"),
    ("至少", "至多"), ("最多", "最少"), ("大于", "小于"), ("早于", "晚于"), ("超过", "不足"),
)  # fmt: skip

_MAYBE = re.compile(r"\b(?:may|might|could)\b")
_HEDGES = re.compile(
    r"\b(?:may|might|could|can|would|possib\w+|perhaps|probabl\w+|likel\w+|potential\w*)\b"
)
_FUTURE = re.compile(
    r"\b(?:will|shall|would|(?:is|are|was|were) to"
    r"|(?:plan(?:s|ned)?|intend(?:s|ed)?|hope[sd]?|aim(?:s|ed)?|propose[sd]?|want(?:s|ed)?"
    r"|promise[sd]?|expect(?:s|ed)|scheduled|tr(?:y|ies|ied)|attempt(?:s|ed)?) to)\b",
    re.IGNORECASE,
)
_NEARLY = re.compile(r"\b(?:nearly|almost)\b(?! \d)", re.IGNORECASE)
_ROUGHLY = re.compile(
    r"\b(?:nearly|almost|most|close|virtually|practically|about)\b", re.IGNORECASE
)
_HEARSAY = re.compile(
    r"\b(?:(?:claim|alleg|believ|suspect|fear|rumou?r|doubt|hop|pretend|imagin|speculat)\w* that"
    r"|allegedly|reportedly|supposedly|rumou?red to)\b",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:claim|alleg|believ|suspect|fear|rumou?r|doubt|hop|pretend|imagin|speculat|suppos"
    r"|report|accord|sa(?:y|id)|stat|view|opinion)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?<!even )(?<!as )(?<!what )(?<!ask )(?<!asked )(?<!see )\b(?:if|unless|provided that)\b",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:if|unless|provided|when|once|should|would|could|may|might|depend\w*|condition\w*)\b",
    re.IGNORECASE,
)
# What casts doubt on the words behind it, or, as a condition, on the clause behind its own.
_HEDGES_CHINESE = (
    (
        re.compile("(?:可能|也许|或许)(?P<what>[^,，。;；]+)"),
        re.compile("可能|也许|或许|或|恐|有望"),
    ),
    (re.compile("(?:据说|据称|据传|传闻)[,，]?(?P<what>[^,，。;；]+)"), re.compile("据|称|传|说")),
    (
        re.compile("(?:如果|倘若|除非|假如)[^,，。;；]*[,，](?P<what>[^,，。;；]+)"),
        re.compile("如果|倘若|除非|假如|若|只要|一旦|时"),
    ),
)
# One of several that are so is not the one that is; every other year is not every year.
_AMONG = tuple(
    (re.compile(there, re.IGNORECASE), re.compile(without, re.IGNORECASE), re.compile(kept, re.I))
    for there, without, kept in (
        (
            r"\b(?:one of|among|some of)\b[^,;.]{0,30}?\b(?:most|best|leading|\w{3,}est)\b",
            r"\b(?:most|best|leading|\w{3,}est)\b",
            r"\b(?:one|among|some|rank\w* (?:high|among))\b",
        ),
        (
            r"\b(?:every|each) (?:other|second|third|two|three|four|five|six|\d+)\b|\bbiennial",
            r"\b(?:every|each) (?:year|month|week|day)\b|\b(?:annual|yearly|monthly|weekly|daily)",
            r"\b(?:other|second|third|two|three|four|five|six|\d+)\b|\bbiennial",
        ),
        (r"一大|最[^，,。；;]{0,30}之一", "最(?![近后终初])", "之一"),
    )
)
_MOSTLY = 0.5
_GOVERNED = 2
_REACH = 60


def states_nothing(text: str) -> bool:
    """Whether it is a question."""
    return bool(_ASKS.search(text))


def is_turned(claim: str, sources: Sequence[str]) -> bool:
    """Whether a claim says another thing than these sentences in their words; all of them
    are ``search_text``.

    Turned are who does what to whom, a before into an after, what may be into what is, and
    what is only told or only on a condition into a fact.
    """
    together = " ".join(sources)
    if any(claimed.search(claim) and not known.search(together) for claimed, known in _NEEDED):
        return True
    if any(
        _is_only_among(claim, together, there, without) and not kept.search(claim)
        for there, without, kept in _AMONG
    ):
        return True
    return any(
        _turns(claim, source) or _drops_a_doubt(claim, source) or changes_standing(claim, source)
        for source in sources
    )


def _is_only_among(
    claim: str, source: str, there: re.Pattern[str], without: re.Pattern[str]
) -> bool:
    """Whether the claim has a word that the source has only of several, or not at all."""
    stated = without.search(claim)
    rest = there.sub(" ", source)
    return bool(stated and rest != source and stated[0].lower() not in rest.lower())


def _turns(claim: str, source: str) -> bool:
    if claim.strip(" .。") in source:
        return False
    if _is_opposed_in_chinese(claim, source):
        return True
    said, cited = (tokens_of(text) for text in (claim, source))
    if len(said) * len(cited) > _MOST_PAIRS:
        return True
    return exchanges_places(said, cited) or _is_opposed(said, cited)


def _is_opposed_in_chinese(claim: str, source: str) -> bool:
    return any(
        (one in claim and other not in claim and other in source and one not in source)
        or (other in claim and one not in claim and one in source and other not in source)
        for one, other in _OPPOSED_CHINESE
    )


def _is_opposed(said: Sequence[str], cited: Sequence[str]) -> bool:
    """Whether a small word stands where the source has one that is against it."""
    matcher = SequenceMatcher(None, said, cited, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind != "replace" or end - start > _FEW or last - first > _FEW:
            continue
        new, old = frozenset(said[start:end]), frozenset(cited[first:last])
        for one, other in _OPPOSED:
            if (new & one and old & other and not old & one) or (
                new & other and old & one and not old & other
            ):
                return True
    return False


def _drops_a_doubt(claim: str, source: str) -> bool:
    """Whether the claim says for certain what the source does not."""
    if any(
        not kept.search(claim) and any(_says(claim, m["what"]) for m in doubt.finditer(source))
        for doubt, kept in _HEDGES_CHINESE
    ):
        return True
    words = frozenset(stem_tokens(claim))
    if not _HEDGES.search(claim) and _governs(_MAYBE, source, words):
        return True
    if not _FUTURE.search(claim) and _is_done(claim, source):
        return True
    if not _ROUGHLY.search(claim) and any(
        frozenset(stem_tokens(source[match.end() :])[:1]) & words
        for match in _NEARLY.finditer(source)
    ):
        return True
    if not _CONDITIONAL.search(claim) and words.intersection(_conditional_on(source)):
        return True
    hearsay = _HEARSAY.search(source)
    return bool(
        hearsay
        and not _TOLD.search(claim)
        and words - FUNCTION_WORDS <= frozenset(stem_tokens(source[hearsay.end() :]))
    )


def _says(claim: str, chinese: str) -> bool:
    """Whether most pairs of characters of a Chinese stretch are in the claim."""
    pairs = [a + b for a, b in pairwise(chinese)]
    return sum(pair in claim for pair in pairs) >= _MOSTLY * max(len(pairs), 1)


def _conditional_on(source: str) -> list[str]:
    """Stems of what a condition is put on: the word before it, or where it opens, the words
    behind its clause."""
    match = _CONDITION.search(source)
    if match is None:
        return []
    before = [s for s in stem_tokens(source[: match.start()]) if s not in FUNCTION_WORDS]
    return before[-1:] or _governed(source, source.find(",", match.end()) + 1 or len(source))


def _governs(words: re.Pattern[str], source: str, stems: frozenset[str]) -> bool:
    return any(
        stems.intersection(_governed(source, match.end())) for match in words.finditer(source)
    )


def _governed(source: str, end: int) -> list[str]:
    after = stem_tokens(source[end : end + _REACH])
    return [stem for stem in after if stem not in FUNCTION_WORDS][:_GOVERNED]


def _is_done(claim: str, source: str) -> bool:
    """Whether the claim tells as done what the source has yet to come."""
    tokens = tokens_of(claim)
    for match in _FUTURE.finditer(source):
        governed = _governed(source, match.end())[:1]
        for at, token in enumerate(tokens):
            before = tokens[max(0, at - 2) : at]
            if stem_tokens(token) == governed and (
                token.endswith("ed") or {"was", "were", "has", "have", "had"}.intersection(before)
            ):
                return True
    return False
