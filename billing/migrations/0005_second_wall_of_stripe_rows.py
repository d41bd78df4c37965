"""The second wall for the rows that belong to a workspace."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_stripe_rows_and_returns")]
    operations = [
        row_level_security("billing_stripecustomer"),
        row_level_security("billing_subscription"),
        row_level_security("billing_purchase"),
        row_level_security("billing_paidcredits"),
        row_level_security("billing_reversal"),
        row_level_security("billing_billingsettings"),
    ]
