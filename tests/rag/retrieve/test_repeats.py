from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.repeats import count_with_repeats, find_repeats
from rag.types import Passage, Span

LONG = " ".join(f"word{n}" for n in range(80))


def passages(*texts):
    return [Passage(f"d{n}:0-1", f"d{n}", Span(0, 1), (), "", t) for n, t in enumerate(texts)]


def test_a_passage_with_a_word_changed_repeats_the_earlier_one():
    found = find_repeats(passages(LONG, "other words here", LONG.replace("word40", "weird")))
    assert found == [None, None, 0]


def test_the_same_beginning_alone_is_no_repeat():
    half = " ".join(LONG.split()[:40])
    assert find_repeats(passages(f"{half} {'x y z ' * 40}", LONG)) == [None, None]


def test_chinese_passages_repeat_each_other_by_their_characters():
    text = "联合国工业发展组织总干事李勇于四月二十四日参观了华为技术有限公司的深圳总部并举行了会谈"
    assert find_repeats(passages(text, text + "。", "上海市市长会见了总干事")) == [None, 0, None]


def test_repeats_come_with_what_they_repeat_and_cost_no_place():
    texts = passages(LONG, LONG + " a", "b one two", "c one two three", "d four")
    assert count_with_repeats(texts, 2) == 3
    assert count_with_repeats(texts, 3) == 4
    assert count_with_repeats(texts, 9) == 5
    assert count_with_repeats(passages(*[LONG] * 9), 2) == 4
    assert count_with_repeats([], 4) == 0


@given(st.lists(st.text("ab ", max_size=12), max_size=12), st.integers(1, 6))
def test_as_many_distinct_passages_come_as_are_asked_for_and_there(texts, distinct):
    made = passages(*texts)
    count = count_with_repeats(made, distinct)
    assert min(len(made), distinct) <= count <= min(len(made), 2 * distinct)
    kept = [twin for twin in find_repeats(made[:count]) if twin is None]
    assert len(kept) <= distinct
