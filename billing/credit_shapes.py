"""How the balance, the ledger and the catalogue look outside."""

from __future__ import annotations

from rest_framework import serializers

from accounts.serializers import listed


class BalanceData(serializers.Serializer):
    """The balance, in the shape that MeltFlex's own programs read."""

    email = serializers.CharField()
    balance = serializers.IntegerField(help_text="What can be spent now, holds already taken off.")
    totalEarned = serializers.IntegerField()  # noqa: N815 — MeltFlex's own name
    totalSpent = serializers.IntegerField()  # noqa: N815
    costs = serializers.DictField(child=serializers.IntegerField())


class LabelData(serializers.Serializer):
    """What a line belongs to."""

    id = serializers.CharField()
    name = serializers.CharField()


class LedgerLine(serializers.Serializer):
    """A line of the ledger: `change` is its effect on the balance; `…_after` is how it stood then."""

    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    text = serializers.CharField()
    details = serializers.CharField()
    reference = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    labels = serializers.DictField(child=LabelData())
    change = serializers.IntegerField()
    taken = serializers.IntegerField()
    held = serializers.IntegerField()
    owed = serializers.IntegerField()
    balance_after = serializers.IntegerField()
    held_after = serializers.IntegerField()
    owed_after = serializers.IntegerField()


LedgerLine._declared_fields["for"] = serializers.CharField()  # no name for a member of a class
LedgerPage = listed(LedgerLine)


class PlanData(serializers.Serializer):
    """A plan; money in the currency's hundredths, for a month."""

    key = serializers.CharField()
    name = serializers.CharField()
    price = serializers.IntegerField()
    currency = serializers.CharField()
    allowance = serializers.IntegerField()
    in_flight_limit = serializers.IntegerField()
    seats = serializers.IntegerField()
    api_access = serializers.BooleanField()
    white_label = serializers.BooleanField()
    retention_days = serializers.IntegerField()
    trial_days = serializers.IntegerField()


class PackData(serializers.Serializer):
    """Credits that are bought once and never expire."""

    key = serializers.CharField()
    credits = serializers.IntegerField()
    price = serializers.IntegerField()
    currency = serializers.CharField()


class CatalogueData(serializers.Serializer):
    """What can be bought."""

    plans = PlanData(many=True)
    packs = PackData(many=True)
