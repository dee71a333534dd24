"""``footnote eval claims``: each kind of verifier over the claims of a small suite."""

import json

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

TEXT = "The mill opened in 1911. Ana Ruiz ran it until 1930."
CLAIMS = {
    "The mill was opened in 1911.": "",
    "Ana Ruiz was in charge until 1930.": "",
    "Bo Lind ran the quarry until 1930.": "other_entity",
    "The ferry sank in 1850.": "other_number",
}


@pytest.fixture
def claims(tmp_path):
    rows = [
        {
            "doc_id": "mill",
            "claim": claim,
            "evidence": [TEXT],
            "label": "not_supported" if kind else "supported",
            "kind": kind,
        }
        for claim, kind in CLAIMS.items()
    ]
    document = {"id": "mill", "title": "The mill", "text": TEXT, "lang": "en"}
    (tmp_path / "corpus.jsonl").write_text(json.dumps(document) + "\n")
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_the_reading_model_is_measured_unless_another_verifier_is_named(footnote, claims):
    code, out, err = footnote("eval", "claims", "--suite", claims, "--json", "--release", "1")
    assert code == 0, err
    found = json.loads(out)
    assert (found["released"], found["supported"]) == (1.0, 2)
    assert 0 < found["threshold"] < 1
    assert {each["kind"]: each["n"] for each in found["passing"]} == {
        "all": 2,
        "other_entity": 1,
        "other_number": 1,
    }


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory):
    """The folder of a tiny cross-encoder with the labels of inference; it has learnt nothing."""
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("nli")
    words = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "mill"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        id2label={0: "contradiction", 1: "entailment", 2: "neutral"},
        label2id={"contradiction": 0, "entailment": 1, "neutral": 2},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_cross_encoder_of_inference_is_measured_by_its_folder(footnote, claims, cross_encoder):
    code, out, err = footnote("eval", "claims", "--suite", claims, "--verifier", cross_encoder)
    assert code == 0, err
    assert "unsupported claims that pass" in out
    assert "other_number" in out


def test_what_is_no_verifier_is_named(footnote, claims, tmp_path):
    for verifier, said in (
        (tmp_path / "nothing", "could not be loaded as a cross-encoder"),
        ("language-model", "no language model is configured"),
    ):
        code, _, err = footnote("eval", "claims", "--suite", claims, "--verifier", verifier)
        assert code == 1
        assert said in " ".join(err.split())
