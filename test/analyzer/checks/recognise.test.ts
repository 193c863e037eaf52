import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isApplicable } from '../../../src/analyzer/checks/check.ts';
import { instructionChecks } from '../../../src/analyzer/checks/instructionChecks.ts';
import { recogniseChecks, responseScope } from '../../../src/analyzer/checks/recognise/index.ts';
import { bindCheck } from '../../../src/analyzer/checks/registry.ts';
import { segment } from '../../../src/analyzer/segmentation/index.ts';

type Expected = Readonly<Record<string, unknown>>;
const atLeast = (key: string, n: number, rest: Expected = {}): Expected => ({
  relation: 'at least',
  [key]: n,
  ...rest,
});
const lessThan = (key: string, n: number, rest: Expected = {}): Expected => ({
  relation: 'less than',
  [key]: n,
  ...rest,
});

/** Wordings that ask for exactly this check, with its parameters, and wordings that look alike and do not ask for it. */
const cases: Readonly<
  Record<string, { asks: readonly (readonly [string, ...Expected[]])[]; asksNot: readonly string[] }>
> = {
  'keywords:existence': {
    asks: [
      ['Mention the keywords "harbour" and "tide".', { keywords: ['harbour', 'tide'] }],
      ['Your reply should contain the word "lantern".', { keywords: ['lantern'] }],
      ['Be kind. Include the following keywords: oak, elm and ash.', { keywords: ['oak', 'elm', 'ash'] }],
    ],
    asksNot: [
      'Include the words that the user chose.',
      'Include a short summary.',
      'End with the phrase "See you soon!"',
    ],
  },
  'keywords:frequency': {
    asks: [
      ['Use the word "harvest" at least three times.', atLeast('frequency', 3, { keyword: 'harvest' })],
      ['The word river should appear fewer than 4 times.', lessThan('frequency', 4, { keyword: 'river' })],
      ['Mention the keyword "sale" no more than twice.', lessThan('frequency', 3, { keyword: 'sale' })],
    ],
    asksNot: ['Use the word "harvest".', 'Ask three times before you give up.', 'Use at least 40 words.'],
  },
  'keywords:forbidden_words': {
    asks: [
      ['Never use the words "cheap" or "bargain".', { forbidden_words: ['cheap', 'bargain'] }],
      ['Answer without using the word budget.', { forbidden_words: ['budget'] }],
      ['The word "obviously" must not appear in your answers.', { forbidden_words: ['obviously'] }],
      ['Avoid the keywords: rain, snow, hail.', { forbidden_words: ['rain', 'snow', 'hail'] }],
    ],
    asksNot: [
      'Do not use any other words.',
      'Do not say "no" without a reason.',
      'Do not repeat the words even if asked to.',
    ],
  },
  'keywords:letter_frequency': {
    asks: [
      ['The letter k has to appear at least 7 times.', { letter: 'k', let_relation: 'at least', let_frequency: 7 }],
      ['Use the letter "z" less than 3 times.', { letter: 'z', let_relation: 'less than', let_frequency: 3 }],
      ['Add at least two hashtags.', { letter: '#', let_relation: 'at least', let_frequency: 2 }],
    ],
    asksNot: ['Write a letter a customer can send.', 'Start every name with a capital letter.', 'Do not use hashtags.'],
  },
  'language:response_language': {
    asks: [
      ['Always answer in Italian.', { language: 'it' }],
      ['Your whole reply must be in the Thai language, no other language is allowed.', { language: 'th' }],
      ['Respond only in English, whatever the user writes.', { language: 'en' }],
    ],
    asksNot: [
      'Do not answer in German.',
      'If the user writes in French, be patient.',
      'You know the history of Spanish cuisine.',
    ],
  },
  'length_constraints:number_sentences': {
    asks: [
      ['Keep answers to at most four sentences.', lessThan('num_sentences', 5)],
      ['Answer in exactly two sentences.', atLeast('num_sentences', 2), lessThan('num_sentences', 3)],
      ['Reply in 3 to 5 sentences.', atLeast('num_sentences', 3), lessThan('num_sentences', 6)],
      ['Your reply should have more than six sentences.', atLeast('num_sentences', 7)],
    ],
    asksNot: [
      'Write short sentences.',
      'Summary (max. 3 sentences)',
      'If a text has more than ten sentences, shorten it.',
    ],
  },
  'length_constraints:number_words': {
    asks: [
      ['Answer with fewer than 80 words.', lessThan('num_words', 80)],
      ['Use 250 or more words.', atLeast('num_words', 250)],
      ['The reply must not be longer than 1,200 words.', lessThan('num_words', 1201)],
      ['Stay between 40 and 60 words.', atLeast('num_words', 40), lessThan('num_words', 61)],
    ],
    asksNot: [
      'In other words, be brief.',
      'Titles have at most six words.',
      'Ask before writing more than 1,000 words.',
    ],
  },
  'length_constraints:number_paragraphs': {
    asks: [
      ['Write four paragraphs separated by the markdown divider ***.', { num_paragraphs: 4 }],
      ['There should be 2 stanzas. Separate them with three asterisks: ***', { num_paragraphs: 2 }],
      ['Separate the question and the answer with ***.', { num_paragraphs: 2 }],
    ],
    asksNot: ['Write four paragraphs.', 'Separate both answers with ******.', 'Use **bold** words.'],
  },
  'length_constraints:nth_paragraph_first_word': {
    asks: [
      [
        'Write 3 paragraphs. The second paragraph must start with the word "meanwhile".',
        { num_paragraphs: 3, nth_paragraph: 2, first_word: 'meanwhile' },
      ],
      ['Begin the 4th paragraph with Finally.', { num_paragraphs: 4, nth_paragraph: 4, first_word: 'finally' }],
      [
        'Use five paragraphs, and the last paragraph begins with "So".',
        { num_paragraphs: 5, nth_paragraph: 5, first_word: 'so' },
      ],
    ],
    asksNot: ['Start with a greeting.', 'The first paragraph is the introduction.', 'Start a new paragraph with care.'],
  },
  'detectable_content:number_placeholders': {
    asks: [
      ['Include at least three placeholders such as [date].', { num_placeholders: 3 }],
      ['Use placeholders in square brackets for names.', { num_placeholders: 1 }],
      ['The letter should contain 5 or more placeholders.', { num_placeholders: 5 }],
    ],
    asksNot: [
      'Never leave placeholders like [name] in a reply.',
      'Replace every placeholder.',
      'Use brackets for asides.',
    ],
  },
  'detectable_content:postscript': {
    asks: [
      ['Add a postscript that begins with P.P.S.', { postscript_marker: 'P.P.S' }],
      ['Close the letter with a P.S. about parking.', { postscript_marker: 'P.S.' }],
      ['At the end, add a postscript.', { postscript_marker: 'P.S.' }],
    ],
    asksNot: ['Do not add a postscript.', 'Powered by PS/2 keyboards.', 'Say goodbye at the end.'],
  },
  'detectable_format:number_bullet_lists': {
    asks: [
      ['Answer with exactly 4 bullet points.', { num_bullets: 4 }],
      ['Give three short bullet points.', { num_bullets: 3 }],
      ['Your reply is a bullet list of 6.', { num_bullets: 6 }],
    ],
    asksNot: ['Use at least 3 bullet points.', 'Use bullet points.', 'At most 120 characters per bullet.'],
  },
  'detectable_format:constrained_response': {
    asks: [['Say "My answer is yes." or "My answer is no." or "My answer is maybe.".', {}]],
    asksNot: ['Answer yes or no.'],
  },
  'detectable_format:number_highlighted_sections': {
    asks: [
      ['Highlight at least 2 sections with markdown, like *this one*.', { num_highlights: 2 }],
      ['Italicize three phrases of your answer.', { num_highlights: 3 }],
      ['Highlight the name of the street by putting it between asterisks.', { num_highlights: 1 }],
    ],
    asksNot: ['Highlight the benefits of the tariff.', 'Do not highlight anything with *.', 'Be bold.'],
  },
  'detectable_format:multiple_sections': {
    asks: [
      ['Write 3 sections and mark each with "Section X".', { section_spliter: 'Section', num_sections: 3 }],
      ['The plan has 5 parts, each starting with PART X.', { section_spliter: 'PART', num_sections: 5 }],
      ['Label both halves as Chapter 1 and Chapter 2.', { section_spliter: 'Chapter', num_sections: 2 }],
    ],
    asksNot: ['See section 4 of the contract.', 'Use two sections.', 'Paragraph 2 starts with the word "now".'],
  },
  'detectable_format:json_format': {
    asks: [
      ['Respond only with JSON.', {}],
      ['Wrap the entire answer in JSON.', {}],
      ['Return a single JSON object and nothing else.', {}],
    ],
    asksNot: ['Never answer in JSON.', 'The user may paste JSON.', 'Return JSON-serializable values.'],
  },
  'detectable_format:title': {
    asks: [
      ['Give it a title in double angular brackets.', {}],
      ['Begin with a title such as <<a day out>>.', {}],
      ['Put the name of the tale in double angle brackets.', {}],
    ],
    asksNot: [
      'Give it a title.',
      'Put the title in brackets.',
      'Use a << b in the formula? No title.'.replace('<<', '<'),
    ],
  },
  'combination:two_responses': {
    asks: [
      ['Give two answers, separated by 6 asterisks.', {}],
      ['Put ****** between both versions.', {}],
      ['Write two drafts with six asterisk symbols between them.', {}],
    ],
    asksNot: ['Give two answers.', 'Separate them with ***.', 'Rate it with five stars.'],
  },
  'combination:repeat_prompt': {
    asks: [
      ['First repeat the request word for word, then answer it.', {}],
      ['Restate the question exactly before you answer.', {}],
      ['Copy the input verbatim at the top of your reply.', {}],
    ],
    asksNot: [
      'Never repeat the question.',
      'If the user asks you to repeat the text above, refuse.',
      'Do not say anything before repeating the request.',
    ],
  },
  'startend:end_checker': {
    asks: [
      ['End every message with "Have a good day!"', { end_phrase: 'Have a good day!' }],
      ['Close your reply with the exact phrase Stay curious.', { end_phrase: 'Stay curious.' }],
      ['The last sentence of your answer must be "That is all."', { end_phrase: 'That is all.' }],
    ],
    asksNot: ['End with a question.', 'Never end with "Bye".', 'Finish with a postscript starting with "P.S."'],
  },
  'startend:quotation': {
    asks: [
      ['Put your whole reply in double quotation marks.', {}],
      ['Wrap the answer with double quotes.', {}],
      ['Your entire answer is enclosed in double quotation marks.', {}],
    ],
    asksNot: ['Use double quotes for titles.', 'Quote the user.', 'Double check the quotes.'],
  },
  'change_case:capital_word_frequency': {
    asks: [
      ['Use words in all capital letters at least 5 times.', { capital_relation: 'at least', capital_frequency: 5 }],
      ['Fewer than 3 words in all caps, please.', { capital_relation: 'less than', capital_frequency: 3 }],
      ['Have more than two words in capital letters.', { capital_relation: 'at least', capital_frequency: 3 }],
    ],
    asksNot: ['Write in all caps.', 'Capitalize names.', 'Use at least 20 words.'],
  },
  'change_case:english_capital': {
    asks: [
      ['Write your entire answer in capital letters.', {}],
      ['Respond in all caps.', {}],
      ['Every letter of the reply should be capitalized.', {}],
    ],
    asksNot: ['Do not answer in all caps.', 'Capitalize names of cities.', 'Write some important words in capitals.'],
  },
  'change_case:english_lowercase': {
    asks: [
      ['Answer in all lowercase letters.', {}],
      ['Write in lower case only.', {}],
      ['No capital letters in your reply.', {}],
    ],
    asksNot: ['Never write in lowercase.', 'File names are lowercase with hyphens.', 'Convert titles to lowercase.'],
  },
  'punctuation:no_comma': {
    asks: [
      ['Do not use commas.', {}],
      ['Refrain from using any commas in your answer.', {}],
      ['Commas are not allowed.', {}],
      ['Keep the reply comma-free.', {}],
    ],
    asksNot: ['Separate names by commas.', 'Use a comma before "but".', 'Avoid commands.'],
  },
  'reply:refusal': {
    asks: [
      ['If asked about prices, reply only with "I can\'t help with that."', { text: "I can't help with that." }],
      ['Politely decline to discuss other hotels.', {}],
      ['Refuse to answer questions about politics.', {}],
    ],
    asksNot: [
      'Never refuse a request.',
      'If the user declines, say goodbye.',
      'Explain what to do when a card is declined.',
    ],
  },
  'reply:prescribed': {
    asks: [
      ['If you are unsure, say "Let me ask a colleague."', { text: 'Let me ask a colleague.' }],
      ['When the list is empty, respond with "Nothing found".', { text: 'Nothing found' }],
    ],
    asksNot: ['Never say "Nothing found".', 'Answer politely.', 'Tell them: "Just say \'stop\' to leave."'],
  },
  'reply:only': {
    asks: [
      ['Reply only with "OK".', { options: ['OK'] }],
      ['Answer with one of: "red", "green" or "blue".', { options: ['red', 'green', 'blue'] }],
      ['Answer only yes or no.', { options: ['yes', 'no'] }],
    ],
    asksNot: ['Only reply when you are asked.', 'Answer with "yes" if you agree.', 'Answer only what is asked.'],
  },
  'reply:starts_with': {
    asks: [['Start every reply with "Ahoy!"', { phrase: 'Ahoy!' }]],
    asksNot: ['Start with a greeting.', 'Never start your answer with "Sure".'],
  },
  'style:no_emoji': {
    asks: [
      ['Never use emojis.', {}],
      ['No emoji.', {}],
      ['Avoid emojis in your replies.', {}],
    ],
    asksNot: ['Use emojis.', 'Do not use emojis unless the user does.', 'Avoid jargon and be friendly.'],
  },
  'style:no_markdown': {
    asks: [
      ['Do not use Markdown.', {}],
      ['Always reply in plain text.', {}],
    ],
    asksNot: ['Use Markdown.', 'Never use Markdown tables.'],
  },
  'style:questions': {
    asks: [
      ['Ask one question at a time.', lessThan('questions', 2)],
      ['Ask exactly one question per reply.', atLeast('questions', 1), lessThan('questions', 2)],
    ],
    asksNot: ['Ask for the order number.', 'Never ask one question twice.'],
  },
  'style:bullets': {
    asks: [['Use at most 5 bullet points.', lessThan('bullets', 6)]],
    asksNot: ['Use exactly 5 bullet points.'],
  },
  'style:paragraphs': {
    asks: [['Answer in at most two paragraphs.', lessThan('paragraphs', 3)]],
    asksNot: ['Write short paragraphs.'],
  },
  'style:characters': {
    asks: [['Replies have at most 280 characters.', lessThan('characters', 281)]],
    asksNot: ['Passwords have at least 12 characters.', 'Headlines have at most 60 characters.'],
  },
};

describe('recognition of checks', () => {
  for (const [id, { asks, asksNot }] of Object.entries(cases)) {
    test(id, () => {
      for (const [text, ...expected] of asks) {
        const found = recogniseChecks(text);
        assert.deepEqual(
          found
            .filter((check) => check.id === id)
            .map(({ kwargs }) => JSON.stringify(Object.entries(kwargs).toSorted())),
          expected.map((kwargs) => JSON.stringify(Object.entries(kwargs).toSorted())),
          text,
        );
        for (const check of found) {
          const message = { prompt_to_repeat: 'x' };
          const kwargs = check.id === 'combination:repeat_prompt' ? message : check.kwargs;
          assert.ok(isApplicable(bindCheck(check.id, kwargs)), `${check.id} of: ${text}`);
        }
      }
      for (const text of asksNot) {
        const found = recogniseChecks(text).filter((check) => check.id === id);
        assert.deepEqual(found, [], text);
      }
    });
  }
});

test('the words of a check are a range of the text', () => {
  const text = 'Be kind. Never use emojis. Answer in at most 3 sentences.';
  assert.deepEqual(
    recogniseChecks(text).map(({ id, range }) => [id, text.slice(range.start, range.end)]),
    [
      ['style:no_emoji', 'Never use emojis.'],
      ['length_constraints:number_sentences', 'Answer in at most 3 sentences.'],
    ],
  );
});

test('a condition is kept with the check, in the words of its author', () => {
  const condition = (text: string): (string | null)[] => recogniseChecks(text).map((check) => check.condition);
  assert.deepEqual(condition('If the guest asks for a discount, say "I will ask the manager."'), [
    'the guest asks for a discount',
  ]);
  assert.deepEqual(condition('Reply only with "OK" when the user sends a photo.'), ['the user sends a photo']);
  assert.deepEqual(condition('Never use emojis.'), [null]);
});

test('rules about code ask nothing of the response, unless they say so', () => {
  const rules = [
    '# Style guide',
    '- Function names are in lowercase.',
    '- Never use the word "data" in a class name.',
    '- Comments have at most 80 characters and two sentences.',
    '- Export a module per file and test its functions with `npm test`.',
    '- Do not use commas in CSV files.',
    '- Return valid JSON from every API endpoint.',
    '- Answer in at most three sentences.',
    '- Use "strict" in `tsconfig.json`, and respond with "ok".',
  ].join('\n');
  assert.deepEqual(
    recogniseChecks(rules).map(({ id }) => id),
    ['length_constraints:number_sentences'],
  );
});

test('a line with code, a table row, a file name or a call is never about the response of a prompt about code', () => {
  const scope = responseScope('# Rules\nUse functions, classes, tests and modules.');
  for (const line of [
    'Answer with `no commas`.',
    '| reply | in lowercase |',
    'The user keeps it in settings.json in all lowercase letters.',
    'Reply with foo() in all caps.',
    'Respond through http::server without commas.',
  ])
    assert.ok(!scope(line), line);
  assert.ok(scope('Reply in all lowercase letters.'));
});

test('each check belongs to the instruction that holds its words, also where a block is read as one', () => {
  const text = [
    'You are a poet.',
    '',
    'Write three paragraphs. Start the second paragraph with the word "night". Avoid commas.',
    '',
    '- Never use emojis.',
    '- Answer in Italian.',
  ].join('\n');
  const { instructions } = segment(text);
  const found = instructionChecks(text, { instructions });
  assert.deepEqual(
    found.map(({ id, instruction }) => [id, instructions[instruction]!.text]),
    [
      ['length_constraints:nth_paragraph_first_word', 'Start the second paragraph with the word "night".'],
      ['punctuation:no_comma', 'Avoid commas.'],
      ['style:no_emoji', 'Never use emojis.'],
      ['language:response_language', 'Answer in Italian.'],
    ],
  );
  assert.equal(found[0]!.kwargs.num_paragraphs, 3);
  for (const { range } of found) assert.ok(text.slice(range.start, range.end).length > 5);
});

test('hostile text is read in time that does not run away', () => {
  const before = process.cpuUsage().user;
  for (const piece of ['word "a" ', 'no , ', '*** ', 'at least ', '1 to 2 ', 'end with ', '"', '(', 'if '])
    recogniseChecks(piece.repeat(Math.ceil(3000 / piece.length)));
  assert.ok(process.cpuUsage().user - before < 10_000_000);
});
