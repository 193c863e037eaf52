/** Start of the name of every graph that was built from a model, whatever the precision and the version of the builder. */
export const graphPrefix = (sha256: string): string => `${sha256.slice(0, 24)}-`;
