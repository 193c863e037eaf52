import { at, everyNode, stringAt, type DataNode } from './data/dataNode.ts';
import { readJson } from './data/jsonData.ts';
import { contentText, isChat, systemTurn } from './chatMessages.ts';
import { langChainTexts } from './langchain.ts';
import type { ExtractionOptions, PromptSource } from './promptSource.ts';
import { promptsFrom, type FoundText } from './promptsFrom.ts';
import { unreadable } from './readData.ts';

/** A file without one of these holds no chat: it is not parsed. */
const hint =
  /"role"\s*:\s*"(?:system|developer)"|"system(?:_?instruction)?"\s*:|"instructions"\s*:|"lc"\s*:\s*1|"_type"\s*:/i;

/** Requests and logs of chat interfaces as JSON: OpenAI, Anthropic, Gemini, Bedrock, and dumps of LangChain. */
export const chatJson: PromptSource = {
  id: 'chat-json',
  title: 'Chat request (JSON)',
  patterns: ['**/*.json', '**/*.jsonc'],
  exclude: [
    '**/package.json',
    '**/package-lock.json',
    '**/tsconfig*.json',
    '**/*.schema.json',
    '**/.vscode/**',
    '**/composer.json',
    '**/npm-shrinkwrap.json',
  ],
  isScan: true,
  hint,
  extract: async (file, options) => {
    const none = 'it holds no chat with a system message';
    if (!hint.test(file.text)) return { prompts: [], reason: none };
    const result = await readJson(file.text);
    if ('problem' in result) return unreadable(file.text, 'JSON', result.problem, result.offset);
    return promptsFrom(file, 'chat-json', chatTexts(result.root, options), none);
  },
};

/** One chat per line. A line that is no JSON is passed over: logs are cut off. */
export const chatJsonLines: PromptSource = {
  id: 'chat-jsonl',
  title: 'Chat requests (JSON Lines)',
  patterns: ['**/*.jsonl', '**/*.ndjson'],
  isScan: true,
  hint,
  extract: async (file, options) => {
    const found: FoundText[] = [];
    let start = 0;
    for (const line of file.text.split('\n')) {
      if (hint.test(line)) {
        const result = await readJson(file.text, start, start + line.length);
        if ('root' in result) found.push(...chatTexts(result.root, options));
      }
      start += line.length + 1;
    }
    return promptsFrom(file, 'chat-jsonl', found, 'no line of it holds a chat with a system message');
  },
};

/** System turns anywhere in a tree. */
export function* chatTexts(root: DataNode, options: ExtractionOptions): Generator<FoundText, void, void> {
  for (const node of everyNode(root)) {
    if (isChat(node)) {
      const turn = systemTurn(node.items);
      if (turn !== undefined) yield turn;
    }
    if (node.kind !== 'object') continue;
    const own = ownSystemText(node);
    if (own !== undefined) yield { mapped: own };
    yield* langChainTexts(node, options);
  }
}

/** Interfaces that keep the system turn beside the messages. */
function ownSystemText(node: DataNode) {
  const isRequest = ['messages', 'input', 'contents', 'model', 'modelId'].some((key) => at(node, key) !== undefined);
  const gemini = at(node, 'systemInstruction') ?? at(node, 'system_instruction');
  if (gemini !== undefined) return contentText(at(gemini, 'parts')) ?? contentText(gemini);
  const system = at(node, 'system');
  if (system !== undefined && isRequest) return contentText(system);
  const isMessage = stringAt(node, 'role') !== undefined;
  return isRequest && !isMessage ? contentText(at(node, 'instructions')) : undefined;
}
