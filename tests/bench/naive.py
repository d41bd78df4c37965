"""What a user would write first around the same upstream: one Django view, no ledger, no history, no queue.

A synchronous view that looks the key up, takes ten credits with `F()`, calls the upstream with `requests` and hands
its answer on. It is measured beside ours; nothing else uses it. Settings come from NAIVE_DATABASE and NAIVE_UPSTREAM.

    DJANGO_SETTINGS_MODULE= python -m granian --interface wsgi tests.bench.naive:application
"""

from __future__ import annotations

import json
import os
from typing import Any, ClassVar

import django
import requests
from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATA_UPLOAD_MAX_MEMORY_SIZE=20 * 2**20,
        SECRET_KEY="naive",
        DATABASES={"default": json.loads(os.environ["NAIVE_DATABASE"])},
    )
    django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.urls import path

PRICE = 10  # credits
UPSTREAM = os.environ["NAIVE_UPSTREAM"]


class Account(models.Model):
    """Who may call, and what is left."""

    key = models.CharField(max_length=80, unique=True)
    balance = models.IntegerField()

    objects: ClassVar[models.Manager[Account]] = models.Manager()

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return self.key


def generate(request: HttpRequest) -> JsonResponse:
    """`POST /api/v1/generate`."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    body: dict[str, Any] = json.loads(request.body)
    found = Account.objects.filter(key=key).first()
    if found is None:
        return JsonResponse({"error": "Invalid API key"}, status=401)
    if not Account.objects.filter(pk=found.pk, balance__gte=PRICE).update(balance=F("balance") - PRICE):
        return JsonResponse({"error": "Insufficient credits"}, status=402)
    answer = requests.post(
        f"{UPSTREAM}/api/v1/generate", json=body, headers={"Authorization": "Bearer mf_sk_up"}, timeout=120
    )
    if answer.status_code != 200:
        Account.objects.filter(pk=found.pk).update(balance=F("balance") + PRICE)
    return JsonResponse(answer.json(), status=answer.status_code)


def prepare(keys: list[str]) -> None:
    """Its table, and an account for each key."""
    with connection.schema_editor() as editor:
        editor.create_model(Account)
    Account.objects.bulk_create(Account(key=key, balance=1_000_000_000) for key in keys)


urlpatterns = [path("api/v1/generate", generate)]
application = get_wsgi_application()

if __name__ == "__main__":
    prepare(["naive"])
