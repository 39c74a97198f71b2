"""`make pictures`: the README's pictures, taken of a running demo with made-up commanders."""

import json
import shutil
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import sync_playwright

DEMO = Path(".local/demo.json")
FOLDER = Path("docs/pictures")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DEFENDERS, ARCHITECTS = "2023-11-defenders-of-peace", "2023-11-architects-of-chaos"
REPORTS = {
    "Kestrel": [f"{DEFENDERS}/unraveling-anomalies", f"{DEFENDERS}/hidden-motivations"],
    "Merlin": [f"{DEFENDERS}/enlisting-old-allies", f"{ARCHITECTS}/the-onslaught"],
    "Osprey": [f"{DEFENDERS}/hidden-motivations", f"{ARCHITECTS}/confronting-resilience"],
    "名前": [f"{ARCHITECTS}/disarray-unleashed", f"{ARCHITECTS}/the-onslaught"],
    "Zoë": [f"{DEFENDERS}/unraveling-anomalies"],
}


def main() -> None:
    demo: dict[str, Any] = json.loads(DEMO.read_text(encoding="utf-8"))
    report(demo)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        phone = browser.new_page(viewport={"width": 390, "height": 800})
        phone.goto(f"{demo['form_url']}?commander=Kestrel")
        phone.screenshot(path=FOLDER / "form.png")
        phone.get_by_label("Confronting Resilience").check()
        phone.get_by_role("button", name="Report").click()
        phone.screenshot(path=FOLDER / "receipt.png")
        desk = browser.new_page(viewport={"width": 1280, "height": 800})
        desk.goto(f"{demo['sheet_url']}?refresh=0")
        for tab in ("Progress", "Schedule", "Rewards", "Commanders"):
            desk.get_by_role("link", name=f"IMS {tab}").click()
            name = "sheet" if tab == "Commanders" else f"sheet-{tab.lower()}"
            desk.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


def report(demo: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {demo['member_key']}"}
    for commander, milestones in REPORTS.items():
        body = {"commander": commander, "milestones": milestones}
        requests.post(
            f"{demo['api_url']}/v1/completions", json=body, headers=headers, timeout=30
        ).raise_for_status()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    main()
