import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EXTENSION, shop, start } from "./machine";
import { Window } from "./window";

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bugatlas-workbench-"));
  const made = await shop(folder);
  const settings = {
    "workbench.startupEditor": "none",
    "bugatlas.command": made.command,
    "bugatlas.index": made.index,
  };
  const bench = await start(folder, { vsix: path.join(EXTENSION, "bugatlas.vsix"), workspace: made.workspace, settings });
  try {
    const w = await Window.open(bench.url);
    await w.sideBar();
    await w.shot("empty");
    const report = made.reports[1];
    await w.locate(`${report?.title}\n\n${report?.body}`);
    await w.page.waitForTimeout(6000); await w.shot("results");
    await w.row("Where It May Be", "DiscountSplitter.java").waitFor();
    await w.shot("results");
    console.log(await w.rows("Where It May Be"));
    await w.row("Where It May Be", "DiscountSplitter.java").click();
    await w.page.waitForTimeout(2000);
    console.log(await w.editor());
    await w.shot("file");
    await w.close();
  } finally {
    bench.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
