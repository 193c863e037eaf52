import { Command } from 'commander';
import {
  parametersOf,
  policyTexts,
  type DecodePolicyText,
  type PolicyText,
  type PolicyTexts,
} from '../../cache/policies/describe.ts';
import { protectionFamilies } from '../../analyzer/variants/protectionExpression.ts';
import { HoldfastError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';

export function policiesCommand({ io }: CommandContext): Command {
  return new Command('policies')
    .summary('list the KV-cache policies')
    .description('Lists the KV-cache policies that can be simulated, and the wrappers that change them.')
    .option('--format <format>', 'How to write the result: text, json.', 'text')
    .action(async (options: { format: string }) => {
      const render = renderers[options.format];
      if (render === undefined) {
        const known = Object.keys(renderers).join(', ');
        throw new HoldfastError('invalid-settings', `Unknown format "${options.format}".`, `Known formats: ${known}.`);
      }
      await io.out.write(render(policyTexts()));
    });
}

const protectionTexts = () =>
  protectionFamilies.map(({ id, summary, paper, schema }) => ({
    id,
    summary,
    parameters: parametersOf(schema),
    paper,
  }));

const renderers: Record<string, (texts: PolicyTexts) => string> = {
  json: (texts) => `${JSON.stringify({ schemaVersion: 1, ...texts, protections: protectionTexts() }, null, 2)}\n`,
  text: ({ policies, wrappers, whileGenerating, caches, notSimulated }) =>
    [
      ...policies.map(entry),
      'Wrappers, written around a policy, such as adakv(snapkv,alpha=0.3):',
      ...wrappers.map(entry),
      'While generating, such as --decode "h2o(budget=25%)":',
      ...whileGenerating.map(decodeEntry),
      'Protections, within the same budget, such as --protection whitelist+fair:',
      ...protectionTexts().map(({ summary, paper, ...named }) =>
        [heading({ ...named, title: 'protection' }), `  ${summary}`, `  ${paper}`].join('\n'),
      ),
      'Caches that keep every entry, such as --kv-cache "mikv(snapkv,low=int4)":',
      ...caches.map((cache) => [heading(cache), `  ${cache.summary}`, `  ${cache.source}`].join('\n')),
      'Not simulated:',
      ...notSimulated.map(({ title, reason, paper }) => `${title}\n  ${reason}\n  ${cited(paper)}`),
    ].join('\n\n') + '\n',
};

const cited = ({ title, url }: PolicyText['paper']): string => `${title}, ${url}`;

function heading({ id, title, parameters }: Pick<PolicyText, 'id' | 'title' | 'parameters'>): string {
  const values = Object.entries(parameters).map(([name, value]) => `${name} ${value ?? '(none)'}`);
  return `${id}  (${title}${values.length === 0 ? '' : `; ${values.join(', ')}`})`;
}

const decodeEntry = (text: DecodePolicyText): string =>
  [heading(text), `  ${text.formula}`, `  ${cited(text.paper)}`].join('\n');

function entry({ summary, formula, needs, cost, paper, ...named }: PolicyText): string {
  return [
    heading(named),
    `  ${summary}`,
    `  ${formula}`,
    `  Reads besides keys and values: ${needs}. Cost: ${cost}.`,
    `  ${cited(paper)}`,
  ].join('\n');
}
