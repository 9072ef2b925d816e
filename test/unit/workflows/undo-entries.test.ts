import { expect, test } from 'vitest';
import type { HandedOver, MachineEntry, RegistrationEntry } from '../../../src/contract/internal/undo.js';
import { hindranceOf } from '../../../src/workflows/operation/undo-entries.js';

const registration: RegistrationEntry = {
  id: 'registration Db4:5432',
  kind: 'registration',
  node: 'Db4:5432',
  before: 'absent',
  groupId: 7,
};
const machine: MachineEntry = {
  id: 'machine op/1',
  kind: 'machine',
  key: 'op/1',
  placeholder: 'new worker 1',
  node: 'db4:5432',
  taskQueue: 'citus-scaler',
};
const handedOver: HandedOver[] = [{ entry: registration, why: 'citus_7_1 is prepared on db1:5432' }];

test('a machine goes on running whose registration a person has to undo: it may alone know what was committed', () => {
  expect(hindranceOf([machine], handedOver)).toContain('citus_7_1 is prepared');
  expect(hindranceOf([{ ...machine, node: 'db5:5432' }], handedOver)).toBeUndefined();
  expect(hindranceOf([machine], [])).toBeUndefined();
  expect(hindranceOf([registration], handedOver)).toBeUndefined();
});
