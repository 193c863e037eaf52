import { z } from 'zod';
import { fileRange, report } from '../src/analyzer/report.ts';

/**
 * The messages between the extension host and the report webview: one union per direction, validated on receipt by the
 * side that reads it. This file is shared by both sides and imports nothing of either.
 */

const reportMessage = z.strictObject({
  type: z.literal('report'),
  report,
  notice: z
    .string()
    .nullable()
    .describe('Said above the report, such as "results of an older version of the document".'),
  strings: z.record(z.string(), z.string()).optional().describe('Localised texts by key of `webview/strings.ts`.'),
});

/** Host to webview. A `report` ends the progress that is shown; a `progress` after it shows it again. */
const hostMessage = z.discriminatedUnion('type', [
  reportMessage,
  z.strictObject({ type: z.literal('progress'), fraction: z.number().min(0).max(1), message: z.string() }),
  z.strictObject({ type: z.literal('reveal'), uri: z.string(), instruction: z.string() }),
]);

/** Webview to host. `ready` asks for the current report; `rerun` asks for the audit to be run again. */
const webviewMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('open'), uri: z.string(), range: fileRange }),
  z.strictObject({ type: z.literal('rerun') }),
]);

/** What the webview keeps over hide, show and reload of the window. */
const viewState = z.strictObject({
  hiddenPolicies: z.array(z.string()),
  onlyAffected: z.boolean(),
  selected: z.strictObject({ prompt: z.string(), instruction: z.string(), variant: z.string() }).nullable(),
  /** Keys of the disclosures whose state differs from their default. */
  toggled: z.array(z.string()),
  scroll: z.number(),
});
const savedState = z.strictObject({ version: z.literal(1), shown: reportMessage.nullable(), view: viewState });

export type ReportMessage = z.infer<typeof reportMessage>;
export type HostMessage = z.infer<typeof hostMessage>;
export type WebviewMessage = z.infer<typeof webviewMessage>;
export type ViewState = z.infer<typeof viewState>;
export type SavedState = z.infer<typeof savedState>;

/** A message that was understood, or why not: `problem` names types and fields, never their content. */
export type Received<T> = { readonly message: T } | { readonly problem: string };

function received<T>(schema: z.ZodType<T>, data: unknown): Received<T> {
  const result = schema.safeParse(data);
  if (result.success) return { message: result.data };
  const { type } = (typeof data === 'object' && data !== null ? data : {}) as { type?: unknown };
  const fields = [...new Set(result.error.issues.map(({ path, code }) => `${path.join('.') || 'message'}: ${code}`))];
  return {
    problem: `ignored a message of type ${typeof type === 'string' ? JSON.stringify(type) : typeof type} (${fields.slice(0, 3).join(', ')})`,
  };
}

/** Read by the webview. */
export const receiveFromHost = (data: unknown): Received<HostMessage> => received(hostMessage, data);

/** Read by the extension host. */
export const receiveFromWebview = (data: unknown): Received<WebviewMessage> => received(webviewMessage, data);

/** State saved by this version of the webview; undefined for anything else. */
export function readSavedState(data: unknown): SavedState | undefined {
  return savedState.safeParse(data).data;
}
