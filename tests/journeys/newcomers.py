"""People who have signed up already, made a dozen at once: a form costs seconds, and few journeys are about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from config.local.postgres import REPOSITORY

PASSWORD = "curtains and a kettle"
AT_ONCE = {"free": 20, "growth": 8, "scale": 2}
_SCRIPT = """
import json
from allauth.account.models import EmailAddress
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from accounts import services
from accounts.models import User
from billing import plans

made, password, now = [], make_password({password!r}), timezone.now()
for number in range({first}, {first} + {count}):
    person = User(email="newcomer%d@journeys.example" % number, password=password)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    services.confirm_person(user=person, now=now)
    if {plan!r} != "free":
        plans.apply_plan(organization=services.home_of(user=person, now=now), plan={plan!r})
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    made.append([person.email, session.session_key])
print(json.dumps(made))
"""


@dataclass
class Newcomers:
    """Of one stack; each is taken once."""

    data_dir: Path
    _number: int = 0
    _waiting: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def take(self, plan: str) -> tuple[str, str]:
        """Somebody whose workspace is on this plan: the address, and the value of a session's cookie."""
        waiting = self._waiting.setdefault(plan, [])
        if not waiting:
            waiting += self._make(plan)
        return waiting.pop()

    def _make(self, plan: str) -> list[tuple[str, str]]:
        script = _SCRIPT.format(password=PASSWORD, first=self._number, count=AT_ONCE[plan], plan=plan)
        self._number += AT_ONCE[plan]
        return [(email, session) for email, session in json.loads(run_in(self.data_dir, script))]


def run_in(data_dir: Path, script: str) -> str:
    """What a script prints last that Django runs beside the stack of this folder."""
    settings = {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | settings, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return (done.stdout.splitlines() or [""])[-1]
