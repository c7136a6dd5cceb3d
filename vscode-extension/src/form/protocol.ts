import type { LocateRequest } from "../api/client";
import type { Action } from "../core/advice";

/** What the form tells the extension. */
export type FromForm =
  | { type: "ready" }
  | { type: "filled" }
  | { type: "locate"; request: LocateRequest }
  | { type: "cancel" }
  | { type: "action"; command: string };

/** What the extension tells the form. */
export type ToForm =
  | { type: "fill"; request: LocateRequest; focus: boolean; asked?: number } // then: it gives way to what was written since
  | { type: "known"; repositories: string[]; languages: string[] }
  | { type: "state"; running: boolean; status: string; problem: Problem | null };

/** What went wrong, and what can be done. */
export interface Problem {
  message: string;
  advice: string;
  actions: Action[];
}
