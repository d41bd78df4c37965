from django.db import migrations

from accounts.database import row_level_security

TABLES = ("exportprofile", "originalpage", "delivery", "deliveryitem")


class Migration(migrations.Migration):
    dependencies = [("generations", "0017_deliveries_and_pages_of_originals")]

    operations = [row_level_security(f"generations_{table}") for table in TABLES]
