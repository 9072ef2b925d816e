import type { GlobalOptions } from './io.js';

/** `--config`, else `$CITUS_SCALER_CONFIG`, else `./citus-scaler.yaml`. */
export function configFileOf({ config }: GlobalOptions): string {
  const file = config ?? process.env['CITUS_SCALER_CONFIG'];
  return file === undefined || file === '' ? './citus-scaler.yaml' : file;
}
