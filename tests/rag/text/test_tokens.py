import pytest
import tiktoken

from rag.errors import ModelError
from rag.text import tokens
from rag.text.tokens import load_tokenizer


@pytest.fixture(scope="module")
def counter():
    return load_tokenizer()


def test_counts_are_those_of_the_encoding_itself(counter):
    text = "UNIDO Director General visits Huawei Headquarters. 中国工业发展 🎉"
    assert counter.count(text) == len(counter.encoding.encode_ordinary(text))
    assert counter.count("hello world") == 2
    assert counter.count("") == 0


def test_names_of_special_tokens_count_as_plain_text(counter):
    assert counter.count("<|endoftext|>") > 1


@pytest.mark.parametrize("run", ["a", " ", "\n", "哈", "!"])
def test_a_million_of_one_character_is_counted(counter, run):
    assert counter.count(run * 1_000_000) >= 1_000_000 // 200


def test_without_vocabulary_or_network_the_error_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "_carried_vocabulary", lambda: None)
    monkeypatch.setattr(tiktoken.load, "read_file", unreachable)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "nothing"))
    with pytest.raises(ModelError, match=r"footnote\[models\]"):
        load_tokenizer()


def unreachable(address):
    raise OSError(f"no network here: {address}")
