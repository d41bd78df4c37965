"""The second wall around uploads."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_uploads")]
    operations = [row_level_security("projects_upload")]
