"""The audit log as owners and admins read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, Membership, Organization, TenantQuerySet, User

# Kinds of actions, by the beginning of their names.
KINDS: dict[str, str | Promise] = {
    "workspace": _("The workspace"),
    "member": _("Members"),
    "invitation": _("Invitations"),
    "api_key": _("API keys"),
    "webhook": _("Webhooks"),
    "upstream_key": _("MeltFlex keys"),
    "budget": _("Budgets"),
    "plan": _("Plan"),
    "pack": _("Packs"),
    "payment": _("Payments"),
    "billing": _("Notices and top-ups"),
    "client": _("Clients"),
    "project": _("Projects"),
    "room": _("Rooms and photos"),
    "room_set": _("Room sets"),
    "generation": _("Pictures"),
    "share_link": _("Links to pictures"),
    "review": _("Review rooms"),
    "original": _("Originals"),
    "delivery": _("Deliveries"),
    "export_profile": _("Export profiles"),
    "proposal": _("Proposals"),
    "export": _("Exports"),
    "brand": _("Brand"),
    "domain": _("Host names"),
    "operator": _("Operators"),
}
WORDS: dict[str, str | Promise] = {
    "workspace.created": _("Opened the workspace"),
    "workspace.renamed": _("Renamed the workspace"),
    "workspace.transferred": _("Handed the workspace over to"),
    "workspace.deleted": _("Deleted the workspace"),
    "member.role_changed": _("Changed the role of"),
    "member.removed": _("Removed"),
    "member.left": _("Left the workspace"),
    "invitation.sent": _("Invited"),
    "invitation.sent_again": _("Sent the invitation again to"),
    "invitation.withdrawn": _("Withdrew the invitation of"),
    "invitation.accepted": _("Accepted the invitation to"),
    "api_key.issued": _("Made an API key"),
    "api_key.revoked": _("Revoked an API key"),
    "webhook.added": _("Added a webhook endpoint"),
    "webhook.changed": _("Changed a webhook endpoint"),
    "webhook.secret_rotated": _("Changed the secret of a webhook endpoint"),
    "webhook.switched_off": _("Switched off a webhook endpoint"),
    "webhook.switched_on": _("Switched on a webhook endpoint"),
    "webhook.removed": _("Removed a webhook endpoint"),
    "webhook.replayed": _("Had events sent again to a webhook endpoint"),
    "upstream_key.added": _("Put in a MeltFlex key"),
    "upstream_key.removed": _("Removed a MeltFlex key"),
    "upstream_key.checked": _("Checked a MeltFlex key"),
    "upstream_key.resumed": _("Resumed a MeltFlex key"),
    "upstream_key.paused": _("Paused a MeltFlex key that was refused"),
    "budget.set": _("Set a budget"),
    "budget.removed": _("Removed a budget"),
    "plan.chosen": _("Went to pay for the plan"),
    "plan.upgraded": _("Moved up to the plan"),
    "plan.upgrade_declined": _("Was declined moving up to the plan"),
    "plan.downgraded": _("Moves down to the plan"),
    "plan.resumed": _("Resumed the plan"),
    "pack.chosen": _("Went to pay for a pack"),
    "payment.refunded": _("Refunded a payment"),
    "billing.settings_saved": _("Saved notices and top-ups"),
    "client.changed": _("Changed a client"),
    "client.archived": _("Archived a client"),
    "client.restored": _("Took a client out of the archive"),
    "client.deleted": _("Deleted a client"),
    "project.archived": _("Archived a project"),
    "project.restored": _("Took a project out of the archive"),
    "project.deleted": _("Deleted a project"),
    "room.deleted": _("Deleted a room"),
    "room.photo_deleted": _("Deleted a photo of a room"),
    "room_set.asked": _("Started a room set"),
    "room_set.repeated": _("Repeated what failed of a room set"),
    "room_set.canceled": _("Cancelled the rest of a room set"),
    "generation.canceled": _("Cancelled a picture"),
    "generation.deleted": _("Deleted a picture"),
    "generation.test_data_deleted": _("Deleted all test data"),
    "share_link.made": _("Shared a picture by a link"),
    "share_link.revoked": _("Revoked a link to a picture"),
    "review.made": _("Made a review room"),
    "review.changed": _("Changed a review room"),
    "review.revoked": _("Revoked a review room"),
    "review.link_made": _("Made a link into a review room"),
    "review.link_revoked": _("Revoked a link into a review room"),
    "review.link_sent": _("Had a link into a review room mailed"),
    "review.link_asked": _("A client asked for a new link into a review room"),
    "review.round_started": _("Started the next round of a review room"),
    "review.round_closed": _("Closed the round of a review room"),
    "review.round_opened_again": _("Opened the round of a review room again"),
    "review.handed_back": _("A client was done with a round of a review room"),
    "review.decided": _("A client decided about a picture"),
    "review.commented": _("A client wrote about a picture"),
    "review.answered": _("Answered a client in a review room"),
    "review.resolved": _("Settled a comment in a review room"),
    "review.unresolved": _("Opened a settled comment in a review room again"),
    "original.published": _("Published the original of a picture"),
    "original.retracted": _("Retracted the original of a picture"),
    "delivery.made": _("Made a delivery"),
    "delivery.ready": _("A delivery was ready"),
    "delivery.failed": _("A delivery could not be made"),
    "delivery.opened": _("Somebody opened a delivery for the first time"),
    "delivery.downloaded": _("Somebody downloaded a delivery for the first time"),
    "delivery.link_renewed": _("Made a new link of a delivery"),
    "delivery.released": _("Released a delivery"),
    "delivery.withdrawn": _("Withdrew a delivery"),
    "export_profile.saved": _("Saved an export profile"),
    "export_profile.changed": _("Changed an export profile"),
    "export_profile.removed": _("Removed an export profile"),
    "proposal.sent": _("Sent the proposal"),
    "proposal.opened": _("A client opened the proposal"),
    "proposal.withdrawn": _("Withdrew the proposal"),
    "proposal.accepted": _("A client accepted the proposal"),
    "proposal.declined": _("A client declined the proposal"),
    "proposal.link_made": _("Made a link to the proposal"),
    "proposal.link_revoked": _("Revoked a link to the proposal"),
    "export.asked": _("Asked for an export"),
    "brand.saved": _("Saved the brand"),
    "brand.logo_set": _("Put in a logo"),
    "brand.logo_removed": _("Removed the logo"),
    "domain.added": _("Claimed a host name"),
    "domain.removed": _("Removed a host name"),
    "domain.proven": _("A host name was proven"),
    "domain.record_lost": _("The record of a host name was gone"),
    "domain.ended": _("A host name ended, as its record was gone"),
    "operator.looked": _("Looked into the workspace, as an operator"),
}


@dataclass(frozen=True)
class Filters:
    """What of the log is wanted; "" and None for all. Days are calendar days (UTC), both included."""

    who: int | None = None
    kind: str = ""
    first: date | None = None
    last: date | None = None


def select(*, organization: Organization, filters: Filters) -> TenantQuerySet:
    """The lines, newest first; asked inside the workspace."""
    rows = AuditEntry.objects.of(organization).select_related("actor").order_by("-at", "-pk")
    if filters.who is not None:
        rows = rows.filter(actor=filters.who)
    if filters.kind:
        rows = rows.filter(action__startswith=f"{filters.kind}.")
    if filters.first:
        rows = rows.filter(at__gte=_midnight(filters.first))
    if filters.last:
        rows = rows.filter(at__lt=_midnight(filters.last + timedelta(days=1)))
    return rows


def people(*, organization: Organization) -> list[User]:
    """Who may stand in the log: the members; asked inside the workspace."""
    members = Membership.objects.of(organization).select_related("user").order_by("user__email")
    return [member.user for member in members]


def words_of(entry: AuditEntry) -> str:
    """What was done, for people; the bare name of an action that has no words."""
    return str(WORDS.get(entry.action, entry.action))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
