import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../errors.ts';
import { environmentPath, type Machine } from './home.ts';
import { huggingFaceHome } from './places.ts';
import { SourceFailure } from './sourceFailure.ts';

/** Where models are asked for on the network, and as whom. */
export interface Hub {
  /** Base addresses, tried in turn. */
  readonly endpoints: readonly string[];
  /** Sent to these endpoints only, over https only; never written anywhere. */
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
}

export const HUB_ENDPOINT = 'https://huggingface.co';
const MAX_REDIRECTS = 8;

/**
 * The Hub of a machine: the endpoints of the settings, else those of `HF_ENDPOINT` (several separated by commas or
 * blanks), else the Hugging Face Hub. A mirror that the user names takes the Hub's place: nothing else is asked.
 */
export async function openHub(machine: Machine, fetchPort: typeof fetch = fetch): Promise<Hub> {
  const named = machine.hubEndpoints ?? [];
  const endpoints = (named.length > 0 ? named : (machine.env.HF_ENDPOINT ?? '').split(/[\s,]+/u))
    .map((endpoint) => endpoint.trim().replace(/\/+$/u, ''))
    .filter((endpoint) => endpoint !== '');
  for (const endpoint of endpoints) requireAddress(endpoint);
  return {
    endpoints: endpoints.length === 0 ? [HUB_ENDPOINT] : endpoints,
    token: await hubToken(machine),
    fetch: fetchPort,
  };
}

function requireAddress(endpoint: string): void {
  if (URL.canParse(endpoint) && ['https:', 'http:'].includes(new URL(endpoint).protocol)) return;
  throw new HoldfastError(
    'invalid-settings',
    `"${endpoint}" is not the address of a model hub.`,
    'Correct HF_ENDPOINT or the setting holdfast.hubEndpoints: addresses look like https://hub.example.com.',
  );
}

/** The user's token: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hftoken */
async function hubToken(machine: Machine): Promise<string | undefined> {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN } = machine.env;
  const file = environmentPath(machine, 'HF_TOKEN_PATH') ?? path.join(huggingFaceHome(machine), 'token');
  const candidates = [
    await machine.hubToken?.(),
    HF_TOKEN,
    HUGGING_FACE_HUB_TOKEN,
    await readFile(file, 'utf8').catch(() => ''),
  ];
  return candidates.map((token) => token?.trim() ?? '').find((token) => token !== '');
}

/** What a file is at one revision, as the Hub tells it. */
export interface HubFile {
  /** Commit. */
  readonly revision: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface HubPlace {
  readonly endpoint: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly revision: string;
  readonly file: string;
}

export const fileUrl = ({ endpoint, repository, revision, file }: HubPlace): string =>
  `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${file.split('/').map(encodeURIComponent).join('/')}`;

/** An endpoint as people know it. */
export function endpointName(endpoint: string): string {
  return endpoint === HUB_ENDPOINT ? 'Hugging Face Hub' : new URL(endpoint).host;
}

/**
 * Asks what a file is, without its content. The Hub answers with the hash of its large-file storage
 * (`x-linked-etag`); without one there is nothing to verify a download against, so the file is refused.
 * Throws `SourceFailure`, the signal's reason, or the network's error.
 */
export async function hubFile(hub: Hub, place: HubPlace, signal: AbortSignal): Promise<HubFile> {
  let url = fileUrl(place);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(hub, url, place.endpoint, { method: 'HEAD', signal });
    const linked = unquoted(response.headers.get('x-linked-etag'));
    const revision = response.headers.get('x-repo-commit');
    const bytes = Number(response.headers.get('x-linked-size') ?? Number.NaN);
    if (revision !== null && /^[0-9a-f]{64}$/u.test(linked) && Number.isSafeInteger(bytes))
      return { revision, bytes, sha256: linked };
    refuse(response, place, hub.token !== undefined);
    const next = redirectTarget(response, url);
    // A renamed repository redirects inside the Hub; storage elsewhere no longer knows the hash.
    if (next === undefined || new URL(next).origin !== new URL(url).origin) break;
    url = next;
  }
  throw new SourceFailure('content', `it does not tell the size and sha256 of ${place.file}`);
}

/**
 * Gets a file, or the rest of it with a `range` header, following redirects to storage elsewhere.
 * Throws `SourceFailure` for a refusal, the signal's reason, or the network's error.
 */
export async function hubContent(
  hub: Hub,
  place: HubPlace,
  init: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<Response> {
  let url = fileUrl(place);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(hub, url, place.endpoint, init);
    const next = redirectTarget(response, url);
    if (next === undefined) {
      refuse(response, place, hub.token !== undefined);
      return response;
    }
    await response.body?.cancel();
    if (new URL(url).protocol === 'https:' && new URL(next).protocol !== 'https:')
      throw new SourceFailure('unreachable', `it sends to an address without encryption: ${new URL(next).host}`);
    url = next;
  }
  throw new SourceFailure('unreachable', `more than ${MAX_REDIRECTS} redirects`);
}

/** One request. Redirects are not followed here, because a token must never travel along. */
async function send(hub: Hub, url: string, endpoint: string, init: RequestInit): Promise<Response> {
  const { origin, protocol } = new URL(url);
  const trusted = protocol === 'https:' && origin === new URL(endpoint).origin;
  return hub.fetch(url, {
    ...init,
    redirect: 'manual',
    headers: {
      ...(init.headers as Record<string, string> | undefined),
      ...(trusted && hub.token !== undefined ? { authorization: `Bearer ${hub.token}` } : {}),
    },
  });
}

function redirectTarget(response: Response, url: string): string | undefined {
  if (response.status < 300 || response.status > 399) return undefined;
  const location = response.headers.get('location');
  return location === null ? undefined : new URL(location, url).href;
}

const unquoted = (etag: string | null): string => (etag ?? '').replace(/^W\//u, '').replaceAll('"', '');

/** Explains answers that say who may have a file. Other failures are left to the caller. */
function refuse({ status, headers }: Response, { repository, revision, file }: HubPlace, hasToken: boolean): void {
  const code = headers.get('x-error-code');
  const page = `${HUB_ENDPOINT}/${repository}`;
  if (status === 403 || code === 'GatedRepo')
    throw new SourceFailure(
      'access',
      hasToken
        ? `HTTP ${status}: the account of the token has no access to ${repository}. If it is gated, accept its licence at ${page}; if it is private, ask its owner`
        : `HTTP ${status}: ${repository} is gated: accept its licence at ${page} and set a token of that account`,
    );
  if (status === 401)
    throw new SourceFailure(
      'access',
      hasToken
        ? `HTTP 401: the token is not accepted for ${repository}, or there is no such repository`
        : `HTTP 401: ${repository} does not exist or needs a token`,
    );
  if (status === 404)
    throw new SourceFailure(
      'unreachable',
      code === 'RevisionNotFound'
        ? `HTTP 404: ${repository} has no revision ${revision}`
        : `HTTP 404: ${repository} has no ${file} at ${revision}`,
    );
}
