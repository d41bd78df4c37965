"""The end of a hold as a function: one round trip while the account is locked, with plans that PostgreSQL keeps.

A migration because an end was seven statements with the account locked all the while, and every picture has one.
"""

from django.db import migrations

# Statements of their own, each with its own snapshot: what was committed while the lock was waited for has to be seen.
# NULL, and nothing done, for all that is not plain: no such hold, one that was closed before, an amount that it does
# not have, an allowance whose period is over, budgets that get something back. billing.credits sees to those.
CLOSE = """
CREATE FUNCTION credit_close(of_organization bigint, of_reference text, to_take int, at_time timestamptz)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    account billing_creditaccount%ROWTYPE;
    hold billing_creditentry%ROWTYPE;
    taken int;
    allowance_back int;
    purchased_back int;
BEGIN
    SELECT * INTO account FROM billing_creditaccount WHERE organization_id = of_organization FOR UPDATE;
    SELECT * INTO hold FROM billing_creditentry
    WHERE account_id = account.id AND kind = 'hold' AND reference = of_reference;
    taken := coalesce(to_take, hold.held);
    IF hold.id IS NULL OR taken < 0 OR taken > hold.held THEN
        RETURN NULL;
    END IF;
    allowance_back := -hold.allowance - LEAST(-hold.allowance, taken);
    purchased_back := -hold.purchased - (taken - LEAST(-hold.allowance, taken));
    IF (allowance_back > 0 AND account.allowance_until <= at_time)
       OR (taken < hold.held AND cardinality(hold.budgets) > 0)
       OR EXISTS (SELECT FROM billing_creditentry WHERE hold_id = hold.id AND kind IN ('settle', 'release')) THEN
        RETURN NULL;
    END IF;
    INSERT INTO billing_creditentry (
        organization_id, account_id, number, kind, allowance, purchased, held, debt,
        allowance_after, purchased_after, held_after, debt_after, reference, hold_id, budgets, labels, at)
    VALUES (
        of_organization, account.id, account.lines + 1, CASE WHEN taken = 0 THEN 'release' ELSE 'settle' END,
        allowance_back, purchased_back, -hold.held, 0,
        account.allowance + allowance_back, account.purchased + purchased_back, account.held - hold.held, account.debt,
        of_reference, hold.id, '{}', hold.labels, at_time);
    UPDATE billing_creditaccount
    SET allowance = account.allowance + allowance_back, purchased = account.purchased + purchased_back,
        held = account.held - hold.held, lines = account.lines + 1
    WHERE id = account.id;
    RETURN CASE WHEN taken = 0 THEN hold.held ELSE taken END;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_plan_of_holds")]
    operations = [
        migrations.RunSQL(sql=[CLOSE], reverse_sql=["DROP FUNCTION credit_close(bigint, text, int, timestamptz)"])
    ]
