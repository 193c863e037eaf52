import type { Alias, Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { MappedText } from '../../prompt.ts';
import { nothing, type DataEntry, type DataNode, type DataResult } from './dataNode.ts';
import { decodeYamlScalar } from './yamlScalar.ts';

type Yaml = typeof import('yaml');

/** Reads the first document of a YAML text; offsets are those of the file that it is a part of. */
export async function readYaml(file: string, from = 0, end = file.length): Promise<DataResult> {
  const yaml = await import('yaml');
  const start = file[from] === '\uFEFF' ? from + 1 : from;
  const tokens = [];
  for (const token of new yaml.Parser().parse(file.slice(start, end))) {
    // Known before anything is composed: composing thousands of errors takes seconds.
    if (token.type === 'error') return { problem: firstLine(token.message), offset: start + token.offset };
    tokens.push(token);
  }
  // A repeated key is a slip that prompt tools let pass; the last one counts for them, and here.
  const [first] = new yaml.Composer({ uniqueKeys: false, logLevel: 'silent' }).compose(tokens, true, end - start);
  if (first === undefined || first.contents === null) return { problem: 'no value', offset: start };
  const [error] = first.errors;
  if (error !== undefined) return { problem: firstLine(error.message), offset: start + error.pos[0] };
  return {
    root: new YamlNode({ yaml, targets: aliasTargets(yaml, first), file, shift: start }, first.contents),
  };
}

const firstLine = (message: string): string => message.split('\n')[0]!.toLowerCase();

interface Source {
  readonly yaml: Yaml;
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly file: string;
  readonly shift: number;
}

/** What each alias stands for, found in one walk: asking the document alias by alias would walk it each time. */
function aliasTargets(yaml: Yaml, document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  yaml.visit(document, (_, node) => {
    if (yaml.isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (yaml.isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  return targets;
}

/** Aliases that lead on to aliases are followed this far. */
const aliasSteps = 20;

class YamlNode implements DataNode {
  readonly #node: Node;
  #entries: readonly DataEntry[] | undefined;
  #items: readonly DataNode[] | undefined;

  constructor(
    private readonly source: Source,
    node: Node,
  ) {
    let resolved: Node | undefined = node;
    for (let step = 0; step < aliasSteps && source.yaml.isAlias(resolved); step++)
      resolved = source.targets.get(resolved);
    this.#node = resolved ?? node;
  }

  get kind(): DataNode['kind'] {
    if (this.source.yaml.isMap(this.#node)) return 'object';
    if (this.source.yaml.isSeq(this.#node)) return 'array';
    return typeof this.value === 'string' ? 'string' : 'other';
  }

  get range() {
    const [start, end] = this.#node.range ?? [0, 0];
    return { start: this.source.shift + start, end: this.source.shift + end };
  }

  get value(): unknown {
    return this.source.yaml.isScalar(this.#node) ? this.#node.value : undefined;
  }

  get entries(): readonly DataEntry[] {
    return (this.#entries ??= !this.source.yaml.isMap(this.#node)
      ? []
      : (this.#node as YAMLMap<Node, Node | null>).items.flatMap(({ key, value }) => {
          if (value === null || !this.source.yaml.isScalar(key)) return [];
          const [start, end] = key.range ?? [0, 0];
          const keyRange = { start: this.source.shift + start, end: this.source.shift + end };
          return [{ key: String(key.value), keyRange, value: this.#child(value) }];
        }));
  }

  get items(): readonly DataNode[] {
    return (this.#items ??= this.source.yaml.isSeq(this.#node)
      ? (this.#node as YAMLSeq<Node>).items.map((item) => this.#child(item))
      : []);
  }

  readonly mapped = (): MappedText => {
    if (typeof this.value !== 'string') return nothing;
    return decodeYamlScalar(this.source.file, this.range, (this.#node as Scalar).type, this.value);
  };

  #child(node: Node): YamlNode {
    return new YamlNode(this.source, node);
  }
}
