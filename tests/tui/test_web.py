"""`tui --web` as people start it: its page, its websocket, and who is turned away."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import requests

from tests.tui.cast import Desk, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(desk: Desk) -> Iterator[str]:
    """The address of a dashboard that is served to browsers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "inboxd.py", "tui", "--url", desk.url, "--web", where]
    environment = os.environ | {"INBOXD_TOKEN": desk.token}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert where in process.stdout.readline()
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=requests.adapters.Retry(8, backoff_factor=0.1)))
    session.get(f"http://{where}/").close()
    session.close()
    yield f"http://{where}"
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()


def test_a_browser_gets_the_page_and_the_first_screen_and_nobody_else_gets_either(desk: Desk, page: str) -> None:
    desk.talk("Ann", "hello")
    found = requests.get(page, timeout=10)
    [socket_url] = re.findall(r'data-session-websocket-url="([^"]+)"', found.text)
    assert socket_url == page.replace("http:", "ws:") + "/ws"
    assert "frame-ancestors 'none'" in found.headers["Content-Security-Policy"]
    assert desk.token not in found.text
    rebound = {"Host": "evil.example"}
    assert requests.get(page, headers=rebound, timeout=10).status_code == 403

    async def story() -> None:
        async with aiohttp.ClientSession() as session:
            for headers in (rebound, {"Origin": "http://evil.example"}, {"Origin": "null"}):
                with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                    await session.ws_connect(socket_url, headers=headers)
            shown = b""
            async with (
                asyncio.timeout(30),
                session.ws_connect(f"{socket_url}?width=80&height=24", headers={"Origin": page}) as websocket,
            ):
                while b"conversations unassigned" not in shown:
                    message = await websocket.receive()
                    assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), shown
                    shown += message.data if isinstance(message.data, bytes) else b""
                # Keys arrive, too.
                await websocket.send_json(["stdin", "3"])
                while b"[3 Conversations]" not in shown:
                    shown += (await websocket.receive()).data

    run(story())
