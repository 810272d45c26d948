"""What every page must pass, whoever looks at it: `check_page(page)`."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page

DESKTOP, PHONE = (1440, 900), (390, 844)

_complaints: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()

# Runs before the page's own scripts: what the Content-Security-Policy refuses is kept for check_page.
REMEMBER_REFUSALS = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""

STILL = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await frame();
  const ends = document.getAnimations().filter((each) => each.effect.getComputedTiming().iterations !== Infinity);
  await Promise.allSettled(ends.map((each) => each.finished));
  await frame();
}"""

SHAPE = """() => ({
  title: document.title.trim(),
  lang: document.documentElement.lang,
  headings: [...document.querySelectorAll("h1")].filter((node) => node.getClientRects().length).length,
  refused: window.refusedByPolicy ?? ["the page was not watched"],
  overflow: document.documentElement.scrollWidth - window.innerWidth,
  wide: [...document.querySelectorAll("body *")].filter((node) => {
    const box = node.getBoundingClientRect();
    if (!box.width || box.right <= window.innerWidth + 1) return false;
    for (let up = node.parentElement; up; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return false;
    return true;
  }).slice(0, 4).map((node) => node.outerHTML.slice(0, 140)),
})"""

AXE = """async (only) => {
  const options = { resultTypes: ["violations"] };
  if (only) options.runOnly = { type: "rule", values: only };
  const found = await axe.run(document, options);
  const place = (node) => `    ${node.target.join(" ")}  ${node.html.slice(0, 160)}`;
  const why = (node) => `      ${node.failureSummary.replace(/\\s+/g, " ")}`;
  return found.violations.map((one) => [`${one.id} (${one.impact}): ${one.help}`].concat(
    one.nodes.slice(0, 5).flatMap((node) => [place(node), why(node)])
  ).join("\\n"));
}"""


def watch(page: Page) -> None:
    """Keeps what the browser complains about on ``page``, for `check_page`."""
    heard = _complaints.setdefault(page, [])
    page.add_init_script(REMEMBER_REFUSALS)
    page.on("pageerror", lambda error: heard.append(f"script error: {error}"))
    page.on("console", lambda message: _hear(heard, message))


def _hear(heard: list[str], message: ConsoleMessage) -> None:
    if message.type == "error":
        heard.append(f"console: {message.text} ({message.location.get('url', '')})")


def check_page(page: Page, *, status: int = 200, rules: list[str] | None = None) -> None:
    """Fails with everything wrong on the page as it is now.

    No accessibility violation (axe; only ``rules`` when given), no error of script or console, nothing refused by the
    Content-Security-Policy, no sideways scroll, one visible h1, French, a title. ``status`` is the answer expected for
    the page itself: the browser reports a 422 or a 404 on the console, which is no fault of the page.
    """
    settle(page)
    problems = [*_complaints_of(page, status), *_shape_of(page), *axe(page, rules)]
    assert not problems, f"{page.url} at {page.viewport_size}:\n" + "\n".join(f"- {problem}" for problem in problems)


def settle(page: Page) -> None:
    """Waits until nothing loads nor moves any more: colours change one frame after the theme."""
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping')")
    page.evaluate(STILL)


def _complaints_of(page: Page, status: int) -> list[str]:
    heard = _complaints[page]
    told = [line for line in heard if not (status >= 400 and f"status of {status}" in line)]
    heard.clear()
    return told


def _shape_of(page: Page) -> list[str]:
    shape = page.evaluate(SHAPE)
    problems = [f"refused by the policy: {refusal}" for refusal in shape["refused"]]
    if shape["overflow"] > 0:
        problems.append(f"scrolls sideways by {shape['overflow']} px: {shape['wide']}")
    if shape["headings"] != 1:
        problems.append(f"{shape['headings']} visible h1")
    if shape["lang"] != "fr":
        problems.append(f"lang is {shape['lang']!r}")
    if not shape["title"].removesuffix("· Jalon").strip():
        problems.append(f"title is {shape['title']!r}")
    return problems


def axe(page: Page, rules: list[str] | None = None) -> list[str]:
    """The accessibility violations of the page, one text each."""
    if not page.evaluate("() => typeof window.axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, rules)
