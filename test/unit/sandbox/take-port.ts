// Takes one port, as a process of its own, and says whether it got it.
import { takePort } from '../../../sandbox/os/ports.js';

process.stdout.write(takePort(Number(process.argv[2])) ? 'taken' : 'refused');
