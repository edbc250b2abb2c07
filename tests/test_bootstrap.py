import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inboxd import bootstrap, installation

ROOT = Path(__file__).parent.parent
BASE_PYTHON = str(getattr(sys, "_base_executable", sys.executable))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    target = tmp_path / "checkout"
    target.mkdir()
    for name in ("inboxd.py", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, target)
    shutil.copytree(ROOT / "inboxd", target / "inboxd", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def start(checkout: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    # -S: no site-packages, so this Python has none of the dependencies wherever the tests run.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("INBOXD_", "PYTHON", "VIRTUAL"))}
    return subprocess.run(
        [BASE_PYTHON, "-S", "inboxd.py", *arguments],
        cwd=checkout, env=clean | environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_what_setup_cfg_asks_for_is_here() -> None:
    wanted = bootstrap.requirements(ROOT / "setup.cfg")
    names = [re.split("[=>]", one)[0] for one in wanted]
    assert names == ["bottle", "waitress", "peewee", "requests", "multipart", "textual"]
    assert bootstrap.unmet(wanted) == []


def test_a_missing_an_old_and_a_too_new_package_are_unmet() -> None:
    unmet = ["no-such-package>=1", "bottle>=99", "bottle<0.1", "bottle==0.1"]
    assert bootstrap.unmet([*unmet, "bottle>=0.13,<1"]) == unmet


def test_without_leave_to_install_it_says_what_is_missing(checkout: Path) -> None:
    done = start(checkout, "demo", INBOXD_NO_BOOTSTRAP="1")
    assert done.returncode == 2
    assert "missing: bottle" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()


@pytest.mark.e2e
def test_a_checkout_installs_what_it_needs_once_and_walks_the_demo(checkout: Path) -> None:
    # pip compiles nothing: it takes "no" for an answer to a question that is a "no" itself.
    first = start(checkout, "demo", PIP_NO_COMPILE="0")
    assert first.returncode == 0, first.stderr
    assert "making" in first.stderr
    assert "All of it worked" in first.stdout
    again = start(checkout, "--version")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_broken_first_start_leaves_nothing_that_the_next_one_would_trust(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half_made(home: Path, **_: object) -> None:
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "python").touch()
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr("inboxd.installation.venv.create", half_made)
    assert installation.continue_in(checkout / ".venv", checkout) == 2
    assert "apt install python3-venv" in capsys.readouterr().err
    assert not (checkout / ".venv").exists()


def test_pip_may_say_more_than_a_pipe_holds_and_its_last_lines_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talkative = tmp_path / "python"
    # The alarm makes a failure of what would otherwise hang.
    talkative.write_text(
        f"#!{sys.executable}\nimport signal\nsignal.alarm(10)\n"
        "print('chatter\\n' * 40_000)\nraise SystemExit('the reason')\n"
    )
    talkative.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(talkative))
    assert not installation.install(tmp_path, ["no-such-package>=1"])
    said = capsys.readouterr().err
    assert "the reason" in said
    assert len(said.splitlines()) < 20


@pytest.mark.parametrize("module", ["bootstrap", "cli"])
def test_a_ctrl_c_while_a_module_is_imported_is_silent(checkout: Path, module: str) -> None:
    (checkout / "inboxd" / f"{module}.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    done = subprocess.run(
        [sys.executable, "inboxd.py", "config"], cwd=checkout, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
