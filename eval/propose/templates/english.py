"""Templates for English: who holds an office, dates, numbers, definitions.

A template asks only where the sentence states everything itself: a subject with a name, a
verb of a known list, no pronoun or "the meeting" that refers to another sentence. Unclear
sentences are skipped: a question in broken English is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from eval.propose.templates.grammar import (
    ASIDE,
    DONE,
    NAME,
    ON_DATE,
    OVER,
    PAST,
    PASTS,
    PERSON,
    REST,
    ROLE,
    SUBJECT,
    TOKEN,
    is_clear,
    is_name,
    is_person,
    opens_name,
    without_aside,
)
from eval.propose.templates.sentence import DATE, Sentence, SentenceQuestion, Vocabulary, is_glued

# --- Offices -----------------------------------------------------------------------

_FORMER = r"(?P<former>(?i:former |ex-))?"
_AFTER = rf"(?=[,.;:]|$| (?:and|who|was|is|has|had|said|told|attended|{PAST})\b)"
_OFFICE = rf"{_FORMER}(?P<role>{ROLE}) (?P<prep>of|for|at) (?P<org>(?:the )?{NAME}{ASIDE})"
_OFFICES = (
    re.compile(rf"(?P<person>{PERSON}), (?:the |then )?{_OFFICE}{_AFTER}"),
    re.compile(rf"(?<![\w-])[Tt]he {_OFFICE}, (?P<person>{PERSON}){OVER}"),
    re.compile(
        rf"(?<![\w-])(?P<prep>)(?P<org>{TOKEN}(?: {TOKEN}){{0,4}}?) {_FORMER}(?P<role>{ROLE})"
        rf" (?P<person>{PERSON}){_AFTER}"
    ),
)
# "Secretary of the Party Committee, Executive Vice President and ... of the Federation":
# only the end says whose offices these are.
_MORE_OFFICES = re.compile(rf",? (?:and )?(?:the )?(?:{ROLE})(?:,| and )")
_GENERIC = re.compile(
    r"the (?:(?:Party|Standing|Executive|Central|General|Supervisory|Management) )?"
    r"(?:Committee|Board|Council|Office|Department|Assembly|Government|Commission|Company|City)"
)
# --- Dates and numbers -------------------------------------------------------------

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
_SINCE = re.compile(
    rf"{_NAMED} (?P<aux>has|have) (?P<rest>(?:been|{DONE}) {REST})(?: every [a-z]+)?"
    rf" since (?P<date>{DATE}+)"
)
_AMOUNT = (
    r"(?P<answer>(?:(?i:more than|over|about|around|nearly|almost|at least|up to|some"
    r"|approximately) )?(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?|(?i:two|three|four|five|six|seven|eight"
    r"|nine|ten|eleven|twelve|twenty))\+?(?: (?:hundred|thousand|million|billion))?)"
)
_THINGS = (
    r"(?P<noun>(?:(?!(?:and|or|of|in|to|by|is|was|as|has|per|from|at|on|for)\b)[a-z-]+ ){0,2}?"
    r"(?:(?!(?:is|was|has|as|its|this|does|plus|thus|times)\b)[a-z-]*[a-rt-z]s|people|children|women|men))\b(?![’'-])"
)
_HAD = re.compile(
    rf"{_NAMED} (?P<verb>(?:(?:has|have) (?:{DONE}))|has|have|{PAST}) {_AMOUNT} {_THINGS}"
    rf"(?: (?P<rest>{REST}))?{OVER}"
)
# Verbs that need no object, and what alone does not stand for one.
_ALONE = frozenset({"died", "opened", "closed", "resigned", "retired"})
_PARTICLES = frozenset({"over", "up", "out", "off", "on", "back", "down", "together"})
_TIMES = frozenset({"years", "days", "months", "weeks", "hours", "minutes", "times", "decades"})

# --- Definitions -------------------------------------------------------------------

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


def ask_english(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[SentenceQuestion]:
    """Questions that an English sentence answers, in the order of the templates."""
    lead = _LEAD.match(sentence.masked)
    if lead is not None:
        kept = lead.end()
        sentence = Sentence(sentence.text[kept:], sentence.masked[kept:], sentence.places[kept:])
    yield from _offices(sentence, vocabulary)
    for found in (*_dates(sentence, vocabulary), *_amounts(sentence, vocabulary)):
        if is_clear(found.question):
            yield found
    yield from _definitions(sentence, vocabulary)
    yield from _acronyms(sentence)


def _ask(
    sentence: Sentence, match: re.Match[str], group: str, question: str, kind: str, quality: float
) -> SentenceQuestion:
    start, end = match.span(group)
    end -= len(match[group]) - len(match[group].rstrip())
    return SentenceQuestion(
        question=" ".join(question.replace(" also ", " ").split()).replace(" ?", "?"),
        type=kind,
        answer_text=sentence.text[start:end],
        answer=sentence.source(start, end),
        evidence=sentence.evidence(match.start(), match.end()),
        quality=quality - 0.01 * max(0, len(question.split()) - 12),
    )


def _offices(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[SentenceQuestion]:
    for pattern in _OFFICES:
        for match in pattern.finditer(sentence.masked):
            org = without_aside(match["org"])
            role, former = match["role"], "former " if match["former"] else ""
            office = f"{role} {match['prep']} {org}" if match["prep"] else f"{org} {role}"
            question = f"Who is {'a' if former else 'the'} {former}{office}?"
            if (
                DATE in match[0]
                or not is_person(match["person"], vocabulary)
                or not _is_body(org, vocabulary)
                or not is_clear(question)
                or _MORE_OFFICES.match(sentence.masked, match.end())
            ):
                continue
            found = _ask(sentence, match, "person", question, "factoid_person", 1.0)
            yield replace(
                found,
                question=question,
                quality=1.0 - 0.005 * len(office.split()),
                dated="" if former else f"Who was the {office} in {DATE}?",
                role="" if former or not match["prep"] else role,
                entity=org,
            )


def _is_body(org: str, vocabulary: Vocabulary) -> bool:
    """Whether it says which body: not "the Party Committee", nor a word that opens a sentence."""
    if org.startswith("the "):
        return not _GENERIC.fullmatch(org)
    words = org.split()
    return is_name(words[0], vocabulary) or len(words) > 2


def _subject(match: re.Match[str], vocabulary: Vocabulary) -> str | None:
    """The subject as it is written within a question; None where it is not a name."""
    subject = match["subject"]
    if not is_name(subject, vocabulary) or DATE in subject:
        return None
    subject = without_aside(subject)
    return f"the {subject[4:]}" if subject.startswith("The ") else subject


def _dates(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[SentenceQuestion]:
    for pattern in (*_DATED, _DONE_ON, _SINCE):
        for match in pattern.finditer(sentence.masked):
            subject, rest, quality = _subject(match, vocabulary), match["rest"] or "", 0.85
            if subject is None:
                continue
            if pattern is _DONE_ON:
                question = f"When {match['aux']} {subject} {match['verb']} {rest}?"
                quality = 0.95
            elif pattern is _SINCE:
                question = f"Since when {match['aux']} {subject} {rest}?"
            elif (not rest and match["verb"] not in _ALONE) or rest in _PARTICLES:
                continue
            else:
                question = f"When did {subject} {PASTS[match['verb']]} {rest}?"
            yield _ask(sentence, match, "date", question, "factoid_date", quality)


def _amounts(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[SentenceQuestion]:
    for match in _HAD.finditer(sentence.masked):
        subject, verb = _subject(match, vocabulary), match["verb"]
        if subject is None or match["noun"].split()[-1] in _TIMES:
            continue
        aux, _, done = verb.partition(" ")
        if verb in ("has", "have"):
            asked = f"{'does' if verb == 'has' else 'do'} {subject} have"
        else:
            asked = f"{aux} {subject} {done}" if done else f"did {subject} {PASTS[verb]}"
        question = f"How many {match['noun']} {asked} {match['rest'] or ''}?"
        yield _ask(sentence, match, "answer", question, "factoid_number", 0.85)


def _definitions(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[SentenceQuestion]:
    for match in _IS_A.finditer(sentence.text):
        term = _term(without_aside(match["subject"]), vocabulary)
        if term is None or (match["aux"] == "are" and not term.endswith("s")):
            continue
        if _NO_DEFINITION.search(match["answer"]) or is_glued(match["answer"]):
            continue
        person = _PERSON_NOUN.search(match["answer"][:60]) and term[0].isupper()
        question = f"{'Who' if person else 'What'} {match['aux']} {term}?"
        if is_clear(question, named=False):
            yield _ask(sentence, match, "answer", question, "definition", 0.75)


def _term(subject: str, vocabulary: Vocabulary) -> str | None:
    """What is defined, as it is written within a question; None where that is unclear."""
    if _NO_TERM.match(subject) or _IN_TERM.search(subject) or is_glued(subject):
        return None
    words = subject.split()
    if not opens_name(words[1:] if words[0] == "The" and len(words) > 1 else words):
        return None
    if words[0] == "The":
        return f"the {subject[4:]}" if any(word[0].isupper() for word in words[1:]) else None
    capitals = sum(character.isupper() for character in words[0])
    if words[0] in vocabulary.names or capitals > 1 or any(word[0].isupper() for word in words[1:]):
        # "Shanghai's location is the ...": a property, not a term.
        whole = all(w[0].isupper() or w[0].isdigit() or w == "of" for w in words)
        return subject if whole else None
    # A word that begins the sentence: a common noun where the archive has it in lower case.
    small = words[0].lower() in vocabulary.common and not words[0].endswith("ly")
    return subject[0].lower() + subject[1:] if len(words) <= 2 and small else None


def _acronyms(sentence: Sentence) -> Iterator[SentenceQuestion]:
    for match in _ACRONYM.finditer(sentence.text):
        start = _spelt_out(match["long"], match["short"])
        if start is not None:
            begin = match.start("long") + start
            long = sentence.text[begin : match.end("long")]
            yield SentenceQuestion(
                question=f"What does {match['short']} stand for?",
                type="definition",
                answer_text=long,
                answer=sentence.source(begin, match.end("long")),
                evidence=sentence.evidence(begin, match.end("short") + 1),
                quality=0.7,
                entity=long,
                alias=match["short"],
            )


def _spelt_out(long: str, short: str) -> int | None:
    """Offset in ``long`` of the words whose initials make up ``short``, or None."""
    capitals = [character for character in short if character.isupper()]
    starts = [match.start() for match in re.finditer(r"(?<![\w'’])[^\W\d_]", long)]
    initials = [(at, long[at]) for at in starts if long[at].isupper()]
    tail = initials[-len(capitals) :]
    if len(capitals) < 2 or [letter for _, letter in tail] != capitals:
        return None
    return tail[0][0]
