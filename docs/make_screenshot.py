"""Writes a picture of the page of a session that is running, in Chromium:
python docs/make_screenshot.py http://127.0.0.1:8080/ docs/feedback.png

It answers nothing: the question that it shows waits for the next visitor.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZE = {"width": 880, "height": 640}


def main() -> None:
    """Open the page, wait for a question, take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        # Debian's Chromium where it is installed, else Playwright's own.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport=SIZE)
        page.goto(arguments.url)
        page.locator(".text").wait_for()
        page.screenshot(path=arguments.path)
        browser.close()


if __name__ == "__main__":
    main()
