"""Links into review rooms and to proposals, and lines of proposals, have names of their own outside."""

from __future__ import annotations

from django.db import migrations, models

import accounts.ids
import generations.models.proposal
import generations.models.review


class Migration(migrations.Migration):
    dependencies = [("generations", "0018_second_wall_of_deliveries")]

    # The database makes an id for each row that is there, and for those that the release before this one writes.
    operations = [
        migrations.AddField(
            model_name=model,
            name="public_id",
            field=models.CharField(
                db_default=accounts.ids.an_id(prefix),
                default=made,
                editable=False,
                max_length=40,
                unique=True,
            ),
        )
        for model, prefix, made in (
            ("reviewlink", "rvl", generations.models.review.review_link_id),
            ("proposallink", "prl", generations.models.proposal.proposal_link_id),
            ("proposalline", "pln", generations.models.proposal.proposal_line_id),
        )
    ]
