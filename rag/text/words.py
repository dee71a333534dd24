"""The words by which a lexical index holds a text and is asked for one.

A store gets them as they are to be indexed and compared: folded, stemmed by the text's
language, scripts without spaces in pairs. It adds nothing of its own, so every engine sees
the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from rag.text.dates import written_dates
from rag.text.folding import bare, folded, other_spelling
from rag.text.normalise import is_english_word, search_text, unified
from rag.text.numbers import LEAST_SPELLED, find_numbers, roman_numeral, roman_value
from rag.text.stems import index_stemmer, word_stem
from rag.text.tables import language_table, stop_words
from rag.types import QueryTerm

# Of what makes index words: an index of other words than a question's must be built anew.
INDEX_WORDS = "words.v2"
# What a word scores that a question may only mean, beside one that it says.
DOUBTFUL_WEIGHT = 0.5
# A lexical index's cost grows faster than the number of words; no question has this many.
_MOST_WORDS = 256
_SHORTEST_JOINED = 6
_LONGEST_PREFIX = 6
_CAPITALISED = re.compile(r"(?<![^\W_])[A-ZÀ-ÖØ-Þ][^\W\d_]*")
# 14th, 14e; E1240.
_PLACE = re.compile(r"(\d{1,2})([a-z]{0,4})")
# In German 84.500 is 84500.
_THOUSANDS = re.compile(r"(\d{1,3})(\.?)(\d{3})")
# Of stems: china, chines(e); america(n); germani, german.
_DEMONYM_ENDINGS = ("es", "ese", "ian", "ean", "an", "ish", "i", "a", "n", "s")
_IDENTIFIER_WORD = re.compile(r"[a-z]{1,6}(\d{2,})")


def index_words(text: str, language: str = "en") -> list[str]:
    """The words of ``text`` in reading order, as an index holds them, then those of its dates.

    ``language`` (ISO 639-1, "und" as English) is what the text is written in.
    """
    stem = index_stemmer(language)
    return [
        stem(word)
        for word in (*_tokens(bare(_caseless(text)), language), *_date_words(text, language))
    ]


def query_terms(
    query: str,
    near: Mapping[str, Sequence[str]] = {},
    *,
    language: str = "en",
    archive: Sequence[str] = (),
) -> list[QueryTerm]:
    """What to look for in an index: the words of ``query`` in order, then what it may mean.

    Alternatives of a word are its stems in the other languages of the ``archive`` (the
    commonest first; without any, the query's own), its other spellings and those without
    umlauts. Stop words of ``language`` and of English are left out unless there is nothing
    else. What it may mean besides: the words that ``near`` gives for a mistyped one (by
    lexical token, see `rag.retrieve.words.near_words`), numbers in words or Roman numerals,
    neighbours that are one word, words that were glued together. Words of one stem are terms
    of their own, so their passages score twice.
    """
    languages = stem_languages(language, archive)
    empty = stop_words(language) | stop_words("en")
    written = {folded(word): word for word in _tokens(bare(_caseless(query)), language)}
    names = {folded(_caseless(word)) for word in _CAPITALISED.findall(query)}
    words = _query_words(query, language, empty)
    terms: list[QueryTerm] = []
    for word in words:
        stem, *others = index_stems(written.get(word, word), languages, name=word in names)
        terms.append(QueryTerm(stem, tuple(others), 1.0))
    mistyped = [term for word in words for term in near.get(word, ())]
    unsaid = dict.fromkeys(_unsaid_words(query, language, empty))
    stem_of = index_stemmer(languages[0])
    doubtful = [
        *dict.fromkeys(term for term in mistyped if term not in words),
        *(stem_of(word) for word in unsaid if word not in words),
    ]
    return [*terms, *(QueryTerm(word, (), DOUBTFUL_WEIGHT) for word in doubtful[:_MOST_WORDS])]


def stem_languages(language: str, archive: Sequence[str]) -> tuple[str, ...]:
    """The languages whose stems find a question's words: its own first if the archive has it."""
    first = [language] if language in archive or not archive else []
    return tuple(dict.fromkeys((*first, *archive)))


def index_stems(word: str, languages: Sequence[str], *, name: bool = False) -> list[str]:
    """The stems by which an index of texts in these languages may hold a token, likeliest first.

    Of all spellings of the token. An English word is no other word without its umlaut
    (poet, pot), unless it is a ``name``.
    """
    plain = folded(word)
    spellings = [plain, *spelling_variants(plain)] if word == plain else [word, plain]
    other = other_spelling(word)
    if other is not None and (name or not (is_english_word(plain) and is_english_word(other))):
        spellings.append(other)
    if (figure := _THOUSANDS.fullmatch(word)) is not None:
        spellings.append(figure[1] + ("" if figure[2] else ".") + figure[3])
    stems = (index_stemmer(each)(spelling) for spelling in spellings for each in languages)
    return list(dict.fromkeys(stems))


def _query_words(query: str, language: str, empty: frozenset[str]) -> list[str]:
    found = dict.fromkeys([*lexical_tokens(query), *_date_words(query, language)])
    # A lone mark of a script is a token, but no index holds it as a word.
    words = [word for word in found if any(map(str.isalnum, word))]
    return ([word for word in words if word not in empty] or words)[:_MOST_WORDS]


def _unsaid_words(query: str, language: str, empty: frozenset[str]) -> list[str]:
    tokens = lexical_tokens(query)
    parted = [word for word in lexical_tokens(search_text(query)) if word not in empty]
    numbers = (number for number in find_numbers(query, language) if number.form == "words")
    spelled = [number.plain for number in numbers if number.value >= LEAST_SPELLED]
    return [*spelled, *_other_numerals(tokens), *_joined_words(tokens), *parted]


def _other_numerals(tokens: Sequence[str]) -> list[str]:
    """Figures as Roman numerals and the reverse, identifiers by their parts."""
    found: list[str] = []
    for token in tokens:
        if (place := _PLACE.fullmatch(token)) is not None and 0 < int(place[1]) < 40:
            numeral = roman_numeral(int(place[1])).lower()
            found += [numeral, numeral + place[2]]
        elif (identifier := _IDENTIFIER_WORD.fullmatch(token)) is not None:
            found.append(identifier[1])
        elif (value := roman_value(token.upper())) is not None:
            found.append(str(value))
    return found


def _date_words(text: str, language: str) -> list[str]:
    """A word for each month of a year and each day of a year that the text writes, once.

    However they are written, 24 April 2019 and 2019-04-24 meet in both words, "April
    24th" meets them in the second.
    """
    words: dict[str, None] = {}
    for written in written_dates(text, language):
        if written.month is not None and written.year is not None:
            words[f"ym{written.year}{written.month:02d}"] = None
        if written.month is not None and written.day is not None:
            words[f"md{written.month:02d}{written.day:02d}"] = None
    return list(words)


def _joined_words(words: Sequence[str]) -> list[str]:
    """Neighbours written as one: "basket ball" gives basketball, "E 1240" e1240.

    Often that is no word at all.
    """
    return [
        one + other
        for one, other in pairwise(words)
        if one.isalpha()
        and (
            (other.isalpha() and len(one + other) >= _SHORTEST_JOINED)
            or (other.isdigit() and len(one) <= _LONGEST_PREFIX)
        )
    ]


# --- Tokens ----------------------------------------------------------------------

_CJK = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003134f"
)
# Letters of Thai, Lao, Burmese and Khmer; vowels and tones stand behind them as marks.
_UNSPACED = "\u0e01-\u0e30\u0e32\u0e33\u0e3f-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0edf"
_UNSPACED += "\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3\u17d7\u17dc"
_MARKS = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
_MARKS += "\u102b-\u103e\u1056-\u109d\u17b4-\u17d3\u17dd"
_CLUSTER = re.compile(f"[{_UNSPACED}{_MARKS}][{_MARKS}]*")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
# Vowel signs of the Indic scripts and of Tibetan, Syriac, Thaana and N'Ko are marks, not
# letters, to \w.
_WORD = (
    rf"(?:[^\W_{_CJK}{_UNSPACED}{_MARKS}]"
    "|[\u0730-\u074a\u07a6-\u07b0\u07eb-\u07f3\u0900-\u0963\u0971-\u0df3\u0f18-\u0fbc])"
)
_OTHER_TOKENS = (
    # Possessive, and never from the middle: "1,111,111...x" would take time by its square.
    r"(?P<points>(?<![\d.])\d{1,3}(?:(?:\.\d{3})++,\d+|(?:\.\d{3}){2,}+)(?![\w.]))"
    r"|(?P<number>(?<!\d,)\d{1,3}(?:,\d{3})++(?:\.\d+)?(?![\w,])|\d+\.\d+(?![\w.])"
    r"|(?<!\d,)\d{1,2}(?:,\d\d(?=,))++,\d{3}(?![\w,]))"
    r"|(?P<spaces>(?<!\d[ .,])\d{1,3}(?: \d{3})++(?![ .,]?\d|\w))"
    r"|(?P<initials>(?:(?<![^\W_])[^\W\d_]\.){2,}[^\W\d_]?(?![^\W_]))"
    rf"|(?P<compound>{_WORD}+(?:-{_WORD}+)+)"
    rf"|(?P<word>{_WORD}+(?:'{_WORD}+)*)"
)
_TOKEN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<unspaced>[{_UNSPACED}{_MARKS}]+)|{_OTHER_TOKENS}")
# The same for text of ASCII alone, which most is: several times as fast.
_ASCII_TOKEN = re.compile(_OTHER_TOKENS.replace(_WORD, "[a-z0-9]"), re.ASCII)
# What lost its vowel before another: l'Islande, dell'arte, qu'il; not o'clock, o'Hara, qur'an.
_ELIDED = re.compile(
    r"\A(?:[cdjlmnst]|[^\W\d_]{0,5}qu|[^\W\d_]{1,4}ll|quest|sant|gl|un)'"
    r"(?=[^\W\d_b-dfgj-np-tv-xz])"
)
# Languages that set off the endings of names: Ankara'da.
_SET_OFF = frozenset(("az", "tr"))


def lexical_tokens(text: str) -> list[str]:
    """Case-folded words of ``text`` in order, by which texts are compared.

    Diacritics, vowel marks, an elided article and a possessive 's are dropped (l'Île: ile,
    Müller's: muller), separators of thousands too (2,500: 2500; 3.14 stays). A run of
    Chinese, Japanese or Korean characters gives its overlapping pairs, a lone character
    itself; Thai, Lao, Burmese and Khmer pairs of letters with their marks. A hyphenated
    word gives its parts and the whole.
    """
    return _tokens(folded(_caseless(text)))


def _caseless(text: str) -> str:
    return unified(text).casefold()


def _tokens(text: str, language: str = "en") -> list[str]:
    """The words of caseless text, bare or folded."""
    tokens: list[str] = []
    pattern = _ASCII_TOKEN if text.isascii() else _TOKEN
    for match in pattern.finditer(_POSSESSIVE.sub("", text)):
        token = match[0]
        match match.lastgroup:
            case "word" if "'" in token:
                if language in _SET_OFF:
                    token = token.partition("'")[0]
                tokens.append(_ELIDED.sub("", token).replace("'", ""))
            case "word":
                tokens.append(token)
            case "cjk":
                tokens.extend(_pairs(token))
            case "unspaced":
                tokens.extend(_pairs(_CLUSTER.findall(token)))
            case "compound":
                tokens.extend(token.split("-"))
                if not token.replace("-", "").isdigit():
                    # Both: "e-commerce" must meet "ecommerce" and "commerce". On SciFact that
                    # gave nDCG@10 .691, parts alone .685, the joined form alone .675.
                    tokens.append(token.replace("-", ""))
            case "spaces":
                # "48 000", or two columns of a table.
                tokens.extend((*token.split(" "), token.replace(" ", "")))
            case "points":
                tokens.append(token.replace(".", "").replace(",", "."))
            case _:
                tokens.append(token.replace("," if match.lastgroup == "number" else ".", ""))
    return tokens


def _pairs(characters: Sequence[str]) -> list[str]:
    return [one + other for one, other in pairwise(characters)] or ["".join(characters)]


# --- Words to compare ----------------------------------------------------------------

# Between the parts of a hyphenated word, and inside a word glued at a capital.
_JOINS = re.compile(r"(?<=\w)-(?=\w)|(?<=[a-z])(?=[A-Z])")
_IDENTIFIER = re.compile(r"(?<![^\W_])(?:([A-Za-z]{1,4})-|([A-Z]{1,4}) )(\d{2,})(?![^\W_])")


def word_parts(text: str) -> list[str]:
    """Lexical tokens of the text; hyphenated words and those glued at a capital by their parts.

    Behind them its `identifiers`.
    """
    return [*lexical_tokens(_JOINS.sub(" ", text)), *identifiers(text)]


def identifiers(text: str) -> list[str]:
    """Letters and the figure behind them, parted there, as one lexical token: E-1240, "E 1240"."""
    found = _IDENTIFIER.findall(text)
    return [(letters or capitals).lower() + digits for letters, capitals, digits in found]


def stem_tokens(text: str, language: str = "en") -> list[str]:
    """The `word_parts` of the text in reading order, as stems in a question's language."""
    return [word_stem(word, language) for word in word_parts(text)]


# --- British and American spelling --------------------------------------------------

# A rule may make what is not a word (raize); it is then in no passage.
_ENDINGS = (
    (re.compile(r"is(e[ds]?|ers?|ing|ations?|ational|able)$"), r"iz\1"),
    (re.compile(r"iz(e[ds]?|ers?|ing|ations?|ational|able)$"), r"is\1"),
    (re.compile(r"ys(e[ds]?|ers?|ing)$"), r"yz\1"),
    (re.compile(r"yz(e[ds]?|ers?|ing)$"), r"ys\1"),
    (re.compile(r"our(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"or\1"),
    (re.compile(r"or(s|ed|ing|able|ite|ites|hood|hoods)?$"), r"our\1"),
    (re.compile(r"(?<=[aeiou])ll(ed|ing|ers?)$"), r"l\1"),
    (re.compile(r"(?<=[aeiou])l(ed|ing|ers?)$"), r"ll\1"),
)
_SHORTEST_BY_RULE = 5


def spelling_variants(word: str) -> list[str]:
    """The word as the other side of the Atlantic writes it; usually nothing."""
    other = language_table("en").spellings.get(word)
    if other is not None:
        return [other]
    if len(word) < _SHORTEST_BY_RULE or not word.isascii():
        return []
    return [ending.sub(other, word) for ending, other in _ENDINGS if ending.search(word)]


def name_is_among(name: str, found: Iterable[str]) -> bool:
    """Whether a name is among stems as written or as a near relative: China, Chinese."""
    forms = _name_forms(name)
    return any(not forms.isdisjoint(_name_forms(other)) for other in found)


@lru_cache(maxsize=1 << 16)
def _name_forms(stem: str) -> frozenset[str]:
    """The stem and, of words long enough, what is left without demonyms' endings."""
    bare = {stem.removesuffix(ending) for ending in _DEMONYM_ENDINGS} if stem.isalpha() else set()
    return frozenset((stem, *(form for form in bare if len(form) >= 4)))
