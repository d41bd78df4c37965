"""The second wall: PostgreSQL shows and takes rows of the entered workspace only."""

from django.db import migrations

from accounts.database import row_level_security


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_generations_and_pictures")]
    operations = [
        row_level_security("generations_generation"),
        row_level_security("generations_generationreference"),
        row_level_security("generations_upstreamcall"),
        row_level_security("generations_picture"),
    ]
