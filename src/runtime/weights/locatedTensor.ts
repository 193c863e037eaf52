import { missingTensor, type TensorFile } from './tensorFile.ts';
import { rowBytes, type TensorInfo, type WeightSource } from './weightSource.ts';

/** Where one tensor's bytes stand. */
export interface LocatedTensor {
  readonly info: TensorInfo;
  readonly file: TensorFile;
  readonly position: number; // byte offset in the file
}

/** The reading half of a `WeightSource` over located tensors. */
export function tensorReader(
  path: string,
  located: ReadonlyMap<string, LocatedTensor>,
): Pick<WeightSource, 'tensors' | 'readRaw' | 'readRowsInto'> {
  const find = (name: string): LocatedTensor => {
    const tensor = located.get(name);
    if (tensor === undefined) throw missingTensor(path, name);
    return tensor;
  };
  return {
    tensors: new Map([...located].map(([name, { info }]) => [name, info])),
    readRaw(name) {
      const { info, file, position } = find(name);
      const bytes = new Uint8Array(info.byteLength);
      file.readInto(bytes, position, `tensor "${name}"`);
      return bytes;
    },
    readRowsInto(target, name, firstRow) {
      const { info, file, position } = find(name);
      const start = firstRow * rowBytes(info);
      if (target.length % rowBytes(info) !== 0 || start + target.length > info.byteLength) {
        throw new RangeError(`${target.length} bytes from row ${firstRow} are not whole rows of ${name}`);
      }
      file.readInto(target, position + start, `tensor "${name}"`);
    },
  };
}
