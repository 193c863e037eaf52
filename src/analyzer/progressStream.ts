/** Turns work that reports through a callback into a stream of its reports; the return value is the work's result. */
export async function* progressStream<T, R>(work: (emit: (item: T) => void) => Promise<R>): AsyncGenerator<T, R, void> {
  const waiting: T[] = [];
  let wake = (): void => undefined;
  const state = { isSettled: false };
  const result = work((item) => {
    waiting.push(item);
    wake();
  }).finally(() => {
    state.isSettled = true;
    wake();
  });
  result.catch(() => undefined); // awaited below, after the last report
  for (;;) {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) yield item;
    if (state.isSettled) return await result;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (waiting.length > 0 || state.isSettled) resolve();
    });
  }
}
