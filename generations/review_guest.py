"""The door of the review room: from a link's text to the room, or to the page that says why not.

The text of the link is the permission, so guessing one is counted by address. A browser that has been let in once keeps
a signed cookie that is good for this link's address alone, and is not counted again; it also remembers who sits there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts import attempts
from accounts.attempts import TooManyAttempts
from accounts.tenancy import public
from generations import review_links, reviewing
from generations.models import ReviewLink, ReviewRoom
from generations.reviewing import Guest
from projects import branding

COOKIE = "review"
_SALT = "generations.review_guest"
_LASTS = 180 * 24 * 3600


@dataclass(frozen=True)
class Seat:
    """What the cookie remembers of a browser."""

    link: str = ""  # fingerprint of the link that it has opened
    pin: str = ""  # proof that it knew the PIN
    name: str = ""
    email: str = ""

    @property
    def guest(self) -> Guest | None:
        """Who sits there, once they have said it."""
        return Guest(self.name, self.email) if self.email else None


class GuestRequest(HttpRequest):
    """After `guest`."""

    token: str
    link: ReviewLink
    room: ReviewRoom
    seat: Seat  # what is put here is kept in the browser


GuestView = Callable[..., HttpResponseBase]


def guest(*, is_expired_let_in: bool = False, is_pin_asked: bool = True) -> Callable[[GuestView], Any]:
    """A view for who has an open link of a room that is not revoked; it runs outside of any transaction."""

    def decorate(view: GuestView) -> Any:
        @public("the link's text is the permission")
        @wraps(view)
        def opened(request: Any, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            before = request.seat = _seat_of(request)
            try:
                link = _find(request, token)
            except TooManyAttempts as refusal:
                return hidden(_too_many(request, refusal))
            branding.show_as(request, link)
            if link is None or link.revoked_at or link.room.revoked_at:
                return hidden(render(request, "generations/review_gone.html", {"link": link}, status=404))
            request.token, request.link, request.room = token, link, link.room
            if not is_expired_let_in and not link.is_open(timezone.now()):
                context = {"room": link.room, "token": token, "organization": link.organization}
                return hidden(render(request, "generations/review_expired.html", context, status=410))
            if is_pin_asked and link.room.pin and request.seat.pin != proof_of(link.room):
                answer: HttpResponseBase = pin_page(request)
            else:
                answer = view(request, *args, **kwargs)
            seat = replace(request.seat, link=review_links.fingerprint(token))
            if seat != before:
                _keep(answer, token, seat)
            return hidden(answer)

        return opened

    return decorate


def _find(request: HttpRequest, token: str) -> ReviewLink | None:
    """Counted before it is looked up: of many guesses at once no more are answered than the limit says."""
    seat: Seat = request.seat  # type: ignore[attr-defined]
    if seat.link == review_links.fingerprint(token):
        return review_links.find(token=token)
    address = attempts.address_of(request)
    attempts.count(limit=reviewing.GUESSES, subject=address, now=timezone.now())
    link = review_links.find(token=token)
    if link is not None:
        attempts.give_back(limit=reviewing.GUESSES, subject=address)
    return link


def _seat_of(request: HttpRequest) -> Seat:
    try:
        return Seat(**signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_LASTS))
    except (signing.BadSignature, TypeError):
        return Seat()


def _keep(answer: HttpResponseBase, token: str, seat: Seat) -> None:
    answer.set_cookie(
        COOKIE,
        signing.dumps(
            {"link": seat.link, "pin": seat.pin, "name": seat.name, "email": seat.email}, salt=_SALT
        ),
        max_age=_LASTS,
        path=reverse("review-guest", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def proof_of(room: ReviewRoom) -> str:
    """What shows that a browser knew the PIN; another PIN needs another proof."""
    return sha256(room.pin.encode()).hexdigest()[:24] if room.pin else ""


def pin_page(request: GuestRequest, *, error: str = "", status: int = 0) -> HttpResponse:
    """Asks for the PIN; says nothing of the room but its workspace's name."""
    status = status or (200 if request.method in ("GET", "HEAD") else 403)
    context = {"token": request.token, "organization": request.link.organization, "error": error}
    return render(request, "generations/review_pin.html", context, status=status)


def _too_many(request: HttpRequest, refusal: TooManyAttempts) -> HttpResponse:
    answer = render(request, "refused.html", {"title": refusal.title, "reason": refusal.message}, status=429)
    answer["Retry-After"] = str(refusal.facts["retry_after"])
    return answer


def hidden(answer: HttpResponseBase) -> HttpResponseBase:
    """In no search engine and no shared cache; nothing outside learns the address.

    Pages send it to this site alone, as their forms need an origin to be let through; files send it nowhere.
    """
    answer["X-Robots-Tag"] = "noindex, nofollow"
    if "Cache-Control" not in answer:
        answer["Cache-Control"] = "private, no-store"
    is_page = answer.get("Content-Type", "").startswith("text/html")
    answer["Referrer-Policy"] = "same-origin" if is_page else "no-referrer"
    return answer
