export { createChatTemplate, type ChatMessage, type ChatTemplate, type RenderOptions } from './chatTemplate.ts';
export { chatTemplateFromFolder, chatTemplateFromGguf } from './sources.ts';
export { encodeSystemTurn, encodeUserSuffix } from './systemTurn.ts';
export { findStopIds, stopIdsFromFolder, stopIdsFromGguf } from './stopIds.ts';
