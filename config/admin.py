"""The operators' admin site: the one place where a person works across workspaces."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from accounts import tenancy


class OperatorAdminSite(admin.AdminSite):
    """Django's admin, each view inside `tenancy.system`, rendered before the tenancy closes."""

    site_header = site_title = "Roomwright operators"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """By the site's own sign-in: the admin's form knows no second factor and would let a password alone pass."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def get_urls(self) -> list[Any]:
        """Django's, and two pages that belong to no model."""
        from config import operations  # here: this module is loaded before the models are

        looks = partial(operations.operations, site=self), partial(operations.workspace, site=self)
        ours = [
            path("operations", self.admin_view(looks[0]), name="operations"),
            path("workspaces/<str:public_id>", self.admin_view(looks[1]), name="workspace"),
        ]
        return [*ours, *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 — Django's
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def across_workspaces(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with tenancy.system("operator's admin"):
                response: HttpResponseBase = guarded(request, *args, **kwargs)
                if isinstance(response, HttpResponse) and hasattr(response, "render"):
                    response.render()  # a lazy template would query outside
                return response

        return across_workspaces
