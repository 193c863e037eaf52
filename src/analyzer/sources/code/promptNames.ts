/** Names of constants, options and arguments that say what a string is. */

/** An option or argument that holds a system prompt, whatever is called: `systemPrompt`, `system_instruction`. */
export const isSystemOption = (name: string): boolean =>
  /^(?:system_?prompt|system_?messages?|system_?instructions?|instructions_?prompt)$/i.test(name);

/** A constant that is a system prompt by its name, such as `SYSTEM_PROMPT`, `agentInstructions`, `main_system`. */
export const isSystemName = (name: string): boolean =>
  /(?:^|_)system(?:_?(?:prompt|message|instructions?|text|template))?(?:_v?\d+)?$|system_?(?:prompt|message|instructions?)|(?:^|_|[a-z])instructions(?:_?prompt)?$/i.test(
    name,
  );

/** A constant that may be one: `SUPPORT_PROMPT`, `promptTemplate`. */
export const isPromptName = (name: string): boolean =>
  /(?:^|_)prompts?(?:_|$)|Prompt(?:Template|Text)?$|^prompt/i.test(name);

/** A shorter constant is a label or a fragment. */
export const leastConstantCharacters = 200;

/** Calls whose `instructions` are a system prompt: agents, assistants, responses. */
export const takesInstructions = (callee: string): boolean =>
  /(?:agent|assistant|assistants\.create|responses\.(?:create|stream|parse)|session|swarm)/i.test(callee);

/** Calls whose `system` is one: Anthropic, Vercel AI SDK and the like. */
export const takesSystem = (callee: string): boolean =>
  /(?:messages|completions)\.(?:create|stream|parse)$|(?:generate|stream)(?:Text|Object|Response|UI)?$|agent|complete|chat|converse|invoke/i.test(
    callee,
  );

/** A file without one of these words holds no prompt as code; it is not parsed. */
export const codeHint =
  /['"]?role['"]?\s*[:=]\s*['"](?:system|developer)['"]|SystemMessage|system_?prompt|system_?message|system_?instructions?|instructions['"]?\s*[:=]|\bsystem['"]?\s*[:=]|from_system|AddSystemMessage|ChatHistory\(|['"]system['"]\s*,|prompt\w{0,40}\s{0,9}(?::[^=\n]{0,200})?=|LanguageModelChatMessage/i;
