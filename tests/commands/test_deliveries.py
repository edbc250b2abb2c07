import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from inboxd.cli import main
from tests.cast import Receiver, status
from tests.commands.cast import Capsys, connect_bot, hear
from tests.test_cli import Served, answer


def listed(capsys: Capsys, *flags: str) -> list[Any]:
    assert main(["deliveries", "list", "--json", *flags]) == 0
    found: list[Any] = answer(capsys)
    return found


def change(data: Path, sql: str, *values: Any) -> None:
    with sqlite3.connect(data / "inboxd.sqlite3") as connection:
        connection.execute(sql, values)
    connection.close()


def test_deliveries_are_listed_the_newest_first_and_narrowed(shop: Path, capsys: Capsys) -> None:
    found = listed(capsys)
    assert [one["event"] for one in found] == ["message_created", "message_created", "conversation_created"]
    assert listed(capsys, "--event", "conversation_created") == found[2:]
    assert listed(capsys, "--message", str(found[0]["message_id"])) == found[:1]
    assert listed(capsys, "--state", "pending", "--inbox", "1", "--conversation", "1") == found
    assert listed(capsys, "--since", "1h") == found
    assert listed(capsys, "--since", "2999-01-01") == []
    assert listed(capsys, "--state", "failing") == []
    assert listed(capsys, "--limit", "2") == found[:2]


def test_the_list_for_people_fits_and_says_what_comes_next(
    shop: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["deliveries", "list", "--limit", "2"]) == 0
    head, *rows, more = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "state", "event", "owed", "to", "age", "conv.", "attempts"]
    assert all(re.fullmatch(r"[0-9a-f]{8}  pending  message_created .* waits in line", row) for row in rows)
    assert max(map(len, [head, *rows])) <= 120
    assert more == "… and older ones: --limit 4"
    assert main(["deliveries", "list", "--state", "failing"]) == 0
    assert capsys.readouterr().out == "no deliveries\n"


def test_what_cannot_be_looked_for_is_said(shop: Path, capsys: Capsys) -> None:
    assert main(["deliveries", "list", "--conversation", "77"]) == 1
    assert capsys.readouterr().err == "inboxd: no conversation 77\n"
    for place, said in {
        "--webhook 7": "no webhook 7 (see `webhook list`)",
        "--webhook 1": "no webhook 1: that is the webhook of inbox 1, which goes by --inbox 1",
        "--bot 3": "no bot 3 (see `webhook list`)",
        "--inbox 9": "no inbox 9 (see `inbox list`)",
    }.items():
        assert main(["deliveries", "list", *place.split()]) == 1
        assert capsys.readouterr().err == f"inboxd: {said}\n"
    for wrong in (["--event", "message_created_"], ["--state", "lost"], ["--since", "yesterday"], ["--limit", "0"]):
        with pytest.raises(SystemExit) as ended:
            main(["deliveries", "list", *wrong])
        assert ended.value.code == 2


def test_the_beginning_of_an_id_is_enough_unless_two_begin_like_it(shop: Path, capsys: Capsys) -> None:
    ids = [one["id"] for one in listed(capsys)]
    for given in (ids[0][:6], ids[0][:11].upper(), ids[0].replace("-", "")):
        assert main(["deliveries", "show", given, "--json"]) == 0
        assert answer(capsys)["id"] == ids[0]
    change(shop, "UPDATE deliveries SET uuid = 'abcdef00' || substr(uuid, 9) WHERE uuid = ?", ids[0])
    change(shop, "UPDATE deliveries SET uuid = 'abcdef01' || substr(uuid, 9) WHERE uuid = ?", ids[1])
    assert main(["deliveries", "show", "abcdef"]) == 1
    said = capsys.readouterr().err
    assert "2 deliveries begin with abcdef: abcdef0" in said
    assert main(["deliveries", "show", "abcdef01"]) == 0
    capsys.readouterr()
    assert main(["deliveries", "show", "0123456789"]) == 1
    assert "begins with 01234567-89" in capsys.readouterr().err
    assert main(["deliveries", "show", "01234567-0123-0123-0123-0123456789ab"]) == 1
    assert "no delivery 01234567-0123" in capsys.readouterr().err
    for wrong in ("abcde", "xyzxyz", ids[0] + "0"):
        with pytest.raises(SystemExit):
            main(["deliveries", "show", wrong])
        assert "no id of a delivery" in capsys.readouterr().err


def test_without_a_server_sending_again_only_marks_and_says_so(shop: Path, capsys: Capsys, receiver: Receiver) -> None:
    first = listed(capsys)[-1]["id"]
    assert main(["deliveries", "cancel", first]) == 0
    assert capsys.readouterr().out.endswith(": cancelled\n")
    assert main(["deliveries", "cancel", first, "--json"]) == 0
    assert [one["state"] for one in answer(capsys)] == ["cancelled"]
    assert main(["deliveries", "resend", first[:8]]) == 0
    line, later = capsys.readouterr().out.splitlines()
    assert line == f"{first[:8]}  conversation_created to inbox 1, {receiver.url}: pending again"
    assert later == "It goes out when the server runs."
    assert receiver.received == []


def test_one_that_is_refused_does_not_keep_the_others(shop: Path, capsys: Capsys) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    first = listed(capsys)[0]["id"]
    assert main(["deliveries", "cancel", unknown, first]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "00000000  no such delivery"
    assert listed(capsys, "--state", "cancelled")[0]["id"] == first
    assert main(["deliveries", "cancel", unknown, first, "--json"]) == 1
    assert [one.get("error") for one in answer(capsys)] == ["no such delivery", None]
    change(shop, "UPDATE deliveries SET state = 'delivered' WHERE uuid = ?", first)
    assert main(["deliveries", "cancel", first]) == 0
    assert "stays delivered" in capsys.readouterr().out


def test_what_was_given_up_is_recovered_once(shop: Path, capsys: Capsys) -> None:
    change(shop, "UPDATE deliveries SET state = 'exhausted', finished_at = created_at, next_attempt_at = NULL")
    assert main(["deliveries", "recover", "--inbox", "1", "--since", "2999-01-01", "--json"]) == 0
    assert answer(capsys) == {"resent": 0, "replayed": 0}
    assert main(["deliveries", "recover", "--inbox", "1", "--since", "1h"]) == 0
    assert capsys.readouterr().out == "3 sent again\nIt goes out when the server runs.\n"
    assert main(["deliveries", "recover", "--inbox", "1"]) == 0
    assert capsys.readouterr().out == "0 sent again\n"


def test_what_a_webhook_was_never_owed_is_recovered_when_asked(shop: Path, capsys: Capsys, receiver: Receiver) -> None:
    assert main(["webhook", "create", "--url", f"{receiver.url}/all", "--subscribe", "message_created", "--json"]) == 0
    number = str(answer(capsys)["id"])
    assert main(["deliveries", "recover", "--webhook", number, "--missing"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "0 sent again, 2 owed for the first time"
    assert len(listed(capsys, "--webhook", number)) == 2


def test_whose_deliveries_are_recovered_must_be_said_and_be_there(shop: Path, capsys: Capsys) -> None:
    assert main(["deliveries", "recover", "--webhook", "1"]) == 1
    assert capsys.readouterr().err == "inboxd: no webhook 1: that is the webhook of inbox 1, which goes by --inbox 1\n"
    assert main(["deliveries", "recover", "--inbox", "9"]) == 1
    assert "no inbox 9" in capsys.readouterr().err
    for wrong in ([], ["--webhook", "1", "--inbox", "1"]):
        with pytest.raises(SystemExit):
            main(["deliveries", "recover", *wrong])


def test_what_a_webhook_holds_back_is_not_said_to_be_next(
    shop: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        shop,
        "INSERT INTO troubles (webhook_id, account_id, failed_count, paused_until, created_at, updated_at)"
        " VALUES (1, 1, 1, 32503680000000, 1, 1)",
    )
    assert main(["deliveries", "list"]) == 0
    assert capsys.readouterr().out.count("  rests, goes on in 3") == 3
    change(shop, "UPDATE troubles SET disabled_at = 1")
    assert main(["deliveries", "list"]) == 0
    assert capsys.readouterr().out.count("held: webhook disabled") == 3
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["deliveries", "list"]) == 0
    assert "message_created       inbox 1" in capsys.readouterr().out


def test_what_a_bot_is_owed_is_called_after_the_bot(shop: Path, capsys: Capsys, receiver: Receiver) -> None:
    connect_bot(shop, f"{receiver.url}/bot")
    assert [one["event"] for one in listed(capsys, "--bot", "1")] == ["message_created"]
    assert main(["deliveries", "list", "--bot", "1"]) == 0
    assert "  bot 1  " in capsys.readouterr().out
    assert main(["deliveries", "recover", "--bot", "1"]) == 0


@pytest.mark.e2e
def test_through_a_running_server_attempts_are_shown_and_sending_again_happens_now(
    shop: Path, receiver: Receiver, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    # An answer that is told on the feed at once, so that the test can wait for its being recorded.
    receiver.script = [status(404, b"out of \x1b[31morder")]
    served = Served(shop)
    try:
        hear(shop, "webhook.failing")
        failing = listed(capsys, "--state", "failing")[0]["id"]
        assert main(["deliveries", "show", failing[:8], "--payload"]) == 0
        shown = capsys.readouterr().out
        assert re.search(r"^event +conversation_created, ", shown, re.MULTILINE)
        assert re.search(r"^state +pending; next in [3-6]s$", shown, re.MULTILINE)
        assert re.search(r"^1  .* ms  127\.0\.0\.1  404     [4-6]s +out of �\[31morder$", shown, re.MULTILINE)
        assert '"event": "conversation_created"' in shown

        assert main(["deliveries", "resend", failing]) == 0
        assert "when the server runs" not in capsys.readouterr().out
        hear(shop, "webhook.recovered")
        assert [got.headers["X-Chatwoot-Delivery"] for got in receiver.received[:2]] == [failing, failing]
        assert main(["deliveries", "show", failing, "--json"]) == 0
        assert [one["status_code"] for one in answer(capsys)["attempts"]] == [404, 200]
    finally:
        assert served.stop()[0] == 0
