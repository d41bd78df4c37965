"""`manage.py provision_workspace`: one JSON line, once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Organization, User
from billing import ledger
from tests.factories import ApiClient

pytestmark = pytest.mark.django_db


def provision(*more: str, name: str = "Harbour", plan: str = "growth") -> dict[str, Any]:
    out = io.StringIO()
    arguments = ["--name", name, "--owner", "ops@example.com", "--plan", plan, "--credits", "500", *more]
    call_command("provision_workspace", *arguments, stdout=out)
    (line,) = out.getvalue().splitlines()
    answer: dict[str, Any] = json.loads(line)
    return answer


def test_it_prints_one_line_with_a_live_key_that_works() -> None:
    made = provision("--api-key")
    assert set(made) == {"organization", "owner", "balance", "api_key"}
    assert (made["owner"], made["balance"]) == ("ops@example.com", 500)
    assert made["api_key"].startswith("mf_sk_live_")
    answer = ApiClient(made["api_key"]).get("credits").json()
    assert (answer["balance"], answer["totalEarned"], answer["email"]) == (500, 500, "ops@example.com")
    assert ledger.drift() == []


def test_again_with_the_same_name_it_changes_nothing_and_prints_no_key() -> None:
    made = provision("--api-key")
    again = provision("--api-key")
    assert again == {name: made[name] for name in ("organization", "owner", "balance")}
    assert (Organization.objects.count(), User.objects.count()) == (1, 1)


def test_a_second_workspace_of_the_same_owner_is_another_one() -> None:
    assert provision()["organization"] != provision(name="Quay")["organization"]
    assert User.objects.count() == 1


def test_a_key_without_api_access_is_refused_with_the_reason() -> None:
    with pytest.raises(CommandError, match="growth"):
        provision("--api-key", plan="starter")
    assert Organization.objects.count() == 0


def test_the_ledger_check_names_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("check_ledger", stdout=io.StringIO())
    monkeypatch.setattr(ledger, "drift", lambda: ["account 7, line 3: line does not continue"])
    with pytest.raises(CommandError, match="account 7, line 3"):
        call_command("check_ledger")
