/**
 * Called between two runs: lets messages in (a run blocks the event loop) and throws the reason when the work was
 * cancelled. This is the only place where a simulation stops.
 */
export type Pause = () => Promise<void>;

export function pauseFor(signal: AbortSignal): Pause {
  return async () => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  };
}
