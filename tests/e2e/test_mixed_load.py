from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

THREADS = 12
ROUNDS = 25


def test_failures_in_the_middle_of_shared_transactions_take_nobody_elses_work(live: tuple[str, str]) -> None:
    url, token = live
    account = f"{url}/api/v1/accounts/1"
    admin: dict[str, Any] = {"headers": {"api_access_token": token}, "timeout": 20}
    channel = {"type": "api"}
    inbox = requests.post(f"{account}/inboxes", json={"name": "Shop", "channel": channel}, **admin).json()
    public = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    requests.post(public, json={"source_id": "taken"}, timeout=20)

    def work(number: int) -> list[int]:
        """Half of the threads write; the others store a contact whose place is then refused."""
        sent = []
        with requests.Session() as session:
            if number % 2:
                values = {"inbox_id": inbox["id"], "source_id": "taken", "name": f"ghost {number}"}
                for _ in range(ROUNDS):
                    assert session.post(f"{account}/contacts", json=values, **admin).status_code == 422
                return []
            session.post(public, json={"source_id": f"c{number}"}, timeout=20)
            conversation = session.post(f"{public}/c{number}/conversations", timeout=20).json()["id"]
            for turn in range(ROUNDS):
                path = f"{public}/c{number}/conversations/{conversation}/messages"
                sent.append(session.post(path, json={"content": f"{number}/{turn}"}, timeout=20).json()["id"])
        return sent

    with ThreadPoolExecutor(THREADS) as pool:
        sent = [message_id for ids in pool.map(work, range(THREADS)) for message_id in ids]

    assert len(set(sent)) == THREADS // 2 * ROUNDS
    assert requests.get(f"{account}/contacts/search?q=ghost", **admin).json()["payload"] == []
    events: list[Any] = []
    while page := requests.get(f"{account}/events?limit=500&after={len(events)}", **admin).json()["payload"]:
        events += page
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    created = [event["payload"]["id"] for event in events if event["payload"]["event"] == "message_created"]
    assert sorted(created) == sorted(sent)
    conversations = requests.get(f"{account}/conversations", **admin).json()["data"]["payload"]
    assert sorted(one["id"] for one in conversations) == list(range(1, THREADS // 2 + 1))
