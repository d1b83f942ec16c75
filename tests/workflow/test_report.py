"""The report of a whole run, opened in a browser that has no network."""

import json

import pytest
from browser import PROGRAM, Browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed, so the report is not looked at")


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    finished.run("--report", str(path))
    return path


@pytest.fixture
def browser(report, tmp_path):
    """A browser on the report; afterwards no script may have failed and no address outside the file been asked for."""
    with Browser(tmp_path / "profile") as browser:
        browser.open(report)
        browser.wait_for("document.body && document.body.innerText.includes('Sharing economy')")
        yield browser
        assert browser.errors == []
        assert [address for address in browser.requested if not address.startswith(("file:", "data:", "blob:"))] == []


def click_entry(browser: Browser, text: str) -> None:
    """Follow an entry of the menu."""
    entry = f"[...document.querySelectorAll('a')].find(e => e.innerText.trim() == {json.dumps(text)})"
    browser.wait_for(entry)
    browser.run(f"{entry}.click()")


def click_button(browser: Browser, kind: str, name: str, icon: str) -> None:
    """Press the eye or the (i) beside a result of the list."""
    row = f"[...document.querySelectorAll('tr')].find(e => /^{kind}\\s+{name}\\b/.test(e.innerText.trim()))"
    browser.wait_for(row)
    browser.run(f"{row}.querySelector('a[iconname={icon}]').click()")


def test_the_first_page_tells_of_every_study_and_shows_the_rules(browser):
    text = browser.run("document.body.innerText")
    for words in (
        "A small market with a network",
        "small, section 0.1",
        "A market that is only cleared",
        "limits are zero",
    ):
        assert words in text
    assert ":math:" not in text
    browser.wait_for("['prepare', 'value_gather', 'present'].every(rule => document.body.textContent.includes(rule))")


def test_a_figure_is_drawn_and_its_caption_has_a_formula(browser):
    click_entry(browser, "Trial")
    assert "Congestion spreads the prices" in browser.run("document.body.innerText")
    click_button(browser, "figure", "prices", "eye")
    drawn = "[...document.images].find(e => e.src.includes('prices.svg'))"
    browser.wait_for(f"{drawn} && {drawn}.complete && {drawn}.naturalWidth > 100")
    click_button(browser, "figure", "prices", "information-circle")
    browser.wait_for("document.body.innerText.includes('Prices λb by bus.')")


@pytest.mark.parametrize(
    ("kind", "name", "file", "content"),
    [("table", "settlement", "settlement.html", "vcg_payment"), ("about", "small", "about.html", "highspy")],
)
def test_a_page_is_shown_in_a_frame(browser, kind, name, file, content):
    click_entry(browser, "Trial")
    click_button(browser, kind, name, "eye")
    frame = f"[...document.querySelectorAll('iframe')].find(e => e.src.includes('{file}'))"
    browser.wait_for(frame)
    assert content in browser.run(f"atob({frame}.src.split('base64,')[1])")
