from inboxd.domain import mentions


def test_names_may_hold_brackets_and_plain_links_are_no_mentions() -> None:
    assert mentions.found("[@A (B)](mention://user/7/A%20(B)) [x](mention://team/2/y)") == ({7}, {2})
    assert mentions.found("mention://user/7/A (mention://user/7/A) [a](mention://bot/7/a)") == (set(), set())
