import { describe, expect, it } from 'vitest';
import { settingsText } from '../../../sandbox/postgres/settings.js';

describe('settings of a server', () => {
  it('preload real Citus', () => {
    const text = settingsText({ flavour: 'citus', port: 1, extra: {} });
    expect(text).toContain(`shared_preload_libraries = 'citus'`);
    expect(text).toContain(`wal_level = 'logical'`);
  });

  it('name the folder of the stand-in, and how long its moves last', () => {
    const text = settingsText({
      flavour: 'stand-in',
      port: 1,
      extensionFolder: '/x',
      moveSeconds: 3,
      extra: {},
    });
    expect(text).toContain(`extension_control_path = '/x:$system'`);
    expect(text).toContain(`stand_in.move_seconds = '3'`);
  });

  it('give way to those that were asked for, quoted', () => {
    const text = settingsText({
      flavour: 'citus',
      port: 1,
      extra: { max_connections: '7', cluster_name: `it's` },
    });
    expect(text).toContain(`max_connections = '7'`);
    expect(text).not.toContain(`max_connections = '200'`);
    expect(text).toContain(`cluster_name = 'it''s'`);
  });

  it('keep what was committed when a server is killed', () => {
    const text = settingsText({ flavour: 'stand-in', port: 1, extra: {} });
    expect(text).not.toContain('synchronous_commit');
  });
});
