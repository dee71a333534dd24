import json

from server.wire.outcome import outcome_schema
from tests.conftest import ROOT


def test_the_schema_document_is_up_to_date():
    written = json.loads(
        (ROOT / "server" / "wire" / "outcome.schema.json").read_text(encoding="utf-8")
    )
    assert written == outcome_schema()
