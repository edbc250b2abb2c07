"""One captured request: which signature is right, which is not, and why."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.cli import main
from inboxd.domain import signing
from inboxd.verify import BadSecret, Capture, Unreadable, check_secret, judge, parse, report

SECRET = "3mJr7AoUXx2Wqd9VtKe5pYbQ"
NOW = 1_781_090_096
BODY = '{"event":"message_created","content":"zurück"}'.encode()


def capture(body: bytes = BODY, at: int = NOW, secrets: tuple[str, ...] = (SECRET,), **changed: str | None) -> Capture:
    """A genuine one but for `changed`; None leaves a header out."""
    headers: dict[str, str | None] = {**signing.headers(secrets, "id-1", at, BODY)}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    return Capture("POST /hook HTTP/1.1", [(k, v) for k, v in headers.items() if v is not None], body)


@given(st.binary(max_size=80))
def test_a_capture_is_read_back_as_it_was_written_whatever_the_body(body: bytes) -> None:
    written = capture(body)
    read = parse(written.raw())
    assert (read.line, read.fields, read.body) == (written.line, list(written.fields), body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_capture_or_unreadable(raw: bytes) -> None:
    try:
        judge(SECRET, parse(raw), NOW)
    except Unreadable:
        return


def test_lf_line_endings_in_the_header_part_change_nothing() -> None:
    head, _, body = capture().raw().partition(b"\r\n\r\n")
    assert judge(SECRET, parse(head.replace(b"\r\n", b"\n") + b"\n\n" + body), NOW).genuine


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"POST / HTTP/1.1\r\na: b\r\n", "no blank line"),
        (b"webhook-id: 1\r\n\r\n{}", "request line"),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", "no colon"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}", "in chunks"),
        (b"x" * (16 * 1024 * 1024 + 1), "too large"),
    ],
)
def test_what_is_no_capture_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        parse(raw)


def test_each_signature_is_judged_alone() -> None:
    assert judge(SECRET, capture(), NOW).problems == []
    verdict = judge(SECRET, capture(X_Chatwoot_Signature="sha256=00"), NOW)
    assert (verdict.standard, verdict.genuine, verdict.is_old_secret) == (None, True, True)
    assert verdict.chatwoot is not None
    assert verdict.chatwoot.startswith("does not match")
    verdict = judge(SECRET, capture(webhook_signature="v1,é"), NOW)
    assert (verdict.standard or "").startswith("does not match")
    assert (verdict.chatwoot, verdict.genuine) == (None, False)
    assert len(judge(SECRET, capture(BODY + b" "), NOW).problems) == 2


def test_what_is_missing_is_said() -> None:
    assert judge(SECRET, capture(X_Chatwoot_Signature=None), NOW).genuine
    assert not judge(SECRET, capture(X_Chatwoot_Signature=None), NOW).is_old_secret
    neither = capture(webhook_signature=None, X_Chatwoot_Signature=None)
    assert judge(SECRET, neither, NOW).problems == ["webhook-signature is missing", "X-Chatwoot-Signature is missing"]
    assert judge(SECRET, capture(webhook_id=None), NOW).standard == "cannot be checked: no webhook-id"
    assert "no number" in (judge(SECRET, capture(webhook_timestamp="soon"), NOW).standard or "")
    assert "is not webhook-timestamp" in (judge(SECRET, capture(X_Chatwoot_Timestamp="1"), NOW).chatwoot or "")


def test_chatwoots_signature_decides_only_where_the_other_is_absent() -> None:
    assert judge(SECRET, capture(webhook_signature=None), NOW).genuine
    assert not judge("a" * 24, capture(webhook_signature=None), NOW).genuine
    alone = capture(webhook_signature=None, webhook_id=None, webhook_timestamp=None)
    assert judge(SECRET, alone, NOW).genuine


def test_a_secret_with_the_prefix_of_standard_webhooks_verifies_both() -> None:
    verdict = judge(f"whsec_{SECRET}", capture(), NOW)
    assert (verdict.standard, verdict.chatwoot) == (None, None)


def test_during_a_rotation_either_secret_makes_the_standard_signature() -> None:
    rotated = capture(secrets=("a" * 24, SECRET))
    assert judge("a" * 24, rotated, NOW).genuine
    old = judge(SECRET, rotated, NOW)
    assert old.genuine
    assert dict(report(rotated, old, NOW))["X-Chatwoot-Signature"].startswith("made with another secret")


def test_age_counts_unless_any_age_will_do() -> None:
    assert "too old" in (judge(SECRET, capture(at=NOW - 301), NOW).age or "")
    assert "from the future" in (judge(SECRET, capture(at=NOW + 301), NOW).age or "")
    assert judge(SECRET, capture(at=NOW - 301), NOW, any_age=True).genuine


@pytest.mark.parametrize("secret", ["", "abc", "ü" * 4])
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    with pytest.raises(BadSecret):
        check_secret(secret)


def test_the_command_exits_0_for_genuine_1_for_not_2_for_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "one.http").write_bytes(capture().raw())
    assert main(["verify", "one.http", "--secret", SECRET]) == 1
    assert "too old" in capsys.readouterr().out
    assert main(["verify", "one.http", "--secret-file", "secret", "--any-age", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["genuine"] is True
    assert main(["verify", "missing", "--secret", SECRET]) == 2
    assert main(["verify", "secret", "--secret", SECRET]) == 2
    assert main(["verify", "one.http", "--secret", "abc"]) == 2
    assert main(["verify", "one.http", "--secret-file", "missing"]) == 2
    assert SECRET not in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(capture(BODY + b"\n").raw())))
    assert main(["verify", "-", "--secret", SECRET, "--any-age"]) == 1
    assert "does not match" in capsys.readouterr().out
