"""Where allauth meets our services."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language

from accounts import second_factors, services
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Signing up makes a workspace; a proven address brings the free credits."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002 — allauth's signature
        """The person and their workspace, both or neither."""
        try:
            user.language = get_language() or ""  # of the page that was read; mails come in it too
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit=commit)
                services.home_of(user=saved, now=timezone.now())
        except IntegrityError as error:
            # A double click: the other request made the same person in this moment.
            raise ImmediateHttpResponse(redirect("account_login")) from error
        return saved

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """allauth marks the address; then the apps above learn of it."""
        with transaction.atomic():
            confirmed: bool = super().confirm_email(request, email_address)
            if confirmed:
                services.confirm_person(user=email_address.user, now=timezone.now())
        return confirmed


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets of authenticator apps and recovery codes are sealed at rest."""

    def encrypt(self, text: str) -> str:
        """For the database."""
        return second_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """From it."""
        return second_factors.open_sealed(encrypted_text)
