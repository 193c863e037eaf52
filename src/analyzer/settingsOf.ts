import type { PromptReport, Report, SettingsSummary } from './report.ts';

/** The settings that a prompt was audited with: those of the run, unless a configuration gives its file others. */
export const settingsOf = (report: Report, prompt: PromptReport): SettingsSummary => prompt.settings ?? report.settings;
