// Bundles the extension, its form and its tests. `--production`: small; otherwise with maps.
import { rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import esbuild from "esbuild";

const production = process.argv.includes("--production");
const shared = { bundle: true, minify: production, sourcemap: production ? false : "linked", logLevel: "warning" };
const node = { ...shared, platform: "node", format: "cjs", target: "node20" };
const tests = (folder) => readdir(`test/${folder}`).then((names) => names.map((n) => `test/${folder}/${n}`));

for (const folder of ["dist", "out"]) rmSync(folder, { recursive: true, force: true });
await Promise.all([
  esbuild.build({ ...node, entryPoints: ["src/extension.ts"], outdir: "dist", external: ["vscode"] }),
  esbuild.build({ ...shared, entryPoints: { form: "src/form/main.ts" }, outdir: "dist", platform: "browser", format: "iife", target: "es2022" }),
  esbuild.build({ ...node, minify: false, sourcemap: "inline", entryPoints: await tests("unit"), outdir: "out/unit" }),
  esbuild.build({ ...node, minify: false, entryPoints: await tests("host"), outdir: "out/host", external: ["vscode", "mocha"] }),
  esbuild.build({ ...node, minify: false, entryPoints: ["test/workbench/workbench.test.ts", "test/workbench/host.test.ts"], outdir: "out/workbench", external: ["playwright-core"] }),
]);
