"""Secrets at rest: bound to their workspace and purpose, opened by any key of the ring, sealed by the first."""

from __future__ import annotations

import base64
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from accounts import secrets
from accounts.models import Organization

OLD = f"old:{base64.b64encode(b'o' * 32).decode()}"
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"
HERE = Organization(public_id="ws_here", name="Here")
ELSEWHERE = Organization(public_id="ws_elsewhere", name="Elsewhere")
TEXT = "mf_sk_live_very_secret"


def seal(text: str = TEXT) -> bytes:
    return secrets.seal(text, organization=HERE, purpose="upstream_key")


def opened(sealed: bytes | memoryview) -> str:
    return secrets.open(sealed, organization=HERE, purpose="upstream_key")


def rotate(*arguments: str) -> str:
    said = StringIO()
    call_command("rotate_secrets", *arguments, stdout=said)
    return said.getvalue().strip()


@pytest.mark.parametrize("text", ["", TEXT, "Schlüssel, 鍵 🔑"])
def test_what_is_sealed_opens_again_and_shows_nothing(text: str) -> None:
    sealed = seal(text)
    assert opened(sealed) == opened(memoryview(sealed)) == text
    assert not text or text.encode() not in sealed


def test_the_same_text_sealed_twice_looks_different() -> None:
    assert seal() != seal()


def test_another_workspace_or_purpose_can_not_open_it_and_the_error_does_not_tell_it() -> None:
    sealed = seal()
    for organization, purpose in ((ELSEWHERE, "upstream_key"), (HERE, "webhook")):
        with pytest.raises(secrets.CannotOpen) as error:
            secrets.open(sealed, organization=organization, purpose=purpose)
        assert TEXT not in str(error.value)


def test_not_one_byte_of_it_can_be_changed() -> None:
    sealed = seal()
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(secrets.CannotOpen):
            opened(bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 2, 10, 25])
def test_a_piece_of_it_opens_to_nothing(length: int) -> None:
    with pytest.raises(secrets.CannotOpen):
        opened(seal()[:length])


def test_the_first_key_seals_and_all_open(settings: LazySettings) -> None:
    settings.SECRETS_KEYS = OLD
    before = seal()
    settings.SECRETS_KEYS = f"{NEW}, {OLD}"
    assert secrets.needs_resealing(before)
    after = secrets.reseal(before, organization=HERE, purpose="upstream_key")
    assert not secrets.needs_resealing(after)
    assert not secrets.needs_resealing(seal())
    settings.SECRETS_KEYS = NEW
    assert opened(after) == TEXT
    with pytest.raises(secrets.CannotOpen, match=r"'old'.*not in SECRETS_KEYS"):
        opened(before)


def test_a_clone_without_a_ring_has_one_of_its_secret_key(settings: LazySettings) -> None:
    sealed = seal()
    settings.SECRET_KEY = "another"
    with pytest.raises(secrets.CannotOpen):
        opened(sealed)


@pytest.mark.parametrize(
    "ring",
    ["nonsense", f"{OLD},{OLD}", "short:AAAA", f"a b:{OLD[4:]}", f":{OLD[4:]}", f"{OLD},", "bad:***", "é:ü"],
)
def test_a_malformed_ring_stops_the_deploy_without_repeating_it(settings: LazySettings, ring: str) -> None:
    settings.SECRETS_KEYS = ring
    found = [message for message in run_checks() if message.id == "roomwright.E008"]
    assert len(found) == 1
    assert ring not in str(found[0])
    assert OLD[4:] not in str(found[0])
    with pytest.raises(CommandError, match="SECRETS_KEYS"):
        rotate()


def test_production_needs_a_ring_and_a_fresh_entry_is_printed_for_it(settings: LazySettings) -> None:
    settings.IN_PRODUCTION = True
    assert "roomwright.E008" in {message.id for message in run_checks()}
    with pytest.raises(secrets.BadRing):
        seal()
    settings.SECRETS_KEYS = f"{rotate('--new-key')},{rotate('--new-key')}"
    assert "roomwright.E008" not in {message.id for message in run_checks()}
    assert opened(seal()) == TEXT


def test_a_server_does_not_start_without_a_ring(settings: LazySettings) -> None:
    from config.checks import refuse_a_bad_deploy

    settings.IN_PRODUCTION = True
    with pytest.raises(SystemExit, match="key ring"):
        refuse_a_bad_deploy()
