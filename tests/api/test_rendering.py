"""Variables in what people write."""

from typing import Any

from tests.cast import World


def post(world: World, number: int, **values: Any) -> Any:
    path = f"{world.account}/conversations/{number}/messages"
    return world.http.post(path, json=values, token=world.ada)


def test_variables_of_everybody_and_everything_are_filled_in(world: World) -> None:
    contact = {"name": "carl gustav jung", "custom_attributes": {"plan": "gold"}}
    world.http.patch(f"{world.account}/contacts/{world.carl['id']}", json=contact, token=world.admin)
    number = world.conversation()
    template = (
        "{{contact.name}} {{contact.first_name}} {{contact.last_name}} {{contact.email}} {{contact.id}}"
        " {{contact.custom_attribute.plan}} {{contact.phone_number | default: 'none'}}|{{agent.name}} {{agent.email}}"
        " {{agent.available_name | upcase}}|{{conversation.display_id}} {{conversation.contact_name}}"
        "|{{inbox.name}} {{inbox.id}}|{{account.name}} {{account.id}}"
    )
    message = world.reply(number, template)
    assert message["content"] == (
        f"Carl Gustav Jung Carl Jung carl@example.test {world.carl['id']} gold none|Ada ada@acme.test ADA"
        f"|{number} Carl Gustav Jung|Acme API {world.inbox['id']}|Acme 1"
    )
    told = [one["content"] for one in world.events() if one["event"] == "message_created"]
    assert told == [message["content"]]


def test_private_and_template_messages_are_rendered_too_and_have_no_agent_unless_somebody_writes(world: World) -> None:
    number = world.conversation()
    assert world.reply(number, "{{ agent.name }}", private=True)["content"] == "Ada"
    template = world.reply(number, "{{ contact.name }}: {{ agent.name | default: 'nobody' }}", message_type="template")
    assert template["content"] == "Carl: nobody"


def test_what_comes_from_the_contact_is_never_rendered(world: World) -> None:
    number = world.conversation()
    assert world.incoming(number, "{{ contact.email }}")["content"] == "{{ contact.email }}"
    injected = world.reply(number, "{{ contact.email }}", message_type="incoming")
    assert injected["content"] == "{{ contact.email }}"


def test_a_syntax_error_and_text_in_backticks_stay_as_they_are(world: World) -> None:
    number = world.conversation()
    for text in ("{{ contact.name", "{{ contact.name }} {{}}", "`{{ contact.name }}`", "{% if x %}{{ x }}{% endif %}"):
        assert world.reply(number, text)["content"] == text


def test_the_same_source_id_and_template_are_the_same_message(world: World) -> None:
    number = world.conversation()
    first = post(world, number, content="Hi {{ contact.name }}", source_id="s-1")
    again = post(world, number, content="Hi {{ contact.name }}", source_id="s-1")
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (first.json()["id"], "true")


def test_a_template_needs_a_name_and_takes_the_place_of_a_campaign(world: World) -> None:
    number = world.conversation()
    template = {"name": "hello", "language": "en"}
    assert post(world, number, content="x", campaign_id=7, template_params=template).status_code == 200
    assert post(world, number, content="x", campaign_id=7).status_code == 200
    told = [one["additional_attributes"] for one in world.events() if one["event"] == "message_created"]
    assert told == [{"template_params": template}, {"campaign_id": 7}]
    nameless = post(world, number, content="x", template_params={"language": "en"})
    assert nameless.status_code == 422
    assert nameless.json() == {"error": "Validation failed: Template params must have a name"}
    assert post(world, number, content="x", template_params={}).status_code == 200
