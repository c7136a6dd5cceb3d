import * as vscode from "vscode";
import { file } from "../api/client";
import { asServiceError } from "../api/errors";
import type { Service } from "./service";

export const SCHEME = "bugatlas";

/** Address of a file as the service has it: read-only. */
export function uriOf(repo: string, path: string, commit: string): vscode.Uri {
  const query = new URLSearchParams({ repo, ...(commit ? { at: commit } : {}) }).toString();
  return vscode.Uri.from({ scheme: SCHEME, path: `/${repo}/${path}`, query });
}

/** What such an address says; undefined where it is none of ours. */
export function placeOf(uri: vscode.Uri): { repo: string; path: string; at: string } | undefined {
  const query = new URLSearchParams(uri.query);
  const repo = query.get("repo") ?? "";
  if (uri.scheme !== SCHEME || !repo || !uri.path.startsWith(`/${repo}/`)) return undefined;
  return { repo, path: uri.path.slice(repo.length + 2), at: query.get("at") ?? "" };
}

/** Serves files of repositories that are not on this machine, as they were indexed. */
export class Reader implements vscode.TextDocumentContentProvider {
  constructor(private readonly service: Service) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const place = placeOf(uri);
    if (!place) throw new Error("This is no address of an indexed file.");
    const { repo, path, at } = place;
    const server = await this.service.current();
    const found = await file(server, at ? { repo, path, at } : { repo, path }).catch((thrown: unknown) => {
      const error = asServiceError(thrown);
      if (at && error.trouble === "rejected") return file(server, { repo, path }); // it was indexed anew since
      throw error;
    });
    if (!found.whole) void vscode.window.showInformationMessage(`${path} is long: only its beginning is shown.`);
    return found.text;
  }
}
