"""Links for people without an account: they show one picture, until they are revoked, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import AuditEntry
from generations import removal, sharing
from generations.models import Picture, ShareLink
from tests import factories
from tests.factories import Studio

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def picture(studio: Studio, worker: Work) -> Picture:
    studio.ask("Secret words")
    worker()
    with studio.enter():
        rows = Picture.objects.of(studio.organization)
        return cast(Picture, rows.select_related("organization", "generation__organization").get())


def link_to(browser: Browser, home: str, picture: Picture, **form: str) -> str:
    """A new link's path, read from the page that shows it."""
    answer = browser.post(f"{home}/pictures/{picture.public_id}/share", form)
    assert answer.status_code == 200
    found = re.search(r'id="new-link">https?://[^/]+(/s/\w{40})<', answer.content.decode())
    assert found
    return found[1]


def links(studio: Studio) -> list[ShareLink]:
    with studio.enter():
        rows = ShareLink.objects.of(studio.organization).select_related("organization", "picture")
        return list(rows.order_by("pk"))


def opened(path: str) -> HttpResponse:
    """What somebody gets who never signed in; a file is read to its end, which closes it."""
    answer = Browser().get(path)
    if answer.streaming:
        assert b"".join(cast(Any, answer).streaming_content)
    return cast(HttpResponse, answer)


def statuses(path: str) -> list[int]:
    """Of the page and of the two files behind it, for somebody who never signed in."""
    return [opened(f"{path}{end}").status_code for end in ("", "/before", "/after")]


def test_anybody_with_the_link_sees_before_and_after_and_that_a_machine_made_it(
    owner_client: Browser, home: str, picture: Picture
) -> None:
    path = link_to(owner_client, home, picture)
    answer = Browser().get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Made by a machine" in text
    assert f"{path}/before" in text
    assert f"{path}/after" in text
    assert statuses(path) == [200, 200, 200]
    assert opened(f"{path}/after").headers["Content-Type"] == "image/webp"
    assert Browser().get(f"{path}/else").status_code == 404


def test_a_link_tells_nothing_of_the_workspace_and_stays_out_of_search_engines_and_caches(
    owner_client: Browser, home: str, picture: Picture, studio: Studio
) -> None:
    path = link_to(owner_client, home, picture)
    answer = Browser().get(path)
    text = answer.content.decode()
    for secret in (
        "Secret words",
        studio.organization.public_id,
        "Oak &amp; Linen",
        studio.owner.email,
        picture.public_id,
        "/files/",
    ):
        assert secret not in text, secret
    for end in ("", "/before", "/after"):
        headers = opened(f"{path}{end}").headers
        assert "noindex" in headers["X-Robots-Tag"]
        assert "no-store" in headers["Cache-Control"]
    assert 'name="robots" content="noindex' in text


def test_a_revoked_link_opens_nothing_its_files_neither(
    owner_client: Browser, home: str, picture: Picture, studio: Studio
) -> None:
    path, other = link_to(owner_client, home, picture), link_to(owner_client, home, picture)
    page = owner_client.get(f"{home}/generations/{picture.generation.public_id}").content.decode()
    assert page.count("/revoke") == 2
    first, _second = links(studio)
    answer = owner_client.post(f"{home}/links/{first.public_id}/revoke")
    assert answer.status_code == 302
    assert statuses(path) == [410, 404, 404]
    assert "This link has ended" in Browser().get(path).content.decode()
    assert statuses(other) == [200, 200, 200]
    owner_client.post(f"{home}/links/{first.public_id}/revoke")
    with studio.enter():
        lines = AuditEntry.objects.of(studio.organization).filter(action__startswith="share_link")
        assert [(line.action, line.target) for line in lines.order_by("pk")][::2] == [
            ("share_link.made", first.public_id),
            ("share_link.revoked", first.public_id),
        ]
        assert lines.count() == 3


def test_a_link_ends_by_itself(owner_client: Browser, home: str, picture: Picture, studio: Studio) -> None:
    path = link_to(owner_client, home, picture, days="7")
    (link,) = links(studio)
    assert link.expires_at is not None
    assert abs(link.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    with studio.enter():
        ShareLink.objects.of(studio.organization).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert statuses(path) == [410, 404, 404]


def test_an_odd_time_makes_a_link_without_end_only_when_none_was_chosen(
    owner_client: Browser, home: str, picture: Picture, studio: Studio
) -> None:
    link_to(owner_client, home, picture, days="")
    assert [link.expires_at for link in links(studio)] == [None]


def test_a_deleted_or_expired_picture_is_gone_from_its_links_too(
    owner_client: Browser, home: str, picture: Picture, studio: Studio
) -> None:
    path = link_to(owner_client, home, picture)
    removal.delete_generation(generation=picture.generation, by_user=studio.owner, now=timezone.now())
    assert statuses(path) == [410, 404, 404]
    assert owner_client.get(f"{home}/pictures/{picture.public_id}/share").status_code == 404
    assert owner_client.post(f"{home}/links/{links(studio)[0].public_id}/revoke").status_code == 302


def test_made_up_links_are_404(db: None) -> None:
    for path in ("/s/abc", "/s/" + "x" * 40, "/s/" + "x" * 41, "/s/a%00b"):
        assert Browser().get(path).status_code == 404, path


def test_the_text_of_a_link_is_not_in_the_database(
    owner_client: Browser, home: str, picture: Picture, studio: Studio
) -> None:
    token = link_to(owner_client, home, picture).rpartition("/")[2]
    with studio.enter(), connection.cursor() as cursor:
        told = "SELECT count(*), count(*) FILTER (WHERE l::text LIKE %s) FROM generations_sharelink l"
        cursor.execute(told, [f"%{token}%"])
        assert cursor.fetchone() == (1, 0)
    with studio.enter():
        for entry in AuditEntry.objects.of(studio.organization):
            assert token not in f"{entry.target}{entry.details}"


def test_a_stranger_neither_sees_nor_revokes_a_link(
    owner_client: Browser,
    stranger_client: Browser,
    home: str,
    picture: Picture,
    studio: Studio,
    strange_studio: Studio,
) -> None:
    path = link_to(owner_client, home, picture)
    (link,) = links(studio)
    for where in (home, f"/w/{strange_studio.organization.public_id}"):
        assert stranger_client.post(f"{where}/links/{link.public_id}/revoke").status_code == 404
    assert statuses(path) == [200, 200, 200]


def test_the_database_itself_shows_no_link_copy_or_word_of_another_workspace(
    owner_client: Browser, home: str, picture: Picture, studio: Studio, strange_studio: Studio
) -> None:
    """With the code's own filter taken away."""
    link_to(owner_client, home, picture)
    for inside, seen in ((studio, True), (strange_studio, False)):
        with inside.enter(), connection.cursor() as cursor:
            for table in ("generations_sharelink", "generations_rendition", "generations_promptword"):
                cursor.execute(f"SELECT count(*) > 0 FROM {table}")
                assert cursor.fetchone() == (seen,), table


def test_a_picture_has_at_most_20_open_links(picture: Picture, studio: Studio) -> None:
    now = timezone.now()
    for _ in range(sharing.MOST_OPEN):
        sharing.make_link(picture=picture, by_user=studio.owner, now=now)
    with pytest.raises(sharing.TooManyLinks):
        sharing.make_link(picture=picture, by_user=studio.owner, now=now)
    sharing.revoke_link(link=links(studio)[0], by_user=studio.owner, now=now)
    sharing.make_link(picture=picture, by_user=studio.owner, now=now)


def test_the_photo_of_a_version_is_the_version_before(
    owner_client: Browser, home: str, picture: Picture, studio: Studio, worker: Work
) -> None:
    studio.ask_from(parent=picture)
    worker()
    with studio.enter():
        rows = Picture.objects.of(studio.organization).select_related("organization", "generation")
        child = rows.get(generation__parent=picture)
    path = link_to(owner_client, home, child)
    assert opened(f"{path}/before").headers["Content-Type"] == "image/png"
    assert statuses(path) == [200, 200, 200]


def test_a_link_works_for_members_of_other_workspaces_as_for_anybody(
    owner_client: Browser, home: str, picture: Picture, strange_studio: Studio
) -> None:
    path = link_to(owner_client, home, picture)
    assert factories.browser_of(strange_studio.owner).get(path).status_code == 200


def test_a_program_stars_shares_and_revokes(picture: Picture, studio: Studio) -> None:
    api, where = studio.api(), f"pictures/{picture.public_id}"
    starred = f"generations/{picture.generation.public_id}"
    assert api.get(starred).json()["pictures"][0]["starred"] is False
    assert api.put(f"{where}/star").status_code == 204
    assert api.get(starred).json()["pictures"][0]["starred"] is True
    assert api.delete(f"{where}/star").status_code == 204
    assert api.get(starred).json()["pictures"][0]["starred"] is False
    made = api.post(f"{where}/links", {"days": 7})
    assert made.status_code == 201
    path = "/s/" + made.json()["url"].rpartition("/")[2]
    assert statuses(path) == [200, 200, 200]
    assert api.post(f"{where}/links", {"days": 0}).status_code == 400
    (listed,) = api.get(f"{where}/links").json()["results"]
    assert (listed["id"], "url" in listed) == (made.json()["id"], False)
    assert api.delete(f"links/{listed['id']}").status_code == 204
    assert statuses(path) == [410, 404, 404]
    assert api.get(f"{where}/links").json()["results"] == []


def test_a_strangers_program_finds_nothing(picture: Picture, studio: Studio, strange_studio: Studio) -> None:
    link, _token = sharing.make_link(picture=picture, by_user=studio.owner, now=timezone.now())
    api, where = strange_studio.api(), f"pictures/{picture.public_id}"
    answers = [
        api.put(f"{where}/star"),
        api.delete(f"{where}/star"),
        api.post(f"{where}/links", {}),
        api.get(f"{where}/links"),
        api.delete(f"links/{link.public_id}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert links(studio)[0].revoked_at is None
