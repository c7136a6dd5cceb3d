/** What went wrong with the service, as the kinds that a person can do something about. */
export type Trouble =
  | "noCommand" // no service is set, and there is no `bugatlas` to start one
  | "untrusted" // the workspace is not trusted, so nothing is started for it
  | "notStarted" // the local service ended before it answered
  | "down" // nothing answers at the address
  | "slow" // no sign of life within the time-out
  | "unauthorized" // 401: a token is missing or wrong
  | "forbidden" // 403: the token may not do this
  | "noIndex" // it runs, but has nothing to search
  | "busy" // 429 or 503: it turns requests away
  | "rejected" // 4xx: the request itself
  | "old" // it lacks a route that is needed
  | "garbage" // what answers is no Bugatlas, or the answer is damaged
  | "fault" // 5xx
  | "cancelled";

/** A request that was not answered. `message` is for people, `hint` says what to do. */
export class ServiceError extends Error {
  constructor(
    readonly trouble: Trouble,
    message: string,
    readonly hint = "",
    readonly instance = "", // the request, as in the log of the service
  ) {
    super(message);
    this.name = "ServiceError";
  }
}

const PLAIN: Partial<Record<Trouble, string>> = {
  down: "Start the service, or check its address in the settings.",
  slow: "Try again, narrow the search, or raise bugatlas.timeout.",
  unauthorized: "Set a token that this service knows.",
  forbidden: "Ask the service's operator for a token that may.",
  noIndex: "Index this workspace, or run `bugatlas index PATH`.",
  busy: "Wait a moment and try again.",
  old: "Update Bugatlas where it runs: git pull in its clone, and install it again.",
  garbage: "Check the address in the settings.",
  fault: "See the log of the service.",
};

/** What to do about an error: the service's own hint where it gave one. */
export function advice(error: ServiceError): string {
  return error.hint || PLAIN[error.trouble] || "";
}

/** Anything thrown, as a ServiceError. */
export function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  return new ServiceError("fault", error instanceof Error ? error.message : String(error));
}
