// The window as a person uses it: what is clicked, typed and read.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import axe from "axe-core";
import { chromium as browserType, type Browser, type Frame, type Locator, type Page } from "playwright-core";
import { chromium, EXTENSION, until } from "./machine";

const WIDE = 400; // the side bar, as people drag it who read reasons
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
    const bar = await this.page.locator(".part.sidebar").boundingBox();
    if (!bar) return;
    await this.page.mouse.move(bar.x + bar.width, bar.y + 300);
    await this.page.mouse.down();
    await this.page.mouse.move(bar.x + WIDE, bar.y + 300, { steps: 5 });
    await this.page.mouse.up();
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
    await form.locator("#locate", { hasText: "Locate" }).click(); // it says Cancel while another is asked
  }

  /** A view of the side bar, by its name. */
  pane(name: string): Locator {
    return this.page.locator(".sidebar .pane", { has: this.page.locator(`.pane-header[aria-label^="${name}"]`) });
  }

  /** The first row of a view whose spoken text begins so. */
  row(view: string, spoken: string): Locator {
    return this.pane(view).locator(`.monaco-list-row[aria-label^="${spoken}"]`).first();
  }

  /** The same, scrolled to: what is out of sight is not drawn. */
  async find(view: string, spoken: string): Promise<Locator> {
    const row = this.row(view, spoken);
    const list = this.pane(view).locator(".monaco-list").first();
    let last = "";
    const inSight = async (): Promise<boolean> => {
      const [box, frame] = [await row.boundingBox({ timeout: 200 }).catch(() => null), await list.boundingBox()];
      if (box && frame && box.y >= frame.y && box.y + box.height <= frame.y + frame.height) return true;
      const now = (await this.rows(view)).join("\n");
      const by = now === last ? -10_000 : 100; // from the top again
      const scrolled = list.locator(".monaco-scrollable-element").first();
      await scrolled.dispatchEvent("wheel", { deltaY: by }, { timeout: 200 }).catch(() => undefined); // drawn anew
      last = now;
      return false;
    };
    await until(inSight, 30, "").catch(async () => {
      throw new Error(`${view} has no row ${spoken}:\n${(await this.rows(view)).join("\n")}`);
    });
    return row;
  }

  /** Click a row; again where it was drawn anew meanwhile. */
  async press(view: string, spoken: string): Promise<void> {
    const pressed = async (): Promise<boolean> =>
      (await this.find(view, spoken)).click({ timeout: 2000 }).then(() => true, () => false);
    await until(pressed, 30, `${spoken} of ${view}`);
  }

  /** Wait until the form holds a report. */
  async reportIs(report: string): Promise<void> {
    let seen = "";
    const same = async (): Promise<boolean> =>
      (seen = await (await this.form()).inputValue("#report").catch(() => "")) === report;
    await until(same, 20, "").catch(() => {
      throw new Error(`the form holds another report: ${seen}`);
    });
  }

  /** All rows of a view, as screen readers hear them. */
  async rows(view: string): Promise<string[]> {
    // In one step: a list that changes while rows are read one by one takes them away.
    return this.pane(view).locator(".monaco-list-row").evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
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

  /** What stands beside lines of the active editor, by their numbers. */
  marks(): Promise<[number, string][]> {
    return this.page.evaluate(() => {
      const top = (e: Element): number => Math.round(e.getBoundingClientRect().top);
      const editor = document.querySelector(".editor-group-container.active .monaco-editor") ?? document;
      const numbers = new Map([...editor.querySelectorAll(".line-numbers")].map((e) => [top(e), Number(e.textContent)]));
      return [...editor.querySelectorAll(".view-line")].flatMap((line): [number, string][] => {
        const beside = [...line.querySelectorAll("span")].map((s) => getComputedStyle(s, "::after").content);
        const said = beside.find((text) => /\w/.test(text) && text !== "none" && text !== "normal");
        return said ? [[numbers.get(top(line)) ?? 0, said.replace(/^"|"$/g, "")]] : [];
      });
    });
  }

  /** Wait until the editor asks whether to leave for a page outside; where it is driven by tests, it refuses to ask. */
  async leaves(act: () => Promise<void>): Promise<void> {
    const asked = this.page.waitForEvent("console", (m) => m.text().includes("open the external website"));
    await act();
    await asked;
  }

  /** Choose from the menu of a row. */
  async menu(row: Locator, item: string): Promise<void> {
    await row.click({ button: "right" });
    const found = this.page.locator(".monaco-menu .action-item", { hasText: item }).first();
    await found.hover(); // a click that comes with the menu is taken for the end of the one that opened it
    await this.page.locator(".monaco-menu .action-item.focused", { hasText: item }).waitFor();
    await this.page.keyboard.press("Enter");
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

  /** What of the form cannot be read, or is told to nobody, by the rules of WCAG. */
  async violations(): Promise<string[]> {
    const form = await this.form();
    await form.evaluate(axe.source); // by the browser's own hand: the form's policy lets no script in
    // The view behind the form has a colour; the form itself has none, which would be taken for white.
    await form.evaluate(() => (document.body.style.background = "var(--vscode-sideBar-background)"));
    const found = await form.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document.body));
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
  }

  /** Take messages off the window. */
  async quiet(): Promise<void> {
    await this.command("Notifications: Clear All Notifications");
    await this.page.locator(".notifications-toasts .notification-toast").first().waitFor({ state: "detached" });
  }

  /** A picture of the window; `still`: with what hangs under the pointer. */
  async shot(name: string, still = false): Promise<void> {
    if (!still) await this.page.mouse.move(700, 890);
    await this.page.waitForTimeout(400); // for what fades in and out
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
