import type { MappedText } from '../prompt.ts';
import { at, stringAt, type DataNode } from './data/dataNode.ts';
import { concatenate } from './mappedText.ts';
import type { FoundText } from './promptsFrom.ts';

/** Text of a message: a string, or a list of `{type: "text", text}` parts. */
export function contentText(node: DataNode | undefined): MappedText | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'string') return node.mapped();
  if (node.kind !== 'array') return undefined;
  const parts = node.items.flatMap((part) => {
    const text = part.kind === 'string' ? part : at(part, 'text');
    return text?.kind === 'string' ? [text.mapped()] : [];
  });
  return parts.length === 0 ? undefined : concatenate(parts, '\n\n');
}

/**
 * The system turn of a list of messages: the system and developer messages that it begins with. Later ones are no part of
 * the cached prefix.
 */
export function systemTurn(messages: readonly DataNode[]): FoundText | undefined {
  const role = (node: DataNode): string => stringAt(node, 'role')?.toLowerCase() ?? '';
  const isSystem = (node: DataNode): boolean => role(node) === 'system' || role(node) === 'developer';
  const firstOther = messages.findIndex((message) => !isSystem(message));
  const leading = firstOther < 0 ? messages : messages.slice(0, firstOther);
  const texts = leading.flatMap((message) => contentText(at(message, 'content')) ?? []);
  if (texts.length === 0) return undefined;
  const isLater = firstOther >= 0 && messages.slice(firstOther).some(isSystem);
  return {
    mapped: concatenate(texts, '\n\n'),
    ...(leading.some((message) => role(message) === 'developer') ? { role: 'developer' as const } : {}),
    ...(isLater ? { notes: ['A later system message is not part of the compressed prefix and is not audited.'] } : {}),
  };
}

/** The first user turn of a list of messages. */
export function firstUserTurn(messages: readonly DataNode[]): MappedText | undefined {
  const message = messages.find((node) => stringAt(node, 'role')?.toLowerCase() === 'user');
  return contentText(at(message, 'content'));
}

/** True for a list whose items look like chat messages. */
export const isChat = (node: DataNode): boolean =>
  node.kind === 'array' && node.items.length > 0 && stringAt(node.items[0], 'role') !== undefined;
