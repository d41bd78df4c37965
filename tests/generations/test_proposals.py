"""Proposals: of approved pictures only, frozen when sent, numbered without gaps, in one currency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import tasks as account_tasks
from accounts.models import AuditEntry
from config.local.postgres import REPOSITORY
from generations import file_check, proposal_files, proposal_sending, proposals, tasks
from generations.models import Proposal, ProposalLine, ProposalPicture
from projects import clients, library, storage
from projects.services import IncomingImage
from tests.accounts.test_deletion import KEPT, delete, left_of
from tests.factories import Studio
from tests.fakes import jpeg
from tests.generations.proposing import Job, make_job

State = Proposal.State


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def job(studio: Studio, worker: Callable[[], int]) -> Job:
    made = make_job(studio)
    made.decide(0)
    return made


def refused(studio: Studio, rule: str, write: Callable[[], Any]) -> None:
    """The database itself says no, by the name of the rule."""
    with studio.enter(), pytest.raises(IntegrityError) as error, transaction.atomic():
        write()
    assert rule in str(error.value) or rule == getattr(error.value.__cause__, "diag", None).constraint_name  # type: ignore[union-attr]


# --- Approved only ---------------------------------------------------------------------------------------


def test_a_draft_has_the_approved_pictures_and_their_furniture(job: Job, studio: Studio) -> None:
    draft = job.draft()
    with studio.enter():
        assert [row.picture_id for row in proposals.pictures_of(draft)] == [job.pictures[0].pk]
        assert [row.caption for row in proposals.pictures_of(draft)] == ["Wohnzimmer"]
        ((line, priced),), sums = proposals.priced(draft)
    assert (line.name, priced.total, sums.total) == ("Sofa Ωmega", Decimal("1000.00"), Decimal("1000.00"))
    assert draft.client_email == "winter@example.com"


def test_without_an_approval_there_is_no_proposal(studio: Studio, worker: Any, owner_client: Client) -> None:
    job = make_job(studio)
    job.decide(0, "maybe")
    with pytest.raises(proposals.NothingApproved):
        job.draft()
    assert b"has approved no picture" in owner_client.get(job.page).content
    assert b"has approved no picture" in owner_client.post(job.page, follow=True).content


def test_a_picture_declined_after_it_was_chosen_is_not_sent(job: Job, owner_client: Client) -> None:
    draft = job.draft()
    job.decide(0, "declined")
    with pytest.raises(proposal_sending.NotApproved):
        job.send(draft)
    assert job.fresh(draft).state == State.DRAFT
    assert b"not approved any more" in owner_client.get(job.page_of(draft)).content


@pytest.mark.parametrize("outcome", ["declined", "maybe", None])
def test_the_database_too_sends_no_picture_that_is_not_approved(
    job: Job, studio: Studio, outcome: str | None
) -> None:
    draft = job.draft()
    if outcome is None:
        with studio.enter():
            ProposalPicture.objects.create(
                organization=studio.organization, proposal=draft, picture=job.pictures[1], position=1
            )
    else:
        job.decide(0, outcome)
    fields: dict[str, Any] = {
        "number": 1,
        "sent_at": timezone.now(),
        "cost": 0,
        "net": 0,
        "tax_amount": 0,
        "total": 0,
    }
    rows = Proposal.objects.filter(pk=draft.pk)
    refused(studio, "proposal_pictures_approved", lambda: rows.update(state=State.SENT, **fields))


def test_the_database_sends_nothing_without_a_picture(job: Job, studio: Studio) -> None:
    draft = job.draft()
    with studio.enter():
        ProposalPicture.objects.all().delete()
    fields: dict[str, Any] = {
        "number": 1,
        "sent_at": timezone.now(),
        "cost": 0,
        "net": 0,
        "tax_amount": 0,
        "total": 0,
    }
    refused(
        studio,
        "proposal_has_a_picture",
        lambda: Proposal.objects.filter(pk=draft.pk).update(state=State.SENT, **fields),
    )
    with pytest.raises(proposal_sending.NotApproved):
        job.send(draft)


def test_nobody_chooses_a_picture_that_is_not_approved(
    job: Job, studio: Studio, owner_client: Client
) -> None:
    draft = job.draft()
    other = job.pictures[1].public_id
    owner_client.post(job.page_of(draft), {"part": "pictures", "picture": [other, job.pictures[0].public_id]})
    with studio.enter():
        assert [row.picture_id for row in proposals.pictures_of(draft)] == [job.pictures[0].pk]
    assert b"at least one" in owner_client.post(job.page_of(draft), {"part": "pictures"}, follow=True).content


def test_declined_furniture_is_not_put_in(job: Job, studio: Studio) -> None:
    from generations.models import Decision, GenerationReference, ReviewItem

    with studio.enter():
        piece = GenerationReference.objects.get(generation=job.pictures[0].generation_id)
        item = ReviewItem.objects.get(picture=job.pictures[0])
        Decision.objects.create(
            organization=studio.organization, room=job.review, item=item, link=job.link, reference=piece,
            outcome="declined", reason="Ugly", reviewer_name="Ada", reviewer_email="a@x.example", round=1, number=1,
            at=timezone.now(),
        )  # fmt: skip
    draft = job.draft()
    with studio.enter():
        assert proposals.priced(draft)[0] == []
    with pytest.raises(proposal_sending.NoLines):
        job.send(draft)


# --- Frozen ----------------------------------------------------------------------------------------------


def test_what_was_sent_changes_no_more(job: Job, studio: Studio, owner_client: Client) -> None:
    sent = job.sent(markup=Decimal(20), tax=Decimal(19))
    assert (sent.cost, sent.net, sent.tax_amount, sent.total) == (
        Decimal("1000.00"), Decimal("1200.00"), Decimal("228.00"), Decimal("1428.00"),
    )  # fmt: skip
    library.change_product(product=job.sofa, name="Bench", price=Decimal(1), currency="EUR", link="")
    with studio.enter():
        ((line, priced),), sums = proposals.priced(sent)
    assert (line.name, priced.total, sums.total) == ("Sofa Ωmega", Decimal("1200.00"), sent.total)
    for part in ("texts", "lines", "pictures", "product", "furniture", "line"):
        answer = owner_client.post(
            job.page_of(sent),
            {"part": part, "product": job.sofa.public_id, "picture": job.pictures[0].public_id},
        )
        assert answer.status_code in (302, 404, 422), part
    with pytest.raises(proposals.NotADraft):
        proposals.add_furniture(proposal=sent)
    with pytest.raises(proposals.NotADraft):
        job.send(sent)


def test_the_database_keeps_what_was_sent(job: Job, studio: Studio) -> None:
    sent = job.sent()
    mine = {"organization": studio.organization, "proposal": sent}
    rows = Proposal.objects.filter(pk=sent.pk)
    lines, shown = ProposalLine.objects.filter(proposal=sent), ProposalPicture.objects.filter(proposal=sent)
    for write in (
        lambda: rows.update(total=1, net=1, tax_amount=0),
        lambda: rows.update(terms="Other"),
        lambda: rows.update(valid_until=timezone.now().date() + timedelta(days=99)),
        lambda: lines.update(unit_price=1),
        lambda: lines.delete(),
        lambda: shown.delete(),
        lambda: ProposalLine.objects.create(is_product=False, position=9, name="More", unit_price=1, **mine),
        lambda: ProposalPicture.objects.create(picture=job.pictures[1], position=9, **mine),
    ):
        refused(studio, "proposal_frozen", write)
    refused(studio, "proposal_stays", lambda: rows._raw_delete(using="default"))
    proposal_sending.withdraw(proposal=sent, by_user=studio.owner, now=timezone.now())
    refused(studio, "proposal_step", lambda: rows.update(state=State.SENT, ended_at=None))
    refused(studio, "proposal_step", lambda: rows.update(state=State.ACCEPTED))


def test_numbers_have_no_gap_and_are_the_workspaces_own(
    job: Job, studio: Studio, strange_studio: Studio
) -> None:
    first = job.sent()
    failing = job.draft(valid_until=timezone.now().date() - timedelta(days=1))
    with pytest.raises(proposal_sending.TooOld):
        job.send(failing)
    draft = job.draft()
    job.decide(0, "declined")
    with pytest.raises(proposal_sending.NotApproved):
        job.send(draft)
    job.decide(0)
    second = job.send(draft)
    assert (first.label, second.label) == ("P-0001", "P-0002")
    refused(studio, "proposal_number_once", lambda: _copy_number(studio, job, 1))


def _copy_number(studio: Studio, job: Job, number: int) -> None:
    draft = Proposal.objects.filter(state=State.DRAFT).earliest("pk")
    ProposalPicture.objects.filter(proposal=draft).exclude(picture=job.pictures[0]).delete()
    fields: dict[str, Any] = {"sent_at": timezone.now(), "cost": 0, "net": 0, "tax_amount": 0, "total": 0}
    Proposal.objects.filter(pk=draft.pk).update(number=number, state=State.SENT, **fields)


# --- Currencies and lines --------------------------------------------------------------------------------


def test_mixed_currencies_are_refused_with_what_to_do(job: Job, studio: Studio, owner_client: Client) -> None:
    chair = library.add_product(
        organization=studio.organization,
        by_user=studio.owner,
        image=IncomingImage(content=jpeg(), name="Chair"),
        name="Chair",
        price=Decimal(90),
        currency="CHF",
    )
    draft = job.draft()
    with pytest.raises(proposals.MixedCurrencies, match="priced in CHF, and this proposal is in EUR"):
        proposals.add_product(proposal=draft, product_id=chair.public_id)
    said = owner_client.post(job.page_of(draft), {"part": "product", "product": chair.public_id}, follow=True)
    assert b"Give it a price in EUR" in said.content
    with pytest.raises(proposals.MixedCurrencies):
        proposals.change(proposal=draft, fields={"currency": "CHF"})
    proposals.add_line(
        proposal=draft, name="Chair", details="", quantity=Decimal(2), unit_price=Decimal("95.50")
    )
    with studio.enter():
        assert proposals.priced(draft)[1].total == Decimal("1191.00")


def test_lines_are_changed_added_and_taken_out(job: Job, studio: Studio, owner_client: Client) -> None:
    draft = job.draft(markup=Decimal(10))
    page = job.page_of(draft)
    owner_client.post(
        page, {"part": "line", "new-name": "Design fee", "new-quantity": "2", "new-unit_price": "80.00"}
    )
    with studio.enter():
        keys = [line.pk for line, _price in proposals.priced(draft)[0]]
        assert proposals.priced(draft)[1].total == Decimal("1260.00"), "no markup on a fee"
    sheet: dict[str, Any] = {"part": "lines", "key": keys, "lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 2}
    rows = [("Sofa", "3", "1000", "0", ""), ("Design fee", "1", "80", "", "on")]
    for number, (name, quantity, unit, markup, remove) in enumerate(rows):
        fields = {"name": name, "quantity": quantity, "unit_price": unit, "markup": markup, "remove": remove}
        sheet |= {f"lines-{number}-{key}": value for key, value in fields.items()}
    assert owner_client.post(page, sheet | {"lines-0-quantity": "-1"}).status_code == 422
    assert owner_client.post(page, sheet | {"key": [1, 2]}, follow=True).status_code == 200
    assert owner_client.post(page, sheet).status_code == 302
    with studio.enter():
        ((line, priced),), _sums = proposals.priced(draft)
    assert (line.name, priced.total) == ("Sofa", Decimal("3000.00"))


def test_a_total_beyond_reason_is_refused(job: Job) -> None:
    draft = job.draft()
    for _number in range(2):
        proposals.add_line(
            proposal=draft,
            name="Castle",
            details="",
            quantity=Decimal(9999),
            unit_price=Decimal("9999999.99"),
        )
    with pytest.raises(proposal_sending.TooMuchMoney):
        job.send(draft)


# --- Versions, withdrawal, files -------------------------------------------------------------------------


def test_a_new_version_takes_the_place_of_the_old_one_when_it_is_sent(job: Job, studio: Studio) -> None:
    old = job.sent(introduction="Hello")
    draft = proposals.new_version(proposal=old, by_user=studio.owner, now=timezone.now())
    again = proposals.new_version(proposal=old, by_user=studio.owner, now=timezone.now())
    assert again.pk == draft.pk, "one at a time"
    assert job.fresh(old).state == State.SENT, "until the new one is sent"
    new = job.send(job.fresh(draft))
    assert (job.fresh(old).state, new.introduction, new.label) == (State.SUPERSEDED, "Hello", "P-0002")
    with studio.enter():
        assert len(proposals.priced(new)[0]) == len(proposals.pictures_of(new)) == 1


def test_a_version_that_comes_after_the_acceptance_is_not_sent(job: Job, studio: Studio) -> None:
    old = job.sent()
    draft = proposals.new_version(proposal=old, by_user=studio.owner, now=timezone.now())
    job.accept(old)
    with pytest.raises(proposal_sending.AnsweredAlready):
        job.send(job.fresh(draft))
    assert job.fresh(old).state == State.ACCEPTED


def test_sending_makes_its_own_files_and_mails_the_link_once(job: Job, studio: Studio) -> None:
    sent = job.send(job.draft(), mail_client=True)
    (args,) = ProcrastinateJob.objects.filter(task_name=proposal_sending.MAKE_TASK).values_list(
        "args", flat=True
    )
    for _again in range(2):
        tasks.make_proposal(**args)
    sent = job.fresh(sent)
    with studio.enter():
        (row,) = proposals.pictures_of(sent)
        ((line, _price),), _sums = proposals.priced(sent)
    for name in (sent.pdf, row.before, row.after, line.thumbnail):
        assert name.startswith(f"{studio.organization.public_id}/proposals/{sent.public_id}/")
    (letter,) = ProcrastinateJob.objects.filter(task_name=proposal_files.MAIL_TASK).values_list(
        "args", flat=True
    )
    tasks.mail_proposal(**letter)
    (written,) = mail.outbox
    assert written.to == ["winter@example.com"]
    assert "http://testserver/p/" in str(written.body)
    storage.sweep(now=timezone.now())
    assert file_check.check_files(now=timezone.now()).is_clean


def test_a_withdrawn_one_is_not_mailed_any_more(job: Job, studio: Studio) -> None:
    sent = job.sent()
    proposal_sending.withdraw(proposal=sent, by_user=studio.owner, now=timezone.now())
    proposal_sending.withdraw(proposal=sent, by_user=studio.owner, now=timezone.now())
    proposal_files.mail(
        proposal_id=sent.pk, organization_id=studio.organization.pk, base="", now=timezone.now()
    )
    assert mail.outbox == []
    with studio.enter():
        assert AuditEntry.objects.filter(action="proposal.withdrawn").count() == 1


def test_proposals_go_with_their_workspace(job: Job, studio: Studio) -> None:
    old = job.make(job.sent())
    draft = proposals.new_version(proposal=old, by_user=studio.owner, now=timezone.now())
    job.accept(job.send(job.fresh(draft)))
    delete(studio)
    account_tasks.empty_workspace(organization_id=studio.organization.pk)
    reviews = {"ReviewRoom", "ReviewLink", "ReviewItem", "Decision", "Comment"}  # theirs to close
    assert left_of(studio) - reviews <= KEPT
    storage.sweep(now=timezone.now())
    assert file_check.check_files(now=timezone.now()).is_clean


# --- Who may -----------------------------------------------------------------------------------------------


def test_a_stranger_finds_none_of_it(job: Job, stranger_client: Client) -> None:
    draft = job.draft()
    for page in (job.page, *(job.page_of(draft, more) for more in ("", "/preview", "/brand.css", "/pdf"))):
        assert stranger_client.get(page).status_code == 404
    for more in ("", "/send", "/withdraw", "/version", "/delete", "/links", "/links/1/revoke"):
        assert stranger_client.post(job.page_of(draft, more)).status_code == 404


def test_settings_are_the_admins_and_begin_the_next_proposal(
    job: Job, studio: Studio, owner_client: Client, colleague_client: Client
) -> None:
    page = f"/w/{studio.organization.public_id}/settings/proposals"
    assert colleague_client.get(page).status_code == 403
    assert b"Remove the logo" not in owner_client.get(page).content, "there is none"
    fields = {
        "business_name": "Oak Interiors", "business_address": "Street 1", "accent": "#112233", "currency": "EUR",
        "markup": "15", "tax_name": "USt.", "tax": "19", "valid_days": "10", "terms": "Pay soon.",
    }  # fmt: skip
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGBA", (300, 80), (20, 60, 40, 255)).save(picture, "PNG")
    picture.seek(0)
    picture.name = "logo.png"
    assert owner_client.post(page, fields | {"logo": picture}).status_code == 302
    assert owner_client.post(page, fields | {"accent": "red"}).status_code == 422
    sent = job.make(job.sent())
    assert (sent.markup, sent.tax) == (Decimal(15), Decimal(19))
    assert (sent.business_name, sent.accent) == ("Oak Interiors", "#112233")
    assert sent.logo.endswith(".png")
    assert b"Remove the logo" in owner_client.get(page).content
    owner_client.post(page, fields | {"remove_logo": "on", "terms": "Other."})
    assert job.fresh(sent).terms == "Pay soon."
    storage.sweep(now=timezone.now())
    assert file_check.check_files(now=timezone.now()).is_clean


def test_the_clients_logo_and_colour_stand_beside_the_senders(job: Job, owner_client: Client) -> None:
    client = job.project.client
    assert client is not None
    logo = (REPOSITORY / "static" / "icons" / "icon-192.png").read_bytes()
    draft = job.draft()
    assert "proposal-logo" not in owner_client.get(job.page_of(draft, "/preview")).content.decode()
    bare = proposal_files.render(job.make(job.sent()))
    clients.set_logo(client=client, content=logo)
    with job.studio.enter():
        type(client).objects.filter(pk=client.pk).update(accent="#123456")
    assert "proposal-logo" in owner_client.get(job.page_of(draft, "/preview")).content.decode()
    assert b"#123456" in owner_client.get(job.page_of(draft, "/brand.css")).content
    sent = job.make(job.send(draft))
    assert (sent.client_accent, sent.client_logo.endswith(".png")) == ("#123456", True)
    assert len(proposal_files.render(sent)) > len(bare) + 1000, "the paper shows it too"
    reader, token = Client(), job.token(sent)
    page = reader.get(f"/p/{token}").content.decode()
    assert f"/p/{token}/client_logo" in page
    assert b"".join(reader.get(f"/p/{token}/client_logo").streaming_content)  # type: ignore[attr-defined]
    assert b"#123456" in reader.get(f"/p/{token}/brand.css").content
    clients.remove_logo(client=client)
    with job.studio.enter():
        type(client).objects.filter(pk=client.pk).update(accent="")
    assert b"#123456" in reader.get(f"/p/{token}/brand.css").content, "what was sent stays as it was"
    assert b"".join(reader.get(f"/p/{token}/client_logo").streaming_content)  # type: ignore[attr-defined]
    storage.sweep(now=timezone.now())
    assert file_check.check_files(now=timezone.now()).is_clean


def test_a_draft_is_thrown_away_and_a_sent_one_is_not(job: Job, owner_client: Client) -> None:
    draft, sent = job.draft(), job.sent()
    owner_client.post(job.page_of(draft, "/delete"))
    owner_client.post(job.page_of(sent, "/delete"))
    assert owner_client.get(job.page_of(draft)).status_code == 404
    assert owner_client.get(job.page_of(sent)).status_code == 200
