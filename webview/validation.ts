import { config } from 'zod';

// Compiled validators need eval, which the content security policy forbids. Schemas read this when they are made, so the
// entry imports this file before any of them.
config({ jitless: true });
