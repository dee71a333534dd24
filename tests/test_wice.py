import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.checkers import CheckScores, CrossEncoder, EverythingSupported, WordOverlap
from eval.checking import (
    DECISIONS,
    ClaimCase,
    SelectionRule,
    _f1_of_rules,
    _plan,
    fit_checker,
    measure_checker,
)
from eval.errors import EvalError, QuestionSetError
from eval.metrics import set_f1
from eval.wice import main, read_claims
from tests.fakes import OverlapReranker

FERRY = [
    "TITLE: The Lindholm ferry",
    "The ferry to Lindholm was built in Gdansk in 1987.",
    "It carries 240 passengers and thirty cars.",
    "Tickets are sold on board.",
    "Captain Vera Holt has commanded it since 2004.",
]
MILL = ["The old mill grinds rye.", "Its wheel turned for 90 years.", "Visitors are welcome."]
CLAIM = "The Lindholm ferry, built in Gdansk in 1987, carries 240 passengers."
LABELS = ("supported", "partially_supported", "not_supported")


def claim_row(**changes):
    row = {
        "id": "c1",
        "claim": CLAIM,
        "split": "dev",
        "label": "supported",
        "cited_doc_ids": ["ferry"],
        "supporting_sentence_sets": [[1, 2]],
        "lang": "en",
    }
    return {**row, **changes}


def write_folder(folder, rows, articles=(("ferry", FERRY), ("mill", MILL))):
    folder.mkdir(exist_ok=True)
    corpus = [{"id": name, "title": name, "text": "\n".join(lines)} for name, lines in articles]
    for file, content in (("corpus.jsonl", corpus), ("queries.jsonl", rows)):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in content]
        (folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def made_up_cases(number, *, split="dev", start=0):
    """Claims whose label and supporting lines follow from their number."""
    return [
        ClaimCase(
            id=f"{split}{index}",
            claim=f"claim {index}",
            split=split,
            label=LABELS[index % 3],
            document=f"article {index // 2}",
            sentences=tuple(f"sentence {line}" for line in range(5)),
            supporting_sets=() if index % 3 == 2 else (frozenset({index % 5, (index + 1) % 5}),),
        )
        for index in range(start, start + number)
    ]


def perfect_scores(case):
    right = case.supporting_sets[0] if case.supporting_sets else ()
    return CheckScores(tuple(float(line in right) for line in range(5)), 2.0 - _rank(case))


def _rank(case):
    return float(LABELS.index(case.label))


# --- The loader --------------------------------------------------------------------


def test_every_claim_comes_in_file_order_with_the_lines_of_its_article(tmp_path):
    rows = [claim_row(), claim_row(id="c2", split="test", cited_doc_ids=["mill"])]
    first, second = read_claims(write_folder(tmp_path, rows))
    assert (first.id, first.claim, first.split, first.label) == ("c1", CLAIM, "dev", "supported")
    assert first.document == "ferry"
    assert first.sentences == tuple(FERRY)
    assert first.supporting_sets == (frozenset({1, 2}),)
    assert (second.split, second.sentences) == ("test", tuple(MILL))


def test_supporting_sets_are_kept_in_order_without_empty_and_repeated_ones(tmp_path):
    sets = [[], [2, 1], [4], [1, 2]]
    [case] = read_claims(write_folder(tmp_path, [claim_row(supporting_sentence_sets=sets)]))
    assert case.supporting_sets == (frozenset({1, 2}), frozenset({4}))


@pytest.mark.parametrize("sets", [[], [[]], [[], [3]]])
def test_a_claim_without_support_has_no_supporting_set_whatever_lines_were_named(tmp_path, sets):
    row = claim_row(label="not_supported", supporting_sentence_sets=sets)
    [case] = read_claims(write_folder(tmp_path, [row]))
    assert case.supporting_sets == ()


def test_only_a_line_feed_parts_the_lines_of_an_article(tmp_path):
    odd = ["one\u2028still one", "two\x85still two\r", "three"]
    row = claim_row(supporting_sentence_sets=[[2]])
    [case] = read_claims(write_folder(tmp_path, [row], [("ferry", odd)]))
    assert case.sentences == tuple(odd)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{no json", "Invalid JSON"),
        ("[1]", "object"),
        ('{"id": "c2"}', "claim: Field required"),
        (claim_row(id="c1"), "'c1' was used before"),
        (claim_row(id="c2", claim=""), "claim: "),
        (claim_row(id="c2", label="true"), "label: Input should be 'supported'"),
        (claim_row(id="c2", split="train"), "split: Input should be 'dev' or 'test'"),
        (claim_row(id="c2", cited_doc_ids=["barn"]), "article 'barn' is not in corpus.jsonl"),
        (claim_row(id="c2", cited_doc_ids=[]), "cited_doc_ids: "),
        (claim_row(id="c2", cited_doc_ids=["ferry", "mill"]), "cited_doc_ids: "),
        (claim_row(id="c2", supporting_sentence_sets=[[1, 5]]), "line 5 is not among the 5"),
        (claim_row(id="c2", supporting_sentence_sets=[[-1]]), "line -1 is not among"),
        (claim_row(id="c2", supporting_sentence_sets=[[True]]), "supporting_sentence_sets.0.0"),
        (claim_row(id="c2", supporting_sentence_sets=[[]]), "no line supports the claim"),
        (
            claim_row(id="c2", label="not_supported", supporting_sentence_sets=[[9]]),
            "line 9 is not among",
        ),
    ],
)
def test_a_malformed_claim_is_named_with_file_line_and_reason(tmp_path, row, reason):
    folder = write_folder(tmp_path, [claim_row(), "", row])
    with pytest.raises(QuestionSetError) as caught:
        read_claims(folder)
    # The blank line counts: the number is the one an editor shows.
    assert str(caught.value).startswith(f"{folder / 'queries.jsonl'}, line 3: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", [b'{"id": "x"}', b'{"id": "x", "text": "\xff"}', b"7"])
def test_a_malformed_article_is_named_with_file_and_line(tmp_path, line):
    folder = write_folder(tmp_path, [claim_row()])
    with (folder / "corpus.jsonl").open("ab") as file:
        file.write(line)
    with pytest.raises(QuestionSetError, match=r"corpus\.jsonl, line 3: "):
        read_claims(folder)


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_missing_or_empty_file_is_named(tmp_path, file):
    folder = write_folder(tmp_path, [claim_row()])
    (folder / file).write_text("")
    with pytest.raises(QuestionSetError, match=f"{file} is empty"):
        read_claims(folder)
    (folder / file).unlink()
    with pytest.raises(QuestionSetError, match=f"{file}: No such file"):
        read_claims(folder)


# --- The checkers ------------------------------------------------------------------


def test_the_trivial_checker_scores_all_alike():
    assert EverythingSupported().check(CLAIM, FERRY) == CheckScores((1.0,) * 5, 1.0)


def test_overlap_ranks_the_sentences_that_hold_the_claims_facts_first():
    scores = WordOverlap().check(CLAIM, FERRY).sentences
    assert sorted(range(5), key=lambda line: -scores[line])[:2] == [1, 2]
    assert scores[3] == 0.0


def test_overlap_adds_up_what_different_sentences_hold():
    whole = WordOverlap().check(CLAIM, FERRY)
    assert whole.support == pytest.approx(1.0)
    assert max(whole.sentences) < 0.9


@pytest.mark.parametrize(
    "changed",
    [
        CLAIM.replace("1987", "1988"),
        CLAIM.replace("240", "420"),
        CLAIM.replace("Gdansk", "Rostock"),
        CLAIM.replace("passengers", "horses"),
    ],
)
def test_overlap_falls_when_a_fact_of_the_claim_is_not_there(changed):
    right, wrong = (WordOverlap().check(claim, FERRY).support for claim in (CLAIM, changed))
    assert wrong < right - 0.1


def test_a_missing_number_or_name_costs_more_than_a_missing_word():
    def loss(old, new):
        def lost(checker):
            return -checker.check(CLAIM.replace(old, new), FERRY).support

        return lost(WordOverlap()) - lost(WordOverlap(missing_fact_penalty=0.0))

    assert loss("1987", "1988") > 0.05
    assert loss("Gdansk", "Rostock") > 0.05
    assert loss("passengers", "horses") == pytest.approx(0.0)


def test_a_name_is_found_in_its_near_relatives():
    penalised, free = WordOverlap(), WordOverlap(missing_fact_penalty=0.0)
    claim, text = "The boat was sold in Germany.", ["A German firm sold the boat."]
    assert penalised.check(claim, text).support == free.check(claim, text).support


def test_rare_words_weigh_more_than_those_of_every_sentence():
    text = ["The ferry sails.", "The ferry rests.", "The ferry was welded.", "It was welded."]
    scores = WordOverlap().check("The ferry was welded.", text).sentences
    assert scores[2] == pytest.approx(1.0)
    assert scores[3] > scores[0]


@pytest.mark.parametrize("claim", ["", "It was so.", "?!"])
def test_a_claim_that_says_nothing_is_supported_by_nothing(claim):
    assert WordOverlap().check(claim, FERRY) == CheckScores((0.0,) * 5, 0.0)


WORDS = st.sampled_from(
    [
        "ferry",
        "mill",
        "Gdansk",
        "Vera",
        "1987",
        "240",
        "was",
        "the",
        "sold",
        "rye",
        "wheel",
        "captain",
    ]
)
SENTENCES = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=8)


@given(claim=st.lists(WORDS, max_size=8).map(" ".join), sentences=SENTENCES)
def test_overlap_is_bounded_and_blind_to_the_order_of_sentences(claim, sentences):
    scores = WordOverlap().check(claim, sentences)
    assert len(scores.sentences) == len(sentences)
    assert all(0.0 <= score <= 1.0 for score in scores.sentences)
    assert -0.25 <= scores.support <= 1.0
    assert scores.support <= sum(scores.sentences) + 1e-9
    assert WordOverlap().check(claim, sentences[::-1]).sentences == scores.sentences[::-1]


def test_the_cross_encoder_reads_only_the_best_by_overlap():
    scores = CrossEncoder(OverlapReranker(), prefilter=WordOverlap(), limit=2).check(CLAIM, FERRY)
    assert [line for line, score in enumerate(scores.sentences) if score > -math.inf] == [1, 2]
    expected = OverlapReranker().score(CLAIM, FERRY[1:3]).tolist()
    assert list(scores.sentences[1:3]) == expected
    assert scores.support == max(expected)


def test_the_cross_encoder_reads_repaired_text():
    checker = CrossEncoder(OverlapReranker(), prefilter=WordOverlap())
    assert checker.check("a ﬁne\xa0boat", ["fine b\u00adoat"]).sentences == (6.0,)


def test_a_text_without_sentences_supports_nothing():
    assert WordOverlap().check(CLAIM, []) == CheckScores((), 0.0)
    assert CrossEncoder(OverlapReranker(), WordOverlap()).check(CLAIM, []).support == -math.inf


# --- Fitting and measuring ---------------------------------------------------------

SCORES = st.lists(st.sampled_from([-math.inf, -1.5, 0.0, 0.25, 0.5, 2.0]), min_size=1, max_size=9)


def test_ties_go_by_line_and_an_unread_sentence_is_never_chosen():
    scores = [0.5, 0.9, -math.inf, 0.9, 0.1]
    assert SelectionRule(3, -math.inf).choose(scores) == [1, 3, 0]
    assert SelectionRule(None, -math.inf).choose(scores) == [1, 3, 0, 4]
    assert SelectionRule(None, 0.9).choose(scores) == [1, 3]
    assert SelectionRule(1, 0.95).choose(scores) == []


@given(scores=SCORES, lines=st.sets(st.integers(0, 8), min_size=1))
def test_the_quick_way_to_fit_a_rule_equals_applying_it(scores, lines):
    rules = [
        SelectionRule(most, least) for most in (1, 3, None) for least in (-math.inf, 0.0, 0.3, 9.0)
    ]
    sets = [frozenset(lines), frozenset({0})]
    obvious = [set_f1(rule.choose(scores), sets)[2] for rule in rules]
    assert _f1_of_rules(rules, scores, sets) == obvious


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7]), st.sampled_from(LABELS)),
        min_size=1,
        max_size=12,
    )
)
def test_no_threshold_has_a_better_f1_on_the_claims_it_was_fitted_on(rows):
    cases = [
        ClaimCase(str(n), "c", "dev", label, "a", ("s",), ()) for n, (_, label) in enumerate(rows)
    ]
    found = fit_checker(cases, [CheckScores((0.0,), support) for support, _ in rows])
    for decision, yes in DECISIONS.items():

        def f1(least, yes=yes):
            said = [support >= least for support, _ in rows]
            true = [label in yes for _, label in rows]
            hits = sum(a and b for a, b in zip(said, true, strict=True))
            return 2 * hits / max(sum(said) + sum(true), 1)

        best = max(f1(support) for support, _ in rows)
        assert f1(found.thresholds[decision]) == pytest.approx(best)


def test_a_perfect_checker_gets_one_in_everything():
    cases = made_up_cases(30) + made_up_cases(30, split="test")
    report = measure_checker(cases, [perfect_scores(case) for case in cases], resamples=200)
    assert [len(report.fits), report.fits[0].claims, len(report.verdicts)] == [1, 30, 30]
    assert {verdict.case.split for verdict in report.verdicts} == {"test"}
    for group, measures in report.estimates.items():
        for name, estimate in measures.items():
            assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, 1.0), (group, name)
    assert report.estimates["sentences"]["F1"].n == 20
    assert report.estimates["supported"]["F1"].n == 30


def test_saying_yes_to_everything_gets_what_arithmetic_says():
    cases = made_up_cases(30) + made_up_cases(30, split="test")
    report = measure_checker(cases, [CheckScores((1.0,) * 5, 1.0)] * 60, resamples=200)
    for decision, share in (("supported", 1 / 3), ("at least partly", 2 / 3)):
        found = report.estimates[decision]
        assert found["F1"].value == pytest.approx(2 * share / (1 + share))
        assert (found["balanced accuracy"].value, found["AUROC"].value) == (0.5, 0.5)
        assert found["F1"].low < found["F1"].value < found["F1"].high


def noisy_scores(cases, seed):
    random = np.random.default_rng(seed)
    return [
        CheckScores(
            tuple((np.array(perfect_scores(case).sentences) + random.normal(0, 0.6, 5)).tolist()),
            float(-_rank(case) + random.normal(0, 1)),
        )
        for case in cases
    ]


def test_figures_equal_those_of_an_independent_implementation():
    metrics = pytest.importorskip("sklearn.metrics")
    cases = made_up_cases(60) + made_up_cases(90, split="test")
    report = measure_checker(cases, noisy_scores(cases, 3), resamples=200)
    for decision, yes in DECISIONS.items():
        true = [verdict.case.label in yes for verdict in report.verdicts]
        said = [verdict.decided[decision] for verdict in report.verdicts]
        support = [verdict.support for verdict in report.verdicts]
        found = {name: it.value for name, it in report.estimates[decision].items()}
        assert found == pytest.approx(
            {
                "F1": metrics.f1_score(true, said),
                "balanced accuracy": metrics.balanced_accuracy_score(true, said),
                "AUROC": metrics.roc_auc_score(true, support),
            }
        )
    selected = [verdict.selection for verdict in report.verdicts if verdict.selection]
    found = report.estimates["sentences"]
    means = [found[name].value for name in ("precision", "recall", "F1")]
    assert means == pytest.approx(np.mean(selected, axis=0).tolist())


def test_nothing_is_fitted_on_the_test_claims():
    dev, test = made_up_cases(40), made_up_cases(40, split="test")
    scores = noisy_scores(dev, 1)
    one = measure_checker(dev + test, scores + noisy_scores(test, 2), resamples=10)
    other = measure_checker(test + dev, noisy_scores(test, 5) + scores, resamples=10)
    assert one.fits == other.fits
    assert one.design == "fitted on 40 dev claims, measured on 40 test claims"


@pytest.mark.parametrize("split", ["dev", "test"])
def test_with_one_split_no_article_is_both_fitted_and_measured(split):
    cases = made_up_cases(40, split=split)
    words, plan = _plan(cases)
    assert f"cross-fitted on 40 {split} claims, 5 folds by article" in words
    assert sorted(index for _, measured in plan for index in measured) == list(range(40))
    for fitted, measured in plan:
        assert len(fitted) + len(measured) == 40
        assert not {cases[i].document for i in fitted} & {cases[i].document for i in measured}
    report = measure_checker(cases, [perfect_scores(case) for case in cases], resamples=10)
    assert [verdict.case for verdict in report.verdicts] == cases
    assert len(report.fits) == 5


def test_claims_about_one_article_are_too_few_to_fit():
    with pytest.raises(EvalError, match="two articles or more"):
        measure_checker(made_up_cases(2), [CheckScores((1.0,) * 5, 1.0)] * 2)


def test_what_one_class_cannot_tell_is_null():
    cases = [case for case in made_up_cases(30) if case.label == "not_supported"]
    report = measure_checker(cases, [CheckScores((1.0,) * 5, 1.0)] * 10, resamples=10)
    for group, name in (("sentences", "F1"), ("supported", "AUROC")):
        estimate = report.estimates[group][name]
        assert (estimate.value, estimate.low, estimate.high) == (None, None, None)
    assert report.estimates["sentences"]["F1"].n == 0


def test_measuring_twice_gives_the_same():
    cases = made_up_cases(30)
    one, other = (measure_checker(cases, noisy_scores(cases, 4), resamples=50) for _ in range(2))
    assert one == other


# --- The command -------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    rows = []
    for split in ("dev", "test"):
        for n in range(3):
            rows += [
                claim_row(id=f"{split}a{n}", split=split),
                claim_row(
                    id=f"{split}b{n}",
                    split=split,
                    claim="The mill has a steam engine.",
                    label="not_supported",
                    cited_doc_ids=["mill"],
                    supporting_sentence_sets=[[]],
                ),
            ]
    return write_folder(tmp_path / "claims", rows)


def test_the_command_prints_every_checker_with_its_number_of_claims(folder, capsys, monkeypatch):
    monkeypatch.setattr("rag.models._load_reranker", lambda models: OverlapReranker())
    main([str(folder)])
    printed = capsys.readouterr().out
    assert "fitted on 6 dev claims, measured on 6 test claims" in " ".join(printed.split())
    for words in ("everything", "overlap", "cross-encoder", "sentences", "AUROC", "1.000 (1.000"):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_a_limit_takes_the_first_claims_of_each_split(folder, capsys):
    main([str(folder), "--checker", "overlap", "--limit", "2"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "fitted on 2 dev claims, measured on 2 test claims" in printed


def test_every_verdict_can_be_written_out(folder, tmp_path, capsys):
    out = tmp_path / "verdicts.jsonl"
    main([str(folder), "--checker", "overlap", "--out", str(out)])
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows if row["checker"] == "overlap"] == [
        f"test{kind}{n}" for n in range(3) for kind in "ab"
    ]
    first = next(row for row in rows if row["checker"] == "overlap")
    assert first["decided"] == {"supported": True, "at least partly": True}
    assert (sorted(first["chosen"]), first["f1"]) == ([1, 2], 1.0)


def test_a_malformed_folder_ends_in_one_line(folder, capsys):
    (folder / "queries.jsonl").write_text("{\n")
    with pytest.raises(SystemExit, match=r"^error: .*queries\.jsonl, line 1: Invalid JSON"):
        main([str(folder), "--checker", "overlap"])


@pytest.mark.parametrize("limit", ["0", "-3", "many"])
def test_a_limit_that_is_no_number_of_claims_is_wrong_usage(folder, capsys, limit):
    with pytest.raises(SystemExit) as caught:
        main([str(folder), f"--limit={limit}"])
    assert caught.value.code == 2


def test_counting_words_loads_neither_the_store_nor_a_model(folder):
    program = (
        "import sys, eval.wice; eval.wice.main([sys.argv[1], '--checker', 'overlap']); "
        "heavy = {'torch', 'faiss', 'transformers', 'rag.assistant'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
