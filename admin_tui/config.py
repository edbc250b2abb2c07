"""How somebody likes the dashboard: `tui.toml`, beneath the environment and the flags."""

import json
import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from admin_tui.keys import SCREENS


def config_dir() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "inboxd"


def state_dir() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "inboxd"


@dataclass(frozen=True)
class Settings:
    """`ascii` is auto, true or false. `clipboard` is auto, osc52, tmux or off. `bell` rings when somebody writes whose
    conversation is ours or nobody's, and when one becomes ours. `accent` is a colour, or empty for the theme's own.
    `keys` rebinds actions by id."""

    theme: str = "inboxd-dark"
    enter_sends: bool = False
    mouse: bool = True
    ascii: str = "auto"
    read_only: bool = False
    clipboard: str = "auto"
    bell: bool = False
    default_screen: str = "dashboard"
    accent: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    path: Path = field(default_factory=lambda: config_dir() / "tui.toml")


ONE_OF = {
    "ascii": ("auto", "true", "false"), "clipboard": ("auto", "osc52", "tmux", "off"), "default_screen": tuple(SCREENS),
}  # fmt: skip


def load(path: Path | None = None) -> Settings:
    """The settings of a file; what is wrong with it is in `problems`, and the default holds instead."""
    settings = Settings(path=path or config_dir() / "tui.toml")
    try:
        given = tomllib.loads(settings.path.read_text())
    except FileNotFoundError:
        return settings
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return replace(settings, problems=(f"{settings.path}: {error}",))
    known: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        default = getattr(settings, name, None) if name not in ("problems", "path") else None
        if name == "ascii" and isinstance(value, bool):
            known[name] = str(value).lower()
        elif default is None or type(default) is not type(value):
            problems.append(f"{settings.path}: {name} is unknown or of the wrong kind")
        elif name in ONE_OF and value not in ONE_OF[name]:
            problems.append(f"{settings.path}: {name} is one of {', '.join(ONE_OF[name])}")
        elif name == "keys":
            known[name] = {key: keys for key, keys in value.items() if isinstance(keys, str)}
            problems += [f"{settings.path}: the keys of {key} are no text" for key in value if key not in known[name]]
        else:
            known[name] = value
    return replace(settings, **known, problems=tuple(problems))


def save(path: Path, name: str, value: str | bool) -> None:
    """Write one setting, leaving what else is in the file, comments too; readable by its owner alone.

    Raises OSError, and ValueError for a file that is no TOML or cannot be changed by a line.
    """
    # A link into somebody's dotfiles stays one.
    path = path.resolve()
    text = path.read_text() if path.exists() else ""
    before = tomllib.loads(text)
    written = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    lines = text.splitlines()
    tables = next((place for place, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    known = [place for place, line in enumerate(lines[:tables]) if re.match(rf"\s*{re.escape(name)}\s*=", line)]
    if known:
        comment = re.search(r"\s+#[^\"']*$", lines[known[0]])
        lines[known[0]] = written + (comment.group() if comment else "")
    else:
        lines.insert(tables, written)
    text = "\n".join(lines) + "\n"
    if tomllib.loads(text) != {**before, name: value}:
        raise ValueError(f"{name} cannot be changed there: edit the file")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    fresh.replace(path)


def dumped(settings: Settings) -> str:
    """Settings as a file that `load` takes."""
    lines = []
    for name in (
        "theme",
        "enter_sends",
        "mouse",
        "ascii",
        "read_only",
        "clipboard",
        "bell",
        "default_screen",
        "accent",
    ):
        lines.append(f"{name} = {json.dumps(getattr(settings, name))}")
    lines += ["", "[keys]", *(f"{json.dumps(key)} = {json.dumps(keys)}" for key, keys in settings.keys.items())]
    return "\n".join(lines)
