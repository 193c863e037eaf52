import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import {
  elementType,
  microsoftDomain,
  type Attribute,
  type ElementType,
  type Initializer,
  type OnnxGraph,
  type OnnxNode,
  type ValueInfo,
} from './onnxModel.ts';

/** Initializers above this size go to the weights file: the protobuf stays small and weights load without a copy. */
const inlineLimitBytes = 1024;
/** Weights are memory-mapped by page. */
const externalAlignment = 4096;

/** Branches name their outputs apart from the outputs of the `If`. */
export const thenSuffix = '.then';
export const elseSuffix = '.else';

type Attributes = Readonly<Record<string, Attribute>>;

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Takes the data of one reserved weight tensor, from its start to its end, in parts of any length. */
export interface WeightWriter {
  append(data: ArrayBufferView): void;
}

/** Where a tensor lies in the weights file, and the hash of what was written there. */
export interface WeightRegion {
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

interface Reserved {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly hash: Hash;
  written: number;
}

/** Collects nodes and initializers of one graph; large initializers stream into the weights file as they are added. */
export class GraphBuilder {
  #nodes: OnnxNode[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #known = new Set<string>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #weights: number;
  readonly #weightsName: string;
  readonly #reserved: Reserved[] = [];
  #offset = 0;
  #isOpen = true;
  #names = 0;
  #nodeCount = 0;

  /** `weightsPath` is created; `weightsName` is how the model refers to it, relative to the model file. */
  constructor(weightsPath: string, weightsName: string) {
    this.#weights = openSync(weightsPath, 'w');
    this.#weightsName = weightsName;
  }

  /** Adds a node with one output and returns the output's name. */
  op(opType: string, inputs: readonly string[], attributes: Attributes = {}, output?: string): string {
    return this.#node('', opType, inputs, attributes, [output ?? this.#fresh(opType)])[0]!;
  }

  /** The same for an operator of the `com.microsoft` domain. */
  microsoftOp(opType: string, inputs: readonly string[], attributes: Attributes = {}, output?: string): string {
    return this.#node(microsoftDomain, opType, inputs, attributes, [output ?? this.#fresh(opType)])[0]!;
  }

  /** Adds a node with several outputs. */
  opWithOutputs(opType: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    return this.#node(
      '',
      opType,
      inputs,
      attributes,
      Array.from({ length: count }, () => this.#fresh(opType)),
    );
  }

  input(name: string, type: ElementType, dims: readonly (number | string)[]): string {
    this.#inputs.push({ name, type, dims });
    return name;
  }

  output(name: string, type: ElementType, dims: readonly (number | string)[]): void {
    this.#outputs.push({ name, type, dims });
  }

  /**
   * Adds an `If`: both branches name the same outputs; their nodes may read any value of this graph.
   * Constants that a branch uses belong to this graph.
   */
  branch(condition: string, outputs: readonly ValueInfo[], whenTrue: () => void, whenFalse: () => void): void {
    const subgraph = (build: () => void, suffix: string): OnnxGraph => {
      const outer = this.#nodes;
      this.#nodes = [];
      build();
      const nodes = this.#nodes;
      this.#nodes = outer;
      return {
        nodes,
        initializers: [],
        inputs: [],
        outputs: outputs.map((value) => ({ ...value, name: value.name + suffix })),
      };
    };
    const attributes = {
      then_branch: { graph: subgraph(whenTrue, thenSuffix) },
      else_branch: { graph: subgraph(whenFalse, elseSuffix) },
    };
    const names = outputs.map(({ name }) => name);
    this.#node('', 'If', [condition], attributes, names);
    this.#outputs.push(...outputs);
  }

  /** Adds a weight tensor. `dims` are checked against the data's length. */
  weight(name: string, dims: readonly number[], data: Float32Array | Uint8Array): string {
    const elements = dims.reduce((product, dim) => product * dim, 1);
    if (elements !== data.length)
      throw new RangeError(`${name}: shape ${dims.join('x')} is not ${data.length} elements.`);
    const type = data instanceof Float32Array ? elementType.float : elementType.uint8;
    const bytes = bytesOf(data);
    if (bytes.length <= inlineLimitBytes) this.#initializers.push({ name, dims, type, data: bytes });
    else this.reserve(name, dims, type).append(bytes);
    return name;
  }

  /**
   * Adds a weight tensor whose data comes later, in parts; several may be written side by side. `finish` refuses a graph
   * with a tensor that did not get exactly its bytes.
   */
  reserve(
    name: string,
    dims: readonly number[],
    type: typeof elementType.float | typeof elementType.uint8,
  ): WeightWriter {
    const elements = dims.reduce((product, dim) => product * dim, 1);
    const length = elements * (type === elementType.float ? 4 : 1);
    const offset = Math.ceil(this.#offset / externalAlignment) * externalAlignment;
    this.#offset = offset + length;
    this.#initializers.push({ name, dims, type, data: { location: this.#weightsName, offset, length } });
    const reserved: Reserved = { name, offset, length, hash: createHash('sha256'), written: 0 };
    this.#reserved.push(reserved);
    return {
      append: (data) => {
        const bytes = bytesOf(data);
        if (reserved.written + bytes.length > length) throw new RangeError(`${name} is longer than ${length} bytes.`);
        for (let done = 0; done < bytes.length;) {
          done += writeSync(this.#weights, bytes, done, bytes.length - done, offset + reserved.written + done);
        }
        reserved.hash.update(bytes);
        reserved.written += bytes.length;
      },
    };
  }

  /** A float32 constant [1], shared by value. */
  floatConstant(value: number): string {
    const name = `float_${String(value).replace('-', 'm')}`;
    if (!this.#known.has(name)) {
      this.#known.add(name);
      this.#initializers.push({ name, dims: [1], type: elementType.float, data: bytesOf(Float32Array.of(value)) });
    }
    return name;
  }

  /** An int64 constant vector, shared by value. */
  ints(...values: readonly number[]): string {
    const name = `ints_${values.join('_').replaceAll('-', 'm')}`;
    if (!this.#known.has(name)) {
      this.#known.add(name);
      const data = bytesOf(BigInt64Array.from(values, BigInt));
      this.#initializers.push({ name, dims: [values.length], type: elementType.int64, data });
    }
    return name;
  }

  /** The graph, with all weights on the disk. */
  finish(): OnnxGraph {
    const incomplete = this.#reserved.find(({ written, length }) => written !== length);
    if (incomplete !== undefined) {
      throw new RangeError(`${incomplete.name} got ${incomplete.written} of ${incomplete.length} bytes.`);
    }
    fsyncSync(this.#weights); // a cache entry that survives a crash of the machine must be whole
    this.close();
    return { nodes: this.#nodes, initializers: this.#initializers, inputs: this.#inputs, outputs: this.#outputs };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#weights);
  }

  /** The tensors of the weights file, in the order of their offsets. Once, after `finish`. */
  regions(): WeightRegion[] {
    return this.#reserved.map(({ offset, length, hash }) => ({ offset, length, sha256: hash.digest('hex') }));
  }

  #node(
    domain: string,
    opType: string,
    inputs: readonly string[],
    attributes: Attributes,
    outputs: string[],
  ): string[] {
    this.#nodes.push({ name: `${opType}_${this.#nodeCount++}`, opType, domain, inputs, outputs, attributes });
    return outputs;
  }

  #fresh(opType: string): string {
    return `${opType}:${this.#names++}`;
  }
}
