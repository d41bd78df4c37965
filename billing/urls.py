"""Addresses of the pages of credits and money."""

from django.urls import path

from accounts import converters  # noqa: F401 — knows `id`
from billing import budget_pages, buying_pages, plan_pages, views, webhook

urlpatterns = [
    path("w/<id:workspace>/credits", views.statement_page, name="credits"),
    path("w/<id:workspace>/credits/statement.csv", views.statement_csv_file, name="credits-csv"),
    path("w/<id:workspace>/credits/buy", buying_pages.packs, name="buy-credits"),
    path("w/<id:workspace>/credits/buy/pack", buying_pages.buy_pack, name="buy-pack"),
    path("w/<id:workspace>/credits/buy/top-up", buying_pages.top_up, name="top-up"),
    path(
        "w/<id:workspace>/credits/buy/<id:purchase_id>/refund", buying_pages.refund_pack, name="refund-pack"
    ),
    path("w/<id:workspace>/plan", plan_pages.plan, name="plan"),
    path("w/<id:workspace>/plan/choose", plan_pages.choose_plan, name="plan-choose"),
    path("w/<id:workspace>/plan/upgrade", plan_pages.upgrade_plan, name="plan-upgrade"),
    path("w/<id:workspace>/plan/downgrade", plan_pages.downgrade_plan, name="plan-downgrade"),
    path("w/<id:workspace>/plan/resume", plan_pages.resume_plan, name="plan-resume"),
    path("w/<id:workspace>/plan/portal", plan_pages.portal, name="portal"),
    path("w/<id:workspace>/plan/done", plan_pages.completed, name="plan-done"),
    path("w/<id:workspace>/settings/budgets", budget_pages.budgets_page, name="budgets"),
    path("stripe/webhook", webhook.receive, name="stripe-webhook"),
]
