"""What a source says of one is not said of another, nor of more than it says."""

import pytest

from rag.answer.sense import is_turned
from rag.text.normalise import search_text

TURNED = [
    # An office loses what makes it another.
    ("Vice President Ana Sol opened the fair.", "President Ana Sol opened the fair."),
    (
        "Speaking first, Tom Reed, deputy mayor of Leith, praised the port.",
        "Tom Reed, mayor of Leith, spoke first and praised the port.",
    ),
    (
        "Ida Berg, who used to be Minister of Trade, attended.",
        "The Minister of Trade, Ida Berg, attended.",
    ),
    ("Ole Dahl, president emeritus of the club, spoke.", "Ole Dahl, president of the club, spoke."),
    ("副市长王敏出席了会议。", "市长王敏出席了会议。"),
    ("原部长李强参加了论坛。", "部长李强参加了论坛。"),
    ("Former mayor Anna Bell was honoured in Lund.", "Mayor Anna Bell was honoured in Lund."),
    ("The acting director, Ole Dahl, resigned.", "The director, Ole Dahl, resigned."),
    ("Ole Dahl, the honorary consul, spoke.", "Ole Dahl, the consul, spoke."),
    ("Mayor-elect Ole Dahl spoke.", "Mayor Ole Dahl spoke."),
    ("前部长李强前往上海。", "部长李强前往上海。"),
    # One of several becomes the one, every other year each.
    ("The library is one of the oldest in Spain.", "The library is the oldest in Spain."),
    ("The bay is a serious hazard.", "The bay is the most serious hazard."),
    ("The members meet every other year.", "The members meet every year."),
    ("The mill needs as much coal as the forge.", "The mill needs more coal than the forge."),
    ("这是城市面临的一大问题。", "这是城市面临的最大问题。"),
    ("有300多人到场。", "有近300人到场。"),
    # What a phrase between commas says is of what stands before it.
    (
        "The college, founded in 1822, and the harbour board run a school.",
        "The school was founded in 1822.",
    ),
    (
        "Among them were Nordlys and the Varde shipyard, which belongs to a trust of two towns.",
        "Nordlys belongs to a trust of two towns.",
    ),
    # What is done by nobody named is done by no one in a claim.
    ("The seven rules were adopted in 1988.", "The council adopted the seven rules in 1988."),
    # What is done to one is not what it does.
    ("The firm was taken over in Lund in 1931.", "The firm taken over others in Lund in 1931."),
    ("The army beat the fleet in May.", "The army was beat in May."),
    # Items of a list keep what is said of them.
    (
        "Present were Eva Lund, head of Nordbank; Max Orr, head of the Green Fund; and Li Na.",
        "Max Orr, head of Nordbank, was present.",
    ),
    (
        "This paper counted 260 guests in the room; other accounts, relying on the organizers, "
        "speak of more.",
        "The organizers counted 260 guests in the room.",
    ),
    # Who does what to whom, with others between.
    (
        "On May 5th, Ann Poe, Mayor of Leith, received Director Jan Vos of the Agency (UNA).",
        "On May 5th, Director Jan Vos of UNA received Ann Poe, Mayor of Leith.",
    ),
    ("投资者据此评价企业。", "企业据此评价投资者。"),
    (
        "Criteria by which investors judge how responsibly a company behaves.",
        "Criteria by which companies judge how responsibly investors behave.",
    ),
    ("展览是文化节的一部分。", "文化节是展览的一部分。"),
]

NOT_TURNED = [
    ("目前部长李强出席了会议。", "部长李强出席了会议。"),
    ("中原银行行长李强出席会议。", "出席会议的有行长李强。"),
    (
        "The city has one of the largest ports in Europe and the largest airport in Norway.",
        "The city has the largest airport in Norway.",
    ),
    (
        "The society meets every two weeks and publishes an annual report.",
        "An annual report is published by the society.",
    ),
    ("该公司是中国500强之一，最近在上海设立了分公司。", "最近该公司在上海设立了分公司。"),
    (
        "The report covers trade; it was written by Anna Bell.",
        "The report was written by Anna Bell.",
    ),
    (
        "The fair was opened in Lund on 5 May 2019 by the mayor, Anna Bell.",
        "The mayor, Anna Bell, opened the fair in Lund on 5 May 2019.",
    ),
    ("Once the bridge opened, trade grew.", "Trade grew when the bridge opened."),
    ("Vice President Ana Sol opened the fair.", "The fair was opened by Vice President Ana Sol."),
    ("Tom Reed, deputy mayor of Leith, praised the port.", "Deputy mayor Tom Reed praised it."),
    (
        "Ida Berg, who used to be Minister of Trade, attended.",
        "Ida Berg, the former Minister of Trade, attended.",
    ),
    ("原部长李强和现部长王敏到场。", "部长王敏到场。"),
    ("副市长王敏出席了会议。", "出席会议的有副市长王敏。"),
    ("The library is one of the oldest in Spain.", "The library is among the oldest in Spain."),
    ("The members meet every other year.", "The members meet every two years."),
    (
        "The college, founded in 1822, and the harbour board run a school.",
        "The college was founded in 1822.",
    ),
    ("The seven rules were adopted in 1988.", "The rules, adopted in 1988, are seven."),
    ("The seven rules were adopted by the council.", "The council adopted the seven rules."),
    (
        "Present were Eva Lund, head of Nordbank; Max Orr, head of the Green Fund; and Li Na.",
        "Max Orr, head of the Green Fund, was present.",
    ),
    (
        "Ann Poe, Mayor of Leith, received Director Jan Vos.",
        "Director Jan Vos was received by Ann Poe, Mayor of Leith.",
    ),
]


@pytest.mark.parametrize(("source", "claim"), TURNED)
def test_a_claim_that_gives_more_or_to_another_is_turned(source, claim):
    assert is_turned(search_text(claim), [search_text(source)])


@pytest.mark.parametrize(("source", "claim"), NOT_TURNED)
def test_a_claim_that_keeps_who_is_what_is_not(source, claim):
    assert not is_turned(search_text(claim), [search_text(source)])
