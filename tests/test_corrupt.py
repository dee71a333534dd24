import json

from eval.corrupt import TRUE, Source, main, read_sources, released_by_gate, vary_sentences
from rag.answer.check import check_support

PASSAGE = (
    "In 2015, LI Yong was in Shenzhen with 2500 delegates and 70 reporters, his office said. "
    "GONG Zheng has met Gerd Müller in Shanghai. He was not in Vienna. "
    "The fund paid 31 farmers in 1999."
)
SENTENCES = [s + "." for s in PASSAGE.removesuffix(".").split(". ")]
SOURCES = [Source(sentence, PASSAGE) for sentence in SENTENCES]
STRANGE = Source("Nokia grew.", "Nokia grew.")


def test_every_corrupted_sentence_is_stopped_and_every_true_one_released():
    variants = list(vary_sentences([*SOURCES, STRANGE], seed=1))
    assert {v.change for v in variants} == TRUE | {
        *("number", "number nearby", "date", "date nearby", "name", "name nearby", "negation"),
    }
    for variant in variants:
        assert (variant.said == variant.true) == (variant.change == "same")
        released = variant.change in TRUE
        assert check_support(variant.said, [variant.true]).holds == released, variant
        assert released_by_gate(variant) == released, variant


def test_the_same_seed_makes_the_same_sentences():
    assert list(vary_sentences(SOURCES, seed=3)) == list(vary_sentences(SOURCES, seed=3))


def test_the_table_counts_what_check_and_gate_release(tmp_path, capsys):
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"id": "a", "text": PASSAGE}))
    assert [s.sentence for s in read_sources(tmp_path, limit=9)]
    main([str(tmp_path), "--limit", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["released", "n", "check", "gate"]
    assert lines[-1].split()[:2] == ["all", "true"]


def test_a_changed_verb_is_stopped_by_the_gate_alone():
    walked = Source("The fund visited farmers in 1999.", "The fund visited farmers in 1999.")
    grown = Source("Nokia insulted nobody.", "Nokia insulted nobody.")
    [variant] = [v for v in vary_sentences([walked, grown], seed=1) if "fund insulted" in v.said]
    assert (variant.change, released_by_gate(variant)) == ("verb", False)
    assert check_support(variant.said, [variant.true]).score > 0


def test_claims_that_people_judged_are_counted_by_label(tmp_path, capsys):
    article = {"id": "a", "text": PASSAGE.replace(". ", ".\n")}
    (tmp_path / "corpus.jsonl").write_text(json.dumps(article))
    rows = [
        ("1", "The fund paid 31 farmers in 1999.", "supported", [[0]]),
        ("2", "The fund paid 900 farmers in 1999.", "not_supported", []),
    ]
    queries = [
        {
            "id": key,
            "claim": claim,
            "split": "dev",
            "label": label,
            "cited_doc_ids": ["a"],
            "supporting_sentence_sets": sets,
        }
        for key, claim, label, sets in rows
    ]
    (tmp_path / "queries.jsonl").write_text("".join(f"{json.dumps(q)}\n" for q in queries))
    main(["--claims", str(tmp_path)])
    shown = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert shown["supported"] == ["1", "1.000", "1.000"]
    assert shown["not_supported"] == ["1", "0.000", "0.000"]
