import type { EncodedTurn, SystemPlacement } from '../languageModel.ts';
import type { Encoding, Tokenizer } from '../tokenizer/tokenizer.ts';
import type { ChatMessage, ChatTemplate } from './chatTemplate.ts';
import { templateFailure } from './failure.ts';
import { locate, type Place } from './locate.ts';

/** A user text that stands for any: what comes before it is the system turn. */
const anyUser = 'Hello';

/**
 * Renders and encodes the system turn: the beginning of a conversation, up to where what follows belongs to the user. The
 * prompt's text is encoded as plain text: what looks like a control token in it stays text.
 *
 * Where the template has a system role, that is the system message with its marks. Where it has none, the prompt stands at the
 * beginning of the first user message, and the turn ends with the token that holds its last character.
 *
 * The tokens are those of the whole conversation, because a tokenizer may merge across the end of the turn. A token that
 * reaches into what follows is still the turn's, as long as it does not depend on the user's text; else the turn ends before it.
 *
 * @throws HoldfastError `chat-template` when the template has no place for the prompt or changes its text.
 */
export function encodeSystemTurn(template: ChatTemplate, tokenizer: Tokenizer, systemText: string): EncodedTurn {
  const conversation = renderConversation(template, tokenizer, systemText, anyUser);
  const { text, system, user, turnEnd, placement } = conversation;
  const encoding = encodeConversation(tokenizer, conversation);
  let count = 0;
  while (encoding.starts[count]! < turnEnd && encoding.ends[count]! <= user.start) count++;
  const end = count === 0 ? 0 : encoding.ends[count - 1]!;
  if (end < system.start) {
    throw templateFailure(
      "The model's tokenizer joins the system prompt with the user's text: it cannot be cached alone.",
    );
  }
  return {
    text: text.slice(0, end),
    ids: encoding.ids.slice(0, count),
    starts: encoding.starts.slice(0, count),
    ends: encoding.ends.slice(0, count),
    content: { ...system, end: Math.min(system.end, end) },
    placement,
  };
}

/**
 * Tokens that follow the system turn: the user's text and the header of the answer. Together with the turn's tokens they are
 * literally the tokens of the conversation.
 * @throws HoldfastError `chat-template` when the template refuses the conversation, or when the user's text changes the tokens
 *   of the system turn, so that its cache could not be continued.
 */
export function encodeUserSuffix(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  systemText: string,
  userText: string,
): Int32Array {
  const system = encodeSystemTurn(template, tokenizer, systemText).ids;
  const full = encodeConversation(tokenizer, renderConversation(template, tokenizer, systemText, userText)).ids;
  const different = system.findIndex((id, i) => full[i] !== id);
  if (different >= 0) {
    throw templateFailure(
      `The system turn is not the beginning of the conversation (token ${different} of ${system.length} differs): the user's ` +
        'text changes how what stands before it is read.',
      undefined,
      'Begin the probe with a letter. If that does not help, use a model whose chat template marks the system turn.',
    );
  }
  return full.slice(system.length);
}

interface Conversation {
  readonly text: string;
  readonly system: Place;
  readonly user: Place;
  /** Where the text of the system turn ends. */
  readonly turnEnd: number;
  readonly placement: SystemPlacement;
}

type Arrangement = (texts: readonly string[]) => readonly ChatMessage[];

const withSystemRole: Arrangement = ([system, user]) => [
  { role: 'system', content: system! },
  { role: 'user', content: user! },
];

/** As the vendors of models without a system role advise: the instructions, a blank line, and what the user says. */
const inUserMessage: Arrangement = ([system, user]) => [{ role: 'user', content: `${system!}\n\n${user!}` }];

/**
 * The conversation of a system prompt and a user's text, with the header of the answer. If the template raises an error at a
 * system message or leaves it out, the prompt goes in front of the user's text.
 */
function renderConversation(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  systemText: string,
  userText: string,
): Conversation {
  const texts = [systemText, userText];
  const options = { addGenerationPrompt: true };
  const own = locate(template, texts, withSystemRole, options);
  const located =
    own.kind === 'refused' || own.kind === 'absent' ? locate(template, texts, inUserMessage, options) : own;
  if (located.kind !== 'found') throw templateFailure(own.kind === 'found' ? located.reason : own.reason);
  const [system, user] = located.places as [Place, Place];
  const ownEnd =
    own.kind === 'found' ? endOfOwnTurn(template, tokenizer, systemText, located.text, system, user) : undefined;
  // The template writes BOS, or else the tokenizer's is written here: exactly one.
  const bos = tokenizer.bos === undefined || located.text.startsWith(tokenizer.bos) ? '' : tokenizer.bos;
  const shifted = (place: Place): Place => ({ ...place, start: place.start + bos.length, end: place.end + bos.length });
  return {
    text: bos + located.text,
    system: shifted(system),
    user: shifted(user),
    turnEnd: (ownEnd ?? system.end) + bos.length,
    placement: ownEnd === undefined ? 'first-user-message' : 'system-role',
  };
}

/**
 * Where the system message's own turn ends in the conversation; undefined when the template writes it into the user's turn.
 * That is what the template writes for a system message alone. A template that cannot do without a user's message marks the
 * end of a turn by a control token; the next one opens the user's turn.
 */
function endOfOwnTurn(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  systemText: string,
  text: string,
  system: Place,
  user: Place,
): number | undefined {
  const alone = locate(template, [systemText], ([content]) => [{ role: 'system', content: content! }], {
    addGenerationPrompt: false,
  });
  if (alone.kind === 'found' && text.startsWith(alone.text)) return alone.text.length;
  const { ids, starts, ends } = tokenizer.encode(text.slice(system.end, user.start));
  const controls = Array.from(ids.keys()).filter((i) => tokenizer.isSpecial(ids[i]!));
  if (controls.length === 0) return undefined;
  return system.end + (controls.length > 1 ? starts[controls[1]!]! : ends[controls[0]!]!);
}

const encodeConversation = (tokenizer: Tokenizer, { text, system, user }: Conversation): Encoding =>
  tokenizer.encode(text, {
    plainRanges: [
      [system.start, system.end],
      [user.start, user.end],
    ],
  });
