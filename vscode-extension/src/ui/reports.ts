import * as vscode from "vscode";
import type { LocateRequest } from "../api/client";
import type { Form } from "./form";
import type { Session } from "./session";
import { setting } from "./settings";

const LONGEST = 1_000_000; // characters that the service takes

/** Put a text into the form and ask at once. */
export async function locateText(text: string, form: Form, session: Session): Promise<void> {
  const report = text.slice(0, LONGEST);
  if (!report.trim()) {
    void vscode.window.showInformationMessage("There is no text to locate.");
    return;
  }
  const request: LocateRequest = { report, limit: setting("limit"), tests: setting("includeTests") };
  await form.fill(request, false);
  await session.locate(request);
}

/** What is selected in the active editor; all of it where nothing is. */
export function selected(): string {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return "";
  const parts = editor.selections.filter((s) => !s.isEmpty).map((s) => editor.document.getText(s));
  return parts.length ? parts.join("\n") : editor.document.getText();
}
