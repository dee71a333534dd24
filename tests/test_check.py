import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.check import check_support

VISIT = (
    "SHENZHEN, 24 April 2019 – LI Yong, Director General of the United Nations Industrial "
    "Development Organization (UNIDO), visited Huawei with 2,500 delegates."
)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Yong Li visited Huawei.", VISIT),
        ("Müller met them.", "They met Muller."),
        ("Muller met them.", "They met Müller."),
        ("UNIDO's Li Yong visited Huawei.", VISIT),
        ("China grew.", "The Chinese economy grew."),
        ("The United Nations Industrial Development Organization met.", "UNIDO met."),
        ("UNIDO met.", "The United Nations Industrial Development Organization met."),
        ("2500 delegates came.", VISIT),
        ("Two million people came.", "2,000,000 people came."),
        ("Some 2.5 million people came.", "2,500,000 people came."),
        ("It grew 3%.", "It grew by three percent."),
        ("It grew 3 per cent.", "It grew between 3 and 5%."),
        ("It cost $5m.", "It cost 5 million dollars."),
        ("LI Yong visited Huawei on 2019-04-24.", VISIT),
        ("LI Yong visited Huawei on April 24, 2019.", VISIT),
        ("LI Yong visited Huawei in April 2019.", VISIT),
        ("LI Yong visited Huawei in 2019.", VISIT),
        ("LI Yong visited Huawei in April.", VISIT),
        ("It was built in the 1990s.", "It was built in 1994."),
        ('He said "we will come back".', "“We will come back,” he said."),
        ("He did not visit Huawei.", "He didn't visit Huawei."),
        ("三千五百万人参加了会议。", "3500万人参加了会议。"),
        ("会议于2019年4月24日举行。", "会议于2019-04-24举行。"),
        ("增长百分之三。", "增长3%。"),
    ],
)
def test_facts_agree_by_meaning_however_written(claim, evidence):
    assert check_support(claim, [evidence]).mismatches == ()


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("LI Yong visited Huawei with 2,400 delegates.", {"missing_numbers": ("2,400",)}),
        ("LI Yong visited Huawei with 24 delegates.", {"missing_numbers": ("24",)}),
        ("LI Yong visited Huawei with 2,500% delegates.", {"missing_numbers": ("2,500%",)}),
        ("LI Yong visited Huawei on 25 April 2019.", {"missing_dates": ("25 April 2019",)}),
        ("LI Yong visited Huawei in May 2019.", {"missing_dates": ("May 2019",)}),
        ("LI Yong visited Huawei in 2018.", {"missing_dates": ("2018",)}),
        ("LI Wei visited Huawei.", {"missing_names": ("Wei",)}),
        ("LI Yong visited ZTE.", {"missing_names": ("ZTE",)}),
        ("Nokia was visited.", {"missing_names": ("Nokia",)}),
        (
            'LI Yong visited "with many delegates".',
            {"missing_quotations": ("with many delegates",)},
        ),
        ("LI Yong did not visit Huawei.", {"negation_differs": True}),
        ("LI Yong refused to visit Huawei.", {"negation_differs": True}),
    ],
)
def test_every_kind_of_mismatch_is_named(claim, missing):
    check = check_support(claim, [VISIT])
    assert {name: getattr(check, name) for name in missing} == missing
    assert not check.holds


@pytest.mark.parametrize(
    ("claim", "evidence", "missing"),
    [
        ("李勇访问了华为。", "王伟访问了华为。", {"missing_names": ("李勇",)}),
        ("他没有访问华为。", "他访问了华为。", {"negation_differs": True}),
        ("三千五百万人参加。", "3400万人参加。", {"missing_numbers": ("三千五百万",)}),
        ("会议于4月25日举行。", "会议于2019年4月24日举行。", {"missing_dates": ("4月25日",)}),
        ("他说「我们会再来」。", "他说我们不来。", {"missing_quotations": ("我们会再来",)}),
    ],
)
def test_mismatches_are_named_in_chinese_too(claim, evidence, missing):
    check = check_support(claim, [evidence])
    assert {name: getattr(check, name) for name in missing} == missing
    assert not check.holds


def test_a_number_of_one_thing_is_no_number_of_another():
    evidence = ["12 people were killed and 30 houses burned."]
    assert check_support("30 houses burned.", evidence).holds
    assert check_support("30 people were killed.", evidence).missing_numbers == ("30",)


def test_an_opposite_is_no_support():
    check = check_support("The visit was unsuccessful.", ["The visit was successful."])
    assert check.negation_differs


def test_the_title_and_date_of_the_document_supply_names_and_dates():
    claim, evidence = "Li Yong visited Huawei on 24 April 2019.", ["On 24 April he visited Huawei."]
    assert check_support(claim, evidence).missing_dates == ("24 April 2019",)
    assert check_support(claim, evidence).missing_names == ("Li", "Yong")
    check = check_support(claim, evidence, context="LI Yong in Shenzhen 2019-04-24")
    assert check.mismatches == ()


def test_words_that_the_evidence_lacks_lower_the_score():
    full = check_support("LI Yong visited Huawei with delegates.", [VISIT]).score
    part = check_support("LI Yong visited Huawei to sign contracts and sing.", [VISIT]).score
    none = check_support("Potatoes grow underground.", [VISIT]).score
    assert full > part > none


def test_nothing_supports_a_claim_without_evidence():
    assert not check_support("LI Yong visited Huawei.", []).holds


PIECES = (
    "LI Yong visited Huawei not never 2,500 3% 24 April 2019 in UNIDO the delegates refused to "
    'unhappy happy 1990s two million $5m "we came" U.S. 他 没有 访问 了 华为 三千万 4月24日 '
    "《人民日报》 王伟 , . ; don't Müller 5G COVID-19 12 people"
)
SENTENCES = st.lists(st.sampled_from(PIECES.split(" ")), min_size=1, max_size=25).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(SENTENCES | st.text(min_size=1, max_size=60).filter(lambda text: text.strip()))
def test_a_sentence_always_supports_itself(sentence):
    check = check_support(sentence, [sentence])
    assert check.mismatches == ()
    assert check.holds or not any(map(str.isalnum, sentence))


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 10**7), st.integers(2, 10**7), st.booleans())
def test_another_number_is_always_held_back(said, true, grouped):
    sentence = f"The fund paid {true:,} farmers in Kenya." if grouped else f"It has {true} members."
    other = re.sub(r"\d[\d,]*", str(said), sentence)
    assert check_support(other, [sentence]).holds == (said == true)


def test_odd_letters_and_long_digits_are_figures_or_nothing_but_no_error():
    for claim in ("Bu fıfth oldu", "5 mıllion people", "9" * 40 + "s"):
        assert check_support(claim, ["abc"]).score < 0.5
