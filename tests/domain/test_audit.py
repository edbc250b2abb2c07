from inboxd.domain import audit


def test_urls_are_told_without_the_credentials_in_them() -> None:
    masked = audit.columns("Webhook", {"url": "https://me:pw@hooks.test/in?token=t&x=1", "name": "why?"})
    assert masked == {"url": "https://********@hooks.test/in?********", "name": "why?"}
    assert audit.columns("Macro", {"actions": [{"action_params": ["http://a.test/b"]}]}) == {
        "actions": [{"action_params": ["http://a.test/b"]}]
    }


def test_secrets_are_masked_wherever_they_lie() -> None:
    row = {"id": 1, "name": "x", "secret": "s", "previous_secret": None, "token_id": 7, "hmac_mandatory": True,
           "settings": {"api_key": "k", "deep": [{"password": "p", "plain": 1}]}}  # fmt: skip
    assert audit.columns("Webhook", row) == {
        "name": "x", "secret": "********", "previous_secret": None, "token_id": 7, "hmac_mandatory": True,
        "settings": {"api_key": "********", "deep": [{"password": "********", "plain": 1}]},
    }  # fmt: skip
