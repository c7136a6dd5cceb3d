// The window as a person uses it: what is clicked, typed and read.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium as browserType, type Browser, type Frame, type Locator, type Page } from "playwright-core";
import { chromium, EXTENSION, until } from "./machine";

const SHOTS = process.env["BUGATLAS_SHOTS"] ?? path.join(EXTENSION, ".shots");

export class Window {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(url: string, size = { width: 1400, height: 900 }): Promise<Window> {
    const browser = await browserType.launch({ executablePath: chromium(), headless: true, args: ["--no-sandbox"] });
    const context = await browser.newContext({ viewport: size, permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.waitForSelector(".monaco-workbench .activitybar");
    await mkdir(SHOTS, { recursive: true });
    return new Window(browser, page);
  }

  /** Show the side bar of the extension; its views are made now, and the extension begins. */
  async sideBar(): Promise<void> {
    await this.page.locator('.activitybar a[aria-label^="Bugatlas"]').click();
    await this.form();
  }

  /** The frame of the form. */
  async form(): Promise<Frame> {
    let found: Frame | undefined;
    await until(
      async () => {
        for (const frame of this.page.frames()) {
          if (await frame.$("#report").catch(() => null)) found = frame;
        }
        return found !== undefined;
      },
      30,
      "the form",
    );
    return found as Frame;
  }

  /** Paste a report and ask. */
  async locate(report: string): Promise<void> {
    const form = await this.form();
    await form.fill("#report", report);
    await form.click("#locate");
  }

  /** A view of the side bar, by its name. */
  pane(name: string): Locator {
    return this.page.locator(".sidebar .pane", { has: this.page.locator(`.pane-header[aria-label^="${name}"]`) });
  }

  /** The first row of a view whose spoken text begins so. */
  row(view: string, spoken: string): Locator {
    return this.pane(view).locator(`.monaco-list-row[aria-label^="${spoken}"]`).first();
  }

  /** All rows of a view, as screen readers hear them. */
  async rows(view: string): Promise<string[]> {
    const rows = await this.pane(view).locator(".monaco-list-row").all();
    return Promise.all(rows.map(async (row) => (await row.getAttribute("aria-label")) ?? ""));
  }

  /** Name of the active editor and the line that the cursor is on. */
  async editor(): Promise<{ name: string; line: number }> {
    const name = await this.page.locator(".tabs-container .tab.active .monaco-icon-label .label-name").first().textContent();
    const place = await this.page.locator("#status\\.editor\\.selection").textContent();
    return { name: name ?? "", line: Number(/Ln (\d+)/.exec(place ?? "")?.[1]) };
  }

  /** Wait for an editor and the line that the cursor is on. */
  async editorIs(name: string, line: number): Promise<void> {
    let seen = { name: "", line: 0 };
    const same = async (): Promise<boolean> => {
      seen = await this.editor().catch(() => seen);
      return seen.name === name && seen.line === line;
    };
    await until(same, 20, "").catch(() => {
      throw new Error(`${name}, line ${line} is not open: ${seen.name}, line ${seen.line} is`);
    });
  }

  /** Wait for an editor of this name. */
  async editorNamed(name: string): Promise<void> {
    await this.page.locator(".tabs-container .tab.active .label-name", { hasText: name }).first().waitFor();
  }

  /** Answer the question at the top of the window. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input").first();
    await input.fill(text);
    await input.press("Enter");
  }

  /** What the clipboard holds. */
  clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /** Load the window anew. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.waitForSelector(".monaco-workbench .activitybar");
    await this.form(); // the side bar is as it was
  }

  /** A message of the window; it is there twice, once for screen readers. */
  said(text: string): Promise<void> {
    return this.page.getByText(text).first().waitFor();
  }

  /** Fold a view, or unfold it. */
  async fold(view: string, open: boolean): Promise<void> {
    const header = this.pane(view).locator(".pane-header");
    if ((await header.getAttribute("aria-expanded")) !== String(open)) await header.click();
  }

  /** Run a command by its name in the palette. */
  async command(name: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").first().fill(`>${name}`);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
  }

  /** A picture of the window. */
  async shot(name: string): Promise<void> {
    await this.page.mouse.move(700, 890); // no hover
    await this.page.waitForTimeout(400);
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
