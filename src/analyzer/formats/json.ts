import type { Format } from './format.ts';

export const json: Format = {
  id: 'json',
  summary: 'The whole report, as described by docs/report.schema.json. Carries prompt text.',
  render: (report) => `${JSON.stringify(report, null, 2)}\n`,
};
