"""Which language a text is written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from rag.text.scripts import is_chinese
from rag.text.tables import language_table

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["language_of", "written_in"]

# The beginning of a text tells.
_SAMPLE_CHARACTERS = 20_000
_GLANCE_CHARACTERS = 2_000
# Of 70 documents and 580 sentences in 13 languages, none is named wrongly with this much.
_LEAST_CONFIDENCE = 0.4
# So many unmistakable English words, and this share of all, and a text is English.
_ENGLISH_WORDS, _ENGLISH_SHARE = 2, 0.1
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """The ISO 639-1 code of the language that ``text`` begins in, "und" where it is unclear.

    Told by py3langid, whose model takes half a second to load: what is English at a glance
    does not wait for it.
    """
    if _is_english_at_a_glance(text[:_GLANCE_CHARACTERS]):
        return "en"
    code, confidence = _identifier().classify(text[:_SAMPLE_CHARACTERS])
    # "zxx" is text in no language: code, figures.
    return code if confidence >= _LEAST_CONFIDENCE and code != "zxx" else "und"


def _is_english_at_a_glance(text: str) -> bool:
    words = _WORD.findall(text.lower())
    known = language_table("en").unmistakable
    found = sum(word in known for word in words)
    return found >= _ENGLISH_WORDS and found >= _ENGLISH_SHARE * len(words)


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(
        [code for code in identifier.labels if len(code) == 2 or code == "zxx"]
    )
    return identifier


# --- Which language a draft is to be written in ---------------------------------------

# Words of questions that no other language of the list, nor English, writes so.
_WORDS = {
    "German": "wann wer wie wo warum welche welcher welches wurde wird ist und der das den dem mit"
    " für von nicht ein eine einen auf sind hat haben zu im bei nach",
    "French": "quand qui quel quelle quels quelles où pourquoi comment combien est les des dans"
    " pour avec une ont été sont le la du et au aux",
    "Spanish": "cuándo quién quiénes cuál cuáles dónde qué cómo cuánto cuántos fue los las por para"
    " una en y el la del con está son",
    "Italian": "quando chi quale quali dove perché come quanto quanti è gli nel nella della dello"
    " sono stato stata il la di che con per",
    "Portuguese": "quando quem qual quais onde porquê como quanto quantos foi os não uma na"
    " da dos das é são para",
    "Dutch": "wanneer wie waar waarom hoeveel welke hoe werd wordt het een van en zijn niet met"
    " voor op de is",
}
_LISTS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_ENGLISH = frozenset(
    """
    the of and what who when where which how why did does was were has have is are to for in with
    whose many much do that this not be by on at as or can they some an
    """.split()  # noqa: SIM905
)
_KANA = re.compile("[\u3041-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
# Of a text so many such words tell, and as many times those of the next language.
_LEAST = 2
_CLEARLY = 1.5
_SAMPLE = 1000


def written_in(question: str, passages: Sequence[str]) -> str:
    """The English name of the language to answer in: the question's.

    "Chinese" or "English", unless the question is clearly in another and a passage as well:
    where none is, no sentence of that language could be checked.
    """
    found = _language(question)
    if found in ("Chinese", "English") or any(_language(text) == found for text in passages):
        return found
    return "English"


def _language(text: str) -> str:
    sample = text[:_SAMPLE]
    if len(_HANGUL.findall(sample)) > _LEAST:
        return "Korean"
    if len(_KANA.findall(sample)) > _LEAST:
        return "Japanese"
    if is_chinese(sample):
        return "Chinese"
    words = _WORD.findall(sample.lower())
    counts = {name: sum(word in known for word in words) for name, known in _LISTS.items()}
    english = sum(word in _ENGLISH for word in words)
    [first, second] = sorted(counts, key=lambda name: -counts[name])[:2]
    clear = counts[first] >= _CLEARLY * max(counts[second], english)
    return first if counts[first] >= _LEAST and clear else "English"
