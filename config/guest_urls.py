"""What there is on a host of a workspace's own: the pages of its clients, and nothing that leads anywhere else.

A template that names another page of ours can't be rendered there, so none can lead there by mistake.
"""

from __future__ import annotations

from django.urls import path

from config import hosts
from generations.urls import urlpatterns as of_pictures
from projects.urls import urlpatterns as of_brands

BEGINNINGS = ("s/", "r/", "d/", "o/", "p/", "brand/")

urlpatterns = [
    *(each for each in [*of_pictures, *of_brands] if str(each.pattern).startswith(BEGINNINGS)),
    path("robots.txt", hosts.robots, name="robots"),
    path("favicon.ico", hosts.favicon, name="favicon"),
]

handler400 = "config.problems.bad_request"
handler403 = "config.problems.forbidden"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
