import pytest

from eval.propose.proposals import propose_questions
from rag.read.reader import read_document


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("世界织机联盟总干事王小明在开幕式上致辞。", "世界织机联盟总干事是谁？", "王小明"),
        ("出席的有商务部原部长陈明、诗人李白。", "商务部原部长是谁？", "陈明"),
        ("商务部原部长陈明、诗人李白到场。", "商务部原部长是谁？", "陈明"),
        ("海风纺织厂成立于1966年，至今仍在生产。", "海风纺织厂成立于哪一年？", "1966年"),
        ("2019年4月24日，海风厂推出了新织机。", "海风厂推出新织机是在哪一天？", "2019年4月24日"),
        ("2023年10月，织机博览会在上海举行。", "织机博览会是什么时候在上海举行的？", "2023年10月"),
        ("海风纺织厂共有104台织机。", "海风纺织厂共有多少台织机？", "104台"),
        ("潮汐织机是指由潮水推动的织布机器。", "什么是潮汐织机？", "由潮水推动的织布机器"),
        ("世界织机联盟（WLU）发布了报告。", "WLU的中文全称是什么？", "世界织机联盟"),
    ],
)  # fmt: skip
def test_a_clear_chinese_sentence_gives_a_question(sentence, question, answer):
    documents = [read_document("a.txt", f"今天的消息。\n\n{sentence}\n".encode())]
    found = {p.question: p.answers[0] for p in propose_questions(documents)}
    assert found.get(question) == answer
