// Bundles the extension and its form (dist), or with `--unit` its unit tests, or with `--workbench` the others (out).
// `--production`: small; otherwise with maps.
import { rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import esbuild from "esbuild";

const asked = (flag) => process.argv.includes(flag);
const shared = { bundle: true, minify: asked("--production"), logLevel: "warning" };
if (!asked("--production")) shared.sourcemap = "linked";
const node = { ...shared, platform: "node", format: "cjs", target: "node20" };
const page = { ...shared, platform: "browser", format: "iife", target: "es2022" };

/** Tests are bundled as they are, one file for each. */
async function tests(folder, external = []) {
  const names = (await readdir(`test/${folder}`)).filter((name) => /test\.ts$|^index\.ts$/.test(name));
  const outdir = `out/${folder}`;
  rmSync(outdir, { recursive: true, force: true });
  await esbuild.build({
    ...node,
    entryPoints: names.map((name) => `test/${folder}/${name}`),
    outdir,
    external,
    minify: false,
    sourcemap: "inline",
  });
}

if (asked("--unit")) await tests("unit");
else {
  rmSync("dist", { recursive: true, force: true });
  await Promise.all([
    esbuild.build({ ...node, entryPoints: ["src/extension.ts"], outdir: "dist", external: ["vscode"] }),
    esbuild.build({ ...page, entryPoints: { form: "src/form/main.ts" }, outdir: "dist" }),
  ]);
}
if (asked("--workbench")) {
  await tests("host", ["vscode", "mocha"]);
  await tests("workbench", ["playwright-core"]);
}
