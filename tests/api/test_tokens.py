from inboxd.app import App
from inboxd.store.models import Message
from tests.cast import World


def other_account(world: World) -> tuple[str, str]:
    """Account 2 with an administrator of its own: (path, her token)."""
    world.http.post("/api/v1/accounts", json={"name": "Beta"}, token=world.admin)
    beta = "/api/v1/accounts/2"
    values = {"email": "bea@beta.test", "role": "administrator"}
    bea = world.http.post(f"{beta}/agents", json=values, token=world.admin).json()
    made = world.http.post(f"{beta}/access_tokens", json={"user_id": bea["id"]}, token=world.admin).json()
    return beta, made["access_token"]


def test_an_administrator_gets_no_token_that_opens_another_account(world: World) -> None:
    beta, bea = other_account(world)
    taken = world.http.post(f"{beta}/access_tokens", json={"email": "admin@acme.test"}, token=bea)
    token = taken.json()["access_token"]
    assert world.http.get(f"{beta}/inboxes", token=token).status_code == 200
    assert world.http.get(f"{world.account}/inboxes", token=token).status_code == 401
    assert world.http.get(world.account, token=token).status_code == 404
    assert world.http.post("/api/v1/accounts", json={"name": "Third"}, token=token).status_code == 401
    again = world.http.post(f"{beta}/access_tokens", json={}, token=token).json()["access_token"]
    assert world.http.get(f"{world.account}/inboxes", token=again).status_code == 401


def test_an_administrator_sees_and_revokes_no_token_that_is_not_of_the_account(world: World) -> None:
    beta, bea = other_account(world)
    listed = world.http.get(f"{beta}/access_tokens", token=bea).json()["payload"]
    assert [one["user"]["email"] for one in listed] == ["bea@beta.test"]
    world.http.post(f"{beta}/access_tokens", json={"email": "admin@acme.test"}, token=bea)
    world.http.post(f"{beta}/agent_bots", json={"name": "Bo"}, token=bea)  # its id is that of a user
    listed = world.http.get(f"{beta}/access_tokens", token=bea).json()["payload"]
    assert [one["user"]["email"] for one in listed] == ["bea@beta.test", "admin@acme.test"]
    first = world.http.get(f"{world.account}/access_tokens", token=world.admin).json()["payload"][0]
    assert first["user"]["email"] == "admin@acme.test"
    assert world.http.delete(f"{beta}/access_tokens/{first['id']}", token=bea).status_code == 404
    assert world.http.get(f"{world.account}/inboxes", token=world.admin).status_code == 200


def test_a_token_is_nowhere_in_the_database_even_when_it_was_made_with_a_key(world: World, app: App) -> None:
    path, headers = f"{world.account}/access_tokens", {"Idempotency-Key": "k"}
    token = world.http.post(path, json={"name": "ci"}, headers=headers, token=world.admin).json()["access_token"]
    again = world.http.post(path, json={"name": "ci"}, headers=headers, token=world.admin)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["access_token"] is None
    names = [one["name"] for one in world.http.get(path, token=world.admin).json()["payload"]]
    assert names.count("ci") == 1
    stored = b"".join(file.read_bytes() for file in app.config.directory.glob("inboxd.sqlite3*"))
    for secret in (token, world.admin, world.ada):
        assert secret.encode() not in stored


def test_what_strangers_ask_for_in_vain_is_not_remembered(world: World, app: App) -> None:
    before = len(app.store._memory)
    for number in range(50):
        world.http.post(f"/public/api/v1/inboxes/nobody{number}/contacts", json={})
        world.http.post(f"{world.account}/inboxes", json={}, token=f"wrong{number}")
    assert len(app.store._memory) <= before + 5


def test_a_call_that_fails_is_a_sign_of_life_too(world: World) -> None:
    for _ in range(2):
        assert world.http.post(f"{world.account}/conversations/999/toggle_status", token=world.olga).status_code == 404
    agents = world.http.get(f"{world.account}/agents", token=world.admin).json()
    assert {agent["name"]: agent["availability_status"] for agent in agents}["Olga"] == "online"


def test_digits_that_int_does_not_take_are_no_message_id(world: World, app: App) -> None:
    number = world.conversation()
    values = {"content": "x", "content_attributes": {"in_reply_to": "²"}}
    path = f"{world.account}/conversations/{number}/messages"
    assert world.http.post(path, json=values, token=world.ada).status_code == 200
    with app.store.read() as tx:
        assert tx.filter(Message)[-1].content_attributes["in_reply_to"] is None


def test_a_server_that_stops_says_so(world: World, app: App) -> None:
    app.store.close()
    for answer in (world.http.get("/livez"), world.http.post(f"{world.public}/contacts", json={})):
        assert (answer.status_code, answer.json()) == (503, {"error": "The server is stopping"})
        assert answer.headers["Retry-After"] == "1"
