// `npm run demo`: from a fresh clone to a report on the examples.
import fs from 'node:fs';
import path from 'node:path';
import { ensureBuild, ensureNode, ensurePackages, root, runScript, runVisibly, SetupError } from './bootstrap.mjs';

const cli = path.join(root, 'dist', 'cli.cjs');
const report = path.join(root, '.holdfast', 'demo-report.html');
/** The CLI's code for findings: the demo is there to show some. */
const FINDINGS = 100;

await runScript(async () => {
  ensureNode('20');
  await ensurePackages();
  await ensureBuild();
  const pulled = await runVisibly(process.execPath, [cli, 'models', 'pull']);
  if (pulled !== 0) throw new SetupError('the demo needs the default model (see above).', undefined, pulled);

  fs.mkdirSync(path.dirname(report), { recursive: true });
  fs.rmSync(report, { force: true }); // an old report must not pass for this run's
  const audited = await runVisibly(process.execPath, [
    cli,
    'audit',
    'examples/',
    '--format',
    'text',
    '--report',
    report,
  ]);
  if (audited !== 0 && audited !== FINDINGS)
    throw new SetupError('the audit did not complete (see above).', undefined, audited);
  if (!fs.existsSync(report)) throw new SetupError('the audit completed but wrote no HTML report.');
  process.stdout.write(`\nHTML report: ${report}\n`);
  return 0;
});
