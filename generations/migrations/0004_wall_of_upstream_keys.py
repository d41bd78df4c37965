"""The second wall of the workspaces' own MeltFlex keys."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("generations", "0003_upstream_keys_gates_and_removal")]
    operations = [row_level_security("generations_upstreamkey")]
