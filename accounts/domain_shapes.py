"""What the API reads and answers about host names."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import domains
from accounts.models import Domain


class DomainInput(serializers.Serializer):
    """A host name to be claimed."""

    host = serializers.CharField(max_length=300)


class RecordData(serializers.Serializer):
    """The DNS record that proves the claim."""

    type = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField()


class DomainData(serializers.Serializer):
    """A host name as the API shows it."""

    id = serializers.CharField(source="public_id")
    host = serializers.CharField(help_text="Other scripts as xn--….")
    state = serializers.CharField(
        help_text="waiting: for its record. proven. lost: the record is gone, the host works for 7 days more. ended."
    )
    record = serializers.SerializerMethodField()
    problem = serializers.CharField(
        help_text="Of the last look: missing, wrong, unanswered, taken, or empty."
    )
    created_at = serializers.DateTimeField()
    proven_at = serializers.DateTimeField(source="verified_at", allow_null=True)
    lost_since = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(RecordData)
    def get_record(self, row: Domain) -> dict[str, str]:
        """What its owner has to set."""
        name, value = domains.record_of(row)
        return {"type": domains.KIND, "name": name, "value": value}
