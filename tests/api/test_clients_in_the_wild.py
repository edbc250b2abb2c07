"""Programs that people run against Chatwoot, each with the requests it makes and what it reads of the answers.

Their requests are replayed as facts: the programs themselves were run or read at the versions that are named.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cast import Http, World

NUMBER = "5511988887777"
HOOK = "https://bridge.example/hook"
PNG = b"\x89PNG\r\n\x1a\n a picture"


@dataclass(frozen=True)
class Program:
    """Somebody else's HTTP client: the headers that it sends with everything."""

    http: Http
    headers: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **values: Any) -> Any:
        if body is not None:
            values["json"] = body
        answer = self.http.request(method, path, headers=self.headers, **values)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def form(self, method: str, path: str, fields: dict[str, str], *files: tuple[str, bytes, str]) -> Any:
        """Multipart, with or without files."""
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
        parts += [("attachments[]", file) for file in files]
        return self.ask(method, path, files=parts)


@pytest.fixture
def figuro(world: World) -> Program:
    """@figuro/chatwoot-sdk 1.1.17, in Evolution API and WAHA: both token headers with every request."""
    tokens = {"api_access_token": world.admin, "Authorization": f"Bearer {world.admin}"}
    return Program(world.http, {"Accept": "application/json", **tokens})


@pytest.fixture
def n8n(world: World) -> Program:
    """@devlikeapro/n8n-nodes-chatwoot 1.0.2: a form of its own for each operation, of which it sends every field."""
    return Program(
        world.http,
        {"Api-Access-Token": world.admin, "Accept": "application/json", "Content-Type": "application/json"},
    )


@pytest.fixture
def plain(world: World) -> Program:
    """Most others: the token, and JSON."""
    return Program(world.http, {"api_access_token": world.admin})


def phone_is(*numbers: str) -> dict[str, Any]:
    clauses: list[dict[str, Any]] = [
        {"attribute_key": "phone_number", "filter_operator": "equal_to", "values": [number], "query_operator": "OR"}
        for number in numbers
    ]
    clauses[-1]["query_operator"] = None
    return {"payload": clauses}


def last(world: World, name: str) -> Any:
    """The newest event of this name, as webhooks carry it."""
    return [event for event in world.events() if event["event"] == name][-1]


def decode(value: Any, shape: Any) -> None:
    """As encoding/json of Go does: another type than the field's is an error, null and absence leave it alone."""
    if value is None:
        return
    if isinstance(shape, dict):
        assert isinstance(value, dict), value
        for key, inner in shape.items():
            decode(value.get(key), inner)
    elif isinstance(shape, list):
        assert isinstance(value, list), value
        for item in value:
            decode(item, shape[0])
    else:
        assert type(value) is shape, f"{value!r} is no {shape.__name__}"


def test_evolution_api_mirrors_a_chat(world: World, figuro: Program) -> None:
    """Evolution API 2.3.6: chatwoot.service.ts from the first start to a read receipt."""
    a = world.account
    assert "evo" not in [inbox["name"] for inbox in figuro.ask("GET", f"{a}/inboxes")["payload"]]
    inbox = figuro.ask("POST", f"{a}/inboxes/", {"name": "evo", "channel": {"type": "api", "webhook_url": HOOK}})

    # The bot that shows QR codes: a contact with a short number and a picture from elsewhere.
    assert figuro.ask("POST", f"{a}/contacts/filter", phone_is("123456"))["payload"] == []
    icon = "https://evolution-api.example/favicon.png"
    bot = {"inbox_id": inbox["id"], "name": "EvolutionAPI", "avatar_url": icon, "phone_number": "+123456"}
    contact = figuro.ask("POST", f"{a}/contacts", bot)["payload"]["contact"]
    assert figuro.ask("POST", f"{a}/contacts/filter", phone_is("123456"))["payload"][0]["id"] == contact["id"]
    ids = {"contact_id": str(contact["id"]), "inbox_id": str(inbox["id"])}
    conversation = figuro.ask("POST", f"{a}/conversations", ids)
    init = figuro.form(
        "POST", f"{a}/conversations/{conversation['id']}/messages", {"content": "init", "message_type": "outgoing"}
    )
    assert (init["message_type"], init["content"]) == (1, "init")

    # A first message from a Brazilian number, which may be stored with the ninth digit or without it.
    either = phone_is(f"+{NUMBER}", f"+{NUMBER[:4]}{NUMBER[5:]}")
    assert figuro.ask("POST", f"{a}/contacts/filter", either)["payload"] == []
    ann = {
        "inbox_id": inbox["id"],
        "name": "Ann",
        "identifier": f"{NUMBER}@s.whatsapp.net",
        "avatar_url": None,
        "phone_number": f"+{NUMBER}",
    }
    contact_id = figuro.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]["id"]
    [found] = figuro.ask("POST", f"{a}/contacts/filter", either)["payload"]
    assert (found["id"], found["phone_number"], found["thumbnail"]) == (contact_id, f"+{NUMBER}", "")
    updated = figuro.ask("PUT", f"{a}/contacts/{contact_id}", {"name": "Ann B", "avatar": None})
    assert updated["payload"]["name"] == "Ann B"
    assert figuro.ask("GET", f"{a}/contacts/{contact_id}/conversations") == {"payload": []}
    ids = {"contact_id": str(contact_id), "inbox_id": str(inbox["id"]), "status": "pending"}
    number = figuro.ask("POST", f"{a}/conversations", ids)["id"]
    [listed] = figuro.ask("GET", f"{a}/contacts/{contact_id}/conversations")["payload"]
    assert (listed["id"], listed["inbox_id"], listed["status"]) == (number, inbox["id"], "pending")
    toggled = figuro.ask("POST", f"{a}/conversations/{number}/toggle_status", {"status": "pending"})
    assert toggled["payload"]["current_status"] == "pending"

    messages = f"{a}/conversations/{number}/messages"
    mirrored = {"message_type": "incoming", "private": "false"}
    first = figuro.form(
        "POST", messages, {"content": "hi", **mirrored, "source_id": "WAID:1", "content_attributes": "{}"}
    )
    assert (first["message_type"], first["private"], first["source_id"]) == (0, False, "WAID:1")
    reply_to = {"in_reply_to": first["id"], "in_reply_to_external_id": "WAID:1"}
    quoting = {"content_attributes": json.dumps(reply_to), "source_reply_id": str(first["id"])}
    second = figuro.form("POST", messages, {"content": "and", **mirrored, "source_id": "WAID:2", **quoting})
    assert second["content_attributes"] == reply_to
    # A picture goes past the SDK: the token alone, no content, the file as a stream.
    stream = Program(world.http, {"api_access_token": world.admin})
    picture = stream.form(
        "POST", messages, {"message_type": "incoming", "source_id": "WAID:3"}, ("a.png", PNG, "image/png")
    )
    [file] = picture["attachments"]
    assert (file["file_type"], file["data_url"].rpartition(".")[2]) == ("image", "png")
    assert world.http.get(file["data_url"].removeprefix("http://inboxd.test")).content == PNG

    # The phone has read: the source_id comes from the conversation, the token must not matter.
    shown = figuro.ask("GET", f"{a}/conversations/{number}")
    source_id = shown["last_non_activity_message"]["conversation"]["contact_inbox"]["source_id"]
    seen = f"/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts/{source_id}/conversations/{number}"
    figuro.ask("POST", f"{seen}/update_last_seen")
    # Deleted on the phone.
    figuro.ask("DELETE", f"{messages}/{second['id']}")
    group = {"inbox_id": inbox["id"], "name": "Us (GROUP)", "identifier": "120363@g.us", "avatar_url": None}
    figuro.ask("POST", f"{a}/contacts", group)
    [group] = figuro.ask("GET", f"{a}/contacts/search?q=120363%40g.us&page=1")["payload"]
    assert group["identifier"] == "120363@g.us"
    merge = {"base_contact_id": contact_id, "mergee_contact_id": group["id"]}
    assert figuro.ask("POST", f"{a}/actions/contact_merge", merge)["id"] == contact_id


def test_evolution_api_understands_what_an_agent_does(world: World, figuro: Program) -> None:
    """Evolution API 2.3.6: the fields that its receiveWebhook reads."""
    a = world.account
    ann = {"inbox_id": world.inbox["id"], "name": "Ann", "phone_number": f"+{NUMBER}"}
    contact_id = figuro.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]["id"]
    ids = {"contact_id": str(contact_id), "inbox_id": str(world.inbox["id"])}
    number = figuro.ask("POST", f"{a}/conversations", ids)["id"]
    path = f"{a}/conversations/{number}/messages"
    figuro.form("POST", path, {"content": "see"}, ("a b.pdf", b"%PDF", "application/pdf"))
    sent = world.reply(number, "hello")
    world.reply(number, "a note", private=True)
    figuro.ask("DELETE", f"{path}/{sent['id']}")
    figuro.ask("POST", f"{a}/conversations/{number}/toggle_status", {"status": "resolved"})

    file, hello, note, deleted = [
        event
        for event in world.events()
        if event["event"].startswith("message_") and event.get("message_type") == "outgoing"
    ]
    assert [event["private"] for event in (file, hello, note, deleted)] == [False, False, True, False]
    for event in (file, hello):
        assert event["inbox"] == {"id": world.inbox["id"], "name": "Acme API"}
        sender = event["conversation"]["meta"]["sender"]
        assert sender["identifier"] is None
        assert sender["phone_number"].replace("+", "") == NUMBER
        assert event["conversation"]["contact_inbox"]["source_id"]
        [message] = event["conversation"]["messages"]
        assert message["id"] == event["id"]
        assert message["sender"]["available_name"]
        assert message["source_id"] is None
    assert file["conversation"]["messages"][0]["attachments"][0]["data_url"].endswith(".pdf")
    assert (deleted["event"], deleted["id"]) == ("message_updated", sent["id"])
    assert deleted["content_attributes"]["deleted"] is True
    resolved = last(world, "conversation_status_changed")
    assert (resolved["status"], resolved["meta"]["sender"]["phone_number"]) == ("resolved", f"+{NUMBER}")


def test_waha_finds_its_contacts_by_the_attributes_that_it_defined(world: World, figuro: Program) -> None:
    """WAHA's Chatwoot app (2026): definitions by number, a filter over them, the client API for what is new."""
    a = world.account
    keys = ("waha_whatsapp_chat_id", "waha_whatsapp_jid", "waha_whatsapp_lid")
    for key in keys:
        assert figuro.ask("GET", f"{a}/custom_attribute_definitions?attribute_model=1") is not None
        values = {"attribute_key": key, "attribute_display_name": key, "attribute_display_type": 0}
        defined = figuro.ask(
            "POST",
            f"{a}/custom_attribute_definitions",
            {**values, "attribute_description": "WhatsApp", "attribute_model": 1},
        )
        again = figuro.ask("PATCH", f"{a}/custom_attribute_definitions/{defined['id']}", values)
        assert (again["attribute_key"], again["attribute_model"]) == (key, "contact_attribute")
    known = figuro.ask("GET", f"{a}/custom_attribute_definitions?attribute_model=1")
    assert {one["attribute_key"] for one in known} == set(keys)

    def clause(key: str, *values: str) -> dict[str, Any]:
        return {
            "attribute_key": key,
            "filter_operator": "equal_to",
            "values": list(values),
            "attribute_model": "standard",
            "custom_attribute_type": "",
            "query_operator": "OR",
        }

    jid, lid = f"{NUMBER}@c.us", "77@lid"
    clauses = [clause("waha_whatsapp_chat_id", lid, jid), clause("identifier", lid, jid)]
    clauses += [clause("waha_whatsapp_jid", jid), clause("waha_whatsapp_lid", lid)]
    clauses += [clause("phone_number", f"+{NUMBER}", NUMBER)]
    del clauses[-1]["query_operator"]
    assert figuro.ask("POST", f"{a}/contacts/filter", {"payload": clauses})["payload"] == []

    # The client API of the SDK sends no token.
    widget = Program(world.http, {"Accept": "application/json"})
    new = {"identifier": lid, "name": "Ann", "custom_attributes": {"waha_whatsapp_lid": lid}}
    ann = widget.ask("POST", f"{world.public}/contacts", new)
    contact = figuro.ask("GET", f"{a}/contacts/{ann['id']}")["payload"]
    attributes = {**contact["custom_attributes"], "waha_whatsapp_chat_id": jid}
    figuro.ask("PUT", f"{a}/contacts/{ann['id']}", {"custom_attributes": attributes})
    [found] = figuro.ask("POST", f"{a}/contacts/filter", {"payload": clauses})["payload"]
    assert found["custom_attributes"] == {"waha_whatsapp_lid": lid, "waha_whatsapp_chat_id": jid}
    [place] = found["contact_inboxes"]
    assert (place["inbox"]["id"], place["source_id"]) == (world.inbox["id"], ann["source_id"])
    figuro.ask("PUT", f"{a}/contacts/{ann['id']}", {"phone_number": f"+{NUMBER}"})
    figuro.ask("PUT", f"{a}/contacts/{ann['id']}", {"avatar_url": "https://pps.example/a.jpg"})
    taken = {"inbox_id": world.inbox["id"], "phone_number": f"+{NUMBER}"}
    figuro.ask("POST", f"{a}/contacts", taken, status=422)

    # A conversation of the client API, whose id counts in the application API.
    contact_path = f"{world.public}/contacts/{ann['source_id']}"
    number = widget.ask("POST", f"{contact_path}/conversations")["id"]
    [listed] = figuro.ask("GET", f"{a}/contacts/{ann['id']}/conversations")["payload"]
    assert listed["id"] == number
    path = f"{a}/conversations/{number}/messages"
    figuro.form("POST", path, {"content": "session is up", "message_type": "activity"})
    figuro.form("POST", path, {"content": "noted", "private": "true", "message_type": "outgoing"})
    sent = figuro.form("POST", path, {"content": "hi", "message_type": "outgoing"})
    read = figuro.form("PATCH", f"{path}/{sent['id']}", {"status": "read"})
    assert (read["status"], read["content"]) == ("read", "hi")
    assert "external_error" not in last(world, "message_updated")["content_attributes"]  # even null would be a retry
    # What was sent from the phone comes back marked, what could not be sent may be sent again: once.
    echo = {"content": "me", "message_type": "outgoing", "content_attributes": json.dumps({"external_echo": True})}
    figuro.form("POST", path, echo)
    event = last(world, "message_created")
    assert (event["content_type"], event["content_attributes"]) == ("text", {"external_echo": True})
    failed = figuro.form("PATCH", f"{path}/{sent['id']}", {"status": "failed", "external_error": "no such number"})
    assert failed["content_attributes"] == {"external_error": "no such number"}
    figuro.ask("POST", f"{path}/{sent['id']}/retry")
    assert last(world, "message_updated")["content_attributes"] == {"external_error": None}  # WAHA's sign of a retry
    # Its own token header is the inbox identifier, and no token at all.
    odd = Program(world.http, {"api_access_token": world.inbox["inbox_identifier"]})
    odd.ask("POST", f"{contact_path}/conversations/{number}/update_last_seen", {})


def test_wppconnect_searches_with_a_bare_plus_and_brings_its_own_source_id(world: World, plain: Program) -> None:
    """wppconnect-server: the plus of the number arrives as a blank; the contact has another source_id already."""
    a = world.account
    assert plain.ask("GET", f"{a}/contacts/search/?q=+{NUMBER}")["meta"]["count"] == 0
    ann = {"inbox_id": world.inbox["id"], "name": "Ann", "phone_number": f"+{NUMBER}"}
    contact = plain.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]
    found = plain.ask("GET", f"{a}/contacts/search/?q=+{NUMBER}")
    assert (found["meta"]["count"], found["payload"][0]["id"]) == (1, contact["id"])
    values = {"source_id": NUMBER, "inbox_id": world.inbox["id"], "contact_id": contact["id"], "status": "open"}
    number = plain.ask("POST", f"{a}/conversations", values)["id"]
    [listed] = plain.ask("GET", f"{a}/contacts/{contact['id']}/conversations")["payload"]
    assert (listed["id"], listed["status"]) == (number, "open")
    path = f"{a}/conversations/{number}/messages"
    plain.ask("POST", path, {"content": "hi", "message_type": "incoming"})
    code = ("qrcode.png", PNG, "image/png")
    plain.form("POST", path, {"content": "scan", "message_type": "incoming", "private": "false"}, code)
    world.reply(number, "hello")
    event = last(world, "message_created")
    assert (event["private"], event["message_type"]) == (False, "outgoing")
    assert "attachments" not in event  # an empty list would be taken for a file
    assert "attachments" not in event["conversation"]["messages"][0]


def test_open_wa_says_the_message_type_by_its_number(world: World, plain: Program) -> None:
    """@open-wa/wa-automate's chatwoot.ts: contacts of no inbox, `message_type` 0, and what it reads of the webhook."""
    a = world.account
    assert plain.ask("GET", f"{a}/inboxes/{world.inbox['id']}")["webhook_url"] is None
    assert plain.ask("GET", f"{a}/contacts/search?q={NUMBER}&sort=phone_number")["payload"] == []
    ann = {"identifier": f"{NUMBER}@c.us", "name": "Ann", "phone_number": f"+{NUMBER}", "avatar_url": None}
    contact = plain.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]
    assert [one["id"] for one in plain.ask("GET", f"{a}/contacts/search?q={NUMBER}")["payload"]] == [contact["id"]]
    values = {"contact_id": contact["id"], "inbox_id": str(world.inbox["id"])}
    number = plain.ask("POST", f"{a}/conversations", values)["id"]
    path = f"{a}/conversations/{number}/messages"
    message = plain.ask("POST", path, {"content": "hi", "message_type": 0, "private": False})
    assert (message["message_type"], message["sender"]["type"]) == (0, "contact")
    assert plain.ask("POST", path, {"content": "hi", "message_type": 1})["sender"]["type"] == "user"
    plain.ask("POST", path, {"content": "hi", "message_type": 4}, status=422)
    world.reply(number, "hello")
    event = last(world, "message_created")
    assert event["conversation"]["meta"]["sender"]["phone_number"] == f"+{NUMBER}"
    assert event["conversation"]["messages"][0]["content"] == "hello"


GO_CONTACT = {
    "id": int,
    "name": str,
    "email": str,
    "phone_number": str,
    "identifier": str,
    "thumbnail": str,
    "last_activity_at": int,
    "created_at": int,
    "custom_attributes": dict,
    "additional_attributes": dict,
}
GO_FILE = {"id": int, "file_type": str, "data_url": str, "thumb_url": str, "file_size": int, "extension": str}
GO_MESSAGE = {
    "id": int,
    "content": str,
    "content_type": str,
    "content_attributes": dict,
    "message_type": int,
    "status": str,
    "created_at": int,
    "private": bool,
    "source_id": str,
    "sender": {"id": int, "name": str, "email": str, "type": str, "thumbnail": str, "available_name": str},
    "attachments": [GO_FILE],
}
GO_AGENT = {"id": int, "name": str, "email": str, "thumbnail": str, "availability_status": str, "role": str}
GO_CONVERSATION = {
    "id": int,
    "account_id": int,
    "inbox_id": int,
    "status": str,
    "priority": str,
    "unread_count": int,
    "created_at": int,
    "timestamp": int,
    "last_activity_at": int,
    "contact_last_seen_at": int,
    "agent_last_seen_at": int,
    "first_reply_created_at": int,
    "meta": {"sender": GO_CONTACT, "assignee": GO_AGENT, "team": {"id": int, "name": str}, "channel": str},
    "labels": [str],
    "messages": [GO_MESSAGE],
    "custom_attributes": dict,
    "additional_attributes": dict,
}
GO_WEBHOOK = {
    "id": int,
    "event": str,
    "message_type": str,
    "content": str,
    "created_at": str,
    "private": bool,
    "source_id": str,
    "content_attributes": dict,
    "account": {"id": int},
    "sender": GO_CONTACT | {"last_activity_at": object, "created_at": object},
    "attachments": [GO_FILE],
    "conversation": {
        "id": int,
        "account_id": int,
        "inbox_id": int,
        "messages": [GO_MESSAGE],
        "meta": {"sender": {"id": int, "identifier": str, "phone_number": str, "custom_attributes": dict}},
        "custom_attributes": dict,
    },
}


def test_programs_in_go_can_decode_every_answer(world: World) -> None:
    """go-whatsapp-web-multidevice (chatwoot-br, 2026-06), Beeper's Matrix bridge (2026-01) and Chatwoot's own
    command line (2026-02): structs, for which a number in quotes is an error, and 200 alone is success."""
    go = Program(world.http, {"Api_access_token": world.admin, "Content-Type": "application/json"})
    a = world.account
    inboxes = go.ask("GET", f"{a}/inboxes")["payload"]
    decode(
        inboxes,
        [{"id": int, "name": str, "channel_type": str, "inbox_identifier": str, "channel_id": int, "avatar_url": str}],
    )
    made = {"inbox_id": world.inbox["id"], "name": "Us", "identifier": "1@g.us"}
    made |= {"custom_attributes": {"gowa_whatsapp_jid": "1@g.us"}}
    contact = go.ask("POST", f"{a}/contacts", made)["payload"]["contact"]
    decode(contact, GO_CONTACT)
    beeper = {"inbox_id": world.inbox["id"], "name": "@ann:beeper.com", "phone_number": "", "identifier": "@ann:b.com"}
    go.ask("POST", f"{a}/contacts", beeper)
    decode(go.ask("GET", f"{a}/contacts/search?q=1%40g.us")["payload"], [GO_CONTACT])
    decode(go.ask("GET", f"{a}/contacts?page=1")["payload"], [GO_CONTACT])
    go.ask("PUT", f"{a}/contacts/{contact['id']}", {"name": "Us two"})
    room = {"source_id": "!room:b.com", "inbox_id": world.inbox["id"], "contact_id": contact["id"]}
    room |= {"additional_attributes": {"bridge": "whatsapp"}, "status": "open"}
    conversation = go.ask("POST", f"{a}/conversations", room)
    decode(conversation, GO_CONVERSATION)
    number = conversation["id"]
    path = f"{a}/conversations/{number}"
    message = go.ask("POST", f"{path}/messages", {"content": "hi", "message_type": "incoming", "private": False})
    decode(message, GO_MESSAGE)
    form = Program(world.http, {"Api_access_token": world.admin})
    fields = {"content": "", "message_type": "outgoing", "private": "false", "source_id": "WAID:9"}
    attributes = json.dumps({"gowa": {"nested": [1]}})
    voice = form.form(
        "POST", f"{path}/messages", {**fields, "content_attributes": attributes}, ("v.oga", b"OggS", "audio/ogg")
    )
    decode(voice, GO_MESSAGE)
    assert voice["attachments"][0]["file_type"] == "audio"
    decode(go.ask("POST", f"{path}/labels", {"labels": ["whatsapp"]})["payload"], [str])
    go.ask("POST", f"{path}/custom_attributes", {"custom_attributes": {"room": "!room:b.com"}})
    go.ask("POST", f"{path}/assignments", {"assignee_id": world.ada_id})
    for status in ("resolved", "open"):
        assert go.ask("POST", f"{path}/toggle_status", {"status": status})["payload"]["current_status"] == status
    decode(go.ask("GET", path), GO_CONVERSATION)
    listed = go.ask("GET", f"{a}/conversations?assignee_type=all&status=open&page=1&sort_by=last_activity_at_desc")
    decode(listed["data"]["payload"], [GO_CONVERSATION])
    decode(
        listed["data"]["meta"], dict.fromkeys(("all_count", "assigned_count", "unassigned_count", "mine_count"), int)
    )
    decode(go.ask("GET", f"{path}/messages?before={voice['id']}")["payload"], [GO_MESSAGE])
    decode(go.ask("GET", f"{a}/agents"), [GO_AGENT])
    decode(go.ask("GET", "/api/v1/profile"), GO_AGENT | {"account_id": int, "ui_settings": dict})
    go.ask("DELETE", f"{path}/messages/{message['id']}")
    for event in world.events():
        if event["event"].startswith("message_"):
            decode(event, {key: shape for key, shape in GO_WEBHOOK.items() if key != "sender"})
            assert event["sender"] is None or type(event["sender"]["id"]) is int


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_n8n_tests_its_credentials_on_the_version(world: World, n8n: Program, path: str) -> None:
    """@devlikeapro/n8n-nodes-chatwoot asks {url}/api, which must not be 404, before it saves a token."""
    assert n8n.ask("GET", path) == {
        "version": "4.15.1",
        "timestamp": "2026-06-10 11:14:56",
        "queue_services": "ok",
        "data_services": "ok",
    }


def n8n_operations(world: World, contact: int, source: str, number: int) -> list[tuple[str, str, Any]]:
    """What the forms of the node send when their user fills what each is about and leaves the rest alone."""
    inbox, blanks = world.inbox["id"], {"email": "", "phone_number": "", "avatar_url": "", "custom_attributes": {}}
    definition = {"attribute_display_name": "Plan", "attribute_display_type": 0, "attribute_description": ""}
    template = {"name": "sample", "category": "UTILITY", "language": "en_US", "processed_params": {"1": "Chatwoot"}}
    open_ = "status=open&q=&inbox_id=0&team_id=0"
    return [
        ("POST", "/agent_bots", {"name": "Bot", "description": "", "outgoing_url": ""}),
        (
            "POST",
            "/agents",
            {
                "name": "Amy",
                "email": "amy@acme.test",
                "role": "agent",
                "availability_status": "available",
                "auto_offline": True,
            },
        ),
        (
            "POST",
            "/custom_attribute_definitions",
            {**definition, "attribute_key": "plan", "attribute_values": [None], "attribute_model": 0},
        ),
        ("POST", "/contacts", {"inbox_id": inbox, "name": "N", "avatar": "", "identifier": "", **blanks}),
        ("PUT", f"/contacts/{contact}", {"name": "M", "avatar": "", "identifier": "", **blanks}),
        ("GET", "/contacts/search?q=&sort=name&page=1", None),
        ("POST", f"/contacts/{contact}/contact_inboxes", {"inbox_id": inbox, "source_id": ""}),
        ("GET", f"/conversations/meta?{open_}", None),
        ("GET", f"/conversations?assignee_type=all&{open_}&page=1", None),
        (
            "POST",
            "/conversations",
            {
                "source_id": source,
                "inbox_id": str(inbox),
                "contact_id": "",
                "additional_attributes": {},
                "custom_attributes": {"attribute_key": "attribute_value", "priority_conversation_number": 3},
                "status": "open",
                "assignee_id": "",
                "team_id": "",
                "message": {"content": "", "template_params": template},
            },
        ),
        ("POST", f"/conversations/{number}/toggle_priority", {"priority": "urgent"}),
        ("POST", f"/conversations/{number}/assignments", {"assignee_id": world.ada_id, "team_id": 0}),
        ("POST", f"/conversations/{number}/labels", {"labels": [None]}),
        (
            "POST",
            f"/conversations/{number}/messages",
            {
                "content": "hi",
                "message_type": "outgoing",
                "private": True,
                "content_type": "text",
                "content_attributes": {},
                "template_params": template,
            },
        ),
        ("POST", "/inboxes/", {"name": "New", "avatar": "", "channel": {"type": "api", "webhook_url": ""}}),
        ("GET", f"/inboxes/{inbox}/", None),
        (
            "PATCH",
            f"/inboxes/{inbox}",
            {"name": "Acme API", "enable_auto_assignment": True, "avatar": "", "channel": {}},
        ),
        ("PATCH", "/inbox_members", {"inbox_id": str(inbox), "user_ids": [str(world.ada_id)]}),
        ("DELETE", "/inbox_members", {"inbox_id": str(inbox), "user_ids": [None]}),
        ("POST", "/custom_filters?filter_type=conversation", {"name": "v", "type": "conversation", "query": {}}),
        ("POST", "/webhooks", {"url": "https://n8n.example/hook", "subscriptions": ["message_created", None]}),
    ]


def test_n8n_leaves_most_of_a_form_blank(world: World, n8n: Program) -> None:
    """@devlikeapro/n8n-nodes-chatwoot: blanks, zeros, `{}` and `[null]` wherever the user filled nothing in."""
    contact, number = world.carl["id"], world.conversation()
    for method, path, body in n8n_operations(world, contact, world.carl["source_id"], number):
        n8n.ask(method, world.account + path, body)
    shown = n8n.ask("GET", f"{world.account}/inboxes/{world.inbox['id']}/")
    assert shown["name"] == "Acme API"
    assert n8n.ask("GET", f"{world.account}/conversations/{number}/labels") == {"payload": []}
    assert n8n.ask("GET", f"{world.account}/webhooks")["payload"]["webhooks"][0]["subscriptions"] == ["message_created"]
    [definition] = n8n.ask("GET", f"{world.account}/custom_attribute_definitions?attribute_model=0")
    assert definition["attribute_values"] == []
    assert [one["id"] for one in n8n.ask("GET", f"{world.account}/inbox_members/{world.inbox['id']}")["payload"]] == [
        world.ada_id
    ]
    assert n8n.ask("GET", "/api/v2/accounts/1/reports?metric=conversations_count&type=account&id=&since=&until=")
    assert n8n.ask("GET", "/api/v2/accounts/1/reports/conversations/?type=agent&user_id=")


def test_a_trigger_of_n8n_keeps_a_webhook(world: World, plain: Program) -> None:
    """@renatoascencio/n8n-nodes-chatwoot 0.8: it looks for its URL, adopts, and forgets; the secret is in the
    answer that made it."""
    webhooks, url = f"{world.account}/webhooks", "https://n8n.example/webhook/1/webhook"
    assert plain.ask("GET", f"{world.account}/conversations?page=1")["data"]["payload"] == []  # the credential's test
    assert plain.ask("GET", webhooks)["payload"]["webhooks"] == []
    values = {"url": url, "subscriptions": ["message_created"], "name": "n8n / Flow / Chatwoot Trigger"}
    made = plain.ask("POST", webhooks, values)["payload"]["webhook"]
    assert made["secret"]
    assert plain.ask("POST", webhooks, values, status=422)["message"] == "Url has already been taken"
    [known] = plain.ask("GET", webhooks)["payload"]["webhooks"]
    assert (known["id"], known["url"], known["name"]) == (made["id"], url, values["name"])
    more = {"subscriptions": ["message_created", "conversation_updated"]}
    adopted = plain.ask("PATCH", f"{webhooks}/{made['id']}", more)["payload"]["webhook"]
    assert adopted["subscriptions"] == more["subscriptions"]
    plain.ask("DELETE", f"{webhooks}/{made['id']}")
    plain.ask("DELETE", f"{webhooks}/{made['id']}", status=404)


def test_chatwoots_python_sdk_reads_models(world: World, plain: Program) -> None:
    """chatwoot-sdk 0.2.0 (PyPI): what its models require, and the envelopes that it takes off."""
    a = world.account
    me = plain.ask("GET", "/api/v1/profile")
    assert type(me["account_id"]) is int
    assert me["role"] == "administrator"
    assert {"id", "name", "email"} <= me.keys()
    inbox = plain.ask("POST", f"{a}/inboxes", {"name": "Py", "channel": {"type": "api"}})
    assert {"id", "channel_id", "name", "channel_type"} <= inbox.keys()
    # `data` at the top of an answer is taken for an envelope.
    assert "data" not in inbox
    assert "payload" not in inbox
    ann = {"inbox_id": inbox["id"], "name": "Ann", "email": "ann@example.test"}
    made = plain.ask("POST", f"{a}/contacts", ann)["payload"]
    place, contact = made["contact_inbox"], made["contact"]
    changed = plain.ask("PATCH", f"{a}/contacts/{contact['id']}", {"name": "Ann B"})["payload"]
    assert changed["name"] == "Ann B"
    values = {"source_id": place["source_id"], "inbox_id": inbox["id"], "contact_id": contact["id"]}
    conversation = plain.ask("POST", f"{a}/conversations", values)
    assert conversation["status"] == "open"
    path = f"{a}/conversations/{conversation['id']}"
    for kind, number in (("outgoing", 1), ("incoming", 0)):
        message = plain.ask("POST", f"{path}/messages", {"content": "yo", "message_type": kind, "private": False})
        assert (message["message_type"], message["conversation_id"]) == (number, conversation["id"])
        assert type(message["created_at"]) is int
        assert message["content_type"] == "text"
    assert [one["content"] for one in plain.ask("GET", f"{path}/messages")["payload"]] == ["yo", "yo"]
    plain.ask("PATCH", path, {"priority": "high"})
    [listed] = plain.ask("GET", f"{a}/conversations?status=open&assignee_type=all&page=1&labels=")["data"]["payload"]
    assert (listed["priority"], listed["id"]) == ("high", conversation["id"])
    assert all(type(listed[key]) is int for key in ("created_at", "timestamp", "agent_last_seen_at", "unread_count"))
    toggled = plain.ask("POST", f"{path}/toggle_status", {"status": "resolved"})["payload"]
    assert (toggled["success"], toggled["current_status"], toggled["snoozed_until"]) == (True, "resolved", None)
    agents = {"inbox_id": inbox["id"], "user_ids": [world.ada_id]}
    assert {"id", "name", "email", "account_id", "role"} <= plain.ask("POST", f"{a}/inbox_members", agents)["payload"][
        0
    ].keys()
    assert plain.ask("DELETE", f"{a}/inbox_members", agents) is None
    assert "error" in plain.ask("GET", f"{a}/contacts/9999", status=404)


def test_a_conversation_needs_no_contact_where_the_source_id_says_who(world: World, plain: Program) -> None:
    """balance3840/chatwoot-php-sdk: its example opens conversations with the inbox and the source_id alone."""
    values = {"source_id": world.carl["source_id"], "inbox_id": world.inbox["id"]}
    conversation = plain.ask("POST", f"{world.account}/conversations", values)
    assert conversation["meta"]["sender"]["id"] == world.carl["id"]
    resolved = {"status": "snoozed", "snoozed_until": 1_800_000_000}
    path = f"{world.account}/conversations/{conversation['id']}"
    assert plain.ask("POST", f"{path}/toggle_status", resolved)["payload"]["current_status"] == "snoozed"
    plain.ask("POST", f"{path}/toggle_priority", {"priority": None})
    assert plain.ask("GET", path)["priority"] is None


@pytest.mark.parametrize("blank", [b"[]", b"null", b'""'])
def test_a_body_that_says_nothing_is_no_body(world: World, blank: bytes) -> None:
    """balance3840/chatwoot-php-sdk (2026-03) sends `[]`, PHP's empty object, where it has no parameters, with DELETE
    too; axios sends `null` or `""` for these under a JSON content type."""
    client = Program(world.http, {"api_access_token": world.admin, "Content-Type": "application/json"})
    mine = f"{world.public}/contacts/{world.carl['source_id']}/conversations"
    number = client.ask("POST", mine, data=blank)["id"]
    client.ask("POST", f"{mine}/{number}/update_last_seen", data=blank)
    toggled = client.ask("POST", f"{world.account}/conversations/{number}/toggle_status", data=blank)
    assert toggled["payload"]["current_status"] == "resolved"
    client.ask("DELETE", f"{world.account}/contacts/{world.carl['id']}", data=blank)
    assert "error" in client.ask("GET", f"{world.account}/contacts/{world.carl['id']}", status=404)


def test_an_agent_bot_answers_what_it_is_told(world: World, plain: Program) -> None:
    """chatwoot/rasa-agent-bot-demo, and what others do besides: the token of the bot, the content alone, a hand-off."""
    bot = plain.ask(
        "POST", f"{world.account}/agent_bots", {"name": "Rasa", "outgoing_url": "https://rasa.example/hook"}
    )
    plain.ask("POST", f"{world.account}/inboxes/{world.inbox['id']}/set_agent_bot", {"agent_bot": bot["id"]})
    number = world.conversation()
    world.incoming(number, "Where is my order?")
    event = last(world, "message_created")
    told = event["message_type"], event["content"], event["conversation"]["id"], event["account"]["id"]
    assert told == ("incoming", "Where is my order?", number, 1)
    assert (event["sender"]["id"], event["conversation"]["status"]) == (world.carl["id"], "pending")

    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "api_access_token": bot["access_token"],
    }
    rasa = Program(world.http, headers)
    path = f"/api/v1/accounts/{event['account']['id']}/conversations/{event['conversation']['id']}"
    said = rasa.ask("POST", f"{path}/messages", {"content": "On its way."})
    assert (said["message_type"], said["private"], said["sender"]["name"]) == (1, False, "Rasa")
    assert plain.ask("GET", path)["status"] == "pending"
    rasa.ask("POST", f"{path}/messages", {"content": "They asked for a person", "private": True})
    handed = rasa.ask("POST", f"{path}/toggle_status", {"status": "open"})["payload"]
    assert handed["current_status"] == "open"


def test_a_bridge_that_names_its_contacts_itself_finds_them_again(world: World, plain: Program) -> None:
    """engacs/chatwoot-bridge (2026-06), run: a contact of no inbox first, then a conversation under a source_id of
    its own; the avatar as multipart PUT; read receipts as content_attributes, which are no status."""
    a, jid = world.account, f"{NUMBER}@s.whatsapp.net"
    assert plain.ask("GET", f"{a}/contacts/search?q={NUMBER}")["payload"] == []
    ann = {"name": "Ann", "identifier": NUMBER, "phone_number": f"+{NUMBER}"}
    contact = plain.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]
    avatar = {"avatar": ("avatar.jpg", PNG, "image/png")}
    assert plain.ask("PUT", f"{a}/contacts/{contact['id']}", files=avatar)["payload"]["thumbnail"]
    assert plain.ask("GET", f"{a}/contacts/{contact['id']}/conversations")["payload"] == []
    values = {"inbox_id": world.inbox["id"], "contact_id": contact["id"], "source_id": jid}
    number = plain.ask("POST", f"{a}/conversations", values)["id"]
    plain.ask("POST", f"{a}/conversations/{number}/toggle_status", {"status": "resolved"})
    [known] = plain.ask("GET", f"{a}/contacts/{contact['id']}/conversations")["payload"]
    assert (known["id"], known["inbox_id"], known["status"]) == (number, world.inbox["id"], "resolved")
    plain.ask("POST", f"{a}/conversations/{number}/toggle_status", {"status": "open"})

    path = f"{a}/conversations/{number}/messages"
    sent = plain.ask("POST", path, {"content": "hi", "message_type": "outgoing", "private": False})
    told = last(world, "message_created")
    assert (told["sender"]["type"], told["conversation"]["inbox_id"]) == ("user", world.inbox["id"])
    assert told["conversation"]["contact_inbox"]["source_id"] == jid
    assert told["conversation"]["meta"]["sender"]["identifier"] == NUMBER
    receipt = plain.ask("PATCH", f"{path}/{sent['id']}", {"content_attributes": {"status": "delivered"}})
    assert (receipt["status"], receipt["content_attributes"]) == ("sent", {})
    plain.ask("POST", f"{a}/conversations/{number}/toggle_typing_status", {"typing_status": "on"})
    assert last(world, "conversation_typing_on")["conversation"]["contact_inbox"]["source_id"] == jid


def test_a_bridge_looks_people_up_by_filters_as_chatwoot_reads_them(world: World, plain: Program) -> None:
    """vital-ai/vital-chatwoot-bridge (2026-08), run: phone numbers without the plus, e-mails in any case, `page` in
    the query; a note with a file says `private` as text, and nothing when it is none."""
    a = world.account
    ann = {"name": "Ann", "email": "ann@example.test", "phone_number": f"+{NUMBER}", "identifier": "Ann-1"}
    contact = plain.ask("POST", f"{a}/contacts", ann)["payload"]["contact"]
    for key, value in (("phone_number", NUMBER), ("email", "Ann@Example.TEST")):
        clause = {"attribute_key": key, "filter_operator": "equal_to", "values": [value], "query_operator": None}
        [found] = plain.ask("POST", f"{a}/contacts/filter?page=1", {"payload": [clause]})["payload"]
        assert found["id"] == contact["id"], key
    number = plain.ask("POST", f"{a}/conversations", {"inbox_id": world.inbox["id"], "contact_id": contact["id"]})["id"]
    path = f"{a}/conversations/{number}/messages"
    fields = {"content": "see", "message_type": "outgoing", "content_type": "text"}
    pdf = ("a b.pdf", b"%PDF", "application/pdf")
    assert plain.form("POST", path, fields, pdf)["private"] is False
    note = plain.form("POST", path, {**fields, "private": "true", "content_attributes": '{"in_reply_to":1}'}, pdf)
    assert (note["private"], note["content_attributes"]["in_reply_to"]) == (True, 1)
    assert type(note["created_at"]) is int
    plain.ask("PATCH", f"{a}/conversations/{number}", {"status": "resolved", "labels": ["x"], "assignee_id": 1})
    counts = plain.ask("GET", f"{a}/conversations?status=open&page=1")["data"]["meta"]
    assert counts["all_count"] == 1
