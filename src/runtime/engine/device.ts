import { HoldfastError } from '../../errors.ts';
import { availableProviders, OnnxSession, type ExecutionProvider } from './onnxSession.ts';

/** A session and where it runs, in words for the report. */
export interface PlacedSession {
  readonly session: OnnxSession;
  readonly device: string;
}

/**
 * Opens a graph where the user asked for. `auto` is the CPU: the graphs are exact there, and a small model is faster on
 * it than the transfer of its masks to a GPU. A device that was named is used or refused, never replaced in silence.
 */
export async function openOnDevice(modelPath: string, device: ExecutionProvider | 'auto'): Promise<PlacedSession> {
  const provider = device === 'auto' ? 'cpu' : device;
  const available = availableProviders();
  if (!available.includes(provider)) {
    throw new HoldfastError(
      'device-unavailable',
      `This build of ONNX Runtime has no "${provider}" device; it has ${available.join(', ')}.`,
      'Set the device to auto.',
    );
  }
  try {
    return { session: await OnnxSession.create(modelPath, provider), device: provider };
  } catch (cause) {
    if (provider === 'cpu') throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError(
      'device-unavailable',
      `The "${provider}" device did not start: ${reason}`,
      'Set the device to cpu.',
      {
        cause,
      },
    );
  }
}
