import { realpath } from "node:fs/promises";
import path from "node:path";

/**
 * The parts of a path of a repository, or undefined where it could lead out of it or into git's own files.
 * Paths come from the service, so they are not believed.
 */
export function segments(relative: string): string[] | undefined {
  if (!relative || relative.length > 4096) return undefined;
  const parts = relative.split("/");
  const fine = parts.every((p) => p !== "" && p !== "." && p !== ".." && !/[\\\0:]/.test(p));
  return fine && parts[0]?.toLowerCase() !== ".git" ? parts : undefined;
}

/** Where a file of a repository lies on disk, or why it is not to be opened there. */
export type Place = { file: string } | { problem: "missing" | "outside" };

/** Where a file of a repository lies. A link that leads out of the repository's folder is not followed. */
export async function inside(folder: string, relative: string): Promise<Place> {
  const parts = segments(relative);
  if (!parts) return { problem: "outside" };
  try {
    const root = await realpath(folder);
    const file = path.join(root, ...parts);
    const real = await realpath(file);
    return real.startsWith(root.endsWith(path.sep) ? root : root + path.sep) ? { file } : { problem: "outside" };
  } catch {
    return { problem: "missing" };
  }
}

/** Last part of a path or a repository's name. */
export function lastName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** All but the last part of a path; "" at the top. */
export function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}
