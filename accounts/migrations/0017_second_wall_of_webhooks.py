"""The second wall around where events are sent, and what became of them."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_webhook_endpoints_and_deliveries")]
    operations = [
        row_level_security("accounts_webhookendpoint"),
        row_level_security("accounts_webhookdelivery"),
    ]
