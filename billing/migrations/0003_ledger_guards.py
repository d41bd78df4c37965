"""Each line continues the one before it; at commit the account equals its last line."""

from django.db import migrations

CHAIN = """
CREATE FUNCTION credit_entry_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before record;
BEGIN
    SELECT allowance_after, purchased_after, held_after, debt_after INTO before
    FROM billing_creditentry WHERE account_id = NEW.account_id AND number = NEW.number - 1;
    IF NOT FOUND THEN
        IF NEW.number <> 1 THEN
            RAISE EXCEPTION 'line % of account % follows no line', NEW.number, NEW.account_id
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_entry_chain';
        END IF;
        SELECT 0 AS allowance_after, 0 AS purchased_after, 0 AS held_after, 0 AS debt_after INTO before;
    END IF;
    IF NEW.allowance_after <> before.allowance_after + NEW.allowance
       OR NEW.purchased_after <> before.purchased_after + NEW.purchased
       OR NEW.held_after <> before.held_after + NEW.held
       OR NEW.debt_after <> before.debt_after + NEW.debt THEN
        RAISE EXCEPTION 'line % of account % does not continue line %', NEW.number, NEW.account_id, NEW.number - 1
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_entry_chain';
    END IF;
    RETURN NEW;
END $$
"""
# Deferred to the commit, since a line and the account's row are two statements. It must see the account whatever
# workspace is entered by then, hence the setting of its own while it looks.
MATCH = """
CREATE FUNCTION credit_account_matches_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    account record;
    line record;
    outer_setting text := coalesce(current_setting('app.system', true), '');
    matches boolean := false;
BEGIN
    PERFORM set_config('app.system', 'on', true);
    IF TG_TABLE_NAME = 'billing_creditaccount' THEN wanted := NEW.id; ELSE wanted := NEW.account_id; END IF;
    SELECT * INTO account FROM billing_creditaccount WHERE id = wanted;
    SELECT coalesce(max(number), 0) AS number INTO line FROM billing_creditentry WHERE account_id = wanted;
    IF account.lines = line.number THEN
        IF account.lines = 0 THEN
            matches := (account.allowance, account.purchased, account.held, account.debt) = (0, 0, 0, 0);
        ELSE
            PERFORM FROM billing_creditentry e
            WHERE e.account_id = wanted AND e.number = account.lines
              AND (e.allowance_after, e.purchased_after, e.held_after, e.debt_after)
                  = (account.allowance, account.purchased, account.held, account.debt);
            matches := FOUND;
        END IF;
    END IF;
    PERFORM set_config('app.system', outer_setting, true);
    IF matches THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'account % differs from its last line', wanted
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'credit_account_matches_ledger';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_second_wall")]
    operations = [
        migrations.RunSQL(
            sql=[
                CHAIN,
                "CREATE TRIGGER credit_entry_chain BEFORE INSERT ON billing_creditentry"
                " FOR EACH ROW EXECUTE FUNCTION credit_entry_chain()",
                MATCH,
                "CREATE CONSTRAINT TRIGGER credit_account_matches_ledger AFTER INSERT OR UPDATE ON billing_creditaccount"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_account_matches_ledger()",
                "CREATE CONSTRAINT TRIGGER credit_entry_matches_account AFTER INSERT ON billing_creditentry"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_account_matches_ledger()",
            ],
            reverse_sql=[
                "DROP TRIGGER credit_entry_matches_account ON billing_creditentry",
                "DROP TRIGGER credit_account_matches_ledger ON billing_creditaccount",
                "DROP FUNCTION credit_account_matches_ledger()",
                "DROP TRIGGER credit_entry_chain ON billing_creditentry",
                "DROP FUNCTION credit_entry_chain()",
            ],
        )
    ]
