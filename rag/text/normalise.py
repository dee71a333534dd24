"""Text for the indexes: repaired and unified, never shown or cited.

Two forms: ``search_text`` for encoders and rerankers, readable and cased, and
``lexical_tokens`` for the lexical index and its queries. Both start from any text, so
a passage and a query meet in the same form.
"""

from __future__ import annotations

import importlib.util
import math
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from rag.errors import ModelError

__all__ = ["NORMALISER", "is_english_word", "lexical_tokens", "search_text", "word_rarity"]

# Of all that makes index words, those of dates (rag.store.local.lexical) included.
NORMALISER = "normalise.v2"

_INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# The one mark of invisible ones that parts words: "AIM<U+200B>Global".
_ZERO_WIDTH_SPACE = re.compile(
    "(?<=[A-Za-z\u00c0-\u024f])\u200b+(?=[A-Z\u00c0-\u00d6\u00d8-\u00de])"
)
_UNIFIED = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′＇`´", "'"),
        **dict.fromkeys("“”„‟″«»＂", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{chr(code): " " for code in range(32)},
        "\x7f": " ",
    }
)

# --- Glued words -----------------------------------------------------------------

_ADDRESS = re.compile(r"://|www\.|@|\w/\w|[_\\=<>{}|]")
_GLUED_STOP = re.compile(
    r"(?:(?<=[a-z)\]\d][a-z)\]\d])|(?<=[A-Z][A-Z]))([.!?][)\]\"']*)(?=[\"(]?[A-Z](?:[a-z]|$))"
)
_GLUED_COMMA = re.compile(r"(?<=[A-Za-z)][A-Za-z)])([,;]\"?)(?=[A-Za-z]{2})")
_GLUED_BRACKET = re.compile(
    r"(?<=[A-Za-z]{3})(?=\([A-Z][A-Za-z]{2})|(?<=[A-Za-z]\))(?=[A-Za-z]{3})"
)
_LETTERS = re.compile(r"(?<![^\W\d_])[A-Za-z]{5,}(?![^\W\d_])(?!'[a-rt-z])")
_BEFORE_NUMBER = re.compile(
    r"(?<![^\W_])(in|of|to|the|and|from|by|for|on|at|since|until|about|over|than|with|between|during"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?=\d{1,2}(?!\d)|\d{4}(?!\d))",
)
_AFTER_NUMBER = re.compile(
    r"(?<=\d)(?=(?:and|the|of|to|in|from|for|with|was|were|are|by|at|on|to|people|years|percent)"
    r"(?![^\W_]))"
)
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Short words that glue to others. A part of three letters or fewer must be one of
# these: the dictionary's other short words are abbreviations and syllables of names.
_SHORT_WORDS = _words(
    "a all an and any are as at be but by can did do for get had has he her him his how if in "
    "into is it its may me my new no nor not now of off old on one or our out own say see set she "
    "so six ten the too to two up us use war was way we who why you"
)
_FUNCTION_WORDS = _SHORT_WORDS | _words(
    "about after against also although among around because been before being between both could "
    "does during each from have having hers himself however itself just like made many might more "
    "most much must never only other over same several shall should since some such than that "
    "their them then there therefore these they this those through thus under until upon very "
    "were what when where whereas whether which while whom whose will with within without would "
    "your"
)
# Never words by themselves, though the dictionary has them.
_BOUND = _words(
    "anti electro embryo extra fore hetero homo hydro hyper infra inter intra macro mega meta "
    "micro mini mono multi nano neuro photo poly proto pseudo psycho semi supra tele thermo "
    "trans ultra"
)
# Words that more often make one word with their neighbour than stand beside it.
_PREFIXES = _words(
    "after arch auto back counter cross cyber down ever front over post sub super under"
)
_SUFFIXES = _words(
    "able hood land less like maker man mate men mouth ness ship some stone town ward ware wide "
    "wise wood worth worthy"
)
# Endings of names (Masterson, Loganis) that are words too.
_NAME_ENDINGS = _words("a an as do he in is land more no on or she so us")
_LEADING_CAPITALISED = frozenset(("The", "And", "For", "From", "With", "This", "That"))
_MAX_PARTS = 4
_MAX_GLUED_LETTERS = 60
# In log10. How much likelier each further letter makes a split, and by how much a doubtful
# one must be likelier. Chosen on damaged pages of one set (CLAP NQ), measured on another
# (SQuAD): of its glued words .80 are repaired, .98 of the changes are right, and of 1,000
# words of its clean text 0.2 are parted.
_LETTER_GAIN = 0.95
_CAPITALISED_MARGIN = 1.5
_COMPOUND_MARGIN = 2.0
_PAIR_MARGIN = 1.0
_RAREST_PART = -6.6
_LONG_PART = 4


def search_text(raw: str) -> str:
    """``raw`` repaired for an encoder: the same letters and digits, in the same order.

    Unicode NFKC; quotes, dashes and white space unified, invisible characters removed,
    English words that lost the space between them parted. Applying it twice gives the
    same as once.
    """
    text = _unified(raw)
    return " ".join(repaired for token in text.split() if (repaired := _repaired(token)))


def _unified(raw: str) -> str:
    visible = _ZERO_WIDTH_SPACE.sub(" ", raw).translate(_INVISIBLE)
    return unicodedata.normalize("NFKC", visible).translate(_UNIFIED)


@lru_cache(maxsize=1 << 16)
def _repaired(token: str) -> str:
    """A run of non-spaces, with spaces where words were glued."""
    if len(token) < 5 or _ADDRESS.search(token):
        return token
    token = _GLUED_STOP.sub(r"\1 ", token)
    token = _GLUED_COMMA.sub(r"\1 ", token)
    token = _GLUED_BRACKET.sub(" ", token)
    token = _LETTERS.sub(lambda match: _parted(match[0]), token)
    token = _BEFORE_NUMBER.sub(r"\1 ", token)
    return _AFTER_NUMBER.sub(" ", token)


def _parted(run: str) -> str:
    """A run of ASCII letters, parted where it is several words and no name."""
    words = _dictionary()
    if run.lower() in words or len(run) > _MAX_GLUED_LETTERS:
        return run
    parts: list[str] = []
    start = 0
    for match in _CASE_CHANGE.finditer(run):
        left, right = run[start : match.start()], run[match.start() :]
        if _parts_at_case(left, right):
            parts.append(left)
            start = match.start()
    parts.append(run[start:])
    return " ".join(_segmented(part) for part in parts)


def _parts_at_case(left: str, right: str) -> bool:
    """Whether a change of case parts two words, not the halves of a name (YouTube)."""
    words = _dictionary()
    right_word = re.match(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", right)
    if right_word is None or len(right_word[0]) < 2:
        return False
    if left.islower():
        if left in _SHORT_WORDS:
            return len(left) > 1 and (len(right_word[0]) > 2 or left in ("the", "of", "and"))
        return len(left) >= _LONG_PART and (left in words or " " in _segmented(left))
    if left in _LEADING_CAPITALISED:
        return len(right_word[0]) > 2
    known = left.lower() in words or " " in _segmented(left)
    if right_word[0].isupper():
        return known and len(left) > 5 and len(right_word[0]) > 2
    right_known = right_word[0].lower() in words or " " in _segmented(right_word[0])
    long_enough = min(len(left), len(right_word[0])) >= _LONG_PART
    return known and right_known and long_enough and len(left) + len(right_word[0]) > 10


@lru_cache(maxsize=1 << 16)
def _segmented(word: str) -> str:
    """The likeliest words that make up ``word``, by Viterbi over unigram frequencies.

    ``word`` itself where the best split is not much likelier than an unknown word: a
    name, a term or a misspelling. Norvig, "Natural Language Corpus Data", 2009.
    """
    lower, words = word.lower(), _dictionary()
    if lower in words or len(word) < 5 or not word[1:].islower():
        return word
    # best[end] = (log10 probability, number of parts, start of the last part)
    best: list[tuple[float, int, int] | None] = [(0.0, 0, 0)]
    for end in range(1, len(lower) + 1):
        candidates = [
            (before[0] + score, before[1] + 1, start)
            for start in range(max(0, end - 20), end)
            if (before := best[start]) is not None
            and before[1] < _MAX_PARTS
            and (score := _part_score(lower[start:end], words)) is not None
        ]
        best.append(max(candidates, default=None))
    parts: list[str] = []
    end = len(word)
    while end:
        step = best[end]
        if step is None:
            return word
        parts.insert(0, word[step[2] : end])
        end = step[2]
    last = best[-1]
    if last is None or last[0] + _LETTER_GAIN * len(word) < _margin(parts):
        return word
    return " ".join(parts)


def _margin(parts: list[str]) -> float:
    """By how much (log10) a split must be likelier: more where it may be one word."""
    lower = [part.lower() for part in parts]
    margin = 0.0 if parts[0].islower() else _CAPITALISED_MARGIN
    if lower[0] in _PREFIXES or not _SUFFIXES.isdisjoint(lower[1:]):
        margin += _COMPOUND_MARGIN
    if parts[0][0].isupper() and lower[-1] in _NAME_ENDINGS and lower[-2] not in _FUNCTION_WORDS:
        margin += _COMPOUND_MARGIN
    for left, right in pairwise(lower):
        if left not in _FUNCTION_WORDS and right not in _FUNCTION_WORDS:
            # Compounds that dictionaries lack (largemouth) have a short half.
            margin += _COMPOUND_MARGIN if min(len(left), len(right)) < 6 else _PAIR_MARGIN
    return margin


def _part_score(part: str, words: Mapping[str, float]) -> float | None:
    """log10 probability of ``part`` as a word inside a glued run; None where it is none."""
    if part in _BOUND or (len(part) < _LONG_PART and part not in _SHORT_WORDS):
        return None
    score = words.get(part)
    return score if score is not None and score > _RAREST_PART else None


def is_english_word(word: str) -> bool:
    """Whether a lower-case word is in the English word list: then it is hardly mistyped."""
    return word in _dictionary()


@cache
def _dictionary() -> Mapping[str, float]:
    """English words and the log10 of their relative frequency, from symspellpy's data."""
    spec = importlib.util.find_spec("symspellpy")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "symspellpy, which carries the word list, is missing", remedy="reinstall footnote"
        )
    path = Path(spec.submodule_search_locations[0]) / "frequency_dictionary_en_82_765.txt"
    try:
        lines = path.read_text(encoding="utf-8").removeprefix("\ufeff").splitlines()
    except OSError as error:
        raise ModelError(
            f"the word list {path.name} cannot be read", remedy="reinstall symspellpy"
        ) from error
    counts = {word: int(count) for word, count in (line.split() for line in lines)}
    total = math.log10(sum(counts.values()))
    return {word: math.log10(count) - total for word, count in counts.items()}


def word_rarity(word: str) -> float:
    """How rare a lower-case English word is: -log10 of its share of running text.

    From 2, where the commonest words are cut off, to 8; 7 for a word not in the list.
    """
    return min(8.0, max(2.0, -_dictionary().get(word, -7.0)))


# --- Lexical tokens --------------------------------------------------------------

_CJK = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
_FOLDED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ŋ": "n"}
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
# Vowel signs of the Indic and South-East Asian scripts are marks, not letters, to \w.
_WORD = rf"(?:[^\W_{_CJK}]|[\u0900-\u0963\u0966-\u109f\u1780-\u17d3])"
_OTHER_TOKENS = (
    # Possessive, and never from the middle: "1,111,111...x" would take time by its square.
    r"(?P<number>(?<!\d,)\d{1,3}(?:,\d{3})++(?:\.\d+)?(?![\w,])|\d+\.\d+(?![\w.]))"
    r"|(?P<initials>(?:(?<![^\W_])[^\W\d_]\.){2,}[^\W\d_]?(?![^\W_]))"
    rf"|(?P<compound>{_WORD}+(?:-{_WORD}+)+)"
    rf"|(?P<word>{_WORD}+(?:'{_WORD}+)*)"
)
_TOKEN = re.compile(rf"(?P<cjk>[{_CJK}]+)|{_OTHER_TOKENS}")
# The same for text of ASCII alone, which most is: several times as fast.
_ASCII_TOKEN = re.compile(_OTHER_TOKENS.replace(_WORD, "[a-z0-9]"), re.ASCII)


def lexical_tokens(text: str) -> list[str]:
    """Case-folded words of ``text`` in order, as the lexical index holds and asks them.

    Diacritics and a possessive 's are dropped (Müller's: muller), separators of thousands
    too (2,500: 2500; 3.14 stays). A run of Chinese, Japanese or Korean characters gives
    its overlapping pairs, a lone character itself. A hyphenated word gives its parts
    and the whole.
    """
    folded = _without_marks(_unified(text).casefold())
    tokens: list[str] = []
    pattern = _ASCII_TOKEN if folded.isascii() else _TOKEN
    for match in pattern.finditer(_POSSESSIVE.sub("", folded)):
        token = match[0]
        if match.lastgroup == "cjk":
            tokens.extend([token[at : at + 2] for at in range(len(token) - 1)] or [token])
        elif match.lastgroup == "compound":
            tokens.extend(token.split("-"))
            if not token.replace("-", "").isdigit():
                # Both: "e-commerce" must meet "ecommerce" and "commerce". On SciFact that
                # gave nDCG@10 .691, parts alone .685, the joined form alone .675.
                tokens.append(token.replace("-", ""))
        elif match.lastgroup == "number":
            tokens.append(token.replace(",", ""))
        elif match.lastgroup == "initials":
            tokens.append(token.replace(".", ""))
        else:
            tokens.append(token.replace("'", ""))
    return tokens


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text))
    # Composed again: kana and Hangul came apart too.
    return unicodedata.normalize("NFC", bare).translate(_FOLDED)
