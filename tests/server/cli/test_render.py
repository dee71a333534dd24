from server.cli.render import shortened


def test_a_long_quote_keeps_both_its_ends_with_or_without_spaces():
    for text in ("word " * 100, "第" * 300):
        short = shortened(text)
        assert len(short) <= 250
        head, tail = short.split(" … ")
        assert len(head) > 130
        assert len(tail) > 50
        assert text.startswith(head)
        assert text.strip().endswith(tail)
