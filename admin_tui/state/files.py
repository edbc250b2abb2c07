"""Files of this machine: which ones somebody means, and where another is put."""

import glob
import os
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inboxd.domain.links import safe_filename


def named(text: str) -> list[Path]:
    """The files of a line as a shell would take it. Raises ValueError with what is wrong."""
    found: list[Path] = []
    for word in shlex.split(text):
        path = os.path.expanduser(word)
        found += [Path(path)] if os.path.exists(path) else map(Path, sorted(glob.glob(path)) or [path])
    for one in found:
        if not one.exists():
            raise ValueError(f"there is no file {one}")
        if not one.is_file():
            raise ValueError(f"{one} is no file but a folder: {one}/* names what is in it")
        if not os.access(one, os.R_OK):
            raise ValueError(f"{one} cannot be read")
    return list(dict.fromkeys(found))


def wrong(text: str) -> str | None:
    try:
        return None if named(text) else "no file is named"
    except ValueError as error:
        return str(error)


def missing(text: str) -> str | None:
    """Why one file alone, as somebody types it, cannot be read."""
    return None if Path(text).expanduser().is_file() else "there is no such file"


def completed(text: str) -> str | None:
    """The line with its last name as far as there is but one way to go on."""
    folder, _, begun = text.rpartition(" ")[2].rpartition("/")
    if not begun or any(char in text for char in "'\"\\"):
        return None
    place = Path(f"{folder}/" if "/" in text.rpartition(" ")[2] else ".").expanduser()
    try:
        names = [name for name in os.listdir(place) if name.startswith(begun) and shlex.quote(name) == name]
    except OSError:
        return None
    # Letters in common, which `commonpath` does not look at.
    whole = os.path.commonprefix(names)  # noqa: RUF071
    whole += "/" if len(names) == 1 and (place / whole).is_dir() else ""
    return text + whole[len(begun) :] if len(whole) > len(begun) else None


def place_for(url: str) -> str:
    """Where the file behind a link is offered to be saved. Its name may be anybody's: no folders, nothing hidden."""
    folder = "~/Downloads" if Path("~/Downloads").expanduser().is_dir() else "."
    return f"{folder}/{safe_filename(unquote(urlsplit(url).path))}"


def taken(text: str) -> str | None:
    """Why nothing can be saved there."""
    path = Path(text).expanduser()
    if path.is_dir():
        return "that is a folder: name a file in it"
    if os.path.lexists(path):
        return "there is such a file: it is not written over"
    return None if path.parent.is_dir() else f"there is no folder {path.parent}"
