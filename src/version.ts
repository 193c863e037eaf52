import manifest from '../package.json' with { type: 'json' };

/** Version of the product, as reports and `--version` carry it. */
export const version: string = manifest.version;
