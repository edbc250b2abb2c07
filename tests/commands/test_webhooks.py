import time
from pathlib import Path

import pytest

from inboxd.cli import main
from inboxd.domain import signing
from tests.cast import Receiver, status
from tests.commands.cast import Capsys
from tests.test_cli import Served, answer


def test_a_webhook_is_created_with_its_options_and_its_secret_is_shown_once(shop: Path, capsys: Capsys) -> None:
    options = ["--name", "log", "--ordering", "none", "--header", "X-Key: a:b", "--header", "X-B:c"]
    names = "message_created, message_updated"
    assert main(["webhook", "create", "--url", "https://shop.test/h", "--subscribe", names, *options, "--json"]) == 0
    made = answer(capsys)
    assert len(made["secret"]) == 24
    assert (made["name"], made["ordering"], made["exclude_own"]) == ("log", "none", False)
    assert made["subscriptions"] == ["message_created", "message_updated"]
    assert made["headers"] == {"X-Key": "********", "X-B": "********"}
    assert main(["webhook", "list", "--json"]) == 0
    assert [(one["id"], one["kind"], one["secret"]) for one in answer(capsys)] == [
        (made["id"], "account", None), (1, "inbox", None),
    ]  # fmt: skip


def test_a_header_is_a_name_a_colon_and_a_value_and_is_given_once(shop: Path, capsys: Capsys) -> None:
    create = ["webhook", "create", "--url", "https://shop.test/h"]
    with pytest.raises(SystemExit):
        main([*create, "--header", "X-Key"])
    assert main([*create, "--header", "X-Key: a", "--header", "X-Key: b"]) == 2
    assert "a header is given twice" in capsys.readouterr().err


@pytest.mark.e2e
def test_own_messages_are_left_out_only_where_a_token_says_whose_they_are(shop: Path, capsys: Capsys) -> None:
    create = ["webhook", "create", "--url", "https://shop.test/h", "--exclude-own", "--json"]
    assert main(create) == 2
    assert "it needs the server to run" in capsys.readouterr().err
    served = Served(shop)
    try:
        assert main(create) == 0
        assert answer(capsys)["exclude_own"] is True
    finally:
        assert served.stop()[0] == 0


def test_the_list_says_whose_each_is_and_leaves_out_inboxes_that_tell_nobody(
    shop: Path, receiver: Receiver, capsys: Capsys
) -> None:
    main(["inbox", "create", "--name", "Quiet"])
    capsys.readouterr()
    assert main(["webhook", "list"]) == 0
    head, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert head == ["id", "kind", "inbox", "url", "state", "paused", "until", "reason"]
    assert rows == [["1", "inbox", "1", "Shop", receiver.url, "ok", "-"]]


def test_a_test_is_really_sent_without_a_server_and_its_exit_code_is_the_outcome(
    initialised: Path, receiver: Receiver, capsys: Capsys
) -> None:
    main(["inbox", "create", "--name", "Shop", "--webhook-url", receiver.url, "--json"])
    secret = answer(capsys)["secret"]
    receiver.script = [status(200), status(500, b"no")]
    assert main(["webhook", "test", "--inbox", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"delivered to {receiver.url}: 200 after ")
    [got] = receiver.wait_for(1)
    assert got.json["event"] == "webhook.test"
    assert signing.verify(secret, got.headers, got.body, int(time.time())) is None
    assert main(["webhook", "test", "--inbox", "1"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("not delivered: 500")
    assert "  500     -           no\n" in said.out
    assert said.err == ""
    assert main(["webhook", "test", "--inbox", "1", "--json"]) == 0
    assert answer(capsys)["state"] == "delivered"
    assert len(receiver.received) == 3


def test_a_webhook_that_is_not_there_is_named_with_a_way_on(shop: Path, capsys: Capsys) -> None:
    for action in ("test", "enable", "rotate-secret"):
        assert main(["webhook", action, "1"]) == 1
        assert "no account webhook 1; that of an inbox goes by --inbox ID" in capsys.readouterr().err
        assert main(["webhook", action, "--inbox", "9"]) == 1
        assert capsys.readouterr().err == "inboxd: no inbox 9\n"
        for wrong in ([], ["1", "--inbox", "1"]):
            with pytest.raises(SystemExit) as ended:
                main(["webhook", action, *wrong])
            assert ended.value.code == 2
    assert main(["webhook", "delete", "1"]) == 1
    assert "no account webhook 1" in capsys.readouterr().err


def test_enabling_goes_on_or_skips(shop: Path, capsys: Capsys) -> None:
    assert main(["webhook", "enable", "--inbox", "1"]) == 0
    assert "It goes out when the server runs." in capsys.readouterr().out
    assert main(["webhook", "enable", "--inbox", "1", "--skip"]) == 0
    assert capsys.readouterr().out == "the webhook of inbox 1 is enabled; what was pending is cancelled\n"
    assert main(["deliveries", "list", "--state", "cancelled", "--json"]) == 0
    assert len(answer(capsys)) == 3


def test_a_secret_is_rotated_with_an_overlap_or_none(shop: Path, capsys: Capsys) -> None:
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "2h", "--json"]) == 0
    made = answer(capsys)
    assert len(made["secret"]) == 24
    assert made["previous_secret_until"] is not None
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "0s"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("the secret of the webhook of inbox 1: ")
    assert rest == ["It is shown this once.", "The old one signs no more."]
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "90d"]) == 1
    with pytest.raises(SystemExit):
        main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "2 weeks"])


def test_a_deleted_webhook_is_gone(shop: Path, capsys: Capsys) -> None:
    main(["webhook", "create", "--url", "https://shop.test/h", "--json"])
    number = str(answer(capsys)["id"])
    assert main(["webhook", "delete", number]) == 0
    assert main(["webhook", "delete", number]) == 1


@pytest.mark.e2e
def test_a_test_and_its_failure_go_through_a_running_server(shop: Path, receiver: Receiver, capsys: Capsys) -> None:
    served = Served(shop)
    try:
        receiver.wait_for(3)
        assert main(["webhook", "test", "--inbox", "1"]) == 0
        receiver.script = [status(302, headers={"Location": "https://elsewhere.test/"})]
        assert main(["webhook", "test", "--inbox", "1", "--json"]) == 1
    finally:
        assert served.stop()[0] == 0
    assert receiver.events().count("webhook.test") == 2
