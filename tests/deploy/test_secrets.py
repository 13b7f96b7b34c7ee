"""``deploy/make-secrets``: what is missing is made, and what is there stays."""

import shutil
import subprocess
from pathlib import Path

from ..cluster import ROOT

NAMES = {"owner_password", "owner_url", "app_password", "app_url", "admin_token"}


def made(folder: Path) -> dict[str, str]:
    subprocess.run([folder / "make-secrets"], check=True)
    return {file.name: file.read_text().strip() for file in (folder / "secrets").iterdir()}


def test_what_is_there_stays_and_what_is_missing_is_made(tmp_path: Path) -> None:
    shutil.copy(ROOT / "deploy" / "make-secrets", tmp_path)
    first = made(tmp_path)
    assert first.keys() == NAMES
    assert all(len(first[name]) >= 24 for name in NAMES)
    assert first["app_url"] == f"postgresql://barycenter_jobs_app:{first['app_password']}@database/barycenter"
    assert first["owner_url"] == f"postgresql://barycenter:{first['owner_password']}@database/barycenter"
    assert made(tmp_path) == first

    for name in ("app_password", "app_url"):
        (tmp_path / "secrets" / name).unlink()
    (tmp_path / "secrets" / "admin_token").write_text("")  # of one that was killed
    second = made(tmp_path)
    assert {name for name in NAMES if second[name] != first[name]} == {"app_password", "app_url", "admin_token"}
    assert second["app_password"] in second["app_url"]
    assert second["admin_token"]


def test_nobody_else_gets_as_far_as_the_files(tmp_path: Path) -> None:
    shutil.copy(ROOT / "deploy" / "make-secrets", tmp_path)
    made(tmp_path)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
