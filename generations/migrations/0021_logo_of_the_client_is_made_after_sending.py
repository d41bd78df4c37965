"""The client's logo is a file that the job makes of a sent proposal, as the sender's is: it may be named later."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("generations.migrations.0016_second_wall_of_proposals").PROPOSAL.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
AFTER = BEFORE.replace("'logo','pdf'", "'logo','client_logo','pdf'")
assert AFTER != BEFORE


class Migration(migrations.Migration):
    dependencies = [("generations", "0020_brand_of_the_client_on_proposals")]

    operations = [migrations.RunSQL(sql=AFTER, reverse_sql=BEFORE)]
