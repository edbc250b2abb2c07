"""Settings: one frozen dataclass, filled from flags, environment and inboxd.toml, in that order.

Adding a setting is one field here; its flag, its variable, its key, `inboxd config` and the row
that the README must have all follow from it.
"""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inboxd.domain import addresses, retry
from inboxd.domain.proxies import Proxies, parse_proxies

if TYPE_CHECKING:
    from email.headerregistry import Address

    from inboxd.domain.mailing import SmtpServer


class BadConfig(Exception):
    """One clear line for the terminal."""


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"about": about, "secret": secret})


@dataclass(frozen=True)
class Config:
    data_dir: str = _setting("data", "folder of the database, attachments and the administrator's token")
    listen: str = _setting("127.0.0.1:8080", "address and port to serve on")
    public_url: str = _setting(
        "", "how clients reach this server, for links to attachments; default: the listen address"
    )
    threads: int = _setting(16, "threads that answer requests")
    webhook_threads: int = _setting(
        8, "webhook deliveries at once; those that take longer than a second go on beside them, at most 4 times as many"
    )
    webhook_schedule: str = _setting(
        "5s,5m,30m,2h,5h,10h,14h,20h,24h", "pauses between the attempts of a delivery, each ±20 %"
    )
    allow_private: str = _setting(
        "", "CIDRs and hosts inside private networks that webhooks may reach, comma-separated"
    )
    egress_proxy: str = _setting(
        "",
        "http://[user:password@]host:port that every webhook goes through; it then guards what names stand for",
        secret=True,
    )
    smtp_url: str = _setting(
        "",
        "smtp[s]://[user:password@]host[:port] that takes e-mail; it is encrypted by STARTTLS: with a password always, "
        "else where it is offered, on loopback never, or as ?starttls=required or never says",
        secret=True,
    )
    mail_from: str = _setting("", "who e-mail is from, an address or Name <address>; needed with smtp_url")
    retention_days: int = _setting(30, "days that events, deliveries, attempts and e-mail are kept")
    body_limit: int = _setting(4_194_304, "bytes of a request without its files")
    attachment_limit: int = _setting(41_943_040, "bytes of one attachment")
    messages_per_minute: int = _setting(200, "messages a conversation takes within a minute")
    requests_per_minute: int = _setting(
        3_000,
        "requests that a token, or a contact of the client API, makes within a minute; a tenth as many that do not "
        "say who calls come from one address; those from the machine itself are not counted",
    )
    trusted_proxies: str = _setting(
        "127.0.0.0/8,::1", "CIDRs and addresses of reverse proxies whose X-Forwarded-For is believed, comma-separated"
    )
    log_level: str = _setting("info", "debug (a line for every request), info, warning or error")
    token: str = _setting("", "access token of the command line while the server runs", secret=True)

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def directory(self) -> Path:
        return Path(self.data_dir)

    @property
    def schedule_s(self) -> tuple[int, ...]:
        return retry.parse_schedule(self.webhook_schedule)

    @property
    def mail(self) -> "tuple[SmtpServer, Address] | None":
        """The server that takes e-mail, and who it is from; None where there is no e-mail."""
        server, sender = self.smtp_server, self.sender
        return (server, sender) if server is not None and sender is not None else None

    # Python's modules for e-mail are a third of what a command takes to start.
    @property
    def smtp_server(self) -> "SmtpServer | None":
        if not self.smtp_url:
            return None
        from inboxd.domain.mailing import parse_server

        return parse_server(self.smtp_url)

    @property
    def sender(self) -> "Address | None":
        if not self.mail_from:
            return None
        from inboxd.domain.mailing import parse_sender

        return parse_sender(self.mail_from)

    @property
    def proxies(self) -> Proxies:
        return parse_proxies(self.trusted_proxies)

    @property
    def guard(self) -> addresses.Guard:
        # Nobody but this machine can reach a server on loopback, so its own receivers are no secret to it.
        is_local = self.address[0] in ("127.0.0.1", "::1", "localhost")
        return addresses.parse_guard(self.allow_private, allow_loopback=is_local)


SETTINGS = dataclasses.fields(Config)
_NAMES = {setting.name: setting for setting in SETTINGS}


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ, path: Path | None = None
) -> tuple[Config, dict[str, str]]:
    """The settings and where each came from. Raises BadConfig for an unknown key or a bad value.

    `path` must exist when it is given; otherwise ./inboxd.toml is read if it is there.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_NAMES, "default")
    for source, given in (
        (str(path or "inboxd.toml"), _from_file(path)),
        ("environment", _from_environment(environ)),
        ("flag", {name: value for name, value in flags.items() if name in _NAMES and value is not None}),
    ):
        for name, value in given.items():
            try:
                values[name] = _converted(name, value)
            except BadConfig as error:
                raise BadConfig(f"{error} ({source})") from None
            origins[name] = source
    config = Config(**values)
    _check(config)
    return config, origins


def _from_file(path: Path | None) -> dict[str, Any]:
    actual = path or Path("inboxd.toml")
    try:
        with actual.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError:
        if path is not None:
            raise BadConfig(f"{actual}: no such file") from None
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{actual}: {error}") from None
    except OSError as error:
        raise BadConfig(f"{actual}: {error.strerror}") from None
    for name in table:
        if name not in _NAMES:
            raise BadConfig(f"{actual}: unknown key {name!r}")
    return table


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in environ.items():
        if not key.startswith("INBOXD_") or key in ("INBOXD_NO_BOOTSTRAP", "INBOXD_CONFIG", "INBOXD_IMPORT_TOKEN"):
            continue
        name = key.removeprefix("INBOXD_").lower()
        if name.endswith("_file") and _NAMES.get(name.removesuffix("_file")) is not None:
            setting = name.removesuffix("_file")
            if not _NAMES[setting].metadata["secret"]:
                raise BadConfig(f"{key}: only secrets are read from files")
            try:
                found[setting] = Path(value).read_text().strip()
            except OSError as error:
                raise BadConfig(f"{key}: {value}: {error.strerror}") from None
        elif name in _NAMES:
            found[name] = value
        else:
            raise BadConfig(f"{key}: unknown setting")
    return found


def _converted(name: str, value: Any) -> Any:
    kind = type(_NAMES[name].default)
    if kind is int:
        try:
            # By way of text: int() itself makes 2 of 2.9 and 1 of true.
            return int(str(value))
        except ValueError:
            raise BadConfig(f"{name}: {value!r} is no whole number") from None
    if not isinstance(value, kind):
        raise BadConfig(f"{name}: must be text")
    return value


def _check(config: Config) -> None:
    try:
        port = config.address[1]
    except ValueError:
        raise BadConfig(f"listen: {config.listen!r} is not HOST:PORT") from None
    if not config.address[0] or not 0 <= port < 65_536:
        raise BadConfig(f"listen: {config.listen!r} is not HOST:PORT")
    for name, reader in (
        ("webhook_schedule", lambda: config.schedule_s),
        ("allow_private", lambda: config.guard),
        ("trusted_proxies", lambda: config.proxies),
        ("egress_proxy", lambda: addresses.parse_proxy(config.egress_proxy) if config.egress_proxy else None),
        ("smtp_url", lambda: config.smtp_server),
        ("mail_from", lambda: config.sender),
    ):
        try:
            reader()
        except ValueError as error:
            raise BadConfig(f"{name}: {error}") from None
    for name, least, most in (
        ("threads", 2, 128), ("webhook_threads", 1, 128), ("body_limit", 1024, 2**31), ("attachment_limit", 1, 2**31),
        ("messages_per_minute", 1, 10**9), ("requests_per_minute", 10, 10**9), ("retention_days", 1, 36_500),
    ):  # fmt: skip
        if not least <= getattr(config, name) <= most:
            raise BadConfig(f"{name}: must be from {least} to {most}")
    if config.smtp_url and not config.mail_from:
        raise BadConfig("mail_from: smtp_url needs an address that mail is from")
    if config.log_level not in ("debug", "info", "warning", "error"):
        raise BadConfig("log_level: must be debug, info, warning or error")
    if config.public_url and not config.public_url.startswith(("http://", "https://")):
        raise BadConfig("public_url: must begin with http:// or https://")
