from inboxd.domain import notifications as words


def test_the_beginning_of_a_long_message_is_enough() -> None:
    assert words.body("Carl", "x" * 500) == "Carl: " + "x" * 193 + "…"
    assert words.body(None, None) == ""
