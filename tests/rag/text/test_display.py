from rag.text.display import harmless, one_line


def test_no_control_character_reaches_a_terminal():
    assert harmless("a\x1b[31mred\x07\x9b") == "a\ufffd[31mred\ufffd\ufffd"
    assert harmless("two\nlines\tand a tab") == "two\nlines\tand a tab"


def test_one_line_has_single_spaces():
    assert one_line(" two\n  lines\x1b ") == "two lines\ufffd"
