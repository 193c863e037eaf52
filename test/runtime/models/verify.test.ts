import assert from 'node:assert/strict';
import { stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { holdfastHome } from '../../../src/runtime/models/home.ts';
import { restampedSha256, sha256File, stampedSha256 } from '../../../src/runtime/models/verify.ts';
import { fakeMachine, filesOf, modelContent, put, sha256, temporaryFolder } from './support.ts';

const never = new AbortController().signal;

test('hashes the whole file and tells how far it is', async (t) => {
  const content = modelContent(2_500_000); // more than one read
  const file = await put(path.join(await temporaryFolder(t), 'm.gguf'), content);
  const seen: number[] = [];
  assert.equal(
    await sha256File(file, never, (done, total) => {
      assert.equal(total, content.byteLength);
      seen.push(done);
    }),
    sha256(content),
  );
  assert.equal(seen.at(-1), content.byteLength);
  assert.ok(seen.length >= 3);
});

test('rejects with the reason of the signal soon after it aborts', async (t) => {
  const file = await put(path.join(await temporaryFolder(t), 'm.gguf'), modelContent(5_000_000));
  const controller = new AbortController();
  const reads: number[] = [];
  const hashing = sha256File(file, controller.signal, (done) => {
    reads.push(done);
    controller.abort();
  });
  await assert.rejects(hashing, { name: 'AbortError' });
  assert.equal(reads.length, 1);
});

test('a stamped file is not read again', async (t) => {
  const home = holdfastHome(await fakeMachine(t));
  const content = modelContent();
  const file = await put(path.join(home.root, 'm.gguf'), content);
  assert.equal(await stampedSha256(file, home, never), sha256(content));
  const again = await stampedSha256(file, home, never, () => assert.fail('the file was read'));
  assert.equal(again, sha256(content));
  assert.equal((await filesOf(home.stamps)).length, 1);
});

test('a change of size or modification time makes the stamp void', async (t) => {
  const home = holdfastHome(await fakeMachine(t));
  const first = modelContent();
  const second = modelContent();
  const file = await put(path.join(home.root, 'm.gguf'), first);
  await stampedSha256(file, home, never);
  const { atime, mtime } = await stat(file);

  await writeFile(file, second);
  await utimes(file, atime, new Date(mtime.getTime() + 1000));
  assert.equal(await stampedSha256(file, home, never), sha256(second));

  const longer = Buffer.concat([second, Buffer.from('x')]);
  await writeFile(file, longer);
  await utimes(file, atime, new Date(mtime.getTime() + 1000));
  assert.equal(await stampedSha256(file, home, never), sha256(longer));
});

test('restamping reads a file whose stamp would do', async (t) => {
  const home = holdfastHome(await fakeMachine(t));
  const damaged = modelContent();
  const file = await put(path.join(home.root, 'm.gguf'), modelContent());
  await stampedSha256(file, home, never);
  const { atime, mtime } = await stat(file);
  await writeFile(file, damaged); // same size, and the same time: what only reading can find
  await utimes(file, atime, mtime);
  assert.equal(await restampedSha256(file, home, never), sha256(damaged));
});

test('a damaged stamp and a home that cannot be written only cost the hashing', async (t) => {
  const home = holdfastHome(await fakeMachine(t));
  const content = modelContent();
  const file = await put(path.join(home.root, 'm.gguf'), content);
  await stampedSha256(file, home, never);
  const [stamp] = await filesOf(home.stamps);
  for (const damage of ['', 'null', '{"sha256":"x"}']) {
    await writeFile(path.join(home.stamps, stamp!), damage);
    assert.equal(await stampedSha256(file, home, never), sha256(content));
  }
  const blocked = { ...home, stamps: path.join(file, 'stamps') }; // below a file
  assert.equal(await stampedSha256(file, blocked, never), sha256(content));
});
