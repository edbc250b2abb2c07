"""What settings show that is not simply a record: colours in words, the state of the server, the report."""

import platform
import sys
from typing import Any

from admin_tui.config import Settings
from admin_tui.text import line, span

Json = dict[str, Any]
_HUES = (
    (15, "red"), (45, "orange"), (70, "yellow"), (160, "green"), (195, "turquoise"), (255, "blue"), (290, "violet"),
    (335, "pink"), (361, "red"),
)  # fmt: skip
COLOURS = {
    "blue": "#1f93ff", "green": "#2e9e5b", "red": "#d93a3a", "orange": "#e67e22", "yellow": "#e6c229",
    "violet": "#8e44ad", "pink": "#d6409f", "turquoise": "#1abc9c", "grey": "#7f8c8d", "black": "#1b1f23",
}  # fmt: skip
"""What a form offers for a label."""


def colour_word(code: Any) -> str:
    """`#1f93ff` as `blue`; what is no such code stays as it is."""
    text = str(code or "").removeprefix("#")
    text = "".join(char * 2 for char in text) if len(text) == 3 else text
    try:
        red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (0, 2, 4))
    except ValueError:
        return line(code or "")
    most, least = max(red, green, blue), min(red, green, blue)
    if most < 0.2:
        return "black"
    if most - least < 0.12:
        return "white" if least > 0.9 else "grey"
    spread = most - least
    if most == red:
        hue = 60 * (((green - blue) / spread) % 6)
    elif most == green:
        hue = 60 * ((blue - red) / spread + 2)
    else:
        hue = 60 * ((red - green) / spread + 4)
    return next(word for until, word in _HUES if hue < until)


def health(client: Any) -> list[Json]:
    """On a thread of the network: a row for each thing that can be well or not."""
    found, concerns = client.health(), client.call("GET", "/attention")["payload"]
    pending, oldest = found["pending_deliveries"], span(found["oldest_pending_s"])
    rows = [
        _check("server", found["status"] == "ok", f"{found['status']}, inboxd {found['version']}"),
        _check("queue", True, f"{pending} deliveries wait" + (f", the oldest for {oldest}" if pending else "")),
        _check("given up", not found["exhausted_24h"], f"{found['exhausted_24h']} deliveries in a day"),
        _check("webhooks", not (found["disabled_webhooks"] or found["paused_webhooks"]),
               f"{found['disabled_webhooks']} disabled, {found['paused_webhooks']} paused"),
    ]  # fmt: skip
    rows += [
        {
            "id": f"concern {place}",
            "name": str(one["kind"]).replace("_", " "),
            "state": one["severity"],
            "text": f"{one['count']} {one['text']}",
            "concern": one,
        }
        for place, one in enumerate(concerns)
    ]
    return rows


def _check(name: str, well: bool, text: str) -> Json:
    return {"id": name, "name": name, "state": "ok" if well else "bad", "text": text}


def place_of(row: Json) -> str:
    """The screen where something can be done about a row of the health."""
    kind = str(row.get("concern", {}).get("kind") or row["name"])
    if kind.startswith("conversation"):
        return "conversations"
    if kind.startswith("webhook"):
        return "webhooks"
    return "" if kind == "server" else "deliveries"


def versions(meta: Json) -> list[Json]:
    from importlib.metadata import version

    from inboxd.version import __version__

    rows = {
        "dashboard": f"inboxd {__version__}",
        "server": f"inboxd {meta.get('version', '?')}",
        "account": f"{meta.get('account', {}).get('name', '?')} ({meta.get('account', {}).get('id', '?')})",
        "you": f"{meta.get('user', {}).get('name', '?')}, {meta.get('role', '?')}",
        "licence": "MIT",
        "textual": version("textual"),
        "python": f"{sys.version.split()[0]} on {platform.platform(terse=True)}",
    }
    return [{"id": name, "name": name, "text": text} for name, text in rows.items()]


def report(meta: Json, settings: Settings, checks: list[Json], terminal: Json) -> str:
    """What helps somebody else to help: versions, settings and the state of the server; no names, addresses, tokens."""
    lines = [f"{row['name']}: {row['text']}" for row in versions(meta) if row["name"] not in ("account", "you")]
    lines += [f"role: {meta.get('role', '?')}", *(f"{name}: {value}" for name, value in terminal.items())]
    lines += [f"{name} = {getattr(settings, name)}" for name in ("theme", "enter_sends", "mouse", "ascii", "clipboard")]
    lines += [f"key {name} = {keys}" for name, keys in settings.keys.items()]
    # What concerns say names inboxes and addresses: their kind alone.
    lines += [f"{row['name']}: {row['state'] if 'concern' in row else row['text']}" for row in checks]
    return "\n".join(line(one) for one in lines)
