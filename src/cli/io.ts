/** The terminal as a command sees it. Results go to `out`; everything else goes to `err`. */
export interface Io {
  readonly out: {
    /** Settles when the text was taken. A reader that went away (`| head`) is no error; a full disk is. */
    write(text: string): Promise<void>;
    readonly isTty: boolean;
    readonly columns: number | undefined;
  };
  readonly err: {
    write(text: string): void;
    readonly isTty: boolean;
    readonly columns: number | undefined;
  };
  /** Asks on the terminal and settles with the answer to yes or no; absent where nobody can answer. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** https://no-color.org: any non-empty value switches colours off; FORCE_COLOR switches them on elsewhere. */
export function usesColor({ isTty }: { readonly isTty: boolean }, env: Readonly<NodeJS.ProcessEnv>): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return isTty && env.TERM !== 'dumb';
}
