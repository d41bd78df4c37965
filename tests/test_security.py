"""What an auditor looks at first: the deploy check, the headers, and whether a secret lies about in the repository."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.factories import Studio

ROOT = Path(__file__).resolve().parent.parent

# --- A deploy --------------------------------------------------------------------------------------------


def production(folder: Path, **more: str) -> dict[str, str]:
    """The variables that docs/running.md asks for."""
    legal = folder / "legal"
    legal.mkdir(exist_ok=True)
    for name in ("terms", "privacy"):
        (legal / f"{name}.html").write_text(f"<h1>{name}</h1>")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return kept | {
        "ENVIRONMENT": "production",
        "SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
        "SECRETS_KEYS": "k1:" + base64.b64encode(os.urandom(32)).decode(),
        "ALLOWED_HOSTS": "rooms.example",
        "DATABASE_URL": "postgresql://roomwright@db.example/roomwright",
        "MELTFLEX_API_KEY": "mf_sk_" + "live_" + os.urandom(12).hex(),
        "EMAIL_URL": "smtp+tls://mail.example:587",
        "PUBLIC_BASE_URL": "https://rooms.example",
        "BEHIND_TLS_PROXY": "1",
        "LEGAL_PAGES": str(legal),
        "DATA_DIR": str(folder),
        **more,
    }


def check(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_the_deploy_check_is_clean_with_what_the_documentation_asks_for(tmp_path: Path) -> None:
    done = check(production(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_the_deploy_check_still_bites(tmp_path: Path) -> None:
    done = check(production(tmp_path, DEBUG="1", FETCH_ALLOW_LOOPBACK="1", SECRET_KEY="x" * 60))
    assert done.returncode != 0
    for name in ("roomwright.E004", "roomwright.E005", "security.W009", "security.W018"):
        assert name in done.stderr


def test_every_variable_that_the_check_needs_is_named_in_the_documentation() -> None:
    text = (ROOT / "docs/running.md").read_text()
    for name in (
        "ENVIRONMENT",
        "SECRET_KEY",
        "SECRETS_KEYS",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "MELTFLEX_API_KEY",
        "EMAIL_URL",
    ):
        assert f"`{name}" in text, name
    assert "check --deploy" in text


# --- Headers ---------------------------------------------------------------------------------------------

PAGES = ["/", "/pricing", "/accounts/login/", "/nowhere", "/api/v1/credits", "/healthz", "/styles"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers_that_protect_it(path: str, db: None) -> None:
    answer = Client().get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Permissions-Policy"] == "camera=(self), geolocation=(), microphone=()"
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]


def test_cookies_are_closed_to_scripts_and_to_other_sites(studio: Studio, client: Client) -> None:
    client.post("/accounts/login/", {"login": studio.owner.email, "password": "secret"})
    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


# --- Secrets in the repository ---------------------------------------------------------------------------

# What it is, how it looks, and the letters without which no file has one: looking for those is far quicker.
KEYS = {
    "a Stripe key": ("k_live_", r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    "a webhook secret": ("whsec_", r"\bwhsec_[A-Za-z0-9+/]{24,}"),
    "a MeltFlex key": ("mf_sk_live_", r"\bmf_sk_live_[A-Za-z0-9]{20,}"),
    "an AWS key": ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": ("gh", r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    "a Slack token": ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{12,}"),
    "a Google key": ("AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a private key": ("PRIVATE KEY", r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----"),
    "a password in an address": (
        "://",
        r"\b(?:postgres(?:ql)?|smtp|https?)://[^\s:/@\"'`{}]+:[^\s@/\"'`{}]{6,}@(?!.*example)",
    ),
}
# What only looks like one. Each line says why.
KNOWN = {
    "tests/accounts/test_fetch.py": "a certificate for `localhost`, made for the test and trusted nowhere",
    "tests/config/test_logs.py": "texts that the log's filter has to know",
    "tests/test_security.py": "the patterns themselves",
    "accounts/logs.py": "the patterns themselves",
}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    return [ROOT / name for name in names if name] or [
        path for path in ROOT.glob("*/**/*.py") if ".venv" not in path.parts
    ]


def test_no_secret_lies_in_the_repository() -> None:
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name in KNOWN or not path.is_file() or path.stat().st_size > 1_000_000:
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [
            f"{name}: {what}"
            for what, (letters, pattern) in KEYS.items()
            if letters in text and _real(re.findall(pattern, text))
        ]
    assert found == []


def _real(matches: list[str]) -> bool:
    """Not all zeros, x's or the same few letters: nobody's secret looks so."""
    return any(len(set(match.rpartition("_")[2])) > 8 for match in matches)


def test_nothing_that_holds_secrets_is_tracked() -> None:
    for path in tracked():
        assert path.name not in (".env", "id_rsa", "credentials.json"), path
        assert path.suffix not in (".pem", ".p12", ".key", ".dump"), path
