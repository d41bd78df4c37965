"""Addresses of the lists of clients and projects, and of what changes, moves and orders them."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from projects import arranging_pages, brand_pages, client_pages, team_pages, views

_PROJECT = "w/<id:workspace>/projects/<id:project_id>"
_BRAND = "w/<id:workspace>/settings/brand"

urlpatterns = [
    path(_BRAND, brand_pages.brand_page, name="brand"),
    path(f"{_BRAND}/domains", brand_pages.add_domain, name="domain-add"),
    path(f"{_BRAND}/domains/<id:domain_id>/check", brand_pages.check_domain, name="domain-check"),
    path(f"{_BRAND}/domains/<id:domain_id>/remove", brand_pages.remove_domain, name="domain-remove"),
    path("brand/<id:brand_id>/logo", brand_pages.logo, name="brand-logo"),
    path("brand/<id:brand_id>/colours.css", brand_pages.colours, name="brand-colours"),
    path("w/<id:workspace>/clients", views.clients, name="clients"),
    path("w/<id:workspace>/clients/<id:client_id>/edit", client_pages.change_client, name="change-client"),
    path(
        "w/<id:workspace>/clients/<id:client_id>/archive", client_pages.archive_client, name="archive-client"
    ),
    path("w/<id:workspace>/clients/<id:client_id>/delete", client_pages.delete_client, name="delete-client"),
    path("w/<id:workspace>/projects", views.projects, name="projects"),
    path(
        "w/<id:workspace>/projects/<id:project_id>/edit",
        arranging_pages.change_project,
        name="change-project",
    ),
    path(
        "w/<id:workspace>/projects/<id:project_id>/status", arranging_pages.set_status, name="project-status"
    ),
    path(
        "w/<id:workspace>/projects/<id:project_id>/archive",
        arranging_pages.archive_project,
        name="archive-project",
    ),
    path(
        "w/<id:workspace>/projects/<id:project_id>/delete",
        arranging_pages.delete_project,
        name="delete-project",
    ),
    path(
        "w/<id:workspace>/projects/<id:project_id>/duplicate",
        arranging_pages.duplicate_project,
        name="duplicate-project",
    ),
    path("w/<id:workspace>/rooms/<id:room_id>/edit", arranging_pages.change_room, name="change-room"),
    path("w/<id:workspace>/rooms/<id:room_id>/place", arranging_pages.place_room, name="place-room"),
    path("w/<id:workspace>/photos/<id:photo_id>/edit", arranging_pages.change_photo, name="change-photo"),
    path("w/<id:workspace>/photos/<id:photo_id>/place", arranging_pages.place_photo, name="place-photo"),
    path("w/<id:workspace>/photos/<id:photo_id>/cover", arranging_pages.choose_cover, name="choose-cover"),
    path("w/<id:workspace>/my-projects", team_pages.my_projects, name="my-projects"),
    path(f"{_PROJECT}/team", team_pages.project_team, name="project-team"),
    path(f"{_PROJECT}/team/assign", team_pages.assign, name="project-assign"),
    path(f"{_PROJECT}/team/<int:member_id>/unassign", team_pages.unassign, name="project-unassign"),
    path(f"{_PROJECT}/notes/<id:note_id>/delete", team_pages.delete_note, name="note-delete"),
    path(f"{_PROJECT}/activity", team_pages.project_activity, name="project-activity"),
]
