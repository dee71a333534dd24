"""Sentences in the words of their source that say another thing."""

import time

import pytest

from rag.answer.draft import DraftSentence
from rag.answer.gate import gate_sentence
from rag.generate.pack import Packed, PackedPassage
from rag.types import Span
from tests.rag.answer.test_verify import make_document

TOWN = make_document(
    "The library moved to Mill Street in 1988. The mayor, Karl Stone, praised Ada Brook in 1950. "
    "Acme bought Beta for 5 million dollars in 1999. "
    "Profits rose from 10 percent in 2001 to 20 percent in 2002. "
    "The town traded steel, wool and coal with Bern until 1914. "
    "The north tower is taller than the south tower. "
    "The bridge on Lake Road was closed before the flood of 1910. "
    "The council may approve the plan for the harbour in 2030. "
    "The minister of trade was to visit Bern on 4 July 2011. "
    "Was the old mill on Park Road sold to Acme in 1990? "
    "If the council agrees, the old pier on Lake Road will be sold in 2031. "
    "Visitors claimed that the old inn on Hill Road burned in 1911. "
    "Nearly all members of the chess club left in 1922. "
    "The hall opened on 3 May 1931 with 2,500 seats.",
    name="town",
)
STADT = make_document(
    "工发组织于2006年在上海设立了办事处。王明于2010年聘请张伟担任主任。该工厂可能于2030年关闭。"
    "上海的人口多于北京的人口。如果理事会同意，图书馆将于2031年搬迁。"
    "利润从2001年的10%上升到2002年的20%。至少有300人在1998年的洪水中死亡。",
    name="stadt",
)


def is_released(text):
    documents = {d.id: d for d in (TOWN, STADT)}
    passages = tuple(
        PackedPassage(at, d.id, d.title, None, Span(0, len(d.text)), d.text)
        for at, d in enumerate(documents.values(), start=1)
    )
    verdict = gate_sentence(
        DraftSentence(text, (1, 2)),
        Packed(passages, ()),
        documents,
        question="What is known of the town?",
    )
    return verdict.claim is not None


@pytest.mark.parametrize(
    "text",
    [
        # Who does it to whom.
        "Beta bought Acme for 5 million dollars in 1999.",
        "Acme was bought by Beta for 5 million dollars in 1999.",
        "Ada Brook praised the mayor, Karl Stone, in 1950.",
        "Mill Street moved to the library in 1988.",
        "The south tower is taller than the north tower.",
        "Profits rose from 20 percent in 2001 to 10 percent in 2002.",
        "Profits rose from 10 percent in 2002 to 20 percent in 2001.",
        "张伟于2010年聘请王明担任主任。",
        "北京的人口多于上海的人口。",
        "利润从2001年的20%上升到2002年的10%。",
        # When, where to, how much.
        "The bridge on Lake Road was closed after the flood of 1910.",
        "The library moved to Mill Street before 1988.",
        "The library moved from Mill Street in 1988.",
        "All members of the chess club left in 1922.",
        "至多有300人在1998年的洪水中死亡。",
        # What is not certain, or not said to be so.
        "The council approved the plan for the harbour in 2030.",
        "The minister of trade visited Bern on 4 July 2011.",
        "The old pier on Lake Road will be sold in 2031.",
        "The old inn on Hill Road burned in 1911.",
        "It is false that the library moved to Mill Street in 1988.",
        "The library allegedly moved to Mill Street in 1988.",
        "The library almost moved to Mill Street in 1988.",
        "该工厂将于2030年关闭。",
        "图书馆将于2031年搬迁。",
        "据说工发组织于2006年在上海设立了办事处。",
        # Asked, not said.
        "The old mill on Park Road was sold to Acme in 1990.",
        "Was the library moved to Mill Street in 1988?",
        # A word in another's place, at the end and in Chinese.
        "The hall opened on 3 May 1931 with 2,500 bees.",
        "The library moved to the harbour in 1988.",
        "工发组织于2006年在上海关闭了办事处。",
        "工发组织于2006年在上海设立了工厂。",
    ],
)
def test_no_sentence_leaves_that_turns_what_its_words_say(text):
    assert not is_released(text)


@pytest.mark.parametrize(
    "text",
    [
        "In 1988, the library moved to Mill Street.",
        "The library moved in 1988 to Mill Street.",
        "Beta was bought by Acme in 1999 for 5 million dollars.",
        "Ada Brook was praised by the mayor, Karl Stone, in 1950.",
        "Karl Stone, the mayor, praised Ada Brook in 1950.",
        "The town traded coal, wool and steel with Bern until 1914.",
        "Before the flood of 1910, the bridge on Lake Road was closed.",
        "In 2030 the council may approve the plan for the harbour.",
        "If the council agrees, the old pier on Lake Road will be sold in 2031.",
        "On 3 May 1931 the hall opened with 2,500 seats.",
        "2006年，工发组织在上海设立了办事处。",
        "张伟于2010年被王明聘请担任主任。",
        "该工厂可能2030年关闭。",
    ],
)
def test_the_same_in_another_order_leaves(text):
    assert is_released(text)


@pytest.mark.parametrize(
    "text", ["2020年5月" * 330, "Mill Street, " * 150, "to the library " * 130]
)
def test_a_sentence_that_runs_on_is_judged_in_little_time(text):
    begun = time.process_time()
    is_released(text[:2000])
    assert time.process_time() - begun < 10
