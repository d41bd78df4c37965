"""The statement of a hold as a function, whose plan PostgreSQL keeps; and the check at commit by two look-ups.

A migration because parsing and planning that one statement took longer than running it, and a pooler forbids statements
that are prepared by the client; and since the check's max() read all lines of an account where the table was not
analyzed yet. What it does is what billing.credits said: one statement, so that two requests can
never spend the same credit and nobody gets half of what was asked for.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

# `before` locks the account and reads it as it is now; the decision and the arithmetic use only that. Allowance goes
# first, unless it has expired; `upto` is what a line and those before it take together.
HOLD = """
CREATE FUNCTION credit_hold(
    of_organization bigint, of_references text[], of_credits int[], of_labels text[], of_budgets text[],
    total int, at_time timestamptz
) RETURNS int LANGUAGE plpgsql AS $$
DECLARE made int;
BEGIN
    WITH wanted AS (
        SELECT reference, credits, labels, place, (sum(credits) OVER (ORDER BY place))::int AS upto
        FROM unnest(of_references, of_credits, of_labels) WITH ORDINALITY AS one(reference, credits, labels, place)
    ), before AS (
        SELECT id, allowance, purchased, held, debt, lines,
               CASE WHEN allowance_until <= at_time THEN 0 ELSE allowance END AS usable
        FROM billing_creditaccount WHERE organization_id = of_organization FOR UPDATE
    ), account AS (
        UPDATE billing_creditaccount
        SET allowance = before.allowance - LEAST(total, before.usable),
            purchased = before.purchased - (total - LEAST(total, before.usable)),
            held = before.held + total,
            lines = before.lines + cardinality(of_references)
        FROM before
        WHERE billing_creditaccount.id = before.id
          AND before.debt = 0 AND before.purchased >= total - LEAST(total, before.usable)
        RETURNING before.id, before.allowance, before.purchased, before.held, before.debt, before.lines, before.usable
    )
    INSERT INTO billing_creditentry (
        organization_id, account_id, number, kind, allowance, purchased, held, debt,
        allowance_after, purchased_after, held_after, debt_after, reference, budgets, labels, at)
    SELECT of_organization, account.id, account.lines + place, 'hold',
           LEAST(upto - credits, usable) - LEAST(upto, usable),
           LEAST(upto, usable) - LEAST(upto - credits, usable) - credits,
           credits, 0,
           allowance - LEAST(upto, usable), purchased - (upto - LEAST(upto, usable)), held + upto, debt,
           reference, of_budgets, wanted.labels::jsonb, at_time
    FROM account, wanted ORDER BY place;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$
"""

# Lines have no gaps (credit_entry_chain, append-only), so the last is the one that none follows.
MATCH = """
CREATE OR REPLACE FUNCTION credit_account_matches_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    account record;
    outer_setting text := coalesce(current_setting('app.system', true), '');
    matches boolean;
BEGIN
    PERFORM set_config('app.system', 'on', true);
    IF TG_TABLE_NAME = 'billing_creditaccount' THEN wanted := NEW.id; ELSE wanted := NEW.account_id; END IF;
    SELECT * INTO account FROM billing_creditaccount WHERE id = wanted;
    IF account.lines = 0 THEN
        matches := (account.allowance, account.purchased, account.held, account.debt) = (0, 0, 0, 0);
    ELSE
        matches := EXISTS (
            SELECT FROM billing_creditentry e
            WHERE e.account_id = wanted AND e.number = account.lines
              AND (e.allowance_after, e.purchased_after, e.held_after, e.debt_after)
                  = (account.allowance, account.purchased, account.held, account.debt));
    END IF;
    IF matches THEN
        matches := NOT EXISTS (
            SELECT FROM billing_creditentry e WHERE e.account_id = wanted AND e.number = account.lines + 1);
    END IF;
    PERFORM set_config('app.system', outer_setting, true);
    IF matches THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'account % differs from its last line', wanted
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_account_matches_ledger';
END $$
"""
# As it was (0003).
MATCH_BEFORE = import_module("billing.migrations.0003_ledger_guards").MATCH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_sums_of_days")]
    operations = [
        # Others begin with the same columns; the shorter ones were taken where statistics are young, and read all lines.
        migrations.AlterField(
            model_name="creditentry",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="creditentry",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="billing.creditaccount",
            ),
        ),
        migrations.RunSQL(
            sql=[HOLD, MATCH],
            reverse_sql=[
                MATCH_BEFORE,
                "DROP FUNCTION credit_hold(bigint, text[], int[], text[], text[], int, timestamptz)",
            ],
        )
    ]
