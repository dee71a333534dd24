"""Templates for English: dates, numbers, places, definitions; people are in roles.py.

A template asks only where a sentence says all of it by itself: a subject with a name,
a verb of a known list, no pronoun or "the meeting" left to be resolved. What is not
clear is passed over; a question in broken English is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.propose.wordings.grammar import (
    ASIDE,
    DONE,
    NAME,
    ON_DATE,
    OVER,
    PAST,
    PASTS,
    REST,
    SUBJECT,
    TOKEN,
    is_clear,
    is_name,
    opens_name,
    without_aside,
)
from eval.propose.wordings.roles import draft_people
from eval.propose.wordings.sentence import DATE, Draft, Sentence, Wording, is_glued

__all__ = ["draft_english"]

_AMOUNT = (
    r"(?P<answer>(?:(?i:more than|over|about|around|nearly|almost|at least|up to|some"
    r"|approximately) )?(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?|(?i:two|three|four|five|six|seven|eight"
    r"|nine|ten|eleven|twelve|twenty))\+?(?: (?:hundred|thousand|million|billion))?)"
)
_MONEY = (
    r"(?P<answer>(?:(?:more than|over|about|around|nearly|almost|at least|up to) )?"
    r"(?:(?:US|A|C|HK)?[$€£¥]|(?:USD|EUR|CNY|RMB) ?)\d(?:[\d,.]*\d)?(?: ?(?:million|billion"
    r"|trillion|m|bn)\b)?)"
)
_THINGS = (
    r"(?P<noun>(?:(?!(?:and|or|of|in|to|by|is|was|as|has|per|from|at|on|for)\b)[a-z-]+ ){0,2}?"
    r"(?:(?!(?:is|was|has|as|its|this|does|plus|thus|times)\b)[a-z-]*[a-rt-z]s|people|children|women|men))\b(?![’'-])"
)
_NAMED = rf"^(?P<subject>{SUBJECT})"
_NOTE = r"(?:, [^;.\ue000]{4,80},)?"

_DATED = (
    re.compile(
        rf"^(?:[Oo]n|[Ii]n) (?P<date>{DATE}+),? (?P<subject>{SUBJECT}){_NOTE}"
        rf" (?P<verb>{PAST}) (?P<rest>{REST}){OVER}"
    ),
    re.compile(rf"{_NAMED}{_NOTE} (?P<verb>{PAST})(?: (?P<rest>{REST}))? {ON_DATE}"),
)
_DONE_ON = re.compile(
    rf"{_NAMED} (?P<aux>was|were) (?P<verb>(?:[a-z]+ly )?(?:{DONE}))"
    rf"(?: (?P<rest>(?:in|at|by|with|as|for) {REST}))? {ON_DATE}"
)
_ASIDE_DONE = re.compile(
    rf"{_NAMED}, (?P<verb>founded|established|created|opened|launched|built|born) {ON_DATE}"
)
_DATES_FROM = re.compile(rf"{_NAMED} dates from (?P<date>(?:1[5-9]|20)\d\d|{DATE}+)\b")
_SINCE = re.compile(
    rf"{_NAMED} (?P<aux>has|have) (?P<rest>(?:been|{DONE}) {REST})(?: every [a-z]+)?"
    rf" since (?P<date>{DATE}+)"
)
_HAD = re.compile(
    rf"{_NAMED} (?P<verb>(?:(?:has|have) (?:{DONE}))|has|have|{PAST}) {_AMOUNT} {_THINGS}"
    rf"(?: (?P<rest>{REST}))?{OVER}"
)
# Verbs that need no object, and what alone does not stand for one.
_ALONE = frozenset({"died", "opened", "closed", "resigned", "retired"})
_PARTICLES = frozenset({"over", "up", "out", "off", "on", "back", "down", "together"})
_TIMES = frozenset({"years", "days", "months", "weeks", "hours", "minutes", "times", "decades"})
_LEAD_IN = r"(?:(?P<lead>(?:In|At|During|Through|For|After) [^,\ue000]{3,60}), )?"
_MANY = re.compile(
    rf"^{_LEAD_IN}{_AMOUNT} {_THINGS}"
    rf" (?P<rest>(?:{REST} )?(?:(?:are|were)(?= [a-z])|have|had|{PAST}) {REST}){OVER}"
)
_COST = re.compile(
    rf"{_NAMED} (?P<verb>raised|invested|donated|spent|paid|earned|cost|pledged|lost|borrowed"
    rf"|allocated|provided|received) {_MONEY}(?: (?P<rest>{REST}))?{OVER}"
)
_PLACE = rf"(?:in|at) (?P<answer>(?:the )?{NAME})(?=[,.;:]|$| (?:on|in|from|by|with|as|until)\b)"
_PLACED = re.compile(
    rf"{_NAMED} (?P<aux>was|were|is|are) (?:[a-z]+ly )?(?P<verb>held|founded|established|born"
    rf"|signed|adopted|hosted|launched|built|based|located|headquartered|opened) {_PLACE}"
)
_TOOK_PLACE = re.compile(
    rf"{_NAMED} (?P<verb>took place|met|opened|convened|gathered|died) {_PLACE}"
)
_IS_A = re.compile(
    rf"^(?P<subject>(?:The )?{TOKEN}(?: [\w'’&/-]+){{0,5}}?){ASIDE} (?P<aux>is|are)"
    r" (?P<answer>(?:an?|one of the|the (?:process|study|practice|term|name|science|branch|capital"
    r"|currency|system|use|ability|act|art|national|theory|method)) [^;?!:()]{15,150}?)"
    r"(?=;|:|\.?$|, (?:which|who|where|but|with)\b)"
)
_ACRONYM = re.compile(rf"(?P<long>{NAME}) \((?P<short>[A-Z][A-Za-z]*[A-Z])[),;]")

_LEAD = re.compile(
    r"^(?:In addition|However|Moreover|Meanwhile|Furthermore|Also|Yet|Finally|Overall), "
)
_PERSON_NOUN = re.compile(
    r"\b(?:singer|songwriter|actor|actress|politician|player|writer|author|poet|scientist|artist"
    r"|engineer|lawyer|economist|journalist|physicist|chemist|biologist|historian|mathematician"
    r"|businessman|businesswoman|entrepreneur|composer|director|musician|painter|footballer"
    r"|professor|woman|man(?! ?-)|person|president|minister|chairman|founder|officer|coach)\b"
)
_NO_DEFINITION = re.compile(
    r"^(?:an?|one of the) (?:\w+ ){0,2}(?:example|aspect|part|result|key|matter|sign|way|source"
    r"|reason|cause|response|lot|number|few|good|great|must|step|member|function|question|problem)\b"
    r"|\b(?:this|that|these|those|he|she|it|they|we|you|his|her|our|your) "
)
_NO_TERM = re.compile(
    r"(?i)^(?:this|that|these|those|there|here|it|its|he|she|they|we|you|one|what|which|who|another|"
    r"such|his|her|their|our|my|your|everything|nothing|all|both|each|first|second|next|so|but|and|"
    r"if|when|while|where|how|why|as|in|on|at|for|to|by|with|not|only|an?|some|most|many|among|also)\b"
)
_IN_TERM = re.compile(
    r"\b(?:which|who|that|this|these|their|its|his|her|our|and|or|in|on|at|from|by|with|to|not|about)\b"
)
_LANGUAGES = frozenset({"English", "Chinese", "French", "Spanish", "German", "Russian", "Arabic"})


def draft_english(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    """Questions that an English sentence answers, in the order of the templates."""
    lead = _LEAD.match(sentence.masked)
    if lead is not None:
        kept = lead.end()
        sentence = Sentence(sentence.text[kept:], sentence.masked[kept:], sentence.places[kept:])
    yield from draft_people(sentence, wording)
    for draft in (
        *_dates(sentence, wording),
        *_amounts(sentence, wording),
        *_places(sentence, wording),
    ):
        if is_clear(draft.question):
            yield draft
    yield from _definitions(sentence, wording)


def _subject(match: re.Match[str], wording: Wording) -> str | None:
    """The subject as it stands within a question; None where it is no name."""
    subject = match["subject"]
    if not is_name(subject, wording) or DATE in subject:
        return None
    subject = without_aside(subject)
    return f"the {subject[4:]}" if subject.startswith("The ") else subject


def _draft(
    sentence: Sentence, match: re.Match[str], group: str, question: str, kind: str, quality: float
) -> Draft:
    start, end = match.span(group)
    end -= len(match[group]) - len(match[group].rstrip())
    return Draft(
        question=" ".join(question.replace(" also ", " ").split()).replace(" ?", "?"),
        type=kind,
        said=sentence.text[start:end],
        answer=sentence.source(start, end),
        evidence=sentence.evidence(match.start(), match.end()),
        quality=quality - 0.01 * max(0, len(question.split()) - 12),
    )


def _dates(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    for pattern in (*_DATED, _DONE_ON, _ASIDE_DONE, _DATES_FROM, _SINCE):
        for match in pattern.finditer(sentence.masked):
            subject = _subject(match, wording)
            if subject is None:
                continue
            parts = {name: value or "" for name, value in match.groupdict().items()}
            rest = parts.get("rest", "")
            quality = 0.85
            if pattern is _DONE_ON:
                question = f"When {parts['aux']} {subject} {parts['verb']} {rest}?"
                quality = 0.95
            elif pattern is _ASIDE_DONE:
                question = f"When was {subject} {parts['verb']}?"
                quality = 0.95
            elif pattern is _DATES_FROM:
                question = f"When was {subject} established?"
                quality = 0.9
            elif pattern is _SINCE:
                question = f"Since when {parts['aux']} {subject} {rest}?"
            elif (not rest and parts["verb"] not in _ALONE) or rest in _PARTICLES:
                continue
            else:
                question = f"When did {subject} {PASTS[parts['verb']]} {rest}?"
            yield _draft(sentence, match, "date", question, "factoid_date", quality)


def _amounts(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    for match in _HAD.finditer(sentence.masked):
        subject, verb, rest = _subject(match, wording), match["verb"], match["rest"] or ""
        if subject is None or match["noun"].split()[-1] in _TIMES:
            continue
        aux, _, done = verb.partition(" ")
        if verb in ("has", "have"):
            asked = f"{'does' if verb == 'has' else 'do'} {subject} have"
        else:
            asked = f"{aux} {subject} {done}" if done else f"did {subject} {PASTS[verb]}"
        question = f"How many {match['noun']} {asked} {rest}?"
        yield _draft(sentence, match, "answer", question, "factoid_number", 0.85)
    for match in _MANY.finditer(sentence.masked):
        if match["noun"].split()[-1] not in _TIMES:
            question = f"How many {match['noun']} {match['rest']} {_lead_in(match)}?"
            yield _draft(sentence, match, "answer", question, "factoid_number", 0.8)
    for match in _COST.finditer(sentence.masked):
        subject = _subject(match, wording)
        if subject is not None:
            question = f"How much money did {subject} {PASTS[match['verb']]} {match['rest'] or ''}?"
            yield _draft(sentence, match, "answer", question, "factoid_number", 0.9)


def _lead_in(match: re.Match[str]) -> str:
    """What stands before the number, as it may stand at the end of the question."""
    lead = match["lead"] or ""
    return lead[:1].lower() + lead[1:]


def _places(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    for pattern in (_PLACED, _TOOK_PLACE):
        for match in pattern.finditer(sentence.masked):
            subject, place = _subject(match, wording), match["answer"]
            if subject is None or place in _LANGUAGES:
                continue
            if pattern is _PLACED:
                question = f"Where {match['aux']} {subject} {match['verb']}?"
            else:
                verb, _, particle = match["verb"].partition(" ")
                question = f"Where did {subject} {PASTS[verb]} {particle}?"
            yield _draft(sentence, match, "answer", question, "factoid_place", 0.85)


def _definitions(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    for match in _IS_A.finditer(sentence.text):
        term = _term(without_aside(match["subject"]), wording)
        plural = match["aux"] == "is" or (term is not None and term.endswith("s"))
        defined = _NO_DEFINITION.search(match["answer"]) is None and not is_glued(match["answer"])
        if term is not None and plural and defined:
            person = _PERSON_NOUN.search(match["answer"][:60]) and term[0].isupper()
            question = f"{'Who' if person else 'What'} {match['aux']} {term}?"
            if not is_clear(question, named=False):
                continue
            yield _draft(sentence, match, "answer", question, "definition", 0.75)
    for match in _ACRONYM.finditer(sentence.text):
        start = _spelt_out(match["long"], match["short"])
        if start is None:
            continue
        begin = match.start("long") + start
        yield Draft(
            question=f"What does {match['short']} stand for?",
            type="definition",
            said=sentence.text[begin : match.end("long")],
            answer=sentence.source(begin, match.end("long")),
            evidence=sentence.evidence(begin, match.end("short") + 1),
            quality=0.7,
            entity=sentence.text[begin : match.end("long")],
            alias=match["short"],
        )


def _term(subject: str, wording: Wording) -> str | None:
    """What is defined, as it stands within a question; None where that is unclear."""
    if _NO_TERM.match(subject) or _IN_TERM.search(subject) or is_glued(subject):
        return None
    words = subject.split()
    if not opens_name(words[1:] if words[0] == "The" and len(words) > 1 else words):
        return None
    if words[0] == "The":
        return f"the {subject[4:]}" if any(word[0].isupper() for word in words[1:]) else None
    capitals = sum(character.isupper() for character in words[0])
    if words[0] in wording.names or capitals > 1 or any(word[0].isupper() for word in words[1:]):
        # "Shanghai's location is the ...": a property, not a term.
        return (
            subject if all(w[0].isupper() or w[0].isdigit() or w == "of" for w in words) else None
        )
    # A word that begins the sentence: a common noun where the archive has it in small letters.
    small = words[0].lower() in wording.common and not words[0].endswith("ly")
    return subject[0].lower() + subject[1:] if len(words) <= 2 and small else None


def _spelt_out(long: str, short: str) -> int | None:
    """Offset in ``long`` of the words whose initials ``short`` is made of, or None."""
    capitals = [character for character in short if character.isupper()]
    starts = [match.start() for match in re.finditer(r"(?<![\w'’])[^\W\d_]", long)]
    initials = [(at, long[at]) for at in starts if long[at].isupper()]
    tail = initials[-len(capitals) :]
    if len(capitals) < 2 or [letter for _, letter in tail] != capitals:
        return None
    return tail[0][0]
