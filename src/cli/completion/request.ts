/** How a shell's script asks for candidates: `citus-scaler __complete WORD… WORD-AT-THE-CURSOR`. */
export const completionRequest = '__complete';

/** The answer that leaves it to the shell: names of files. */
export const anyFile = ':files';
