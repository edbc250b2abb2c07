"""Files: sent from this machine, and saved onto it."""

from pathlib import Path

import pytest
from textual.widgets import Input

from admin_tui.state import files
from tests.tui.cast import Desk, run, seated


def test_files_are_sent_and_saved_and_nothing_is_written_over(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.talk("Ann", "hello")
    (tmp_path / "plan one.txt").write_text("one")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200_000))
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(41_943_041)
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.setenv("HOME", str(tmp_path))

    async def story() -> None:
        async with seated(desk) as seat:
            await seat.sees("#1 Ann")
            await seat.press("f")
            await seat.sees("Send files to Ann")
            field = seat.tui.screen.query_one("#field-files", Input)
            for text, says in (("~/no", "there is no file"), ("~/folder", "is no file but a folder"), ("'", "closing")):
                field.value = text
                await seat.press("ctrl+s")
                await seat.sees(says)
            field.value = "~/huge"
            await seat.press("ctrl+s")
            await seat.sees("larger than")
            field.value = ""
            await seat.type("~/ph")
            await seat.until(lambda: field._suggestion == "~/photo.png")
            await seat.press("tab")
            assert field.value == "~/photo.png"
            await seat.type(" ~/*.txt")
            await seat.press("ctrl+s")
            await seat.sees("sent 2 files to Ann")
            [sent] = [one for one in desk.client.messages(number) if one.get("attachments")]
            assert len(sent["attachments"]) == 2
            await seat.sees("plan%20one.txt (3 bytes)")

            for name, says in (("x.png", "saved"), ("x.png", "it is not written over")):
                await seat.press("o")
                await seat.sees("save file photo.png")
                await seat.type("save file photo")
                await seat.press("enter")
                await seat.sees("Tab completes")
                path = seat.tui.screen.query_one("#field-path", Input)
                assert path.value == "./photo.png"
                path.value = name
                await seat.press("ctrl+s")
                await seat.sees(says)
            assert Path("x.png").read_bytes() == (tmp_path / "photo.png").read_bytes()

    run(story())


@pytest.mark.parametrize(
    ("hostile", "name"),
    [
        ("../../../etc/passwd", "passwd"),
        ("..%2F..%2F.bashrc", "bashrc"),
        ("..%5C..%5Cevil.exe", "evil.exe"),
        (".ssh", "ssh"),
        ("%00%1B[31mred", "[31mred"),
        ("..", "file"),
    ],
)
def test_the_name_of_a_file_is_only_a_name(hostile: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    assert files.place_for(f"https://desk.example/files/{hostile}") == f"./{name}"


def test_a_link_of_somebody_else_gets_no_token_and_half_a_file_does_not_stay(desk: Desk, tmp_path: Path) -> None:
    from inboxd.client import ApiError

    with pytest.raises(ApiError, match="404"):
        desk.client.save_file("https://evil.example/files/none", tmp_path / "x")
    assert not (tmp_path / "x").exists()
    (tmp_path / "x").write_text("mine")
    with pytest.raises(FileExistsError):
        desk.client.save_file("https://evil.example/files/none", tmp_path / "x")
    assert (tmp_path / "x").read_text() == "mine"
