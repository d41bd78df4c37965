"""Who a program is: `Authorization: Bearer mf_sk_…`."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import services
from accounts.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """`request.user` is who made the key, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without the header; AuthenticationFailed (401) for a key that is unknown or revoked."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            return None
        key = services.find_api_key(text.strip())
        if key is None:
            raise AuthenticationFailed(
                "This API key is not valid or was revoked. Make one in the account settings."
            )
        now = timezone.now()
        if key.has_expired(now):
            raise AuthenticationFailed("This API key has expired. Make a new one.", code="api_key_expired")
        services.touch_api_key(api_key=key, now=now)
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401, not 403."""
        return "Bearer"
