"""The second wall: PostgreSQL shows and takes rows of the entered workspace only."""

from django.db import migrations

from accounts.database import append_only, row_level_security


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_ledger")]
    operations = [
        row_level_security("billing_creditaccount"),
        row_level_security("billing_creditentry"),
        row_level_security("billing_budget"),
        append_only("billing_creditentry"),
    ]
