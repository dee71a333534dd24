"""Questions that an archive cannot answer, though it knows what they ask about.

An office or a founding is asked of a body of which no sentence says it: the words of an
office never stand in or beside a sentence that names the body, those of a founding in no
document that does. That shows absence of words, not of the fact, and of words in one
language, so a person should look before such a question is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.propose.archive import SentenceIndex, content_stems

__all__ = ["Body", "NearMiss", "near_misses"]

# Bodies that have presidents and secretaries-general; a city has a mayor, a state ministers.
_OFFICES_OF_BODIES = re.compile(
    r"(?i)(?:director[- ]general|president|chair(?:man|woman)?"
    r"|secretary[- ]general|ceo|chief executive officer|treasurer)"
    r"|(?:总干事|总经理|总裁|主席|会长|理事长|秘书长|董事长|首席执行官)"
)
_OFFICES_OF_SCHOOLS = re.compile(r"(?i)president|chancellor|rector|dean|校长|院长")
_SCHOOL = re.compile(r"\b(?:University|Academy|School|College)\b|(?:大学|学院)$")
_BODY = re.compile(
    r"\b(?:Organi[sz]ation|Office|Institute|University|Cent(?:er|re)|Association|Group|Committee"
    r"|Company|Alliance|Union|Council|Board|Bank|Agency|Federation|Academy|School|Foundation"
    r"|Society|Commission|Corporation|Network|Fund)\b|(?:组织|办公室|大学|中心|协会|联盟|集团|公司|银行"
    r"|学院|研究院|基金会|联合会|学会)$"
)
_TAKES_ARTICLE = re.compile(
    r"\b(?:of|for|on)\b|(?:Organi[sz]ation|Office|Institute|Cent(?:er|re)|Association|Group|Agency"
    r"|Committee|Alliance|Union|Council|Board|Federation|Foundation|Society|Commission|Corporation"
    r"|Network|Fund)$"
)
# A founding is often told far from the name: none of these may stand in the document.
_FOUNDING = frozenset(
    """
    found founder establish creat inaugur origin histori born incept
    成立 创立 设立 建立 创办 始建 创建 诞生
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation as a document names it, with its acronym or an empty string."""

    name: str
    alias: str
    language: str
    document: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A question about a body that the archive does not answer."""

    question: str
    body: Body


def near_misses(
    bodies: Sequence[Body], offices: Mapping[str, Sequence[str]], index: SentenceIndex
) -> Iterator[NearMiss]:
    """At most one question a body, in the order of ``bodies``.

    ``offices`` are those that the archive names anywhere, by language, most frequent
    first; they and the founding are tried in turn, so that the questions differ.
    """
    for number, body in enumerate(bodies):
        if not _BODY.search(body.name):
            continue
        fitting = _OFFICES_OF_SCHOOLS if _SCHOOL.search(body.name) else _OFFICES_OF_BODIES
        common = [o for o in offices.get(body.language, ()) if fitting.fullmatch(o)]
        asked = [*common[:4], ""]
        turn = number % len(asked)
        for office in (*asked[turn:], *asked[:turn]):
            if not _is_said(office, body, index):
                yield NearMiss(_question(office, body), body)
                break


def _is_said(office: str, body: Body, index: SentenceIndex) -> bool:
    names = [name for name in (content_stems(body.name), content_stems(body.alias)) if name]
    if office:
        return any(index.says(content_stems(office), name) for name in names)
    return any(index.mentions(_FOUNDING, name) for name in names)


def _question(office: str, body: Body) -> str:
    if body.language == "zh":
        return f"{body.name}{office}是谁？" if office else f"{body.name}成立于哪一年？"
    name = body.name
    if not name.startswith("the ") and _TAKES_ARTICLE.search(name):
        name = f"the {name}"
    return f"Who is the {office} of {name}?" if office else f"When was {name} founded?"
