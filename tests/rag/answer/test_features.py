from rag.answer.features import Surroundings, statement_features
from rag.question.analysis import analyse_question
from tests.fakes import statement_reading


def test_a_figure_of_the_question_is_looked_for_in_sentence_date_and_passage():
    question = analyse_question("Who led UNIDO at the 18th session in 2019?")

    def coverage(sentence, context):
        return statement_features(
            question,
            sentence,
            *statement_reading(),
            Surroundings(lead="", around=context),
        ).number_coverage

    assert coverage("LI Yong led it at the 18th session.", "2019-04-24") == 1.0
    assert coverage("LI Yong led it.", "2019-04-24") == 0.5
    assert coverage("LI Yong led it.", "") == 0.0
    assert coverage("LI Yong led it from 2013 until June 2021.", "the 18th session") == 1.0
    assert coverage("LI Yong led it in 2013, not in 2021.", "the 18th session") == 0.5


def test_words_of_the_lead_in_count_as_the_statements():
    question = analyse_question("Which boat did the keeper buy?")

    def coverage(lead):
        return statement_features(
            question, "A lugger.", *statement_reading(), Surroundings(lead=lead, around="")
        ).coverage

    assert coverage("The keeper bought a boat:") > coverage("") == 0.0


def test_the_models_logits_stand_as_they_are():
    question = analyse_question("Which boat?")
    passage, statement = statement_reading(2.5)
    features = statement_features(
        question, "A lugger.", passage, statement, Surroundings(lead="", around="")
    )
    assert (features.relevance, features.answers, features.evidence) == (2.5, 2.5, 2.5)
    assert features.span < -10  # no words of it can be a short answer
