"""Who a program is: `Authorization: Bearer mf_sk_…`, or the session of an app. Never a cookie."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import devices, services
from accounts.devices import Device
from accounts.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """`request.user` is who made the key, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without the header; AuthenticationFailed (401) for a key that is unknown or revoked."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip() or text.strip().startswith(devices.PREFIX):
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


class AppAuthentication(BaseAuthentication):
    """`request.user` is who signed in, `request.auth` the device."""

    def authenticate(self, request: Request) -> tuple[User, Device] | None:
        """None without a token; AuthenticationFailed (401) for one that is signed out, revoked or never was."""
        token = devices.token_of(request._request)
        if token is None:
            return None
        device = devices.find(token)
        if device is None:
            raise AuthenticationFailed("This session has ended. Sign in again.", code="session_ended")
        devices.touch(
            device=device,
            address=get_adapter().get_client_ip(request._request),
            user_agent=request.headers.get("User-Agent", ""),
            now=timezone.now(),
        )
        return device.user, device

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401, not 403."""
        return "Bearer"
