"""The learning curve as the page draws it, in a real Chromium."""

from itertools import pairwise

import pytest
from pages import CONTRAST, playwright

F1 = [0.412, 0.55, 0.503, 0.717]
CENTRES = """svg => {
  const outer = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("circle")].map((each) => {
    const box = each.getBoundingClientRect();
    const x = (box.x + box.width / 2 - outer.x) / outer.width;
    return [x, (box.y + box.height / 2 - outer.y) / outer.height];
  });
}"""


def learn(here, *f1, answered=None):
    """Let the session's model have learnt: 20 sentences a round, unless it is said."""
    teacher = here.controller._update
    points = [{"answered": 20 * i, "f1": x} for i, x in enumerate(f1)]
    for point, n in zip(points, answered or (), strict=False):
        point["answered"] = n
    teacher.status = {**type(teacher).status, "curve": points}


def near(found, wanted):
    return found == pytest.approx(wanted, abs=0.01)


def test_the_line_goes_through_every_round(site, visit):
    here = site()
    learn(here, *F1)
    page = visit(here.url)
    svg = page.get_by_role("img", name="Learning curve")
    playwright.expect(svg).to_be_visible()
    assert svg.get_attribute("aria-label") == (
        "Learning curve: F1 on dev 41.2 % after 0 sentences, 71.7 % after 60; "
        "best 71.7 %"
    )
    centres = svg.evaluate(CENTRES)
    across, down = zip(*centres, strict=True)
    steps = [b - a for a, b in pairwise(across)]
    assert len(centres) == 4 and near(steps, [steps[0]] * 3) and steps[0] > 0.2
    # As far up as F1 is between the worst and the best round.
    up = [(down[0] - y) / (down[0] - down[3]) for y in down]
    assert near(up, [(x - 0.412) / (0.717 - 0.412) for x in F1])
    assert down[0] - down[3] > 0.5 and min(down) >= 0 and max(down) <= 1
    corners = [xy.split(",") for xy in svg.locator("polyline").get_attribute(
        "points").split()]  # fmt: skip
    circles = svg.locator("circle")
    assert corners == [[circles.nth(i).get_attribute(x) for x in ("cx", "cy")]
                       for i in range(4)]  # fmt: skip
    stroke = svg.locator("polyline").evaluate("x => getComputedStyle(x).stroke")
    assert stroke not in ("none", "rgb(0, 0, 0)")
    assert page.locator(".scale").all_inner_texts() == ["71.7 %\n41.2 %"]


def test_it_grows_while_somebody_answers(site, visit):
    here = site()
    learn(here, 0.5)
    page = visit(here.url)
    page.locator("mark").wait_for()
    assert page.get_by_role("img", name="Learning curve").count() == 0
    playwright.expect(page.locator("#learning")).to_contain_text("F1 on dev 50.0 %")
    learn(here, 0.5, 0.25)
    page.keyboard.press("1")
    playwright.expect(page.locator("#curve circle")).to_have_count(2)
    learn(here, 0.5, 0.25, 0.25)
    page.keyboard.press("1")
    playwright.expect(page.locator("#curve circle")).to_have_count(3)
    playwright.expect(page.locator("#learning")).to_contain_text("F1 on dev 25.0 %")


@pytest.mark.parametrize("answered", [[0, 0, 0], [5, 3, 2]])
def test_rounds_without_progress_still_stand_side_by_side(site, visit, answered):
    """All alike, or sentences taken back: no place is out of the picture."""
    here = site()
    learn(here, 0.5, 0.5, 0.5, answered=answered)
    page = visit(here.url)
    svg = page.get_by_role("img", name="Learning curve")
    playwright.expect(svg).to_be_visible()
    across, down = zip(*svg.evaluate(CENTRES), strict=True)
    assert near(down, [0.5] * 3)
    assert list(across) == sorted(across) and 0 <= across[0] < across[2] <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 800), (360, 640)])
def test_it_can_be_seen(site, visit, scheme, size):
    here = site()
    learn(here, *F1)
    view = {"width": size[0], "height": size[1]}
    page = visit(here.url, color_scheme=scheme, viewport=view)
    page.locator("mark").wait_for()
    assert [x for x in page.evaluate(CONTRAST) if x[1] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
