import { Command } from 'commander';
import { policies, policyIds } from '../../cache/policies/index.ts';
import type { CommandContext } from '../command.ts';

export function policiesCommand({ io }: CommandContext): Command {
  return new Command('policies')
    .summary('list the KV-cache policies')
    .description('Lists the KV-cache policies that can be simulated.')
    .action(async () => {
      const lines = policyIds.map((id) => {
        const { title, summary, parameters, paper } = policies[id];
        const values = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
        return [
          `${id}  (${title}${values.length === 0 ? '' : `; ${values.join(', ')}`})`,
          `  ${summary}`,
          `  ${paper.title}, ${paper.url}`,
        ].join('\n');
      });
      await io.out.write(`${lines.join('\n\n')}\n`);
    });
}
