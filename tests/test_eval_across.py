import json

from eval.across import read_paragraphs, vary

TEXTS = {
    "en0": "LI Yong visited Huawei in 2019. He was in Vienna. The office has 12 rooms in it.",
    "zh0": "李勇于2019年访问了华为公司的深圳总部。他当时是在维也纳。这个办事处一共是有12个房间的。",
    "en1": "Nokia is in Finland. It has many offices.",
    "zh1": "诺基亚公司位于芬兰，在那里有许多办事处。",
    "en2": "The fund is large.",
    "zh2": "这个基金的规模是很大的，由芬兰的诺基亚公司管理。",
}
ANSWERS = {"en0": [("Huawei", "华为"), ("Vienna", "维也纳")], "en2": [("Nokia", "诺基亚")]}


def paragraphs(tmp_path):
    rows = [json.dumps({"id": name, "text": text}) for name, text in TEXTS.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(rows), encoding="utf-8")
    asked = [
        json.dumps(
            {"lang": "en", "answers": [one], "answers_cross_lang": [other],
             "gold_doc_ids_same_lang": [name]}
        )
        for name, pairs in ANSWERS.items()
        for one, other in pairs
    ]  # fmt: skip
    (tmp_path / "queries.jsonl").write_text("\n".join(asked), encoding="utf-8")
    return read_paragraphs(tmp_path)


def test_paragraphs_with_as_many_sentences_are_paired_and_others_left_out(tmp_path):
    found = paragraphs(tmp_path)
    assert [len(p.sentences["en"]) for p in found] == [3, 1]
    assert found[0].answers == {"en": ["Huawei", "Vienna"], "zh": ["华为", "维也纳"]}


def test_every_variant_is_read_against_the_other_language_and_says_whether_it_is_true(tmp_path):
    found = paragraphs(tmp_path)
    variants = list(vary(found, "zh"))
    assert variants == list(vary(found, "zh"))
    [first, *_] = found
    for variant in variants:
        assert "".join(variant.passage).isascii()
        original = variant.said in first.sentences["zh"] or variant.said in found[1].sentences["zh"]
        if variant.change == "unsaid":
            assert original
            assert len(variant.passage) == 2
        elif not variant.true:
            assert not original
    kinds = {variant.change for variant in variants}
    assert kinds >= {"same", "unsaid", "number", "date", "negation", "answer", "answer nearby"}
    assert {"letters kept", "letters swapped"} <= kinds
    kept = next(v for v in variants if v.change == "letters kept")
    assert "Huawei" in kept.said or "Vienna" in kept.said
