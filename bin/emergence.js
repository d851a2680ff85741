#!/usr/bin/env node
// TypeScript is run from source: tsx is registered in this process (its own command would start a second one, 0.4 s more).
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
