"""A workspace with at least one of everything that has an id, and those ids by their nouns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.utils import timezone

from accounts import domains, exports, invitations, secrets
from accounts.models import (
    ApiKey,
    Domain,
    Export,
    Invitation,
    Membership,
    Notification,
    Role,
    WebhookDelivery,
    WebhookEndpoint,
)
from billing import budgets
from billing.models import Purchase
from generations import (
    delivery_making,
    originals,
    proposal_files,
    proposal_sending,
    proposals,
    upstream_keys,
)
from generations.models import (
    Comment,
    Delivery,
    ExportProfile,
    OriginalPage,
    Picture,
    Proposal,
    ProposalLine,
    ProposalLink,
    ReviewItem,
    ReviewLink,
    ReviewRoom,
    RoomSet,
    ShareLink,
    UpstreamKey,
)
from projects import branding, uploads
from projects.brand_rows import Brand
from projects.models import Client, Photo, Product, Project, Recipe
from projects.team_rows import ProjectNote
from projects.upload_rows import Upload
from projects.uploads import Announced
from tests import factories, test_query_counts
from tests.accounts.test_app_sessions import Phone, a_phone_of
from tests.factories import Studio
from tests.fakes import jpeg, png

_TELLING = 10  # characters: a number of a row stands in other texts too


@dataclass
class Furnished:
    """`ids` are as addresses and bodies have them, by noun."""

    studio: Studio
    ids: dict[str, str]
    phone: Phone  # of the owner

    def marks(self, *but: str) -> set[bytes]:
        """What an answer to somebody else may never contain; `but` are those that somebody has sent."""
        texts = {text for text in self.ids.values() if len(text) > _TELLING} | {self.studio.organization.name}
        return {text.encode() for text in texts if not any(text in sent for sent in but)}

    @property
    def public_id(self) -> str:
        return self.studio.organization.public_id


def furnish(*, name: str) -> Furnished:
    """A workspace on the largest plan; pictures are made by whatever engine there is."""
    studio = factories.make_studio(name=name, credits=1000, plan="scale")
    test_query_counts.one_more_of_everything(studio, 1)
    picture = test_query_counts.first_picture(studio)
    test_query_counts.one_more_around(studio, picture)
    test_query_counts.one_more_delivery(studio, 1)
    test_query_counts.one_more_of_a_set(studio, picture, 1)
    test_query_counts.one_more_review(studio, picture)
    studio.ask_from(
        photo=picture.generation.photo, room=picture.generation.room
    )  # a picture for a next round
    factories.work()
    originals.publish(picture=picture, by_user=studio.owner, now=timezone.now())
    _proposal_with_a_line_and_a_link(studio)
    _files_of_the_workspace(studio)
    _rest_of_the_workspace(studio)
    phone = a_phone_of(studio.owner, studio.organization.public_id)
    ids = _ids_of_rows(studio, picture) | _ids_of_the_person(studio)
    return Furnished(studio, ids, phone)


def _proposal_with_a_line_and_a_link(studio: Studio) -> None:
    """One that was sent, for links are of those, and a draft."""
    with studio.enter():
        rows = Proposal.objects.of(studio.organization).select_related("organization", "project")
        draft = rows.latest("pk")
    usual: dict[str, Any] = {"details": "", "quantity": Decimal(2), "unit_price": Decimal(40)}
    proposals.add_line(proposal=draft, name="Curtains", **usual)
    now = timezone.now()
    sent = proposal_sending.send(
        proposal=draft, by_user=studio.owner, mail_client=False, base="http://testserver", now=now
    )
    proposal_sending.make_link(proposal=sent, by_user=studio.owner, now=now)
    proposals.start(project=draft.project, by_user=studio.owner, now=now)


def _files_of_the_workspace(studio: Studio) -> None:
    """What jobs make: of exports, the delivery and the proposal."""
    organization, base, now = studio.organization, "http://testserver", timezone.now()
    exports.ask_of_workspace(organization=organization, by_user=studio.owner, base=base, now=now)
    exports.ask_of_person(user=studio.owner, base=base, now=now)
    with studio.enter():
        asked = list(Export.objects.of(organization))
        delivery = Delivery.objects.of(organization).latest("pk")
        proposal = Proposal.objects.of(organization).get(state=Proposal.State.SENT)
    for export in [*asked, *exports.of_person(user=studio.owner)]:
        exports.build(export_id=export.pk, base=base, now=now)
    delivery_making.make(delivery_id=delivery.pk, organization_id=organization.pk, now=now)
    proposal_files.make(
        proposal_id=proposal.pk, organization_id=organization.pk, base=base, mail_client=False
    )


def _rest_of_the_workspace(studio: Studio) -> None:
    organization, owner, now = studio.organization, studio.owner, timezone.now()
    base = "http://testserver"
    invitations.invite(
        organization=organization,
        by_user=owner,
        email=f"new{organization.pk}@example.com",
        role=Role.VIEWER,
        base=base,
        now=now,
    )
    domains.add(organization=organization, host=f"rooms{organization.pk}.example.com", by_user=owner, now=now)
    announced = Announced(size=len(jpeg()), media_type="image/jpeg", file_name="room.jpg")
    uploads.open_upload(organization=organization, file=announced, room=None, by_user=owner, now=now)
    branding.save(
        organization=organization, colour="#336699", sender_name="", reply_to="", by_user=owner, now=now
    )
    branding.set_logo(organization=organization, content=png(), by_user=owner, now=now)
    text = "mf_sk_live_" + "x" * 32
    with studio.enter():
        member = Membership.objects.of(organization).select_related("user").latest("pk")
        UpstreamKey.objects.create(  # its verb asks MeltFlex first
            organization=organization,
            created_by=owner,
            ending="xxxx",
            sealed=secrets.seal(text, organization=organization, purpose=upstream_keys.PURPOSE),
            slot=1,
        )
    budgets.set_budget(
        organization=organization, key=budgets.member_key(member.user), cap=50, by_user=owner, now=now
    )


def _ids_of_rows(studio: Studio, picture: Picture) -> dict[str, str]:
    """What hangs on something else is of the same one that has its name here."""
    made = picture.generation
    room = made.room
    assert room is not None

    def newest(model: type[Model], **narrowed: Any) -> Any:
        return model.objects.of(studio.organization).filter(**narrowed).latest("pk")  # type: ignore[attr-defined]

    with studio.enter():
        project = Project.objects.of(studio.organization).get(rooms=room)
        review = ReviewRoom.objects.of(studio.organization).earliest("pk")
        told = newest(Notification, user=studio.owner)
        proposal, endpoint = newest(Proposal, state=Proposal.State.SENT), newest(WebhookEndpoint)
        rows = {
            "client": newest(Client),
            "project": project,
            "room": room,
            "photo": newest(Photo, room__project=project),
            "product": newest(Product),
            "recipe": newest(Recipe),
            "note": newest(ProjectNote, project=project),
            "upload": newest(Upload),
            "brand": newest(Brand),
            "generation": made,
            "picture": picture,
            "new_picture": newest(Picture),
            "share_link": newest(ShareLink),
            "room_set": newest(RoomSet),
            "review": review,
            "review_link": newest(ReviewLink, room=review),
            "review_item": newest(ReviewItem, room=review),
            "comment": newest(Comment, room=review),
            "proposal": proposal,
            "draft": newest(Proposal, state=Proposal.State.DRAFT),
            "proposal_line": newest(ProposalLine, proposal=proposal),
            "proposal_link": newest(ProposalLink, proposal=proposal),
            "export_profile": newest(ExportProfile),
            "delivery": newest(Delivery),
            "original": newest(OriginalPage),
            "purchase": newest(Purchase),
            "upstream_key": newest(UpstreamKey),
            "api_key": newest(ApiKey),
            "endpoint": endpoint,
            "webhook_delivery": newest(WebhookDelivery, endpoint=endpoint),
            "event": told.event,
            "invitation": newest(Invitation),
            "export": newest(Export),
            "domain": newest(Domain),
        }
        numbers = {
            "member": newest(Membership),
            "notification": told,
            "proposal_link_number": rows["proposal_link"],
        }
    ids = {noun: str(row.public_id) for noun, row in rows.items()}
    ids |= {noun: str(row.pk) for noun, row in numbers.items()}
    label = f"client:{ids['client']}"
    return ids | {"workspace": studio.organization.public_id, "budget": label, "label": label}


def _ids_of_the_person(studio: Studio) -> dict[str, str]:
    """What is the owner's own, in no workspace."""
    passkey = Authenticator.objects.create(
        user=studio.owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}}
    )
    session = UserSession.objects.filter(user=studio.owner).latest("pk")
    own = exports.of_person(user=studio.owner)[0]
    numbers = {"passkey": passkey, "session": session, "person_number": studio.owner}
    ids = {noun: str(row.pk) for noun, row in numbers.items()}
    return ids | {"person_export": own.public_id, "person": studio.owner.email}
