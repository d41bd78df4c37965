"""In a person's window: what a machine can tell about whether everybody can use a page, with a slow line too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from config.local.postgres import REPOSITORY
from tests.journeys import touring

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SOURCE = REPOSITORY / "tests" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
_RUN = """async () => {
    const { violations } = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
    });
    return violations.map((one) => ({
        impact: one.impact, rule: one.id, help: one.help,
        where: one.nodes.map((node) => node.target.join(" ") + "  " + node.failureSummary).slice(0, 4),
    }));
}"""
GRAVE = ("serious", "critical")
# As it came over the line, from the cache or not; without what was asked for since, such as more of a list.
_WEIGHT = """() => performance.getEntries()
    .filter((one) => one.entryType === "navigation" || one.entryType === "resource")
    .filter((one) => !["img", "image", "input", "xmlhttprequest", "fetch"].includes(one.initiatorType))
    .filter((one) => /^http/.test(one.name) && !/[.](png|jpe?g|webp|avif|svg|ico)([?]|$)/.test(one.name))
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
MOST = (
    150_000  # bytes of a page without its pictures; a clone compresses nothing, a deploy about a third of it
)


@cache
def _source() -> str:
    return _SOURCE.read_text()


def findings(page: Page) -> list[dict[str, Any]]:
    """Every violation on the page as it stands, of any impact."""
    touring.see(page)
    page.evaluate(_source())  # not add_script_tag: the policy of the page forbids it
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return found


def weight(page: Page) -> int:
    """Bytes of the page without its pictures, as it was opened."""
    return int(page.evaluate(_WEIGHT))


def grave_findings(page: Page) -> list[str]:
    """Those that shut somebody out, a line each; a page that is too heavy among them."""
    heavy = [f"{page.url}: {weight(page):,} bytes without its pictures"] if weight(page) > MOST else []
    return heavy + [
        f"{page.url}: {one['impact']} {one['rule']}: {one['help']}: {where}"
        for one in findings(page)
        if one["impact"] in GRAVE
        for where in one["where"]
    ]
