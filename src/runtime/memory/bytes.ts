/** Bytes as people read them: `228 MB`, `8.0 GB` (decimal units, as disks and downloads are sold). */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
