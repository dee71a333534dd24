import pytest

from rag.config import load_settings
from rag.errors import SettingsError
from rag.settings import setting_keys


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_flags_beat_environment_beats_file_beats_default(elsewhere):
    write(elsewhere / "footnote.toml", "[answer]\nmax_claims = 5\npassages = 7\nnearest = 9\n")
    settings = load_settings(
        environment={"FOOTNOTE_ANSWER_MAX_CLAIMS": "4", "FOOTNOTE_ANSWER_PASSAGES": "8"},
        flags={"answer.max_claims": 2, "answer.nearest": None},
    )
    assert (settings.answer.max_claims, settings.answer.passages, settings.answer.nearest) == (
        2,
        8,
        9,
    )
    origins = {key: origin for key, _, origin in settings.items()}
    assert origins["answer.max_claims"] == "flag"
    assert origins["answer.passages"] == "FOOTNOTE_ANSWER_PASSAGES"
    assert origins["answer.nearest"].endswith("footnote.toml")
    assert origins["answer.min_support"] == "default"


def test_every_setting_can_be_given_in_the_environment():
    for key in setting_keys():
        load_settings(environment={}, flags={key: None})
    variable = "FOOTNOTE_MODELS_ENCODER"
    assert load_settings(environment={variable: "bge-small"}).models.encoder == "bge-small"


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("[answer]\nmin_suport = 0.4\n", "answer.min_suport", "answer.min_support"),
        ("colour = 1\n", "colour", "footnote config"),
        ("[orchard]\napples = 1\n", "orchard.apples", "footnote config"),
    ],
)
def test_an_unknown_key_of_the_file_is_rejected_with_the_nearest_name(elsewhere, text, names, hint):
    write(elsewhere / "footnote.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={})
    assert names in str(caught.value)
    assert hint in str(caught.value)


def test_an_unknown_environment_variable_is_rejected():
    with pytest.raises(SettingsError, match="FOOTNOTE_ANSWER_MIN_SUPPORT"):
        load_settings(environment={"FOOTNOTE_ANSWER_MIN_SUPORT": "1"})


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("FOOTNOTE_ANSWER_MIN_SUPPORT", "1.5", "less than or equal to 1"),
        ("FOOTNOTE_ANSWER_MAX_CLAIMS", "many", "integer"),
        ("FOOTNOTE_MODELS_DTYPE", "int4", "float32"),
        ("FOOTNOTE_ANSWER_PASSAGES", "0", "greater than 0"),
    ],
)
def test_a_bad_value_is_an_error_naming_where_it_came_from(variable, value, says):
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={variable: value})
    assert variable in str(caught.value)
    assert says in str(caught.value)


def test_what_may_be_said_as_uncertain_is_no_better_than_what_is_said_as_sure(elsewhere):
    write(elsewhere / "footnote.toml", "[answer]\nmin_uncertain = 0.6\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={}, flags={"answer.min_support": 0.4})
    for said in ("answer.min_uncertain", "footnote.toml", "0.6", "answer.min_support", "0.4"):
        assert said in str(caught.value)
    same = load_settings(environment={}, flags={"answer.min_support": 0.6}).answer
    assert same.min_uncertain == same.min_support == 0.6


def test_a_low_min_support_alone_is_no_error():
    assert load_settings(environment={"FOOTNOTE_ANSWER_MIN_SUPPORT": "0"}).answer.min_support == 0


def test_a_settings_file_that_does_not_exist_or_parse_is_an_error_naming_it(elsewhere):
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_settings(elsewhere / "nowhere.toml", environment={})
    broken = write(elsewhere / "broken.toml", "data = [")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        load_settings(broken, environment={})


def test_a_relative_data_path_of_a_file_is_relative_to_the_file(elsewhere):
    folder = elsewhere / "project"
    folder.mkdir()
    named = write(folder / "my.toml", 'data = "archive"\n')
    assert load_settings(named, environment={}).data == folder / "archive"


def test_footnote_config_names_the_file(elsewhere):
    named = write(elsewhere / "other.toml", "[answer]\nmax_claims = 1\n")
    assert load_settings(environment={"FOOTNOTE_CONFIG": str(named)}).answer.max_claims == 1


@pytest.mark.parametrize(
    "text", ["data = 3", "data = true", 'data = "~no-such-user/x"', 'data = ""']
)
def test_a_data_directory_that_is_none_is_refused(elsewhere, text):
    write(elsewhere / "footnote.toml", text + "\n")
    with pytest.raises(SettingsError, match="'data'"):
        load_settings(environment={})


def test_an_empty_data_variable_is_not_the_current_directory():
    with pytest.raises(SettingsError, match="FOOTNOTE_DATA"):
        load_settings(environment={"FOOTNOTE_DATA": ""})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('base_url = "ftp://127.0.0.1/v1"\nmodel = "m"', "http://"),
        ('base_url = "http://user:word@127.0.0.1/v1"\nmodel = "m"', "api_key_env"),
        ('base_url = "http://127.0.0.1/v1"', "model must be"),
        ('api_key_env = "FOOTNOTE_KEY"', "FOOTNOTE_"),
        ("timeout_seconds = 0", "greater than 0"),
        ("max_tokens = 5000", "above max_tokens"),
        ("temperature = 3", "less than or equal to 2"),
    ],
)
def test_a_language_model_that_cannot_be_meant_is_refused(elsewhere, text, says):
    write(elsewhere / "footnote.toml", f"[language_model]\n{text}\n")
    with pytest.raises(SettingsError, match="language_model") as caught:
        load_settings(environment={})
    assert says in str(caught.value)


def test_a_key_put_where_its_variables_name_belongs_is_not_repeated(elsewhere):
    write(elsewhere / "footnote.toml", '[language_model]\napi_key_env = "sk-1234567"\n')
    with pytest.raises(SettingsError, match="name of an environment variable") as caught:
        load_settings(environment={})
    assert "1234567" not in str(caught.value)


def test_two_wrong_settings_are_both_named_and_neither_is_the_remedy():
    wrong = {"FOOTNOTE_SERVER_PORT": "none", "FOOTNOTE_SERVER_WORKERS": "two"}
    with pytest.raises(SettingsError) as raised:
        load_settings(environment=wrong)
    assert "'server.port' (from FOOTNOTE_SERVER_PORT)" in raised.value.detail
    assert "'server.workers' (from FOOTNOTE_SERVER_WORKERS)" in raised.value.detail
    assert raised.value.remedy.startswith("correct the value")


def test_a_misspelt_setting_is_answered_with_the_nearest_name():
    with pytest.raises(SettingsError) as raised:
        load_settings(environment={"FOOTNOTE_SERVER_PROT": "8000"})
    assert raised.value.detail == "environment variable FOOTNOTE_SERVER_PROT is not a setting"
    assert raised.value.remedy == "did you mean 'FOOTNOTE_SERVER_PORT'?"
