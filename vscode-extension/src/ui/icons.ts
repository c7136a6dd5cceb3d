import * as vscode from "vscode";

const ICONS: Record<string, string> = {
  function: "symbol-method",
  method: "symbol-method",
  class: "symbol-class",
  interface: "symbol-interface",
  struct: "symbol-struct",
  enum: "symbol-enum",
  trait: "symbol-interface",
  type: "symbol-class",
  constant: "symbol-constant",
  field: "symbol-field",
  module: "symbol-namespace",
  message: "symbol-event",
  service: "symbol-interface",
  table: "table",
  key: "symbol-key",
};

/** Icon of a definition, in the colours of the outline. */
export function symbolIcon(kind: string): vscode.ThemeIcon {
  const id = ICONS[kind] ?? "symbol-misc";
  const colour = id.startsWith("symbol-") ? `symbolIcon.${id.slice(7)}Foreground` : "";
  return new vscode.ThemeIcon(id, colour ? new vscode.ThemeColor(colour) : undefined);
}
