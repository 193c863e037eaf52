import type { DecodePolicy } from './decodePolicy.ts';
import { h2oDecode } from './h2oDecode.ts';
import { tovaDecode } from './tovaDecode.ts';
import { windowDecode } from './windowDecode.ts';

/** Every policy that evicts while the model generates. */
export const decodePolicies: readonly DecodePolicy[] = [h2oDecode, tovaDecode, windowDecode({ sinks: 4 })];
