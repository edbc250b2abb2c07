import re
import sqlite3
import time
from pathlib import Path

import pytest

from inboxd.cli import main
from inboxd.domain import signing
from tests.cast import Receiver, status
from tests.commands.cast import Capsys, connect_bot
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
    assert head == ["webhook", "name", "url", "state"]
    assert rows == [["inbox", "1", "Shop", receiver.url, "ok"]]


def test_a_bots_webhook_is_listed_and_steered_like_the_others(shop: Path, receiver: Receiver, capsys: Capsys) -> None:
    connect_bot(shop, f"{receiver.url}/bot")
    assert main(["webhook", "list", "--json"]) == 0
    listed = {one["address"]: one for one in answer(capsys)}
    assert list(listed) == ["inbox 1", "bot 1"]
    assert main(["webhook", "test", "--bot", "1"]) == 0
    assert capsys.readouterr().out.startswith(f"delivered to {receiver.url}/bot: 200")
    assert main(["webhook", "rotate-secret", "--bot", "1"]) == 0
    assert capsys.readouterr().out.startswith("the secret of bot 1: ")
    assert main(["webhook", "enable", "--bot", "1"]) == 0
    assert capsys.readouterr().out.startswith("bot 1 is enabled; 1 delivery to go out\n")
    assert main(["webhook", "enable", str(listed["bot 1"]["id"])]) == 1
    assert "that is the webhook of bot 1, which goes by --bot 1" in capsys.readouterr().err


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
    [to, attempt, said_back] = said.out.splitlines()[1:]
    assert to == f"  to       {receiver.url}"
    assert re.fullmatch(r"  attempt  500 after \d+ ms, 127\.0\.0\.1", attempt)
    assert said_back == "  answer   no"
    assert said.err == ""
    assert main(["webhook", "test", "--inbox", "1", "--json"]) == 0
    assert answer(capsys)["state"] == "delivered"
    assert len(receiver.received) == 3


def test_a_webhook_that_is_not_there_is_named_with_a_way_on(shop: Path, capsys: Capsys) -> None:
    for action in ("test", "enable", "rotate-secret"):
        assert main(["webhook", action, "1"]) == 1
        assert "no webhook 1: that is the webhook of inbox 1, which goes by --inbox 1" in capsys.readouterr().err
        assert main(["webhook", action, "--bot", "9"]) == 1
        assert capsys.readouterr().err == "inboxd: no bot 9 (see `webhook list`)\n"
        assert main(["webhook", action, "--inbox", "9"]) == 1
        assert capsys.readouterr().err == "inboxd: no inbox 9 (see `webhook list`)\n"
        for wrong in ([], ["1", "--inbox", "1"]):
            with pytest.raises(SystemExit) as ended:
                main(["webhook", action, *wrong])
            assert ended.value.code == 2
    assert main(["webhook", "delete", "1"]) == 1
    assert "no account webhook 1" in capsys.readouterr().err


def test_enabling_goes_on_or_skips(shop: Path, capsys: Capsys) -> None:
    assert main(["webhook", "enable", "--inbox", "1"]) == 0
    first, later = capsys.readouterr().out.splitlines()
    assert (first, later) == ("inbox 1 is enabled; 3 deliveries to go out", "It goes out when the server runs.")
    assert main(["webhook", "enable", "--inbox", "1", "--skip"]) == 0
    assert capsys.readouterr().out == "inbox 1 is enabled; 3 deliveries cancelled\n"
    assert main(["webhook", "enable", "--inbox", "1"]) == 0
    assert capsys.readouterr().out == "inbox 1 was enabled already; nothing waits for it\n"
    main(["inbox", "create", "--name", "Quiet"])
    capsys.readouterr()
    assert main(["webhook", "enable", "--inbox", "2"]) == 0
    assert capsys.readouterr().out == "inbox 2 has no URL: nothing goes out until it has one\n"
    assert main(["deliveries", "list", "--state", "cancelled", "--json"]) == 0
    assert len(answer(capsys)) == 3


def test_a_secret_is_rotated_with_an_overlap_or_none(shop: Path, capsys: Capsys) -> None:
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "2h", "--json"]) == 0
    made = answer(capsys)
    assert len(made["secret"]) == 24
    assert made["previous_secret_until"] is not None
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "0s"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("the secret of inbox 1: ")
    assert rest == ["It is shown this once.", "The old one signs no more."]
    assert main(["webhook", "rotate-secret", "--inbox", "1"]) == 0
    assert re.search(r"signs too until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$", capsys.readouterr().out)
    assert main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "90d"]) == 1
    with pytest.raises(SystemExit):
        main(["webhook", "rotate-secret", "--inbox", "1", "--overlap", "2 weeks"])


def test_a_deleted_webhook_is_gone(shop: Path, capsys: Capsys) -> None:
    main(["webhook", "create", "--url", "https://shop.test/h", "--json"])
    number = str(answer(capsys)["id"])
    assert main(["webhook", "delete", number]) == 0
    assert main(["webhook", "delete", number]) == 1


def test_a_disabled_webhook_is_said_to_hold_real_deliveries(shop: Path, capsys: Capsys) -> None:
    with sqlite3.connect(shop / "inboxd.sqlite3") as connection:
        connection.execute(
            "INSERT INTO troubles (webhook_id, account_id, failed_count, disabled_at, created_at, updated_at)"
            " VALUES (1, 1, 1, 1, 1, 1)"
        )
    connection.close()
    assert main(["webhook", "test", "--inbox", "1"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "inbox 1 is disabled: real deliveries still wait for `webhook enable --inbox 1`"


def test_an_event_that_is_none_is_named_with_those_there_are(shop: Path, capsys: Capsys) -> None:
    with pytest.raises(SystemExit):
        main(["webhook", "create", "--url", "https://shop.test/h", "--subscribe", "message_created,webhook.test,x"])
    said = capsys.readouterr().err
    assert "no such event: webhook.test, x; there are conversation_status_changed, " in said
    assert len(said.splitlines()) == 1


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
