import { report as reportSchema, type FactReport, type Report, type VariantFact } from '../../src/analyzer/report.ts';
import { contextLost } from '../../src/analyzer/rules/contextLost.ts';
import { sampleReport } from './sampleReport.ts';
import { auditSettings } from '../../src/analyzer/settings.ts';

/** The sample report with two facts that compressed caches were asked for and one that this model does not state. */
export function reportWithFacts(): Report {
  const value = sampleReport();
  const [prompt] = value.prompts;
  const { id: instruction, range } = prompt!.instructions[1]!;
  const fact = (id: string, start: number, text: string, leadIn: string, full: FactReport['full']): FactReport => ({
    id,
    kind: 'name',
    text,
    range: {
      start: { ...range.start, character: start },
      end: { ...range.start, character: start + text.length },
      offsets: [range.offsets[0] + start, range.offsets[0] + start + text.length],
    },
    leadIn,
    instruction,
    full,
  });
  const facts = [
    fact('ada', 8, 'Ada', 'You are ', { logProb: -1.1, outcome: 'stated', said: 'Ada' }),
    fact('bank', 30, 'Acme Bank', 'the assistant of ', { logProb: -0.3, outcome: 'stated', said: 'Acme Bank' }),
    fact('unknown', 12, 'the assistant', 'You are Ada, ', { logProb: -7.2, outcome: 'other', said: '<b>a bank</b>' }),
  ];
  const measured = (policy: string, ratio: number): VariantFact[] => [
    policy === 'streaming-llm' && ratio >= 0.5
      ? { id: 'ada', logProb: -14.5, outcome: 'other', said: 'Alexander the assistant', lost: true }
      : { id: 'ada', logProb: -1, outcome: 'stated', said: 'Ada', lost: false },
    policy === 'snapkv'
      ? { id: 'bank', logProb: -1.9, outcome: 'none', said: 'a bank', lost: false }
      : { id: 'bank', logProb: -0.4, outcome: 'stated', said: 'Acme Bank', lost: false },
  ];
  const withFacts = {
    ...prompt!,
    facts,
    variants: prompt!.variants.map((variant) =>
      variant.id === 'knorm@0.75' ? variant : { ...variant, facts: measured(variant.policy, variant.ratio) },
    ),
  };
  const found = [...contextLost.check(withFacts, auditSettings.parse({}))];
  return reportSchema.parse({ ...value, prompts: [withFacts], findings: [...value.findings, ...found] });
}
