"""How what is typed into a filter may go on: `st` is `status:`, and `status:pe` is `status:pending`."""

from collections.abc import Mapping, Sequence

Known = Mapping[str, Sequence[str]]


def completed(text: str, known: Known) -> str:
    """The text with its last word completed: by the first key that begins so, or by the first of the key's values;
    a whole value gives way to the one behind it. Empty when there is nothing to complete."""
    # A blank within quotes ends no word.
    begin = max((at + 1 for at, char in enumerate(text) if char == " " and not text[:at].count('"') % 2), default=0)
    key, colon, typed = text[begin:].partition(":")
    if not colon:
        found = next((one for one in known if key and one.startswith(key.lower())), "")
        return f"{text[:begin]}{found}:" if found else ""
    name, values = key.lower(), list(known.get(key.lower(), ()))
    wanted = typed.strip('"').lower()
    names = [value.lower() for value in values]
    if wanted in names:
        if len(names) == 1:
            return ""
        chosen = values[(names.index(wanted) + 1) % len(names)]
    else:
        chosen = next((value for value in values if value.lower().startswith(wanted)), "")
    if not chosen:
        return ""
    return f'{text[:begin]}{name}:"{chosen}"' if " " in chosen else f"{text[:begin]}{name}:{chosen}"


def hint(text: str, known: Known) -> str:
    """What Tab would put behind the text; nothing where it would write over what is there."""
    found = completed(text, known)
    if found.lower().startswith(text.lower()):
        return found[len(text) :]
    # `inbox:sh` becomes `inbox:"Shop North"`: the quote is not what is missing.
    plain = found.replace('"', "")
    return plain[len(text) :] if plain.lower().startswith(text.lower()) else ""
