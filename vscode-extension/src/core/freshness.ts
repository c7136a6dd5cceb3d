import type { Repository } from "../api/client";
import { cloneOf, type Clone } from "./clones";

/** How the index stands to what is checked out here. */
export interface Freshness {
  state: "empty" | "fresh" | "stale";
  repositories: number; // indexed
  behind: string[]; // indexed repositories of this workspace whose checked-out commit is another one
  unknown: string[]; // folders of this workspace that are not indexed
}

/** Compare the index with the clones of this workspace. */
export function freshness(indexed: readonly Repository[], clones: readonly Clone[]): Freshness {
  const known = new Set<Clone>();
  const behind: string[] = [];
  for (const repository of indexed) {
    const clone = cloneOf(repository, clones);
    if (!clone) continue;
    known.add(clone);
    const held = [repository.commit, ...repository.snapshots];
    if (clone.head && !held.includes(clone.head)) behind.push(repository.name);
  }
  const unknown = clones.filter((c) => !known.has(c)).map((c) => c.folder);
  const state = !indexed.length ? "empty" : behind.length || unknown.length ? "stale" : "fresh";
  return { state, repositories: indexed.length, behind, unknown };
}
