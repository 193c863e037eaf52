import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import type { CatalogModel, Source } from '../../../src/runtime/models/catalog.ts';
import type { Machine } from '../../../src/runtime/models/home.ts';
import { typed, writeGguf } from '../../support/ggufWriter.ts';

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-models-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A machine with an empty home, nothing installed, and no network but `endpoint`. */
export async function fakeMachine(t: TestContext, env: NodeJS.ProcessEnv = {}): Promise<Machine> {
  const userHome = await temporaryFolder(t);
  return { env: { PATH: path.join(userHome, 'bin'), ...env }, platform: process.platform, userHome };
}

export async function put(file: string, content: string | Uint8Array): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** File names of a folder, sorted; empty when it is absent. */
export const filesOf = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();

/** Content that differs in every test, so that no remembered hash can be right by accident. */
export const modelContent = (bytes = 300_000): Buffer => Buffer.concat([Buffer.from('GGUF'), randomBytes(bytes - 4)]);

export const hubSource: Source = {
  kind: 'hub',
  repository: 'owner/name',
  revision: 'a1b2c3',
  file: 'tiny.gguf',
};

export const catalogModel = (content: Uint8Array, sources: readonly Source[] = [hubSource]): CatalogModel => ({
  id: 'tiny',
  title: 'Tiny',
  architecture: 'llama',
  parameters: 1,
  quantisation: 'Q4_1',
  licence: 'Apache-2.0',
  tried: true,
  file: 'tiny.gguf',
  bytes: content.byteLength,
  sha256: sha256(content),
  sources,
});

export interface RequestSeen {
  readonly url: string;
  readonly range: string | undefined;
}

type Answer = (request: IncomingMessage, response: ServerResponse, index: number) => void;

/** An HTTP server on the loopback interface; records what it was asked. */
export async function serve(t: TestContext, answer: Answer): Promise<{ url: string; requests: RequestSeen[] }> {
  const requests: RequestSeen[] = [];
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range });
    answer(request, response, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export interface FileAnswer {
  /** Answer Range requests with the rest only. Default: yes. */
  readonly ranges?: boolean;
  /** Break the connection after so many bytes of the body. */
  readonly breakAfter?: number | undefined;
  /** Keep the connection open without another byte after so many. */
  readonly stallAfter?: number | undefined;
}

/** Answers with a file the way a web server does. */
export function sendFile(
  content: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  options: FileAnswer = {},
): void {
  const asked = /^bytes=(\d+)-$/u.exec(request.headers.range ?? '');
  const start = asked !== null && options.ranges !== false ? Number(asked[1]) : 0;
  const body = content.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': body.byteLength,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}` } : {}),
  });
  const limit = options.breakAfter ?? options.stallAfter;
  if (limit === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, limit), () => {
    // Later, so that the client has the bytes before the reset reaches it.
    if (options.breakAfter !== undefined) setTimeout(() => response.destroy(), 50);
  });
}

/** A zip archive of the given members, each stored or deflated. */
export function zip(members: readonly { name: string; content: Buffer; deflate?: boolean }[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflate = false } of members) {
    const fileName = Buffer.from(name);
    const data = deflate ? deflateRawSync(content) : content;
    const common = Buffer.alloc(26); // from "version needed" to "extra field length", the same in both headers
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.byteLength, 14);
    common.writeUInt32LE(content.byteLength, 18);
    common.writeUInt16LE(fileName.byteLength, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, fileName, data]);
    const tail = Buffer.alloc(14); // comment, disk, attributes: none; then the local header's offset
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, fileName]));
    locals.push(local);
    offset += local.byteLength;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** A small GGUF file that says these things of itself; `fill` makes its content different from every other. */
export function ggufFile(
  { architecture = 'llama', licence, name, fileType = 3 }: GgufFacts = {},
  fill: Uint8Array = randomBytes(64),
): Buffer {
  const texts: [string, string | undefined][] = [
    ['general.architecture', architecture],
    ['general.name', name],
    ['general.license', licence],
  ];
  return writeGguf({
    metadata: [
      ...texts.flatMap(([key, value]) => (value === undefined ? [] : [[key, typed.string(value)] as const])),
      ['tokenizer.ggml.tokens', typed.strings(Array.from({ length: 1000 }, (_, id) => `token ${id}`))],
      ['general.file_type', typed.uint32(fileType)],
    ],
    tensors: [{ name: 'token_embd.weight', ne: [4, 4], type: 0, offset: 0 }],
    data: Buffer.from(fill.subarray(0, 64)),
  });
}

export interface GgufFacts {
  readonly architecture?: string;
  readonly licence?: string;
  readonly name?: string;
  /** `general.file_type`. */
  readonly fileType?: number;
}

/** One tensor of two by two, as safetensors stores it. */
export function safetensorsFile(dtype = 'BF16', bytes = 8): Buffer {
  const header = Buffer.from(JSON.stringify({ weight: { dtype, shape: [2, 2], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  return Buffer.concat([length, header, Buffer.alloc(bytes)]);
}

/** A link where the system allows one; a copy elsewhere, as the Hugging Face libraries do it on Windows. */
export async function link(target: string, file: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  if (process.platform === 'win32') await copyFile(target, file);
  else await symlink(target, file);
  return file;
}

/** Puts a model into an Ollama store and returns its blob. */
export async function putOllama(
  store: string,
  manifest: readonly [host: string, namespace: string, name: string, tag: string],
  content: Uint8Array,
  licence?: string,
): Promise<string> {
  const digest = sha256(content);
  const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}`, size: 1 }];
  if (licence !== undefined) {
    const text = Buffer.from(licence);
    await put(path.join(store, 'blobs', `sha256-${sha256(text)}`), text);
    layers.push({ mediaType: 'application/vnd.ollama.image.license', digest: `sha256:${sha256(text)}`, size: 1 });
  }
  await put(path.join(store, 'manifests', ...manifest), JSON.stringify({ schemaVersion: 2, layers }));
  return put(path.join(store, 'blobs', `sha256-${digest}`), content);
}
