/**
 * Writes what is derived from the code: `npm run generate`. With `--check` it writes nothing and fails when a file is not
 * what it would write. Whole files: docs/report.schema.json, docs/config.schema.json, docs/rules.md, docs/policies.md,
 * docs/cli.md, docs/models.md. Parts of README.md and docs/*.md:
 * whatever stands between `<!-- generated:NAME -->` and `<!-- /generated -->`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import prettier from 'prettier';
import { z } from 'zod';
import { configJsonSchema } from '../src/analyzer/config/configJsonSchema.ts';
import { formats } from '../src/analyzer/formats/index.ts';
import { report, severities } from '../src/analyzer/report.ts';
import { rules } from '../src/analyzer/rules/index.ts';
import { workspaceSources } from '../src/analyzer/sources/index.ts';
import { protectionFamilies } from '../src/analyzer/variants/protectionExpression.ts';
import { parametersOf, policyTexts, type PolicyText } from '../src/cache/policies/describe.ts';
import { exitCodes, type ExitName } from '../src/cli/exitCodes.ts';
import type { Io } from '../src/cli/io.ts';
import { createProgram } from '../src/cli/main.ts';
import { productDependencies } from '../src/cli/productDependencies.ts';
import { settingTexts } from '../src/cli/settingFlags.ts';
import { supportedArchitectures } from '../src/runtime/graph/architectures/index.ts';
import { catalog, DEFAULT_MODEL_ID, parametersText, sizeText, sourceName } from '../src/runtime/models/index.ts';
import {
  auditSettingKeys,
  editorSettingKeys,
  editorSettings,
  section,
  type EditorSettings,
} from '../src/editor/settingKeys.ts';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Width of the help in the docs: fits a code block on a code host. */
const helpColumns = 100;

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...body.map(row)].join('\n');
const code = (text: string): string => `\`${text}\``;

const exitMeanings: Record<ExitName, string> = {
  nothingToReport: 'Done, and nothing at or above the fail level was found.',
  findings: 'Done, with findings at or above the fail level (`--fail-on`; by default warnings and errors).',
  notDone:
    'Not done: wrong usage, model missing, nothing matched, cancelled, or failed. What was measured is written, marked as partial.',
};

/** What the editor's own settings accept, and their default. */
const editorValues: Readonly<Record<keyof EditorSettings, readonly [allowed: string, standard: string]>> = {
  modelFolders: ['a list of: folders', 'none'],
  hubEndpoints: ['a list of: addresses', 'none'],
  exclude: ['a list of: glob patterns', 'none'],
  severity: [`for each rule one of: default, ${severities.join(', ')}, off`, 'default'],
};

const cited = ({ title, url }: PolicyText['paper']): string => `[${title}](${url})`;
const parameterText = (parameters: PolicyText['parameters']): string =>
  Object.entries(parameters)
    .map(([name, value]) => (value === null ? name : `${name} ${value}`))
    .join(', ') || 'none';

/** The parts that README.md and docs/*.md can ask for. */
const sections: Readonly<Record<string, () => string>> = {
  settings: () =>
    table(
      ['Setting', 'Flag', 'Meaning', 'Allowed', 'Default'],
      [
        ...settingTexts.map(({ key, flag, description, allowed, default: standard }) => [
          code(`${section}.${auditSettingKeys[key]}`),
          code(flag),
          description,
          allowed,
          standard,
        ]),
        ...(Object.keys(editorSettingKeys) as (keyof EditorSettings)[]).map((key) => [
          code(`${section}.${editorSettingKeys[key]}`),
          'none',
          editorSettings.shape[key].description ?? '',
          ...editorValues[key],
        ]),
      ],
    ),
  policies: () =>
    table(
      ['Policy', 'Id', 'What it keeps', 'Parameters', 'Paper'],
      policyTexts()
        .policies.filter(({ isDefault }) => isDefault)
        .map(({ id, title, summary, parameters, paper }) => [
          title,
          code(id),
          summary,
          parameterText(parameters),
          cited(paper),
        ]),
    ),
  rules: () =>
    table(
      ['Rule', 'Severity', 'What it finds'],
      rules.map(({ id, severity, docs }) => [
        `[${code(id)}](${rulesLink}#${id})`,
        severity,
        docs.what.split('. ')[0]!.replace(/\.?$/, '.'),
      ]),
    ),
  sources: () =>
    table(
      ['Source', 'Id', 'Files', 'Read', 'Host'],
      workspaceSources.map(({ id, title, patterns, isScan, isOnRequest, isHosted }) => [
        title,
        code(id),
        patterns.map(code).join(', '),
        isOnRequest ? 'when named' : isScan ? 'looked into' : 'by name',
        isHosted ? 'yes' : 'no',
      ]),
    ),
  formats: () =>
    table(
      ['Format', 'What it is'],
      formats.map(({ id, summary }) => [code(id), summary]),
    ),
  'exit-codes': () =>
    table(
      ['Exit code', 'Meaning'],
      (Object.keys(exitCodes) as ExitName[]).map((name) => [String(exitCodes[name]), exitMeanings[name]]),
    ),
  help: () => `\`\`\`text\n${program().helpInformation().trimEnd()}\n\`\`\``,
};
let rulesLink = 'docs/rules.md';

function program(): Command {
  const io = { env: {}, cwd: repository } as unknown as Io; // help is made without running anything
  const made = createProgram({ io, dependencies: productDependencies(), end: () => undefined });
  return made.configureOutput({ getOutHelpWidth: () => helpColumns });
}

function everyCommand(command: Command, name: string): { name: string; command: Command }[] {
  return [{ name, command }, ...command.commands.flatMap((child) => everyCommand(child, `${name} ${child.name()}`))];
}

const notice = '<!-- Written by `npm run generate`; change the code instead. -->';

function rulesPage(): string {
  const pages = rules.map(({ id, title, severity, docs }) =>
    [
      `## ${id}`,
      `**${title}.** Severity: ${severity}.`,
      docs.what,
      `**Why it matters.** ${docs.why}`,
      `**Example.**\n\n> ${docs.example}`,
      `**What to do.** ${docs.whatToDo}`,
    ].join('\n\n'),
  );
  const intro =
    'A finding says what happens, from which compression ratio on, under which policies, and where no such change was measured. A ratio is the share of the cached entries of the system prompt that is evicted. Findings speak of the model that was run, and of nothing that was not measured.';
  return [notice, '# Rules', intro, ...pages].join('\n\n');
}

const fairShares =
  'Shares of a fair eviction: with the ends E of the spans, widened over the template tokens after them, span i keeps floor(n E_i / S) - floor(n E_(i-1) / S) of n entries per layer and KV head. StreamingLLM, SnapKV, PyramidKV, TOVA, H2O, K-Norm and Random score each span by itself; others score the whole system turn, and the variant says so. The Pitfalls paper tests two spans; more, weights and must-hold spans (which get all of their entries first) are an extension.';

function policiesPage(): string {
  const { policies, wrappers, whileGenerating, caches, notSimulated } = policyTexts();
  const section = ({ id, title, summary, formula, needs, cost, parameters, paper }: PolicyText): string =>
    [
      `### ${id}`,
      `**${title}.** ${summary}`,
      [
        `- Formula: ${formula}`,
        `- Reads besides keys and values: ${needs}`,
        `- Cost per layer: ${cost}`,
        `- Parameters: ${parameterText(parameters)}`,
        `- Paper: ${cited(paper)}`,
      ].join('\n'),
    ].join('\n\n');
  return [
    notice,
    '# Policies',
    'A policy chooses the cache entries of the system turn that stay. S is its length in tokens, n the entries that stay per layer and KV head (`max(1, trunc(S (1 - r)))` at compression ratio r), d the size of a head, L the number of layers. Every score says how much an entry is worth: the highest stay, and of equal ones the lower position. All scores are taken once, after an exact prefill; keys keep their positions.',
    'A policy is written by its id, with parameters in parentheses: `snapkv(window=64)`. A wrapper takes policies first: `adakv(snapkv,alpha=0.3)`. Lists have colons: `per-layer(knorm,ratios=0.2:0.4)`.',
    `An audit that names no policies runs ${policies
      .filter(({ isDefault }) => isDefault)
      .map(({ id }) => code(id))
      .join(', ')}.`,
    '## Simulated',
    ...policies.map(section),
    '## Wrappers',
    ...wrappers.map(section),
    '## Protections',
    'What is kept besides the choice of a policy, within the same budget: `--protection whitelist+fair`. They compose: a whitelist first, then shares of spans, then what is reserved; the policy ranks the rest.',
    ...protectionFamilies.map(({ id, summary, schema, paper }) =>
      [
        `### ${id}`,
        summary,
        [`- Parameters: ${parameterText(parametersOf(schema))}`, `- Source: ${paper}`].join('\n'),
      ].join('\n\n'),
    ),
    fairShares,
    '## While generating',
    'An answer can be generated with one of these (`--decode "h2o(budget=25%)"`), whatever compressed the system turn before. It drops entries of each layer and KV head after every call of the model: the user turn is one call, each generated token another, and the tokens of a call see each other and all that was there. Entries of the user turn and of the answer may go like any other; what stays keeps its position. A budget counts entries of the whole conversation: `budget=128`, or `budget=25%` of the system turn. Layers with a sliding window beside others without are left alone. Only the answers of compressed caches are generated so; the full cache stays full.',
    ...whileGenerating.map(({ id, title, formula, takesPolicy, parameters, paper }) => {
      const written = takesPolicy ? `${id}(POLICY)` : id;
      const values = parameterText(parameters);
      return `- ${code(written)}, **${title}**: ${formula} Parameters: ${values}. ${cited(paper)}`;
    }),
    '## Caches that keep every entry',
    'Measured beside the policies with `--kv-cache`, and compared with eviction at the same bytes with `--bytes 25%`. Bytes are those of the packed buffers, scales included; positions, scores and balancers are counted apart.',
    ...caches.map(({ id, title, summary, parameters, source }) =>
      [
        `### ${id}`,
        `**${title}.** ${summary}`,
        [`- Parameters: ${parameterText(parameters)}`, `- Source: ${source}`].join('\n'),
      ].join('\n\n'),
    ),
    '## Not simulated',
    table(
      ['Policy', 'Reason', 'Paper'],
      notSimulated.map(({ title, reason, paper }) => [title, reason, cited(paper)]),
    ),
  ].join('\n\n');
}

function cliPage(): string {
  const helps = everyCommand(program(), 'holdfast').map(({ name, command }) => {
    command.configureOutput({ getOutHelpWidth: () => helpColumns });
    return `## ${name}\n\n\`\`\`text\n${command.helpInformation().trimEnd()}\n\`\`\``;
  });
  const intro = 'Results go to stdout, everything else to stderr.';
  return [notice, '# Command line', intro, sections['exit-codes']!(), ...helps].join('\n\n');
}

function modelsPage(): string {
  const supported = (architecture: string): boolean => supportedArchitectures.includes(architecture);
  const rows = catalog.map(({ id, architecture, parameters, quantisation, bytes, licence, tried }) => [
    id === DEFAULT_MODEL_ID ? `${code(id)} (default)` : code(id),
    `${code(architecture)}${supported(architecture) ? '' : ' (not run by this version yet)'}`,
    parametersText(parameters),
    quantisation,
    sizeText(bytes),
    licence,
    tried ? 'yes' : 'no',
  ]);
  const details = catalog.map(({ id, title, bytes, sha256, licenceNote, sources }) =>
    [
      `### ${id}`,
      [
        `- ${title}`,
        ...sources.map((source) =>
          source.kind === 'hub'
            ? `- [${source.repository}](https://huggingface.co/${source.repository}), ${code(source.file)}, revision ${code(source.revision)}`
            : `- ${sourceName(source)}, ${code(source.member)}`,
        ),
        `- ${bytes} bytes, sha256 ${code(sha256)}`,
        ...(licenceNote === undefined ? [] : [`- ${licenceNote}`]),
      ].join('\n'),
    ].join('\n\n'),
  );
  return [
    notice,
    '# Models',
    modelsText.which,
    '## Catalog',
    modelsText.catalog,
    table(['Id', 'Architecture', 'Parameters', 'Quantisation', 'Size', 'Licence', 'Tried'], rows),
    '## Models of this machine and of the Hub',
    modelsText.elsewhere,
    table(
      ['Name', 'What it is'],
      [
        [code('hf:owner/name/file.gguf'), 'a GGUF file that was pulled from the Hub, or is in the Hugging Face cache'],
        [code('hf:owner/name'), 'a folder with config.json and safetensors in the Hugging Face cache'],
        [code('ollama:name:tag'), 'a model of Ollama; with namespace and registry where they are not the usual ones'],
        [code('lmstudio:publisher/name/file.gguf'), 'a model of LM Studio'],
        ['a path', 'a GGUF file, the first part of a split one, or a folder with config.json and safetensors'],
      ],
    ),
    '## Downloads',
    modelsText.downloads,
    '## Memory',
    modelsText.memory,
    '## Pinned files',
    ...details,
  ].join('\n\n');
}

const modelsText = {
  which: `Audits run on a local model: best the one that is deployed, or a smaller one of its family. Architectures that this version runs: ${supportedArchitectures.map(code).join(', ')}.`,
  catalog:
    'Size and sha256 of every file are pinned: a download counts only with exactly that content, whatever its source. "Tried: no" means that the entry comes from public records and was not run with this version; nothing else about it is different.',
  elsewhere:
    '`holdfast models list` and **Holdfast: Select Model** show the catalog and what other programs have already downloaded: the caches of Hugging Face (`HF_HOME`, `HF_HUB_CACHE`), Ollama (`OLLAMA_MODELS`) and LM Studio, and folders of your own (`holdfast.modelFolders`, `HOLDFAST_MODEL_FOLDERS`). Files of other programs are read and never changed; `holdfast models remove` deletes only what Holdfast has downloaded. Wherever a model is asked for, these names work:',
  downloads: [
    '`holdfast models pull ID` fetches a model of the catalog or any GGUF file of the Hub (`hf:owner/name/file.gguf`, with `@revision` for another than the newest); of a split file all parts. An interrupted download is continued, and nothing is started without room on the disk.',
    'A file that is not in the catalog is verified against the sha256 that the Hub itself states for it at that moment. Size, hash and commit are then kept beside the file, and `holdfast models verify` compares with them from then on.',
    'Mirrors: `HF_ENDPOINT` (several separated by commas) or `holdfast.hubEndpoints`, tried in turn in place of the Hugging Face Hub.',
    'Private and gated models need a token: in the editor **Holdfast: Set Hugging Face Token** (kept in its secret storage), on the command line `HF_TOKEN` or the token of the Hugging Face tools. It is sent only to these addresses, only over https, never along a redirect to another host, and never logged. A gated model also needs its licence accepted on its page.',
  ].join('\n\n'),
  memory:
    'The list says how much memory an audit is estimated to take and whether that fits: what `--memory-limit` (`holdfast.memoryLimit`) lets the engine use of the memory that is free now. The figure is made from the size of the file and how its weights are stored; when a model is loaded, its tensors and the prompt are counted exactly, and what does not fit is refused with numbers before anything is loaded.',
};

async function markdown(text: string): Promise<string> {
  const config = await prettier.resolveConfig(path.join(repository, 'README.md'));
  return await prettier.format(text, { ...config, parser: 'markdown' });
}

/** `text` with every generated part replaced. Throws for a part that nothing generates, or that is not closed. */
async function withSections(text: string, file: string): Promise<string> {
  rulesLink = file.startsWith('docs') ? 'rules.md' : 'docs/rules.md';
  const parts = text.split(/(<!-- generated:[\w-]+ -->)/);
  let done = parts[0]!;
  for (let i = 1; i < parts.length; i += 2) {
    const name = /generated:([\w-]+)/.exec(parts[i]!)![1]!;
    const generate = sections[name];
    const end = parts[i + 1]!.indexOf('<!-- /generated -->');
    if (generate === undefined)
      throw new Error(`${file}: nothing generates "${name}". Known: ${Object.keys(sections).join(', ')}.`);
    if (end === -1) throw new Error(`${file}: "${name}" has no <!-- /generated -->.`);
    done += `${parts[i]!}\n\n${await markdown(generate())}\n${parts[i + 1]!.slice(end)}`;
  }
  return done;
}

/** Every generated file with its content, by path from the repository's root. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const schema = { title: 'Holdfast report', ...z.toJSONSchema(report) };
  const files = new Map([
    ['docs/report.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['docs/config.schema.json', `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
    ['docs/rules.md', await markdown(rulesPage())],
    ['docs/policies.md', await markdown(policiesPage())],
    ['docs/cli.md', await markdown(cliPage())],
    ['docs/models.md', await markdown(modelsPage())],
  ]);
  const pages = readdirSync(path.join(repository, 'docs')).filter((name) => name.endsWith('.md'));
  for (const file of ['README.md', ...pages.map((name) => `docs/${name}`)]) {
    if (files.has(file) || !existsSync(path.join(repository, file))) continue;
    const text = readFileSync(path.join(repository, file), 'utf8');
    if (text.includes('<!-- generated:')) files.set(file, await withSections(text.replaceAll('\r\n', '\n'), file));
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const stale: string[] = [];
  for (const [file, content] of await generatedFiles()) {
    const target = path.join(repository, file);
    const current = existsSync(target) ? readFileSync(target, 'utf8').replaceAll('\r\n', '\n') : undefined;
    if (current === content) continue;
    stale.push(file);
    if (!check) writeFileSync(target, content);
  }
  if (check && stale.length > 0) {
    process.stderr.write(
      `Not what the code says: ${stale.join(', ')}. Run "npm run generate" and commit the result.\n`,
    );
    process.exitCode = 1;
  } else if (!check) process.stdout.write(stale.length === 0 ? 'Nothing to change.\n' : `Wrote ${stale.join(', ')}\n`);
}
