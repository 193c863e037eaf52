/**
 * The layers that a policy compresses, given each layer's sliding window (null: none). A layer that slides in a model that
 * also has layers with full attention is left alone: its cache is bounded by its window, and engines and kvpress compress
 * the others only. Where every layer slides (Mistral 0.1) the window is the model's context, and every layer is compressed.
 */
export function compressedLayers(windows: readonly (number | null)[]): number[] {
  const full = [...windows.keys()].filter((layer) => windows[layer] === null);
  return full.length === 0 ? [...windows.keys()] : full;
}
