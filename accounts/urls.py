"""Addresses of people's and workspaces' own pages."""

from django.urls import path

from accounts import (
    activity_pages,
    audit_pages,
    converters,  # noqa: F401 — knows `id`
    export_pages,
    member_pages,
    profile_pages,
    views,
    workspace_pages,
)

_SETTINGS = "w/<id:workspace>/settings"

urlpatterns = [
    path("home", views.home, name="home"),
    path("w/<id:workspace>/activity", activity_pages.workspace_activity, name="activity"),
    path("w/<id:workspace>/notifications", activity_pages.told, name="told"),
    path("w/<id:workspace>/notifications/read", activity_pages.mark_all, name="told-all-read"),
    path("w/<id:workspace>/notifications/<int:notification>/read", activity_pages.mark_one, name="told-read"),
    path("w/<id:workspace>/notifications/<int:notification>", activity_pages.go, name="told-go"),
    path(_SETTINGS, views.settings_page, name="settings"),
    path(f"{_SETTINGS}/api-keys", views.api_keys, name="api-keys"),
    path(f"{_SETTINGS}/api-keys/<id:key_id>/revoke", views.revoke_api_key, name="api-key-revoke"),
    path("workspaces", workspace_pages.workspaces, name="workspaces"),
    path("w/<id:workspace>/enter", workspace_pages.switch, name="switch"),
    path(f"{_SETTINGS}/name", workspace_pages.rename, name="workspace-rename"),
    path(f"{_SETTINGS}/audit-log", audit_pages.audit_log, name="audit-log"),
    path(f"{_SETTINGS}/delete", workspace_pages.delete, name="workspace-delete"),
    path(f"{_SETTINGS}/members", member_pages.members_page, name="members"),
    path(f"{_SETTINGS}/members/invite", member_pages.invite, name="member-invite"),
    path(f"{_SETTINGS}/members/<int:member_id>/role", member_pages.change_role, name="member-role"),
    path(f"{_SETTINGS}/members/<int:member_id>/remove", member_pages.remove, name="member-remove"),
    path(f"{_SETTINGS}/members/<int:member_id>/transfer", member_pages.transfer, name="member-transfer"),
    path(f"{_SETTINGS}/leave", member_pages.leave, name="leave"),
    path(
        f"{_SETTINGS}/invitations/<id:invitation_id>/again", member_pages.send_again, name="invitation-again"
    ),
    path(
        f"{_SETTINGS}/invitations/<id:invitation_id>/revoke",
        member_pages.revoke_invitation,
        name="invitation-revoke",
    ),
    path("profile", profile_pages.profile_page, name="profile"),
    path("profile/delete", profile_pages.close_account, name="close-account"),
    path("news/stop/<str:token>", profile_pages.stop_news, name="news-stop"),
    path("profile/sessions/<int:session_id>/end", profile_pages.end_session, name="session-end"),
    path(f"{_SETTINGS}/notifications", profile_pages.notifications, name="notifications"),
    path(f"{_SETTINGS}/exports", export_pages.workspace_exports, name="exports"),
    path(
        f"{_SETTINGS}/exports/<id:export_id>/fetch", export_pages.fetch_workspace_export, name="export-fetch"
    ),
    path("profile/exports", export_pages.person_exports, name="person-exports"),
    path(
        "profile/exports/<id:export_id>/fetch", export_pages.fetch_person_export, name="person-export-fetch"
    ),
    path("invitations/<id:token>", member_pages.invitation, name="invitation"),
]
