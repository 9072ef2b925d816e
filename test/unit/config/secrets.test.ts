import { expect, test } from 'vitest';
import { readPassword, type ClusterConfig } from '../../../src/config/index.js';

const shop = { name: 'shop' } as ClusterConfig;
const target = { host: 'db0', port: 5432, database: 'shop', user: 'scaler' };

test('a password that isn’t there is named by its field and its cluster', async () => {
  await expect(readPassword(shop, { from: 'file', path: '/no/such/file' }, target)).rejects.toThrow(
    /^The passwordFile that the config names for cluster "shop" can't be read: ENOENT.*\/no\/such\/file/,
  );
  await expect(readPassword(shop, { from: 'env', name: 'NO_SUCH_VARIABLE' }, target)).rejects.toThrow(
    'The environment variable NO_SUCH_VARIABLE, which the config names for cluster "shop", is not set.',
  );
});
