"""A project whose client has approved pictures, for tests of proposals."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from generations import proposal_answers, proposal_files, proposal_sending, proposals, services
from generations.ask import Piece
from generations.models import Decision, Picture, Proposal, ReviewItem, ReviewLink, ReviewRoom
from projects import library
from projects import services as projects
from projects.models import Product, Project, Room
from projects.services import IncomingImage
from tests import factories
from tests.factories import Studio
from tests.fakes import jpeg


@dataclass
class Job:
    """A project with a client, a room, a review room and pictures."""

    studio: Studio
    project: Project
    room: Room
    sofa: Product
    review: ReviewRoom
    link: ReviewLink
    pictures: list[Picture]

    def decide(self, number: int, outcome: str = "approved") -> None:
        """The client's last word about one of the pictures."""
        with self.studio.enter():
            item, _made = ReviewItem.objects.get_or_create(
                organization=self.studio.organization,
                room=self.review,
                picture=self.pictures[number],
                defaults={"position": number},
            )
            Decision.objects.create(
                organization=self.studio.organization,
                room=self.review,
                item=item,
                link=self.link,
                outcome=outcome,
                reason="" if outcome == "approved" else "Too dark",
                reviewer_name="Ada",
                reviewer_email="ada@example.com",
                round=1,
                number=Decision.objects.filter(item=item).count() + 1,
                at=timezone.now(),
            )

    def draft(self, **fields: Any) -> Proposal:
        """A draft with everything that is approved, maybe with other texts and percents."""
        made, _left_out = proposals.start(project=self.project, by_user=self.studio.owner, now=timezone.now())
        if fields:
            proposals.change(proposal=made, fields=fields)
            return self.fresh(made)
        return made

    def send(self, proposal: Proposal, **more: Any) -> Proposal:
        """To the client, with its files made as a worker would."""
        usual: dict[str, Any] = {"mail_client": False, "base": "http://testserver", "now": timezone.now()}
        return proposal_sending.send(proposal=proposal, by_user=self.studio.owner, **(usual | more))

    def sent(self, **fields: Any) -> Proposal:
        """A draft, sent."""
        return self.send(self.draft(**fields))

    def make(self, proposal: Proposal) -> Proposal:
        """What its job does."""
        proposal_files.make(
            proposal_id=proposal.pk,
            organization_id=self.studio.organization.pk,
            base="http://testserver",
            mail_client=False,
        )
        return self.fresh(proposal)

    def fresh(self, proposal: Proposal) -> Proposal:
        """As it is now."""
        with self.studio.enter():
            rows = Proposal.objects.of(self.studio.organization).select_related("organization", "project")
            found: Proposal = rows.get(pk=proposal.pk)
        return found

    def token(self, proposal: Proposal) -> str:
        """The text of a new link."""
        return proposal_sending.make_link(proposal=proposal, by_user=self.studio.owner, now=timezone.now())[1]

    def accept(self, proposal: Proposal, **more: Any) -> Any:
        """By the client."""
        usual: dict[str, Any] = {
            "accepted": True,
            "name": "Mrs Winter",
            "email": "winter@example.com",
            "now": timezone.now(),
        }
        return proposal_answers.answer(proposal=proposal, **(usual | more))

    @property
    def page(self) -> str:
        """Where its proposals are."""
        return f"/w/{self.studio.organization.public_id}/projects/{self.project.public_id}/proposals"

    def page_of(self, proposal: Proposal, more: str = "") -> str:
        """Where members see it."""
        return f"/w/{self.studio.organization.public_id}/proposals/{proposal.public_id}{more}"


def make_job(studio: Studio, *, pictures: int = 2) -> Job:
    """With so many pictures made, and none shown to the client yet."""
    organization, now = studio.organization, timezone.now()
    client = projects.create_client(organization=organization, name="Mrs Winter", email="winter@example.com")
    project = projects.create_project(organization=organization, name="Lindenstraße 5", client=client)
    room = projects.create_room(project=project, name="Wohnzimmer")
    sofa = library.add_product(
        organization=organization,
        by_user=studio.owner,
        image=IncomingImage(content=jpeg(), name="Sofa"),
        name="Sofa Ωmega",
        price=Decimal("1000.00"),
        currency="EUR",
    )
    for _number in range(pictures):
        with studio.enter():
            photo = Product.objects.select_related("photo").get(pk=sofa.pk).photo
        ask = services.Ask(
            prompt="Oak",
            image=IncomingImage(content=jpeg()),
            room=room,
            pieces=[Piece(photo=photo)],
        )
        services.request_generation(organization=organization, ask=ask, by_user=studio.owner, now=now)
    factories.work()
    with studio.enter():
        made = list(Picture.objects.of(organization).order_by("pk"))
        review = ReviewRoom.objects.create(organization=organization, project=project, title="First looks")
        link = ReviewLink.objects.create(
            organization=organization,
            room=review,
            sha256=secrets.token_bytes(32),
            expires_at=now + timedelta(days=9),
        )
    return Job(studio, project, room, sofa, review, link, made)
