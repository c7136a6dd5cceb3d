// Runs inside the extension host of a real workbench: Mocha over the tests of this folder.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { format } from "node:util";
import Mocha from "mocha";

export async function run(): Promise<void> {
  const said: string[] = [];
  Mocha.reporters.Base.consoleLog = (...given: unknown[]) => void said.push(format(...given));
  const mocha = new Mocha({ ui: "tdd", timeout: 30_000, reporter: "spec", color: false });
  mocha.addFile(path.join(__dirname, "extension.test.js"));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  await writeFile(process.env["BUGATLAS_HOST_LOG"] ?? "host.log", said.join("\n"));
  if (failures) throw new Error(`${failures} failed`);
}
