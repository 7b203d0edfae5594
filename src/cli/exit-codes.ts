/** What the program says with its exit code. */
export const EXIT_OK = 0
/** The command ran, but what was looked for did not answer. */
export const EXIT_NO_ANSWER = 1
/** Wrong arguments, files or settings. */
export const EXIT_BAD_INPUT = 2
/** A fault of ours (EX_SOFTWARE of sysexits). */
export const EXIT_BUG = 70
/** Stopped by Ctrl-C before the end, as shells count it: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130
