import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { progressStream } from '../../src/analyzer/progressStream.ts';

async function collect<T, R>(stream: AsyncGenerator<T, R, void>): Promise<{ items: T[]; result: R }> {
  const items: T[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return { items, result: next.value };
    items.push(next.value);
  }
}

describe('a stream of progress', () => {
  test('gives every report in order, then the result', async () => {
    const stream = progressStream<number, string>(async (emit) => {
      emit(1);
      emit(2);
      await new Promise((resolve) => setTimeout(resolve, 5));
      emit(3);
      return 'done';
    });
    assert.deepEqual(await collect(stream), { items: [1, 2, 3], result: 'done' });
  });

  test('reports that were made before an error come first, then the error', async () => {
    const stream = progressStream<number, never>(async (emit) => {
      emit(1);
      await Promise.resolve();
      throw new Error('broken');
    });
    assert.deepEqual(await stream.next(), { value: 1, done: false });
    await assert.rejects(stream.next(), /broken/u);
  });

  test('a slow consumer misses nothing', async () => {
    const stream = progressStream<number, number>(async (emit) => {
      for (let i = 0; i < 5; i++) emit(i);
      await Promise.resolve();
      return 5;
    });
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await collect(stream), { items: [1, 2, 3, 4], result: 5 });
  });
});
