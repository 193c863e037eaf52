import type * as vscode from 'vscode';
import { thisMachine, type Machine } from '../runtime/models/index.ts';
import type { EditorSettings } from './settingKeys.ts';

/** What is used of the editor's secret storage. */
export type Secrets = Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;

const TOKEN_KEY = 'holdfast.huggingFaceToken';

/** The user's token for the Hugging Face Hub, in the editor's secret storage and nowhere else. */
export const hubTokenStore = (secrets: Secrets) => ({
  get: async (): Promise<string | undefined> => secrets.get(TOKEN_KEY),
  set: async (token: string): Promise<void> => secrets.store(TOKEN_KEY, token),
  clear: async (): Promise<void> => secrets.delete(TOKEN_KEY),
});

/** This machine with the user's folders, hubs and token. All three come from settings that no workspace can change. */
export function editorMachine(
  { modelFolders, hubEndpoints }: Pick<EditorSettings, 'modelFolders' | 'hubEndpoints'>,
  secrets: Secrets,
): Machine {
  return { ...thisMachine(), modelFolders, hubEndpoints, hubToken: hubTokenStore(secrets).get };
}
