import * as vscode from "vscode";
import { issue, type LocateRequest } from "../api/client";
import { advice, asServiceError } from "../api/errors";
import type { Form } from "./form";
import type { Service } from "./service";
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

/** Ask for an issue's key or address, read it through the service's tracker, and locate it. */
export async function locateIssue(service: Service, form: Form, session: Session): Promise<void> {
  const ref = await vscode.window.showInputBox({
    title: "Locate an issue",
    prompt: "Its key or address. It is read by the service, where that has a tracker.",
    placeHolder: "SHOP-123 or https://…/issues/123",
    ignoreFocusOut: true,
  });
  if (!ref?.trim()) return;
  try {
    const found = await vscode.window.withProgress(
      { location: { viewId: "bugatlas.results" } },
      async () => issue(await service.current(), ref.trim()),
    );
    await locateText(found.report, form, session);
  } catch (thrown) {
    const error = asServiceError(thrown);
    void vscode.window.showWarningMessage(`${error.message} ${advice(error)}`);
  }
}

/** What is selected in the active editor; all of it where nothing is. */
export function selected(): string {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return "";
  const parts = editor.selections.filter((s) => !s.isEmpty).map((s) => editor.document.getText(s));
  return parts.length ? parts.join("\n") : editor.document.getText();
}
