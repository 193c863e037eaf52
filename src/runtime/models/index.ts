export { catalog, DEFAULT_MODEL_ID, findCatalogModel, type CatalogModel } from './catalog.ts';
export { sourceName, type PullProgress } from './download.ts';
export type { Keeper } from './foundModel.ts';
export { holdfastHome, thisMachine, type HoldfastHome, type Machine } from './home.ts';
export { listModels, type ListedModel, type ListOptions, type MemoryNeed } from './list.ts';
export { pullModel, type PullOptions } from './pull.ts';
export { planRemoval, removeModel, type Removal } from './remove.ts';
export {
  resolveModel,
  type MissingModel,
  type PullableModel,
  type ResolvedModel,
  type ResolveOptions,
} from './resolve.ts';
export { gigabytes, keeperNames, parametersText, sizeText } from './words.ts';
export { verifyAll, verifyModel, type Verification, type VerifiedModel } from './verifyModel.ts';
