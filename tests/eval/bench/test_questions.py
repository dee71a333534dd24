from embeddings.reading.types import ReadingPassage
from eval.bench.questions import Recorder, sentences_alone
from tests.fakes import OverlapReading


def test_the_baseline_reads_the_longest_statements_one_by_one():
    text = "Short. " + "".join(f"{'long ' * n}end. " for n in range(1, 20))
    spans, start = [], 0
    for part in text.split(". ")[:-1]:
        spans.append((start, start + len(part) + 1))
        start += len(part) + 2
    alone = sentences_alone([ReadingPassage("Title", text, tuple(spans))])
    assert len(alone) == 12
    assert all(each.lead == "Title" and each.text.endswith("end.") for each in alone)
    assert len(alone[0].text) == max(end - start for start, end in spans)


def test_what_is_read_is_taken_down_and_read_all_the_same():
    recorder = Recorder(OverlapReading())
    passage = ReadingPassage("", "Ship left port.", ((0, 15),))
    assert recorder.read("ship", [passage]) == OverlapReading().read("ship", [passage])
    assert recorder.asked == [("ship", [passage])]
