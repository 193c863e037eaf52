export const policyIds = ['streaming-llm', 'snapkv', 'tova', 'h2o', 'knorm'] as const;
export type PolicyId = (typeof policyIds)[number];
