"""Contacts in and out as CSV files: what is asked for, and what the job makes of it."""

import csv
import io
from typing import Any

import pytest

from inboxd.app import App
from inboxd.store.models import Contact, Orphan
from inboxd.upkeep.jobs import Jobs
from tests.cast import World


def upload(world: World, content: str | bytes, token: str | None = None) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return world.http.post(
        f"{world.account}/contacts/import",
        files={"import_file": ("people.csv", raw, "text/csv")},
        token=token or world.admin,
    )


def get(world: World, path: str) -> Any:
    return world.http.get(world.account + path, token=world.admin).json()


def latest(world: World) -> Any:
    return get(world, "/jobs")["payload"][0]


def imported(world: World, app: App, content: str | bytes) -> Any:
    answer = upload(world, content)
    assert (answer.status_code, answer.content) == (200, b"")
    assert Jobs(app.store, app.blobs).step()
    return latest(world)


def exported(world: World, app: App, **values: Any) -> tuple[Any, str]:
    answer = world.http.post(f"{world.account}/contacts/export", json=values, token=world.admin)
    assert (answer.status_code, answer.content) == (200, b"")
    Jobs(app.store, app.blobs).step()
    job = latest(world)
    file = world.http.get(job["file_url"].removeprefix("http://inboxd.test"))
    assert file.headers["Content-Disposition"].startswith("attachment")
    return job, file.content.decode()


def find(world: World, text: str) -> Any:
    [found] = get(world, f"/contacts/search?q={text}")["payload"]
    return found


def test_rows_become_contacts_and_other_columns_their_custom_attributes(world: World, app: App) -> None:
    world.http.post(f"{world.account}/labels", json={"title": "vip"}, token=world.admin)
    job = imported(
        world,
        app,
        b"\xef\xbb\xbfName,EMAIL,phone_number,identifier,labels,Company\r\n"
        b'"Ann\r\nof the hill",Ann@Example.test,+4917012345,u-1,vip,"Acme, Inc"\r\n'
        b"Ben,ben@example.test,,,,=1+1\r\n",
    )
    assert {key: job[key] for key in ("kind", "state", "total", "done", "failed", "problems", "error")} == {
        "kind": "contact_import", "state": "done", "total": 2, "done": 2, "failed": 0, "problems": [], "error": None,
    }  # fmt: skip
    assert job["file_url"] is None
    ann = find(world, "ann@example.test")
    assert (ann["name"], ann["phone_number"], ann["identifier"]) == ("Ann\r\nof the hill", "+4917012345", "u-1")
    assert ann["custom_attributes"] == {"Company": "Acme, Inc"}
    assert get(world, f"/contacts/{ann['id']}/labels") == {"payload": ["vip"]}
    assert [one["email"] for one in get(world, "/contacts?labels[]=vip")["payload"]] == ["ann@example.test"]
    assert find(world, "ben@example.test")["custom_attributes"] == {"Company": "=1+1"}


def test_known_contacts_are_updated_by_identifier_then_email_then_phone(world: World, app: App) -> None:
    imported(world, app, "identifier,email,phone_number,name\nu-1,a@x.test,+4911,One\n")
    job = imported(
        world,
        app,
        "identifier,email,phone_number,name,plan\n"
        "u-1,b@x.test,,By identifier,\n,B@x.test,,,gold\n,,+4911,By phone,\n,CARL@example.test,,,\n",
    )
    assert (job["done"], job["failed"]) == (4, 0)
    shown = find(world, "b@x.test")
    assert (shown["name"], shown["phone_number"]) == ("By phone", "+4911")
    assert shown["custom_attributes"] == {"plan": "gold"}
    assert find(world, "carl@example.test")["name"] == "Carl"


def test_every_bad_row_has_its_line_and_why_and_nothing_of_it_is_stored(world: World, app: App) -> None:
    imported(world, app, "email,phone_number,identifier\ntaken@x.test,,\n,+4999,\n,,u-9\n")
    with app.store.read() as tx:
        before = len(tx.filter(Contact))
    job = imported(
        world,
        app,
        'name,email,phone_number,labels,note\n"two\nlines",two@x.test,,,\nA,nonsense,,,\nB,,123,,\nC,c@x.test,,nope,\n'
        "\n,,,,only a note\nD,d@x.test,,,,,\nE,taken@x.test,+4999,,\nF,f@x.test,,,\x00\nG,g@x.test,,,\n",
    )
    assert [(one["line"], one["error"]) for one in job["problems"]] == [
        (4, "Email Invalid email"),
        (5, "Phone number should be in e164 format"),
        (6, "There is no label 'nope'"),
        (8, "The row has none of name, email, phone_number, identifier"),
        (9, "The row has 7 cells and the first line 5"),
        (10, "Phone number has already been taken"),
        (11, "note holds a NUL character"),
    ]
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 9, 2, 7)
    with app.store.read() as tx:
        assert len(tx.filter(Contact)) == before + 2


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "The first line must name columns, one of name, email, phone_number, identifier among them"),
        ("a,b\n1,2\n", "The first line must name columns, one of name, email, phone_number, identifier among them"),
        ("email,email\n", "Every column needs a name of its own"),
        ("email,\n", "Every column needs a name of its own"),
        ("email\nJürgen\n".encode("latin-1"), "The file is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_fails_as_a_whole(world: World, app: App, content: str | bytes, error: str) -> None:
    job = imported(world, app, content)
    assert (job["state"], job["error"], job["done"]) == ("failed", error, 0)


def test_semicolons_are_understood(world: World, app: App) -> None:
    assert imported(world, app, "name;email\nAnn;ann@x.test\n")["done"] == 1
    assert find(world, "ann@x.test")["name"] == "Ann"


def test_quotes_that_never_end_are_one_bad_row(world: World, app: App) -> None:
    job = imported(world, app, 'name,email\nAnn,ann@x.test\n"Ben,ben@x.test\nCy,cy@x.test\n')
    assert (job["done"], job["failed"]) == (1, 1)
    assert job["problems"][0]["line"] == 3


def test_the_file_goes_when_the_job_is_over(world: World, app: App) -> None:
    imported(world, app, "email\na@x.test\n")
    with app.store.read() as tx:
        assert len(tx.filter(Orphan)) == 1


def test_without_a_file_it_says_so(world: World) -> None:
    answer = world.http.post(f"{world.account}/contacts/import", json={}, token=world.admin)
    assert (answer.status_code, answer.json()) == (422, {"error": "File is blank"})
    assert world.http.post(f"{world.account}/contacts/import", data={"import_file": "x"}, token=world.admin).ok is False
    assert upload(world, "email\n", token=world.ada).status_code == 401


def test_an_export_has_the_default_columns_and_defuses_formulas(world: World, app: App) -> None:
    imported(
        world,
        app,
        'name,email,phone_number\n"=HYPERLINK(""x"")",a@x.test,+49170\n@cmd,b@x.test,\n-1,c@x.test,\n+1+1,d@x.test,\n',
    )
    job, text = exported(world, app)
    assert (job["kind"], job["state"], job["total"], job["done"]) == ("contact_export", "done", 5, 5)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["id", "name", "email", "phone_number", "labels"]
    assert rows[1] == [str(world.carl["id"]), "Carl", "carl@example.test", "", ""]
    assert [(row[1], row[3]) for row in rows[2:]] == [
        ("'=HYPERLINK(\"x\")", "+49170"), ("'@cmd", ""), ("'-1", ""), ("'+1+1", ""),
    ]  # fmt: skip


def test_an_export_takes_columns_and_a_label(world: World, app: App) -> None:
    imported(world, app, "name,email,plan\nAnn,ann@x.test,gold\nBen,ben@x.test,\n")
    ann = find(world, "ann@x.test")["id"]
    world.http.post(f"{world.account}/contacts/{ann}/labels", json={"labels": ["a", "b"]}, token=world.admin)
    columns = ["name", "plan", "labels", "blocked", "created_at", "nothing"]
    job, text = exported(world, app, column_names=columns, label="a")
    assert text == ('name,plan,labels,blocked,created_at,nothing\r\nAnn,gold,"a,b",false,2026-06-10T11:14:56.789Z,\r\n')
    assert job["total"] == 1


def test_what_was_exported_can_be_imported_again(world: World, app: App) -> None:
    imported(world, app, "name,email\nAnn,ann@x.test\n")
    _, text = exported(world, app)
    job = imported(world, app, text)
    assert (job["done"], job["failed"]) == (2, 0)
    assert find(world, "ann@x.test")["custom_attributes"] == {}


def asks(key: str, value: str, operator: str = "equal_to", joiner: str | None = None) -> dict[str, Any]:
    return {"attribute_key": key, "filter_operator": operator, "values": [value], "query_operator": joiner}


def test_an_export_takes_the_conditions_of_a_filter(world: World, app: App) -> None:
    imported(world, app, "name,email,phone_number\nAnn,ann@x.test,+4911\nBen,ben@x.test,\nCy,cy@y.test,\n")
    either = [asks("email", "@x.test", "contains", "OR"), asks("name", "cy")]
    job, text = exported(world, app, payload=either, column_names=["name"])
    assert (text, job["total"], job["done"]) == ("name\r\nAnn\r\nBen\r\nCy\r\n", 3, 3)
    world.http.post(f"{world.account}/labels", json={"title": "vip"}, token=world.admin)
    ben = find(world, "ben@x.test")["id"]
    world.http.post(f"{world.account}/contacts/{ben}/labels", json={"labels": ["vip"]}, token=world.admin)
    assert exported(world, app, payload=either, label="vip", column_names=["name"])[1] == "name\r\nBen\r\n"


def test_an_export_whose_conditions_mean_nothing_is_refused(world: World) -> None:
    path = f"{world.account}/contacts/export"
    answer = world.http.post(path, json={"payload": [{}]}, token=world.admin)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Invalid attribute key - []")
    assert get(world, "/jobs")["payload"] == []
    assert world.http.post(path, json={}, token=world.ada).status_code == 401


def test_an_export_whose_attribute_was_removed_meanwhile_fails_in_words(world: World, app: App) -> None:
    plan = {"attribute_display_name": "Plan", "attribute_key": "plan", "attribute_model": 1}
    made = world.http.post(f"{world.account}/custom_attribute_definitions", json=plan, token=world.admin).json()
    body = {"payload": [asks("plan", "gold")]}
    assert world.http.post(f"{world.account}/contacts/export", json=body, token=world.admin).ok
    world.http.delete(f"{world.account}/custom_attribute_definitions/{made['id']}", token=world.admin)
    Jobs(app.store, app.blobs).step()
    job = latest(world)
    assert (job["state"], job["file_url"]) == ("failed", None)
    assert job["error"].startswith("Invalid attribute key - [plan]")


def test_contacts_of_other_accounts_are_in_no_export(world: World, app: App) -> None:
    world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin)
    world.http.post("/api/v1/accounts/2/contacts", json={"email": "eve@x.test"}, token=world.admin)
    _, text = exported(world, app)
    assert "eve" not in text
