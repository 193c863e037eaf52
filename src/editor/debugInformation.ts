import * as vscode from 'vscode';
import type { Services } from './commands.ts';

/** What a bug report needs, without any text of a prompt or a path of the user's. */
export function debugInformation({ context, results, runner }: Services): string {
  const report = results.latestReport();
  const { version } = context.extension.packageJSON as { version: string };
  const lines = [
    `Holdfast ${version}, VS Code ${vscode.version}, ${process.platform} ${process.arch}, Node ${process.version}`,
    `Remote: ${vscode.env.remoteName ?? 'no'}; trusted: ${vscode.workspace.isTrusted ? 'yes' : 'no'}; state: ${runner.state.kind}`,
  ];
  if (report !== undefined) {
    const { model, settings, outcome, prompts, findings, timings } = report;
    lines.push(
      `Last audit: ${outcome}; ${prompts.length} prompts, ${findings.length} findings; timings (ms) ${JSON.stringify(timings)}`,
      `Model: ${model === null ? 'not loaded' : `${model.architecture}, ${model.layers} layers, ${model.weights}, ${model.device}, sha256 ${model.sha256}`}`,
      `Policies ${settings.policies.join(', ')}; ratios ${settings.ratios.join(', ')}; evidence ${settings.evidence}; seed ${settings.seed}; ${settings.probes.length} own probes`,
    );
  }
  return lines.join('\n');
}
