from eval.records import ClaimRecord, EvidenceRecord
from eval.report.grades import evidence_covered, grade_of
from tests.eval import run_cases


def test_each_grade_is_what_happened():
    other = run_cases.sentence(run_cases.FACTS[1], in_gold_evidence=False)
    cases = {
        "failed": run_cases.failed(),
        "overreached": run_cases.abstained(
            outcome="answered", claims=[ClaimRecord(text="It did.", support=0.8, citations=[other])]
        ),
        "wrong": run_cases.question(best_right=False, measures={"answer.first_right": 0.0}),
        "wrongly-abstained": run_cases.question(outcome="abstained", claims=[]),
        "uncertain": run_cases.question(outcome="uncertain"),
        "unjudged": run_cases.question(best_right=None, criterion=None, measures={}),
        "right": run_cases.question(),
        "rightly-abstained": run_cases.abstained(),
    }
    for key, record in cases.items():
        assert grade_of(record, mode="answers").key == key


def test_a_search_is_judged_by_its_last_stage():
    far = [*(f"other-{number}.txt" for number in range(10)), "2021-03-02-harbour-board.txt"]
    near = far[::-1]
    missed = run_cases.question(outcome="abstained", rankings={"dense": near, "reranked": far})
    found = run_cases.question(outcome="abstained", rankings={"dense": far, "reranked": near})
    assert grade_of(missed, mode="retrieval").key == "missed"
    assert grade_of(found, mode="retrieval").key == "found"
    assert grade_of(run_cases.abstained(), mode="retrieval").key == "none"
    assert grade_of(run_cases.failed(), mode="retrieval").key == "failed"


def test_evidence_without_a_place_is_covered_by_its_words():
    cited = [run_cases.sentence(run_cases.FACTS[0])]
    piece = EvidenceRecord(
        document=cited[0].document, start=None, end=None, quote="chaired by Ines Okafor"
    )
    assert evidence_covered(piece, cited)
    assert not evidence_covered(piece.model_copy(update={"document": "other.txt"}), cited)
