"""Bodies that no well-behaved client sends: each is refused in words, and nothing is stored."""

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboxd.api import bodies
from inboxd.api.web import File
from inboxd.domain.errors import Failure, Malformed
from inboxd.wire import jsons
from tests.cast import World

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LIMIT = 4_194_304


def parts(*fields: tuple[str, bytes], boundary: str = "XX") -> bytes:
    """A multipart body of (headers after `form-data; `, content)."""
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), content)
        for head, content in fields
    )
    return body + b"--%s--\r\n" % boundary.encode()


class Desk:
    """One conversation, addressed by both APIs, that remembers how it was."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = world.conversation()
        self.public = f"{world.contact}/conversations/{self.number}/messages"
        self.private = f"{world.account}/conversations/{self.number}/messages"
        self.before = self.stored()

    def stored(self) -> tuple[int, int]:
        path = f"{self.private}?after=0"
        shown = self.world.http.get(path, token=self.world.ada).json()["payload"]
        return len(self.world.events()), len(shown)

    def send(self, body: bytes, content_type: str | None, *, public: bool = True) -> Any:
        headers = {"Content-Type": content_type} if content_type is not None else {}
        path, token = (self.public, None) if public else (self.private, self.world.ada)
        return self.world.http.post(path, data=body, headers=headers, token=token)

    def check_refused(self, status: int, words: str, body: bytes, content_type: str | None) -> None:
        for public in (True, False):
            response = self.send(body, content_type, public=public)
            assert response.status_code == status, response.text
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"
            assert words in (response.json().get("error") or response.json().get("message")), response.text
            assert len(response.text) < 1000
        assert self.stored() == self.before


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ("line 1 column 13", b'{"content": }'),
        ("line 2 column 1", b'{"content": "x"\n'),
        ("line 1 column 17", b'{"content":"x"} {"content":"y"}'),
        ("line 1 column 1", b"\xef\xbb\xbf\xef\xbb\xbf{}"),
        ("nested too deeply", b"[" * 60_000),
        ("nested too deeply", b'{"content":' * 60_000),
        ("a.b[1] is no finite number", b'{"content":"x","a":{"b":[1,NaN]}}'),
        ("content is no finite number", b'{"content":Infinity}'),
        ("content is no finite number", b'{"content":-Infinity}'),
        ("content is no finite number", b'{"content":1e400}'),
        ("a[0] is an integer beyond 64 bits", b'{"content":"x","a":[9223372036854775808]}'),
        ("a is an integer beyond 64 bits", b'{"content":"x","a":-9223372036854775809}'),
        ("a is an integer beyond 64 bits", b'{"content":"x","a":' + b"9" * 5000 + b"}"),
        ("a.b is an integer beyond 64 bits", b'{"content":"x","a":{"b":-' + b"9" * 5000 + b"}}"),
        ("content holds a NUL character", b'{"content":"a\\u0000b"}'),
        ("holds a NUL character", b'{"content":"x","a":{"k\\u0000":1}}'),
        ("content holds half of a surrogate pair", b'{"content":"a\\ud800b"}'),
        ("a[1].c holds half of a surrogate pair", b'{"content":"x","a":[0,{"c":"\\udfff"}]}'),
        ("holds half of a surrogate pair", b'{"content":"x","\\ud83d":1}'),
        ("not UTF-8 (byte 12)", b'{"content":"\xff"}'),
        ("not UTF-8 (byte 12)", b'{"content":"\xed\xa0\x80"}'),
        ("not UTF-8", '{"content":"x"}'.encode("utf-16")),
        ("must be a JSON object", b'[{"content":"x"}]'),
        ("must be a JSON object", b'"content"'),
        ("must be a JSON object", b"7"),
        ("line 1 column 3", b"  "),
    ],
)
def test_json_that_cannot_be_stored_is_refused_by_both_apis_with_its_place(desk: Desk, words: str, body: bytes) -> None:
    desk.check_refused(400, words, body, JSON)


def test_a_place_in_a_refusal_is_short_and_safe_to_print(desk: Desk) -> None:
    body = json.dumps({"content": "x", "\x1b]52;" + "k" * 100_000: {"\u202e" * 500: "\x00"}}).encode()
    for public in (True, False):
        response = desk.send(body, JSON, public=public)
        assert response.status_code == 400
        assert len(response.text) < 1000
        assert "\x1b" not in response.json()["error"]
        assert "\u202e" not in response.json()["error"]


def test_a_long_key_above_many_values_costs_no_more_than_its_bytes() -> None:
    body = b'{"' + b"k" * 1_000_000 + b'":[' + b"0," * 500_000 + b'"\\u0000"]}'
    with pytest.raises(Malformed, match=r"k\[500000\]"):
        jsons.loads(body)


def test_a_byte_order_mark_before_json_is_skipped(desk: Desk) -> None:
    assert desk.send(b'\xef\xbb\xbf{"content":"hi"}', JSON).json()["content"] == "hi"


def test_a_compressed_body_is_refused_by_that_name(desk: Desk) -> None:
    desk.check_refused(400, "compressed", gzip.compress(b'{"content":"hi"}'), JSON)


def test_of_a_repeated_key_the_last_counts_as_in_rails(desk: Desk) -> None:
    response = desk.send(b'{"content":"first","content":"last"}', JSON)
    assert (response.status_code, response.json()["content"]) == (200, "last")


@pytest.mark.parametrize(("depth", "status"), [(100, 200), (101, 400)])
def test_json_may_be_a_hundred_levels_deep(desk: Desk, depth: int, status: int) -> None:
    inner = b"[" * (depth - 1) + b"]" * (depth - 1)
    assert desk.send(b'{"content":"x","a":' + inner + b"}", JSON).status_code == status


def test_the_extremes_of_64_bits_are_read(desk: Desk) -> None:
    body = b'{"content":"x","content_attributes":{"a":9223372036854775807,"b":-9223372036854775808}}'
    sent = desk.send(body, JSON, public=False).json()["content_attributes"]
    assert (sent["a"], sent["b"]) == (2**63 - 1, -(2**63))


@pytest.mark.parametrize(
    "content_type", [None, FORM, "text/plain", "text/plain;charset=UTF-8", "application/vnd.x+json"]
)
def test_a_json_object_is_read_under_whatever_type_it_is_sent(desk: Desk, content_type: str | None) -> None:
    assert desk.send(b' {"content":"hi"}', content_type).json()["content"] == "hi"


def test_no_body_and_no_content_type_is_a_request_without_parameters(desk: Desk) -> None:
    assert desk.send(b"", None).json() == {"message": "Content can't be blank", "attributes": ["content"]}
    assert desk.send(b"\r\n", None).status_code == 422
    assert desk.stored() == desk.before


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/mixed; boundary=x", "", "x"])
def test_another_content_type_is_refused_with_what_would_do(desk: Desk, content_type: str) -> None:
    desk.check_refused(400, "Content-Type must be application/json", b"content=hi", content_type)


@pytest.mark.parametrize("content_type", [JSON, FORM, "text/plain"])
def test_a_body_beyond_the_limit_is_too_large(desk: Desk, content_type: str) -> None:
    desk.check_refused(413, f"{LIMIT} bytes", b'{"content":"' + b"x" * LIMIT + b'"}', content_type)


@pytest.mark.parametrize(
    ("status", "words", "body"),
    [
        (400, "'content' is not UTF-8", b"a=1&content=%ff"),
        (400, "'content' is not UTF-8", b"content=%ed%a0%80"),
        (400, "not UTF-8 (byte 8)", b"content=\xff"),
        (400, "content holds a NUL character", b"content=a%00b"),
        (400, "'a\\x00' holds a NUL", b"content=x&a%00=1"),
        (413, "more than 1000 parameters", b"a=1&" * 1001),
        (400, "'a' is both an object and something else", b"content=x&a=1&a[b]=2"),
        (400, "'a' is both one value and several", b"content=x&a[b]=2&a=1"),
        (400, "'a' is both a list and something else", b"content=x&a[b]=2&a[]=1"),
        (400, "'a' is both an object and something else", b"content=x&a[]=2&a[b]=1"),
        (400, "'a' is nested too deeply", b"content=x&a" + b"[b]" * 11 + b"=1"),
        (400, "'a' is nested too deeply", b"content=x&a" + b"[" * 100_000 + b"]=1"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_by_both_apis_with_its_place(
    desk: Desk, status: int, words: str, body: bytes
) -> None:
    desk.check_refused(status, words, body, FORM)


def test_the_query_is_held_to_the_same_rules(world: World) -> None:
    for query, status in (("q=%ff", 400), ("q=%00", 400), ("a=1&a[b]=2", 400), ("a=1&" * 1001, 413)):
        response = world.http.get(f"{world.account}/conversations?{query}", token=world.ada)
        assert response.status_code == status
        assert response.json()["error"]


def test_form_fields_nest_as_json_would(desk: Desk) -> None:
    body = b"content=Gr%C3%BC%C3%9Fe&content_attributes[items][]=a&content_attributes[items][]=b&private=true"
    sent = desk.send(body, FORM, public=False).json()
    assert (sent["content"], sent["private"]) == ("Grüße", True)


def test_raw_utf_8_in_a_form_is_what_it_says(desk: Desk) -> None:
    assert desk.send("content=Grüße".encode(), FORM).json()["content"] == "Grüße"


@pytest.mark.parametrize(
    ("status", "words", "content_type", "body"),
    [
        (400, "no boundary", "multipart/form-data", parts(('name="content"', b"x"))),
        (400, "no boundary", 'multipart/form-data; boundary=""', parts(('name="content"', b"x"))),
        (400, "boundary", f"multipart/form-data; boundary={'b' * 201}", b"x"),
        (400, "broken", "multipart/form-data; boundary=YY", parts(('name="content"', b"x"))),
        (400, "broken", "multipart/form-data; boundary=XX", parts(('name="content"', b"x"))[:-8]),
        (400, "broken", "multipart/form-data; boundary=XX", b"--XX\r\nno colon here\r\n\r\nx\r\n--XX--\r\n"),
        (400, "broken", "multipart/form-data; boundary=XX", b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n"),
        (400, "broken", "multipart/form-data; boundary=XX", b"--XX\nContent-Disposition: form-data\n\nx\n--XX--\n"),
        (400, "broken", "multipart/form-data; boundary=XX", b"--XX\r\n\xff\xfe: x\r\n\r\nx\r\n--XX--\r\n"),
        (400, "broken", "multipart/form-data; boundary=XX", b"\r\n" * 1000),
        (413, "too many", "multipart/form-data; boundary=XX", parts(*[('name="a"', b"x")] * 257)),
        (400, "content is not UTF-8", "multipart/form-data; boundary=XX", parts(('name="content"', b"\xff"))),
        (400, "content holds a NUL", "multipart/form-data; boundary=XX", parts(('name="content"', b"a\0b"))),
        (400, "'a\\x00' holds a NUL", "multipart/form-data; boundary=XX", parts(('name="a\0"', b"x"))),
        (400, "'a' is both", "multipart/form-data; boundary=XX", parts(('name="a"', b"x"), ('name="a[b]"', b"x"))),
    ],
)
def test_a_multipart_body_that_cannot_be_read_is_refused_by_both_apis(
    desk: Desk, status: int, words: str, content_type: str, body: bytes
) -> None:
    desk.check_refused(status, words, body, content_type)


def test_all_text_of_a_multipart_body_together_is_held_to_the_limit(desk: Desk) -> None:
    body = parts(*[(f'name="a{number}"', b"x" * (LIMIT // 4)) for number in range(5)])
    desk.check_refused(413, f"larger than {LIMIT} bytes", body, "multipart/form-data; boundary=XX")


def test_a_part_without_a_filename_is_text_whatever_type_it_claims(desk: Desk) -> None:
    head = b'--XX\r\nContent-Disposition: form-data; name="content"\r\nContent-Type: application/json'
    body = head + b"\r\n\r\nhi\r\n--XX--\r\n"
    assert desk.send(body, "multipart/form-data; boundary=XX").json()["content"] == "hi"


def test_a_file_field_left_empty_by_a_browser_is_no_attachment(desk: Desk) -> None:
    body = parts(('name="content"', b"hi"), ('name="attachments[]"; filename=""', b""))
    assert "attachments" not in desk.send(body, "multipart/form-data; boundary=XX").json()


def test_content_attributes_may_be_json_text_in_a_multipart_body(desk: Desk) -> None:
    body = parts(('name="content"', b"hi"), ('name="content_attributes"', b'{"a":{"b":[1]}}'))
    sent = desk.send(body, "multipart/form-data; boundary=XX", public=False).json()
    assert sent["content_attributes"]["a"] == {"b": [1]}


@pytest.mark.parametrize("text", [b"not json", b"[" * 60_000, b'{"a":"\\u0000"}', b"NaN", b"7"])
def test_content_attributes_that_are_no_json_object_are_none(desk: Desk, text: bytes) -> None:
    body = parts(('name="content"', b"hi"), ('name="content_attributes"', text))
    sent = desk.send(body, "multipart/form-data; boundary=XX", public=False)
    assert (sent.status_code, sent.json()["content_attributes"]) == (200, {})


@pytest.mark.parametrize("name", ["attachments", "attachments[]"])
def test_a_single_file_need_not_be_a_list(desk: Desk, name: str) -> None:
    body = parts((f'name="{name}"; filename="a.txt"', b"hello"))
    sent = desk.send(body, "multipart/form-data; boundary=XX").json()
    assert [one["file_size"] for one in sent["attachments"]] == [5]


@pytest.mark.parametrize(
    ("name", "field"),
    [("content", "content"), ("content_attributes[a]", "content_attributes"), ("attachments[0]", "attachments")],
)
def test_a_file_where_none_belongs_is_invalid_by_name(desk: Desk, name: str, field: str) -> None:
    body = parts(('name="content"', b"x"), (f'name="{name}"; filename="a.txt"', b"hello"))
    for public in (True, False):
        response = desk.send(body, "multipart/form-data; boundary=XX", public=public)
        assert response.status_code == 422, response.text
        assert response.json()["attributes"] == [field]
    assert desk.stored() == desk.before


def test_a_file_where_any_json_may_be_is_invalid_by_name(desk: Desk) -> None:
    for name in ("campaign_id", "campaign_id[]"):
        body = parts(('name="content"', b"x"), (f'name="{name}"; filename="a"', b"1"))
        response = desk.send(body, "multipart/form-data; boundary=XX", public=False)
        assert (response.status_code, response.json()["attributes"]) == (422, ["campaign_id"])
    assert desk.stored() == desk.before


def test_text_where_files_belong_is_invalid_by_name(desk: Desk) -> None:
    for body, kind in (
        (b'{"attachments":["data:x"]}', JSON),
        (parts(('name="attachments[]"', b"x")), "multipart/form-data; boundary=XX"),
    ):
        response = desk.send(body, kind)
        assert (response.status_code, response.json()["attributes"]) == (422, ["attachments"])
    assert desk.stored() == desk.before


def test_large_files_are_closed_when_the_request_is_over(desk: Desk) -> None:
    body = parts(
        ('name="attachments[]"; filename="a.bin"', b"x" * 200_000), ('name="other"; filename="b"', b"y" * 200_000)
    )
    assert desk.send(body, "multipart/form-data; boundary=XX").json()["attachments"][0]["file_size"] == 200_000


_TYPES = st.sampled_from(
    [JSON, FORM, "", "text/plain", "multipart/form-data", "multipart/form-data; boundary=XX", 'a; b="\\', ";"]
) | st.text(st.characters(max_codepoint=255), max_size=60)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)
_PIECES = st.sampled_from(
    [b"--XX\r\n", b"--XX--", b"\r\n", b"\n", b'Content-Disposition: form-data; name="a"', b"; filename=", b'"\xff"',
     b"Content-Length: ", b"9" * 5000, b"[", b"]", b"{", b"&", b"=", b"%00", b"%ff", b'"', b"\\u0000", b"\\ud800", b":"]
)  # fmt: skip
_BODIES = (
    st.binary(max_size=200)
    | _VALUES.map(lambda value: json.dumps(value).encode())
    | st.lists(_PIECES | st.binary(max_size=4), max_size=20).map(b"".join)
)


@settings(max_examples=200, deadline=None)
@given(body=_BODIES, content_type=_TYPES)
def test_reading_a_body_gives_storable_parameters_or_fails_in_words(body: bytes, content_type: str) -> None:
    files: list[File] = []
    try:
        values, _ = bodies.read_body(io.BytesIO(body), len(body), content_type, 1000, files)
    except Failure as failure:
        values = {"error": failure.message}
    finally:
        for file in files:
            file.stream.close()
    jsons.dumps({key: value for key, value in values.items() if not _has_file(value)}).encode()


def _has_file(value: Any) -> bool:
    return isinstance(value, File) or (isinstance(value, list) and any(isinstance(one, File) for one in value))


@settings(max_examples=100, deadline=None)
@given(query=st.text(st.characters(max_codepoint=255), max_size=80))
def test_reading_a_query_gives_storable_parameters_or_fails_in_words(query: str) -> None:
    try:
        values = bodies.read_query(query)
    except Failure as failure:
        values = {"error": failure.message}
    jsons.dumps(values).encode()


@settings(max_examples=200, deadline=None)
@given(body=_BODIES)
def test_json_loads_gives_storable_values_or_is_malformed(body: bytes) -> None:
    try:
        value = jsons.loads(body)
    except Malformed as malformed:
        value = malformed.message
    assert jsons.loads(jsons.dumps(value).encode()) == value
