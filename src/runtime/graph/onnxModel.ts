import { PbfWriter } from 'pbf';

/**
 * The part of the ONNX format that Holdfast writes, as plain values, and its protobuf encoding.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const elementType = { float: 1, uint8: 2, int64: 7, bool: 9 } as const;
export type ElementType = (typeof elementType)[keyof typeof elementType];

/** An attribute value: a whole `number` is INT, `{ float }` is FLOAT (a whole-valued float must not become an INT). */
export type Attribute =
  number | string | readonly number[] | { readonly float: number } | { readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Where a large initializer lies in the weights file beside the model. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: ElementType;
  readonly data: Uint8Array | ExternalData;
}

/** A graph input or output; a `string` dimension is symbolic. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export const microsoftDomain = 'com.microsoft';
const irVersion = 10;
const opsets: readonly (readonly [domain: string, version: number])[] = [
  ['', 20],
  [microsoftDomain, 1],
];
const attributeType = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;

function writeAttribute([name, value]: readonly [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw new TypeError(`Attribute ${name} is ${value}: write it as { float }.`);
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, attributeType.int);
  } else if (typeof value === 'string') {
    pbf.writeStringField(4, value);
    pbf.writeVarintField(20, attributeType.string);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, attributeType.float);
  } else if ('graph' in value) {
    pbf.writeMessage(6, writeGraph, value.graph);
    pbf.writeVarintField(20, attributeType.graph);
  } else {
    for (const element of value) pbf.writeVarintField(8, element);
    pbf.writeVarintField(20, attributeType.ints);
  }
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.opType);
  for (const attribute of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, attribute);
  if (node.domain !== '') pbf.writeStringField(7, node.domain);
}

function writeEntry([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeInitializer(tensor: Initializer, pbf: PbfWriter): void {
  for (const dim of tensor.dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, tensor.type);
  pbf.writeStringField(8, tensor.name);
  if (tensor.data instanceof Uint8Array) {
    pbf.writeBytesField(9, tensor.data);
  } else {
    const { location, offset, length } = tensor.data;
    pbf.writeMessage(13, writeEntry, ['location', location] as const);
    pbf.writeMessage(13, writeEntry, ['offset', String(offset)] as const);
    pbf.writeMessage(13, writeEntry, ['length', String(length)] as const);
    pbf.writeVarintField(14, 1); // EXTERNAL
  }
}

function writeDimension(dim: number | string, pbf: PbfWriter): void {
  if (typeof dim === 'number') pbf.writeVarintField(1, dim);
  else pbf.writeStringField(2, dim);
}

function writeValueInfo(value: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(
    2,
    (_, type) =>
      type.writeMessage(
        1,
        (__, tensor) => {
          tensor.writeVarintField(1, value.type);
          tensor.writeMessage(
            2,
            (___, shape) => {
              for (const dim of value.dims) shape.writeMessage(1, writeDimension, dim);
            },
            undefined,
          );
        },
        undefined,
      ),
    undefined,
  );
}

function writeGraph(graph: OnnxGraph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, 'holdfast');
  for (const tensor of graph.initializers) pbf.writeMessage(5, writeInitializer, tensor);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValueInfo, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValueInfo, output);
}

function writeOpset([domain, version]: readonly [string, number], pbf: PbfWriter): void {
  if (domain !== '') pbf.writeStringField(1, domain);
  pbf.writeVarintField(2, version);
}

/** Encodes a graph as a ModelProto. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  pbf.writeStringField(2, 'holdfast');
  pbf.writeMessage(7, writeGraph, graph);
  for (const opset of opsets) pbf.writeMessage(8, writeOpset, opset);
  return pbf.finish();
}
