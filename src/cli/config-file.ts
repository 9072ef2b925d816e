import type { GlobalOptions } from './io.js';

/** `--config`, else `$CITUS_SCALER_CONFIG`, else `./citus-scaler.yaml`. */
export function configFileOf({ config }: GlobalOptions): string {
  const named = config ?? process.env['CITUS_SCALER_CONFIG'];
  return named === undefined || named === '' ? './citus-scaler.yaml' : named;
}
