"""Mounts every app's addresses; nothing else."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import api_pages, health, hosts, metrics, public_pages, styleguide

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("domains/ask", hosts.ask, name="domains-ask"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", public_pages.start, name="start"),
    path("styles", public_pages.style_gallery, name="styles"),
    path("styles/<slug:slug>/try", public_pages.try_style, name="try-style"),
    path("pricing", public_pages.price_list, name="pricing"),
    path("developers", public_pages.developers, name="developers"),
    path("help", public_pages.help_page, name="help"),
    path("terms", public_pages.terms, name="terms"),
    path("privacy", public_pages.privacy, name="privacy"),
    path("language", public_pages.choose_language, name="language"),
    path("robots.txt", public_pages.robots, name="robots"),
    path("sitemap.xml", public_pages.sitemap, name="sitemap"),
    path("site.webmanifest", public_pages.manifest, name="manifest"),
    path("favicon.ico", public_pages.favicon, name="favicon"),
    path("styleguide", styleguide.styleguide, name="styleguide"),
    path("operators/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("accounts.urls")),
    path("", include("projects.urls")),
    path("", include("billing.urls")),
    path("", include("generations.urls")),
    path("api/docs", api_pages.docs, name="api-docs"),
    path("api/reference", api_pages.reference, name="api-reference"),
    path("api/changelog", api_pages.changelog, name="api-changelog"),
    path("api/v1/", include("config.api_urls")),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.forbidden"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
