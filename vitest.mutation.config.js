/** The tests that judge mutants: those of the layers being mutated, with their properties run less often. */
import { defineConfig } from 'vitest/config'

const { LAYER } = process.env
export const LAYERS = LAYER ? [LAYER] : ['protocol', 'actors']

export default defineConfig({
  test: {
    include: LAYERS.map(layer => `test/${layer}/**/*.test.ts`),
    exclude: ['test/protocol/fuzz.test.ts'],
    env: { FUZZ: '0.1' },
    isolate: false,
    testTimeout: 60_000,
  },
})
