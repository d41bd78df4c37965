"""Where allauth meets our services."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.base.response import ConflictResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext

from accounts import alerts, second_factors, services
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
            is_app = is_headless_request(request)
            raise ImmediateHttpResponse(
                ConflictResponse(request) if is_app else redirect("account_login")
            ) from error
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """At once, since its link shall not lie in the queue; a mail server that is away fails no sign-up."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            text = f"Mails of sign-up, confirmation and reset are not sent: {type(error).__name__}."
            alerts.raise_alert(code="mail_failed", subject="sign-in", text=text, now=timezone.now())
            if self.request is not None and not is_headless_request(self.request):
                messages.warning(
                    self.request, gettext("The mail could not be sent. Ask for it again in a few minutes.")
                )

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

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 — allauth's signature
        """What a passkey is called until its owner gives it a name."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("My passkey") if number == 1 else gettext("My passkey %d") % number


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Who comes by another site gets a workspace as everybody does, and the free credits if that site vouches."""

    def new_user(self, request: HttpRequest, sociallogin: Any) -> User:
        """allauth keeps it in the session where something is missing, and can't keep the database's defaults."""
        return User(date_joined=timezone.now())

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """With the name that the other site knows."""
        user: User = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        user.name = (data.get("name") or " ".join(filter(None, parts)))[:120]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """The person and their workspace, both or neither."""
        with transaction.atomic():
            saved: User = super().save_user(request, sociallogin, form)
            services.home_of(user=saved, now=timezone.now())
            if EmailAddress.objects.filter(user=saved, email__iexact=saved.email, verified=True).exists():
                services.confirm_person(user=saved, now=timezone.now())
        return saved
