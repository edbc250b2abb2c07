import re
from pathlib import Path

import pytest
import requests

from inboxd.cli import main
from tests.cast import Receiver, status
from tests.commands.cast import Capsys, hear
from tests.test_cli import Served, answer


def health(capsys: Capsys, inbox: int = 1) -> str:
    assert main(["inbox", "health", str(inbox)]) == 0
    return capsys.readouterr().out


def test_an_inbox_that_never_got_nor_told_anything_says_so(initialised: Path, capsys: Capsys) -> None:
    main(["inbox", "create", "--name", "Quiet"])
    capsys.readouterr()
    first, _, came, _, went = health(capsys).splitlines()
    assert first.startswith("inbox 1, Quiet, identifier ")
    assert came == "messages in  none has ever come; no server runs, so none can come now"
    assert went == "events out   nobody is told: the inbox has no webhook URL"
    assert main(["inbox", "health", "9"]) == 1
    assert "no inbox 9" in capsys.readouterr().err


def test_what_waits_is_counted(shop: Path, capsys: Capsys) -> None:
    lines = health(capsys).splitlines()
    assert lines[2].startswith("messages in  the last came ")
    assert lines[4] == "events out   nothing has been delivered yet"
    assert lines[6].split()[:2] == ["waiting", "3,"]


@pytest.mark.e2e
def test_refused_requests_and_a_disabled_webhook_are_seen_at_a_glance(
    shop: Path, receiver: Receiver, capsys: Capsys
) -> None:
    receiver.script = [status(410)]
    served = Served(shop)
    try:
        main(["inbox", "list", "--json"])
        identifier = answer(capsys)[0]["inbox_identifier"]
        for number in range(6):
            url = f"{served.url}/public/api/v1/inboxes/{identifier}/contacts/nobody-{number}"
            assert requests.get(url, timeout=10).status_code == 404

        hear(shop, "webhook.disabled")
        shown = health(capsys)
    finally:
        assert served.stop()[0] == 0
    refused = "no such contact, conversation or message in this inbox: 6, the last just now, GET /public/"
    assert re.sub("the last [0-9]s ago", "the last just now", " ".join(shown.split())).count(refused) == 1
    assert "events out   disabled " in shown
    assert "`webhook enable --inbox 1`" in shown


@pytest.mark.e2e
def test_a_failing_webhook_says_what_to_do_and_when_it_is_tried_again(
    shop: Path, receiver: Receiver, capsys: Capsys
) -> None:
    receiver.default = status(401)
    served = Served(shop)
    try:
        hear(shop, "webhook.failing")
        shown = health(capsys)
    finally:
        assert served.stop()[0] == 0
    assert re.search(r"^  next try +(in [1-6]s|now|just now)$", shown, re.MULTILINE)
    assert "the receiver has another secret" in shown
    assert "`webhook test --inbox 1` and `deliveries recover --inbox 1`" in " ".join(shown.split())
