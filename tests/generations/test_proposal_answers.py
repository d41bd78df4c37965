"""What a client reads, and what becomes of an answer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import activity
from accounts.models import AuditEntry, Membership
from generations import proposal_answers, proposal_sending, proposals
from generations.models import Proposal, ProposalAnswer, ProposalLink
from projects import team
from tests.factories import Studio
from tests.generations.proposing import Job, make_job

State = Proposal.State
YES = {"answer": "accept", "name": "Mrs Winter", "email": "winter@example.com", "agreed": "on"}
NO = {"answer": "decline", "name": "Mrs Winter", "email": "winter@example.com", "reason": "Too dear"}


@pytest.fixture(autouse=True)
def _own_storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def job(studio: Studio, worker: Callable[[], int]) -> Job:
    made = make_job(studio)
    made.decide(0)
    return made


def text_of(sent: Proposal, tmp_path: Path) -> str:
    """What pdftotext reads in its PDF."""
    if which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (apt-get install poppler-utils).")
    path = tmp_path / "proposal.pdf"
    with default_storage.open(sent.pdf) as opened:
        path.write_bytes(opened.read())
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()


def events(studio: Studio) -> list[str]:
    with studio.enter():
        return [activity.words_of(event) for event in activity.feed(organization=studio.organization)]


# --- Reading ---------------------------------------------------------------------------------------------


def test_who_has_the_link_reads_it_without_an_account(job: Job) -> None:
    sent = job.make(job.sent())
    page = f"/p/{job.token(sent)}"
    answer: Any = Client().get(page)
    assert answer.status_code == 200
    assert "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"]
    assert "Sofa Ωmega" in answer.content.decode()
    with_files = answer.context["pairs"][0][1:]
    for path in (*with_files, f"{page}/pdf", f"{page}/brand.css", answer.context["lines"][0][1]):
        found: Any = Client().get(path)
        assert found.status_code == 200, path
        if found.streaming:
            b"".join(found.streaming_content)
    for other in ("logo", "after_999", "after_x", "line_1x", "nothing", "pdf_1"):
        assert Client().get(f"{page}/{other}").status_code == 404


@pytest.mark.parametrize("shown", [False, True])
def test_the_markup_is_seen_only_where_it_is_switched_on(
    job: Job, studio: Studio, tmp_path: Path, shown: bool
) -> None:
    sent = job.make(job.sent(markup=Decimal("37.5"), tax=Decimal(19), show_markup=shown, title="Living room"))
    page = Client().get(f"/p/{job.token(sent)}").content.decode()
    for text in (page, text_of(sent, tmp_path)):
        assert "1,636.25" in text, "the total"
        assert "1,375.00" in text
        assert ("1,000.00" in text) is shown
        assert ("375.00" in text.replace("1,375.00", "")) is shown
        assert "37.5" not in text
        assert "arkup" not in text
        assert ("Handling" in text) is shown


def test_the_pdf_has_title_language_letters_and_no_large_size(
    job: Job, studio: Studio, tmp_path: Path
) -> None:
    sent = job.make(
        job.sent(
            language="de",
            introduction="Grüße, Ελλάδα и Москва: 5 €",
            title="Angebot für Łódź",
            tax=Decimal(19),
        )
    )
    text = text_of(sent, tmp_path)
    for words in ("Grüße, Ελλάδα и Москва: 5 €", "Angebot für Łódź", "Sofa Ωmega", "1.190,00 €", "P-0001"):
        assert words in text
    with default_storage.open(sent.pdf) as opened:
        content = opened.read()
    assert b"/Lang (de" in content
    assert b"/DisplayDocTitle true" in content


def test_a_link_that_was_revoked_or_never_was_opens_nothing(job: Job, studio: Studio) -> None:
    sent = job.make(job.sent())
    token = job.token(sent)
    with studio.enter():
        link = ProposalLink.objects.select_related("organization", "proposal").get()
    proposal_sending.revoke_link(link=link, by_user=studio.owner, now=timezone.now())
    for more in ("", "/pdf", "/brand.css"):
        assert Client().get(f"/p/{token}{more}").status_code in (404, 410)
        assert Client().get(f"/p/nothing{more}").status_code == 404
    assert Client().post(f"/p/{token}", YES).status_code == 410
    assert job.fresh(sent).state == State.SENT


def test_a_draft_has_no_link(job: Job, owner_client: Client) -> None:
    draft = job.draft()
    with pytest.raises(proposal_sending.NotWithTheClient):
        job.token(draft)
    assert b"Send the proposal first" in owner_client.post(job.page_of(draft, "/links"), follow=True).content


def test_the_team_is_told_when_it_is_opened_first(job: Job, studio: Studio) -> None:
    sent = job.sent()
    page = f"/p/{job.token(sent)}"
    for _number in range(2):
        Client().get(page)
    assert events(studio)[0] == "The client opened the proposal P-0001 for Lindenstraße 5"
    assert len([words for words in events(studio) if "opened" in words]) == 1


# --- Answering -------------------------------------------------------------------------------------------


def test_an_acceptance_is_kept_and_told_at_once(job: Job, studio: Studio) -> None:
    with studio.enter():
        member = Membership.objects.get(user=studio.colleague)
    team.assign(project=job.project, member_id=member.pk, by_user=studio.owner, now=timezone.now())
    ProcrastinateJob.objects.all().delete()
    sent = job.sent(tax=Decimal(19))
    page, client = f"/p/{job.token(sent)}", Client()
    assert client.post(page, YES | {"agreed": ""}).status_code == 422
    assert client.post(page, YES | {"email": "nonsense"}).status_code == 422
    assert job.fresh(sent).state == State.SENT
    for _twice in range(2):
        assert client.post(page, YES).status_code == 302
    assert "Accepted by Mrs Winter" in client.get(page).content.decode()
    with studio.enter():
        given = ProposalAnswer.objects.get()
        assert (given.accepted, given.name, given.total) == (True, "Mrs Winter", Decimal("1190.00"))
        entry = AuditEntry.objects.get(action="proposal.accepted")
        assert entry.details["email"] == "winter@example.com"
        for person in (studio.owner, studio.colleague):
            newest = activity.told_to(organization=studio.organization, user=person)[0]
            assert (
                activity.words_of(newest.event)
                == "Mrs Winter accepted the proposal P-0001 for Lindenstraße 5"
            )
    assert ProcrastinateJob.objects.filter(task_name=activity.MAIL_TASK).count() == 2


def test_a_refusal_needs_a_reason_which_the_team_reads(
    job: Job, studio: Studio, owner_client: Client
) -> None:
    sent = job.sent()
    page, client = f"/p/{job.token(sent)}", Client()
    assert client.post(page, NO | {"reason": " "}).status_code == 422
    assert client.post(page, NO).status_code == 302
    assert b"Too dear" in owner_client.get(job.page_of(sent)).content
    assert b"Too dear" in owner_client.get(f"/w/{studio.organization.public_id}/notifications").content
    said = client.post(page, YES)
    assert said.status_code == 422
    assert b"was answered before" in said.content
    assert job.fresh(sent).state == State.DECLINED


def test_an_expired_withdrawn_or_replaced_one_is_accepted_by_nobody(job: Job, studio: Studio) -> None:
    sent, now = job.sent(), timezone.now()
    late = now + timedelta(days=40)
    with pytest.raises(proposal_answers.TooLateToAnswer):
        job.accept(sent, now=late)
    draft = proposals.new_version(proposal=sent, by_user=studio.owner, now=now)
    new = job.send(job.fresh(draft))
    with pytest.raises(proposal_answers.TooLateToAnswer):
        job.accept(sent)
    assert b"A newer version" in Client().get(f"/p/{job.token(sent)}").content
    token = job.token(new)
    proposal_sending.withdraw(proposal=new, by_user=studio.owner, now=now)
    with pytest.raises(proposal_answers.TooLateToAnswer):
        job.accept(new)
    assert Client().get(f"/p/{token}").status_code == 410
    with studio.enter():
        assert not ProposalAnswer.objects.exists()


def test_on_its_last_day_it_can_still_be_accepted(job: Job) -> None:
    sent = job.sent()
    last = timezone.now().replace(hour=23, minute=59) + (sent.valid_until - timezone.now().date())
    assert job.accept(sent, now=last).accepted


def test_an_accepted_one_is_not_withdrawn(job: Job, studio: Studio) -> None:
    sent = job.sent()
    job.accept(sent)
    with pytest.raises(proposal_sending.NotWithTheClient):
        proposal_sending.withdraw(proposal=sent, by_user=studio.owner, now=timezone.now())


def test_the_same_answer_again_is_the_first_one_and_another_person_is_told(job: Job, studio: Studio) -> None:
    sent = job.sent()
    first = job.accept(sent)
    assert job.accept(sent, email="WINTER@example.com").pk == first.pk
    with pytest.raises(proposal_answers.AnsweredOtherwise):
        job.accept(sent, email="other@example.com")
    with studio.enter():
        assert AuditEntry.objects.filter(action="proposal.accepted").count() == 1


def test_an_answer_is_never_changed(job: Job, studio: Studio) -> None:
    given = job.accept(job.sent())
    for write in (
        lambda: ProposalAnswer.objects.filter(pk=given.pk).update(name="Somebody else"),
        lambda: ProposalAnswer.objects.filter(pk=given.pk).delete(),
    ):
        with studio.enter(), pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_with_a_picture_declined_since_it_is_not_accepted(job: Job) -> None:
    sent = job.sent()
    job.decide(0, "declined")
    with pytest.raises(proposal_answers.PictureDeclined):
        job.accept(sent)
    assert job.fresh(sent).state == State.SENT
    job.decide(0)
    job.accept(sent)
