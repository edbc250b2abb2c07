"""The types of answers, from which the API's description is made."""

from typing import Generic, TypedDict, TypeVar

T = TypeVar("T")


class Payload(TypedDict, Generic[T]):
    """`Payload[list[Label]]` is `{"payload": [label, …]}`."""

    payload: T
