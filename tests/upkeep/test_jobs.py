"""Jobs outlast whatever interrupts them."""

import errno
from collections.abc import Callable, Generator
from typing import Any

import pytest
import requests

from inboxd.app import App
from inboxd.domain.errors import StorageFull
from inboxd.domain.retry import DAY_MS
from inboxd.store.models import Contact, Event, Job
from inboxd.upkeep import jobs as upkeep
from inboxd.upkeep.jobs import Jobs
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, World

CSV = b"email\n" + b"".join(b"p%d@x.test\n" % number for number in range(250))


@pytest.fixture
def job(world: World) -> str:
    """An import of 250 rows that nobody began; its path."""
    files = {"import_file": ("people.csv", CSV)}
    assert world.http.post(f"{world.account}/contacts/import", files=files, token=world.admin).status_code == 200
    return f"{world.account}/jobs/1"


def stopped_after(app: App, batches: int) -> None:
    """As a stop, or a crash between two transactions, leaves it."""
    runner = Jobs(app.store, app.blobs)
    [row] = rows(app)
    work = runner._kinds[row.kind](row)
    for _ in range(batches):
        next(work)


def rows(app: App) -> list[Job]:
    with app.store.read() as tx:
        return tx.filter(Job)


def contacts(app: App) -> int:
    with app.store.read() as tx:
        return len([one for one in tx.filter(Contact) if (one.email or "").startswith("p")])


def show(world: World, job: str) -> Any:
    return world.http.get(job, token=world.admin).json()


def test_an_interrupted_job_goes_on_where_it_was(app: App, world: World, job: str) -> None:
    stopped_after(app, 4)
    shown = show(world, job)
    assert (shown["state"], shown["total"], shown["done"]) == ("running", 250, 200)
    assert contacts(app) == 200
    assert Jobs(app.store, app.blobs).step()
    assert (show(world, job)["state"], show(world, job)["done"]) == ("done", 250)
    assert contacts(app) == 250
    with app.store.read() as tx:
        names = [event.name for event in tx.filter(Event) if "@x.test" in event.payload]
    assert names == ["contact_created"] * 250


def test_a_cancelled_job_stops_and_keeps_what_is_done(app: App, world: World, job: str) -> None:
    stopped_after(app, 1)
    cancelled = world.http.post(f"{job}/cancel", token=world.admin)
    assert (cancelled.status_code, cancelled.json()["state"], cancelled.json()["done"]) == (200, "cancelled", 50)
    assert not Jobs(app.store, app.blobs).step()
    assert contacts(app) == 50
    assert world.http.post(f"{job}/cancel", token=world.admin).json()["state"] == "cancelled"


def test_a_job_that_is_cancelled_under_way_ends_at_the_next_batch(app: App, world: World, job: str) -> None:
    runner = Jobs(app.store, app.blobs)
    work = runner._kinds["contact_import"](rows(app)[0])
    next(work)
    world.http.post(f"{job}/cancel", token=world.admin)
    assert list(work) == []
    assert contacts(app) == 50


def test_a_finished_job_cannot_be_cancelled(app: App, world: World, job: str) -> None:
    Jobs(app.store, app.blobs).step()
    assert world.http.post(f"{job}/cancel", token=world.admin).json()["state"] == "done"


def test_an_interrupted_export_repeats_no_contact_and_loses_none(
    app: App, world: World, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Jobs(app.store, app.blobs).step()
    monkeypatch.setattr(upkeep, "PAGE", 100)
    world.http.post(f"{world.account}/contacts/export", json={"column_names": ["email"]}, token=world.admin)
    runner = Jobs(app.store, app.blobs)
    work = runner._kinds["contact_export"](rows(app)[1])
    next(work)
    next(work)
    work.close()
    [half] = app.store.directory.glob("export-*.csv")
    with half.open("ab") as file:
        file.write(b"what a crash left behind")
    Jobs(app.store, app.blobs).step()
    shown = show(world, f"{world.account}/jobs/2")
    text = world.http.get(shown["file_url"].removeprefix("http://inboxd.test")).text
    emails = text.split()
    assert (shown["state"], shown["done"], shown["total"]) == ("done", 251, 251)
    assert emails == ["email", "carl@example.test", *(f"p{number}@x.test" for number in range(250))]
    assert list(app.store.directory.glob("export-*.csv")) == []


def test_a_defect_fails_the_job_and_not_the_next_one(
    app: App, world: World, job: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Job) -> Generator[None, None, None]:
        raise RuntimeError

    files = {"import_file": ("people.csv", b"email\nq@x.test\n")}
    world.http.post(f"{world.account}/contacts/import", files=files, token=world.admin)
    runner = Jobs(app.store, app.blobs)
    whole = runner._kinds["contact_import"]
    runner._kinds["contact_import"] = broken
    assert runner.step()
    runner._kinds["contact_import"] = whole
    assert runner.step()
    first, second = show(world, job), show(world, f"{world.account}/jobs/2")
    assert (first["state"], first["error"]) == ("failed", "Something is wrong in inboxd: its log says what")
    assert second["state"] == "done"
    assert "job 1 failed" in caplog.text


def test_a_full_disk_leaves_the_job_to_be_tried_again(
    app: App, world: World, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr("inboxd.services.imports.load", full)
        with pytest.raises(StorageFull):
            Jobs(app.store, app.blobs).step()
    assert rows(app)[0].state == "running"
    Jobs(app.store, app.blobs).step()
    assert rows(app)[0].state == "done"


def test_a_disk_that_is_full_for_an_export_leaves_it_to_be_tried_again(
    app: App, world: World, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    Jobs(app.store, app.blobs).step()
    world.http.post(f"{world.account}/contacts/export", json={}, token=world.admin)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(StorageFull):
            Jobs(app.store, app.blobs).step()
    Jobs(app.store, app.blobs).step()
    assert show(world, f"{world.account}/jobs/2")["state"] == "done"


def test_heavy_rows_are_imported_a_few_at_once(app: App, world: World) -> None:
    content = b"email,about\n" + b"".join(b"p%d@x.test,%b\n" % (number, b"x" * 100_000) for number in range(5))
    world.http.post(f"{world.account}/contacts/import", files={"import_file": ("a.csv", content)}, token=world.admin)
    stopped_after(app, 1)
    assert contacts(app) == 2


def test_a_job_is_forgotten_with_its_file_a_month_after_its_end(app: App, world: World, clock: Clock) -> None:
    for _ in range(2):
        world.http.post(f"{world.account}/contacts/export", json={}, token=world.admin)
    Jobs(app.store, app.blobs).step()
    link = show(world, f"{world.account}/jobs/1")["file_url"].removeprefix("http://inboxd.test")
    keeper = Keeper(app.store, app.blobs.let_go, 30)
    keeper.step()
    assert world.http.get(link).status_code == 200
    clock.advance(ms=30 * DAY_MS + 1)
    keeper.step()
    assert world.http.get(link).status_code == 404
    assert [job.id for job in rows(app)] == [2], "which nobody began yet"
    assert [path for path in (app.config.directory / "attachments").glob("*/*") if path.is_file()] == []


def test_the_first_hundred_problems_are_kept_and_all_are_counted(app: App, world: World) -> None:
    files = {"import_file": ("people.csv", b"email\n" + b"nonsense\n" * 150)}
    world.http.post(f"{world.account}/contacts/import", files=files, token=world.admin)
    Jobs(app.store, app.blobs).step()
    shown = show(world, f"{world.account}/jobs/1")
    assert (shown["failed"], len(shown["problems"]), shown["done"]) == (150, 100, 0)
    assert shown["problems"][99] == {"line": 101, "error": "Email Invalid email"}


def test_a_commit_wakes_the_thread_and_a_stop_ends_it(live: tuple[str, str]) -> None:
    url, token = live
    headers = {"api_access_token": token}
    files = {"import_file": ("people.csv", CSV)}
    sent = requests.post(f"{url}/api/v1/accounts/1/contacts/import", files=files, headers=headers, timeout=10)
    assert sent.status_code == 200
    # A job waits for nobody: what is asked after it may still find it under way.
    wait_until(lambda: requests.get(f"{url}/api/v1/accounts/1/jobs/1", headers=headers, timeout=10).json())


def wait_until(ask: Callable[[], Any]) -> None:
    for _ in range(2_000):
        if ask()["state"] == "done":
            return
    raise AssertionError(ask())


def test_jobs_are_for_administrators_of_their_account(app: App, world: World, job: str) -> None:
    for path in (job, f"{world.account}/jobs"):
        assert world.http.get(path, token=world.ada).status_code == 401
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    assert world.http.get("/api/v1/accounts/2/jobs/1", token=world.admin).status_code == 404
    assert world.http.get("/api/v1/accounts/2/jobs", token=world.admin).json() == {"payload": []}
    listed = world.http.get(f"{world.account}/jobs", token=world.admin).json()["payload"]
    assert [one["id"] for one in listed] == [1]
    assert set(listed[0]) == {
        "id", "kind", "state", "total", "done", "failed", "problems", "error", "file_url", "created_at", "updated_at",
    }  # fmt: skip
    older = world.http.get(f"{world.account}/jobs?before=1", token=world.admin).json()["payload"]
    assert older == []
