import * as vscode from "vscode";
import type { Service } from "./service";

/** Tells agent mode of Bugatlas: the service's own MCP endpoint, with its token. */
export class Mcp implements vscode.McpServerDefinitionProvider<vscode.McpHttpServerDefinition> {
  readonly onDidChangeMcpServerDefinitions: vscode.Event<void>;

  constructor(
    private readonly service: Service,
    private readonly version: string,
  ) {
    this.onDidChangeMcpServerDefinitions = service.onDidChange;
  }

  /** Offered wherever a service is set or could be started; nothing is started yet. */
  provideMcpServerDefinitions(): vscode.McpHttpServerDefinition[] {
    if (!this.service.url && !vscode.workspace.isTrusted) return [];
    return [this.definition(this.service.url || "http://127.0.0.1", "")];
  }

  /** An agent wants it: find or start the service. */
  async resolveMcpServerDefinition(): Promise<vscode.McpHttpServerDefinition> {
    const server = await this.service.current();
    return this.definition(server.url, server.token);
  }

  private definition(url: string, token: string): vscode.McpHttpServerDefinition {
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    return new vscode.McpHttpServerDefinition("Bugatlas", vscode.Uri.parse(`${url}/mcp`), headers, this.version);
  }
}
