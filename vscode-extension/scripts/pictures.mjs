// Pictures of the walkthrough, cut from those that the workbench tests take (.shots): npm run test:workbench, then this.
// Needs a Chromium: CHROMIUM=path.

import { readFile, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const WINDOW = { width: 1400, height: 900 };
const PICTURES = {
  service: ["fault-noCommand", { x: 48, y: 466, width: 402, height: 180 }],
  index: ["indexed", { x: 48, y: 466, width: 402, height: 300 }],
  locate: ["results", { x: 48, y: 64, width: 402, height: 420 }],
  follow: ["file", { x: 450, y: 150, width: 902, height: 390 }],
};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: WINDOW });
for (const [name, [shot, clip]] of Object.entries(PICTURES)) {
  const data = (await readFile(new URL(`../.shots/${shot}.png`, import.meta.url))).toString("base64");
  await page.setContent(`<style>body{margin:0}</style><img src="data:image/png;base64,${data}">`);
  await page.waitForFunction(() => document.images[0].complete);
  await writeFile(new URL(`../media/walkthrough/${name}.png`, import.meta.url), await page.screenshot({ clip }));
}
await browser.close();
