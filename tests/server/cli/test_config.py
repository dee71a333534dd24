import json


def test_config_prints_each_setting_and_where_it_came_from(footnote, monkeypatch, tmp_path):
    (tmp_path / "footnote.toml").write_text("[split]\nmax_tokens = 99\n", encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_ANSWER_MAX_CLAIMS", "4")
    shown = json.loads(footnote("config", "--json", "--data", "here")[1])
    assert shown["split.max_tokens"] == {"value": 99, "origin": "footnote.toml"}
    assert shown["answer.max_claims"] == {"value": 4, "origin": "FOOTNOTE_ANSWER_MAX_CLAIMS"}
    assert shown["data"] == {"value": "here", "origin": "flag"}
    assert shown["models.encoder"] == {"value": "auto", "origin": "default"}
