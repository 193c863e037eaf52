import { asUser, sentence, tidy } from './speaker.ts';

const user =
  '(?:(?:the|a|an|any|your|some)? ?(?:users?|customers?|guests?|clients?|callers?|visitors?|patients?|students?|members?|persons?|people|someone|anyone|somebody|anybody|they|he or she)(?: (?:ever|explicitly|directly|then|also|later|only))?)';
const asks = '(?:asks?|asked|inquires?|wants? to know|enquires?|wonders?)';

/** How a case is brought about, by what the user does in it. The first that matches decides. */
const turns: readonly (readonly [RegExp, (rest: string) => string | undefined])[] = [
  [
    new RegExp(
      `^(?:${user} |(?:you are|you['’]re|if) )?(?:${asks}) (?:you )?(?:a question |questions |something |anything )?(?:about|regarding|concerning|on)\\b (.+)$`,
      'iu',
    ),
    (rest) => `Can you tell me about ${rest}?`,
  ],
  [
    new RegExp(`^(?:${user} |you are |you['’]re )?(?:${asks}) (?:you )?for (.+)$`, 'iu'),
    (rest) => `Can you give me ${rest}?`,
  ],
  [
    new RegExp(`^(?:${user} |you are |you['’]re )?(?:${asks}) (?:you )?(?:whether|if) (.+)$`, 'iu'),
    (rest) => `Can you tell me whether ${rest}?`,
  ],
  [
    new RegExp(
      `^(?:${user} |you are |you['’]re )?(?:${asks}) (?:you )?((?:who|what|where|when|why|how|which)\\b.+)$`,
      'iu',
    ),
    (rest) => `Can you tell me ${rest}?`,
  ],
  [
    new RegExp(`^(?:${user} |you are |you['’]re )?(?:${asks}|wants?|tells?|requests?) (?:you )?to (.+)$`, 'iu'),
    (rest) => `Can you ${rest}?`,
  ],
  [
    new RegExp(
      `^${user} (?:wants?|would like|wishes|needs?|requests?|demands?|is looking for|are looking for) (.+)$`,
      'iu',
    ),
    (rest) => (rest.startsWith('to ') ? `I want ${rest}.` : `I would like ${rest}.`),
  ],
  [new RegExp(`^${user} (?:says?|writes?|types?|enters?|sends?) ["“'‘]([^"”]+?)["”'’].*$`, 'iu'), (rest) => rest],
  [new RegExp(`^${user} (?:complains?) about (.+)$`, 'iu'), (rest) => `I want to complain about ${rest}.`],
  [
    new RegExp(`^${user} (?:mentions?|brings? up|raises?|talks? about|discuss(?:es)?) (.+)$`, 'iu'),
    (rest) => `I would like to talk about ${rest}.`,
  ],
  [new RegExp(`^${user} reports? (.+)$`, 'iu'), (rest) => `I want to report ${rest}.`],
  [new RegExp(`^${user} (?:has|have|had) (.+)$`, 'iu'), (rest) => `I have ${rest}.`],
  [
    new RegExp(
      `^${user} (?:is|are|seems?|sounds?|appears?|gets?|becomes?) ((?:very |too |still )?(?:angry|upset|rude|frustrated|confused|sad|unsure|lost|in a hurry|unhappy|abusive|insulting|worried|new|anxious|stressed|interested in .+))$`,
      'iu',
    ),
    (rest) => `I am ${rest}.`,
  ],
  [new RegExp(`^${user} ((?:cannot|can['’]?t|could not|did not|didn['’]t) .+)$`, 'iu'), (rest) => `I ${rest}.`],
  [
    new RegExp(`^${user} (?:gives?|provides?|shares?) (.+)$`, 'iu'),
    (rest) => (/^(?:no|an?|my|the) /iu.test(rest) ? `I have ${rest.replace(/^my /iu, 'a ')} for you.` : undefined),
  ],
  [
    /^(?:questions?|requests?|inquiries|messages) (?:about|on|regarding|concerning|for) (.+)$/iu,
    (rest) => `Can you tell me about ${rest}?`,
  ],
];

/**
 * What a user says that brings about the case of a rule: "the user asks about refunds" becomes "Can you tell me about
 * refunds?". Undefined where the case is not one that a message brings about, or its wording is not understood.
 */
export function conditionRequest(condition: string): string | undefined {
  // Of several cases ("asks about X or wants Y") the first is brought about.
  const first = tidy(condition.split(new RegExp(`\\bor (?:if |when )?(?:${user}|asks?|wants?|says?)\\b`, 'iu'))[0]!);
  for (const [pattern, ask] of turns) {
    const match = pattern.exec(first);
    if (match === null) continue;
    if (/^(?:it|this|that|them|so|these|those)\b.{0,3}$/iu.test(match[1]!)) return undefined;
    const rest = tidy(asUser(match[1]!)).replace(/^(?:any|anything about) /iu, '');
    if (rest.length < 2 || rest.length > 160 || /^(?:it|this|that|them|so|these)$/iu.test(rest)) return undefined;
    const request = ask(rest);
    return request === undefined ? undefined : sentence(request);
  }
  return undefined;
}
