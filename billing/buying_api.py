"""The REST API of money: pages to pay on, the subscription, purchases, the automatic top-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails
from accounts.errors import Refusal
from accounts.managing import WorkingView
from accounts.models import ApiKey, Role, Scope
from accounts.serializers import listed
from billing import entitlements, purchases, subscriptions, topups
from billing import serializers as shapes


class LiveKeyNeeded(Refusal):
    """A test key moves no money. Use a live key, or the pages."""

    code, title, status = "live_key_needed", "Live key needed", 403


class MoneyView(WorkingView):
    """Reading needs the scope `read`; the rest `manage`, an owner or admin, and what moves money a live key."""

    changing_scope = Scope.MANAGE
    role = Role.ADMIN
    in_transaction = False  # Stripe is asked
    moves_money = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The key and the role, then whether it is for real."""
        super().initial(request, *args, **kwargs)
        is_test = isinstance(request.auth, ApiKey) and not request.auth.is_live
        if self.moves_money and is_test and request.method not in ("GET", "HEAD", "OPTIONS"):
            raise LiveKeyNeeded

    def page_called(self, name: str) -> str:
        """The full address of a page of this workspace, for Stripe to send people back to."""
        base = emails.base_url(self.request._request)
        return f"{base}{reverse(name, args=[self.organization.public_id])}"


# --- Pages to pay on -------------------------------------------------------------------------------------


class Checkout(MoneyView):
    """The page on which a plan or a pack is paid."""

    moves_money = False  # whoever opens the page does

    @extend_schema(
        summary="Begin to buy a plan or a pack",
        request=shapes.CheckoutInput,
        responses={201: shapes.AddressData},
    )
    def post(self, request: Request) -> Response:
        """`url` is a page of the payment provider: open it for the person who pays. 404 for what is not sold."""
        asked = self.checked(shapes.CheckoutInput)
        cancel = self.page_called("plan" if "plan" in asked else "buy-credits")
        what: dict[str, Any] = {
            "organization": self.organization,
            "by_user": self.person,
            "now": timezone.now(),
            "success_url": self.page_called("plan-done"),
            "cancel_url": f"{cancel}?canceled",
        }
        if "plan" in asked:
            url = subscriptions.choose_plan(plan=asked["plan"], **what)
        else:
            url = purchases.buy_pack(pack=asked["pack"], **what)
        return Response({"url": url}, status=201)


class BillingPortal(MoneyView):
    """The page of card, invoices and cancellation."""

    moves_money = False

    @extend_schema(summary="Open the billing portal", request=None, responses={201: shapes.AddressData})
    def post(self, request: Request) -> Response:
        """`url` works for a short while: open it for the person at once."""
        url = subscriptions.portal_url(
            organization=self.organization, by_user=self.person, return_url=self.page_called("plan")
        )
        return Response({"url": url}, status=201)


# --- The subscription ------------------------------------------------------------------------------------


class SubscriptionView(MoneyView):
    """The workspace's plan."""

    def change(self, verb: Callable[..., entitlements.PlanState], **what: str) -> Response:
        """Do it, and say how the plan stands."""
        state = verb(organization=self.organization, by_user=self.person, now=timezone.now(), **what)
        return Response(shapes.SubscriptionData(state).data)


class CurrentSubscription(SubscriptionView):
    """As it stands."""

    @extend_schema(summary="Read the workspace's plan", responses={200: shapes.SubscriptionData})
    def get(self, request: Request) -> Response:
        """`status` is null without a subscription; `next_plan` begins at `period_end`."""
        state = entitlements.state_of(organization=self.organization, now=timezone.now())
        return Response(shapes.SubscriptionData(state).data)


class SubscriptionUpgrade(SubscriptionView):
    """A larger plan."""

    errors = {"POST": (402,)}

    @extend_schema(
        summary="Upgrade the plan", request=shapes.PlanInput, responses={200: shapes.SubscriptionData}
    )
    def post(self, request: Request) -> Response:
        """Now: the full price is charged to the card on file, and a new period begins. 402 if it is declined."""
        return self.change(subscriptions.upgrade, plan=self.checked(shapes.PlanInput)["plan"])


class SubscriptionDowngrade(SubscriptionView):
    """A smaller plan."""

    @extend_schema(
        summary="Downgrade the plan", request=shapes.PlanInput, responses={200: shapes.SubscriptionData}
    )
    def post(self, request: Request) -> Response:
        """From the next period on; nothing is charged or given back now."""
        return self.change(subscriptions.downgrade, plan=self.checked(shapes.PlanInput)["plan"])


class SubscriptionCancel(SubscriptionView):
    """No plan any more."""

    @extend_schema(summary="Cancel the plan", request=None, responses={200: shapes.SubscriptionData})
    def post(self, request: Request) -> Response:
        """It lasts until `ends_at`, the end of what is paid. Twice is once."""
        return self.change(subscriptions.cancel)


class SubscriptionResume(SubscriptionView):
    """The plan goes on."""

    @extend_schema(
        summary="Take a cancellation or downgrade back",
        request=None,
        responses={200: shapes.SubscriptionData},
    )
    def post(self, request: Request) -> Response:
        """As long as it has not come into force. Nothing is charged now."""
        return self.change(subscriptions.resume)


# --- Packs -----------------------------------------------------------------------------------------------


class Purchases(MoneyView):
    """Packs that were bought."""

    in_transaction = True

    @extend_schema(summary="List purchases", responses={200: listed(shapes.PurchaseData)})
    def get(self, request: Request) -> Response:
        """Newest first, with what went back of each, and until when it can be given back."""

        def shape(found: list[Any]) -> list[Any]:
            bought = purchases.in_full(organization=self.organization, rows=found, now=timezone.now())
            return [shapes.PurchaseData(each).data for each in bought]

        return self.page_of(purchases.rows_of(organization=self.organization), shape)


class PurchaseDetail(MoneyView):
    """One of them."""

    @extend_schema(summary="Read a purchase", responses={200: shapes.PurchaseData})
    def get(self, request: Request, purchase_id: str) -> Response:
        """As it stands."""
        return self.answer(purchase_id)

    def answer(self, purchase_id: str) -> Response:
        """As it stands; 404 for one that is none of the workspace's."""
        found = purchases.find(organization=self.organization, purchase_id=purchase_id, now=timezone.now())
        if found is None:
            raise Http404
        return Response(shapes.PurchaseData(found).data)


class PurchaseRefund(PurchaseDetail):
    """An unused pack, given back."""

    http_method_names = ("post", "options")

    @extend_schema(summary="Give an unused pack back", request=None, responses={200: shapes.PurchaseData})
    def post(self, request: Request, purchase_id: str) -> Response:
        """The money goes back to the card, the credits at once. 409 where `refundable_until` is null."""
        purchases.request_refund(
            organization=self.organization,
            purchase_id=purchase_id,
            by_user=self.person,
            now=timezone.now(),
        )
        return self.answer(purchase_id)


class Topup(MoneyView):
    """When to tell that credits run low, and whether to buy some then."""

    in_transaction = True

    @extend_schema(summary="Read the automatic top-up", responses={200: shapes.TopupData})
    def get(self, request: Request) -> Response:
        """As it is wished."""
        wishes = topups.settings_of(organization=self.organization)
        return Response(shapes.TopupData(wishes).data)

    @extend_schema(
        summary="Set the automatic top-up", request=shapes.TopupInput, responses={200: shapes.TopupData}
    )
    def put(self, request: Request) -> Response:
        """All of it; what is left out is off. 400 for a limit that no pack fits into."""
        asked = self.checked(shapes.TopupInput)
        wishes = topups.save_settings(
            organization=self.organization,
            by_user=self.person,
            now=timezone.now(),
            low_below=asked["low_below"],
            topup_pack=asked["pack"] or "",
            topup_below=asked["below"],
            topup_monthly_cap=asked["monthly_cap"],
        )
        return Response(shapes.TopupData(wishes).data)
