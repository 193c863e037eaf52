/** Whether a sentence of a prompt speaks about the response. */
export type Scope = (sentence: string) => boolean;

const response =
  /\b(?:responds?|responses?|responding|repl(?:y|ies|ying)|answers?|answering|your (?:entire |whole |final )?(?:output|messages?)|the user|users? (?:asks?|says?|messages?|wants?)|speak|conversations?|tone)\b/iu;
/** Code, tables, file names and calls: such a sentence is about something else than the words of an answer. */
const codeMarks =
  /`|\||::|\(\)|(?<![\p{L}\p{N}])[\w*/-]*\.(?:[a-z]{1,4}|json|yaml|toml|html|prompt|mdc|lock)(?![\p{L}\p{N}.])(?<!\b(?:e\.g|i\.e|P\.S|p\.s|a\.m|p\.m|etc|vs))|=>|\{\{/u;
/** Calls, and slots of a template that stand for a whole line. */
const notProse = /\(\)|::|=>|^\s*(?:[-*]\s+)?(?:\{[^{}]*\}|\[[^[\]]*\]|<[^<>]*>)\s*$/u;
/** Words of work on code and files. */
const workWords =
  /\b(?:code(?:base)?|functions?|class(?:es)?|methods?|variables?|components?|repositor(?:y|ies)|commits?|pull requests?|branch(?:es)?|tests?|testing|api|apis|endpoints?|modules?|imports?|lint(?:er|ing)?|typescript|javascript|python|sql|css|html|database|deploy(?:ment)?|frameworks?|library|libraries|folders?|directories|directory|files?|scripts?|parameters?|config(?:uration)?|schema|compil(?:e|er)|workflows?|refactor(?:ing)?|debug(?:ging)?)\b/giu;
/** From this many such words per hundred on, a prompt is about work on code. */
const workShare = 1.5;
/** A longer prompt speaks of more than the response. */
const longestPlain = 250;

/**
 * The gate for a prompt. In a short prompt without work on code every sentence is about the response unless it holds code
 * marks; in any other a sentence has to say that it is.
 */
export function responseScope(prompt: string): Scope {
  const isPlain = isPlainPrompt(prompt);
  return (sentence) => (isPlain ? !notProse.test(sentence) : response.test(sentence) && !codeMarks.test(sentence));
}

function isPlainPrompt(prompt: string): boolean {
  const words = prompt.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  if (words > longestPlain || /^#{1,6} /mu.test(prompt) || /^\s*(?:---|\|.*\|)\s*$/mu.test(prompt)) return false;
  const work = prompt.match(workWords)?.length ?? 0;
  return work < 3 || (100 * work) / words < workShare;
}
