"""Questions about bodies that the archive names, on facts that it does not state.

Asked are an office whose words occur in no sentence that names the body, nor in a sentence
next to one, and a founding whose words occur in no document that names it. That shows that
words are absent, in one language, not that the fact is: a person should check.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.propose.agreement import ReadArchive
from eval.propose.archive import SentenceIndex, content_stems
from eval.propose.templates.sentence import SentenceQuestion

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
# A founding is often reported far from the name: none of these may occur in the document.
_FOUNDING = frozenset(
    """
    found founder establish creat inaugur origin histori born incept
    成立 创立 设立 建立 创办 始建 创建 诞生
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A question that the archive does not answer about a body it names in a document.

    ``name`` is the body as the document writes it, ``document`` the document's number.
    """

    question: str
    name: str
    document: int


def near_misses(archive: ReadArchive) -> Iterator[NearMiss]:
    """At most one question a body, in the order in which the archive names them.

    The offices that the archive names anywhere, most frequent first, and the founding are
    tried in turn, so that the questions differ. Bodies named in the archive's second
    language are skipped.
    """
    offices: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bodies: dict[str, SentenceQuestion] = {}
    for question in archive.questions:
        language = archive.documents[question.document].language
        if question.role:
            offices[language][question.role] += 1
        if question.entity and language == archive.language:
            bodies.setdefault(question.entity.removeprefix("the "), question)
    for number, (name, body) in enumerate(bodies.items()):
        if not _BODY.search(name):
            continue
        fitting = _OFFICES_OF_SCHOOLS if _SCHOOL.search(name) else _OFFICES_OF_BODIES
        named = [office for office, _ in offices[archive.language].most_common()]
        asked = [*[office for office in named if fitting.fullmatch(office)][:4], ""]
        turn = number % len(asked)
        for office in (*asked[turn:], *asked[:turn]):
            if not _is_stated(office, (body.entity, archive.aliases.get(name, "")), archive.index):
                text = _question(office, body.entity, archive.language)
                yield NearMiss(text, name, body.document)
                break


def _is_stated(office: str, names: Sequence[str], index: SentenceIndex) -> bool:
    stems = [found for found in map(content_stems, names) if found]
    if office:
        return any(index.says(content_stems(office), name) for name in stems)
    return any(index.mentions(_FOUNDING, name) for name in stems)


def _question(office: str, name: str, language: str) -> str:
    if language == "zh":
        return f"{name}{office}是谁？" if office else f"{name}成立于哪一年？"
    if not name.startswith("the ") and _TAKES_ARTICLE.search(name):
        name = f"the {name}"
    return f"Who is the {office} of {name}?" if office else f"When was {name} founded?"
