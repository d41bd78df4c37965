"""Does the ledger add up? Read-only checks of every account and line, for operators and tests."""

from __future__ import annotations

from django.db import connection

from accounts import tenancy

# Each finds what its name says, as (account id, line number or NULL, what is wrong).
_CHECKS = {
    "account differs from the sum of its lines": """
        SELECT a.id, NULL::bigint, format('account has %s/%s/%s/%s, lines sum to %s/%s/%s/%s',
               a.allowance, a.purchased, a.held, a.debt, s.allowance, s.purchased, s.held, s.debt)
        FROM billing_creditaccount a
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(allowance), 0) AS allowance, coalesce(sum(purchased), 0) AS purchased,
                   coalesce(sum(held), 0) AS held, coalesce(sum(debt), 0) AS debt, count(*) AS lines
            FROM billing_creditentry e WHERE e.account_id = a.id) s ON true
        WHERE (a.allowance, a.purchased, a.held, a.debt, a.lines)
              IS DISTINCT FROM (s.allowance, s.purchased, s.held, s.debt, s.lines)""",
    "line does not continue the one before it": """
        SELECT account_id, number, format('after it %s/%s/%s/%s does not follow',
               allowance_after, purchased_after, held_after, debt_after)
        FROM (SELECT *, lag(allowance_after, 1, 0) OVER w AS allowance_before,
                     lag(purchased_after, 1, 0) OVER w AS purchased_before,
                     lag(held_after, 1, 0) OVER w AS held_before, lag(debt_after, 1, 0) OVER w AS debt_before,
                     row_number() OVER w AS expected
              FROM billing_creditentry WINDOW w AS (PARTITION BY account_id ORDER BY number)) e
        WHERE number <> expected
           OR (allowance_after, purchased_after, held_after, debt_after) IS DISTINCT FROM
              (allowance_before + allowance, purchased_before + purchased, held_before + held, debt_before + debt)""",
    "line belongs to another workspace than its account or its hold": """
        SELECT e.account_id, e.number, 'workspace differs'
        FROM billing_creditentry e JOIN billing_creditaccount a ON a.id = e.account_id
        LEFT JOIN billing_creditentry h ON h.id = e.hold_id
        WHERE e.organization_id <> a.organization_id
           OR (h.id IS NOT NULL AND (h.account_id <> e.account_id OR h.kind <> 'hold' OR h.held <> -e.held))""",
    "hold is closed more than once": """
        SELECT account_id, max(number), format('%s closing lines', count(*))
        FROM billing_creditentry WHERE kind IN ('settle', 'release')
        GROUP BY account_id, hold_id HAVING count(*) > 1""",
    "sum of a day differs from its lines": """
        SELECT a.id, NULL::bigint, format('%s has %s/%s/%s, lines sum to %s/%s/%s', coalesce(d.day, e.day),
               d.granted, d.taken, d.lines, e.granted, e.taken, e.lines)
        FROM (SELECT * FROM billing_creditday WHERE key = '') d
        FULL JOIN (
            SELECT organization_id, (at AT TIME ZONE 'UTC')::date AS day, count(*) AS lines,
                   coalesce(sum(allowance + purchased - debt) FILTER (WHERE kind = 'grant'), 0) AS granted,
                   coalesce(-sum(allowance + purchased + held) FILTER (WHERE kind = 'settle'), 0) AS taken
            FROM billing_creditentry WHERE kind <> 'hold' GROUP BY 1, 2) e USING (organization_id, day)
        JOIN billing_creditaccount a USING (organization_id)
        WHERE (d.granted, d.taken, d.lines) IS DISTINCT FROM (e.granted, e.taken, e.lines)""",
    "held credits differ from the open holds": """
        SELECT a.id, NULL::bigint, format('account holds %s, open holds sum to %s', a.held, coalesce(sum(e.held), 0))
        FROM billing_creditaccount a
        LEFT JOIN billing_creditentry e ON e.account_id = a.id AND e.kind = 'hold' AND NOT EXISTS (
            SELECT FROM billing_creditentry c WHERE c.hold_id = e.id)
        GROUP BY a.id HAVING a.held <> coalesce(sum(e.held), 0)""",
}


def drift() -> list[str]:
    """One sentence for every disagreement, naming the account and the line; empty when all is well."""
    found = []
    with tenancy.system("check of every ledger"), connection.cursor() as cursor:
        for what, sql in _CHECKS.items():
            cursor.execute(sql)
            found += [
                f"account {account}, {f'line {line}' if line else 'all lines'}: {what}: {details}"
                for account, line, details in cursor.fetchall()
            ]
    return found


def size() -> tuple[int, int]:
    """How many accounts and lines there are."""
    with tenancy.system("check of every ledger"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM billing_creditaccount), (SELECT count(*) FROM billing_creditentry)"
        )
        accounts, lines = cursor.fetchone()
    return accounts, lines
