"""The types of answers, from which the API's description is made: what every resource shares."""

from dataclasses import dataclass
from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

T = TypeVar("T")
M = TypeVar("M")


@dataclass(frozen=True)
class Answer:
    """A good answer that says more than its type: another status, another media type, further statuses
    with which the route refuses, those with which it does so without a word, and those with which it may do
    so in the media type of a good answer."""

    type: Any = None
    status: int = 200
    media: str = "application/json"
    refuses: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()


NO_CONTENT = Answer(status=204)


class Payload(TypedDict, Generic[T]):
    """`Payload[list[Label]]` is `{"payload": [label, …]}`."""

    payload: T


class Page(TypedDict, Generic[T, M]):
    """A list with what is to be known about it."""

    payload: T
    meta: M


class Nothing(TypedDict):
    pass


class Error(TypedDict):
    error: str


class SignIn(TypedDict):
    """No token came."""

    errors: list[str]


class PublicNotFound(TypedDict):
    status: Literal[404]
    error: str


class InvalidValues(TypedDict):
    """`attributes` names the parameters at fault; `existing_id` a record that is in the way."""

    message: str
    attributes: list[str]
    existing_id: NotRequired[int]


class FieldErrors(TypedDict):
    """What is wrong with each parameter, as macros say it."""

    error: dict[str, list[str]]


class NotDone(TypedDict):
    success: Literal[False]


class EventsGone(TypedDict):
    error: str
    oldest_seq: int


class WorkingDay(TypedDict):
    """Sunday is 0. Hours are null on a day that is closed."""

    day_of_week: int
    closed_all_day: bool
    open_hour: int | None
    open_minutes: int | None
    close_hour: int | None
    close_minutes: int | None
    open_all_day: bool


class ContactSender(TypedDict):
    additional_attributes: dict[str, Any]
    custom_attributes: dict[str, Any]
    email: str | None
    id: int
    identifier: str | None
    name: str
    phone_number: str | None
    thumbnail: str
    blocked: bool
    type: Literal["contact"]


class UserSender(TypedDict):
    id: int
    name: str
    available_name: str
    avatar_url: str
    type: Literal["user"]
    availability_status: str | None
    thumbnail: str


class BotSender(TypedDict):
    id: int
    name: str
    avatar_url: str
    type: Literal["agent_bot"]


Sender = ContactSender | UserSender | BotSender


class Attachment(TypedDict):
    id: int
    message_id: int
    file_type: str
    account_id: int
    extension: str | None
    content_type: str
    data_url: str
    thumb_url: str
    file_size: int
    width: int | None
    height: int | None
    transcribed_text: NotRequired[str]
