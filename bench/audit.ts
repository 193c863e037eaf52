// How long an audit takes, phase by phase: `npm run bench:audit -- [FILE] [--evidence retention,loss,behavior]`. Without a file, a
// prompt of 300 tokens and ten instructions under the default grid. After loading; needs a build ("npm run build") and the
// default model (npm run demo) or HOLDFAST_MODEL. Timings depend on the machine and its load.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { audit } from '../src/analyzer/audit.ts';
import type { Prompt } from '../src/analyzer/prompt.ts';
import { auditSettings } from '../src/analyzer/settings.ts';
import { bodyOf } from '../src/analyzer/sources/wholeFile.ts';
import { measuringMs } from '../src/analyzer/timings.ts';
import { Engine } from '../src/runtime/engine/client.ts';
import { holdfastHome } from '../src/runtime/models/index.ts';
import { benchModel } from './support.ts';

const never = new AbortController().signal;
const ofBench = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { evidence: { type: 'string', default: 'retention,loss,behavior' } },
});
const file = positionals[0] ?? ofBench('prompts/rental.md');
const prompt: Prompt = { uri: file, source: 'named-file', ...bodyOf(readFileSync(file, 'utf8')) };
const { id, path: modelPath, sha256 } = await benchModel();
const engine = new Engine({ enginePath: ofBench('../dist/engine.cjs') });
try {
  const defaults = auditSettings.parse({});
  const model = await engine.load(
    {
      id,
      path: modelPath,
      sha256,
      graphsFolder: holdfastHome().graphs,
      device: 'cpu',
      precision: defaults.precision,
      memoryLimit: defaults.memoryLimit,
    },
    never,
  );
  for (const evidence of values.evidence.split(',')) {
    const settings = auditSettings.parse({ evidence });
    const start = performance.now();
    let firstResult: number | undefined;
    const running = audit([{ prompt, fileText: prompt.text }], () => Promise.resolve(model), settings, never);
    for (;;) {
      const step = await running.next();
      if (step.done !== true) {
        if (typeof step.value.prompt?.promptTokens === 'number') firstResult ??= performance.now() - start;
        continue;
      }
      const { report, error } = step.value;
      if (error !== undefined) throw error;
      const [measured] = report.prompts;
      const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
      console.log(
        `${path.basename(file)}: ${measured!.promptTokens} tokens, ${measured!.instructions.length} instructions, ` +
          `${measured!.variants.length} variants, ${measured!.probes.length} probes, --evidence ${evidence}: ` +
          `${seconds(measuringMs(report)!)}, first results after ${seconds(firstResult ?? NaN)}`,
      );
      const phases = Object.entries(report.timings).filter(([phase]) => phase !== 'load');
      console.log(`  ${phases.map(([phase, ms]) => `${phase} ${seconds(ms)}`).join(', ')}`);
      break;
    }
  }
} finally {
  engine.dispose();
}
