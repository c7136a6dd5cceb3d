import * as vscode from "vscode";
import { health, repositories } from "../api/client";
import { advice, asServiceError } from "../api/errors";
import { isPlain, type Service } from "./service";
import { change, setting } from "./settings";

const INSTALL = "uv tool install '.[serve,mcp]'";

/** Ask for the address of a service, then for a token if it wants one; whether it can be asked now. */
export async function connect(service: Service): Promise<boolean> {
  const url = await vscode.window.showInputBox({
    title: "Connect to a Bugatlas service",
    prompt: "Its address; empty: a local one is started when it is needed.",
    placeHolder: "https://bugatlas.example.com",
    value: setting("serverUrl"),
    ignoreFocusOut: true,
    validateInput: (text) => (!text.trim() || isAddress(text.trim()) ? undefined : "As in https://host or http://host:port"),
  });
  if (url === undefined) return false;
  await change("serverUrl", url.trim());
  return url.trim() ? verify(service) : true;
}

/** Ask for a token, and keep it in the secret storage of the editor; whether the service can be asked now. */
export async function setToken(service: Service): Promise<boolean> {
  if (!service.url) {
    void vscode.window.showInformationMessage("A local service needs no token. Connect to a service first.");
    return false;
  }
  const token = await askToken(service.url);
  if (token === undefined) return false;
  await service.setToken(token);
  return verify(service);
}

/** Forget the token of the service that is set. */
export async function forgetToken(service: Service): Promise<void> {
  if (service.url) await service.setToken("");
}

/** How to get the command, in words that can be copied. */
export async function howToInstall(): Promise<void> {
  const text = `Bugatlas answers by its command. Install it from a clone of its source, with Python 3.11 or newer: ${INSTALL}`;
  const copy = "Copy the command";
  const set = "Set its path…";
  const picked = await vscode.window.showInformationMessage(text, copy, set);
  if (picked === copy) await vscode.env.clipboard.writeText(INSTALL);
  if (picked === set) await vscode.commands.executeCommand("workbench.action.openSettings", "bugatlas.command");
}

async function verify(service: Service): Promise<boolean> {
  try {
    const server = await service.current();
    const { version } = await health(server);
    const found = await repositories(server);
    const count = `${found.length} ${found.length === 1 ? "repository" : "repositories"}`;
    void vscode.window.showInformationMessage(`Connected to Bugatlas ${version} at ${service.url}: ${count}.`);
    return true;
  } catch (thrown) {
    const error = asServiceError(thrown);
    if (error.trouble === "unauthorized" && !(await service.token())) return setToken(service);
    void vscode.window.showWarningMessage(`${error.message} ${advice(error)}`);
    return false;
  }
}

async function askToken(url: string): Promise<string | undefined> {
  const token = await vscode.window.showInputBox({
    title: `Token for ${new URL(url).origin}`,
    prompt: "Kept in the secret storage of the editor; sent to this address only. Its operator makes one: bugatlas serve token NAME",
    password: true,
    ignoreFocusOut: true,
  });
  if (!token?.trim()) return undefined;
  if (!isPlain(url)) return token.trim();
  const send = "Send it all the same";
  const detail = "The address begins with http://, so anyone on the way can read the token.";
  const picked = await vscode.window.showWarningMessage("The token would travel in the clear.", { modal: true, detail }, send);
  return picked === send ? token.trim() : undefined;
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
