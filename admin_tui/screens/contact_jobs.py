"""Contacts from and to CSV files: jobs of the server that are watched until they end."""

import time
from pathlib import Path
from typing import Any

from admin_tui.modals.form import Field
from admin_tui.modals.text_view import TextView
from admin_tui.screens.asking import ask_form, ask_to_save
from admin_tui.screens.base import BaseScreen
from admin_tui.state import files

_LOOK_S = 1.0
_OVER = ("done", "failed", "cancelled")


class ContactJobs(BaseScreen):
    """`job_line` says how far the job is that is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.job_line = ""
        self._job_id: int | None = None
        self._job_at = 0.0

    def job_changed(self) -> None:
        raise NotImplementedError

    def action_contact_import(self) -> None:
        ask_form(
            self,
            "Import contacts",
            [Field("path", "CSV file", kind="path", hint="columns as name, email, phone_number, identifier",
                   required=True, check=files.missing)],
            lambda client, values: client.import_contacts(Path(values["path"]).expanduser()),
            self._begun,
            button="Import",
        )  # fmt: skip

    def action_contact_export(self) -> None:
        labels = [(one["title"], one["title"]) for one in self.tui.directory.labels]
        ask_form(
            self,
            "Export contacts",
            [Field("label", "Only with label", None, "choice", "or everybody", choices=labels)],
            lambda client, values: client.export_contacts(label=values["label"]),
            self._begun,
            button="Export",
        )

    def _begun(self, job: Any) -> None:
        if job is None:
            self.tui.say("begun; its job is not to be seen", bad=True)
            return
        self._job_id, self._job_at = job["id"], 0.0

    def follow_job(self) -> None:
        """Look at the job once a second, while there is one."""
        now = time.monotonic()
        if self._job_id is None or now < self._job_at:
            return
        number, self._job_at = self._job_id, now + _LOOK_S
        self.fetch(lambda client: client.job(number), self._far, what="job")

    def _far(self, job: Any) -> None:
        if job["id"] != self._job_id:
            return
        word = "import" if job["kind"] == "contact_import" else "export"
        if job["state"] not in _OVER:
            self.job_line = f"  {word} {job['done']} of {job['total'] or '?'}"
            self.job_changed()
            return
        self._job_id, self.job_line = None, ""
        self.job_changed()
        problems = [f"line {one['line']}: {one['error']}" for one in job["problems"]]
        about = f"{word} {job['state']}: {job['done']} done, {job['failed']} failed"
        self.tui.say(about, bad=job["state"] == "failed")
        if job["file_url"] and word == "export":
            ask_to_save(self, job["file_url"])
        elif problems or job["error"]:
            self.app.push_screen(TextView("Import", "\n".join([about, *filter(None, [job["error"]]), *problems])))
        if word == "import":
            self.wanted()
