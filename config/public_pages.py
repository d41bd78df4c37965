"""Pages that anybody may read: what this is, what it can do, what it costs, how to use it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import services, webhooks
from accounts.tenancy import public
from billing import plans, pricing
from config import languages
from config.legal import legal_text
from config.showcase import Style, find_style, pieces, styles
from generations.ask import MAX_PIECES as MAX_REFERENCES
from generations.engines import rehearsal

# Names of the pages for the site map and the footer, in this order.
PAGES = ("start", "styles", "pricing", "developers", "help", "terms", "privacy")
ON_START = 8  # styles: two full rows on a desk
# What search engines and link previews show of each page.
_WORDS: dict[str, tuple[Promise, Promise]] = {
    "public/start.html": (
        _lazy("Roomwright: see your room redesigned"),
        _lazy(
            "Upload a photo of a room, say what it should look like, and see the same room redesigned. The "
            "price is on the button, a picture that fails costs nothing."
        ),
    ),
    "public/styles.html": (
        _lazy("Styles for your room"),
        _lazy(
            "From Japandi to art deco: every interior style with its floor, light and colours, and one click"
            " to try it on your own room."
        ),
    ),
    "public/pricing.html": (
        _lazy("Plans and prices"),
        _lazy(
            "What a picture costs in credits, the monthly plans, and packs of credits that never expire. A "
            "picture that fails costs nothing."
        ),
    ),
    "public/developers.html": (
        _lazy("API for programs"),
        _lazy(
            "A REST API that turns a photo of a room into a redesign. Examples for curl and Python, free "
            "test keys, requests that can be repeated safely."
        ),
    ),
    "public/help.html": (
        _lazy("Help"),
        _lazy(
            "How to photograph a room, what costs what, what happens when a picture fails, what becomes of "
            "your photos, and when a redesign has to be labelled."
        ),
    ),
    "public/terms.html": (
        _lazy("Terms of use"),
        _lazy("The terms under which this Roomwright site can be used."),
    ),
    "public/privacy.html": (
        _lazy("Privacy"),
        _lazy("What becomes of your photos, your pictures and your data on this Roomwright site."),
    ),
}


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    title, description = _WORDS[template]
    words = {"title": title, "description": description, "is_start": request.path == "/"}
    return render(request, template, {**words, "costs": pricing.costs(), **context})


@public("says what this is")
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The start page, with a real before and after."""
    cheapest = min(plans.PACKS.values(), key=lambda pack: pack.price)
    pictured = [style for style in styles() if style.picture][:ON_START]
    return _page(
        request,
        "public/start.html",
        pictured=pictured,
        pieces=pieces(),
        cheapest=cheapest,
        price=pricing.price(),
    )


@public("shows what can be asked for")
@require_safe
def style_gallery(request: HttpRequest) -> HttpResponse:
    """Every style that the preview engine knows, those with an example picture first."""
    return _page(request, "public/styles.html", styles=sorted(styles(), key=lambda style: not style.picture))


@public("leads strangers to the sign-up")
@require_safe
def try_style(request: HttpRequest, slug: str) -> HttpResponse:
    """Into the studio of the person's first workspace with this style chosen; a stranger signs up first."""
    style = _style_or_404(slug)
    if not request.user.is_authenticated:
        here = reverse("try-style", kwargs={"slug": style.slug})
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': here})}")
    workspace = services.home_of(user=request.user, now=timezone.now())
    studio = reverse("studio", kwargs={"workspace": workspace.public_id})
    return redirect(f"{studio}?{urlencode({'style': style.name})}")


def _style_or_404(slug: str) -> Style:
    style = find_style(slug)
    if style is None:
        raise Http404
    return style


@public("says what it costs")
@require_safe
def price_list(request: HttpRequest) -> HttpResponse:
    """Plans, packs and the price of each kind of picture, all from the catalogue."""
    per_credit = max(pack.price / pack.credits for pack in plans.PACKS.values())
    return _page(
        request,
        "public/pricing.html",
        offers=plans.PLANS.values(),
        packs=plans.PACKS.values(),
        refund_days=settings.REFUND_DAYS,
        picture_cents=round(pricing.price() * per_credit),
    )


@public("tells programmers how to begin")
@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    """How a program asks for pictures, with this instance's own address in the examples."""
    return _page(
        request,
        "public/developers.html",
        limit=settings.API_REQUESTS_PER_MINUTE,
        body_megabytes=settings.API_BODY_BYTES // 2**20,
        most_references=MAX_REFERENCES,
        api_plans=[plan.name for plan in plans.PLANS.values() if plan.api_access],
        at_once=rehearsal.AT_ONCE,
        in_the_making=rehearsal.IN_THE_MAKING,
        event_types=webhooks.kinds(),
    )


@public("answers questions before they are asked")
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """What to photograph, what it costs, what happens on failure, and what must be said of the pictures."""
    offers, megabytes = plans.PLANS.values(), settings.PHOTO_BYTES // 2**20
    return _page(request, "public/help.html", offers=offers, photo_megabytes=megabytes)


def _own_text(name: str) -> str:
    return legal_text(name, get_language() or "en")


@public("everybody must be able to read the terms")
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The operator's terms of use, or a note that they are missing."""
    return _page(request, "public/terms.html", text=_own_text("terms"))


@public("everybody must be able to read it")
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The operator's privacy notice, below what the software does with photos in any case."""
    return _page(request, "public/privacy.html", text=_own_text("privacy"))


# --- For machines -----------------------------------------------------------------------------------------


@public("search engines ask for it")
@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Pages are closed to machines by the sign-in or by `noindex`; the rest is nothing to read."""
    closed = "".join(f"Disallow: {path}\n" for path in ("/files/", "/api/", "/operators/"))
    where = languages.site_address(request)
    return HttpResponse(f"User-agent: *\n{closed}\nSitemap: {where}/sitemap.xml\n", content_type="text/plain")


@public("search engines ask for it")
@require_GET
def sitemap(request: HttpRequest) -> HttpResponse:
    """The public pages."""
    pages = [reverse(name) for name in PAGES]
    context = {"addresses": [languages.site_address(request) + page for page in pages]}
    return render(request, "public/sitemap.xml", context, content_type="application/xml")


@public("browsers ask for it before somebody puts the site on the home screen")
@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest."""
    icons = [
        {
            "src": static(f"icons/icon-{side}.png"),
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": use,
        }
        for side in (192, 512)
        for use in ("any", "maskable")
    ]
    content = {
        "name": "Roomwright",
        "short_name": "Roomwright",
        "description": _("See your room redesigned before you change it."),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf7f2",
        "theme_color": "#24584a",
        "icons": icons,
    }
    return JsonResponse(content, content_type="application/manifest+json")


@public("browsers ask for it unasked")
@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    """Where old browsers look for the icon."""
    return redirect(static("icons/icon-192.png"))


@public("anybody may choose a language")
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember it with the person, or in a cookie for strangers; back to the page that it came from."""
    return languages.choose(request, code=request.POST.get("language", ""), back=request.POST.get("next", ""))
