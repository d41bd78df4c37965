"""What ids of the API name, for `?expand=`: all of a page by one query."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from accounts.tenancy import TenantAPIView
from generations.serializers import files_for
from projects import serializers as shapes
from projects.models import Client, Product, Project, Room

Found = dict[str, dict[str, Any]]


def _request(view: TenantAPIView) -> Request:
    request: Request = view.request
    return request


def clients(view: TenantAPIView, ids: list[str]) -> Found:
    """Clients by their ids."""
    context = files_for(_request(view))
    rows = Client.objects.of(view.organization).filter(public_id__in=ids)
    return {row.public_id: shapes.ClientData(row, context=context).data for row in rows}


def projects(view: TenantAPIView, ids: list[str]) -> Found:
    """Projects by their ids."""
    rows = Project.objects.of(view.organization).filter(public_id__in=ids)
    return {row.public_id: shapes.ProjectData(row).data for row in rows.select_related("client", "cover")}


def rooms(view: TenantAPIView, ids: list[str]) -> Found:
    """Rooms by their ids."""
    rows = Room.objects.of(view.organization).filter(public_id__in=ids)
    return {row.public_id: shapes.RoomData(row).data for row in rows.select_related("project")}


def products(view: TenantAPIView, ids: list[str]) -> Found:
    """Pieces of the library by their ids."""
    context = files_for(_request(view))
    rows = Product.objects.of(view.organization).kept().filter(public_id__in=ids)
    return {
        row.public_id: shapes.ProductData(row, context=context).data for row in rows.select_related("photo")
    }
