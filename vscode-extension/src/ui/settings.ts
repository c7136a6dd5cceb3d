import * as vscode from "vscode";

/** What is set under `bugatlas.`; see package.json for what each means. */
export interface Settings {
  serverUrl: string;
  command: string;
  index: string;
  timeout: number;
  folders: Record<string, string>;
  cloneFolder: string;
  otherRepositories: "view" | "host" | "ask";
  limit: number;
  includeTests: boolean;
  layout: "tree" | "list";
  decorations: boolean;
  history: number;
}

/** One setting as it is now. */
export function setting<K extends keyof Settings>(name: K): Settings[K] {
  return vscode.workspace.getConfiguration("bugatlas").get(name) as Settings[K];
}

/** Change a setting where it is set, else for the user. */
export async function change<K extends keyof Settings>(name: K, value: Settings[K]): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("bugatlas");
  const set = configuration.inspect(name)?.workspaceValue !== undefined;
  await configuration.update(name, value, set ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global);
}

/** Whether a settings event is about one of these. */
export function concerns(event: vscode.ConfigurationChangeEvent, ...names: (keyof Settings)[]): boolean {
  return names.some((name) => event.affectsConfiguration(`bugatlas.${name}`));
}
