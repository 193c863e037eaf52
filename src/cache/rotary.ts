/**
 * The rotary embedding of a layer: channel i < half turns with channel i + half; channels from 2 * half on pass through.
 * A scaling of the attention (YaRN, LongRoPE) is part of cos and sin.
 */
export interface Rotary {
  /** 0 for a layer without positions. */
  readonly half: number;
  /** Cosines and sines of the positions [start, end). */
  at(start: number, end: number): RotaryTable;
}

export interface RotaryTable {
  readonly cos: Float32Array; // [positions, half]
  readonly sin: Float32Array; // [positions, half]
}

/** Cosines and sines of `position * frequency`, angles rounded to float32 as the references do. */
export function rotaryOf(frequencies: ArrayLike<number>, magnitude = 1): Rotary {
  const half = frequencies.length;
  return {
    half,
    at(start, end) {
      const cos = new Float32Array((end - start) * half);
      const sin = new Float32Array((end - start) * half);
      for (let position = start; position < end; position++) {
        for (let channel = 0; channel < half; channel++) {
          const angle = Math.fround(position * frequencies[channel]!);
          cos[(position - start) * half + channel] = Math.cos(angle) * magnitude;
          sin[(position - start) * half + channel] = Math.sin(angle) * magnitude;
        }
      }
      return { cos, sin };
    },
  };
}

/** The same embedding, with `offset` as its position 0. */
export const shifted = (rotary: Rotary, offset: number): Rotary => ({
  half: rotary.half,
  at: (start, end) => rotary.at(start + offset, end + offset),
});

/** Rotates vectors [heads, S, headDim] at the positions 0..S-1. */
export function rotated(vectors: Float32Array, rotary: Rotary, seqLen: number, headDim: number): Float32Array {
  return turned(vectors, rotary, seqLen, headDim, (cos, sin) => [cos, sin]);
}

/** The vectors [heads, S, headDim] that `rotated` turns into these. */
export function unrotated(vectors: Float32Array, rotary: Rotary, seqLen: number, headDim: number): Float32Array {
  return turned(vectors, rotary, seqLen, headDim, (cos, sin) => {
    const squares = cos * cos + sin * sin;
    return [cos / squares, -sin / squares];
  });
}

function turned(
  vectors: Float32Array,
  rotary: Rotary,
  seqLen: number,
  headDim: number,
  angle: (cos: number, sin: number) => readonly [number, number],
): Float32Array {
  const { half } = rotary;
  const result = vectors.slice();
  const table = rotary.at(0, seqLen);
  for (let position = 0; position < seqLen; position++) {
    for (let channel = 0; channel < half; channel++) {
      const [cos, sin] = angle(table.cos[position * half + channel]!, table.sin[position * half + channel]!);
      for (let at = position * headDim + channel; at < vectors.length; at += seqLen * headDim) {
        const first = vectors[at]!;
        const second = vectors[at + half]!;
        result[at] = first * cos - second * sin;
        result[at + half] = second * cos + first * sin;
      }
    }
  }
  return result;
}

/** Turns one vector, stored at `offset` of `target`, from one position to another; lengths do not change. */
export function moved(
  target: Float32Array,
  offset: number,
  { half }: Rotary,
  table: RotaryTable,
  from: number,
  to: number,
): void {
  for (let channel = 0; channel < half; channel++) {
    const cosFrom = table.cos[from * half + channel]!;
    const sinFrom = table.sin[from * half + channel]!;
    const cosTo = table.cos[to * half + channel]!;
    const sinTo = table.sin[to * half + channel]!;
    const squares = cosFrom * cosFrom + sinFrom * sinFrom;
    const cos = (cosTo * cosFrom + sinTo * sinFrom) / squares;
    const sin = (sinTo * cosFrom - cosTo * sinFrom) / squares;
    const first = target[offset + channel]!;
    const second = target[offset + half + channel]!;
    target[offset + channel] = first * cos - second * sin;
    target[offset + half + channel] = second * cos + first * sin;
  }
}
