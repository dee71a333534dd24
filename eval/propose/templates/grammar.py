"""The English that templates need: verbs, names, and what makes a question clear."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.propose.templates.sentence import DATE, Vocabulary, is_glued
from rag.text.names import find_persons


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- Verbs -------------------------------------------------------------------------

# Base, past, participle; a missing participle is the past.
_IRREGULAR = (
    "become became become, begin began begun, break broke broken, bring brought, build built,"
    "buy bought, choose chose chosen, come came come, draw drew drawn, drive drove driven,"
    "fall fell fallen, find found, fly flew flown, get got, give gave given, go went gone,"
    "grow grew grown, hold held, keep kept, know knew known, lead led, leave left, lose lost,"
    "make made, meet met, pay paid, put put, rise rose risen, run ran run, sell sold, send sent,"
    "set set, show showed shown, speak spoke spoken, spend spent, stand stood, take took taken,"
    "teach taught, win won, withdraw withdrew withdrawn, write wrote written"
)
_REGULAR = _words(
    """
    accept acquire address adopt advance allocate announce answer appoint approve arrest arrive ask
    attack attend attract award borrow call cancel celebrate chair close commission complete
    conclude conduct consider convene cost count create criticise decide declare defeat deliver
    demonstrate design develop die direct discover discuss donate earn elect employ end enter
    establish exhibit expand export fill finish form found fund graduate happen head help host
    improve inaugurate include increase introduce invent invest invite issue join kill land last
    launch link marry merge move name nominate offer open order organise organize own perform
    plan play pledge presided present proclaim produce promise promote propose provide publish
    purchase raise reach receive record reduce release rename report represent resign return
    reveal select serve settle sign start stage stop suspend test train turn unveil visit vote
    welcome work
    """
) - {"presided"}
_DOUBLED = _words("plan stop")


def _past(base: str) -> str:
    if base == "cost":
        return base
    if base.endswith("e"):
        return f"{base}d"
    if base.endswith("y") and base[-2] not in "aeou":
        return f"{base[:-1]}ied"
    return f"{base}{base[-1]}ed" if base in _DOUBLED else f"{base}ed"


_FORMS = [line.split() for line in _IRREGULAR.split(",")]
# From a past form to its base: "held" to "hold".
PASTS = {past: base for base, past, *_ in _FORMS} | {_past(base): base for base in _REGULAR}
_PARTICIPLES = {form[-1] for form in _FORMS} | {_past(base) for base in _REGULAR} | {"born"}
PAST = "|".join(sorted(PASTS, key=len, reverse=True))
DONE = "|".join(sorted(_PARTICIPLES, key=len, reverse=True))

# --- Names -------------------------------------------------------------------------

_UP = "A-ZÀ-ÖØ-ÞŁŚŠŽČĆŞİŐ"
TOKEN = rf"(?:(?:[{_UP}]\.){{1,3}}|[{_UP}](?:[\w&/]|['’-](?=\w)(?!['’]s\b))*)"
_MODIFIER = (
    r"(?:Deputy|Vice|Executive|Managing|Acting|Assistant|Associate|Senior|Chief|Permanent|Honorary"
    r"|Founding|General|Party|Prime|Foreign|Federal|Interim|Regional|Co|Financial|Technical)"
)
ROLE = (
    rf"(?i:(?:{_MODIFIER}[ -])*(?:Director[- ]General|Secretary[- ]General|President(?: Emeritus)?"
    r"|Chair(?:man|woman|person)?|CEO|Chief [a-z]+ Officer|Chief Executive(?: Officer)?|Director"
    r"|Head|Dean|Governor|Mayor|Minister|Secretary|Ambassador|Commissioner|Chancellor|Rector"
    r"|Co-founder|Founder|Editor(?:-in-Chief)?|Coordinator|Treasurer"
    r"|Spokes(?:man|woman|person)))(?!\w)"
)
_LINK = (
    rf"(?:of the|of|for the|for|on the|on|and(?! (?:the )?{ROLE})|de|du|del|di|da|von|van|der|&)"
)
NAME = rf"(?:{TOKEN}(?: (?:{_LINK} )?{TOKEN}| \d{{1,4}}(?![\w.,%]))*)"
PERSON = rf"(?:{TOKEN}(?: (?:(?:de|du|von|van|der|bin) )?{TOKEN}){{1,3}})"
ASIDE = r"(?: ?\([^()]{1,60}\))?"
SUBJECT = rf"(?:(?:(?:[Tt]he )?{NAME}|[Tt]he (?:[a-z-]+ ){{1,3}}(?:of|for) (?:the )?{NAME}){ASIDE})"

# --- Parts of sentences ------------------------------------------------------------

# Not at the full stop of an initial: "named William E. Simon".
OVER = r"(?<! [A-Z])(?=[,.](?!\d)|[;:]|$)"
REST = r"[^,;:.!?()\"|\ue000]{2,110}?"
ON_DATE = rf"(?:on|in) (?P<date>{DATE}+)(?=[,.;:]|$| and\b)"

_UNRESOLVED = re.compile(
    r"\b(?:he|him|his|she|her|hers|it|they|them|their|we|us|our|ours|I|me|my|you|your|this|these"
    r"|those|such|former|latter|here|there|same|so|also|itself|himself|herself|themselves|above"
    r"|below|following|another|others|then|now|today|yesterday|tomorrow|etc|year's|month's)\b"
)
_SECOND_VERB = re.compile(rf"\band (?:was|were|is|has|had|{PAST})\b")
_THE = re.compile(r"\b[Tt]he (?:(?!the\b)[a-z][\w-]*(?: |(?=\W|$)))*(?P<name>[^\W_])?")
_SAYS_WHICH = _words("of for between to that in at from with against on whose who by")
# There is one of each, or no particular one is meant.
_KNOWN = _words(
    "world internet environment future past public pandemic sun earth economy time end beginning"
    " north south east west wind spot way web media press century"
)
_DANGLING = re.compile(
    r"\b(?:a|an|the|and|or|of|than|that|which|who|whose|its|while|when|not|be|is|are|more)\W*$"
)
_NO_SUBJECT = _words(
    """
    In On At By For From With Without After Before When While During Since Until Although Though
    If As Because He She It They We I You This That These Those There Here His Her Its Their Our
    My Your But And Or So Yet Then Thus However Also Both Each Every Some Many Most Several Few
    All Any No Not One Two Three Four Five Six Seven Eight Nine Ten What Which Who Whose Where
    Why How Another Other Others Such Today Yesterday Tomorrow Photo Photos Summing Speaking To
    According Under Over Once Nothing Everything Someone Everyone News Step Note Last Next Early
    Late About More Nearly Almost Around Only Even Just Still Now Later Only Again Among Like
    Despite Unlike Through Throughout Between Against Within Meanwhile Moreover Image Figure
    Table Source Author Read See Click Instead Perhaps Of Is Are Was Were Do Does Did Can Could
    Her Him Them Nor Neither Either Whether Whatever Having Being First Second Third Finally
    """
)
# "BACKGROUND There is": a heading run into its text.
_LONGEST_ACRONYM = 7


def without_aside(text: str) -> str:
    """``text`` without what it says in brackets."""
    return re.sub(r" ?\([^()]*\)", "", text).strip()


def is_name(subject: str, vocabulary: Vocabulary) -> bool:
    """Whether the subject of a sentence is a name and does not merely begin with a capital."""
    words = without_aside(subject).split()
    if words[0] in ("The", "the"):
        return True
    first = words[0].removesuffix("'s")
    if subject.endswith("'s") or not opens_name(words):
        return False
    capitals = sum(character.isupper() for character in first)
    return first in vocabulary.names or capitals > 1 or (len(words) > 1 and words[1][0].isupper())


def opens_name(words: Sequence[str]) -> bool:
    """Whether a run of words begins with a name and not with a word that opens a sentence."""
    shouted = words[0].isupper() and len(words[0]) > _LONGEST_ACRONYM
    return not shouted and _NO_SUBJECT.isdisjoint(words[:2])


def is_person(text: str, vocabulary: Vocabulary) -> bool:
    """Whether capitalised words are the name of a person, with or without a title."""
    words = text.split()
    if text.isupper() or any(word.lower() in vocabulary.common for word in words):
        return False
    # Within a sentence, since a lone word that opens one is no name.
    sentence = f"Then {text} spoke."
    return any(text.endswith(span.of(sentence)) for span in find_persons(sentence))


def is_clear(question: str, *, named: bool = True) -> bool:
    """Whether a question can be understood without its sentence: nothing in it refers back.

    ``named``: it must hold a name or a figure besides its first word.
    """
    if len(question) > 220 or len(question.split()) > 30 or is_glued(question):
        return False
    if _UNRESOLVED.search(question) or _DANGLING.search(question) or "|" in question:
        return False
    if "''" in question or "``" in question or _SECOND_VERB.search(question):
        return False
    if question.count('"') % 2 or question.count("(") != question.count(")"):
        return False
    if any(_refers_back(match) for match in _THE.finditer(question)):
        return False
    return not named or re.search(rf"\s(?:[{_UP}]\w*\w|\d)", question) is not None


def _refers_back(the: re.Match[str]) -> bool:
    """ "The meeting" refers back; "the capital of Austria" and "the World Bank" do not."""
    run = the[0].split()[1:]
    if the["name"] is not None:
        run = run[: -1 if not the[0].endswith(" ") else None]
        return bool(run) and the["name"].isdigit()
    if not run:
        return False
    return run[-1] not in _KNOWN and _SAYS_WHICH.isdisjoint(run[1:])
