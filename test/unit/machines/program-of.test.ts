import { expect, test } from 'vitest';
import { programOf } from '../../../src/machines/provisioner-of.js';

test.each([
  [['/usr/bin/node', './machines.mjs', 'stop', '{name}'], '/usr/bin/node ./machines.mjs'],
  [['./machines', '--token=hunter2', 'stop'], './machines'],
  [['./machines', 'stop', 'hunter2'], './machines stop'],
  [['./machines'], './machines'],
])('who stops a machine is told without what may be a secret: %j', (argv, told) => {
  expect(programOf(argv)).toBe(told);
});
