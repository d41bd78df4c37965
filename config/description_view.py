"""The description of the API, for programs: OpenAPI 3.1 as YAML, or as JSON with `?format=json`."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


@cache
def _description() -> dict[str, Any]:
    """Built once in a process: it takes seconds, and anybody may ask for it."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    found: dict[str, Any] = generator.get_schema(request=None, public=True)
    return found


class Description(SpectacularAPIView):
    """What this API can do; the same for everybody."""

    def _get_schema_response(self, request: Request) -> Response:
        filename = self._get_filename(request, spectacular_settings.VERSION)  # type: ignore[no-untyped-call]
        headers = {"Content-Disposition": f'inline; filename="{filename}"'}
        return Response(data=_description(), headers=headers)
