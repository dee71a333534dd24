import threading

from eval.bench.modules import modules_entered
from rag.text.dates import parse_date
from rag.types import Span


def test_a_module_counts_when_one_of_its_functions_is_called_in_any_thread():
    def work():
        thread = threading.Thread(target=parse_date, args=("24 April 2019",))
        thread.start()
        thread.join()
        return Span(0, 3).overlaps(Span(2, 4))

    assert {"rag.text.dates", "rag.types"} <= modules_entered(work)
    assert "rag.assistant" not in modules_entered(work)
    assert modules_entered(lambda: None) == set()
