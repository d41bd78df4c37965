"""Verbs about clients: what is known of them, their brand, archive and end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import ProtectedError

from accounts import services as accounts
from accounts import tenancy
from accounts.errors import Refusal
from accounts.models import User
from projects import brand, logos, storage
from projects.models import Client


class ClientNotEmpty(Refusal):
    """This client has projects. Move them to another client or delete them first, or archive the client."""

    code, title, status = "client_not_empty", "Client has projects", 409


@dataclass(frozen=True)
class Facts:
    """What is known of a client; `accent` is a colour like #24584a or ""."""

    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    notes: str = ""
    brand_name: str = ""
    accent: str = ""

    def as_columns(self) -> dict[str, str]:
        """Checked; raises brand.NotAColour, brand.ColourTooPale."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return columns | {"accent": brand.checked(self.accent)}


def change_client(*, client: Client, facts: Facts, by_user: User, now: datetime) -> None:
    """New facts about a client. Raises brand.NotAColour, brand.ColourTooPale."""
    _change(client, facts.as_columns(), "client.changed", by_user, now)


def archive_client(*, client: Client, archived: bool, by_user: User, now: datetime) -> None:
    """Out of lists and choices, or back into them; projects and pictures stay as they are."""
    action = "client.archived" if archived else "client.restored"
    _change(client, {"archived_at": now if archived else None}, action, by_user, now)


def _change(client: Client, columns: dict[str, Any], action: str, by_user: User, now: datetime) -> None:
    organization = client.organization
    with tenancy.enter(organization):
        if Client.objects.of(organization).filter(pk=client.pk).update(**columns):
            accounts.record(
                organization=organization, by_user=by_user, action=action, target=client.public_id, now=now
            )


def set_logo(*, client: Client, content: bytes) -> None:
    """A picture of theirs, cleaned and made small; a PNG keeps what shines through. Holds no transaction.

    Raises a Refusal that says what is wrong with it.
    """
    folder = f"{client.organization.public_id}/clients/{client.public_id}"
    logos.keep(folder=folder, content=content, put=partial(_put_logo, client))


def remove_logo(*, client: Client) -> None:
    """None any more."""
    _put_logo(client, "")


def _put_logo(client: Client, name: str) -> None:
    organization = client.organization
    with tenancy.enter(organization):
        locked: Client = Client.objects.of(organization).select_for_update(no_key=True).get(pk=client.pk)
        storage.claim([name] if name else [])
        storage.doom([locked.logo])
        locked.logo = name
        locked.save(update_fields=["logo"])


def delete_client(*, client: Client, by_user: User, now: datetime) -> None:
    """For good, with their logo. Raises ClientNotEmpty while a project is theirs, an archived one too."""
    organization = client.organization
    try:
        with tenancy.enter(organization):
            for found in Client.objects.of(organization).select_for_update().filter(pk=client.pk):
                storage.doom([found.logo])
                found.delete()
                accounts.record(
                    organization=organization,
                    by_user=by_user,
                    action="client.deleted",
                    target=client.public_id,
                    now=now,
                    name=found.name,
                )
    except ProtectedError as error:
        raise ClientNotEmpty from error
