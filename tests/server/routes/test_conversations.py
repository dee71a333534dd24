from __future__ import annotations

import httpx2 as httpx

from tests.server.routes.client import SILENT


def test_feedback_is_kept_with_its_turn(served):
    asked = {"question": SILENT, "conversation_id": "new"}
    kept = httpx.post(served.url + "/ask", json=asked).json()
    verdict = {"turn_id": kept["turn_id"], "verdict": "wrong", "note": "It is on page 3."}
    assert httpx.post(served.url + "/feedback", json=verdict).status_code == 201
    found = served.assistant.journal.feedback()[-1]
    assert (found.turn.question.text, found.note) == (SILENT, "It is on page 3.")
    httpx.delete(f"{served.url}/conversations/{kept['conversation_id']}")
