"""The second wall around room sets."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("generations", "0013_room_sets")]
    operations = [row_level_security("generations_roomset")]
