import type { Report } from '../../src/analyzer/report.ts';
import { text, type StringKey } from '../strings.ts';
import { element, type Child } from './dom.ts';
import { percent, policyName } from './format.ts';

/** Everything that the numbers depend on: another model or another setting can give another verdict. */
export function assumptionStrip(report: Report): HTMLElement {
  const { model, settings } = report;
  const unknown = text('unknown');
  const probes = Math.max(0, ...report.prompts.map((prompt) => prompt.probes.length));
  return element(
    'dl',
    { class: 'assumptions', attributes: { 'aria-label': text('assumptions') } },
    ...(model === null
      ? [entry('model', text('modelUnknown'))]
      : [
          entry(
            'model',
            model.id,
            ' ',
            element('code', { attributes: { title: model.sha256 } }, model.sha256.slice(0, 8)),
          ),
          entry(
            'architecture',
            text('architectureText', model.architecture, model.layers, model.kvHeads, model.headDim),
          ),
        ]),
    entry('weights', model?.weights ?? unknown),
    entry('device', ...(model === null ? [unknown] : [`${model.device}, ${model.precision}: ${model.deviceReason}`])),
    ...(model?.warnings ?? []).map((warning) => entry('warning', warning)),
    entry(
      'policies',
      [...settings.policies, ...settings.caches].map((policy) => policyName(report, policy)).join(', '),
    ),
    entry('ratios', settings.ratios.map(percent).join(', ')),
    entry('decode', settings.decode),
    entry('evidence', text(settings.evidence === 'loss' ? 'evidenceLoss' : 'evidenceRetention')),
    entry('probes', probes === 0 ? unknown : text('probesText', probes)),
    entry('seed', String(settings.seed)),
    entry(
      'thresholds',
      text(
        'thresholdsText',
        settings.influenceFloor,
        settings.weakenedLoss,
        settings.ignoredLoss,
        percent(settings.leakThreshold),
      ),
    ),
  );
}

const entry = (key: StringKey, ...value: readonly Child[]): HTMLElement =>
  element('div', { attributes: { 'data-assumption': key } }, element('dt', {}, text(key)), element('dd', {}, ...value));
