"""The REST API of clients: what is known of them, their logo, archive and end, and what may be spent for them."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.managing import WorkingView, merged
from accounts.serializers import listed
from accounts.tenancy import enter
from billing import budgets
from billing.budget_api import BudgetView
from billing.serializers import BudgetData, BudgetInput
from generations.serializers import files_for
from projects import clients, services
from projects import serializers as shapes
from projects.models import Client

_FACTS = ("name", "email", "phone", "address", "notes", "brand_name", "accent")


class _Clients(WorkingView):
    def find(self, client_id: str) -> Client:
        rows = Client.objects.of(self.organization).select_related("organization")
        found: Client = get_object_or_404(rows, public_id=client_id)
        return found

    def data(self, client: Client) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = shapes.ClientData(client, context=files_for(self.request)).data
        return shown


class ClientCollection(_Clients):
    """Clients of the workspace."""

    @extend_schema(
        summary="List clients",
        parameters=[
            OpenApiParameter("q", str, description="Words of the name, the address or the contact."),
            OpenApiParameter("archived", bool, description="Only archived ones, or only others."),
        ],
        responses={200: listed(shapes.ClientData)},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Client.objects.of(self.organization).found_by(self.words("q"))
        if (archived := self.flag("archived")) is not None:
            rows = rows.filter(archived_at__isnull=not archived)
        return self.page(rows, self.data)

    @extend_schema(summary="Create a client", request=shapes.ClientInput, responses={201: shapes.ClientData})
    def post(self, request: Request) -> Response:
        """A new client."""
        made = services.create_client(organization=self.organization, **self.checked(shapes.ClientInput))
        return self.created(self.data(self.find(made.public_id)), "api-client", made.public_id)


class ClientDetail(_Clients):
    """One client."""

    @extend_schema(summary="Read a client", responses={200: shapes.ClientData})
    def get(self, request: Request, client_id: str) -> Response:
        """As it stands."""
        return Response(self.data(self.find(client_id)))

    @extend_schema(summary="Change a client", request=shapes.ClientChange, responses={200: shapes.ClientData})
    def patch(self, request: Request, client_id: str) -> Response:
        """What is named changes. 400 for a colour that can't be read on white, with one that can."""
        client, asked = self.find(client_id), self.checked(shapes.ClientChange)
        facts = clients.Facts(**merged(client, asked, _FACTS))
        clients.change_client(client=client, facts=facts, by_user=self.person, now=timezone.now())
        return Response(self.data(self.find(client_id)))

    @extend_schema(summary="Delete a client", responses={204: None})
    def delete(self, request: Request, client_id: str) -> Response:
        """For good, with their logo. 409 while a project is theirs, an archived one too."""
        clients.delete_client(client=self.find(client_id), by_user=self.person, now=timezone.now())
        return Response(status=204)


class ClientArchive(_Clients):
    """Out of lists and choices."""

    archived = True

    @extend_schema(summary="Archive a client", request=None, responses={200: shapes.ClientData})
    def post(self, request: Request, client_id: str) -> Response:
        """Projects and pictures stay as they are."""
        clients.archive_client(
            client=self.find(client_id), archived=self.archived, by_user=self.person, now=timezone.now()
        )
        return Response(self.data(self.find(client_id)))


class ClientRestore(ClientArchive):
    """Back into lists and choices."""

    archived = False

    @extend_schema(
        summary="Take a client out of the archive", request=None, responses={200: shapes.ClientData}
    )
    def post(self, request: Request, client_id: str) -> Response:
        """As it was."""
        return super().post(request, client_id)


class ClientLogo(_Clients):
    """A picture of theirs, for what they see."""

    in_transaction = False  # it is decoded before its row is written
    parser_classes = (MultiPartParser,)

    @extend_schema(
        summary="Set a client's logo", request=shapes.LogoInput, responses={200: shapes.ClientData}
    )
    def put(self, request: Request, client_id: str) -> Response:
        """Cleaned and made small; a PNG keeps what shines through."""
        with enter(self.organization):
            client = self.find(client_id)
        clients.set_logo(client=client, content=self.checked(shapes.LogoInput)["file"].read())
        with enter(self.organization):
            return Response(self.data(self.find(client_id)))

    @extend_schema(summary="Remove a client's logo", responses={204: None})
    def delete(self, request: Request, client_id: str) -> Response:
        """Also when there is none."""
        with enter(self.organization):
            client = self.find(client_id)
        clients.remove_logo(client=client)
        return Response(status=204)


class ClientBudget(BudgetView):
    """What may be spent for a client; everybody may read it."""

    def key_of(self, client_id: str) -> str:
        """404 for a client that is none of the workspace's."""
        client = get_object_or_404(Client.objects.of(self.organization), public_id=client_id)
        return budgets.client_key(client.public_id)

    @extend_schema(summary="Read a client's budget", responses={200: BudgetData})
    def get(self, request: Request, client_id: str) -> Response:
        """404 where there is none."""
        return self.read(self.key_of(client_id))

    @extend_schema(summary="Set a client's budget", request=BudgetInput, responses={200: BudgetData})
    def put(self, request: Request, client_id: str) -> Response:
        """One of the other kind is counted afresh; else what is used stays."""
        return self.set(self.key_of(client_id))

    @extend_schema(summary="Remove a client's budget", responses={204: None})
    def delete(self, request: Request, client_id: str) -> Response:
        """Also when there is none."""
        return self.remove(self.key_of(client_id))
