/** What tests start as the user's command. */
import { inject } from 'vitest';

/** The checkout's program, bundled (bundle.ts): `node PROGRAM train ...`. */
export const program = inject('program');
