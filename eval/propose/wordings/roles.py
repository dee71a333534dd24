"""English templates for who holds an office, and who did something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.propose.wordings.grammar import (
    ASIDE,
    DONE,
    NAME,
    OVER,
    PAST,
    PERSON,
    REST,
    ROLE,
    SUBJECT,
    TOKEN,
    is_clear,
    is_name,
    is_person,
    without_aside,
)
from eval.propose.wordings.sentence import DATE, Draft, Sentence, Wording

__all__ = ["draft_people"]

_ORGANISATION = rf"(?P<org>(?:the )?{NAME}{ASIDE})"
_FORMER = r"(?P<former>(?i:former |ex-))?"
_AFTER = rf"(?=[,.;:]|$| (?:and|who|was|is|has|had|said|told|attended|{PAST})\b)"
_OFFICE = rf"{_FORMER}(?P<role>{ROLE}) (?P<prep>of|for|at) {_ORGANISATION}"

_APPOSITION = re.compile(rf"(?P<person>{PERSON}), (?:the |then )?{_OFFICE}{_AFTER}")
_SECOND_OFFICE = re.compile(rf"(?:,| and|, and) (?:the )?{_OFFICE}{_AFTER}")
_OFFICES = (
    _APPOSITION,
    re.compile(rf"(?<![\w-])[Tt]he {_OFFICE}, (?P<person>{PERSON}){OVER}"),
    re.compile(
        rf"(?<![\w-]){_FORMER}(?P<role>{ROLE}) (?P<person>{PERSON}) (?P<prep>of) {_ORGANISATION}"
        rf"{_AFTER}"
    ),
    re.compile(
        rf"(?<![\w-])(?P<prep>)(?P<org>{TOKEN}(?: {TOKEN}){{0,4}}?) {_FORMER}(?P<role>{ROLE})"
        rf" (?P<person>{PERSON}){_AFTER}"
    ),
)
# "Secretary of the Party Committee, Executive Vice President and ... of the Federation":
# of which body is said only at the end.
_MORE_OFFICES = re.compile(rf",? (?:and )?(?:the )?(?:{ROLE})(?:,| and )")
_GENERIC = re.compile(
    r"the (?:(?:Party|Standing|Executive|Central|General|Supervisory|Management) )?"
    r"(?:Committee|Board|Council|Office|Department|Assembly|Government|Commission|Company|City)"
)
_SERVED = re.compile(
    rf"^(?P<person>{PERSON}) (?P<what>(?:was|is|became) (?:the )?(?:{ROLE}) of (?:the )?{NAME}"
    rf"(?: (?:from|between|until|since|in) [^,.;]{{4,40}}?)?){OVER}"
)
_WHO_HEADS = re.compile(
    rf"(?P<person>{PERSON}), who (?P<what>(?:heads|chairs|leads|runs|directs|founded|edits|owns"
    rf"|coordinates) {REST}){OVER}"
)
_DID = re.compile(
    rf"^(?P<person>{PERSON})(?:, [^;.]{{4,150}},)? (?P<what>(?:{PAST}) {REST})"
    rf"(?: (?:on|in) {DATE}+)?{OVER}"
)
_SAID = re.compile(
    rf"^(?P<person>{PERSON})(?:, [^;.]{{4,150}},)? (?P<what>(?:said|noted|pointed out|stressed"
    rf"|argued|announced|warned|explained) that (?:\S+ ){{3,}}?{REST})(?=[.;]?$)"
)
_DONE_BY = re.compile(
    rf"^(?P<subject>{SUBJECT}) (?P<aux>was|were) (?P<verb>(?:{DONE})(?: over)?) by"
    rf" (?P<person>{PERSON}){OVER}"
)
_QUOTED = re.compile(
    r'^"(?P<words>[A-Z][^"|]{25,140}?)[,.!?]?"[,]? (?:said|says|added|explained|wrote)'
    rf" (?P<person>{PERSON}){OVER}"
)

_LONGEST_QUOTE = 20


def draft_people(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    """Questions whose answer is a person that the sentence names."""
    yield from _offices(sentence, wording)
    for match, question, quality in _deeds(sentence, wording):
        start, end = match.span("person")
        name = sentence.text[start:end]
        if is_person(name, wording):
            yield Draft(
                question=question,
                type="factoid_person",
                said=name,
                answer=sentence.source(start, end),
                evidence=sentence.evidence(match.start(), match.end()),
                quality=quality - 0.01 * max(0, len(question.split()) - 12),
            )


def _deeds(sentence: Sentence, wording: Wording) -> Iterator[tuple[re.Match[str], str, float]]:
    """What persons did or said: the match, the question and its quality."""
    for pattern, quality in ((_SERVED, 0.95), (_WHO_HEADS, 0.9), (_DID, 0.7), (_SAID, 0.65)):
        for match in pattern.finditer(sentence.masked):
            # From the text, not the mask: "from 2013 until January 2017" is asked with.
            what = without_aside(sentence.text[match.start("what") : match.end("what")])
            if is_clear(f"Who {what}?"):
                yield match, f"Who {what}?", quality
    for match in _DONE_BY.finditer(sentence.masked):
        question = f"By whom {match['aux']} {_lowered(match['subject'])} {match['verb']}?"
        if is_name(match["subject"], wording) and is_clear(question):
            yield match, question, 0.8
    for match in _QUOTED.finditer(sentence.masked):
        words = sentence.text[match.start("words") : match.end("words")]
        if len(words.split()) <= _LONGEST_QUOTE:
            yield match, f'Who said: "{words}"?', 0.6


def _lowered(subject: str) -> str:
    subject = without_aside(subject)
    return f"the {subject[4:]}" if subject.startswith("The ") else subject


def _offices(sentence: Sentence, wording: Wording) -> Iterator[Draft]:
    for pattern in _OFFICES:
        for match in pattern.finditer(sentence.masked):
            yield from _office(sentence, match, match.span("person"), wording)
            end = match.end()
            while pattern is _APPOSITION and (
                further := _SECOND_OFFICE.match(sentence.masked, end)
            ):
                yield from _office(sentence, further, match.span("person"), wording)
                end = further.end()


def _office(
    sentence: Sentence, match: re.Match[str], person: tuple[int, int], wording: Wording
) -> Iterator[Draft]:
    name, org = sentence.text[slice(*person)], without_aside(match["org"])
    role, former = match["role"], "former " if match["former"] else ""
    office = f"{role} {match['prep']} {org}" if match["prep"] else f"{org} {role}"
    question = f"Who is {'a' if former else 'the'} {former}{office}?"
    if DATE in match[0] or not is_person(name, wording) or not _is_body(org, wording):
        return
    if not is_clear(question) or _MORE_OFFICES.match(sentence.masked, match.end()):
        return
    yield Draft(
        question=question,
        type="factoid_person",
        said=name,
        answer=sentence.source(*person),
        evidence=sentence.evidence(min(person[0], match.start()), match.end()),
        quality=1.0 - 0.005 * len(office.split()),
        dated="" if former else f"Who was the {office} in {DATE}?",
        role="" if former or not match["prep"] else role,
        entity=org,
    )


def _is_body(org: str, wording: Wording) -> bool:
    """Whether it says which body: not "the Party Committee", nor a word that opens a sentence."""
    words = org.removeprefix("the ").split()
    return (
        is_name(words[0], wording) or len(words) > 2
        if org[:4] != "the "
        else not _GENERIC.fullmatch(org)
    )
